"""The secrets of the doors: who may send (`sources`) and what read links are made with (`links`).

Values are kept for as long as the setting says. When a request fails with what is kept, the
door asks again for a fresh one: REFETCH_BURST times and then once in REFETCH_SECONDS per process, or bad
signatures would become calls to Secrets Manager. A failed fetch is remembered for FAILURE_SECONDS for the
same reason. Nothing here is ever logged but the name of the secret and why it could not be used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import SecretUnusable, Unavailable

REFETCH_SECONDS = 5.0
#: Refetches that may follow each other at once: somebody who adds sources one by one is no attack.
REFETCH_BURST = 10
FAILURE_SECONDS = 1.0

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


@dataclass
class Secret:
    """One secret that holds a JSON object.

    `client` makes the Secrets Manager client when it is first needed; `keep` is in seconds, 0 reads it each
    time; `clock` counts seconds and never goes back (time.monotonic).
    """

    name: str
    client: Callable[[], Any]
    keep: int
    clock: Callable[[], float]
    _kept: str | bytes | None = field(default=None, repr=False)
    _kept_until: float = field(default=float("-inf"), repr=False)
    _refetched_at: float = field(default=0.0, repr=False)
    _refetches: float = field(default=REFETCH_BURST, repr=False)
    _failed_at: float = field(default=float("-inf"), repr=False)
    _failure: Unavailable | None = field(default=None, repr=False)
    _read: tuple[str | bytes, Mapping[str, Any]] | None = field(default=None, repr=False)

    def value(self) -> Mapping[str, Any]:
        """The secret as kept or as fetched.

        Raises SecretUnusable where it is missing or no JSON object, Unavailable where Secrets Manager did not
        answer.
        """
        if self._failure is not None and self.clock() - self._failed_at < FAILURE_SECONDS:
            raise self._failure
        try:
            # After a failure not what is kept: that may be the very text that could not be used.
            found = self._parsed(self._text(force=self._failure is not None))
        except Unavailable as failure:
            self._failed_at, self._failure = self.clock(), failure
            raise
        self._failure = None
        return found

    def fresh(self) -> Mapping[str, Any] | None:
        """The secret fetched anew; None where that was done too often of late.

        Raises as `value`; what is kept stays good then, until its time is over.
        """
        now = self.clock()
        earned = (now - self._refetched_at) / REFETCH_SECONDS
        self._refetches = min(float(REFETCH_BURST), self._refetches + earned)
        self._refetched_at = now
        if self._refetches < 1:
            return None
        self._refetches -= 1
        return self._parsed(self._text(force=True))

    def _text(self, *, force: bool) -> str | bytes:
        if not force and self._kept is not None and self.clock() < self._kept_until:
            return self._kept
        found = fetched(self.client(), self.name)
        self._kept, self._kept_until = found, self.clock() + self.keep
        return found

    def _parsed(self, text: str | bytes) -> Mapping[str, Any]:
        """The text as JSON; the same object for as long as the text is the same one."""
        if self._read is not None and self._read[0] is text:
            return self._read[1]
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            # Not chained: the message of the parser's error can hold a part of the secret.
            raise SecretUnusable(self.name, "is not JSON") from None
        if not isinstance(found, dict):
            raise SecretUnusable(self.name, "is not a JSON object")
        self._read = text, found
        return found
