"""Entries of a deletion's log: what happened, and what of it leaves as events."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import log
from chalicelib.domain.deletion import Deletion, moved
from chalicelib.domain.log import Entry
from chalicelib.domain.status import Status
from chalicelib.service.engine.slice import LeasedSlice


def noted(
    work: LeasedSlice, deletion: Deletion, what: str, why: str = "", by: str = log.SERVICE
) -> tuple[Deletion, Entry]:
    """The deletion with an entry in its log that is not published."""
    return log.append(deletion, what, work.now, stage=work.deps.stage, why=why, by=by, public=False)


def told(
    work: LeasedSlice,
    deletion: Deletion,
    what: str,
    why: str = "",
    *,
    by: str = log.SERVICE,
    outcomes: log.Outcomes | None = None,
) -> tuple[Deletion, Entry]:
    """The deletion with an entry in its log that leaves as an event."""
    stage = work.deps.stage
    return log.append(deletion, what, work.now, stage=stage, why=why, by=by, outcomes=outcomes)


def running(
    work: LeasedSlice, deletion: Deletion, why: str = "", *, proven: bool = False
) -> tuple[Deletion, list[Entry]]:
    """The deletion at work: the first time that is an event, later only a line in the log.

    Another try of a deletion that waits leaves it waiting until it is `proven` that the wait is over, so
    that `waiting_since` tells how long it has lasted, whatever was tried in between.
    """
    waits = deletion.status is Status.WAITING and deletion.started_at is not None
    if deletion.status is Status.RUNNING or (waits and not proven):
        return deletion, []
    deletion = moved(deletion, Status.RUNNING, work.now)
    if deletion.started_at is None:
        deletion, entry = told(work, replace(deletion, started_at=work.now), "started", why)
    else:
        deletion, entry = noted(work, deletion, "running", why)
    return deletion, [entry]
