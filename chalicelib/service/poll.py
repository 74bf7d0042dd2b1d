"""The safety net: what is due is moved forward, whether or not its nudge ever came."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import ExpungeError
from chalicelib.service import watchdog
from chalicelib.service.advance import advance
from chalicelib.service.run import Kit

#: Due deletions that one poll looks at; more are found by the next poll. After an outage of the queue nothing
#: else wakes anybody, so it is as many as can be nudged well within the poll's time.
PAGE = 500


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll did: deletions found due, moved forward here, nudged to workers, and failed for now; how
    many of those found were overdue, and how long the oldest of them has been due (seconds).
    """

    due: int = 0
    advanced: int = 0
    nudged: int = 0
    failed: int = 0
    overdue: int = 0
    oldest: float = 0.0


def poll(kit: Kit, until: float, here: int = 10) -> Polled:
    """Move due deletions forward until `until` (seconds since the epoch) or nothing is due.

    `here`: as many are moved by the poll itself, the longest due first; the rest of a full page is nudged to
    the workers, but for as many as the queue holds messages for already: a line that is long does not get
    longer by asking again. One that fails does not keep the others. Raises Unavailable where the table cannot
    be asked for what is due.
    """
    now = kit.clock()
    waiting = kit.ledger.due_since(now, PAGE)
    late = watchdog.overdue(kit, waiting, now)
    oldest = max((now - since for _, since in waiting), default=0.0)
    found = [deletion_id for deletion_id, _ in waiting]
    advanced = failed = 0
    rest = found[here:]
    asleep = rest[kit.nudges.waiting() :] if rest else []
    for deletion_id in asleep:
        kit.nudges.nudge(deletion_id)
    for deletion_id in found[:here]:
        if kit.clock() >= until:
            break
        kit.about(deletion_id, "")
        try:
            advanced += advance(kit, deletion_id)
        except ExpungeError as problem:
            failed += 1
            kit.report("advance_failed", deletion_id=deletion_id, reason=str(problem))
        except Exception as problem:  # noqa: BLE001 -- a mistake of ours in one must not keep the others
            failed += 1
            kit.report("advance_broken", deletion_id=deletion_id, reason=type(problem).__name__)
    return Polled(len(found), advanced, len(asleep), failed, late, oldest)
