"""A view's mass delete, one step at a time: count, lane, start, follow the job, look where an answer was
lost.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import backoff
from chalicelib.domain.by_view import (
    Phase,
    progress_of,
)
from chalicelib.domain.deletion import Deletion, Status
from chalicelib.service import view_count, view_ends, view_job, view_look, view_select, view_start
from chalicelib.service.run import Run


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    return replace(deletion, progress=replace(progress_of(deletion), code=code, message="").to_json())


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once: a view needs one after the other."""
    del deletion
    return 1


def step(run: Run) -> None:
    """Do the next thing for a view's mass delete and save it."""
    progress = progress_of(run.deletion)
    if run.deletion.cancelled_by:
        view_ends.finish(run, run.deletion, Status.CANCELLED, "", by=run.deletion.cancelled_by)
        return
    if progress.open is not None and progress.phase is Phase.START:
        view_ends.lost(run, progress, "NO_ANSWER", "the worker ended before the answer came")
        return
    if progress.phase is not Phase.RUN and backoff.exhausted(run.deletion, run.kit.patience):
        view_ends.give_up(run, progress)
        return
    _PHASES[progress.phase](run, progress)


_PHASES = {
    Phase.COUNT: view_count.count,
    Phase.SELECT: view_select.select,
    Phase.LANE: view_start.take_lane,
    Phase.START: view_start.start,
    Phase.RUN: view_job.follow,
    Phase.LOOK: view_look.look,
}
