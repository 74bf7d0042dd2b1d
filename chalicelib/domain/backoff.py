"""When to try again, and when to stop trying: growing, jittered, bounded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.deletion import Deletion, Failing

#: The clock that runs while the org's secret cannot be used.
ACCESS = "secret"
#: The clock that runs while nothing but calls that are withheld is asked for.
WITHHELD = "withheld"
#: The clock that runs while its steps lead back to where they began.
ROUND = "round"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The stage's waits, in seconds (contract section 3).

    `longest`: no back-off is longer. `give_up`: the failing time of a call, added up over its tries, after
    which it is given up. `wait`: the same for what Zoho lets wait without a failure. `job_age`: how old a job
    of ours at Zoho may get. `settle`: how long nothing may change in a view before a lost reply is judged.
    `tell_waiting`: a wait longer than this is told by an event. `recheck`: how often it is looked whether a
    pause has ended. `approval`: how long one is waited for.
    """

    longest: float = 900.0
    give_up: float = 86400.0
    job_age: float = 259200.0
    settle: float = 60.0
    tell_waiting: float = 300.0
    recheck: float = 30.0
    approval: float = 86400.0
    wait: float = 604800.0


def delay(tries: int, longest: float, chance: float, asked: float | None = None) -> float:
    """Seconds to wait before try number `tries` + 1.

    Doubles from one second up to `longest`; `chance` (0 to 1) spreads it over the upper half. `asked` is what
    the other side asked for (Retry-After): never less than that, never more than `longest`.
    """
    ceiling = min(longest, 2.0 ** min(tries, 20))
    spread = ceiling * (0.5 + 0.5 * chance)
    return min(longest, max(spread, asked or 0.0))


def failed(deletion: Deletion, call: str, now: float) -> Deletion:
    """The deletion after another failed try of `call`: the time since its try before was failing time."""
    clock = deletion.failing.get(call, Failing())
    more = max(now - clock.at, 0.0) if clock.at is not None else 0.0
    return _with(deletion, call, Failing(clock.tries + 1, clock.spent + more, now, clock.waited))


def waited(deletion: Deletion, call: str, now: float) -> Deletion:
    """The deletion after `call` had to wait for what is no failure (credits, another's mass delete).

    The give-up time stands still; the waiting has a bound of its own (`Timeouts.wait`).
    """
    clock = deletion.failing.get(call, Failing())
    more = max(now - clock.waited_at, 0.0) if clock.waited_at is not None else 0.0
    after = Failing(clock.tries + 1, clock.spent, None, clock.waited + more, now)
    return _with(standing_still(deletion), call, after)


def standing_still(deletion: Deletion) -> Deletion:
    """The deletion while nothing is tried (lane, pause, approval, cool-off): no clock runs, none is set
    back.
    """
    still = {call: replace(clock, at=None, waited_at=None) for call, clock in deletion.failing.items()}
    return replace(deletion, failing=still)


def succeeded(deletion: Deletion, call: str) -> Deletion:
    """The deletion after `call` went well. The clocks of other calls stay as they are."""
    if call not in deletion.failing:
        return deletion
    return replace(deletion, failing={k: v for k, v in deletion.failing.items() if k != call})


def tries(deletion: Deletion, call: str) -> int:
    """Failed tries of `call` in a row."""
    return deletion.failing.get(call, Failing()).tries


def exhausted(deletion: Deletion, timeouts: Timeouts) -> str | None:
    """The call that has failed, or was made to wait, for so long that it is given up; None where there is
    none.

    Its failed tries count, not the clock: a call that a dead worker left was not tried meanwhile.
    """
    for call, clock in deletion.failing.items():
        if clock.tries > 1 and (clock.spent >= timeouts.give_up or clock.waited >= timeouts.wait):
            return call
    return None


def _with(deletion: Deletion, call: str, clock: Failing) -> Deletion:
    return replace(deletion, failing={**deletion.failing, call: clock})
