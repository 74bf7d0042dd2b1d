"""`expunge find`: every deletion that named or took a record, and those of which that is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import modules
from chalicelib.domain.children import standing
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document, iso
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.ids import is_record_id
from chalicelib.domain.request import Operation
from cli import known_records
from cli.evidence.searching import Doubt, Hit, search
from cli.evidence.table import table_of
from cli.operating.render import many, wrapped
from cli.options import options
from cli.table import WIDTH
from cli.target import find as find_target

EXAMPLES = """\b
Examples:
  expunge find Leads 410405000002264040
  expunge find Contacts ERP/1042 --days 30     an external id, as it was sent

A deletion by a view that was not listed, or one that was forgotten, cannot tell
which records it took: each of the module is named as not known. External ids
are forgotten after EXPUNGE_FORGET_DAYS: look for the record id then."""

_WHY = {
    "not listed": "it took records that nobody listed; Zoho's audit log may know them",
    "forgotten": "which records it named was forgotten",
    "unreadable": "it cannot be read; expunge recover set-aside makes it due again",
}


@click.command(name="find", epilog=EXAMPLES)
@click.argument("module")
@click.argument("record", metavar="ID")
@click.option("--days", type=click.IntRange(1, 3660), default=400, show_default=True, help="How far back.")
@options
def find(module: str, record: str, days: int, stage: str | None, as_json: bool) -> None:
    """Find the deletions of a record, the newest first."""
    target = find_target(stage, as_json=as_json)
    table = table_of(target)
    now = datetime.now(UTC)
    found = search(table, modules.canonical(module), record, now - timedelta(days=days), now)
    hits = _told_hits(table, found.hits)
    doubts = [_told_doubt(table, doubt) for doubt in found.doubts]
    shown = {"module": module, "id": record, "deletions": hits, "not_known": doubts}
    lines = [line for each in hits for line in hit_lines(each, str(iso(now.timestamp())))]
    lines += [line for each in doubts for line in doubt_lines(each)]
    lines.append(result(record, len(hits), len(doubts), days))
    lines += [] if hits else hint(module)
    target.say(shown, *(part for line in lines for part in wrapped(line, WIDTH)))


def result(record: str, hits: int, doubts: int, days: int) -> str:
    """The last line: that nothing was found is said only where nothing is left open."""
    none = f"no deletion of the last {days} days"
    if doubts:
        known = many(hits, "deletion") if hits else none
        return f"{known} known to have named or taken it, {doubts:,} not known"
    if hits:
        return many(hits, "deletion")
    if not is_record_id(record):
        return f"{none} named it, as far as it still knows its external ids; look for the record id"
    # What is sent as an external id may look like a record id, and is forgotten sooner.
    return f"{none} named or took the record of this id; of external ids only those not forgotten are known"


def hint(module: str) -> list[str]:
    """A last line where the module may be misspelled: no deletion is of a module that there is not."""
    meant = known_records.near(module)
    return [f"{module} is none of Zoho's own modules; did you mean {' or '.join(meant)}?"] if meant else []


def _told_hits(table: Table, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """The hits with what became of the record afterwards, as far as others of them tell."""
    after = {
        (operation, hit.deletion.request.parent)
        for hit in hits
        for operation, outcome in (
            (Operation.DELETE_PERMANENTLY, "deleted"),
            (Operation.RESTORE, "restored"),
        )
        if hit.deletion.request.operation is operation and hit.outcome == outcome
    }
    return [
        {
            **told_of(table, hit.deletion),
            "outcome": hit.outcome,
            "code": hit.code,
            "permanent": (Operation.DELETE_PERMANENTLY, hit.deletion.id) in after
            or (hit.deletion.request.operation is Operation.DELETE_PERMANENTLY and hit.outcome == "deleted"),
            "restored": (Operation.RESTORE, hit.deletion.id) in after,
        }
        for hit in hits
    ]


def told_of(table: Table, deletion: Deletion) -> dict[str, Any]:
    """What is told of a deletion, whether or not it is known to have taken the record."""
    children = [child.id for child in deletion.children]
    shown = document(standing(deletion, table.get_many(children) if children else {}))
    try:
        receipts, unreadable = table.receipts(deletion.id), {}
    except Unreadable:
        receipts, unreadable = [], {"receipt_unreadable": True}
    recycle_bin = shown.get("recycle_bin") or {}
    names = ("status", "operation", "dry_run", "created_at", "finished_at", "source")
    return {
        "deletion": deletion.id,
        **{name: shown[name] for name in names},
        "asked_by": deletion.asked_by,
        "restorable_until": recycle_bin.get("restorable_until"),
        "permanent_at": recycle_bin.get("permanent_at"),
        "receipt": receipts[-1].name if receipts else None,
        **unreadable,
    }


def _told_doubt(table: Table, doubt: Doubt) -> dict[str, Any]:
    if doubt.deletion is None:
        return {"deletion": doubt.id, "why": doubt.why}
    taken = doubt.deletion.unlisted if doubt.deletion.frozen else doubt.deletion.counts.deleted
    return {**told_of(table, doubt.deletion), "why": doubt.why, "records": taken}


def hit_lines(told: Mapping[str, Any], now: str) -> list[str]:
    """What became of the record by a deletion that named or took it. `now`: as the document's times."""
    if told["dry_run"]:
        return [f"{told['deletion']}  a dry run: nothing was sent", *_deletion_lines(told)]
    outcome = told["outcome"] or "named, its links were removed"
    code = f" ({told['code']})" if told["code"] else ""
    return [f"{told['deletion']}  {outcome}{code}{_fate(told, now)}", *_deletion_lines(told)]


def _fate(told: Mapping[str, Any], now: str) -> str:
    """What the outcome means for the record today."""
    if told["outcome"] != "deleted":
        return ""
    if told["operation"] == Operation.DELINK_RECORDS:
        return ": the link, not the record"
    if told["permanent"]:
        return " for good"
    if told["restored"]:
        return ", restored since"
    until = told["restorable_until"]
    if not until:
        return ""
    return f", restorable until {until[:10]}" if until > now else f", was restorable until {until[:10]}"


def doubt_lines(told: Mapping[str, Any]) -> list[str]:
    """A deletion of which it is not known whether it took the record, and why."""
    lines = [f"{told['deletion']}  not known", f"  {_WHY[told['why']]}"]
    return [*lines, *_deletion_lines(told)] if "status" in told else lines


def _deletion_lines(told: Mapping[str, Any]) -> list[str]:
    receipt = told["receipt"] or "no receipt yet"
    if told.get("receipt_unreadable"):
        receipt = "what the table keeps of its receipts cannot be read; look for them in the bucket"
    ended = f"{told['status']} {told['finished_at'] or 'since ' + told['created_at']}"
    return [
        f"  {told['operation']}, {ended}",
        f"  asked for by {told['asked_by'] or told['source']}",
        f"  {receipt}",
    ]
