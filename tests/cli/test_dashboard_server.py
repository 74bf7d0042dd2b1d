"""The overview's server: who gets in, what is answered, and that nothing can be changed."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any

import click
import pytest
from botocore.exceptions import UnauthorizedSSOTokenError

from chalicelib.web.page import asset
from cli.dashboard.page import _SCRIPTS, _own
from cli.dashboard.server import Room, serve
from tests.unit.web.test_page import Outline


class Visitor:
    """A client without manners: sends what it is told to, follows nothing."""

    def __init__(self, room: Room, port: int) -> None:
        self.room, self.port = room, port

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=sent)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), body

    def enter(self) -> str:
        status, headers, _ = self.get(self.room.invitation)
        assert (status, headers["Location"]) == (303, self.room.path)
        return headers["Set-Cookie"].partition(";")[0]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    room = Room(lambda: {"stage": "test"}, 5)
    server = serve(room, 0)
    assert server.server_address[0] == "127.0.0.1"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield Visitor(room, server.server_port)
    server.shutdown()
    server.server_close()


def test_the_invitation_is_good_once(visitor: Visitor) -> None:
    invitation = visitor.room.invitation
    status, headers, _ = visitor.get(invitation)
    assert status == 303
    assert headers["Set-Cookie"].endswith(f"; Path={visitor.room.path}; HttpOnly; SameSite=Strict")
    status, headers, text = visitor.get(invitation)
    assert (status, "Set-Cookie" in headers) == (404, False)
    assert "has been used" in text


def test_only_with_the_cookie(visitor: Visitor) -> None:
    cookie = visitor.enter()
    room = visitor.room.path
    assert visitor.get(room, Cookie=cookie)[0] == 200
    status, headers, text = visitor.get(f"{room}data.json", Cookie=cookie)
    assert (status, headers["Content-Type"], json.loads(text)) == (
        200,
        "application/json; charset=utf-8",
        {"stage": "test"},
    )
    for path in (room, f"{room}data.json", "/", "/data.json", "/favicon.ico", "/open/", f"{room}x"):
        for other in (
            "",
            "key=",
            "key=x",
            cookie[:-1],
            "other=1",
            "\udcff".encode("utf-8", "ignore").decode(),
        ):
            assert visitor.get(path, Cookie=other)[0] == 404
    assert visitor.get("/", Cookie=cookie)[0] == 404
    assert visitor.get("/x/data.json", Cookie=cookie)[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_other_names_and_other_sites_are_refused(visitor: Visitor, headers: dict[str, str]) -> None:
    cookie = visitor.enter()
    assert visitor.get(f"{visitor.room.path}data.json", Cookie=cookie, **headers)[0] == 403


def test_localhost_is_this_machine_too(visitor: Visitor) -> None:
    cookie, here = visitor.enter(), f"localhost:{visitor.port}"
    assert visitor.get(visitor.room.path, Cookie=cookie, Host=here)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_but_get(visitor: Visitor, method: str) -> None:
    cookie = visitor.enter()
    assert visitor.get(visitor.room.path, method, Cookie=cookie)[0] == 501


def test_what_the_browser_is_told(visitor: Visitor) -> None:
    cookie = visitor.enter()
    _, headers, text = visitor.get(visitor.room.path, Cookie=cookie)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Python" not in headers["Server"]
    outline = Outline(text)
    (nonce,) = {attrs.get("nonce") for tag, attrs in outline.found if tag in ("script", "style")}
    policy = headers["Content-Security-Policy"]
    assert f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'" in policy
    assert "unsafe" not in policy
    places = [str(a[n]) for _, a in outline.found for n in ("src", "href", "action") if n in a]
    assert all(place.startswith("data:image/svg+xml,") for place in places)
    assert not [a for _, a in outline.found if "style" in a or any(name.startswith("on") for name in a)]
    ids = [attrs["id"] for _, attrs in outline.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert nonce
    assert nonce not in visitor.get(visitor.room.path, Cookie=cookie)[2]


def test_the_script_makes_no_markup_of_data() -> None:
    script = "".join(map(_own, _SCRIPTS)) + asset("page.js")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "</"):
        assert forbidden not in script


def test_a_failed_read_is_told_in_words() -> None:
    def fails() -> dict[str, Any]:
        raise click.ClickException("GET deletions: HTTP 403")

    status, text = Room(fails, 5).data()
    assert (status, json.loads(text)) == (502, {"error": "GET deletions: HTTP 403"})

    def ended() -> dict[str, Any]:
        raise UnauthorizedSSOTokenError

    status, text = Room(ended, 5).data()
    assert status == 502
    assert "SSO session" in json.loads(text)["error"]


def test_rooms_are_not_alike() -> None:
    rooms = [Room(dict, 5) for _ in range(5)]
    assert len({room.path for room in rooms} | {room.invitation for room in rooms}) == 10
