"""A service over HTTP for tests of the commands: answers as it is told, remembers what was asked."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Headers = dict[str, str]
Told = tuple[int, Headers, Any]


@dataclass
class Service:
    """`troubles`: answers that come before the right ones, in their order; a status of 0 is no answer at
    all, and "lost" in the headers means that the work was done all the same.
    """

    url: str = ""
    troubles: list[Told] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)
    taken: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    documents: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    when_sent: Callable[[int], None] = lambda _: None

    def send(self, delivery: str, body: bytes) -> Told:
        """As the service: a new deletion, a replay, or a conflict."""
        self.tries.append(delivery)
        self.when_sent(len(self.tries))
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None and "lost" not in trouble[1]:
            return trouble
        digest = hashlib.sha256(body).hexdigest()
        before = delivery in self.taken
        if before and self.taken[delivery][0] != digest:
            return 409, {}, {"error": {"code": "conflict", "message": "another body", "request_id": "1"}}
        self.taken.setdefault(delivery, (digest, json.loads(body)))
        one = f"del_01JD{list(self.taken).index(delivery):022}"
        link = f"{self.url}v1/deletions/{one}?token={'t' * 43}"
        answer = {"id": one, "status": "accepted", "links": {"self": link}}
        return trouble or (202, {"Idempotent-Replayed": "true"} if before else {}, answer)

    def read(self, one: str) -> Told:
        """The next document of a deletion; the last one again and again."""
        known = self.documents.get(one)
        if not known:
            return 404, {}, {"error": {"code": "not_found", "message": "there is nothing here"}}
        return 200, {}, known.pop(0) if len(known) > 1 else known[0]


@contextmanager
def running() -> Iterator[Service]:
    """A service on a free port of this machine."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*service.send(self.headers["webhook-id"], body))

        def do_GET(self) -> None:
            self._answer(*service.read(self.path.rpartition("/")[2].partition("?")[0]))

        def _answer(self, status: int, headers: Headers, body: Any) -> None:
            if status == 0:
                return  # the connection is closed without a word
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield service
        server.shutdown()


def document(status: str, **more: Any) -> dict[str, Any]:
    """A status document."""
    counts = dict.fromkeys(
        ("requested", "deleted", "already_absent", "failed", "held", "unknown", "pending"), 0
    )
    base: dict[str, Any] = {
        "id": "del_01M8298QNC9R2FS46471MHPX7V",
        "status": status,
        "operation": "delete_records",
        "module": "Leads",
        "org": "default",
        "source": "crm-workflow",
        "reference": None,
        "dry_run": False,
        "created_at": "2026-11-22T18:46:01.260Z",
        "updated_at": "2026-11-22T18:46:04.020Z",
        "finished_at": None,
        "plan": None,
        "waiting_for": None,
        "problems": [],
    }
    return {**base, **more, "counts": {**counts, **more.get("counts", {})}}
