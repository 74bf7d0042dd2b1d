"""Carries out one step of an executor: the one place where an executor's decision becomes a write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chalicelib.domain import backoff, lane
from chalicelib.domain.deletion import Deletion, final_status
from chalicelib.domain.errors import Overtaken
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import recount, reproblem
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine import parallel, waiting
from chalicelib.service.engine.chunks import failed_ids
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import (
    Again,
    Commit,
    Finish,
    Note,
    Outgoing,
    Rest,
    Send,
    Step,
    TryAgain,
    Wait,
)
from chalicelib.service.ports import Call, Zoho

#: How often the last write is tried where others write the lane at the same moment.
LANE_TRIES = 8


def carry_out(work: LeasedSlice, step: Step) -> None:
    """Write the step; a `Send` is sent in between. Raises Overtaken, LostLease or Unavailable."""
    if isinstance(step, Send):
        step = _sent(work, step)
    if isinstance(step.then, Finish):
        _finish(work, step, step.then)
        return
    free = _left(work, step.deletion) if step.leave_lane else None
    deletion, entries = _written(work, step)
    if step.leave_lane:
        deletion = replace(deletion, lane="")
    _go_on(work, step, deletion, entries, free if step.leave_lane else step.lane)
    _wake_next(work, free)


def _sent(work: LeasedSlice, send: Send) -> Commit:
    """Intents, then the last look at pause and holds, then the calls; their answers as a commit."""
    zoho = work.zoho
    calls = _intents(work, send)
    work.publish()
    why_not = send.allowed()
    if why_not:
        return replace(
            send.withdrawn([_unsent(work, call, why_not) for call in calls], why_not), regardless=True
        )
    replies = parallel.all_at_once([_making(each, zoho) for each in send.calls])
    return replace(send.judge(calls, replies), regardless=True)


def _making(outgoing: Outgoing, zoho: Zoho) -> Callable[[], Reply]:
    return lambda: outgoing.make(zoho)


def _intents(work: LeasedSlice, send: Send) -> list[Call]:
    first = work.deletion.calls + 1
    calls = [Call(first + i, each.kind, each.target, work.now) for i, each in enumerate(send.calls)]
    deletion = send.opened(tuple(call.n for call in calls))
    deletion, entries = work.running(deletion, send.running)
    work.save(replace(deletion, calls=calls[-1].n), calls=calls, entries=entries)
    return calls


def _unsent(work: LeasedSlice, call: Call, why: str) -> Call:
    return replace(
        call, answered_at=work.now, answer={"verdict": "not_sent", "code": "NOT_SENT", "message": why}
    )


def _written(work: LeasedSlice, step: Commit) -> tuple[Deletion, list[Entry]]:
    """The deletion with what follows from the step's parts, and its new log entries."""
    deletion = step.deletion
    for after in step.chunks:
        before = work.chunk(after.number)
        deletion = replace(
            deletion,
            counts=deletion.counts if deletion.request.dry_run else recount(deletion.counts, before, after),
            problems=reproblem(deletion.problems, before, after),
            updated_at=work.now,
        )
    if step.succeeded is not None:
        deletion = backoff.succeeded(deletion, step.succeeded)
    entries: list[Entry] = []
    if step.running is not None:
        deletion, entries = work.running(deletion, step.running, proven=step.proven)
    for note in step.notes:
        deletion, entry = _noted(work, deletion, note)
        entries.append(entry)
    return deletion, entries


def _noted(work: LeasedSlice, deletion: Deletion, note: Note) -> tuple[Deletion, Entry]:
    if note.public:
        return work.told(deletion, note.what, note.why, by=note.by)
    return work.noted(deletion, note.what, note.why, note.by)


def _go_on(
    work: LeasedSlice, step: Commit, deletion: Deletion, entries: list[Entry], line: Lane | None
) -> None:
    then = step.then
    if any(note.public for note in step.notes) and not isinstance(then, Again):
        # What a person has to see leaves now, and not only after the wait.
        _go_on(work, replace(step, then=Again()), deletion, entries, line)
        work.publish()
        _go_on(work, Commit(work.deletion, then), work.deletion, [], None)
        return
    calls, chunks, new = step.calls, step.chunks, step.new_chunks
    regardless = step.regardless
    if isinstance(then, Again):
        work.save(
            deletion,
            entries=entries,
            calls=calls,
            chunks=chunks,
            new_chunks=new,
            lane=line,
            regardless=regardless,
        )
        return
    parts = {
        "entries": entries,
        "calls": calls,
        "chunks": chunks,
        "new_chunks": new,
        "lane": line,
        "regardless": regardless,
    }
    if isinstance(then, Rest):
        work.publish()
        work.rest(deletion, then.seconds, **parts)
    elif isinstance(then, Wait):
        work.wait(
            backoff.standing_still(deletion), then.waiting_for, then.seconds, status=then.status, **parts
        )
    elif isinstance(then, TryAgain):
        waiting.try_again(work, deletion, then, **parts)


def _finish(work: LeasedSlice, step: Commit, then: Finish) -> None:
    """The final write gives the lane free in the same transaction, then whoever is next is woken."""
    for tries_left in range(LANE_TRIES - 1, -1, -1):
        free = _left(work, step.deletion)
        deletion, entries = _written(work, step)
        try:
            work.finish(
                replace(deletion, lane="", job_deleted=0),
                then.status or final_status(deletion.counts, cancelled=bool(deletion.cancelled_by)),
                then.why,
                by=then.by,
                problems=then.problems,
                failed_ids=failed_ids(work, deletion, {chunk.number: chunk for chunk in step.chunks}),
                lane=free,
                entries=entries,
                calls=step.calls,
                chunks=step.chunks,
                new_chunks=step.new_chunks,
                regardless=True,
            )
        except Overtaken:
            if not tries_left:
                raise
            work.read_again()
            continue
        _wake_next(work, free)
        return


def _left(work: LeasedSlice, deletion: Deletion) -> Lane | None:
    """The lane of the deletion without it; None where it is in none."""
    if not deletion.lane:
        return None
    before = work.deps.ledger.lane(deletion.lane)
    after = lane.left(before, deletion.id, work.now)
    return None if after == before else after


def _wake_next(work: LeasedSlice, free: Lane | None) -> None:
    if free is not None and free.queue and work.deps.ledger.wake(free.queue[0], work.now):
        work.deps.nudges.nudge(free.queue[0])
