"""What operators ask for is signed as AWS reads it, and an answer that is no names the next step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cli import http
from cli.ends import OutOfReach
from cli.operator_api import OperatorApi
from tests.cli.desk import Desk, opened

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


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (b'{"message": "The security token is expired"}', "HTTP 403: The security token is expired"),
        (b'{"Message": "User: x is not authorized"}', "HTTP 403: User: x is not authorized"),
        (b"<html>", "HTTP 403: no readable answer"),
        (b'{"message": null}', "HTTP 403: no readable answer"),
        (b"[]", "HTTP 403: no readable answer"),
    ],
)
def test_what_api_gateway_says_by_itself_is_told_with_the_next_step(refusal: bytes, says: str) -> None:
    with gateway(refusal) as api, pytest.raises(OutOfReach) as problem:
        http.good(api.call("GET", "deletions"))
    assert problem.value.message.startswith(says)
    assert "docs/TROUBLESHOOTING.md" in problem.value.message


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


UNKNOWN = "del_01M8298QNC9R2FS46471MHPX7V"


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (["show", UNKNOWN], "expunge list"),
        (["cancel", UNKNOWN], "expunge list"),
        (["retry", UNKNOWN], "expunge list"),
        (["approve", UNKNOWN, "--count", "1"], "expunge list"),
        (["resolve", UNKNOWN, "--outcome", "done"], "expunge list"),
        (["export", UNKNOWN], "expunge list"),
        (["watch", UNKNOWN], "expunge list"),
        (["holds", "show", "Leads", "7"], "expunge holds list"),
        (["holds", "remove", "Leads", "7"], "expunge holds list"),
        (["policies", "run", "nothing"], "expunge policies list"),
        (["policies", "remove", "nothing"], "expunge policies list"),
    ],
)
def test_what_is_not_there_names_the_command_that_lists_what_is(
    desk: Desk, words: list[str], step: str
) -> None:
    assert f"{step} shows" in desk.said(*words, code=3)
