"""Canaries in secrets, tokens, bodies, ids and Zoho's answers, through the running stack: they show where the
contract lists them and nowhere else. What the functions logged, published and answered is searched as text.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from local import filling
from local import stack as local_stack
from local.running import RunningStack
from local.settings import Settings
from tests.stack.conftest import FINAL, wait_for

pytestmark = pytest.mark.stack

CANARY = "CANARY" + secrets.token_hex(4)
KEY = "whsec_" + base64.b64encode(f"{CANARY}-w8Zr!q2Lx_Vb9.tPk4~mHs7+G".encode()).decode()
BROKEN_KEY = "whsec_" + base64.b64encode(f"{CANARY}-q3Xn:u8Jc+Tf5.yRd1!gWz6~".encode()).decode()
BEARER = f"{CANARY}-w8Zrq2LxVb9tPk4mHs7G"
SECRETS: dict[str, dict[str, Any]] = {
    "sources": {
        "crm-workflow": {"keys": [KEY], "modules": ["Leads"]},
        "plain": {"profile": "token", "keys": [BEARER], "modules": ["Leads"]},
        "broken": {"keys": [BROKEN_KEY, f"{CANARY}-broken"], CANARY: CANARY},
    },
    "links": {"new": f"{CANARY}-links-key-0123456789-0123456789", "old": []},
}
GONE, LOCKED, UNSURE, RETRIED, PLANNED = IDS = [f"41040500000{n}887766" for n in range(1, 6)]
REFERENCE, REASON, DELIVERY = (f"{CANARY}-{name}" for name in ("reference", "reason", "delivery"))


@dataclass
class Outside:
    """Everything that left the service."""

    stack: RunningStack
    answers: list[requests.Response] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def send(self, body: Any, **how: Any) -> requests.Response:
        self.answers.append(self.stack.send(body, **{"key": KEY, **how}))
        return self.answers[-1]

    def get(self, link: str, **headers: str) -> None:
        self.answers.append(self.stack.get(link, **headers))

    def ended(self, count: int) -> bool:
        """Takes what was published, attributes too; true once `count` deletions have ended."""
        self.stack.wake("poll")
        found = self.stack.client("sqs").receive_message(
            QueueUrl=self.stack["events_queue_url"],
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        for message in found.get("Messages", []):
            self.messages.append(message)
            self.stack.client("sqs").delete_message(
                QueueUrl=self.stack["events_queue_url"], ReceiptHandle=message["ReceiptHandle"]
            )
        events = [json.loads(message["Body"]) for message in self.messages]
        return len({e["subject"] for e in events if e["type"].rpartition(".")[2] in FINAL}) >= count

    def logged(self) -> dict[str, str]:
        """What each function logged, metrics included."""
        logs = self.stack.client("logs")
        names = {n: f"/aws/lambda/{function}" for n, function in self.stack["functions"].items()}
        pages = logs.get_paginator("filter_log_events").paginate
        return {
            name: "\n".join(e["message"] for page in pages(logGroupName=group) for e in page["events"])
            for name, group in names.items()
        }


def sim(stack: RunningStack, what: str, body: Any) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{stack['zoho_url']}/_sim/{what}", json=body, timeout=60).raise_for_status()


def fault(path: str, **more: Any) -> dict[str, Any]:
    return {"kind": "reply", "method": "DELETE", "path": path, "times": 1, **more}


def zoho_misbehaves(stack: RunningStack) -> None:
    """Zoho answers with words that hold what nobody should read, breaks off, and is no JSON."""
    echo = {"code": "NEW_CODE", "message": CANARY, "status": "error", "details": {"id": UNSURE, "x": CANARY}}
    sim(
        stack,
        "records",
        {
            "Leads": [
                {"id": GONE},
                {"id": LOCKED, "Locked__s": True},
                {"id": UNSURE},
                {"id": RETRIED},
                {"id": PLANNED},
            ]
        },
    )
    sim(
        stack,
        "faults",
        [
            fault(f".*{UNSURE}.*", status=200, body={"data": [echo]}),
            fault(f".*{RETRIED}.*", status=500, body=f"<html>{CANARY} {RETRIED}</html>"),
            {"kind": "drop_after", "method": "DELETE", "path": f".*{GONE}.*", "times": 1},
            {"kind": "expired_token", "method": "DELETE", "path": f".*{LOCKED}.*", "times": 1},
        ],
    )


def everything(outside: Outside) -> None:
    """Requests of every kind, good and bad, and what follows from them."""
    stack, body = outside.stack, {"operation": "delete_records", "module": "Leads", "reason": REASON}
    zoho_misbehaves(stack)
    links = [
        outside.send({**body, "ids": [each], "reference": REFERENCE}, delivery=f"{DELIVERY}-{each}").json()
        for each in (GONE, LOCKED, UNSURE, RETRIED)
    ]
    plan = {**body, "ids": [PLANNED], "dry_run": True, "reference": REFERENCE}
    links.append(outside.send(plan, delivery=f"{DELIVERY}-plan").json())
    bearer = {"webhook-id": "", "webhook-signature": "", "Authorization": f"Bearer {BEARER}"}
    links.append(outside.send({**body, "ids": ["1"]}, source="plain", headers=bearer).json())
    outside.send({**body, "ids": [LOCKED]}, delivery=f"{DELIVERY}-plan")
    outside.send({**body, "ids": [CANARY], "module": f"{CANARY}/"}, delivery=f"{DELIVERY}-bad")
    outside.send({**body, "module": "Deals", "ids": [GONE]}, delivery=f"{DELIVERY}-other")
    outside.send({**body, "ids": [GONE]}, source="plain", headers={"Authorization": f"Bearer {CANARY}"})
    outside.send({**body, "ids": [GONE]}, source="broken", key=BROKEN_KEY)
    outside.send({**body, "ids": [GONE]}, source=CANARY.lower())
    outside.send({**body, "ids": [GONE]}, headers={"webhook-signature": f"v1,{CANARY}"})
    outside.send({**body, "ids": [GONE]}, headers={"Content-Type": f"text/{CANARY}"})
    wait_for(lambda: outside.ended(len(links)), seconds=300, what="end of every deletion")
    for each in links:
        link = each["links"]["self"]
        outside.get(link)
        outside.get(link, Accept="text/html")
        outside.get(link.replace("?", "/records?"))
        outside.get(link[:-1] + CANARY)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A stack of its own with canaries for secrets, after everything was tried on it."""
    settings = Settings(
        tmp_path_factory.mktemp("leaks"),
        overrides={"EXPUNGE_GIVE_UP_SECONDS": "8", "EXPUNGE_SECRET_CACHE_SECONDS": "0"},
    )
    try:
        stack = RunningStack(local_stack.up(settings))
        zoho = filling.zoho(stack["zoho_url"])
        canaries = {"client_secret": f"{CANARY}-client-secret", "refresh_token": f"1000.{CANARY}.refresh"}
        values = {f"expunge/local/{name}": value for name, value in SECRETS.items()}
        filling.fill(stack.aws, {**values, stack["zoho_secret"]: {**zoho, **canaries}})
        found = Outside(stack)
        everything(found)
        yield found
    finally:
        local_stack.down(settings)


def hidden(stack: RunningStack) -> list[str]:
    """What may show nowhere at all: keys, credentials, tokens, and their base64."""
    reader = stack.client("secretsmanager")
    kept = json.loads(reader.get_secret_value(SecretId=stack["zoho_secret"] + "/token")["SecretString"])
    tokens = [value for value in kept.values() if isinstance(value, str) and value.startswith("1000.")]
    assert tokens
    known = json.loads(reader.get_secret_value(SecretId=stack["zoho_secret"])["SecretString"])
    names = ("client_id", "client_secret", "refresh_token")
    links_key = SECRETS["links"]["new"]
    plain = [
        KEY,
        KEY.removeprefix("whsec_"),
        BROKEN_KEY,
        BEARER,
        links_key,
        *tokens,
        *(known[name] for name in names),
    ]
    return [*plain, *(base64.b64encode(each.encode()).decode().rstrip("=")[:-1] for each in plain)]


def test_every_kind_of_answer_was_seen(outside: Outside) -> None:
    seen = {answer.status_code for answer in outside.answers}
    assert seen >= {200, 202, 400, 401, 403, 404, 409, 415, 503}
    ends = {json.loads(message["Body"])["data"]["status"] for message in outside.messages}
    assert {"accepted", "completed", "failed"} <= ends


def test_logs_and_metrics_show_no_canary_no_id_and_no_link(outside: Outside) -> None:
    logged = outside.logged()
    assert "Unauthorized" in logged["api"]
    assert "deletion_finished" in logged["work"] + logged["poll"]
    links = [a.json()["links"]["self"] for a in outside.answers if a.status_code == 202]
    tokens = [link.partition("token=")[2] for link in links]
    for word in (CANARY, CANARY.lower(), *IDS, *tokens, *hidden(outside.stack)):
        assert [name for name, text in logged.items() if word in text] == []


def test_events_show_what_the_contract_lists_and_nothing_else(outside: Outside) -> None:
    words = [*hidden(outside.stack), *IDS, REASON, DELIVERY, "token="]
    for message in outside.messages:
        event = json.loads(message["Body"])
        assert event["data"].pop("reference") in (REFERENCE, None)
        failed, plan = event["data"].pop("failed_ids", []), event["data"].pop("plan")
        assert set(failed) <= {LOCKED, UNSURE}
        assert plan is None or plan["first_ids"] == [PLANNED]
        text = json.dumps([event, message["MessageAttributes"]])
        assert [word for word in (CANARY, *words) if word in text] == []


def test_answers_show_what_the_contract_lists_and_nothing_else(outside: Outside) -> None:
    for answer in outside.answers:
        shown = answer.text + str(answer.headers)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            # The page tells it to people, in its text and in what its script shows again; the JSON to nobody.
            assert shown.count(REASON) == 2
            shown = shown.replace(REASON, "")
        assert [word for word in (REASON, DELIVERY, *hidden(outside.stack)) if word in shown] == []
        allowed = shown.replace(REFERENCE, "") if answer.status_code in (200, 202) else shown
        if "/records?" not in answer.url:  # where a message of Zoho's about a record is told
            assert CANARY not in allowed
        if answer.status_code not in (200, 202):
            assert [each for each in IDS if each in shown] == []
