"""How an erasure ends before anything was sent."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Counts, Problem
from chalicelib.domain.person.out_of_reach import NOT_SHOWN
from chalicelib.domain.person.progress import ErasureProgress
from chalicelib.domain.status import Status
from chalicelib.service.engine.step import Commit, Finish, Slice

MAP_TOO_LARGE, PHONE_NOT_VALID = "MAP_TOO_LARGE", "PHONE_NOT_VALID"
PERSON_MAP_CHANGED = "PERSON_MAP_CHANGED"


def not_shown(progress: ErasureProgress) -> tuple[Problem, ...]:
    """The problem of the records that the request names and Zoho does not show; none where it shows all."""
    number = sum(each.code == NOT_SHOWN for each in progress.not_reached)
    return (Problem(NOT_SHOWN, number),) if number else ()


def failed(work: Slice, progress: ErasureProgress, code: str) -> Commit:
    """The person could not be looked for."""
    return _end(work, progress, Status.FAILED, Problem(code, 0))


def refused(work: Slice, progress: ErasureProgress, code: str, count: int = 0) -> Commit:
    """What was asked for may not be done. The map, where there is one, stays to be read."""
    return _end(work, progress, Status.REFUSED, Problem(code, count))


def too_many(work: Slice, progress: ErasureProgress, count: int) -> Commit:
    """More records than one person has: a value is not one person's."""
    return refused(work, progress, MAP_TOO_LARGE, count)


def _end(work: Slice, progress: ErasureProgress, status: Status, problem: Problem) -> Commit:
    deletion = replace(
        work.deletion, progress=progress.to_json(), counts=Counts(), id_count=0, chunks=0, updated_at=work.now
    )
    return Commit(deletion, Finish(status, problem.code, problems=(problem,)))
