"""The simulator over HTTP/1.1 with connections kept alive, one thread a connection, for one machine.

The standard library's server is used and not werkzeug's: that one closes every connection after its answer
and waits 10 ms for stray bytes before it does.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from simulator.app import Simulator
from simulator.clock import SimClock
from simulator.http import Answer, Call
from simulator.settings import Settings


class _Handler(BaseHTTPRequestHandler):
    """Reads a call, hands it to the simulator, writes the answer in one packet."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 300
    server: Server

    def handle_one_request(self) -> None:
        """One request of a connection; a caller that goes away is no error."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._write(self.server.sim.answer(Call(self.command, path, query, headers, self._body())))
        except (ConnectionError, TimeoutError, ValueError):
            self.close_connection = True

    def version_string(self) -> str:
        """The ``Server`` header of Zoho's answers."""
        return "ZGS"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The ``Date`` header: the simulator's clock, as everything else that Zoho tells of times."""
        return super().date_time_string(self.server.sim.clock.now() if timestamp is None else timestamp)

    def handle_expect_100(self) -> bool:
        """Answers ``Expect: 100-continue`` at once; a buffered answer would let curl wait a second."""
        found = super().handle_expect_100()
        self.wfile.flush()
        return found

    def _body(self) -> bytes:
        """The whole body. Raises ``ValueError`` when its length makes no sense."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            length = int(self.headers.get("Content-Length") or 0)
            if length < 0:
                raise ValueError("negative Content-Length")
            return self.rfile.read(length)
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _write(self, answer: Answer) -> None:
        if answer.dropped:
            self.close_connection = True
            return
        content, content_type = answer.encoded()
        self.send_response(answer.status)
        if answer.status != 204:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store, no-cache, must-revalidate, private")
        for name, value in answer.headers.items():
            if name.lower() not in ("content-type", "content-length"):
                self.send_header(name, value)
        self.end_headers()
        if answer.status not in (204, 304) and self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Says nothing: ``/_sim/calls`` is the log."""


class Server(ThreadingHTTPServer):
    """A listening simulator. ``url`` is its address, ``sim`` the ``Simulator`` behind it.

    ``port`` 0 takes a free one. Raises ``OSError`` when the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, sim: Simulator, host: str = "127.0.0.1", port: int = 0) -> None:
        self.sim = sim
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Binds without looking up the host's name, which can take seconds."""
        socket.socket.bind(self.socket, self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def url(self) -> str:
        """For example ``http://127.0.0.1:9000``."""
        host = self.server_name
        return f"http://[{host}]:{self.server_port}" if ":" in host else f"http://{host}:{self.server_port}"


@contextmanager
def running(
    port: int = 0,
    *,
    settings: Settings | None = None,
    clock: SimClock | None = None,
    documents: bool = True,
) -> Iterator[Server]:
    """A simulator in a thread of this process, for tests; it stops at the end of the block.

    ``clock`` may stand still (see ``SimClock``); ``documents=False`` starts without the documents' records.
    """
    server = Server(Simulator(settings, clock, documents=documents), port=port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
