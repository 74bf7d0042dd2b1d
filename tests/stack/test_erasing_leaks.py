"""Values of a person's identity through the running stack: they stand where the contract lists them, and
nowhere else. What was logged, published, answered, printed, written and stored is searched as text.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.operator_api import OperatorApi
from local.filling import new_key
from local.running import RunningStack
from local.settings import ROOT
from tests.stack.conftest import FINAL, Events, wait_for
from tests.stack.roles import operator_user
from tests.stack.test_service import add_source

pytestmark = pytest.mark.stack

NAME = "mxqzanna"
EMAIL, OTHER_EMAIL = f"{NAME}@leak.example", f"Second.{NAME}@leak.example"
PHONE = "+43 660 8137254"
LEAD, CONTACT, NAMED = "540000000008137001", "540000000008137002", "540000000008137003"
#: The addresses in any case, and the number in any spelling.
VALUES = re.compile(f"{NAME}|" + r"[\s()./-]{0,3}".join("6608137254"), re.IGNORECASE)
IDENTITY = {
    "emails": [EMAIL, OTHER_EMAIL],
    "phones": [PHONE],
    "records": [{"module": "Contacts", "id": NAMED}],
}
EXPUNGE = ROOT / ".venv" / "bin" / "expunge"


@dataclass
class Left:
    """What left the service, as text by where it was seen. `deletion`: the erasure that went all the way."""

    stack: RunningStack
    events: Events
    told: dict[str, str] = field(default_factory=dict)
    processes: list[list[str]] = field(default_factory=list)
    deletion: str = ""

    def note(self, where: str, answer: requests.Response) -> Any:
        self.told[f"{len(self.told)} {where}"] = f"{answer.status_code} {answer.text} {answer.headers}"
        return (
            answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else None
        )


def sim(stack: RunningStack, control: str, body: Any) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=300).raise_for_status()


def zoho_repeats_values(stack: RunningStack) -> None:
    """Zoho's answers hold the values in code, message and details; one breaks off, one is no JSON."""
    people: list[dict[str, Any]] = [
        {"id": CONTACT, "Last_Name": NAME, "Phone": "+43 (660) 813 72 54"},
        {"id": NAMED, "Last_Name": NAME, "Email": "other@leak.example"},
    ]
    sim(stack, "records", {"Leads": [{"id": LEAD, "Last_Name": NAME, "Email": f"  {EMAIL.upper()} "}]})
    sim(stack, "records", {"Contacts": people})
    said = {"code": EMAIL, "message": f"{EMAIL} {PHONE}", "status": "error", "details": {"value": EMAIL}}
    reply = {"kind": "reply", "times": 1}
    answers = [
        {**reply, "method": "GET", "path": ".*/search.*", "status": 500, "body": said},
        {**reply, "method": "POST", "path": ".*/coql.*", "status": 400, "body": said},
        {**reply, "method": "GET", "path": ".*related_lists.*", "status": 500, "body": f"<p>{EMAIL}</p>"},
        {"kind": "drop_after", "method": "DELETE", "path": f".*{LEAD}.*", "times": 1},
        {**reply, "method": "DELETE", "path": f".*{CONTACT}.*", "status": 429, "body": said},
    ]
    sim(stack, "faults", answers)


def refused_at_the_door(left: Left, key: str) -> None:
    """4xx answers to bodies that hold the values where they do not belong."""
    body = {"operation": "erase_person", "identity": IDENTITY}
    wrong_bodies: dict[str, dict[str, Any]] = {
        "two at signs": {"identity": {"emails": [f"{EMAIL}@x"]}},
        "unknown field": {"identity": {EMAIL: [EMAIL]}},
        "no phone": {"identity": {"phones": [f"{PHONE} x {EMAIL}"]}},
        "no module": {"identity": {"records": [{"module": EMAIL, "id": NAMED}]}},
        "no id": {"identity": {"records": [{"module": "Contacts", "id": EMAIL}]}},
        "a name": {EMAIL: PHONE},
        "ids": {"ids": [EMAIL], "module": EMAIL},
        "operation": {"operation": EMAIL},
    }
    for what, wrong in wrong_bodies.items():
        answer = left.stack.send({**body, **wrong}, source="canary", key=key)
        assert 400 <= answer.status_code < 500, (what, answer.text)
        if what not in ("unknown field", "a name"):  # who sends a field is told its name
            left.note(what, answer)
    left.note("not allowed", left.stack.send(body))
    left.note("no source", left.stack.send(body, source=NAME, key=key))
    left.note("bad signature", left.stack.send(body, source="canary"))


@pytest.fixture(scope="module")
def left(stack: RunningStack, events: Events, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Everything tried once: at the door, by the command, by operators, to the end and its permanent end."""
    found, key = Left(stack, events), new_key()
    place = tmp_path_factory.mktemp("erasing-leaks")
    add_source(stack, "canary", keys=[key], operations=["erase_person"], permanent_min_days=0)
    request = {"operation": "erase_person", "identity": {"emails": ["nobody@leak.example"]}, "dry_run": True}
    wait_for(lambda: stack.send(request, source="canary", key=key).status_code == 202, what="the source")
    zoho_repeats_values(stack)
    refused_at_the_door(found, key)
    no_phone = {"operation": "erase_person", "identity": {"phones": ["0660 8137254"]}}
    refused = found.note("a number that is none", stack.send(no_phone, source="canary", key=key))["id"]
    _by_command(found, key, place)
    api = OperatorApi(stack["api_url"], stack["region"], stack.aws.session().get_credentials())
    _by_operators(found, api)
    end = events.final(found.deletion)["data"]
    assert (end["status"], end["verification"]["found_again"]) == ("completed", 0), end
    assert events.final(refused)["data"]["status"] == "refused"
    for child in api.deletion(found.deletion)["recycle_bin"]["deletions"]:
        assert events.final(child["id"])["data"]["status"] == "completed"
    _pages(found, api)
    requests.delete(f"{stack['zoho_url']}/_sim/faults", timeout=300).raise_for_status()
    return found


def _by_command(found: Left, key: str, place: Path) -> None:
    """The command, with the identity in a file: its output, its files, and what others see of its process."""
    (place / "stack.json").write_text(json.dumps(found.stack.described), encoding="utf-8")
    (place / "identity.json").write_text(json.dumps(IDENTITY), encoding="utf-8")
    words = ["erase", "--identity", "identity.json", "--reference", "DSR-8137", "--permanent-after", "0h"]
    words += ["--source", "canary", "--json"]
    env = {"LOCAL_DIR": str(place), "EXPUNGE_KEY": key, "PATH": "/usr/bin:/bin", "HOME": str(place)}
    done = subprocess.Popen(
        [EXPUNGE, *words], cwd=place, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while done.poll() is None:
        found.processes += _command_lines(done.pid)
        time.sleep(0.2)
    output, errors = done.communicate(timeout=60)
    assert done.returncode == 6, (output, errors)
    found.deletion = json.loads(output)["deletions"][0]["id"]
    found.told["the command's output"] = output + errors
    for file in place.rglob("*"):
        if file.is_file() and file.name != "identity.json":
            found.told[f"the command's {file.name}"] = file.read_text(encoding="utf-8", errors="replace")


def _command_lines(pid: int) -> list[list[str]]:
    try:
        return [Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")]
    except OSError:
        return []


def _by_operators(found: Left, api: OperatorApi) -> None:
    """The map, wrong approvals, a person map with the values in it, and the approval by somebody else."""
    one = f"deletions/{found.deletion}"
    page = found.note("map", api.call("GET", f"{one}/map"))
    assert {each["id"] for each in page["entries"]} == {LEAD, CONTACT, NAMED}
    given = {"map_hash": page["map_hash"], "count": 3}
    wrong: dict[str, Any] = {**given, "map_hash": EMAIL}
    for body in (wrong, {**given, "shared": [EMAIL]}):
        answer = api.call("POST", f"{one}/approve", body=body)
        assert 400 <= answer.status_code < 500
        found.note("approve", answer)
    odd: dict[str, Any] = {"modules": {EMAIL: {"action": "delete"}}, EMAIL: PHONE}
    assert api.call("PUT", "person-map", body=odd).status_code == 400
    other = RunningStack({**found.stack.described, "credentials": operator_user(found.stack, "leak-bob")})
    bob = OperatorApi(other["api_url"], other["region"], other.aws.session().get_credentials())
    assert bob.call("POST", f"{one}/approve", body=given).status_code == 202


def _pages(found: Left, api: OperatorApi) -> None:
    """What can be read of it afterwards."""
    one = f"deletions/{found.deletion}"
    shown = found.note("document", api.call("GET", one))
    for path in (f"{one}/map", f"{one}/log", f"{one}/records", "deletions", "log"):
        found.note(path, api.call("GET", path))
    link = shown["links"]["self"]
    for accept in ("application/json", "text/html"):
        found.note(f"link as {accept}", found.stack.get(link, Accept=accept))
    found.note("records", found.stack.get(link.replace("?", "/records?")))


def test_no_answer_and_nothing_of_the_command_shows_a_value(left: Left) -> None:
    assert [
        (where, VALUES.findall(text)[:3]) for where, text in left.told.items() if VALUES.search(text)
    ] == []
    assert left.processes
    assert not [words for words in left.processes if VALUES.search(" ".join(words))]


def test_no_log_line_and_no_metric_shows_a_value_or_an_id(left: Left) -> None:
    logs = left.stack.client("logs")
    seen = {}
    for name, function in left.stack["functions"].items():
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
        seen[name] = "\n".join(event["message"] for page in pages for event in page["events"])
    assert "deletion_finished" in seen["work"] + seen["poll"]
    assert [name for name, text in seen.items() if VALUES.search(text)] == []
    assert [name for name, text in seen.items() for one in (LEAD, CONTACT, NAMED) if one in text] == []


def test_no_event_and_no_dead_letter_shows_a_value(left: Left) -> None:
    heard = left.events.all()
    assert {event["type"].rpartition(".")[2] for event in heard} & FINAL
    assert not VALUES.search(json.dumps(heard))
    of_it = json.dumps(left.events.of(left.deletion))
    assert [one for one in (LEAD, CONTACT, NAMED) if one in of_it] == []
    sqs = left.stack.client("sqs")
    dead = sqs.receive_message(QueueUrl=left.stack["dead_letter_queue_url"], MaxNumberOfMessages=10)
    assert not VALUES.search(json.dumps(dead.get("Messages", [])))


def test_once_it_is_final_the_table_has_no_value(left: Left) -> None:
    pages = left.stack.client("dynamodb").get_paginator("scan").paginate(TableName=left.stack["table_name"])
    items = [item for page in pages for item in page["Items"]]
    assert any(item["pk"]["S"] == f"D#{left.deletion}" for item in items)
    assert [item["pk"] for item in items if VALUES.search(_readable(item))] == []


def _readable(item: dict[str, Any]) -> str:
    """An item as text, what is packed in it unpacked."""
    packed = [bytes(value["B"]) for value in item.values() if "B" in value]
    return "\n".join([repr(item), *(_unpacked(each) for each in packed)])


def _unpacked(data: bytes) -> str:
    try:
        return zlib.decompress(data).decode()
    except (zlib.error, UnicodeDecodeError):
        return repr(data)


def test_no_object_of_the_evidence_shows_a_value(left: Left) -> None:
    s3, bucket = left.stack.client("s3"), left.stack["evidence_bucket"]
    wanted = f"receipts/{left.deletion}.json"

    def written() -> bool:
        left.stack.wake("poll")
        left.stack.wake("evidence")
        return bool(s3.list_objects_v2(Bucket=bucket, Prefix=wanted).get("Contents"))

    wait_for(written, every=1.0, what="the receipt")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for name in [each["Key"] for page in pages for each in page.get("Contents", [])]:
        data = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
        text = gzip.decompress(data).decode() if name.endswith(".gz") else data.decode()
        if name.startswith(("receipts/", "heads/")):
            text += base64.b64decode(json.loads(text)["payload"]).decode()
        assert not VALUES.search(text), name
        if name == wanted:
            assert [one for one in (LEAD, CONTACT, NAMED) if one in text] == []
