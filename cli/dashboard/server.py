"""The overview's own HTTP server, for one person on one machine.

It listens on loopback. The address that is printed is good once: it gives the browser a cookie for a path
that nobody can guess, so that neither another user of the machine nor a page of another site can read
anything. A browser is sent there by a file that only its owner can read (opening.py), as everybody can see
the arguments of a process. It answers GET and changes nothing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

import click
from botocore.exceptions import BotoCoreError

from chalicelib.web.page import headers as policy
from chalicelib.web.responses import ALWAYS
from cli.dashboard.page import entrance, plain, render
from cli.output import clean, cleaned

LOOPBACK = "127.0.0.1"
#: Characters of a query; a reference may have 256, each of them nine when it is escaped.
MOST_ASKED = 4000
ALONE = {"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"}
_USED = "This address was good once and has been used. Start expunge dashboard again for a new one."
_NOT_HERE = "There is nothing here. Open the address that expunge dashboard has printed."


@dataclass
class Room:
    """Who may come in, and what is shown. `overview` makes the data; it may raise ClickException,
    BotoCoreError, and what unreadable answers raise. `views`: what is read only when it is looked at, by its
    name and the query; it may raise the same.
    """

    overview: Callable[[], Mapping[str, Any]]
    seconds: float
    views: Mapping[str, Callable[[Mapping[str, str]], Mapping[str, Any]]] = field(default_factory=dict)
    path: str = field(default_factory=lambda: f"/{token_urlsafe(18)}/")
    _key: str = field(default_factory=lambda: token_urlsafe(24))
    _once: str | None = field(default_factory=lambda: token_urlsafe(24))
    _lock: Lock = field(default_factory=Lock)
    _looking: Lock = field(default_factory=Lock)

    @property
    def invitation(self) -> str:
        """The path that lets one browser in."""
        return f"/open/{self._once}"

    def enter(self, path: str) -> str | None:
        """The cookie for the first who comes with the invitation; None for everybody else."""
        with self._lock:
            if self._once is None or not _same(path, self.invitation):
                return None
            self._once = None
        return f"key={self._key}; Path={self.path}; HttpOnly; SameSite=Strict"

    def knows(self, cookies: str) -> bool:
        """Is the key among the cookies?"""
        try:
            found = SimpleCookie(cookies).get("key")
        except CookieError:
            return False
        return found is not None and _same(found.value, self._key)

    def data(self) -> tuple[int, str]:
        """The newest overview as JSON; one is made at a time."""
        return _told(self._lock, self.overview)

    def view(self, path: str) -> tuple[int, str] | None:
        """A view as JSON, by its path below the room's; None where there is none. One is made at a time."""
        name, _, asked = path.partition("?")
        look = self.views.get(name)
        if look is None or len(asked) > MOST_ASKED:
            return None
        query = dict(parse_qsl(asked))
        return _told(self._looking, lambda: look(query))


def _told(lock: Lock, make: Callable[[], Mapping[str, Any]]) -> tuple[int, str]:
    """What was made as JSON with its status, or why not in words."""
    try:
        with lock:
            return 200, json.dumps(cleaned(make()))
    except click.ClickException as problem:
        return 502, json.dumps({"error": clean(problem.format_message())})
    except (BotoCoreError, ValueError, KeyError) as problem:  # credentials that ended, no readable answer
        return 502, json.dumps({"error": clean(f"{type(problem).__name__}: {problem}")})


def serve(room: Room, port: int) -> ThreadingHTTPServer:
    """A server that listens already; `port` 0 takes a free one. Raises OSError where it is taken."""

    class Handler(_Handler):
        """One request, for this room."""

    Handler.room = room
    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    server.daemon_threads = True
    Handler.port = server.server_port
    return server


class _Handler(BaseHTTPRequestHandler):
    room: Room
    port: int
    server_version, sys_version = "expunge", ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Everything that there is."""
        if not self._is_by_our_name():
            return self._words(403, _NOT_HERE)
        if self.path.startswith("/open/"):
            return self._open()
        if not self._is_for_us():
            return self._words(403, _NOT_HERE)
        if not self.room.knows(self.headers.get("Cookie", "")):
            return self._words(404, _NOT_HERE)
        if _same(self.path, self.room.path):
            nonce = token_urlsafe(16)
            return self._answer(200, "text/html", render(nonce, self.room.seconds), policy(nonce))
        found = self._read()
        return self._words(404, _NOT_HERE) if found is None else self._answer(*_typed(found))

    def _read(self) -> tuple[int, str] | None:
        """The data that the path names; None where there is none."""
        if _same(self.path, f"{self.room.path}data.json"):
            return self.room.data()
        inside = self.path.startswith(self.room.path)
        return self.room.view(self.path.removeprefix(self.room.path)) if inside else None

    def _is_by_our_name(self) -> bool:
        """Asked for by a name of this machine."""
        return self.headers.get("Host", "").lower() in {f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"}

    def _is_for_us(self) -> bool:
        """Asked for by no page of another site."""
        return self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")

    def _open(self) -> None:
        """The invitation, which may come from a file of this machine: to browsers another site, from which
        only a whole page may be opened, and no cookie of ours goes along with a redirection.
        """
        if not self._is_for_us() and self.headers.get("Sec-Fetch-Mode") != "navigate":
            return self._words(403, _NOT_HERE)
        cookie = self.room.enter(self.path)
        if cookie is None:
            return self._words(404, _USED)
        if self._is_for_us():
            return self._answer(303, "text/plain", "", {"Location": self.room.path, "Set-Cookie": cookie})
        nonce = token_urlsafe(16)
        entering = entrance(self.room.path, nonce)
        return self._answer(200, "text/html", entering, {**policy(nonce), "Set-Cookie": cookie})

    def _words(self, status: int, words: str) -> None:
        nonce = token_urlsafe(16)
        self._answer(status, "text/html", plain(words, nonce), policy(nonce))

    def _answer(self, status: int, kind: str, text: str, more: Mapping[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        shown = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**ALWAYS, **ALONE, **shown, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's own name
        """Nothing: paths are secrets here."""


def _typed(data: tuple[int, str]) -> tuple[int, str, str]:
    return data[0], "application/json", data[1]


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
