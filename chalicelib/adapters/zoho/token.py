"""The token broker: one access token for all workers of an org, refreshed by one of them at a time.

Zoho gives 10 access tokens in 10 minutes for a refresh token and keeps 15 alive, the 16th killing the
oldest. So the token lies in a secret that all workers share; whoever holds the lease TOKEN refreshes it,
before it ends and at a moment that differs between workers; the others go on with the old one as long as it
is good, or wait for the new.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.adapters.zoho.request import Ask
from chalicelib.adapters.zoho.token_store import (
    Token,
    TokenBlocks,
    TokenStore,
    blocked_until,
    made_for,
    read_token,
    refresh_request,
    to_store,
)
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.ports import Leases
from chalicelib.service.zoho_port import Org

LEASE = "TOKEN"
LEASE_SECONDS = 20.0
#: A token is renewed between this many and twice as many seconds before its end, by chance.
EARLY_SECONDS = 300.0
#: A token with less than this left is of no use any more.
SPARE_SECONDS = 15.0
#: How long a worker waits for another one's refresh, and how often it looks.
WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.25
#: What the token endpoint refused is not asked again by this process for so long.
REFUSED_SECONDS = 5.0
#: A token that was refused without ever having been accepted is renewed only at this age, doubled each time.
#: The longest age is so many times the pause after "Access Denied". That makes about 55 tokens a day, each of
#: them a version of the secret.
YOUNG_SECONDS = 15.0
YOUNG_BLOCKS = 3
ASK_SECONDS = 10.0
_THROTTLED = frozenset({"Access Denied", "access_denied"})
#: Codes of the token endpoint that the log names.
_TOLD = _THROTTLED | {"invalid_code", "invalid_client", "invalid_client_secret"}


class Shared(Leases, TokenBlocks, Protocol):
    """What the workers of an org share in the table."""


def _nobody(*_event: object, **_fields: object) -> None:
    """Discards what is reported."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a broker needs from outside: time, chance and its own name. `report(event, **fields)` is told of
    each refusal of the token endpoint.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]  # 0 <= x < 1
    owner: str
    block_seconds: float = 600.0  # pause after "Access Denied"
    report: Callable[..., None] = _nobody


class Broker:
    """The access token of one org, for the threads of one process."""

    def __init__(
        self,
        org: Org,
        store: TokenStore,
        table: Shared,
        ask: Callable[[str, Ask, float], Reply],
        tools: Tools,
    ) -> None:
        """`ask(base_url, request, deadline)` sends to the accounts server."""
        self._org = org
        self._store = store
        self._table = table
        self._ask = ask
        self._tools = tools
        self._early = EARLY_SECONDS * (1.0 + tools.chance())
        self._one = threading.Lock()
        self._kept: Token | None = None
        self._accepted = ""
        self._refusal: tuple[float, Reply] | None = None

    def token(self, deadline: float) -> Token | Reply:
        """A token that should be good, or the Reply (never sent) that says why there is none."""
        kept = self._kept
        if kept is not None and self._fresh(kept):
            return kept
        return self._guarded("", deadline)

    def renew(self, failed: Token, deadline: float) -> Token | Reply:
        """Another token than `failed`, which Zoho refused. It is refreshed only if it is still the stored
        one.
        """
        kept = self._kept
        if kept is not None and kept.value != failed.value and self._fresh(kept):
            return kept
        return self._guarded(failed.value, deadline)

    def accepted(self, token: Token) -> None:
        """Zoho took this token: should it be refused later, it has ended and may be renewed at once."""
        self._accepted = token.value

    def _guarded(self, failed: str, deadline: float) -> Token | Reply:
        """`_shared`, by one thread of this process at a time."""
        if not self._one.acquire(timeout=max(0.0, min(deadline - self._tools.clock(), 2 * WAIT_SECONDS))):
            return _unsent("OUT_OF_TIME", "waited for another thread's access token")
        try:
            return self._shared(failed, deadline)
        except Unavailable as error:
            return self._old_one(failed) or _unsent("NOT_SENT", f"{error.what} is out of reach")
        finally:
            self._one.release()

    def _shared(self, failed: str, deadline: float) -> Token | Reply:
        clock = self._tools.clock
        ends = min(deadline, clock() + WAIT_SECONDS)
        while True:
            found = self._stored(failed)
            if found is not None:
                return found
            now = clock()
            if self._table.take(self._org.name, LEASE, self._tools.owner, now, now + LEASE_SECONDS):
                try:
                    return self._stored(failed) or self._refresh(failed, deadline)
                finally:
                    self._table.give_back(self._org.name, LEASE, self._tools.owner)
            old = self._old_one(failed)
            if old is not None:
                return old
            if clock() + LOOK_SECONDS >= ends:
                return _unsent("OUT_OF_TIME", "another worker is getting the access token")
            self._tools.sleep(LOOK_SECONDS * (0.5 + self._tools.chance()))

    def _stored(self, failed: str) -> Token | Reply | None:
        """The stored token if it can be used; why nobody may ask now; None where somebody has to refresh."""
        now = self._tools.clock()
        kept = self._kept
        if kept is not None and kept.value != failed and self._fresh(kept):
            return kept
        stored = self._store.read()
        token = read_token(stored, self._org, now)
        if token is not None:
            self._kept = token
            if token.value != failed and self._fresh(token):
                return token
            if token.value == failed and self._too_young(token, now):
                return Reply(status=None, sent=False, failure="a new access token was refused")
        blocked = blocked_until(self._table, self._org, now, self._tools.report)
        if blocked > now:
            return self._old_one(failed) or _throttled("Access Denied", blocked - now)
        if self._refusal is not None and self._refusal[0] > now:
            return self._old_one(failed) or self._refusal[1]
        return None

    def _too_young(self, token: Token, now: float) -> bool:
        """Was this token refused so soon, and never taken, that another one would fare no better?"""
        if self._accepted == token.value or not token.refusals:
            return False
        longest = YOUNG_BLOCKS * self._tools.block_seconds
        pause = min(YOUNG_SECONDS * 2.0 ** min(token.refusals, 10), longest)
        return now - token.made_at < pause

    def _fresh(self, token: Token) -> bool:
        return self._tools.clock() < token.expires_at - min(
            self._early, (token.expires_at - token.made_at) / 2
        )

    def _old_one(self, failed: str) -> Token | None:
        """The token that is due for renewal, but still good."""
        kept = self._kept
        if kept is None or kept.value == failed or self._tools.clock() >= kept.expires_at - SPARE_SECONDS:
            return None
        return kept

    def _refresh(self, failed: str, deadline: float) -> Token | Reply:
        """Ask Zoho for a token and share it; called by the holder of the lease only."""
        clock = self._tools.clock
        reply = self._ask(
            self._org.accounts_url, refresh_request(self._org), min(deadline, clock() + ASK_SECONDS)
        )
        now = clock()
        before = self._kept
        useless = before is not None and before.value == failed != self._accepted
        refusals = before.refusals + 1 if before is not None and useless else 0
        stored = to_store(self._org, reply.body or {}, now, refusals)
        token = read_token(stored, self._org, now) if reply.status == 200 and reply.error is None else None
        if token is None:
            return self._no_token(reply, now)
        self._kept = token
        self._refusal = None
        self._store.write(stored)
        return token

    def _no_token(self, reply: Reply, now: float) -> Token | Reply:
        """Why there is no token, remembered so that nobody asks again at once; the old token while it
        lasts.
        """
        code = reply.error.code if reply.error else ""
        told = code if code in _TOLD else "another answer"  # which may hold anything
        self._tools.report("token_refused", org=self._org.name, code=told, status=reply.status)
        if code in _THROTTLED or reply.status == 429:
            seconds = self._tools.block_seconds
            self._table.block_tokens(self._org.name, made_for(self._org), now + seconds)
            return self._old_one("") or _throttled(code or "Access Denied", seconds)
        refusal = _refused(reply)
        self._refusal = (now + REFUSED_SECONDS, refusal)
        return self._old_one("") or refusal


def _unsent(code: str, message: str) -> Reply:
    return Reply(status=None, sent=False, error=Item(code, message), failure=message)


def _throttled(code: str, seconds: float) -> Reply:
    return replace(_unsent(code, "too many access tokens were asked for"), retry_after=seconds)


def _refused(reply: Reply) -> Reply:
    """The token endpoint's answer as that of a call that never left."""
    if reply.error is not None:
        return replace(reply, sent=False, body=None)
    if reply.status is None:
        return _unsent("NOT_SENT", f"the token endpoint gave no answer ({reply.failure})")
    return _unsent("UNREADABLE_ANSWER", f"the token endpoint answered HTTP {reply.status}")
