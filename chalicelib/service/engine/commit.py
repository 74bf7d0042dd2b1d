"""Carries out one step of an executor: the one place where an executor's decision becomes a write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import backoff, commands, lane, log
from chalicelib.domain.children import asked_no_later_than, makes_permanent
from chalicelib.domain.deletion import Deletion, final_status, moved
from chalicelib.domain.errors import StaleRead
from chalicelib.domain.event import event_name
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import recount, recount_problems
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine import logbook, parallel, waiting
from chalicelib.service.engine.chunks import digest, failed_ids
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
    Then,
    TryAgain,
    Wait,
)
from chalicelib.service.engine.write import Write
from chalicelib.service.ports import Call
from chalicelib.service.zoho_port import Zoho

#: How often the last write is tried where others write the lane at the same moment.
LANE_TRIES = 8


def carry_out(work: LeasedSlice, step: Step, *, gives_up: bool = False) -> None:
    """Write the step; a `Send` is sent in between. Raises StaleRead, LostLease or Unavailable; and, before
    anything is written, what `Slice.zoho` raises. `gives_up`: it is one for a clock that has run out.
    """
    if isinstance(step, Send):
        step = _sent(work, step, gives_up=gives_up)
    work.gone += step.gone
    work.changed += bool(step.chunks or step.new_chunks or step.parts)
    if isinstance(step.then, Finish):
        _finish(work, step, step.then)
        return
    free = _left(work, step.deletion) if step.leave_lane else None
    write = _write_of(work, step)
    if step.leave_lane:
        write = replace(write, deletion=replace(write.deletion, lane=""), lane=free)
    if any(note.public for note in step.notes) and not isinstance(step.then, Again):
        # What a person has to see leaves now, and not only after the wait.
        work.save(write)
        work.publish()
        write = Write(work.deletion)
    _go_on(work, write, step.then)
    _wake_next(work, free)


def _sent(work: LeasedSlice, send: Send, *, gives_up: bool) -> Commit:
    """Intents, then the last look at pause and holds, then the calls that may leave; their answers as a
    commit.
    """
    zoho = work.zoho
    ends_with_source = not commands.not_cancellable(work.deletion)
    calls = _intents(work, send)
    if len(calls) == 1:
        work.publish()
    why_not = _kept_back(work, send, ends_with_source=ends_with_source)
    leaving = [i for i, why in enumerate(why_not) if not why]
    calls = [_unsent(work, call, why) if why else call for call, why in zip(calls, why_not, strict=True)]
    replies: list[Reply | None] = [None] * len(calls)
    if leaving:
        leave = [_making(send.calls[i], zoho) for i in leaving]
        # Others wait for the org's concurrency: events leave while the calls are under way.
        answers = parallel.all_at_once(leave, meanwhile=work.publish)
        for i, reply in zip(leaving, answers, strict=True):
            replies[i] = reply
        if send.last:
            work.let_go()  # what is left is bookkeeping, and others may wait for the org's concurrency
    step = replace(send.judge(calls, replies), regardless=True)
    if leaving:
        work.withheld = None
        return replace(step, deletion=backoff.succeeded(step.deletion, backoff.WITHHELD))
    from chalicelib.service.engine import withheld

    return withheld.rested(work, step, next(iter(why_not), ""), gives_up=gives_up)


def _kept_back(work: LeasedSlice, send: Send, *, ends_with_source: bool) -> Sequence[str]:
    """For each call why it may not leave after all: a pause keeps all, and so does the cancel of the source
    where the deletion ends with it; the executor knows of holds.
    """
    deletion = work.deletion
    pause, cancel = work.ledger.stopped(deletion.request.org, deletion.source)
    if pause is not None:
        return ["sending was paused"] * len(send.calls)
    if ends_with_source and cancel is not None and asked_no_later_than(deletion, cancel.at):
        return ["what its source has asked for was cancelled"] * len(send.calls)
    return send.last_look()


def _making(outgoing: Outgoing, zoho: Zoho) -> Callable[[], Reply]:
    return lambda: outgoing.make(zoho)


def _intents(work: LeasedSlice, send: Send) -> list[Call]:
    """Write what is about to be sent, in one transaction with the deletion: no call without its intent."""
    first = work.deletion.calls + 1
    calls = [Call(first + i, each.kind, each.target, work.now) for i, each in enumerate(send.calls)]
    deletion = send.opened(tuple(call.n for call in calls))
    deletion, entries = logbook.running(work, deletion, send.running)
    work.save(Write(replace(deletion, calls=calls[-1].n), tuple(entries), calls=tuple(calls)))
    return calls


def _unsent(work: LeasedSlice, call: Call, why: str) -> Call:
    answer = {"verdict": "not_sent", "code": "NOT_SENT", "message": why}
    return replace(call, answered_at=work.now, answer=answer)


def _write_of(work: LeasedSlice, step: Commit) -> Write:
    """The step as a write: with what follows from its parts, and its new log entries."""
    deletion = step.deletion
    for after in step.chunks:
        before = work.chunk(after.number)
        deletion = replace(
            deletion,
            counts=deletion.counts if deletion.request.dry_run else recount(deletion.counts, before, after),
            problems=recount_problems(deletion.problems, before, after),
            updated_at=work.now,
        )
    if step.succeeded is not None:
        deletion = backoff.succeeded(deletion, step.succeeded)
    entries: list[Entry] = []
    if step.running is not None:
        deletion, entries = logbook.running(work, deletion, step.running, proven=step.proven)
    for note in step.notes:
        deletion, entry = _noted(work, deletion, note)
        entries.append(entry)
    return Write(
        deletion,
        tuple(entries),
        step.calls,
        step.chunks,
        step.new_chunks,
        step.lane,
        commands_done=step.commands_done,
        regardless=step.regardless,
        unmarked=step.unmarked,
        parts=step.parts,
        org_modules=step.org_modules,
    )


def _noted(work: LeasedSlice, deletion: Deletion, note: Note) -> tuple[Deletion, Entry]:
    if note.public:
        return logbook.told(work, deletion, note.what, note.why, by=note.by)
    return logbook.noted(work, deletion, note.what, note.why, note.by)


def _go_on(work: LeasedSlice, write: Write, then: Then) -> None:
    if isinstance(then, Rest):
        work.publish()
        waiting.rest(work, write, then.seconds)
    elif isinstance(then, Wait):
        still = replace(write, deletion=backoff.standing_still(write.deletion))
        waiting.wait(work, still, then.waiting_for, then.seconds, then.status)
    elif isinstance(then, TryAgain):
        waiting.try_again(work, write, then)
    else:
        work.save(write)


def _finish(work: LeasedSlice, step: Commit, then: Finish) -> None:
    """The final write gives the lane free in the same transaction, then whoever is next is woken."""
    children = work.deletion.children
    for tries_left in range(LANE_TRIES - 1, -1, -1):
        free = _left(work, step.deletion)
        write = replace(_write_of(work, step), lane=free, regardless=not step.commands_done)
        try:
            _end(work, write, then)
        except StaleRead:
            if not tries_left or work.deletion.children != children:
                raise  # what has been written by now is not written again: the next turn decides anew
            work.read_again()
            continue
        _wake_next(work, free)
        return


def _end(work: LeasedSlice, write: Write, then: Finish) -> None:
    """Save the deletion in its final status; it stays due until its events have left."""
    deletion = write.deletion
    status = then.status or final_status(deletion.counts, cancelled=bool(deletion.cancelled_by))
    canceller = deletion.cancelled_by if status is Status.CANCELLED else None
    written = {chunk.number: chunk for chunk in write.chunks}
    outcomes = log.Outcomes(failed_ids(work, deletion, written), digest(work, deletion, written))
    deletion = replace(moved(deletion, status, work.now), failing={}, lane="", job_deleted=0)
    if deletion.request.operation is Operation.ERASE_PERSON:
        from chalicelib.domain.person.identity import taken_out
        from chalicelib.service.engine.forgetting import bare_delivery

        deletion = taken_out(deletion)
        write = replace(write, delivery=bare_delivery(work, deletion))
    write = replace(write, deletion=replace(deletion, problems=(*deletion.problems, *then.problems)))
    if makes_permanent(deletion):
        from chalicelib.service.engine import children

        write = children.with_children(work, write)
    by = then.by or canceller or log.SERVICE
    deletion, entry = logbook.told(
        work, write.deletion, event_name(status), then.why, by=by, outcomes=outcomes
    )
    work.save(replace(write, deletion=deletion, entries=(*write.entries, entry)))
    for new in write.new_children:
        work.deps.nudges.nudge(new.deletion.id)
    work.report("deletion_finished", status=status.value)
    needs_attention = status is Status.NEEDS_ATTENTION
    work.deps.measure("FailedShare", float(needs_attention or status is Status.FAILED))  # its average
    work.deps.measure("NeedsAttention", float(needs_attention))


def _left(work: LeasedSlice, deletion: Deletion) -> Lane | None:
    """The lane of the deletion without it; None where it is in none."""
    if not deletion.lane:
        return None
    before = work.ledger.lane(deletion.lane)
    after = lane.left(before, deletion.id, work.now)
    return None if after == before else after


def _wake_next(work: LeasedSlice, free: Lane | None) -> None:
    if free is not None and free.queue and work.ledger.wake(free.queue[0], work.now):
        work.deps.nudges.nudge(free.queue[0])
