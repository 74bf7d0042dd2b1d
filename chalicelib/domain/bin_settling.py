"""What reading and Zoho's answers say of each id that is about the recycle bin: its next mark. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.bin_judge import (
    Attempt,
    BinReading,
    Judged,
    Listed,
    Ruling,
    Window,
    in_zohos_clock,
    judge_purge,
    judge_restore,
    listed_as,
    of_module,
)
from chalicelib.domain.by_bin import BinProgress, restores
from chalicelib.domain.deletion import Deletion, Verification
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.recycle_bin import BinEntry
from chalicelib.domain.request import NOT_ITS
from chalicelib.domain.zoho.deleted_list import Deleted
from chalicelib.domain.zoho.verdict import Judgement, Verdict

#: Codes of records that were called for and whose end could not be shown.
STILL_IN_BIN, STILL_THERE, NOT_LISTED = "STILL_IN_RECYCLE_BIN", "RECORD_STILL_THERE", "DELETED_LIST_LAGS"
NOT_DELETED_BY_IT = "NOT_DELETED_BY_IT"


def _sends_no_more(deletion: Deletion, progress: BinProgress) -> bool:
    return bool(deletion.cancelled_by) or progress.stopped is not None


_ATTEMPTS = {
    Mark.SENT: Attempt.LOST,
    Mark.SAID: Attempt.DONE,
    Mark.AWAY: Attempt.DONE,
    Mark.NOT_FOUND: Attempt.NOT_FOUND,
}


def attempt(mark: Mark) -> Attempt:
    """What came of our calls for an id so far."""
    return _ATTEMPTS.get(mark, Attempt.NONE)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Our time and Zoho's, as one answer of Zoho's shows both."""

    at: float
    date: float | None

    def zohos(self, at: float) -> float:
        """Our time `at` in Zoho's clock."""
        return in_zohos_clock(at, self.at, self.date)


def window(deletion: Deletion, chunk: Chunk, position: int, clocks: Clocks) -> Window:
    """When its parent may have deleted this id, in Zoho's clock."""
    first = deletion.request.window_from or 0.0
    last = chunk.until[position] if chunk.until else first
    return Window(clocks.zohos(first), clocks.zohos(last))


def foreign(chunk: Chunk) -> dict[int, Finding]:
    """Findings for the ids that its parent did not delete."""
    return {
        p: Finding(Mark.SKIPPED, NOT_DELETED_BY_IT)
        for p in chunk.at(Mark.PENDING)
        if chunk.until and chunk.until[p] == NOT_ITS
    }


_OUTCOMES = {
    Ruling.DELETED: Mark.DELETED,
    Ruling.RESTORED: Mark.RESTORED,
    Ruling.ALREADY_ABSENT: Mark.ABSENT,
    Ruling.ALREADY_PRESENT: Mark.PRESENT,
    Ruling.SKIPPED: Mark.SKIPPED,
    Ruling.FAILED: Mark.FAILED,
    Ruling.UNKNOWN: Mark.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What reading one id decides: its new mark, and whether Zoho is called for it now."""

    finding: Finding | None
    send: bool = False


def decide(
    deletion: Deletion,
    progress: BinProgress,
    chunk: Chunk,
    position: int,
    seen: tuple[bool, BinEntry | None],
    clocks: Clocks,
) -> Decision:
    """By a read of the record and of its entry in the bin: `seen` is (is it there, its entry)."""
    there, entry = seen[0], of_module(seen[1], deletion.request.module)
    mark = Mark(chunk.marks[position])
    if not there and entry is None:
        return Decision(Finding(Mark.AWAY if attempt(mark) in (Attempt.LOST, Attempt.DONE) else Mark.MISSING))
    judge = judge_restore if restores(deletion) else judge_purge
    frame = window(deletion, chunk, position, clocks)
    judged = judge(frame, BinReading(there, entry, Listed.NOT_NAMED), attempt(mark), last_look=progress.last)
    if judged.ruling is Ruling.SEND:
        return _to_send(deletion, progress, mark)
    if judged.ruling is Ruling.ASK_AGAIN:
        # It may be in the bin again where it was missed before; what Zoho said of it stays.
        kept = mark in (Mark.SENT, Mark.SAID, Mark.NOT_FOUND)
        return Decision(None if kept else Finding(Mark.SAID if mark is Mark.AWAY else Mark.MISSING))
    return Decision(_outcome(judged, STILL_THERE if there else STILL_IN_BIN))


def _to_send(deletion: Deletion, progress: BinProgress, mark: Mark) -> Decision:
    """Its parent put it into the bin: Zoho is called for it, unless nothing is sent any more."""
    if not _sends_no_more(deletion, progress) and not progress.last:
        return Decision(None, send=True)
    if mark is Mark.SENT:
        return Decision(Finding(Mark.UNKNOWN, STILL_IN_BIN) if progress.last else None)
    if deletion.cancelled_by:
        return Decision(None)
    return Decision(
        Finding(Mark.FAILED, *(progress.stopped or (progress.code or "GAVE_UP", progress.message)))
    )


def by_list(
    deletion: Deletion, progress: BinProgress, mark: Mark, entry: Deleted | None, *, whole: bool
) -> Finding | None:
    """What the deleted list says of an id that is in neither place; None where it is asked again."""
    judge = judge_restore if restores(deletion) else judge_purge
    seen = BinReading(there=False, entry=None, listed=listed_as(entry, whole=whole))
    judged = judge(Window(0.0, 0.0), seen, attempt(mark), last_look=progress.last)
    return None if judged.ruling is Ruling.ASK_AGAIN else _outcome(judged, NOT_LISTED)


def _outcome(judged: Judged, unknown: str) -> Finding:
    mark = _OUTCOMES[judged.ruling]
    return Finding(mark, judged.code or (unknown if mark is Mark.UNKNOWN else ""))


def answered(mark: Mark, judged: Judgement) -> Finding:
    """What Zoho's answer to a call says of an id; it is never enough for an outcome that is good."""
    if judged.verdict in (Verdict.DELETED, Verdict.RESTORED, Verdict.SCHEDULED):
        return Finding(Mark.SAID)
    if judged.verdict is Verdict.CHECK_GONE:
        # After a lost call it may be gone by our doing: that stays so.
        return Finding(Mark.SENT if mark is Mark.SENT else Mark.NOT_FOUND, judged.code, judged.message)
    if judged.verdict is Verdict.FAILED:
        return Finding(Mark.FAILED, judged.code, judged.message)
    return Finding(Mark.SENT, judged.code, judged.message)


def given_up(chunk: Chunk, code: str, message: str) -> dict[int, Finding]:
    """Findings where nothing more can be learned: what was called for is unknown, the rest failed."""
    ours = (Mark.SENT, Mark.SAID, Mark.AWAY)
    found = {p: Finding(Mark.UNKNOWN, "OUTCOME_UNKNOWN", message) for p in chunk.at(*ours)}
    others = chunk.at(Mark.PENDING, Mark.MISSING, Mark.NOT_FOUND)
    return found | {p: Finding(Mark.FAILED, code, message) for p in others}


def verification(chunks: Sequence[Chunk], progress: BinProgress, now: float) -> Verification | None:
    """What reading showed of the purged ids, unknown ones included; None where there are none."""
    deleted = sum(len(chunk.at(Mark.DELETED)) for chunk in chunks)
    codes = [chunk.codes.get(p, ("", ""))[0] for chunk in chunks for p in chunk.at(Mark.UNKNOWN)]
    if not deleted and not codes:
        return None
    return Verification(
        records=deleted + len(codes),
        gone=deleted + sum(code in (STILL_IN_BIN, NOT_LISTED) for code in codes),
        not_in_recycle_bin=deleted + sum(code in (STILL_THERE, NOT_LISTED) for code in codes),
        listed_as_permanent=None if progress.list_over else deleted,
        verified_at=now,
    )


def named(entries: Mapping[str, Deleted], chunk: Chunk) -> dict[int, Deleted]:
    """The entries of a page by the positions of their ids."""
    wanted = chunk.at(Mark.AWAY, Mark.MISSING)
    return {p: entries[chunk.ids[p]] for p in wanted if chunk.ids[p] in entries}
