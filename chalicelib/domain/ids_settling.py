"""What became of ids that were sent: which reads tell it, and what is said where none can. Pure.

Once nothing more is sent (a cancel, a refusal of the whole request, the end of the give-up time),
`final_findings` and `final_reads` settle a chunk, whatever was the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.domain.by_ids import Batch, IdsProgress, cut, record_of
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind

#: A read does not find the record, and the module's deleted list does not name it.
UNPROVEN = "ABSENCE_UNPROVEN"

_TO_CHECK = (Mark.CHECK, Mark.CHECK_SENT, Mark.RECENT)
#: Something of ours has left for these, and no answer has told what became of them.
_IN_DOUBT = (Mark.CHECK, Mark.CHECK_SENT, Mark.SENT)

#: Gone, and not by a call of this deletion.
_NOT_OURS = (Mark.CHECK, Mark.RECENT)


def reads(chunk: Chunk, progress: IdsProgress, width: int) -> list[Batch]:
    """The next reads that tell whether records are gone."""
    return _reads(chunk, progress, width, _TO_CHECK)


def final_reads(chunk: Chunk, progress: IdsProgress, width: int) -> list[Batch]:
    """The reads that settle what was sent, once nothing more is sent."""
    return _reads(chunk, progress, width, _IN_DOUBT)


def _reads(chunk: Chunk, progress: IdsProgress, width: int, marks: Sequence[Mark]) -> list[Batch]:
    readable = [p for p in chunk.at(*marks) if _readable(chunk, progress, p)]
    return cut(CallKind.READ, readable, BATCH_LIMIT[CallKind.READ])[:width]


def _readable(chunk: Chunk, progress: IdsProgress, position: int) -> bool:
    """Can a read tell what became of it? A read finds records, not links."""
    return progress.kind is not CallKind.DELINK and record_of(chunk, progress, position) is not None


def unreadable_findings(chunk: Chunk, progress: IdsProgress) -> dict[int, Finding]:
    """Findings for what is in doubt and can neither be read nor sent again to learn more.

    An external id without a record id was sent by an older version: what it names now may be another record.
    """
    marks = _IN_DOUBT if progress.external else (Mark.CHECK, Mark.CHECK_SENT)
    return unreadable(chunk, [p for p in chunk.at(*marks) if not _readable(chunk, progress, p)])


def final_findings(chunk: Chunk, progress: IdsProgress, *, cancelled: bool) -> dict[int, Finding]:
    """Findings for the ids of a chunk that need no read, once nothing more is sent: the one place for a
    cancel, for a refusal of the whole request, and for the end of the give-up time.

    What an operator cancelled stays pending where nothing of ours has left for it.
    """
    found = {} if cancelled else given_up(chunk, progress)
    return found | unreadable(chunk, [p for p in chunk.at(*_IN_DOUBT) if not _readable(chunk, progress, p)])


def findings_of_read(
    chunk: Chunk, batch: Batch, there: set[int], listed: Mapping[int, float], began: float
) -> dict[int, Finding]:
    """What a read tells: `there` are the positions whose records it found. `listed`: when the records were
    deleted (seconds since the epoch), of those that the module's deleted list names; `began`: before this
    deletion sent anything.
    """
    found = {}
    for position in batch.positions:
        mark = Mark(chunk.marks[position])
        if position not in there:
            found[position] = _gone(mark, listed.get(position), began)
        elif mark is Mark.RECENT:
            found[position] = Finding(Mark.PENDING)  # it is there again, so it is deleted again
        else:
            found[position] = Finding(Mark.FAILED, *chunk.codes.get(position, ("RECORD_STILL_THERE", "")))
    return found


def in_doubt(chunk: Chunk, positions: Sequence[int]) -> list[int]:
    """Those of the positions for which a read that finds nothing is no proof by itself: the user may not see
    the record. What we deleted a moment ago is proven by that.
    """
    return [p for p in positions if Mark(chunk.marks[p]) in _IN_DOUBT]


def _gone(mark: Mark, deleted_at: float | None, began: float) -> Finding:
    if mark in _NOT_OURS or (deleted_at is not None and deleted_at < began):
        outcome = Mark.ABSENT
    else:
        outcome = Mark.DELETED
    proven = deleted_at is not None or mark is Mark.RECENT
    return Finding(outcome) if proven else Finding(outcome, UNPROVEN)


def unreadable(chunk: Chunk, positions: Sequence[int]) -> dict[int, Finding]:
    """What is left to say of ids that cannot be read: Zoho's own word where nothing of ours was in doubt."""
    found = {}
    for position in positions:
        if chunk.marks[position] == Mark.RECENT:
            found[position] = Finding(Mark.PENDING)
            continue
        sure = chunk.marks[position] == Mark.CHECK
        words = chunk.codes.get(position, ("OUTCOME_UNKNOWN", ""))
        found[position] = Finding(Mark.FAILED if sure else Mark.UNKNOWN, *words)
    return found


def given_up(chunk: Chunk, progress: IdsProgress) -> dict[int, Finding]:
    """Findings for what will not be tried again: nothing of ours reached Zoho for it, or it stayed locked."""
    words = progress.failed_with or (progress.code or "GAVE_UP", progress.message)
    found = {p: Finding(Mark.FAILED, *words) for p in chunk.at(Mark.PENDING, Mark.RECENT)}
    found |= {p: Finding(Mark.FAILED, *chunk.codes.get(p, words)) for p in chunk.at(Mark.SLOW)}
    return found


def slow_again(chunk: Chunk) -> dict[int, Finding]:
    """Locked and unapproved records, ready to be asked for once more."""
    return {p: Finding(Mark.PENDING, *chunk.codes.get(p, ("", ""))) for p in chunk.at(Mark.SLOW)}
