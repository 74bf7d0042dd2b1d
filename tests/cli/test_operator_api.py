"""What the operators' API is asked for is signed as AWS reads it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cli import http
from cli.operator_api import OperatorApi

KEYS = Credentials("AKIAEXAMPLE", "secret")


@contextmanager
def gateway(refusal: bytes = b"") -> Iterator[OperatorApi]:
    """API Gateway with IAM: it decodes the query, makes the signature anew from that, and compares."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            at = urlsplit(self.path)
            pairs = dict(parse_qsl(at.query, keep_blank_values=True))
            asked = AWSRequest("GET", f"http://{self.headers['Host']}{at.path}", params=pairs)
            asked.headers["Content-Type"] = self.headers["Content-Type"]
            asked.context["timestamp"] = asked.headers["X-Amz-Date"] = self.headers["X-Amz-Date"]
            auth = SigV4Auth(KEYS, "execute-api", "us-east-1")
            wanted = auth.signature(auth.string_to_sign(asked, auth.canonical_request(asked)), asked)
            good = self.headers["Authorization"].endswith(f"Signature={wanted}") and not refusal
            data = b'{"ok": true}' if good else refusal or b'{"message": "The signature does not match."}'
            self.send_response(200 if good else 403)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield OperatorApi(f"http://127.0.0.1:{server.server_address[1]}/", "us-east-1", KEYS)
        server.shutdown()


@pytest.mark.parametrize("value", ["ticket 42", "a+b", "a/b", "50%", "x=1&y=2", "~", "*", "für Ünal", ""])
def test_whatever_is_asked_for_is_signed_as_aws_reads_it(value: str) -> None:
    with gateway() as api:
        assert http.good(api.call("GET", "deletions", {"reference": value, "org": "default"})) == {"ok": True}
