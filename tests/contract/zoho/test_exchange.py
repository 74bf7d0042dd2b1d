"""What network and server can do to one exchange: nothing raises, `sent` is false only where it is sure."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from chalicelib.adapters.zoho.http import LARGEST_ANSWER, Connections, new_session
from chalicelib.adapters.zoho.request import Ask
from chalicelib.domain.zoho.reply import Reply
from tests.contract.zoho.kit import Bench, ReceivedRequest, SmallServer

GET = Ask("GET", "/crm/v7/Leads")
#: The clock of these exchanges stands still, so that none has lost time before it begins (seconds since the
#: epoch); and when those end whose end is nothing to the test.
NOW = 1_790_000_000.0
LATER = NOW + 60


def connections() -> Connections:
    return Connections(new_session(4), lambda: NOW)


def ask(url: str, seconds: float = 60.0) -> Reply:
    return connections().send(url, GET, NOW + seconds)


def free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def raw_server(*answers: bytes | None) -> Iterator[str]:
    """Answers each connection with bytes and hangs up; None never answers."""
    listening = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            kept.append(connection)
            connection.recv(65536)
            if answer is not None:
                with suppress(OSError):  # the client may have hung up by now
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
        for connection in kept:
            connection.close()
        thread.join(timeout=60)


def test_a_refused_connection_never_left() -> None:
    reply = ask(f"http://127.0.0.1:{free_port()}")
    assert (reply.status, reply.sent) == (None, False)
    assert reply.failure == "ConnectionError"


def test_a_name_that_is_not_found_never_left() -> None:
    assert ask("http://nowhere.invalid").sent is False


def test_no_answer_in_time_may_have_been_processed() -> None:
    with raw_server(None) as url:
        begun = time.monotonic()
        reply = ask(url, seconds=1.2)
    assert (reply.status, reply.sent) == (None, True)
    assert time.monotonic() - begun < 20  # the server would never answer


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"\x00\x01 garbage\r\n\r\n"]
)
def test_a_broken_answer_may_have_been_processed(answer: bytes) -> None:
    with raw_server(answer) as url:
        reply = ask(url)
    assert (reply.status, reply.sent) == (None, True)


def test_a_reused_connection_that_breaks_may_have_been_processed(server: SmallServer) -> None:
    shared = connections()
    assert shared.send(server.url, GET, LATER).status == 200
    server.answer = lambda _: None
    reply = shared.send(server.url, GET, LATER)
    assert (reply.status, reply.sent) == (None, True)
    assert len(server.crm) == 2  # and nothing was sent twice behind our back


def test_a_slow_drip_ends_at_the_deadline() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with closing(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    begun = time.monotonic()
    reply = ask(f"http://127.0.0.1:{listening.getsockname()[1]}", seconds=1.2)
    stop.set()
    thread.join(timeout=60)
    listening.close()
    assert (reply.status, reply.sent) == (None, True)
    assert time.monotonic() - begun < 20  # the whole answer would take 50 seconds


def test_nothing_is_begun_without_time() -> None:
    reply = ask("http://127.0.0.1:1", seconds=0.5)
    assert reply.error is not None
    assert (reply.sent, reply.error.code) == (False, "OUT_OF_TIME")


def test_redirects_are_not_followed(server: SmallServer) -> None:
    server.answer = lambda _: (307, b"", {"Location": f"{server.url}/crm/v7/elsewhere"})
    assert ask(server.url).status == 307
    assert len(server.crm) == 1


def test_an_answer_that_is_too_long_is_none(server: SmallServer) -> None:
    server.answer = lambda _: (200, b'{"a": "' + b"x" * LARGEST_ANSWER + b'"}')
    reply = ask(server.url)
    assert (reply.status, reply.sent, reply.body) == (None, True, None)


def test_connections_are_reused_and_cookies_are_not(server: SmallServer) -> None:
    shared = connections()
    server.answer = lambda _: (200, b"{}", {"Set-Cookie": "who=me; Path=/"})
    for _ in range(5):
        shared.send(server.url, GET, LATER)
    assert server.connections == 1
    assert not any("cookie" in seen.headers for seen in server.crm)


def test_threads_share_a_session(server: SmallServer) -> None:
    shared = connections()
    server.answer = lambda seen: (200, json.dumps({"said": seen.target}).encode())
    replies: dict[int, Reply] = {}

    def one(number: int) -> None:
        replies[number] = shared.send(server.url, Ask("GET", f"/crm/{number}"), LATER)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: (r.body or {})["said"] for n, r in replies.items()} == {n: f"/crm/{n}" for n in range(8)}


def test_the_environment_adds_nothing(server: SmallServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ask(server.url).status == 200


def test_retry_after_and_credits_are_read(server: SmallServer) -> None:
    server.answer = lambda _: (429, b"", {"Retry-After": "7", "X-API-CREDITS-REMAINING": "12"})
    reply = ask(server.url)
    assert (reply.retry_after, reply.credits_left) == (7.0, 12)


# --- one more token, once ---


def refusing(*codes: str, status: int = 401) -> object:
    """Refuses the first calls with these codes, then answers."""
    left = list(codes)

    def answer(_: ReceivedRequest) -> tuple[int, bytes]:
        if left:
            return status, json.dumps({"code": left.pop(0), "status": "error", "details": {}}).encode()
        return 200, b'{"count": 3}'

    return answer


@pytest.mark.parametrize("code", ["INVALID_TOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"])
@pytest.mark.parametrize("status", [401, 400])
def test_a_refused_token_is_renewed_once(bench: Bench, server: SmallServer, code: str, status: int) -> None:
    server.answer = refusing(code, status=status)  # type: ignore[assignment]  # a function instead of bytes
    assert bench.client().count("Leads").body == {"count": 3}
    assert [seen.headers["authorization"][-2:] for seen in server.crm] == ["t1", "t2"]


def test_a_token_refused_twice_is_the_answer(bench: Bench, server: SmallServer) -> None:
    server.answer = refusing("INVALID_TOKEN", "INVALID_TOKEN", "INVALID_TOKEN")  # type: ignore[assignment]  # a function instead of bytes
    reply = bench.client().count("Leads")
    assert reply.status == 401
    assert reply.error is not None
    assert (reply.error.code, len(server.crm), server.tokens) == ("INVALID_TOKEN", 2, 2)


@pytest.mark.parametrize("code", ["OAUTH_SCOPE_MISMATCH", "NO_PERMISSION"])
def test_other_refusals_renew_nothing(bench: Bench, server: SmallServer, code: str) -> None:
    server.answer = refusing(code)  # type: ignore[assignment]  # a function instead of bytes
    assert bench.client().count("Leads").status == 401
    assert server.tokens == 1


def test_a_new_secret_is_looked_for_when_credentials_are_refused(bench: Bench, server: SmallServer) -> None:
    orgs = bench.orgs(client_secret="old")
    server.token_answer = lambda: (200, b'{"error": "invalid_client_secret"}')
    reply = orgs("default", bench.clock() + 20).count("Leads")
    assert reply.error is not None
    assert (reply.sent, reply.error.code) == (False, "invalid_client_secret")
    bench.clock.ahead += 30
    bench.orgs(client_secret="new")
    server.token_answer = lambda: (
        (200, b'{"access_token": "1000.good", "expires_in": 3600}')
        if b"client_secret=new" in server.seen[-1].body
        else (200, b'{"error": "invalid_client_secret"}')
    )
    assert orgs("default", bench.clock() + 20).count("Leads").status == 200
    assert server.crm[-1].headers["authorization"].endswith("1000.good")
