"""What the front of the local AWS lets in, decided by the request alone (see tests/stack/test_front.py)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from local.front import HEALTH, Request, guarded, key_ids, refusal, remembered

ADDRESS = "127.0.0.1:4566"
KEY = "AKIAISSUED0000000001"
SIGNED = (
    f"AWS4-HMAC-SHA256 Credential={KEY}/20261101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
)
API = "/_aws/execute-api/abc123/local/v1/deletions/del_1"
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def request(
    method: str = "POST",
    path: str = "/",
    *,
    query: str = "",
    host: str | None = ADDRESS,
    signed: str | None = SIGNED,
    more: dict[str, str] | None = None,
) -> Request:
    headers = {"host": host, "authorization": signed, **(more or {})}
    return Request(method, path, query, tuple((k, v) for k, v in headers.items() if v is not None))


def refused(asked: Request) -> int | None:
    found = refusal(asked, ADDRESS, lambda key: key == KEY)
    return None if found is None else found.status


@pytest.mark.parametrize(
    "asked",
    [
        request(),
        request("GET", "/bucket/key", signed=None, query=f"X-Amz-Credential={KEY}%2F20261101%2Fus-east-1"),
        request("GET", "/bucket/key", signed=None, query=f"AWSAccessKeyId={KEY}&Signature=x&Expires=9"),
        request("GET", HEALTH, signed=None),
        request("GET", API, signed=None),
        request("GET", API, signed="Bearer something of the API's own"),
        request("POST", API, signed=None, more={"origin": f"http://{ADDRESS}"}),
        request("GET", API, signed=None, more=LINK),
        request("GET", API, signed=None, more={"sec-fetch-site": "same-origin"}),
    ],
)
def test_what_the_stack_and_its_user_need_is_let_in(asked: Request) -> None:
    assert refused(asked) is None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example:4566",
        "evil.example",
        "localhost:4566",
        "127.0.0.1",
        "127.0.0.1:4567",
        "127.0.0.1:4566.evil.example",
        "abc123.execute-api.127.0.0.1:4566",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("GET", HEALTH), ("GET", API)])
def test_another_host_is_refused_whatever_it_asks_for(host: str | None, method: str, path: str) -> None:
    assert refused(request(method, path, host=host)) == 421


def test_two_hosts_are_refused() -> None:
    asked = request()
    assert refused(Request("POST", "/", "", (*asked.headers, ("host", "evil.example")))) == 421


def test_the_port_of_http_may_be_left_out_and_no_other() -> None:
    def at(address: str, host: str, origin: str) -> bool:
        return refusal(request(host=host, more={"origin": origin}), address, lambda _: True) is None

    assert at("127.0.0.1:80", "127.0.0.1", "http://127.0.0.1")
    assert at("127.0.0.1:80", "127.0.0.1:80", "http://127.0.0.1:80")
    assert not at("127.0.0.1:4566", "127.0.0.1", "http://127.0.0.1")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost:4566",
        "https://127.0.0.1:4566",
        "http://127.0.0.1:8000",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("OPTIONS", "/"), ("GET", HEALTH), ("POST", API)]
)
def test_another_origin_is_refused_whatever_it_asks_for(origin: str, method: str, path: str) -> None:
    assert refused(request(method, path, more={"origin": origin})) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something new"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", HEALTH), ("GET", API)])
def test_a_picture_or_a_script_of_another_site_is_not_delivered(site: str, method: str, path: str) -> None:
    more = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    assert refused(request(method, path, signed=None, more=more)) == 403


@pytest.mark.parametrize(
    "change",
    [
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-mode": "cors"},
        {"sec-fetch-mode": None},
        {"sec-fetch-dest": None},
    ],
)
def test_only_a_link_that_was_followed_leads_here_from_another_site(change: dict[str, Any]) -> None:
    more = {name: value for name, value in {**LINK, **change}.items() if value is not None}
    assert refused(request("GET", API, signed=None, more=more)) == 403
    assert refused(request("POST", API, signed=None, more=LINK)) == 403
    assert refused(request("GET", "/bucket/key", query=f"AWSAccessKeyId={KEY}", more=LINK)) == 403


@pytest.mark.parametrize("key", ["test", "TEST", "000000000000", "123456789012", "AKIAOFNOBODY", ""])
@pytest.mark.parametrize("path", ["/", API, HEALTH])
def test_a_key_that_was_not_issued_is_refused_wherever_it_is_named(key: str, path: str) -> None:
    scope = f"{key}/20261101/us-east-1/sqs/aws4_request"
    headers = [
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        f"AWS4-HMAC-SHA256 SignedHeaders=host, credential={scope}, Signature=0",
        f"AWS4-ECDSA-P256-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        f"AWS {key}:c2lnbmF0dXJl",
        f"AWS3-HTTPS AWSAccessKeyId={key},Algorithm=HmacSHA256,Signature=0",
        f"{SIGNED}, Credential={scope}",
    ]
    for header in headers:
        assert refused(request("GET", path, signed=header)) == 403, header
    for name in ("X-Amz-Credential", "x-amz-credential", "X-AMZ-Credential", "X%2DAmz-Credential"):
        assert refused(request("GET", path, signed=None, query=f"{name}={scope}")) == 403, name
        assert refused(request("GET", path, query=f"{name}={scope}")) == 403, f"{name} beside a good header"
    for name in ("AWSAccessKeyId", "awsaccesskeyid"):
        assert refused(request("GET", path, signed=None, query=f"{name}={key}&Signature=x")) == 403, name
    twice = f"AWSAccessKeyId={KEY}&AWSAccessKeyId={key}"
    assert refused(request("GET", path, signed=None, query=twice)) == 403


def test_a_second_header_hides_no_key() -> None:
    asked = request()
    other = ("authorization", "AWS4-HMAC-SHA256 Credential=test/20261101/us-east-1/sqs/aws4_request")
    assert refused(Request("POST", "/", "", (*asked.headers, other))) == 403
    assert key_ids(Request("POST", "/", "", (other, *asked.headers))) == ["test", KEY]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("GET", "/"),
        ("PUT", "/bucket"),
        ("POST", HEALTH),
        ("POST", "/2015-03-31/functions"),
        ("GET", "/_aws/execute-api/abc123"),
        ("GET", "/_aws/execute-api/../local/x"),
        ("POST", "/oauth2/token"),
        ("GET", "/health"),
    ],
)
def test_without_a_key_nothing_answers_but_health_and_the_api(method: str, path: str) -> None:
    assert refused(request(method, path, signed=None)) == 403
    assert refused(request(method, path, signed="Bearer of nothing")) == 403


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack/config", "/_ministack/lambda-code/x", "/_localstack/x"]
)
def test_the_pages_of_the_emulator_itself_are_closed_to_everybody(path: str) -> None:
    assert refused(request("POST", path)) == 403
    assert refused(request("GET", path)) == 403


class Behind:
    """The application behind the front: shows its answer to every origin."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope["type"])
        headers = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-max-age", b"1"), (b"etag", b"x")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"secret"})


def sent_by(app: Any, scope: dict[str, Any]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    parts = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
    ]

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(message: dict[str, Any]) -> None:
        answers.append(dict(message))

    asyncio.run(app(scope, receive, send))
    return answers


def scope(host: bytes) -> dict[str, Any]:
    headers = [(b"host", host), (b"Authorization", SIGNED.encode())]
    return {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}


def test_an_answer_is_shown_to_no_other_origin() -> None:
    answers = sent_by(guarded(Behind(), ADDRESS, lambda _: True), scope(ADDRESS.encode()))
    assert answers[0]["headers"] == [(b"etag", b"x")]
    assert answers[1]["body"] == b"secret"


def test_what_is_refused_never_reaches_what_is_behind() -> None:
    behind = Behind()
    answers = sent_by(guarded(behind, ADDRESS, lambda _: True), scope(b"evil.example"))
    assert (answers[0]["status"], behind.seen) == (421, [])
    assert sent_by(guarded(behind, ADDRESS, lambda _: True), {"type": "websocket"}) == [
        {"type": "websocket.close"}
    ]
    assert behind.seen == []


def test_starting_and_stopping_pass() -> None:
    behind = Behind()
    sent_by(guarded(behind, ADDRESS, lambda _: True), {"type": "lifespan"})
    assert behind.seen == ["lifespan"]


# --- what is remembered --------------------------------------------------------------------------


def test_what_was_made_of_a_text_is_made_once_and_is_everybodys_own() -> None:
    read: list[str] = []

    def words(text: str) -> list[str]:
        read.append(text)
        return text.split()

    ask = remembered(words)
    ask("a = :b").append("added by a caller")
    assert ask("a = :b") == ["a", "=", ":b"]
    assert ask("c = :d") == ["c", "=", ":d"]
    assert read == ["a = :b", "c = :d"]


def test_what_cannot_be_remembered_is_made_anew() -> None:
    ask = remembered(sorted)
    assert ask({"Statement": []}) == ask({"Statement": []}) == ["Statement"]
    with pytest.raises(TypeError, match="NoneType"):
        ask(None)


def test_only_the_newest_are_remembered() -> None:
    read: list[int] = []
    ask = remembered(read.append, most=2)
    for number in (1, 2, 3, 1, 1):
        ask(number)
    assert read == [1, 2, 3, 1]
