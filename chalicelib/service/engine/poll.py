"""Moves forward whatever is due, whether or not its nudge arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.errors import ExpungeError
from chalicelib.domain.forgetting import DAY
from chalicelib.service.engine import watchdog
from chalicelib.service.engine.advance import advance
from chalicelib.service.engine.deps import Deps

#: Due deletions of a page, about 200 KB of keys. After an outage of the queue nothing else wakes anybody, so
#: page follows page as long as there is time.
PAGE = 2000

#: Due deletions whose orgs are asked for, so that each org has its turn: what one read of the table takes.
LOOKED_AT = 100

#: Minutes from one look for what is to be forgotten to the next. Forgetting waits for days, so that few polls
#: need a second query.
FORGET_MINUTES = 10
_FORGET_SECONDS = 60 * FORGET_MINUTES


class NotForgotten(ExpungeError):
    """The look for what is to be forgotten failed, as the log says; the next poll looks again."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll did: deletions found due, moved forward here, nudged to workers, and failed for now; how
    many of those found were overdue, and how long the oldest of them has been due (seconds).
    `not_forgotten`: 1 where the look for what is to be forgotten failed, which the next poll makes up for.
    """

    due: int = 0
    advanced: int = 0
    nudged: int = 0
    failed: int = 0
    overdue: int = 0
    oldest: float = 0.0
    not_forgotten: int = 0


def poll(deps: Deps, until: float, here: int = 10) -> Polled:
    """Move due deletions forward until `until` (seconds since the epoch) or nothing is due.

    `here`: as many are moved by the poll itself, the longest due first and org by org in turn; all others are
    nudged to the workers, page after page, but for as many as the queue holds messages for already: a line
    that is long does not get longer by asking again. The first page is nudged before anything is moved here,
    and behind it what the others left no time for. One that fails does not keep the others.

    Raises Unavailable where the table cannot be asked for what is due.
    """
    now = deps.clock()
    looks = _looks(deps, now)
    pages = deps.ledger.due_pages(now, PAGE)
    waiting = next(pages, [])
    found = [deletion_id for deletion_id, _ in waiting]
    late = watchdog.overdue(deps, waiting, now)
    oldest = max((now - since for _, since in waiting), default=0.0)
    mine = _in_turn(deps, found, here)
    rest = [one for one in found if one not in mine]
    lying = deps.nudges.waiting() if rest else 0
    nudged = _woken(deps, rest[lying:])
    advanced, failed, left = _moved(deps, mine, until)
    nudged += _woken(deps, left)
    due, lying = len(found), max(0, lying - len(rest))
    while deps.clock() < until and (waiting := next(pages, [])):
        late += watchdog.overdue(deps, waiting, now)
        found = [deletion_id for deletion_id, _ in waiting]
        nudged += _woken(deps, found[lying:])
        due, lying = due + len(found), max(0, lying - len(found))
    polled = Polled(due, advanced, nudged, failed, late, oldest)
    return _forgotten(deps, polled, now, until) if looks else polled


def _looks(deps: Deps, now: float) -> bool:
    """Is this the poll that looks for what is to be forgotten? The first one of its ten minutes, and each one
    after it until nothing fails.
    """
    if deps.forgetting.looked_in is None:  # a new process: the one before has looked, unless they begin now
        deps.forgetting.looked_in = (now - 60) // _FORGET_SECONDS
    return now // _FORGET_SECONDS != deps.forgetting.looked_in


def _forgotten(deps: Deps, polled: Polled, now: float, until: float) -> Polled:
    """Nudges what is to be forgotten, page after page, as long as there is time; once a day also puts right
    what would never be due. What fails here keeps nothing else of the poll from being told.
    """
    nudged, whole = polled.nudged, True
    try:
        if now % DAY < _FORGET_SECONDS:  # no version of ours writes such times
            deps.ledger.mend_due(now)
        for page in deps.ledger.to_forget(now, PAGE):
            some = _woken(deps, page)
            nudged, whole = nudged + some, whole and some == len(page)
            if deps.clock() >= until:
                break
    except Exception as problem:  # noqa: BLE001 -- nor may a mistake of ours
        deps.report("forgetting_failed", reason=type(problem).__name__)
        return replace(polled, nudged=nudged, not_forgotten=1)
    if whole:
        deps.forgetting.looked_in = now // _FORGET_SECONDS
    return replace(polled, nudged=nudged)


def _woken(deps: Deps, deletion_ids: list[str]) -> int:
    """How many of them have a message now."""
    return len(deletion_ids) - len(deps.nudges.nudge_all(deletion_ids)) if deletion_ids else 0


def _in_turn(deps: Deps, found: Sequence[str], most: int) -> list[str]:
    """As many of what is due, the longest first, but no org's second one before another's first. Where all
    of it is taken no org is asked for.
    """
    if len(found) <= most:
        return list(found)
    looked_at = found[: max(LOOKED_AT, most)]
    known = deps.orgs(looked_at)
    turns: Counter[str] = Counter()
    places: list[tuple[int, int]] = []
    for place, one in enumerate(looked_at):
        org = known.get(one, "")
        places.append((turns[org], place))
        turns[org] += 1
    return [found[place] for _, place in sorted(places)[:most]]


def _moved(deps: Deps, deletion_ids: list[str], until: float) -> tuple[int, int, list[str]]:
    """Moves them forward here, as long as there is time: how many moved, how many failed, and those for which
    the others left none.
    """
    advanced = failed = 0
    for place, deletion_id in enumerate(deletion_ids):
        if deps.clock() >= until:
            return advanced, failed, deletion_ids[place:] if place else []
        deps.about(deletion_id, "")
        try:
            advanced += advance(deps, deletion_id)
        except ExpungeError as problem:
            failed += 1
            deps.report("advance_failed", deletion_id=deletion_id, reason=str(problem))
        except Exception as problem:  # noqa: BLE001 -- a mistake of ours in one must not keep the others
            failed += 1
            deps.report("advance_broken", deletion_id=deletion_id, reason=type(problem).__name__)
    return advanced, failed, []
