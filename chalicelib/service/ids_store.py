"""Saves what was found for ids, and ends the deletion with the write that settles the last of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain import backoff
from chalicelib.domain.by_ids import Effect, Progress
from chalicelib.domain.deletion import Deletion, Status, final_status
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.log import SERVICE, Entry
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark, recount, reproblem
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service import ids_guard, waiting
from chalicelib.service.ports import Call
from chalicelib.service.run import Run

#: The calls whose clocks run while they fail: those that change Zoho, and those that ask what is there.
SEND, READ = "send", "read"
#: Failed ids that an event names (contract section 5).
NAMED_IN_EVENT = 100

#: Verdicts that mean: not now, ask again.
NOT_NOW = frozenset(
    {
        Verdict.RETRY,
        Verdict.UNKNOWN,
        Verdict.REPEAT,
        Verdict.WAIT_LANE,
        Verdict.WAIT_CREDITS,
        Verdict.WAIT_CREDENTIALS,
        Verdict.WAIT_TOKEN,
    }
)


def save_chunk(
    run: Run,
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
    deletion = run.deletion
    deletion = replace(
        deletion,
        counts=recount(deletion.counts, before, after),
        problems=reproblem(deletion.problems, before, after),
        progress=progress.to_json(),
        updated_at=run.now,
    )
    ids_guard.note(run, progress, before, findings)
    chunks = [after] if after != before else []
    entries: list[Entry] = []
    if call is not None and trouble is None:
        deletion = backoff.succeeded(deletion, call)
    settles = any(finding.mark not in UNSETTLED for finding in findings.values())
    if settles and deletion.calls:  # what is held, or gone already, starts nothing
        deletion, entries = run.running(deletion, proven=deletion.started_at is not None)
    parts: dict[str, Any] = {"calls": calls, "entries": entries}
    if trouble is not None and not after.settled:
        verdict, code, asked = trouble.verdict, trouble.code, trouble.retry_after
        waiting.wait_for(
            run, deletion, call or SEND, verdict, code, asked, chunks=chunks, regardless=bool(calls), **parts
        )
        return
    if after.settled and progress.left == (after.number,):
        deletion = replace(deletion, progress=replace(progress, left=()).to_json())
        end(run, deletion, {after.number: after}, **parts)
        return
    run.save(deletion, chunks=chunks, calls=calls, entries=entries, regardless=bool(calls))


def end(run: Run, deletion: Deletion, known: dict[int, Chunk], **parts: Any) -> None:
    """End the deletion: every id has its outcome. `known`: chunks that are part of this write."""
    failed = failed_ids(run, deletion, known)
    chunks = list(known.values())
    status = final_status(deletion.counts, cancelled=bool(deletion.cancelled_by))
    run.finish(
        deletion,
        status,
        by=deletion.cancelled_by if status is Status.CANCELLED else SERVICE,
        failed_ids=failed,
        chunks=chunks,
        **parts,
        regardless=True,
    )


def failed_ids(run: Run, deletion: Deletion, known: dict[int, Chunk]) -> list[str]:
    """The first ids that failed or are unknown, for the event."""
    if not deletion.counts.failed and not deletion.counts.unknown:
        return []
    found: list[str] = []
    for number in range(deletion.chunks):
        chunk = known.get(number) or readable(run, number)
        if chunk is None:
            continue
        found += [chunk.ids[p] for p in chunk.at(Mark.FAILED, Mark.UNKNOWN)]
        if len(found) >= NAMED_IN_EVENT:
            break
    return found[:NAMED_IN_EVENT]


def readable(run: Run, number: int) -> Chunk | None:
    """A chunk of the deletion; None where what the table keeps of it cannot be read."""
    try:
        return run.chunk(number)
    except Unreadable:
        return None
