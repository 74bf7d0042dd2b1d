"""Leases a part of an org's concurrency for a slice, shares it with who waits for some, and gives it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.domain import slots
from chalicelib.domain.errors import ExpungeError
from chalicelib.service.ports import Leases

#: Names of the leases: blocks of the concurrency, and places in the line for them.
BLOCK, PLACE = "SLOT#", "WAIT#"
#: Workers of an org that wait for a block instead of coming back later, for how long, and how often they look
#: (seconds).
PLACES, PATIENCE, LOOK_EVERY = 2, 3.0, 0.1


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
        """End the leases early, so that others need not wait for their time to run out."""
        for name, _ in self.blocks:
            leases.give_back(self.org, name, self.owner)

    def shrunk(self, leases: Leases, most: int) -> Slots:
        """With blocks given back until about `most` calls are left, never fewer."""
        kept = list(self.blocks)
        for name, size in sorted(self.blocks, key=lambda block: block[1]):
            if sum(each for _, each in kept) - size >= most:
                leases.give_back(self.org, name, self.owner)
                kept.remove((name, size))
        return replace(self, blocks=tuple(kept))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a slice asks for: up to `wanted` calls at once out of `concurrency`, from `now` until `until`."""

    concurrency: int
    wanted: int
    now: float
    until: float
    start: int = 0


def borrow(leases: Leases, org: str, owner: str, wish: Wish) -> Slots:
    """Lease blocks for `wish`. Raises NoSlot where not a single one is free."""
    found = grown(leases, Slots(org, owner, (), wish.wanted), wish)
    if not found.blocks:
        raise NoSlot(org)
    return found


def grown(leases: Leases, had: Slots, wish: Wish) -> Slots:
    """`had`, with free blocks added until `wish` is met or none is free."""
    sizes = slots.blocks(wish.concurrency)
    taken = leases.in_use(had.org, BLOCK, wish.now)
    blocks = list(had.blocks)
    for k in slots.preference(sizes, wish.wanted, wish.start):
        if sum(size for _, size in blocks) >= wish.wanted:
            break
        name = f"{BLOCK}{k}"
        if name not in taken and leases.take(had.org, name, had.owner, wish.now, wish.until):
            blocks.append((name, sizes[k]))
    return replace(had, blocks=tuple(blocks))


def borrow_soon(
    leases: Leases, org: str, owner: str, wish: Callable[[], Wish], sleep: Callable[[float], None]
) -> Slots:
    """As `borrow`, and waits a while for a block where none is free, if few others do.

    A worker that comes back later finds a block that has lain free for seconds. So a few wait for it; all
    others are better off with another org's deletions. `wish` is asked for anew at each look.
    """
    try:
        return borrow(leases, org, owner, wish())
    except NoSlot:
        began = wish().now
        place = _place(leases, org, owner, began)
    try:
        while wish().now < began + PATIENCE:
            sleep(LOOK_EVERY)
            try:
                return borrow(leases, org, owner, wish())
            except NoSlot:
                continue
        raise NoSlot(org)
    finally:
        leases.give_back(org, place, owner)


def _place(leases: Leases, org: str, owner: str, now: float) -> str:
    """A place in the line. Raises NoSlot where all of them are taken."""
    for k in range(PLACES):
        if leases.take(org, f"{PLACE}{k}", owner, now, now + PATIENCE):
            return f"{PLACE}{k}"
    raise NoSlot(org)


def shared(leases: Leases, had: Slots, wish: Wish) -> Slots:
    """`had` before the next wave of calls: half of the concurrency at most where others wait for some, else
    more where some is free.
    """
    most = slots.share(wish.concurrency)
    if leases.in_use(had.org, PLACE, wish.now):
        return had.shrunk(leases, most) if had.width > most else had
    return grown(leases, had, wish) if had.width < min(wish.wanted, wish.concurrency) else had
