"""How a slice reaches Zoho: with a part of the org's concurrency, unless it is paused or out of credits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from chalicelib.domain import times
from chalicelib.domain.errors import Rejected, Unavailable, Unreadable
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine.concurrency import SlotRequest, Slots, borrow, borrow_soon, shared
from chalicelib.service.engine.deps import Deps
from chalicelib.service.engine.refusals import Paused, Reserved
from chalicelib.service.ports import Claim
from chalicelib.service.zoho_port import Zoho


class CreditsFrom(Enum):
    """Who has told in this slice how many credits are left; `OTHERS`: what other workers were told."""

    NOBODY = auto()
    OTHERS = auto()
    ZOHO = auto()


@dataclass
class OrgAccess:
    """The org's client and the slots, both from when they are first needed. `credits_left`: as last told.
    `usable`: the org's secret could be used; `data_center`: where it says that the org's Zoho is. Of a step:
    `asked`: Zoho has answered; what needs several answers gets them all, so that it comes to an end.
    `seen_running`: no pause was found a moment ago, for the next wave.
    """

    credits_left: int | None = None
    credits_from: CreditsFrom = CreditsFrom.NOBODY
    usable: bool = False
    data_center: str = ""
    asked: bool = False
    seen_running: bool = False
    _reached: tuple[Zoho, Slots] | None = None

    def begin_step(self) -> None:
        """What was seen in the step before counts no more."""
        self.asked = self.seen_running = False

    def zoho(self, deps: Deps, claim: Claim, wanted: int) -> Zoho:
        """The org's client, for the next call or wave of calls.

        Raises Paused, SecretUnusable, NoSlot where others use all of the org's concurrency, or Reserved.
        """
        if not self.seen_running:
            _look(deps, claim)
        self.seen_running = False
        zoho = self._take(deps, claim, wanted)[0]
        if not self.asked and self.reserved(deps, claim):
            raise Reserved(claim.deletion.request.org)
        return zoho

    def reserved(self, deps: Deps, claim: Claim) -> bool:
        """Are the org's credits down to what is kept for the others, as far as was told?"""
        if self._reached is None:
            return False
        kept, org = self._kept(claim, self._reached[0]), claim.deletion.request.org
        if kept and self.credits_from is CreditsFrom.NOBODY:
            self.credits_left = _told(deps, org)
            self.credits_from = CreditsFrom.OTHERS
        return self._credits(kept) <= 0

    def width(self, deps: Deps, claim: Claim, wanted: int) -> int:
        """How many calls of the next wave may be under way. Raises Paused, SecretUnusable or NoSlot."""
        first = self._reached is None
        if first:
            # Before a part of the org's concurrency is taken: others may wait for it.
            _look(deps, claim)
            self.seen_running = True
        zoho, slots = self._take(deps, claim, wanted)
        if not first:
            slots = shared(deps.leases, slots, self._request(deps, claim, zoho, wanted))
            self._reached = zoho, slots
        kept = self._kept(claim, zoho)
        # Where some are kept, the first answer of a slice has to tell what is left.
        told = self.credits_from is CreditsFrom.ZOHO
        most = self._credits(kept) if told or not kept else 1
        return max(1, int(min(slots.width, most)))

    def spent(self, replies: Iterable[Reply]) -> int | None:
        """Take note of the credits that Zoho says are left, and return them; None where it does not say."""
        self.asked, self.credits_from = True, CreditsFrom.ZOHO
        told = [reply.credits_left for reply in replies if reply.credits_left is not None]
        self.credits_left = min(told, default=self.credits_left)
        return min(told, default=None)

    def let_go(self, deps: Deps, claim: Claim) -> None:
        """Give the org's concurrency back; what needs some of it later asks anew.

        That only kept credits are left the other workers are told, for as long as a wait takes and an hour at
        most: else each deletion would ask with a call of its own. Raises what `Slots.give_back` does, after
        all else.
        """
        if self._reached is None:
            return
        (zoho, slots), self._reached = self._reached, None
        left = self.credits_left if self.credits_from is CreditsFrom.ZOHO else None
        try:
            slots.give_back(deps.leases)
        finally:
            if left is not None and self._credits(self._kept(claim, zoho)) <= 0:
                until = deps.clock() + min(deps.timeouts.longest, times.LONGEST_TOLD)
                with suppress(Unavailable, Rejected):  # then they ask for themselves
                    deps.leases.tell_credits(claim.deletion.request.org, left, until)

    def _kept(self, claim: Claim, zoho: Zoho) -> int:
        """How many credits the deletion leaves to the others: as its source says, else as its org does."""
        own = claim.deletion.limits.keep_credits
        return zoho.org.keep_credits if own is None else own

    def _credits(self, kept: int) -> float:
        """How many may still be used; where none are kept, or nothing was told, Zoho says when to stop."""
        return math.inf if self.credits_left is None or not kept else self.credits_left - kept

    def _take(self, deps: Deps, claim: Claim, wanted: int) -> tuple[Zoho, Slots]:
        if self._reached is None:
            org = claim.deletion.request.org
            zoho = deps.zoho(org, min(claim.lease_until, deps.ends_at))
            self.usable, self.data_center = True, zoho.org.data_center
            owner = f"{claim.deletion.id}#{claim.fence}"
            if deps.sleep is None:
                slots = borrow(deps.leases, org, owner, self._request(deps, claim, zoho, wanted))
            else:
                request = partial(self._request, deps, claim, zoho, wanted)
                slots = borrow_soon(deps.leases, org, owner, request, deps.sleep)
            self._reached = zoho, slots
        return self._reached

    def _request(self, deps: Deps, claim: Claim, zoho: Zoho, wanted: int) -> SlotRequest:
        most = zoho.org.concurrency
        until = min(claim.lease_until, deps.ends_at)
        return SlotRequest(most, wanted, deps.clock(), until, start=int(deps.chance() * most))


def _told(deps: Deps, org: str) -> int | None:
    """How many credits other workers were told; None where that is not known. An item of another version is
    set aside: it tells nothing, and is written anew.
    """
    try:
        return deps.leases.credits_told(org, deps.clock())
    except Unreadable as problem:
        deps.report("set_aside", item=problem.key, reason=problem.reason)
        with suppress(Unavailable, Rejected):
            deps.leases.tell_credits(org, 0, 0.0)  # for no time
        return None


def _look(deps: Deps, claim: Claim) -> None:
    """Raises Paused."""
    org = claim.deletion.request.org
    reason = deps.ledger.paused(org, claim.deletion.source)
    if reason is not None:
        raise Paused(org, reason)
