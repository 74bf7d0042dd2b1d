"""Which stored times can be true. Whoever decides by one asks here: one that cannot be true is none.

Times are seconds since the epoch. A stored time may come from another version, a hand or a clock that was
wrong; taken at its word it would close what it guards for ever.
"""

from __future__ import annotations

#: The last second that a date can name, in the year 9999.
LAST = 253_402_300_799.0
#: How far clocks may be apart (seconds).
CLOCKS = 300.0
#: No lease is taken for longer (seconds): a stage may set an hour (config.lease_seconds).
LONGEST_LEASE = 2 * 3_600.0
#: Workers tell each other for so long at most how many credits are left, and Zoho's token endpoint is not
#: asked for so long at most (seconds).
LONGEST_TOLD = 3_600.0
#: Nothing is due later than this (seconds): a deletion is kept for ten years at most.
LONGEST_DUE = 12 * 366 * 86_400.0


def is_time(at: object) -> bool:
    """Is it a number that a date can name?

    >>> is_time(1e9), is_time(float("nan")), is_time(True), is_time("1")
    (True, False, False, False)
    """
    return isinstance(at, int | float) and not isinstance(at, bool) and 0 <= at <= LAST


def holds_until(until: float, now: float, longest: float) -> bool:
    """Does what holds for `longest` seconds at most hold at `now`, where it is said to end at `until`?"""
    return now < until <= now + longest


def holds_too_long(until: float, now: float, longest: float) -> bool:
    """Is it said to end later than it can, however far clocks are apart?"""
    return not until <= now + longest + CLOCKS
