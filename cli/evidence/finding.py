"""`expunge find`: every deletion that named or took a record.

The table has no item a record. So the ids of all deletions are read, as they are stored, newest first: a
hundred items a call, several calls at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import click

from chalicelib.adapters.dynamodb import chunk_codec, items
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import modules
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Mark, outcome_name
from cli.evidence.table import table_of
from cli.operating.render import many
from cli.options import options
from cli.target import find as find_target

EXAMPLES = """\b
Examples:
  expunge find Leads 410405000002264040
  expunge find Contacts ERP/1042 --days 30     an external id, as it was sent"""

ABREAST = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """The deletion named or took the record. `outcome`, `code`: the record's own."""

    deletion: Deletion
    outcome: str
    code: str | None


@click.command(name="find", epilog=EXAMPLES)
@click.argument("module")
@click.argument("record", metavar="ID")
@click.option("--days", type=click.IntRange(1, 3660), default=400, show_default=True, help="How far back.")
@options
def find(module: str, record: str, days: int, stage: str | None, as_json: bool) -> None:
    """Find every deletion that named or took the record ID of MODULE, the newest first."""
    target = find_target(stage, as_json=as_json)
    table = table_of(target)
    now = datetime.now(UTC)
    hits = found(table, modules.canonical(module), record, [now - timedelta(days=n) for n in range(days + 1)])
    shown = [_shown(table, hit) for hit in hits]
    lines = [
        f"{each['deletion']}  {each['outcome']}{' ' + each['code'] if each['code'] else ''}"
        f"  {each['finished_at'] or each['status']}  by {each['asked_by'] or each['source']}"
        f"  {each['receipt'] or 'no receipt'}"
        for each in shown
    ]
    result = (
        many(len(shown), "deletion") if shown else f"no deletion of the last {days} days named or took it"
    )
    target.say({"module": module, "id": record, "deletions": shown}, *lines, result)


def found(table: Table, module: str, record: str, days: Sequence[datetime]) -> list[Hit]:
    """The deletions that named or took the record, the newest first."""
    with ThreadPoolExecutor(ABREAST) as pool:
        ids = [one for day in pool.map(partial(_of_day, table), days) for one in day]
        batches = [ids[first : first + 50] for first in range(0, len(ids), 50)]
        chunks = [each for some in pool.map(partial(_holding, table, record), batches) for each in some]
    known = table.get_many(list(dict.fromkeys(one for one, _ in chunks)))
    hits = []
    for one, chunk in chunks:
        deletion = known.get(one)
        if deletion is not None and deletion.request.module == module:
            hits += [_hit(deletion, chunk, at) for at in _positions(chunk, record)]
    return sorted(hits, key=lambda hit: hit.deletion.created_at, reverse=True)


def _of_day(table: Table, day: datetime) -> list[str]:
    """Ids of the deletions that were accepted on that day."""
    pages = table.query(
        IndexName="day",
        KeyConditionExpression="#day = :day",
        ExpressionAttributeNames={"#day": "day"},
        ExpressionAttributeValues={":day": {"S": f"day#{day:%Y-%m-%d}"}},
    )
    return [item["pk"]["S"].removeprefix("D#") for item in pages]


def _holding(table: Table, record: str, ids: Sequence[str]) -> list[tuple[str, Chunk]]:
    """The chunks of these deletions that hold the record; a full one may be followed by others."""
    held: list[tuple[str, Chunk]] = []
    number, left = 0, list(ids)
    while left:
        read = dict(_chunks(table, left, number))
        held += [(one, chunk) for one, chunk in read.items() if _positions(chunk, record)]
        left = [one for one, chunk in read.items() if len(chunk.ids) >= CHUNK_SIZE]
        number += 1
    return held


def _chunks(table: Table, ids: Sequence[str], number: int) -> Iterator[tuple[str, Chunk]]:
    keys = [items.part_key(one, part, number) for one in ids for part in ("IDS", "OUT")]
    parts: dict[str, dict[str, Any]] = {}
    for item in table.batch_get(keys):
        parts.setdefault(item["pk"]["S"].removeprefix("D#"), {})[item["sk"]["S"][:3]] = item["data"]["B"]
    for one, part in parts.items():
        if "IDS" in part:
            yield one, chunk_codec.chunk_from(number, part["IDS"], part.get("OUT"))


def _positions(chunk: Chunk, record: str) -> list[int]:
    """Where the record stands in the chunk: named by its id, or by an external id that was resolved."""
    named = {at for at, each in enumerate(chunk.ids) if each == record} if record in chunk.ids else set()
    return sorted(named | {at for at, each in chunk.records.items() if each == record})


def _hit(deletion: Deletion, chunk: Chunk, at: int) -> Hit:
    return Hit(deletion, outcome_name(Mark(chunk.marks[at])), chunk.codes.get(at, ("", ""))[0] or None)


def _shown(table: Table, hit: Hit) -> dict[str, Any]:
    told = document(hit.deletion)
    receipts = table.receipts(hit.deletion.id)
    recycle_bin = told.get("recycle_bin") or {}
    return {
        "deletion": hit.deletion.id,
        "outcome": hit.outcome,
        "code": hit.code,
        "status": told["status"],
        "operation": told["operation"],
        "dry_run": told["dry_run"],
        "created_at": told["created_at"],
        "finished_at": told["finished_at"],
        "source": told["source"],
        "asked_by": hit.deletion.asked_by,
        "restorable_until": recycle_bin.get("restorable_until"),
        "permanent_at": recycle_bin.get("permanent_at"),
        "receipt": receipts[-1].name if receipts else None,
    }
