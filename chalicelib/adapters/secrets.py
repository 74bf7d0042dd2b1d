"""Secrets, kept for a while: of the API (`sources`, `links`) and of the orgs (adapters/zoho/orgs.py).

Values are kept for as long as the setting says. When a request fails with what is kept, its reader asks for a
fresh one: a few times at once (`burst`) and then once in REFETCH_SECONDS per process, or bad signatures would
become calls to Secrets Manager. A failed fetch is remembered for FAILURE_SECONDS for the same reason. Nothing
here is ever logged but the name of the secret and why it could not be used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import SecretUnusable, Unavailable

REFETCH_SECONDS = 5.0
#: Refetches that may follow each other at once: somebody who adds sources one by one is no attack.
REFETCH_BURST = 10
FAILURE_SECONDS = 1.0

T = TypeVar("T")

#: Error codes that say something about the secret itself; anything else says that AWS is out of reach.
_ABOUT_THE_SECRET = frozenset({"ResourceNotFoundException", "InvalidRequestException", "DecryptionFailure"})


def fetched(client: Any, name: str) -> str | bytes:
    """What a secret holds, from boto3's client of Secrets Manager: the one way to read one.

    Raises SecretUnusable where the secret itself is at fault, Unavailable where it cannot be asked for.
    """
    try:
        answer = client.get_secret_value(SecretId=name)
    except ClientError as problem:
        code = str(problem.response.get("Error", {}).get("Code", "unknown"))
        raise (SecretUnusable if code in _ABOUT_THE_SECRET else Unavailable)(name, code) from None
    except BotoCoreError as problem:
        raise Unavailable(name, type(problem).__name__) from None
    found = answer.get("SecretString", answer.get("SecretBinary"))
    if not isinstance(found, str | bytes):
        raise SecretUnusable(name, "holds no text")
    return found


class CachedSecret(Generic[T]):
    """One secret, kept as what is read from its text."""

    def __init__(
        self,
        name: str,
        client: Callable[[], Any],
        keep: float,
        clock: Callable[[], float],
        read: Callable[[str | bytes], T],
        burst: int = REFETCH_BURST,
    ) -> None:
        """`client` makes the Secrets Manager client when it is first needed; `keep` is in seconds, 0 fetches
        each time; `clock` counts seconds; `read` raises SecretUnusable for a text that cannot be used;
        `burst`: so many refetches may follow each other at once.
        """
        self.name = name
        self._client = client
        self._keep = keep
        self._clock = clock
        self._read = read
        self._burst = burst
        self._text: str | bytes | None = None
        self._read_from: str | bytes | None = None
        self._value: T | None = None
        self._kept_until = float("-inf")
        self._refetched_at = 0.0
        self._refetches = float(burst)
        self._failed_at = float("-inf")
        self._failure: Unavailable | None = None
        self.fetched_at = float("-inf")  # by `clock`

    def value(self) -> T:
        """The secret as kept or as fetched; the same object for as long as its text is the same.

        Raises SecretUnusable where it is missing or cannot be used, Unavailable where Secrets Manager did not
        answer.
        """
        if self._failure is not None and self._clock() - self._failed_at < FAILURE_SECONDS:
            raise self._failure
        try:
            # After a failure not what is kept: that may be the very text that could not be used.
            found = self._from(self._kept_text(force=self._failure is not None))
        except Unavailable as failure:
            self._failed_at, self._failure = self._clock(), failure
            raise
        self._failure = None
        return found

    def fresh(self) -> T | None:
        """The secret fetched anew; None where that was done too often of late.

        Raises as `value`; what is kept stays good then, until its time is over.
        """
        now = self._clock()
        earned = (now - self._refetched_at) / REFETCH_SECONDS
        self._refetches = min(float(self._burst), self._refetches + earned)
        self._refetched_at = now
        if self._refetches < 1:
            return None
        self._refetches -= 1
        return self._from(self._kept_text(force=True))

    def _kept_text(self, *, force: bool) -> str | bytes:
        if not force and self._text is not None and self._clock() < self._kept_until:
            return self._text
        self._text = fetched(self._client(), self.name)
        self.fetched_at = self._clock()
        self._kept_until = self.fetched_at + self._keep
        return self._text

    def _from(self, text: str | bytes) -> T:
        if self._value is None or text != self._read_from:
            self._value, self._read_from = self._read(text), text
        return self._value


class Secret(CachedSecret[Mapping[str, Any]]):
    """One secret that holds a JSON object."""

    def __init__(self, name: str, client: Callable[[], Any], keep: float, clock: Callable[[], float]) -> None:
        """As CachedSecret's."""
        super().__init__(name, client, keep, clock, self._parsed)

    def _parsed(self, text: str | bytes) -> Mapping[str, Any]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            # Not chained: the message of the parser's error can hold a part of the secret.
            raise SecretUnusable(self.name, "is not JSON") from None
        if not isinstance(found, dict):
            raise SecretUnusable(self.name, "is not a JSON object")
        return found
