"""One HTTP exchange with Zoho: what left, what came back, and nothing else decided.

No redirects are followed and nothing is sent twice here: what may be repeated is the operation's business. No
cookies, no proxy and no .netrc of the environment: these could send the token elsewhere or replace it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from chalicelib.adapters.zoho.parse import reply_of
from chalicelib.adapters.zoho.request import Ask
from chalicelib.domain.zoho.reply import Item, Reply

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
#: Below this nothing is begun: an answer could hardly come in time, and its outcome would be unknown.
LEAST_SECONDS = 1.0
LARGEST_ANSWER = 4 * 1024 * 1024
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections to one org's hosts, shared by the threads of a process and reused between calls."""

    session: requests.Session
    clock: Callable[[], float]
    monotonic: Callable[[], float] = time.monotonic

    def send(self, base_url: str, ask: Ask, deadline: float) -> Reply:
        """The answer to one request; never raises for what the network or the other side does.

        `deadline`: seconds since the epoch; the exchange ends by then. Raises ValueError where the HTTP
        library would send the request to another path than asked.
        """
        left = deadline - self.clock()
        if left < LEAST_SECONDS:
            return Reply(status=None, sent=False, error=Item("OUT_OF_TIME"), failure="no time left")
        ends = self.monotonic() + left
        request = _prepared(base_url, ask)
        limits: Any = Timeout(total=left, connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left))
        try:
            with self.session.send(request, timeout=limits, stream=True, allow_redirects=False) as response:
                content = self._content(response.raw, ends)
                headers = dict(response.headers)
        except (requests.RequestException, HTTPError, OSError) as error:
            return Reply(status=None, sent=not _never_left(error), failure=type(error).__name__)
        if content is None:
            return Reply(status=None, failure="the answer was too long or too slow")
        return reply_of(response.status_code, headers, content, self.clock(), ask.container)

    def _content(self, raw: BaseHTTPResponse, ends: float) -> bytes | None:
        """The whole body; None where it is larger than we take or still coming when the time is over.

        Read piece by piece as it arrives: a timeout of the socket alone starts again with every byte.
        """
        content = bytearray()
        while True:
            left = ends - self.monotonic()
            if left <= 0 or len(content) > LARGEST_ANSWER:
                return None
            sock = getattr(raw.connection, "sock", None)
            if sock is not None:
                sock.settimeout(left)
            piece = raw.read1(_PIECE, decode_content=True)
            if not piece:
                return bytes(content)
            content += piece


def new_session(connections: int) -> requests.Session:
    """A session that keeps up to `connections` to each host, and does nothing on its own."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=max(connections, 1), max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _prepared(base_url: str, ask: Ask) -> requests.PreparedRequest:
    # Unpacked answers ("identity"): a small one cannot grow past the limit on its way.
    headers = {"User-Agent": "expunge", "Accept": "application/json", "Accept-Encoding": "identity"}
    headers.update(ask.headers)
    if ask.body is not None:
        headers.setdefault("Content-Type", "application/json")
    request = requests.Request(ask.method, base_url + ask.target, headers=headers, data=ask.body).prepare()
    if request.path_url != ask.target:
        raise ValueError("the HTTP library would change the path of this request")
    return request


def _never_left(error: Exception) -> bool:
    """Is it certain that nothing was sent? No connection was made: refused, not found, timed out, no trust.

    A connection that broke proves nothing, also not a reused one that broke at once: the request may have
    been read before.
    """
    if isinstance(error, requests.ConnectTimeout):
        return True
    return any(isinstance(each, _NO_CONNECTION) for each in _reasons(error, depth=4))


_NO_CONNECTION = (ConnectTimeoutError, NewConnectionError, ssl.SSLCertVerificationError)


def _reasons(error: BaseException, depth: int) -> Iterator[BaseException]:
    """The error and what it wraps: requests has urllib3's in its arguments, and that one has a reason."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if depth and isinstance(inner, BaseException):
            yield from _reasons(inner, depth - 1)
