"""Carries out operators' commands (cancel, approve, resolve) on a deletion that this worker holds.

A command is stored beside the deletion until the write that carries it out counts it as done. So it is
carried out once, even if a worker dies. A command that no longer fits is noted in the log and dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib.domain import commands, log
from chalicelib.domain.commands import Do, Outcome
from chalicelib.domain.deletion import Deletion, Problem, final_status
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.forgetting import not_forgettable
from chalicelib.domain.operators import SourceCancel
from chalicelib.domain.outcomes import Chunk, Finding, Mark, recount
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.service.engine.chunks import readable
from chalicelib.service.engine.step import Commit, Finish, Note, Slice, Step

#: Chunks with unknown outcomes that one write resolves.
CHUNKS_AT_ONCE = 20
NOT_DONE = "RESOLVED_NOT_DONE"


def obey(work: Slice, command: Mapping[str, object]) -> Step:
    """Carry out `command`, the oldest one, or drop it."""
    do = command.get("do")
    if do == Do.CANCEL:
        return _cancel(work, command)
    if do == Do.APPROVE:
        return _approve(work, command)
    if do == Do.RESOLVE:
        return _resolve(work, command)
    if do == Do.BRING_FORWARD:
        return _bring_forward(work, command)
    if do == Do.FORGET:
        return _forget(work, command)
    return _let_go(work, command, "not a command that this version knows")


def _by(command: Mapping[str, object]) -> str:
    return str(command.get("by") or "operator")


def _done(deletion: Deletion, command: Mapping[str, object], what: str, why: str = "") -> Commit:
    return Commit(deletion, notes=(Note(what, why, _by(command)),), commands_done=1)


def _let_go(work: Slice, command: Mapping[str, object], why: str) -> Commit:
    """Whoever gave it was answered 202, so that it is not done is told to operators."""
    work.report("command_ignored", command=str(command.get("do"))[:20], reason=why)
    return _done(work.deletion, command, "command_ignored", f"{str(command.get('do'))[:20]}: {why}")


def _cancel(work: Slice, command: Mapping[str, object]) -> Step:
    """Mark it as cancelled: its executor sends nothing more, settles what is in doubt and ends it.

    What needs attention has no executor any more: it is ended here, with its counts as they are.
    """
    deletion = replace(work.deletion, cancelled_by=_by(command))
    if commands.cancels_attention(work.deletion, command):
        return Commit(deletion, Finish(Status.CANCELLED), commands_done=1)
    ended = work.deletion.is_final
    why_not = f"it has ended: {work.deletion.status}" if ended else commands.not_cancellable(work.deletion)
    return _let_go(work, command, why_not) if why_not else _done(deletion, command, "cancel_asked")


def cancel_with_source(work: Slice, mark: SourceCancel) -> Step:
    """As a cancel of its own, by who cancelled all that its source had asked for."""
    note = Note("cancel_asked", f"source {mark.source}", mark.by)
    return Commit(replace(work.deletion, cancelled_by=mark.by), notes=(note,))


def _approve(work: Slice, command: Mapping[str, object]) -> Step:
    deletion = commands.approved(work.deletion, command)
    if deletion is None:
        return _let_go(work, command, "it is not for the approval that is waited for")
    return _done(deletion, command, "approved", f"count {command['count']}")


def _forget(work: Slice, command: Mapping[str, object]) -> Step:
    """It is forgotten as soon as the receipt of its end is there, and a head that names the operators' entry
    (engine.forgetting). Asked for again it is not put off.
    """
    why_not = not_forgettable(work.deletion)
    if why_not:
        return _let_go(work, command, why_not)
    deletion = work.deletion
    if not deletion.forget_by:
        noted = str(command.get("noted") or "")
        deletion = replace(deletion, forget_by=_by(command), forget_noted=noted)
    return _done(deletion, command, log.FORGET_ASKED)


def _bring_forward(work: Slice, command: Mapping[str, object]) -> Step:
    """Its undo window ends now."""
    why_not = commands.not_to_bring_forward(work.deletion, work.now)
    if why_not:
        return _let_go(work, command, why_not)
    return _done(replace(work.deletion, not_before=work.now), command, "brought_forward")


def _resolve(work: Slice, command: Mapping[str, object]) -> Step:
    """A person has looked: what is unknown was done, or was not."""
    outcome, deletion = command.get("outcome"), work.deletion
    why_not = commands.not_resolvable(deletion)
    if why_not or outcome not in list(Outcome):
        return _let_go(work, command, why_not or "not an outcome")
    done = outcome == Outcome.DONE
    if not deletion.id_count or deletion.request.dry_run:
        return _end(work, command, done=done, unmarked=deletion.counts.unknown)
    try:
        chunks, all_of_them = _ids_resolved(work, done=done)
    except Unreadable as problem:
        return _let_go(work, command, problem.reason)
    if not all_of_them:
        return Commit(deletion, chunks=chunks)
    marked = sum(len(work.chunk(chunk.number).at(Mark.UNKNOWN)) for chunk in chunks)
    # Of chunks that cannot be read only numbers are known.
    return _end(work, command, done=done, unmarked=deletion.counts.unknown - marked, chunks=chunks)


def _end(
    work: Slice,
    command: Mapping[str, object],
    *,
    done: bool,
    unmarked: int,
    chunks: tuple[Chunk, ...] = (),
) -> Commit:
    """`unmarked`: unknown ids that are resolved in the counts alone."""
    deletion = _counts_resolved(work.deletion, unmarked, done=done)
    counts = deletion.counts
    for chunk in chunks:
        counts = recount(counts, work.chunk(chunk.number), chunk)
    status = final_status(counts, cancelled=bool(deletion.cancelled_by))
    if not done and status is Status.COMPLETED:
        status = Status.FAILED  # nothing was counted, and a person says that nothing was done
    return Commit(
        replace(deletion, resolved_by=_by(command)),
        Finish(status, str(command.get("note", "")), _by(command)),
        chunks=chunks,
        commands_done=1,
        unmarked=unmarked if deletion.id_count and not deletion.request.dry_run else 0,
    )


def _counts_resolved(deletion: Deletion, lost: int, *, done: bool) -> Deletion:
    """Of a view, and of ids that cannot be read, only numbers are known. Problems about what was unknown are
    over.
    """
    if not lost and deletion.id_count and not deletion.request.dry_run:
        return deletion
    counts = deletion.counts
    restores = deletion.request.operation is Operation.RESTORE
    after = replace(
        counts,
        unknown=counts.unknown - lost,
        deleted=counts.deleted + (lost if done and not restores else 0),
        restored=counts.restored + (lost if done and restores else 0),
        failed=counts.failed + (0 if done else lost),
    )
    problems = tuple(
        p for p in deletion.problems if p.code not in ("JOB_LOST", "OUTCOME_UNKNOWN", "JOB_TOO_OLD")
    )
    if not done:
        problems = (*problems, Problem(NOT_DONE, lost))
    return replace(deletion, counts=after, problems=problems)


def _when_done(work: Slice) -> Callable[[str], Finding]:
    """What an id is once it was done; of an erasure as its map says of each record. Raises Unreadable."""
    deletion = work.deletion
    if deletion.request.operation is not Operation.ERASE_PERSON:
        restores = deletion.request.operation is Operation.RESTORE
        return lambda _id: Finding(Mark.RESTORED if restores else Mark.DELETED)
    from chalicelib.domain.person.erasure_map import when_done
    from chalicelib.domain.person.progress import MAP, progress_of

    try:
        parts: list[object] = [work.part(MAP + n) for n in range(progress_of(deletion).map_parts)]
        marks = when_done(parts)
    except (LookupError, TypeError, ValueError) as problem:
        raise Unreadable(deletion.id, f"map: {type(problem).__name__}") from problem
    return lambda entry: Finding(marks[entry])


def _not_done(_id: str) -> Finding:
    return Finding(Mark.FAILED, NOT_DONE)


def _ids_resolved(work: Slice, *, done: bool) -> tuple[tuple[Chunk, ...], bool]:
    """A number of its chunks with their unknown outcomes resolved, and whether no others are left."""
    chunks: list[Chunk] = []
    found = _when_done(work) if done else _not_done
    for number in range(work.deletion.chunks):
        before = readable(work, number)
        after = before.resolved(found) if before is not None else None
        if after is None or after == before:
            continue
        if len(chunks) == CHUNKS_AT_ONCE:
            return tuple(chunks), False
        chunks.append(after)
    return tuple(chunks), True
