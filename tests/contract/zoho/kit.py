"""What these tests share: fakes with real conditional semantics, a small server, an org at any address."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.adapters.zoho.orgs import Stage, ZohoOrgs
from chalicelib.adapters.zoho.token import Tools

PREFIX = "expunge/test/zoho/"


class Clock:
    """Seconds since the epoch: this machine's, moved on by hand, so that deadlines still bind sockets."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Secrets:
    """Secrets Manager in memory: the three calls that the adapters make, with its errors."""

    def __init__(self, **secrets: object) -> None:
        self.values = {name: json.dumps(value) for name, value in secrets.items()}
        self.reads: list[str] = []
        self.versions: list[str] = []
        self.encrypted: dict[str, str] = {}
        self.down = False
        self._lock = threading.Lock()

    def put(self, name: str, value: object) -> None:
        self.values[name] = json.dumps(value)

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        self._check("InternalServiceError")
        with self._lock:
            self.reads.append(SecretId)
            if SecretId not in self.values:
                raise _error("ResourceNotFoundException")
            return {"SecretString": self.values[SecretId]}

    def put_secret_value(self, SecretId: str, SecretString: str) -> None:  # noqa: N803
        self._check("InternalServiceError")
        with self._lock:
            if SecretId not in self.values:
                raise _error("ResourceNotFoundException")
            self.versions.append(SecretId)
            self.values[SecretId] = SecretString

    def create_secret(self, Name: str, SecretString: str, KmsKeyId: str = "") -> None:  # noqa: N803
        self.encrypted[Name] = KmsKeyId
        with self._lock:
            if Name in self.values:
                raise _error("ResourceExistsException")
            self.versions.append(Name)
            self.values[Name] = SecretString

    def _check(self, code: str) -> None:
        if self.down:
            raise _error(code)


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "call")


class Leases:
    """Leases in memory: taken only where free or over, given back only by their owner."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], tuple[str, float]] = {}
        self._blocks: dict[str, tuple[str, float]] = {}
        self._credits: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def take(self, org: str, name: str, owner: str, now: float, until: float) -> bool:
        with self._lock:
            _, ends = self._held.get((org, name), ("", 0.0))
            if ends > now:
                return False
            self._held[org, name] = (owner, until)
            return True

    def give_back(self, org: str, name: str, owner: str) -> None:
        with self._lock:
            if self._held.get((org, name), ("", 0.0))[0] == owner:
                del self._held[org, name]

    def tell_credits(self, org: str, left: int, until: float) -> None:
        with self._lock:
            self._credits[org] = left, until

    def credits_told(self, org: str, now: float) -> int | None:
        with self._lock:
            left, until = self._credits.get(org, (0, 0.0))
            return left if until > now else None

    def in_use(self, org: str, prefix: str, now: float) -> set[str]:
        with self._lock:
            held = self._held.items()
            return {n for (o, n), (_, ends) in held if o == org and n.startswith(prefix) and ends > now}

    def block_tokens(self, org: str, made_for: str, until: float) -> None:
        self._blocks[org] = (made_for, until)

    def tokens_blocked_until(self, org: str, made_for: str) -> float:
        known, until = self._blocks.get(org, ("", 0.0))
        return until if known == made_for else 0.0


def credentials(url: str, **more: object) -> dict[str, object]:
    """An org's secret whose hosts are `url`."""
    secret = {"client_id": "1000.X", "client_secret": "s3cret", "refresh_token": "1000.Y"}
    return {**secret, "accounts_url": url, "api_url": url, **more}


@dataclass
class Bench:
    """Everything around the adapters, for one test. `naps`: seconds that were slept."""

    url: str
    secrets: Secrets = field(default_factory=Secrets)
    leases: Leases = field(default_factory=Leases)
    clock: Clock = field(default_factory=Clock)
    naps: list[float] = field(default_factory=list)
    nap: Callable[[float], None] = lambda _: None
    cache_seconds: float = 300.0
    block_seconds: float = 600.0
    report: Callable[..., None] = lambda *_event, **_fields: None

    def orgs(self, owner: str = "worker", **more: object) -> ZohoOrgs:
        """The factory of a process of its own; the org `default` is made unless it is there."""
        name = f"{PREFIX}default"
        if name not in self.secrets.values or more:
            self.secrets.put(name, credentials(self.url, **more))
        tools = Tools(self.clock, self._sleep, lambda: 0.5, owner, self.block_seconds, self.report)
        return ZohoOrgs(
            self.secrets, Stage(PREFIX, self.cache_seconds, custom_hosts=True), self.leases, tools
        )

    def client(self, seconds: float = 20.0, **more: Any) -> ZohoClient:
        """A client of a process of its own."""
        return self.orgs(**more)("default", self.clock() + seconds)

    def stored(self) -> dict[str, Any]:
        """The shared token as it lies in its secret."""
        value = json.loads(self.secrets.values.get(f"{PREFIX}default/token", "{}"))
        assert isinstance(value, dict)
        return value

    def _sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.nap(seconds)


@dataclass
class ReceivedRequest:
    """One request as it came over the wire; `target` is the raw request line's."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, bytes] | tuple[int, bytes, dict[str, str]] | None


@dataclass
class SmallServer:
    """A server that answers as told and keeps what it saw. `answer` gives status, body and perhaps headers.

    Answering None closes the connection without a word.
    """

    url: str = ""
    seen: list[ReceivedRequest] = field(default_factory=list)
    tokens: int = 0
    answer: Callable[[ReceivedRequest], Answer] = lambda _: (200, b"{}")
    token_answer: Callable[[], Answer] | None = None
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, seen: ReceivedRequest) -> Answer:
        with self.lock:
            self.seen.append(seen)
            if seen.target != "/oauth/v2/token":
                return self.answer(seen)
            self.tokens += 1
            number = self.tokens
        if self.token_answer is not None:
            return self.token_answer()
        body = {
            "access_token": f"1000.t{number}",
            "api_domain": "https://www.zohoapis.com",
            "expires_in": 3600,
        }
        return 200, json.dumps(body).encode()

    @property
    def crm(self) -> list[ReceivedRequest]:
        """The requests to the CRM API."""
        return [each for each in self.seen if each.target.startswith("/crm/")]


@contextmanager
def small_server() -> Iterator[SmallServer]:
    """A small server on a free port of this machine."""
    told = SmallServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            told.connections += 1

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen = ReceivedRequest(
                self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body
            )
            answer = told.reply(seen)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            for name, value in (answer[2] if len(answer) == 3 else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - the library's names

        def log_message(self, *args: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
