"""The accounts server: access tokens from refresh tokens, with Zoho's errors and limits (OAuth pages)."""

from __future__ import annotations

import math
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from simulator.http import Answer, Call, ok
from simulator.settings import Settings

_DENIED = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}


@dataclass(slots=True)
class _Token:
    value: str
    refresh_token: str
    expires_at: float


class Tokens:
    """Access tokens and the grants of each refresh token."""

    def __init__(self) -> None:
        self._live: dict[str, _Token] = {}
        self._by_refresh: dict[str, deque[_Token]] = {}
        self._grants: dict[str, deque[float]] = {}
        self._revoked: set[str] = set()
        self.granted = 0
        self.refused = 0

    def alive(self, value: str, now: float) -> bool:
        """Whether an access token is still good."""
        token = self._live.get(value)
        return token is not None and now < token.expires_at

    def kill(self, value: str) -> None:
        """Ends an access token early."""
        self._live.pop(value, None)

    def load(self, value: str) -> None:
        """A token that is good until the next reset (the documents print two)."""
        self._live[value] = _Token(value, "", math.inf)

    def revoke(self, value: str) -> None:
        """Ends an access token, or a refresh token with all of its access tokens."""
        self.kill(value)
        self._revoked.add(value)
        for token in self._by_refresh.pop(value, ()):
            self.kill(token.value)

    def refusal(self, params: dict[str, str], now: float, settings: Settings) -> Answer | None:
        """What is wrong with a refresh request, ``None`` if it may be granted."""
        refresh_token = params.get("refresh_token", "")
        if not params.get("client_id", "").startswith("1000."):
            return ok({"error": "invalid_client"})
        if params.get("client_secret", "") in ("", "wrong"):
            return ok({"error": "invalid_client_secret"})
        if params.get("grant_type") != "refresh_token":
            return ok({"error": "unsupported_grant_type"})
        revoked = "revoked" in refresh_token or refresh_token in self._revoked
        if revoked or not refresh_token.startswith("1000."):
            return ok({"error": "invalid_code"})
        grants = self._grants.setdefault(refresh_token, deque())
        while grants and grants[0] <= now - settings.token_window_seconds:
            grants.popleft()
        if len(grants) >= settings.tokens_per_window:
            return Answer(settings.throttle_status, dict(_DENIED))
        return None

    def grant(self, refresh_token: str, now: float, settings: Settings) -> str:
        """A new access token; above the limit of live ones the oldest dies."""
        token = _Token(
            f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}",
            refresh_token,
            now + settings.token_seconds,
        )
        self._live[token.value] = token
        tokens = self._by_refresh.setdefault(refresh_token, deque())
        tokens.append(token)
        while tokens and (tokens[0].expires_at <= now or tokens[0].value not in self._live):
            self.kill(tokens.popleft().value)
        while len(tokens) > settings.live_tokens:
            self.kill(tokens.popleft().value)
        self._grants.setdefault(refresh_token, deque()).append(now)
        self.granted += 1
        return token.value

    def shown(self, now: float) -> dict[str, int]:
        """Numbers for ``/_sim/state``."""
        live = sum(1 for token in self._live.values() if now < token.expires_at)
        return {"live": live, "granted": self.granted, "refused": self.refused}


def read_params(call: Call) -> dict[str, str]:
    """Parameters of a token call, from the query or from a form body."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    return {**form, **call.params}


def token(tokens: Tokens, settings: Settings, call: Call, now: float) -> Answer:
    """``POST /oauth/v2/token``: ``access_token``, ``api_domain``, ``token_type``, ``expires_in`` (seconds).

    Faults are HTTP 200 with an ``error`` key; ``api_domain`` is the address that the caller used.
    """
    params = read_params(call)
    refused = tokens.refusal(params, now, settings)
    if refused is not None:
        tokens.refused += 1
        return refused
    body: dict[str, Any] = {
        "access_token": tokens.grant(params["refresh_token"], now, settings),
        "scope": " ".join(settings.scopes),
        "api_domain": f"http://{call.host}",
        "token_type": "Bearer",
        "expires_in": settings.token_seconds,
    }
    return ok(body)


def revoke(tokens: Tokens, call: Call) -> Answer:
    """``POST /oauth/v2/token/revoke?token=``: ends the token."""
    value = read_params(call).get("token", "")
    if not value.startswith("1000."):
        return ok({"error": "invalid_token", "status": "failure"})
    tokens.revoke(value)
    return ok({"status": "success"})
