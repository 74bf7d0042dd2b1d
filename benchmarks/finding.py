"""How long `expunge find` takes: one record among a year of deletions, in a process of its own."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, cast

from benchmarks.history import TABLE, Server, server_in
from benchmarks.results import Row, at_most, median
from chalicelib.adapters.dynamodb import deletion_items, items
from chalicelib.adapters.dynamodb.evidence_items import DAY, Book
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import ids
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.outcomes import Mark, fresh
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.status import Status
from chalicelib.service.evidence import digests
from chalicelib.service.evidence.tools import Tools
from local.settings import ROOT

CHILD = Path(__file__).with_name("find_child.py")
#: What `expunge find` may take, from its start to its answer, and against one paged read of what it reads.
SECONDS, TIMES = 3.0, 3.0
KEEP_DAYS, WRITING_SECONDS = 400, 600.0


@dataclass(frozen=True)
class Year:
    """So many deletions of `ids` ids each, spread evenly over `days` days that end now."""

    deletions: int = 10_000
    ids: int = 100
    days: int = 365

    def made(self, now: float) -> Iterator[Deletion]:
        """The deletions, ended, the oldest first."""
        random = Random(1)  # noqa: S311 -- not for secrets
        step = self.days * DAY / self.deletions
        for n in range(self.deletions):
            at = now - self.days * DAY + n * step
            named = tuple(str(random.randrange(10**18, 9 * 10**18)) for _ in range(self.ids))
            request = Request(Operation.DELETE_RECORDS, "Leads", "default", ids=named, reference=f"DSR-{n}")
            yield Deletion(
                id=ids.deletion_id(at, n.to_bytes(ids.RANDOM_BYTES, "big")),
                request=request,
                source="crm",
                created_at=at,
                updated_at=at + 5,
                finished_at=at + 5,
                expires_at=int(at) + KEEP_DAYS * DAY,
                status=Status.COMPLETED,
                counts=Counts(requested=self.ids, deleted=self.ids),
                id_count=self.ids,
                chunks=1,
                events=3,
                published=3,
                chain="c" * 64,
                seed=f"{n:032x}",
                calls=1,
            )


def rows(directory: Path, year: Year, runs: int) -> Iterator[Row]:
    """The command against its limit, and what it does against one plain read of the same items."""
    with server_in(directory) as server:
        wanted = _filled(server, year, directory / "items.jsonl")
        began = time.perf_counter()
        _digested(server)
        writing = time.perf_counter() - began
        found = [_found(server, *wanted) for _ in range(runs)]
    whole = [one["whole"] for one in found]
    find, read = (median([one[name] for one in found]) for name in ("find", "read"))
    records = year.deletions * year.ids
    what = f"find one of {records:,} records in {year.deletions:,} deletions"
    facts: dict[str, Any] = {"runs": found, "digests_seconds": writing}
    yield at_most(f"{what}: the command", median(whole), SECONDS, unit=" s", **facts)
    against = f"one paged read of the same {found[0]['items']:,} items: {read:.2f} s, here {find:.2f} s"
    yield at_most(f"{what}: reading and looking", find / read, TIMES, unit=" x", against=against)


def _filled(server: Server, year: Year, file: Path) -> tuple[str, str]:
    """The year is in the table; a record in the midst of it, and the deletion that named it."""
    wanted = ("", "")
    with file.open("w", encoding="utf-8") as lines:
        for n, deletion in enumerate(year.made(time.time())):
            if n == year.deletions // 2:
                wanted = (deletion.request.ids[year.ids // 2], deletion.id)
            lines.writelines(f"{_json(item)}\n" for item in _items(deletion))
    server.put(file)
    return wanted


def _items(deletion: Deletion) -> Iterator[items.Item]:
    (chunk,) = fresh(deletion.request.ids)
    meta = deletion_items.new_deletion(deletion, 1)
    del meta["due"]  # it has ended, and its receipt is written
    yield meta
    yield deletion_items.from_ids(deletion, chunk)
    yield deletion_items.from_marks(deletion, replace(chunk, marks=Mark.DELETED.value * len(chunk.ids)))


def _json(item: items.Item) -> str:
    """As it goes over the wire."""
    return json.dumps(item, default=lambda data: base64.b64encode(data).decode())


def _digested(server: Server) -> None:
    """The digests of all days that are over, as the evidence function writes them."""
    client = server.client("dynamodb")
    book = Book(Table(TABLE, lambda: client), time.time, KEEP_DAYS)
    digests.written(cast("Tools", _DigestTools(book)), time.time() + WRITING_SECONDS)


@dataclass(frozen=True)
class _DigestTools:
    """What writing digests takes of the evidence function's tools."""

    book: Book

    def clock(self) -> float:
        """Now."""
        return time.time()


def _found(server: Server, record: str, deletion: str) -> dict[str, Any]:
    """One process that looks: its seconds, and those of its parts. Raises RuntimeError where it finds
    anything else than the deletion.
    """
    environment = {**server.environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(CHILD), TABLE, record],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    told["whole"] = time.perf_counter() - began - told["read"]
    if told["found"] != [deletion]:
        raise RuntimeError(f"{told['found']} found, {deletion} named {record}")
    return told
