"""Grant codes of self clients: made by a control, as a person makes them in Zoho's API console; good once."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field

MOST_MINUTES = 10
#: Codes that one client may exchange, and refresh tokens that it may have (token validity page).
EXCHANGES_PER_WINDOW = 10
MOST_REFRESH_TOKENS = 20


@dataclass(frozen=True, slots=True)
class Grant:
    """One code. ``client_id`` empty: of any client. ``scopes`` None: whatever the setting allows."""

    code: str
    client_id: str
    scopes: tuple[str, ...] | None
    ends_at: float


@dataclass(slots=True)
class _Client:
    exchanged: deque[float] = field(default_factory=deque)
    refresh_tokens: deque[str] = field(default_factory=deque)


class Grants:
    """Codes that were made and not spent, and what clients made of theirs."""

    def __init__(self) -> None:
        self._open: dict[str, Grant] = {}
        self._clients: dict[str, _Client] = {}

    def make(self, client_id: str, scopes: tuple[str, ...] | None, ends_at: float) -> Grant:
        """A new code."""
        grant = Grant(f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}", client_id, scopes, ends_at)
        self._open[grant.code] = grant
        return grant

    def too_many(self, client_id: str, now: float, window: float) -> bool:
        """Whether the client has exchanged as many codes as it may for now."""
        exchanged = self._clients.setdefault(client_id, _Client()).exchanged
        while exchanged and exchanged[0] <= now - window:
            exchanged.popleft()
        return len(exchanged) >= EXCHANGES_PER_WINDOW

    def spend(self, code: str, client_id: str, now: float) -> Grant | None:
        """The grant of a code, which is spent by it; None for one that is not good for this client now."""
        grant = self._open.get(code)
        if grant is None or now >= grant.ends_at or grant.client_id not in ("", client_id):
            return None
        return self._open.pop(code)

    def refresh_token(self, client_id: str, now: float) -> tuple[str, str | None]:
        """A new refresh token, and the client's oldest one where that has to end for it."""
        client = self._clients.setdefault(client_id, _Client())
        client.exchanged.append(now)
        made = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
        client.refresh_tokens.append(made)
        over = len(client.refresh_tokens) > MOST_REFRESH_TOKENS
        return made, client.refresh_tokens.popleft() if over else None
