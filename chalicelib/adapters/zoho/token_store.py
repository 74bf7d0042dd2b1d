"""The shared access token as it is stored: its shape, what it was made from, and the secret that it lies
in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.zoho.hosts import honoured
from chalicelib.adapters.zoho.parse import json_object
from chalicelib.adapters.zoho.request import Ask
from chalicelib.domain import times
from chalicelib.domain.errors import Unavailable, Unreadable
from chalicelib.service.zoho_port import Org

_LIFETIME = 3600.0  # of an access token (Zoho: token validity)
_MILLISECONDS = 100_000  # an `expires_in` above this is the old dialect's


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; times are seconds since the epoch. `api_url`: where it may be sent.

    `refusals`: how many tokens just before this one were refused without ever having been accepted.
    """

    value: str = field(repr=False)
    api_url: str
    expires_at: float
    made_at: float
    refusals: int = 0


class TokenStore(Protocol):
    """Where the shared token lies. May raise errors.Unavailable.

    Each write is a version of a secret, of which Secrets Manager keeps about 100 for a day: nothing but a new
    token is written.
    """

    def read(self) -> Mapping[str, object]:
        """What was written last; empty where nothing was, or nothing readable."""

    def write(self, value: Mapping[str, object]) -> None:
        """Replace it."""


class TokenBlocks(Protocol):
    """Until when nobody may ask for a token, after Zoho's "Access Denied". May raise errors.Unavailable."""

    def block_tokens(self, org: str, made_for: str, until: float) -> None:
        """Nobody asks with these credentials (see `made_for`) before `until`, seconds since the epoch."""

    def tokens_blocked_until(self, org: str, made_for: str) -> float:
        """Until when nobody may ask with these credentials; 0 where that was never said."""


def is_blocked(until: float, now: float) -> bool:
    """May nobody ask for a token at `now`? A time that lies further ahead than a block lasts is none."""
    return times.holds_until(until, now, times.LONGEST_TOLD + times.CLOCKS)


def blocked_until(table: TokenBlocks, org: Org, now: float, report: Callable[..., None]) -> float:
    """Until when nobody may ask with the org's credentials. An item of another version, or one that would
    last for ever, is set aside: Zoho says so again.
    """
    try:
        until = table.tokens_blocked_until(org.name, made_for(org))
        if until <= now or is_blocked(until, now):
            return until
        raise Unreadable(f"org {org.name}", "TOKEN_BLOCK: later than a block lasts")
    except Unreadable as problem:
        report("set_aside", item=problem.key, reason=problem.reason)
        table.block_tokens(org.name, made_for(org), 0.0)
        return 0.0


def made_for(org: Org) -> str:
    """A hash of the credentials that a token is made from: it changes when they do."""
    parts = (org.accounts_url, org.environment, org.client_id, org.refresh_token)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read_token(stored: Mapping[str, object], org: Org, now: float) -> Token | None:
    """The stored token; None where there is none, it was made from other credentials, or its times cannot be
    true: made at `now` at the latest, it lives an hour at most.
    """
    value, ends, made = stored.get("access_token"), stored.get("expires_at"), stored.get("made_at")
    if stored.get("made_for") != made_for(org) or not isinstance(value, str) or not _plain(value):
        return None
    if not isinstance(ends, (int, float)) or not isinstance(made, (int, float)):
        return None
    if not made - times.CLOCKS <= ends <= made + _LIFETIME or not made <= now + times.CLOCKS:
        return None
    url = honoured(stored.get("api_domain"), org.api_url, org.environment)
    refusals = stored.get("refusals")
    return Token(value, url, float(ends), float(made), refusals if isinstance(refusals, int) else 0)


def _plain(value: str) -> bool:
    """Can it stand in a header?"""
    return 0 < len(value) <= 2000 and all("!" <= char <= "~" for char in value)


def to_store(org: Org, body: Mapping[str, Any], now: float, refusals: int) -> dict[str, object]:
    """What to store of the token endpoint's answer."""
    return {
        "access_token": body.get("access_token"),
        "api_domain": body.get("api_domain"),
        "expires_at": now + lifetime(body),
        "made_at": now,
        "made_for": made_for(org),
        "refusals": refusals,
    }


def lifetime(body: Mapping[str, Any]) -> float:
    """Seconds that a token lives: `expires_in_sec`, or `expires_in` (in an old dialect milliseconds); at
    most 1 h.
    """
    for name in ("expires_in_sec", "expires_in"):
        value = body.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return min(value / 1000 if value > _MILLISECONDS else float(value), _LIFETIME)
    return _LIFETIME


def refresh_request(org: Org) -> Ask:
    """The request for a new access token; the credentials in the body, as addresses end up in logs."""
    form = {
        "grant_type": "refresh_token",
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "refresh_token": org.refresh_token,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Ask("POST", "/oauth/v2/token", headers, urlencode(form).encode())


class SecretTokenStore:
    """The token in Secrets Manager, under `name`; the secret is made when first written."""

    def __init__(self, secrets: Any, name: str, key: str = "") -> None:
        """`secrets`: boto3's client of Secrets Manager; `key`: ARN of the KMS key, empty for AWS's own."""
        self._secrets = secrets
        self._name = name
        self._encrypted = {"KmsKeyId": key} if key else {}

    def read(self) -> Mapping[str, object]:
        """What was written last; empty where nothing was. Raises Unavailable."""
        try:
            text = self._secrets.get_secret_value(SecretId=self._name)["SecretString"]
        except ClientError as error:
            if _code(error) in ("ResourceNotFoundException", "InvalidRequestException"):
                return {}
            raise Unavailable(self._name, _code(error)) from error
        except (BotoCoreError, KeyError) as error:
            raise Unavailable(self._name, type(error).__name__) from error
        return json_object(text.encode()) or {}

    def write(self, value: Mapping[str, object]) -> None:
        """Replace it, or make it. Raises Unavailable."""
        text = json.dumps(value)
        try:
            self._put(text)
        except ClientError as error:
            raise Unavailable(self._name, _code(error)) from error
        except BotoCoreError as error:
            raise Unavailable(self._name, type(error).__name__) from error

    def _put(self, text: str) -> None:
        try:
            self._secrets.put_secret_value(SecretId=self._name, SecretString=text)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise
            self._create(text)

    def _create(self, text: str) -> None:
        try:
            self._secrets.create_secret(Name=self._name, SecretString=text, **self._encrypted)
        except ClientError as error:
            if _code(error) != "ResourceExistsException":
                raise
            self._secrets.put_secret_value(SecretId=self._name, SecretString=text)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "ClientError"))
