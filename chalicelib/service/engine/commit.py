"""Carries out one step of an executor: the one place where an executor's decision becomes a write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import backoff, lane
from chalicelib.domain.deletion import Deletion, final_status
from chalicelib.domain.errors import Overtaken
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk, Mark, recount, reproblem
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service import parallel, waiting
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
from chalicelib.service.run import Run

#: How often the last write is tried where others write the lane at the same moment.
LANE_TRIES = 8
#: Failed ids that an event names (contract section 5).
NAMED_IN_EVENT = 100


def carry_out(run: Run, step: Step) -> None:
    """Write the step; a `Send` is sent in between. Raises Overtaken, LostLease or Unavailable."""
    if isinstance(step, Send):
        step = _sent(run, step)
    if isinstance(step.then, Finish):
        _finish(run, step, step.then)
        return
    free = _left(run, step.deletion) if step.leave_lane else None
    deletion, entries = _written(run, step)
    if step.leave_lane:
        deletion = replace(deletion, lane="")
    _go_on(run, step, deletion, entries, free if step.leave_lane else step.lane)
    _wake_next(run, free)


def _sent(run: Run, send: Send) -> Commit:
    """Intents, then the last look at pause and holds, then the calls; their answers as a commit."""
    zoho = run.zoho
    calls = _intents(run, send)
    run.publish()
    why_not = send.allowed()
    if why_not:
        return replace(
            send.withdrawn([_unsent(run, call, why_not) for call in calls], why_not), regardless=True
        )
    replies = parallel.all_at_once([_making(each, zoho) for each in send.calls])
    return replace(send.judge(calls, replies), regardless=True)


def _making(outgoing: Outgoing, zoho: Zoho) -> Callable[[], Reply]:
    return lambda: outgoing.make(zoho)


def _intents(run: Run, send: Send) -> list[Call]:
    first = run.deletion.calls + 1
    calls = [Call(first + i, each.kind, each.target, run.now) for i, each in enumerate(send.calls)]
    deletion = send.opened(tuple(call.n for call in calls))
    deletion, entries = run.running(deletion, send.running)
    run.save(replace(deletion, calls=calls[-1].n), calls=calls, entries=entries)
    return calls


def _unsent(run: Run, call: Call, why: str) -> Call:
    return replace(
        call, answered_at=run.now, answer={"verdict": "not_sent", "code": "NOT_SENT", "message": why}
    )


def _written(run: Run, step: Commit) -> tuple[Deletion, list[Entry]]:
    """The deletion with what follows from the step's parts, and its new log entries."""
    deletion = step.deletion
    for after in step.chunks:
        before = run.chunk(after.number)
        deletion = replace(
            deletion,
            counts=deletion.counts if deletion.request.dry_run else recount(deletion.counts, before, after),
            problems=reproblem(deletion.problems, before, after),
            updated_at=run.now,
        )
    if step.succeeded is not None:
        deletion = backoff.succeeded(deletion, step.succeeded)
    entries: list[Entry] = []
    if step.running is not None:
        deletion, entries = run.running(deletion, step.running, proven=step.proven)
    for note in step.notes:
        deletion, entry = _noted(run, deletion, note)
        entries.append(entry)
    return deletion, entries


def _noted(run: Run, deletion: Deletion, note: Note) -> tuple[Deletion, Entry]:
    if note.public:
        return run.told(deletion, note.what, note.why, by=note.by)
    return run.noted(deletion, note.what, note.why, note.by)


def _go_on(run: Run, step: Commit, deletion: Deletion, entries: list[Entry], line: Lane | None) -> None:
    then = step.then
    if any(note.public for note in step.notes) and not isinstance(then, Again):
        # What a person has to see leaves now, and not only after the wait.
        _go_on(run, replace(step, then=Again()), deletion, entries, line)
        run.publish()
        _go_on(run, Commit(run.deletion, then), run.deletion, [], None)
        return
    calls, chunks, new = step.calls, step.chunks, step.new_chunks
    regardless = step.regardless
    if isinstance(then, Again):
        run.save(
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
        run.publish()
        run.rest(deletion, then.seconds, **parts)
    elif isinstance(then, Wait):
        run.wait(
            backoff.standing_still(deletion), then.waiting_for, then.seconds, status=then.status, **parts
        )
    elif isinstance(then, TryAgain):
        waiting.try_again(run, deletion, then, **parts)


def _finish(run: Run, step: Commit, then: Finish) -> None:
    """The final write gives the lane free in the same transaction, then whoever is next is woken."""
    for tries_left in range(LANE_TRIES - 1, -1, -1):
        free = _left(run, step.deletion)
        deletion, entries = _written(run, step)
        try:
            run.finish(
                replace(deletion, lane="", job_deleted=0),
                then.status or final_status(deletion.counts, cancelled=bool(deletion.cancelled_by)),
                then.why,
                by=then.by,
                problems=then.problems,
                failed_ids=_failed_ids(run, deletion, step.chunks),
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
            run.read_again()
            continue
        _wake_next(run, free)
        return


def _left(run: Run, deletion: Deletion) -> Lane | None:
    """The lane of the deletion without it; None where it is in none."""
    if not deletion.lane:
        return None
    before = run.kit.ledger.lane(deletion.lane)
    after = lane.left(before, deletion.id, run.now)
    return None if after == before else after


def _wake_next(run: Run, free: Lane | None) -> None:
    if free is not None and free.queue and run.kit.ledger.wake(free.queue[0], run.now):
        run.kit.nudges.nudge(free.queue[0])


def _failed_ids(run: Run, deletion: Deletion, known: Sequence[Chunk]) -> list[str]:
    """The first ids that failed or are unknown, for the event."""
    if not deletion.counts.failed and not deletion.counts.unknown:
        return []
    written = {chunk.number: chunk for chunk in known}
    found: list[str] = []
    for number in range(deletion.chunks):
        chunk = written.get(number) or run.chunk(number)
        found += [chunk.ids[p] for p in chunk.at(Mark.FAILED, Mark.UNKNOWN)]
        if len(found) >= NAMED_IN_EVENT:
            break
    return found[:NAMED_IN_EVENT]
