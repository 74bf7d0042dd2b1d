"""Saves what was found for ids, and ends the deletion with the write that settles the last of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain import backoff
from chalicelib.domain.by_ids import Effect, Progress
from chalicelib.domain.deletion import Deletion, Status, final_status
from chalicelib.domain.log import SERVICE, Entry
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, recount, reproblem
from chalicelib.service.by_ids import loop_guard
from chalicelib.service.engine import waiting
from chalicelib.service.engine.chunks import failed_ids
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.ports import Call

#: The calls whose clocks run while they fail: those that change Zoho, and those that ask what is there.
SEND, READ = "send", "read"


def save_chunk(
    work: LeasedSlice,
    progress: Progress,
    before: Chunk,
    findings: dict[int, Finding],
    *,
    calls: Sequence[Call] = (),
    trouble: Effect | None = None,
    call: str | None = None,
    records: Mapping[int, str] | None = None,
) -> None:
    """Save what was found by `call` (the name of its clock; None where nothing was asked); rest where
    `trouble` says "not now", finish in the same write where all is settled. `records`: record ids by
    position, of external ids that were resolved.
    """
    after = before.with_findings(findings).with_records(records or {})
    deletion = work.deletion
    deletion = replace(
        deletion,
        counts=recount(deletion.counts, before, after),
        problems=reproblem(deletion.problems, before, after),
        progress=progress.to_json(),
        updated_at=work.now,
    )
    loop_guard.note(work, progress, before, findings)
    chunks = [after] if after != before else []
    entries: list[Entry] = []
    if call is not None and trouble is None:
        deletion = backoff.succeeded(deletion, call)
    settles = any(finding.mark not in UNSETTLED for finding in findings.values())
    if settles and deletion.calls:  # what is held, or gone already, starts nothing
        deletion, entries = work.running(deletion, proven=deletion.started_at is not None)
    parts: dict[str, Any] = {"calls": calls, "entries": entries}
    if trouble is not None and not after.settled:
        verdict, code, asked = trouble.verdict, trouble.code, trouble.retry_after
        waiting.wait_for(
            work, deletion, call or SEND, verdict, code, asked, chunks=chunks, regardless=bool(calls), **parts
        )
        return
    if after.settled and progress.left == (after.number,):
        deletion = replace(deletion, progress=replace(progress, left=()).to_json())
        end(work, deletion, {after.number: after}, **parts)
        return
    work.save(deletion, chunks=chunks, calls=calls, entries=entries, regardless=bool(calls))


def end(work: LeasedSlice, deletion: Deletion, known: dict[int, Chunk], **parts: Any) -> None:
    """End the deletion: every id has its outcome. `known`: chunks that are part of this write."""
    failed = failed_ids(work, deletion, known)
    chunks = list(known.values())
    status = final_status(deletion.counts, cancelled=bool(deletion.cancelled_by))
    work.finish(
        deletion,
        status,
        by=deletion.cancelled_by if status is Status.CANCELLED else SERVICE,
        failed_ids=failed,
        chunks=chunks,
        **parts,
        regardless=True,
    )
