"""The accounts server: access tokens from refresh tokens and from codes, with Zoho's errors and limits (OAuth
pages).
"""

from __future__ import annotations

import math
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from simulator.grants import Grants
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
    """Access tokens and the grants of each refresh token; codes of self clients."""

    def __init__(self) -> None:
        self.codes = Grants()
        self._scopes: dict[str, tuple[str, ...]] = {}
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

    def scopes(self, value: str, settings: Settings) -> list[str]:
        """What an access or refresh token may do: what its code was made for, else what the setting says."""
        live = self._live.get(value)
        granted = self._scopes.get(live.refresh_token if live else value)
        return list(settings.scopes if granted is None else granted)

    def refusal(self, params: dict[str, str], now: float, settings: Settings) -> Answer | None:
        """What is wrong with a token request, ``None`` if it may be granted; a code is not spent by it."""
        if not params.get("client_id", "").startswith("1000."):
            return ok({"error": "invalid_client"})
        if params.get("client_secret", "") in ("", "wrong"):
            return ok({"error": "invalid_client_secret"})
        if params.get("grant_type") == "authorization_code":
            window = settings.token_window_seconds
            busy = self.codes.too_many(params["client_id"], now, window)
            return Answer(settings.throttle_status, dict(_DENIED)) if busy else None
        if params.get("grant_type") != "refresh_token":
            return ok({"error": "unsupported_grant_type"})
        return self._refresh_refusal(params.get("refresh_token", ""), now, settings)

    def _refresh_refusal(self, refresh_token: str, now: float, settings: Settings) -> Answer | None:
        revoked = "revoked" in refresh_token or refresh_token in self._revoked
        if revoked or not refresh_token.startswith("1000."):
            return ok({"error": "invalid_code"})
        grants = self._grants.setdefault(refresh_token, deque())
        while grants and grants[0] <= now - settings.token_window_seconds:
            grants.popleft()
        if len(grants) >= settings.tokens_per_window:
            return Answer(settings.throttle_status, dict(_DENIED))
        return None

    def exchange(self, params: dict[str, str], now: float) -> str | None:
        """The refresh token for a self client's code, which is spent by it; ``None`` for a bad code."""
        client_id = params["client_id"]
        grant = self.codes.spend(params.get("code", ""), client_id, now)
        if grant is None:
            return None
        refresh_token, ended = self.codes.refresh_token(client_id, now)
        if grant.scopes is not None:
            self._scopes[refresh_token] = grant.scopes
        if ended is not None:
            self.revoke(ended)
        return refresh_token

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

    ``grant_type`` is ``refresh_token``, or ``authorization_code`` with a self client's code, whose answer has
    a ``refresh_token`` too.
    Faults are HTTP 200 with an ``error`` key; ``api_domain`` is the address that the caller used.
    """
    params = read_params(call)
    refused = tokens.refusal(params, now, settings)
    refresh_token = params.get("refresh_token")
    made: dict[str, str] = {}
    if refused is None and params["grant_type"] == "authorization_code":
        refresh_token = tokens.exchange(params, now)
        if refresh_token is None:
            refused = ok({"error": "invalid_code"})
        else:
            made = {"refresh_token": refresh_token}
    if refused is not None or refresh_token is None:
        tokens.refused += 1
        return refused or ok({"error": "invalid_code"})
    body: dict[str, Any] = {
        "access_token": tokens.grant(refresh_token, now, settings),
        **made,
        "scope": " ".join(tokens.scopes(refresh_token, settings)),
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
