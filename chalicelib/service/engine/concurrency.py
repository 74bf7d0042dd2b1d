"""Leases a part of an org's concurrency for a slice, shares it with who waits for some, and gives it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate

from chalicelib.domain import slots
from chalicelib.domain.errors import ExpungeError, Rejected, Unavailable
from chalicelib.service.engine.parallel import each_at_once
from chalicelib.service.ports import Leases

#: Names of the leases: blocks of the concurrency, and places in the line for them.
BLOCK, PLACE = "SLOT#", "WAIT#"
#: Workers of an org that wait for a block instead of coming back later, for how long, and how soon they look
#: (seconds).
PLACES, LONGEST_WAIT, LOOK_EVERY = 3, 4.0, 0.05
#: Each look comes later than the one before by as much, until they are so far apart (seconds): who has waited
#: for long does not ask the table 20 times a second. What lies free waits for the first in line alone.
LATER, LATEST_LOOK, LATEST_LOOK_OF_FIRST = 1.2, 0.25, 0.1


class NoSlot(ExpungeError):
    """All of the org's concurrency is in use by other workers right now."""

    def __init__(self, org: str) -> None:
        super().__init__(f"no free slot of org {org!r}")
        self.org = org


@dataclass(frozen=True, slots=True)
class Slots:
    """Blocks that `owner` has leased, by name with their sizes; `width` calls may be under way at once."""

    org: str
    owner: str
    blocks: tuple[tuple[str, int], ...]
    wanted: int

    @property
    def width(self) -> int:
        """Calls that may be under way at once."""
        return min(sum(size for _, size in self.blocks), self.wanted)

    def give_back(self, leases: Leases) -> None:
        """End the leases early, so that others need not wait for their time to run out; all at once, since
        somebody may wait for them. Raises the first error, after all were tried; such a block ends by itself.
        """
        each_at_once(lambda block: leases.give_back(self.org, block[0], self.owner), self.blocks)

    def shrunk(self, leases: Leases, most: int) -> Slots:
        """With blocks given back until about `most` calls are left, never fewer."""
        kept = list(self.blocks)
        for name, size in sorted(self.blocks, key=_size):
            if sum(each for _, each in kept) - size >= most:
                leases.give_back(self.org, name, self.owner)
                kept.remove((name, size))
        return replace(self, blocks=tuple(kept))


def _size(block: tuple[str, int]) -> int:
    return block[1]


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """What a slice asks for: up to `wanted` calls at once out of `concurrency`, from `now` until `until`."""

    concurrency: int
    wanted: int
    now: float
    until: float
    start: int = 0


def borrow(leases: Leases, org: str, owner: str, request: SlotRequest) -> Slots:
    """Lease blocks for `request`. Raises NoSlot where not a single one is free."""
    found = grown(leases, Slots(org, owner, (), request.wanted), request)
    if not found.blocks:
        raise NoSlot(org)
    return found


def grown(leases: Leases, had: Slots, request: SlotRequest) -> Slots:
    """`had`, with free blocks added until `request` is met or none is free.

    Who wants a single call tries a block without looking, and looks at all of them where that one is in use.
    """
    sizes = slots.blocks(request.concurrency)
    order = slots.preference(sizes, request.wanted, request.start)
    if request.wanted <= 1 and not had.blocks:
        name = f"{BLOCK}{order[0]}"
        if leases.take(had.org, name, had.owner, request.now, request.until):
            return replace(had, blocks=((name, sizes[order[0]]),))
    taken, had_already = leases.in_use(had.org, BLOCK, request.now), {name for name, _ in had.blocks}
    names = {f"{BLOCK}{k}": sizes[k] for k in order}
    free = [block for block in names.items() if block[0] not in taken and block[0] not in had_already]

    def take(block: tuple[str, int]) -> bool:
        return leases.take(had.org, block[0], had.owner, request.now, request.until)

    while free and (missing := request.wanted - sum(size for _, size in had.blocks)) > 0:
        some = _enough(free, missing)
        got = [block for block, mine in zip(some, each_at_once(take, some), strict=True) if mine]
        had, free = replace(had, blocks=(*had.blocks, *got)), free[len(some) :]
    return had


def _enough(free: Sequence[tuple[str, int]], missing: int) -> Sequence[tuple[str, int]]:
    """As many of the free blocks, in their order, as make up what is missing."""
    sums = list(accumulate(size for _, size in free))
    return free[: 1 + sum(each < missing for each in sums)]


def borrow_soon(
    leases: Leases, org: str, owner: str, request: Callable[[], SlotRequest], sleep: Callable[[float], None]
) -> Slots:
    """As `borrow`, and waits a while in line where nothing is free, if few others do.

    A worker that comes back later finds a block that has lain free for seconds. So a few wait, one behind the
    other, and the first has all that it wishes for; all others are better off with another org's deletions.
    `request` is asked for anew at each look.
    """
    first = request()
    if first.wanted <= 1 or not leases.in_use(org, PLACE, first.now):  # one call more keeps nobody waiting
        with suppress(NoSlot):
            return borrow(leases, org, owner, first)
    line = _Line(leases, org, owner)
    ends, look_in = request().now + LONGEST_WAIT, LOOK_EVERY
    line.enter(request().now)
    try:
        while request().now < ends:
            sleep(look_in)
            first_in_line = line.is_first(request().now)
            look_in = min(LATER * look_in, LATEST_LOOK_OF_FIRST if first_in_line else LATEST_LOOK)
            if first_in_line:
                with suppress(NoSlot):
                    return _all_of_it(leases, borrow(leases, org, owner, request()), request, sleep)
        raise NoSlot(org)
    finally:
        line.leave()


def _all_of_it(
    leases: Leases, found: Slots, request: Callable[[], SlotRequest], sleep: Callable[[float], None]
) -> Slots:
    """Blocks are given back one by one: where only some were there, the rest may be a moment later."""
    if found.width >= min(found.wanted, slots.share(request().concurrency)):
        return found
    sleep(LOOK_EVERY / 2)
    return grown(leases, found, request())


@dataclass
class _Line:
    """The line of an org's waiting workers: places are leases, and who is behind a free one moves up."""

    leases: Leases
    org: str
    owner: str
    place: int = -1

    def enter(self, now: float) -> None:
        """Take the place behind the last one. Raises NoSlot where the line is full."""
        taken = self.leases.in_use(self.org, PLACE, now)
        behind = max((place for place in range(PLACES) if f"{PLACE}{place}" in taken), default=-1) + 1
        if behind >= PLACES or not self._take(behind, now):
            raise NoSlot(self.org)

    def is_first(self, now: float) -> bool:
        """Whether it is this worker's turn; moves up where the place before it is free."""
        while self.place > 0:
            before = self.place
            if f"{PLACE}{before - 1}" in self.leases.in_use(self.org, PLACE, now):
                return False
            if not self._take(before - 1, now):
                return False
            self.leases.give_back(self.org, f"{PLACE}{before}", self.owner)
        return True

    def leave(self) -> None:
        """Make room. A place that cannot be given back ends by itself soon, and costs nobody the blocks."""
        if self.place >= 0:
            with suppress(Unavailable, Rejected):
                self.leases.give_back(self.org, f"{PLACE}{self.place}", self.owner)

    def _take(self, place: int, now: float) -> bool:
        if not self.leases.take(self.org, f"{PLACE}{place}", self.owner, now, now + LONGEST_WAIT):
            return False
        self.place = place
        return True


def shared(leases: Leases, had: Slots, request: SlotRequest) -> Slots:
    """`had` before the next wave of calls: half of the concurrency at most where others wait for some, else
    more where some is free.
    """
    had, most = replace(had, wanted=request.wanted), slots.share(request.concurrency)
    if leases.in_use(had.org, PLACE, request.now):
        return had.shrunk(leases, most) if had.width > most else had
    return grown(leases, had, request) if had.width < min(request.wanted, request.concurrency) else had
