"""How a slice reaches Zoho: with a part of the org's concurrency, unless it is paused or out of credits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine.concurrency import SlotRequest, Slots, borrow, borrow_soon, shared
from chalicelib.service.engine.deps import Deps
from chalicelib.service.engine.refusals import Paused, Reserved
from chalicelib.service.ports import Claim
from chalicelib.service.zoho_port import Zoho

#: What leaves the org's `keep_credits` to the others, whoever asked for it.
_KEEPING = frozenset({Operation.PURGE, Operation.MASS_DELETE, Operation.ERASE_PERSON})


@dataclass
class OrgAccess:
    """The org's client and the slots, both from when they are first needed. `credits_left`: as last told.
    `usable`: the org's secret could be used; `data_center`: where it says that the org's Zoho is. `asked`:
    Zoho has answered in this step; what needs several answers gets them all, so that it comes to an end.
    `answered`: it has in this slice.
    """

    credits_left: int | None = None
    usable: bool = False
    data_center: str = ""
    asked: bool = False
    answered: bool = False
    _reached: tuple[Zoho, Slots] | None = None

    def zoho(self, deps: Deps, claim: Claim, wanted: int) -> Zoho:
        """The org's client, for the next call or wave of calls.

        Raises Paused, SecretUnusable, NoSlot where others use all of the org's concurrency, or Reserved.
        """
        org = claim.deletion.request.org
        reason = deps.ledger.paused(org, claim.deletion.source)
        if reason is not None:
            raise Paused(org, reason)
        zoho = self._take(deps, claim, wanted)[0]
        if not self.asked and self.reserved(claim):
            raise Reserved(org)
        return zoho

    def reserved(self, claim: Claim) -> bool:
        """Are the org's credits down to what is kept for the others, as far as was told?"""
        return self._reached is not None and self._credits(claim, self._reached[0]) <= 0

    def width(self, deps: Deps, claim: Claim, wanted: int) -> int:
        """How many calls of the next wave may be under way at once. Raises SecretUnusable or NoSlot."""
        first = self._reached is None
        zoho, slots = self._take(deps, claim, wanted)
        if not first:
            slots = shared(deps.leases, slots, self._request(deps, claim, zoho, wanted))
            self._reached = zoho, slots
        if not self.answered and self._kept(claim, zoho):
            return 1  # the first answer tells what is left beside what is kept
        return max(1, int(min(slots.width, self._credits(claim, zoho))))

    def spent(self, replies: Iterable[Reply]) -> int | None:
        """Take note of the credits that Zoho says are left, and return them; None where it does not say."""
        self.asked = self.answered = True
        told = [reply.credits_left for reply in replies if reply.credits_left is not None]
        self.credits_left = min(told, default=self.credits_left)
        return min(told, default=None)

    def let_go(self, deps: Deps) -> None:
        """Give the org's concurrency back; what needs some of it later asks anew."""
        if self._reached is not None:
            slots, self._reached = self._reached[1], None
            slots.give_back(deps.leases)

    def _credits(self, claim: Claim, zoho: Zoho) -> float:
        """How many may still be used beside those that are kept; as many as it likes for what keeps none, and
        for who was not told.
        """
        kept = self._kept(claim, zoho)
        return math.inf if self.credits_left is None or kept is None else self.credits_left - kept

    @staticmethod
    def _kept(claim: Claim, zoho: Zoho) -> int | None:
        """The credits that a purge, the listing of a view, an erasure, or a deletion whose source has a
        `keep_credits` leaves to the others; None for what keeps none.
        """
        request, own = claim.deletion.request, claim.deletion.limits.keep_credits
        keeps = request.operation in _KEEPING or request.policy is not None  # the latter: a purge's retry
        return own if own is not None else zoho.org.keep_credits if keeps else None

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
