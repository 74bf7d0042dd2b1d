"""When to try again, and when to stop trying: growing, jittered, bounded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.deletion import Deletion


@dataclass(frozen=True, slots=True)
class Patience:
    """The stage's waits, in seconds (contract section 3).

    `longest`: no back-off is longer. `give_up`: the time from the first failed try of a call after which it
    is given up. `job_age`: how old a job of ours at Zoho may get. `settle`: how long a view must lie still
    before a lost reply is judged. `tell_waiting`: a wait longer than this is told by an event.
    `recheck`: how often it is looked whether a pause has ended. `approval`: how long one is waited for.
    """

    longest: float = 900.0
    give_up: float = 86400.0
    job_age: float = 259200.0
    settle: float = 60.0
    tell_waiting: float = 300.0
    recheck: float = 30.0
    approval: float = 86400.0


def delay(tries: int, longest: float, chance: float, asked: float | None = None) -> float:
    """Seconds to wait before try number `tries` + 1.

    Doubles from one second up to `longest`; `chance` (0 to 1) spreads it over the upper half. `asked` is what
    the other side asked for (Retry-After): never less than that, never more than `longest`.
    """
    ceiling = min(longest, 2.0 ** min(tries, 20))
    spread = ceiling * (0.5 + 0.5 * chance)
    return min(longest, max(spread, asked or 0.0))


def failed_once_more(deletion: Deletion, now: float) -> Deletion:
    """The deletion after another failed try of its current call."""
    since = deletion.failing_since if deletion.failing_since is not None else now
    return replace(deletion, tries=deletion.tries + 1, failing_since=since, failed_at=now)


def waited(deletion: Deletion) -> Deletion:
    """The deletion after a wait that is nobody's failure (lane, credits, pause): the give-up time does not
    run.
    """
    return replace(deletion, tries=deletion.tries + 1, failing_since=None, failed_at=None)


def succeeded(deletion: Deletion) -> Deletion:
    """The deletion after a call that went well."""
    return replace(deletion, tries=0, failing_since=None, failed_at=None)


def exhausted(deletion: Deletion, patience: Patience) -> bool:
    """Has the current call failed for so long that it is given up?

    Told by its last failed try and not by the clock: what a dead worker left lying was not tried meanwhile.
    """
    since, last = deletion.failing_since, deletion.failed_at
    return since is not None and last is not None and last - since >= patience.give_up
