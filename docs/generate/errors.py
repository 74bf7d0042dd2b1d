"""Makes docs/ERRORS.md from the verdict table: every code, what it means, what happens, what to do.

python -m docs.generate.errors            writes it
python -m docs.generate.errors --check    fails when it is stale
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from chalicelib.domain.person.out_of_reach import MEANINGS
from chalicelib.domain.zoho import codes, erasure_codes, own_codes, person_codes, policy_words
from chalicelib.domain.zoho.codes import JOB_STATES
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import SOURCES, Row, Verdict

TARGET = Path(__file__).parents[1] / "ERRORS.md"

INTRODUCTION = """# Codes: what they mean and what to do

*Reference for everybody.*

Made from the verdict table by `docs/generate/errors.py`: do not edit it by hand. A code stands in a
deletion's `problems` and in the outcome of a record, with the words that Zoho used. Zoho's codes come first,
then Expunge's own.

What is not in these tables is kept and shown as it came, never counted as a success, and asked for again: a
delete by ids is repeated until the give-up time; a view's mass delete is sent again only after a refusal that
could be read, and otherwise Zoho is asked what happened.

The same code can mean different things for different calls; *for* says for which it is meant.
"""

OF_POLICIES = """## For a policy's run

A [retention policy](RETENTION.md)'s run has no source and no view. These codes say so there.

"""

OUT_OF_REACH = """## Where an erased person may still be

Codes of a map's `out_of_reach`. They do not change the status: somebody has to look there in Zoho.

| code | meaning |
|---|---|
"""

STATES = """## States of a job

Any other is shown and asked for again.

| state | means |
|---|---|
"""

_NAMES = {
    CallKind.DELETE_RECORDS: "delete by ids",
    CallKind.DELETE_EXTERNAL: "delete by external id",
    CallKind.MASS_DELETE_IDS: "mass delete by ids",
    CallKind.MASS_DELETE_VIEW: "mass delete by view",
    CallKind.DELINK: "delink",
    CallKind.DELETE_FROM_BIN: "permanent deletion",
    CallKind.RESTORE_FROM_BIN: "restore",
    CallKind.UPDATE: "update",
    CallKind.DELETE_ATTACHMENT: "attachment",
    CallKind.DELETE_PHOTO: "photo",
    CallKind.JOB_STATUS: "job status",
    CallKind.COUNT: "count",
    CallKind.READ: "lookup",
    CallKind.LIST: "list of a view",
    CallKind.DELETED_LIST: "deleted list",
    CallKind.BIN_ENTRIES: "lookup in the recycle bin",
    CallKind.METADATA: "metadata",
    CallKind.SEARCH: "search",
    CallKind.SELECT: "query",
    CallKind.RELATED: "related list",
    CallKind.RELATED_COUNT: "count of a related list",
    CallKind.TOKEN: "access token",
}

_HAPPENS = {
    Verdict.DELETED: "deleted",
    Verdict.CHANGED: "unlinked or cleared",
    Verdict.CHECK_GONE: "a read decides what became of the record",
    Verdict.ABSENT: "already absent; failed, where it is about the parent record",
    Verdict.RESTORED: "restored, where a read finds it",
    Verdict.SCHEDULED: "waited for, by reading",
    Verdict.FAILED: "failed, this record",
    Verdict.RETRY_SLOWLY: "tried again slowly, up to the give-up time, then failed",
    Verdict.REPEAT: "repeated",
    Verdict.ANSWERED: "each record has its own answer",
    Verdict.STARTED: "started",
    Verdict.NOTHING: "completed, nothing to do",
    Verdict.FAIL: "failed at once",
    Verdict.RETRY: "tried again with growing delay",
    Verdict.UNKNOWN: "by ids: repeated; by view: Zoho is asked, never sent again blindly",
    Verdict.WAIT_LANE: "waits for the other job",
    Verdict.WAIT_CREDITS: "waits for credits",
    Verdict.WAIT_CREDENTIALS: "one new token, then waits for good credentials up to the give-up time",
    Verdict.WAIT_TOKEN: "waits until Zoho gives tokens again",
    Verdict.FALLBACK: "goes on with DELETE",
    Verdict.SPLIT: "asked for one by one",
    Verdict.GONE: "Zoho is asked what happened; else needs attention",
    Verdict.UNCOUNTABLE: "refused, unless the source allows uncounted views",
    Verdict.READ_ANEW: "the view is read again from its first page",
    Verdict.TOO_LONG: "ended at once; nothing is deleted",
}

PARTS = (
    ("Zoho about records, views and jobs", codes.ABOUT_RECORDS),
    ("Zoho about the call", codes.ABOUT_CALLS),
    ("Zoho about access and limits", codes.ABOUT_ACCESS),
    ("Zoho about finding a person and clearing what stays", person_codes.ABOUT_PEOPLE),
    ("Expunge about answers", own_codes.ABOUT_ANSWERS),
    ("Expunge's safety limits and holds", own_codes.ABOUT_LIMITS),
    ("Expunge about the recycle bin", own_codes.ABOUT_BIN),
    ("Expunge about erasing a person", erasure_codes.ABOUT_ERASURES),
    ("How tries and jobs ended", own_codes.ABOUT_ENDS),
)


def document() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for title, rows in PARTS:
        parts.append(f"## {title}\n\n{table(rows)}")
    parts.append(OF_POLICIES + policy_table())
    unreached = "\n".join(f"| `{code}` | {words} |" for code, words in sorted(MEANINGS.items()))
    parts.append(f"{OUT_OF_REACH}{unreached}\n")
    states = "\n".join(f"| `{name}` | {words} |" for name, words in JOB_STATES.items())
    parts.append(f"{STATES}{states}\n")
    keys = "\n".join(f"| {key} | {words} |" for key, words in SOURCES.items())
    parts.append(f"## Sources\n\n| key | what it is |\n|---|---|\n{keys}\n")
    return "\n".join(parts)


def policy_table() -> str:
    """What the codes mean for a policy's run, where that is another thing."""
    lines = "".join(
        f"| `{code}` | {meaning} | {do} |\n" for code, (meaning, do) in sorted(policy_words.WORDS.items())
    )
    return f"| code | meaning | what to do |\n|---|---|---|\n{lines}"


def table(rows: Iterable[Row]) -> str:
    """The rows as a table of Markdown."""
    head = "| code | for | what happens | meaning | what to do | sources |\n" + "|---" * 6 + "|\n"
    return head + "".join(
        f"| `{row.code}` | {_of(row)} | {happens(row)} | {row.meaning} | {row.what_to_do} |"
        f" {' '.join(row.sources)} |\n"
        for row in rows
    )


def _of(row: Row) -> str:
    """What the row is for."""
    return "erasure of a person" if row in erasure_codes.ABOUT_ERASURES else where(row.kinds)


def where(kinds: frozenset[CallKind]) -> str:
    """The calls of a row, in words."""
    if kinds == frozenset(CallKind):
        return "all"
    if len(kinds) > len(CallKind) / 2:
        left_out = ", ".join(name for kind, name in _NAMES.items() if kind not in kinds)
        return f"all but {left_out}"
    return ", ".join(name for kind, name in _NAMES.items() if kind in kinds)


def happens(row: Row) -> str:
    """What follows from a row. The codes of the use cases have no verdict of a call: they are ends."""
    if row in own_codes.ABOUT_LIMITS:
        return "held" if row.code == "HELD" else "refused"
    if row in erasure_codes.ABOUT_ERASURES:
        return _OF_ERASURES.get(row.code, "failed, this record")
    if row in own_codes.ABOUT_BIN:
        return "skipped" if row.verdict is Verdict.NOTHING else "failed, this record"
    if row in own_codes.ABOUT_ENDS:
        return "waits, then failed" if row.verdict is Verdict.WAIT_CREDENTIALS else _END[row.verdict]
    return _HAPPENS[row.verdict]


#: What follows from the codes of erasures, of which a verdict says too little.
_OF_ERASURES = {
    "PHONE_NOT_VALID": "refused",
    "MAP_TOO_LARGE": "refused",
    "PERSON_MAP_CHANGED": "refused",
    "NAMED_RECORD_NOT_SHOWN": "told; nothing is done",
    "NO_LONGER_MATCHES": "kept, this record",
    "FOUND_AGAIN": "partially completed",
    "NOT_VERIFIED": "partially completed",
}
_END = {
    Verdict.FAIL: "failed",
    Verdict.FAILED: "failed",
    Verdict.UNKNOWN: "needs attention",
    Verdict.ABSENT: "already absent, or deleted",
    Verdict.NOTHING: "stays in the recycle bin",
}


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or compare it. 0 where it is up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="only say whether the page is up to date")
    made = document()
    if parser.parse_args(arguments).check:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == made:
            return 0
        print("docs/ERRORS.md is stale: run python -m docs.generate.errors", file=sys.stderr)
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
