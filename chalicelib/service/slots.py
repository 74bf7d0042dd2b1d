"""Leases a part of an org's concurrency for a slice, and gives it back."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import slots
from chalicelib.domain.errors import ExpungeError
from chalicelib.service.ports import Leases


class NoSlot(ExpungeError):
    """All of the org's concurrency is in use by other workers right now."""

    def __init__(self, org: str) -> None:
        super().__init__(f"no free slot of org {org!r}")
        self.org = org


@dataclass(frozen=True, slots=True)
class Slots:
    """Blocks that `owner` has leased until `until`; `width` calls may be under way at once."""

    org: str
    owner: str
    names: tuple[str, ...]
    width: int

    def give_back(self, leases: Leases) -> None:
        """End the leases early, so that others need not wait for their time to run out."""
        for name in self.names:
            leases.give_back(self.org, name, self.owner)


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
    sizes = slots.blocks(wish.concurrency)
    names: list[str] = []
    width = 0
    for k in slots.preference(sizes, wish.wanted, wish.start):
        if width >= wish.wanted:
            break
        name = f"SLOT#{k}"
        if leases.take(org, name, owner, wish.now, wish.until):
            names.append(name)
            width += sizes[k]
    if not names:
        raise NoSlot(org)
    return Slots(org, owner, tuple(names), min(width, wish.wanted))
