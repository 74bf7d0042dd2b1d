"""How a view's mass delete ends, and how it goes on after a round or a lost answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain import backoff
from chalicelib.domain.by_view import (
    Phase,
    Progress,
    counts_of,
    progress_of,
)
from chalicelib.domain.deletion import Counts, Deletion, Problem, Status, final_status
from chalicelib.domain.errors import Overtaken
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.service.ports import Call
from chalicelib.service.run import Run

#: How often the last write is tried where others write the lane at the same moment.
LANE_TRIES = 8


def finish(run: Run, deletion: Deletion, status: Status, why: str, *problems: Problem, **parts: Any) -> None:
    """The final write gives the lane free in the same transaction, then whoever is next is woken."""
    for tries_left in range(LANE_TRIES - 1, -1, -1):
        free = run.leave_lane(progress_of(run.deletion).lane)
        try:
            run.finish(deletion, status, why, problems=problems, lane=free, regardless=True, **parts)
        except Overtaken:
            if not tries_left:
                raise
            continue
        wake_next(run, free)
        return


def wake_next(run: Run, free: Lane | None) -> None:
    """Wake whoever is next in a lane that was given free."""
    if free is not None and free.queue and run.kit.ledger.wake(free.queue[0], run.now):
        run.kit.nudges.nudge(free.queue[0])


def end(
    run: Run,
    progress: Progress,
    *problems: Problem,
    deletion: Deletion | None = None,
    status: Status | None = None,
    **parts: Any,
) -> None:
    """End with the status that the counts decide, or with `status`."""
    counts = counts_of(progress)
    ended = replace(deletion or run.deletion, counts=counts, progress=progress.to_json())
    finish(run, ended, status or final_status(counts), "", *problems, **parts)


def fail(run: Run, progress: Progress, code: str, message: str, call: Call | None = None) -> None:
    """Zoho refuses for good: what earlier rounds deleted stays counted."""
    counts = counts_of(progress)
    status = Status.PARTIALLY_COMPLETED if counts.deleted else Status.FAILED
    deletion = replace(run.deletion, counts=counts, progress=progress.to_json())
    calls = (call,) if call else ()
    finish(run, deletion, status, code, Problem(code, progress.before or 0, message), calls=calls)


def refuse(run: Run, progress: Progress, problem: Problem) -> None:
    """A belt stopped it before the first delete: nothing was sent."""
    deletion = replace(run.deletion, counts=Counts(), progress=progress.to_json())
    finish(run, deletion, Status.REFUSED, problem.code, problem)


def needs_a_person(run: Run, progress: Progress) -> None:
    """What happened at Zoho cannot be told from here: a person has to look."""
    lost = progress.before or 0
    counts = replace(counts_of(progress), requested=progress.total + lost, unknown=lost, pending=0)
    code = "JOB_LOST" if run.deletion.job_id else "OUTCOME_UNKNOWN"
    deletion = replace(run.deletion, counts=counts, progress=progress.to_json())
    finish(run, deletion, Status.NEEDS_ATTENTION, code, Problem(code, lost, progress.message))


def give_up(run: Run, progress: Progress) -> None:
    """The give-up time is over: failed, or a person has to look where a start had no answer."""
    if progress.lost:
        needs_a_person(run, progress)
        return
    fail(run, progress, progress.code or "GAVE_UP", progress.message)


def lost(run: Run, progress: Progress, code: str, message: str, call: Call | None = None) -> None:
    """Whether a job runs is not known: never send again before a look has shown that nothing was started."""
    looking = replace(
        progress,
        phase=Phase.LOOK,
        open=None,
        lost=True,
        seen=None,
        still_since=run.now,
        code=code,
        message=message,
    )
    deletion, entries = run.running(run.deletion)
    deletion, entry = run.noted(replace(deletion, progress=looking.to_json()), "outcome_unknown", code)
    calls = [call] if call else []
    run.save(backoff.succeeded(deletion), calls=calls, entries=[*entries, entry], regardless=True)


def next_round(run: Run, deletion: Deletion, progress: Progress, entries: Sequence[Entry] = ()) -> None:
    """More than Zoho deletes in one job: count what is left, then the next round. `entries`: those that
    `deletion` has gained already.
    """
    following = replace(progress, phase=Phase.COUNT, round=progress.round + 1)
    deletion = replace(
        deletion, counts=counts_of(following), progress=following.to_json(), updated_at=run.now
    )
    deletion, entry = run.noted(deletion, "round_finished", f"round {progress.round}")
    run.save(backoff.succeeded(deletion), entries=[*entries, entry])
