"""The steps that keep what was found for ids; the one that settles the last of them ends the deletion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.domain.by_ids import Effect, IdsProgress, record_of
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.service.engine.step import Again, Commit, Finish, Slice, Then, TryAgain
from chalicelib.service.ports import Call

#: The calls whose clocks run while they fail: those that change Zoho, and those that ask what is there.
SEND, READ = "send", "read"


def to(work: Slice, progress: IdsProgress, then: Then | None = None) -> Commit:
    """Go on with `progress`."""
    return Commit(replace(work.deletion, progress=progress.to_json()), then or Again())


def next_chunk(progress: IdsProgress) -> IdsProgress:
    """The progress once the current chunk is done."""
    return replace(progress, left=progress.left[1:], single=())


def found(
    work: Slice,
    progress: IdsProgress,
    before: Chunk,
    findings: Mapping[int, Finding],
    *,
    calls: Sequence[Call] = (),
    trouble: Effect | None = None,
    call: str | None = None,
    records: Mapping[int, str] | None = None,
) -> Commit:
    """Keep what was found by `call` (the name of its clock; None where nothing was asked); rest where
    `trouble` says "not now". Where all of the chunk is settled, the same write goes on to the next chunk, or
    finishes. `records`: record ids by position, of external ids that were resolved.
    """
    after = before.with_findings(findings).with_records(records or {})
    then: Then = Again()
    if trouble is not None and not after.settled:
        then = TryAgain(call or SEND, trouble.verdict, trouble.code, trouble.retry_after)
    elif after.settled and progress.left[:1] == (after.number,):
        progress = next_chunk(progress)
        then = Again() if progress.left else Finish()
    deletion = replace(work.deletion, progress=progress.to_json(), updated_at=work.now)
    settles = any(finding.mark not in UNSETTLED for finding in findings.values())
    runs = settles and bool(deletion.calls)  # what is held, or gone already, starts nothing
    return Commit(
        deletion,
        then,
        calls=tuple(calls),
        chunks=(after,) if after != before else (),
        running="" if runs else None,
        proven=runs and deletion.started_at is not None,
        succeeded=call if trouble is None else None,
        regardless=bool(calls),
        gone=_deleted(progress, before, findings),
    )


def _deleted(progress: IdsProgress, chunk: Chunk, findings: Mapping[int, Finding]) -> tuple[str, ...]:
    """The records that are deleted by now, by whatever ids they were asked for."""
    deleted = (p for p, finding in findings.items() if finding.mark is Mark.DELETED)
    records = (record_of(chunk, progress, position) for position in deleted)
    return tuple(record for record in records if record is not None)
