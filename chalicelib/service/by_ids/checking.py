"""May a deletion by ids run? The limits are asked before its first call."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.by_ids import IdsProgress
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.by_ids import moves
from chalicelib.service.engine import limits
from chalicelib.service.engine.step import Commit, Finish, Slice, Step, TryAgain


def held_back(work: Slice, progress: IdsProgress) -> Step | None:
    """What a limit makes of the deletion; None where it may go on."""
    found = limits.check(work, work.deletion.id_count)
    if found is None:
        return None
    if isinstance(found, Judgement):
        return _not_counted(work, progress, found)
    if found.problem is not None:
        return Commit(work.deletion, Finish(Status.REFUSED, found.problem.code, problems=(found.problem,)))
    return limits.waiting(work, work.deletion, found)


def _not_counted(work: Slice, progress: IdsProgress, judged: Judgement) -> Step:
    """The module cannot be counted for now: it is asked again until the count's clock has run out. Where Zoho
    refuses, the deletion fails as if its own call were refused: nothing of it is sent.
    """
    if judged.verdict is Verdict.FAIL:
        return moves.to(work, replace(progress, failed_with=(judged.code, judged.message), checked=True))
    return Commit(work.deletion, TryAgain(limits.COUNT, judged.verdict, judged.code))
