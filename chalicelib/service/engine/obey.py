"""What operators ask of a deletion, done by whoever holds it: cancel, approve, resolve.

A command lies beside the deletion until the write that does it counts it as done, so it is done once, whoever
dies on the way. What no longer fits is noted in the log and let go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain import controls
from chalicelib.domain.controls import Do, Outcome
from chalicelib.domain.deletion import Counts, Deletion, Operation, Problem, Status, final_status
from chalicelib.domain.outcomes import Chunk, Finding, Mark, recount, reproblem
from chalicelib.service.engine.chunks import failed_ids, readable
from chalicelib.service.engine.slice import LeasedSlice

#: Chunks with unknown outcomes that one write resolves.
CHUNKS_AT_ONCE = 20
NOT_DONE = "RESOLVED_NOT_DONE"


def obey(work: LeasedSlice) -> None:
    """Do the oldest command, or let it go, and save. Raises Overtaken where another one has come since."""
    command = work.claim.commands[0]
    do = command.get("do")
    if do == Do.CANCEL:
        _cancel(work, command)
    elif do == Do.APPROVE:
        _approve(work, command)
    elif do == Do.RESOLVE:
        _resolve(work, command)
    elif do == Do.BRING_FORWARD:
        _bring_forward(work, command)
    else:
        _let_go(work, command, "not a command that this version knows")


def _by(command: Mapping[str, object]) -> str:
    return str(command.get("by") or "operator")


def _let_go(work: LeasedSlice, command: Mapping[str, object], why: str) -> None:
    words = f"{str(command.get('do'))[:20]}: {why}"
    deletion, entry = work.noted(work.deletion, "command_ignored", words, _by(command))
    work.save(deletion, entries=[entry], commands_done=1)


def _cancel(work: LeasedSlice, command: Mapping[str, object]) -> None:
    """Mark it as cancelled: its executor sends nothing more, settles what is in doubt and ends it.

    What needs attention has no executor any more: it is ended here, with its counts as they are.
    """
    if controls.cancels_attention(work.deletion, command):
        _cancel_attention(work, command)
        return
    ended = work.deletion.is_final
    why_not = f"it has ended: {work.deletion.status}" if ended else controls.not_cancellable(work.deletion)
    if why_not:
        _let_go(work, command, why_not)
        return
    deletion = replace(work.deletion, cancelled_by=_by(command))
    deletion, entry = work.noted(deletion, "cancel_asked", by=_by(command))
    work.save(deletion, entries=[entry], commands_done=1)


def _cancel_attention(work: LeasedSlice, command: Mapping[str, object]) -> None:
    work.finish(
        replace(work.deletion, cancelled_by=_by(command)),
        Status.CANCELLED,
        by=_by(command),
        failed_ids=failed_ids(work, work.deletion, {}),
        commands_done=1,
    )


def _approve(work: LeasedSlice, command: Mapping[str, object]) -> None:
    deletion = controls.approved(work.deletion, command)
    if deletion is None:
        _let_go(work, command, "it is not for the approval that is waited for")
        return
    deletion, entry = work.noted(deletion, "approved", f"count {command['count']}", _by(command))
    work.save(deletion, entries=[entry], commands_done=1)


def _bring_forward(work: LeasedSlice, command: Mapping[str, object]) -> None:
    """Its undo window ends now."""
    why_not = controls.not_to_bring_forward(work.deletion, work.now)
    if why_not:
        _let_go(work, command, why_not)
        return
    deletion = replace(work.deletion, not_before=work.now)
    deletion, entry = work.noted(deletion, "brought_forward", by=_by(command))
    work.save(deletion, entries=[entry], commands_done=1)


def _resolve(work: LeasedSlice, command: Mapping[str, object]) -> None:
    """A person has looked: what is unknown was done, or was not."""
    outcome = command.get("outcome")
    why_not = controls.not_resolvable(work.deletion)
    if why_not or outcome not in list(Outcome):
        _let_go(work, command, why_not or "not an outcome")
        return
    done = outcome == Outcome.DONE
    if not work.deletion.id_count or work.deletion.request.dry_run:
        _end(work, command, _counts_resolved(work.deletion, done=done), done=done)
        return
    deletion, chunks, all_of_them = _ids_resolved(work, done=done)
    if not all_of_them:
        work.save(deletion, chunks=chunks)
        return
    unmarked = deletion.counts.unknown  # of chunks that cannot be read
    if unmarked:
        deletion = _counts_resolved(deletion, done=done)
    _end(work, command, deletion, done=done, chunks=chunks, unmarked=unmarked)


def _end(
    work: LeasedSlice,
    command: Mapping[str, object],
    deletion: Deletion,
    *,
    done: bool,
    chunks: list[Chunk] | None = None,
    unmarked: int = 0,
) -> None:
    status = final_status(deletion.counts, cancelled=bool(deletion.cancelled_by))
    if not done and status is Status.COMPLETED:
        status = Status.FAILED  # nothing was counted, and a person says that nothing was done
    work.finish(
        deletion,
        status,
        str(command.get("note", "")),
        by=_by(command),
        failed_ids=failed_ids(work, deletion, {chunk.number: chunk for chunk in chunks or []}),
        chunks=chunks or [],
        commands_done=1,
        unmarked=unmarked,
    )


def _counts_resolved(deletion: Deletion, *, done: bool) -> Deletion:
    """Of a view, and of ids that cannot be read, only numbers are known. Problems about what was unknown are
    over.
    """
    counts = deletion.counts
    lost = counts.unknown
    restores = deletion.request.operation is Operation.RESTORE
    outcome = "failed" if not done else "restored" if restores else "deleted"
    after: Counts = replace(counts, **{"unknown": 0, outcome: getattr(counts, outcome) + lost})
    problems = tuple(
        p for p in deletion.problems if p.code not in ("JOB_LOST", "OUTCOME_UNKNOWN", "JOB_TOO_OLD")
    )
    if not done:
        problems = (*problems, Problem(NOT_DONE, lost))
    return replace(deletion, counts=after, problems=problems)


def _ids_resolved(work: LeasedSlice, *, done: bool) -> tuple[Deletion, list[Chunk], bool]:
    """The deletion after a number of its chunks with unknown outcomes are resolved, those chunks, and whether
    no others are left.
    """
    deletion = work.deletion
    chunks: list[Chunk] = []
    restores = deletion.request.operation is Operation.RESTORE
    finding = Finding(Mark.RESTORED if restores else Mark.DELETED) if done else Finding(Mark.FAILED, NOT_DONE)
    for number in range(deletion.chunks):
        before = readable(work, number)
        after = before.resolved(finding) if before is not None else None
        if before is None or after is None or after == before:
            continue
        if len(chunks) == CHUNKS_AT_ONCE:
            return deletion, chunks, False
        chunks.append(after)
        deletion = replace(
            deletion,
            counts=recount(deletion.counts, before, after),
            problems=reproblem(deletion.problems, before, after),
        )
    return deletion, chunks, True
