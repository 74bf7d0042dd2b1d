"""The front of the local AWS: it runs inside ministack's process and sees every request first.

ministack by itself takes the key ids `test` and twelve digits, and no key at all on some paths, for its
account's root, and it lets pages of every origin in. Whoever may call it may run code on this machine, so a
web page in the developer's browser must not be able to. There is one port: no way leads round the front.

It is run by ministack's own Python, which knows nothing of this repository: standard library only, and what
lies beside ministack.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

HEALTH = "/_ministack/health"
#: Of an unfinished request body, as much is read before a refusal as a client may need to hear it.
DRAINED_BYTES = 1024 * 1024
#: What may be called without a key: the stage's API, whose own routes decide.
_API = re.compile(r"/_aws/execute-api/[A-Za-z0-9]{1,64}/[A-Za-z0-9_-]{1,128}(/.*)?", re.DOTALL)
#: Where a signature names its key: version 4 and its variants, version 2, version 3.
_KEY_IN_HEADER = re.compile(r"credential=([^/]*)|\baws ([^:]*)|awsaccesskeyid=([^,]*)", re.IGNORECASE)
_KEYS_IN_QUERY = frozenset({"x-amz-credential", "awsaccesskeyid"})
_ORIGINS_OF_OUR_OWN = frozenset({"same-origin", "none"})

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request decides whether it is let in. `headers`: lower-cased names, each line by itself."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for known, value in self.headers if known == name]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in: HTTP status, AWS's word for it, and what to do."""

    status: int
    code: str
    message: str


def refusal(request: Request, address: str, issued: Callable[[str], bool]) -> Refusal | None:
    """Why this request is refused, None where it is let in.

    `address`: the one Host, such as 127.0.0.1:4566. `issued`: was this key id made by this local AWS?
    """
    if [_with_port(host) for host in request.all("host")] != [address]:
        return Refusal(421, "MisdirectedRequest", f"this is the local AWS of {address}: use that address")
    if any(_with_port(origin) != f"http://{address}" for origin in request.all("origin")):
        return Refusal(403, "ForeignOrigin", "pages of other origins may not call the local AWS")
    public = _API.fullmatch(request.path) is not None
    if not _from_here(request) and not (public and _followed_link(request)):
        return Refusal(403, "ForeignOrigin", "pages of other sites may only link to the API's pages")
    named = key_ids(request)
    if not all(issued(key) for key in named):
        return Refusal(403, "UnrecognizedClientException", f"no such key here: {_HINT}")
    if public or (request.path == HEALTH and request.method in ("GET", "HEAD")):
        return None
    if request.path.startswith("/_"):
        return Refusal(403, "AccessDenied", "the local AWS keeps its own pages to itself")
    if not named:
        return Refusal(403, "MissingAuthenticationToken", f"the request is not signed: {_HINT}")
    return None


def _with_port(text: str) -> str:
    """A host or an origin with its port: both leave out that of http itself."""
    return text if re.search(r":[0-9]+$", text) else f"{text}:80"


_HINT = "sign it with the credentials in stack.json of the local stack"


def key_ids(request: Request) -> list[str]:
    """Every key id that the request names, in the Authorization header or in the query, however often."""
    in_headers = [each for text in request.all("authorization") for each in _KEY_IN_HEADER.findall(text)]
    query = parse_qsl(request.query, keep_blank_values=True)
    in_query = [value.split("/")[0] for name, value in query if name.lower() in _KEYS_IN_QUERY]
    return ["".join(groups) for groups in in_headers] + in_query


def _from_here(request: Request) -> bool:
    """Browsers say where a request comes from; programs say nothing."""
    return all(site in _ORIGINS_OF_OUR_OWN for site in request.all("sec-fetch-site"))


def _followed_link(request: Request) -> bool:
    """Did somebody follow a link, such as the read link in a message?"""
    return (
        request.method == "GET"
        and request.all("sec-fetch-mode") == ["navigate"]
        and request.all("sec-fetch-dest") == ["document"]
    )


def guarded(app: App, address: str, issued: Callable[[str], bool]) -> App:
    """The ASGI application `app` behind the front. It shows no answer to other origins either."""

    async def front(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        elif scope["type"] != "http":
            await app(scope, receive, send)
        elif refused := refusal(_request(scope), address, issued):
            await _refuse(refused, receive, send)
        else:
            await app(scope, receive, _for_this_origin(send))

    return front


def _request(scope: Message) -> Request:
    lines = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    query = scope.get("query_string", b"").decode("latin-1")
    return Request(scope["method"], scope["path"], query, tuple(lines))


def _for_this_origin(send: Send) -> Send:
    """`send` without the headers by which an answer is shown to pages of other origins."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": list(_own(message.get("headers", ())))}
        await send(message)

    return sent


def _own(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    return (each for each in headers if not bytes(each[0]).lower().startswith(b"access-control-"))


async def _refuse(refused: Refusal, receive: Receive, send: Send) -> None:
    await _drain(receive)
    body = json.dumps({"__type": refused.code, "message": refused.message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-errortype", refused.code.encode()),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _drain(receive: Receive) -> None:
    """Who is still sending would else see a broken connection in place of the answer."""
    size = 0
    while size <= DRAINED_BYTES:
        message = await receive()
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def put_before(ministack: Any) -> None:
    """Puts the front before `ministack` (its module `ministack.app`), which serves what stands there.

    Its address and the id of its root's key are read from the environment, as ministack itself does.
    """
    users, roles = import_module("ministack.core.iam_evaluator"), import_module("ministack.services.sts")
    root = os.environ["AWS_ACCESS_KEY_ID"]

    def issued(key: str) -> bool:
        # ministack has no other list of the keys that it gave to roles.
        if key == root or key in roles._sessions:  # noqa: SLF001 -- see above
            return True
        try:
            return users.find_iam_access_key_account(key) is not None
        except users.AmbiguousAccessKeyError:
            return False

    address = f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"
    ministack.app = guarded(ministack.app, address, issued)


def remembered(pure: Callable[..., Any], most: int = 4096) -> Callable[..., Any]:
    """`pure`, which makes the same of the same text each time, with what it made of the last `most` kept.

    What cannot be a key is made anew. A list is handed out as a copy, as callers may add to theirs.
    """
    kept = lru_cache(most)(pure)

    def ask(*given: Any, **named: Any) -> Any:
        try:
            found = kept(*given, **named)
        except TypeError:  # a document that is no text
            return pure(*given, **named)
        return list(found) if isinstance(found, list) else found

    return ask


def remember_what_was_read() -> None:
    """Lets ministack read each expression and each policy once.

    It reads a query's condition anew for each item that it compares, and a role's policies for each call.
    """
    for module, names in (
        ("ministack.services.dynamodb", ("_tokenize", "_condition_syntax_error")),
        ("ministack.core.iam_evaluator", ("parse_policy_document",)),
    ):
        service = import_module(module)
        for name in names:
            setattr(service, name, remembered(getattr(service, name)))


def run_on_a_quicker_loop() -> None:
    """Half of what a call costs here is its way through sockets and the event loop."""
    asyncio.set_event_loop_policy(import_module("uvloop").EventLoopPolicy())


if __name__ == "__main__":
    run_on_a_quicker_loop()
    server = import_module("ministack.app")
    put_before(server)
    remember_what_was_read()
    server.main()
