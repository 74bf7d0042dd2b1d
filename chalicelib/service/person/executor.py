"""Erases a person, one step at a time: find, map, approval, do, look again.

Until the map may be carried out, nothing but reads is sent. From then on every step reads the record first
that it is about, and what a read shows is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.person import progress as stands
from chalicelib.domain.person.matching import UnreadableNumber
from chalicelib.domain.person.person_map import Action
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.status import Status
from chalicelib.service.engine.step import Commit, Finish, Slice, Step
from chalicelib.service.person import (
    belonging,
    carrying,
    deleting,
    ending,
    finding,
    mapping,
    org_modules,
    retrying,
    stored,
    unlinking,
    verifying,
)
from chalicelib.service.person.clocks import LOCKED
from chalicelib.service.person.reading import NotNow

#: Phases in which records are changed.
_DOES = (Phase.UNLINK, Phase.CLEAR, Phase.DELETE)
#: Phases that ask many questions of which none follows from another, and how many at the same time.
_ASKS = (Phase.MODULES, Phase.SEARCH, Phase.LINKS, Phase.LISTS, Phase.COUNT)
ASKED_AT_ONCE = 10
_STEPS: Mapping[Phase, Callable[[Slice, ErasureProgress], Step]] = {
    Phase.MODULES: org_modules.modules,
    Phase.SEARCH: finding.search,
    Phase.NAMED: finding.named,
    Phase.LINKS: belonging.links,
    Phase.LISTS: belonging.lists,
    Phase.COUNT: belonging.count,
    Phase.JUDGE: mapping.judge,
    Phase.UNLINK: unlinking.step,
    Phase.CLEAR: unlinking.step,
    Phase.DELETE: deleting.step,
    Phase.VERIFY: verifying.step,
}


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once: several questions while it looks; what it does goes one by one."""
    return ASKED_AT_ONCE if stands.progress_of(deletion).phase in _ASKS else 1


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    progress = replace(stands.progress_of(deletion), code=code, message="")
    return replace(deletion, progress=progress.to_json())


def step(work: Slice) -> Step:
    """The next thing to do."""
    deletion, progress = work.deletion, stands.progress_of(work.deletion)
    if progress.open:
        return carrying.without_answer(work, progress)
    if deletion.cancelled_by:
        return _cancelled(work, progress)
    if progress.phase is Phase.MODULES and stored.is_retry(deletion):
        return retrying.begin(work, progress)
    try:
        return _STEPS[progress.phase](work, progress)
    except UnreadableNumber as problem:
        return ending.refused(work, replace(progress, message=problem.place), ending.PHONE_NOT_VALID, 1)


def _cancelled(work: Slice, progress: ErasureProgress) -> Step:
    """Nothing more is sent: what is in doubt is read once more, then it ends."""
    deletion = work.deletion
    if _only_looked(progress):
        return Commit(deletion, Finish(Status.CANCELLED, by=deletion.cancelled_by))
    doubtful = work.chunk(0).at(Mark.SENT, Mark.CHECK, Mark.CHECK_SENT, Mark.SAID)
    if not doubtful:
        return verifying.end(work, progress)
    return _settle_doubts(work, progress, work.chunk(0), doubtful)


def _only_looked(progress: ErasureProgress) -> bool:
    """Has nothing been sent yet that changes anything?"""
    return progress.phase not in (*_DOES, Phase.VERIFY) and not progress.verifying


def _settle_doubts(work: Slice, progress: ErasureProgress, chunk: Chunk, doubtful: list[int]) -> Commit:
    """What was sent for these records is read once more; what that does not show as done stays unknown."""
    job = carrying.job(work, progress)
    found: dict[int, Finding] = {}
    for at in doubtful:
        if found and work.now >= work.until:
            break
        deletes = job.made.entries[at].action is Action.DELETE
        try:
            seen = (deleting.seen if deletes else unlinking.seen)(work, chunk, job, at)
        except NotNow:
            seen = None
        found[at] = seen or Finding(Mark.UNKNOWN, "OUTCOME_UNKNOWN")
    return Commit(finding.kept(work, progress), chunks=(chunk.with_findings(found),))


def give_up(work: Slice, call: str) -> Step:
    """The clock of `call` has run out: what is in doubt is unknown, what was not done has failed."""
    progress = stands.progress_of(work.deletion)
    if progress.open:
        return carrying.without_answer(work, progress)
    code = progress.code or "GAVE_UP"
    if _only_looked(progress):
        return ending.failed(work, progress, code)
    if not work.deletion.chunks:
        return verifying.end(work, progress)
    chunk = work.chunk(0)
    if call == LOCKED:
        # The code that each was refused with: another record's call may have come since.
        refused = {p: Finding(Mark.FAILED, *chunk.codes.get(p, (code, ""))) for p in chunk.at(Mark.SLOW)}
        after = chunk.with_findings(refused)
        return Commit(finding.kept(work, progress), chunks=(after,), succeeded=LOCKED)
    open_ones = chunk.at(*UNSETTLED)
    if not open_ones:
        # The searches afterwards could not be made: that is said by their number.
        return verifying.end(work, replace(progress, stopped=(code, "")))
    ours = set(chunk.at(Mark.SENT, Mark.SAID, Mark.CHECK_SENT))
    found = {p: Finding(Mark.UNKNOWN if p in ours else Mark.FAILED, code) for p in open_ones}
    over = replace(progress.on_to(Phase.VERIFY), verifying=False, stopped=(code, ""))
    return Commit(finding.kept(work, over), chunks=(chunk.with_findings(found),), succeeded=call)
