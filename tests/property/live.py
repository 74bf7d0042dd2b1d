"""A whole service in one process: the real door, table adapter and Zoho client around the simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.zoho.orgs import Stage as OrgStage
from chalicelib.adapters.zoho.orgs import ZohoOrgs
from chalicelib.adapters.zoho.token import Tools
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.zoho_port import ZohoFactory
from chalicelib.web.http import HttpRequest
from chalicelib.web.intake import Intake
from chalicelib.web.signature import Unauthorized
from simulator import SimClock, running
from simulator.http import Call
from simulator.server import Server
from tests.crash.layer import Died, Process
from tests.crash.stage import Stage
from tests.fakes import LINK_KEYS, SOURCES, FakeSecret, signed

VIEW = "777000000000000001"
LEADS = tuple(f"4104050000022640{n:02}" for n in range(20))
#: Nobody ever asks for these.
KEPT = tuple(f"4104050000022650{n:02}" for n in range(5))
#: The view holds every contact of this name, also those that come later.
IN_VIEW = {"field": {"api_name": "Last_Name"}, "comparator": "equal", "value": "B"}
CONTACTS = tuple(f"3652397000000925{n:03}" for n in range(8))


class Vault:
    """Secrets Manager in memory, as far as the Zoho adapter uses it."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 -- boto3's names
        if SecretId not in self.values:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")
        return {"SecretString": self.values[SecretId]}

    def put_secret_value(self, SecretId: str, SecretString: str) -> None:  # noqa: N803 -- boto3's names
        self.get_secret_value(SecretId)
        self.values[SecretId] = SecretString

    def create_secret(self, Name: str, SecretString: str) -> None:  # noqa: N803 -- boto3's names
        self.values[Name] = SecretString


class LiveStage(Stage):
    """The stage of the crash matrix with nothing faked but the queue, the topic, the vault and the clock."""

    def __init__(self, table: Table, server: Server) -> None:
        super().__init__(table, concurrency=10)
        self.server = server
        org = {
            "client_id": "1000.A",
            "client_secret": "s",
            "refresh_token": "1000.B",
            "data_center": "us",
            "environment": "production",
            "api_version": "v7",
            "accounts_url": server.url,
            "api_url": server.url,
        }
        self.vault = Vault({"expunge/test/zoho/default": json.dumps(org)})

    def clients(self) -> ZohoFactory:
        tools = Tools(lambda: self.now, self._sleep, lambda: 0.5, f"process {len(self.recorder.names)}")
        hosts = OrgStage("expunge/test/zoho/", 30, custom_hosts=True)
        return ZohoOrgs(self.vault, hosts, self.ledger, tools)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def deliver(self, body: bytes, delivery: str, *, key_of: str = "crm", tamper: bool = False) -> str:
        """One delivery at the door: the deletion's id, or the code of the refusal."""
        headers = signed(body, self.now, delivery)
        sent = body.replace(b'"ids"', b'"ids" ') if tamper else body
        headers = {name.lower(): value for name, value in headers.items()}
        request = HttpRequest("POST", {"source": key_of}, {}, headers, sent, "request")
        process = Process(self.recorder)
        outside = Acceptance(
            process.ledger(self.ledger), process.nudges(self.queue), self._bytes, "test", 400
        )
        door = Intake(
            outside=outside,
            sources=FakeSecret({**SOURCES, "crm": {**SOURCES["crm"], "permanent_min_days": 0}}),
            links=FakeSecret(LINK_KEYS),
            note=lambda what, /, **facts: None,
            clock=lambda: self.now,
            max_ids=5000,
            token_window=600,
        )
        try:
            answer = door(request)
        except Unauthorized:
            return "unauthorized"
        except Conflict:
            return "conflict"
        except (Unavailable, Died):
            return "unavailable"
        assert isinstance(answer.body, dict)
        return str(answer.body["id"])

    # --- the simulator ---------------------------------------------------------------------------------

    def control(self, name: str, body: Any) -> None:
        call = Call("POST", f"/_sim/{name}", body=json.dumps(body).encode())
        assert self.server.sim.answer(call).status == 200

    def records(self, module: str) -> set[str]:
        found = self.server.sim.state.store.find_module(module)
        assert found is not None
        return set(found.records)


@contextmanager
def live(table: Table) -> Iterator[LiveStage]:
    """A stage with its simulator, whose clock is the stage's."""
    now = [0.0]
    stage: LiveStage | None = None
    clock = SimClock(lambda: stage.now if stage else now[0])
    with running(clock=clock, documents=False) as server:
        stage = LiveStage(table, server)
        server.sim.load(
            {
                "records": {
                    "Leads": [{"id": one, "Last_Name": "A"} for one in (*LEADS, *KEPT)],
                    "Contacts": [{"id": one, "Last_Name": "B"} for one in CONTACTS],
                },
                "views": [{"module": "Contacts", "cvid": VIEW, "criteria": IN_VIEW}],
            }
        )
        yield stage
