"""HTTP for the commands: one connection kept, no proxies on loopback, tries that are bounded."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import click
import requests

from cli.ends import OutOfReach
from cli.target import Refused

SECONDS = 30.0
#: Answers after which the same request may do better: throttled, or not known to be accepted.
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
#: What an operator's call names, and where the names of that kind are found.
_NAMED = re.compile(r"/v1/operator/(deletions|holds|policies)/.")
_LISTED = {
    "deletions": "; expunge list shows those of the last 30 days, with --since older ones",
    "holds": "; expunge holds list shows what is held in an org (--org)",
    "policies": "; expunge policies list shows the policies of an org (--org)",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NoAnswer(OutOfReach):
    """The service gave no answer: whether it did anything is not known."""


@lru_cache(maxsize=2)
def _session(*, own_machine: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = not own_machine  # proxies have no business on loopback
    return session


def exchange(
    method: str, url: str, data: bytes = b"", headers: Mapping[str, str] | None = None
) -> requests.Response:
    """One request. Raises NoAnswer."""
    session = _session(own_machine=urlsplit(url).hostname in _LOOPBACK)
    try:
        return session.request(
            method, url, data=data, headers=dict(headers or {}), timeout=SECONDS, allow_redirects=False
        )
    except requests.RequestException as problem:
        raise NoAnswer(f"{url.partition('?')[0]} gives no answer: {type(problem).__name__}") from problem


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long (seconds) a request is tried again. A Retry-After counts, up to `longest`."""

    tries: int = 8
    first: float = 0.5
    longest: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def pause(self, failed: int, answer: requests.Response | None) -> float:
        """How long to wait after that many failed tries."""
        asked = (answer.headers.get("Retry-After") or "") if answer is not None else ""
        if asked.isascii() and asked.isdigit():
            return float(min(int(asked), self.longest))
        return min(self.first * float(2**failed), self.longest) * random.uniform(0.75, 1.0)  # noqa: S311 -- no secret


def tried(
    send: Callable[[], requests.Response], retries: RetryPolicy, tell: Callable[[str], None]
) -> requests.Response:
    """The answer of `send`, called again where that may help. Raises OutOfReach when the tries are over."""
    why = ""
    for failed in range(retries.tries):
        answer: requests.Response | None = None
        try:
            answer = send()
        except NoAnswer as problem:
            why = problem.message
        else:
            if not may_change(answer):
                return answer
            why = f"HTTP {answer.status_code}: {message(answer)}"
        if failed + 1 < retries.tries:
            pause = retries.pause(failed, answer)
            tell(f"{why}; trying again in {pause:.1f} s")
            retries.sleep(pause)
    raise OutOfReach(f"{why}, after {retries.tries} tries")


def message(answer: requests.Response) -> str:
    """What an error answer says, with its fields."""
    try:
        said = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return _by_itself(answer) or "no readable answer"
    return "; ".join([said, *(f"{each['path'] or 'body'} {each['problem']}" for each in fields(answer))])


def fields(answer: requests.Response) -> list[dict[str, str]]:
    """The `fields` of an error answer, each with `path` and `problem`; none where it is not the service's."""
    try:
        found = answer.json()["error"].get("fields") or []
        return [{"path": str(each["path"]), "problem": str(each["problem"])} for each in found]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _by_itself(answer: requests.Response) -> str:
    """What API Gateway says where the service was not reached; "" where that cannot be read."""
    try:
        found = answer.json()
        said = found.get("message", found.get("Message"))
    except (ValueError, AttributeError):
        return ""
    return said if isinstance(said, str) else ""


def may_change(answer: requests.Response) -> bool:
    """May the same request do better in a moment? A limit over time stays reached for up to a day."""
    return answer.status_code in TRY_AGAIN and code(answer) != "limit_reached"


def code(answer: requests.Response) -> str:
    """The service's code of an error answer; "" where somebody else answered, such as API Gateway."""
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


class NotThere(Refused):
    """The service itself said that there is no such thing."""


def absent(answer: requests.Response) -> bool:
    """Did the service itself say that it is not there? A 404 of somebody on the way says nothing of it."""
    return answer.status_code == 404 and code(answer) == "not_found"


def good(answer: requests.Response) -> dict[str, Any]:
    """The body of a good answer. Raises Refused where the service said no (NotThere: there is no such thing),
    else OutOfReach.
    """
    if answer.ok:
        try:
            found: dict[str, Any] = answer.json()
        except json.JSONDecodeError as problem:
            raise OutOfReach(f"{answer.url.partition('?')[0]} answered with no JSON") from problem
        return found
    words = f"HTTP {answer.status_code}: {message(answer)}{_next_step(answer)}"
    if absent(answer):
        raise NotThere(words)
    refused = not may_change(answer) and code(answer)
    kind: type[click.ClickException] = Refused if refused else OutOfReach
    raise kind(words)


def later(answer: requests.Response) -> str:
    """When a refused request may be sent again; "" where the answer does not say."""
    asked = answer.headers.get("Retry-After") or ""
    if not (asked.isascii() and asked.isdigit()):
        return ""
    seconds = int(asked)
    hours, minutes = divmod(-(-seconds // 60), 60)
    return f"; send it again in {f'{hours} h {minutes} min' if seconds > 120 else f'{seconds} s'}"


def _next_step(answer: requests.Response) -> str:
    """Where to look after an answer that says nothing of it; "" after the others."""
    if answer.status_code == 403 and not code(answer):
        return "; docs/TROUBLESHOOTING.md tells rights, expired sessions and clocks apart"
    if answer.status_code == 429:
        return later(answer)
    named = _NAMED.search(urlsplit(answer.url).path)
    if answer.status_code != 404 or named is None:
        return ""
    return _LISTED[named[1]]
