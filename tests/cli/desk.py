"""A whole api function on a port of this machine, with a stack.json that the commands find: the real
endpoints over a ledger in memory, and as much of AWS as commands ask (the sources secret, who is asking).
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from click.testing import CliRunner, Result

from chalicelib.adapters.cron import next_time
from chalicelib.service.operators.commands import Operators
from chalicelib.service.retention.policies import Policies
from chalicelib.service.retention.policy_run import RunIntake
from chalicelib.web import operator_routes
from chalicelib.web.operator import OperatorEndpoints
from chalicelib.web.operator_policies import PolicyEndpoints
from chalicelib.web.routes import READ, PublicEndpoints, register_signed
from cli.__main__ import main
from tests.cli.json_fields import foreign
from tests.fake_policies import FakePolicies
from tests.fakes import CONTEXT, House, event

ANN = "arn:aws:sts::123456789012:assumed-role/operators/ann"
_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>{ANN}</Arn><UserId>A</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


@dataclass
class Desk:
    """`asked`: what came, as method and path. `run`: a command, with its stack found; `when_read`: called
    with a deletion's id before its link is read. `zoho`: the secret of the org `default`, None where it has
    none. `objects`: the names in the bucket of evidence.
    """

    house: House
    directory: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    when_read: Callable[[str], object] = lambda _: None
    zoho: Mapping[str, str] | None = None
    objects: list[str] = field(default_factory=list)

    def run(self, *words: str, stdin: bytes | None = None) -> Result:
        """One command."""
        env = {"LOCAL_DIR": str(self.directory), "AWS_EC2_METADATA_DISABLED": "true"}
        return CliRunner().invoke(main, list(words), input=stdin, env=env)

    def said(self, *words: str, code: int = 0, stdin: bytes | None = None) -> str:
        """What a command writes, without the metrics that the application in this process writes."""
        done = self.run(*words, stdin=stdin)
        assert done.exit_code == code, done.output
        return "".join(line for line in done.output.splitlines(True) if not line.startswith('{"_aws"'))

    def told(self, *words: str, code: int = 0) -> Any:
        """The JSON that a command ends with."""
        answer = json.loads(self.said(*words, "--json", code=code).splitlines()[-1])
        assert foreign(words, answer) == set()
        return answer

    def open(self, url: str) -> None:
        """Everything behind the port at `url`; commands find it by its stack.json."""
        self.url, house = url, self.house
        intake = replace(house.intake, clock=time.time, public_url=url)
        house.endpoints = PublicEndpoints(intake, house.endpoints.reading)
        acceptance = intake.outside
        office = OperatorEndpoints(
            operators=Operators(house.ledger, house.nudges, acceptance),
            orgs=house.ledger,
            sources=house.sources,
            links=house.links,
            note=intake.note,
            clock=time.time,
            max_ids=5000,
            public_url=url,
            log=house.ledger,
        )
        self.store = FakePolicies(house.ledger)
        run_intake = RunIntake(house.ledger, house.nudges, "test", 400)
        policies = Policies(self.store, run_intake, next_time)
        desk = PolicyEndpoints(policies, house.links, intake.note, time.time, url)
        register_signed(house.app, operator_routes.OPERATOR, lambda: office, "operator")
        register_signed(house.app, operator_routes.POLICIES, lambda: desk, "policies")
        stack = {
            "endpoint_url": url, "api_url": url, "work_queue_url": url, "dead_letter_queue_url": url,
            "sources_secret": "sources", "functions": {"api": "api"}, "evidence_bucket": "evidence",
            "credentials": {"access_key_id": "AKIA", "secret_access_key": "s"},
        }  # fmt: skip
        (self.directory / "stack.json").write_text(json.dumps(stack))

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, Any]:
        """(status, headers, body) of one request."""
        parts = urlsplit(target)
        self.asked.append(f"{method} {target}")
        for route in self.house.app.routes:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route)
            found = re.fullmatch(pattern, parts.path)
            if found:
                if method == "GET" and route == READ:
                    self.when_read(found["id"])
                params = {name: unquote(value) for name, value in found.groupdict().items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                sent = event(route, params, headers, body, method=method, query=query)
                sent["requestContext"]["identity"]["userArn"] = ANN
                answer = self.house.app(sent, CONTEXT)
                return answer["statusCode"], answer["headers"], answer["body"]
        if parts.path.strip("/") == "evidence":
            return 200, {"Content-Type": "application/xml"}, self._names(dict(parse_qsl(parts.query)))
        return self._of_aws(parts.path, headers, body)

    def _of_aws(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, Any]:
        """What is asked of AWS itself."""
        if path.endswith("/expunge-local-work/configuration"):
            variables = {"EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS": "true"}
            return 200, {}, json.dumps({"Environment": {"Variables": variables}})
        if b"/zoho/" in body:
            if self.zoho is None or not json.loads(body)["SecretId"].endswith("/zoho/default"):
                return 400, {}, json.dumps({"__type": "ResourceNotFoundException"})
            return 200, {}, json.dumps({"SecretString": json.dumps(self.zoho), "VersionId": "1" * 32})
        if "secretsmanager" in headers.get("X-Amz-Target", ""):
            text = json.dumps(self.house.sources.held)
            return 200, {}, json.dumps({"SecretString": text, "VersionId": "1" * 32, "Name": "sources"})
        return 200, {"Content-Type": "text/xml"}, _IDENTITY

    def _names(self, asked: Mapping[str, str]) -> str:
        """As S3 lists what lies in the bucket."""
        after = asked.get("start-after", "")
        found = [name for name in sorted(self.objects) if name.startswith(asked["prefix"]) and name > after]
        listed = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in found)
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"


@contextmanager
def opened(directory: Path, sources: Any = None, kind: type[Desk] = Desk) -> Iterator[Desk]:
    """A desk of that kind on a free port."""
    desk = kind(House(sources), directory)
    lock = threading.Lock()  # the application is one, as in Lambda

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                status, headers, text = desk.answer(self.command, self.path, dict(self.headers), body)
            data = text.encode() if isinstance(text, str) else text
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815  # the base's own names

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        desk.open(f"http://127.0.0.1:{server.server_address[1]}/")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield desk
        server.shutdown()
