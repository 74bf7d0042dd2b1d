"""Checks the folder of a receipt, as `expunge receipt --output` writes it.

It holds what the bucket holds, byte for byte and under the same names: receipts, records files, the heads
that name the receipts, and the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.evidence import canonical, checking, receipt
from chalicelib.domain.evidence.checking import Findings, Key
from chalicelib.domain.evidence.head import Head

#: More often than that no deletion ends: a number in a name is not to be believed.
MOST_ENDS = 100


def check(files: Mapping[str, bytes], key: Key) -> tuple[Findings, list[dict[str, Any]]]:
    """What does not fit in `files` (bytes by name, such as `receipts/del_....json`), and what the good
    receipts say.
    """
    found = Findings()
    heads = {
        name: checking.head_body(name, data, key, found)
        for name, data in sorted(files.items())
        if name.startswith("heads/")
    }
    good = [each for each in heads.values() if each]
    stages = tuple(dict.fromkeys(each.stage for each in good[:1]))
    for each in good:
        checking.other_stage(f"head {each.n}", each.stage, stages, found)
    _links(good, found)
    names = [name for name in sorted(files) if name.startswith("receipts/")]
    if not names:
        found.problems.append("receipts/: there is none in this folder")
    _all_ends(names, good, found)
    told: list[dict[str, Any]] = []
    for name in names:
        _in_one_head(name, files[name], good, found)
        body = checking.receipt_body(name, files[name], key, found)
        if body is not None:
            checking.other_stage(name, body.get("stage"), stages, found)
            _records(name, body, files, found)
            told.append(body)
    known = {checking.PUBLIC_KEY, *heads, *names, *(records_name(name) for name in names)}
    for name in sorted(files.keys() - known):
        found.wrong(name, "belongs to no receipt of this folder")
    return found, told


def records_name(receipt_name: str) -> str:
    """Where the records file of the receipt of this name lies."""
    return receipt_name.replace("receipts/", "records/", 1).removesuffix(".json") + ".jsonl.gz"


def _records(name: str, body: Mapping[str, Any], files: Mapping[str, bytes], found: Findings) -> None:
    records, known = records_name(name), body["records"]["count"] is not None
    if records in files:
        if checking.records_of(records, body, files[records], found):
            found.notes.append(f"{records}: its reference was forgotten")
    elif known:
        found.notes.append(
            f"{records}: is not here: it was forgotten, or its time is over. The receipt stands without it"
        )


def _in_one_head(name: str, data: bytes, heads: list[Head], found: Findings) -> None:
    naming = [head for head in heads if name in head.entries]
    if len(naming) != 1:
        found.wrong(name, "stands in no head of this folder" if not naming else "stands in several heads")
    for head in naming:
        if head.entries[name] != canonical.sha256(data):
            found.wrong(name, f"is not what head {head.n} names: it was changed or replaced")


def _all_ends(names: list[str], heads: list[Head], found: Findings) -> None:
    """A deletion that has ended several times has a receipt for each end: none of them may be left out."""
    here = {checking.deletion_of(name) for name in names}
    known = {name for head in heads for name in head.entries if name.startswith("receipts/")}
    for one in sorted(here):
        numbers = [receipt.number(name) for name in {*names, *known} if checking.deletion_of(name) == one]
        wanted = {receipt.name(one, n + 1) for n in range(min(max(numbers), MOST_ENDS))}
        for name in sorted(wanted - set(names)):
            found.wrong(name, f"is missing: {one} has ended more than once")


def _links(heads: list[Head], found: Findings) -> None:
    """Heads of a folder need not follow each other; those that do must name each other."""
    by_number = {head.n: head for head in heads}
    for head in heads:
        before = by_number.get(head.n - 1)
        if before is not None and head.previous != canonical.sha256(before.payload()):
            found.wrong(f"head {head.n}", f"does not follow head {before.n}")
