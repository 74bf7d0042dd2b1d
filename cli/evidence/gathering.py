"""Gathers the files of a receipt from the bucket: its versions, records, heads, and its children's."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import timedelta

from chalicelib.domain.evidence import canonical, head, receipt
from chalicelib.domain.evidence.chain import UNTIL_ITS_HEAD
from chalicelib.domain.evidence.checking import PUBLIC_KEY
from chalicelib.domain.evidence.folder import records_name
from chalicelib.domain.ids import is_deletion_id
from cli.evidence.stores import BucketStore

#: Heads that are looked through from the first that can hold a receipt on.
LOOKED_THROUGH = 100
#: How far the times of two objects may be off.
CLOCKS = timedelta(seconds=5)


class Waits(Exception):
    """A receipt waits for its head: until that is there its folder would not fit. The message is its name."""


def gathered(
    store: BucketStore, deletion_id: str, known: Callable[[str], Sequence[str]] = lambda _: ()
) -> dict[str, bytes]:
    """The files by name; empty where there is no receipt. Raises Waits.

    `known`: the children of a deletion as the table has them. A receipt names those that were there when it
    was signed; a restore may be asked for weeks later.
    """
    files: dict[str, bytes] = {}
    wanted, seen = [deletion_id], set[str]()
    last = _last_head(store)
    while wanted:
        one = wanted.pop()
        if one in seen:
            continue
        seen.add(one)
        wanted += known(one)
        for name in list(store.names(f"receipts/{one}.")):
            # A name that is not Expunge's own could lead out of the folder that the files are written to.
            data = store.read(name) if receipt.name(one, receipt.number(name)) == name else None
            if data is None:
                continue
            files[name] = data
            _add(files, store, records_name(name))
            head_name = _head_of(store, name, last)
            if head_name is None and (store.age(name) or UNTIL_ITS_HEAD) < UNTIL_ITS_HEAD:
                raise Waits(name)
            _add(files, store, head_name)
            wanted += _children(data)
    if files:
        _add(files, store, PUBLIC_KEY)
    return files


def _add(files: dict[str, bytes], store: BucketStore, name: str | None) -> None:
    data = store.read(name) if name else None
    if name and data is not None:
        files[name] = data


def _children(data: bytes) -> list[str]:
    """Deletions that restored what this one deleted, or deleted it for good."""
    try:
        found = canonical.parsed(base64.b64decode(canonical.parsed(data)["payload"]))["recycle_bin"] or {}
        children = [str(each["id"]) for each in found.get("deletions", [])]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [each for each in children if is_deletion_id(each)]


def _last_head(store: BucketStore) -> int:
    """The number of the newest head: heads have no gaps, so it is found by halving."""
    if store.written(head.name(1)) is None:
        return 0
    there, gone = 1, 2
    while store.written(head.name(gone)) is not None:
        there, gone = gone, gone * 2
    while gone - there > 1:
        middle = (there + gone) // 2
        if store.written(head.name(middle)) is None:
            gone = middle
        else:
            there = middle
    return there


def _head_of(store: BucketStore, name: str, last: int) -> str | None:
    """The head that names the object: one of the first that were written after it. None where none does."""
    at = store.written(name)
    if at is None or not last:
        return None
    low, high = 1, last
    while low < high:
        middle = (low + high) // 2
        written = store.written(head.name(middle))
        if written is not None and written >= at - CLOCKS:
            high = middle
        else:
            low = middle + 1
    for n in range(max(1, low - 1), min(last, low + LOOKED_THROUGH) + 1):
        data = store.read(head.name(n))
        if data is not None and _names(data, name):
            return head.name(n)
    return None


def _names(data: bytes, name: str) -> bool:
    try:
        return name in head.read(base64.b64decode(canonical.parsed(data)["payload"])).entries
    except (ValueError, KeyError, TypeError):
        return False
