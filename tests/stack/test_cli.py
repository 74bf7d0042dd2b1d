"""What operators do with `expunge` on the running stack, over SigV4 with IAM enforced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from cli.__main__ import main
from local.filling import new_key
from local.running import RunningStack
from tests.stack.conftest import wait_for
from tests.stack.roles import operator_user
from tests.stack.test_service import add_source, calls, named, sim

pytestmark = pytest.mark.stack

ORG = "office"
Expunge = Callable[..., Result]


@pytest.fixture(scope="module")
def office(stack: RunningStack) -> RunningStack:
    """An org of these tests' own, so that what they pause keeps nobody else waiting."""
    secrets = stack.client("secretsmanager")
    org = json.loads(secrets.get_secret_value(SecretId=stack["zoho_secret"])["SecretString"])
    own = json.dumps({**org, "refresh_token": "1000.office"})
    secrets.create_secret(Name=f"expunge/local/zoho/{ORG}", SecretString=own)
    limits = {"org": ORG, "modules": ["Tasks", "Vendors", "Cases"], "max_records": 20}
    add_source(stack, "office", **limits, keys=[new_key()])
    add_source(stack, "careful", **{**limits, "approve_above": 2}, keys=[new_key()])
    add_source(stack, "operator", **limits, keys=[])
    return stack


@pytest.fixture
def expunge(office: RunningStack, tmp_path: Path) -> Expunge:
    (tmp_path / "stack.json").write_text(json.dumps(office.described), encoding="utf-8")

    def run(*words: str, code: int = 0) -> Result:
        done = CliRunner().invoke(main, list(words), env={"LOCAL_DIR": str(tmp_path)})
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done

    return run


def told(done: Result) -> Any:
    return json.loads(done.stdout)


def sent(expunge: Expunge, *words: str, source: str = "office") -> str:
    found = told(expunge("send", *words, "--source", source, "--json"))
    return str(found["requests"][0]["id"])


def records(stack: RunningStack, module: str, *ids: str, **fields: Any) -> None:
    sim(stack, "records", {module: [{"id": each, **fields} for each in ids]})


def left(stack: RunningStack, module: str) -> set[str]:
    answer = requests.get(f"{stack['zoho_url']}/_sim/records?module={module}", timeout=120)
    return {record["id"] for record in answer.json()}


def status(expunge: Expunge, deletion: str) -> str:
    return str(told(expunge("show", deletion, "--json"))["deletions"][0]["status"])


def test_an_operator_sends_watches_lists_and_exports(office: RunningStack, expunge: Expunge) -> None:
    records(office, "Tasks", "5501", "5502")
    words = ("send", "Tasks", "5501", "5502", "5503", "--operator", "--reference", "t 9", "--json")
    first = told(expunge(*words, "--delivery-id", "op-1"))["requests"][0]
    again = told(expunge(*words, "--delivery-id", "op-1", code=7))["requests"][0]
    assert (again["id"], first["replayed"], again["replayed"]) == (first["id"], False, True)
    seen = told(expunge("watch", first["id"], "--json"))
    assert (seen["counts"]["deleted"], seen["counts"]["already_absent"]) == (2, 1)
    assert not left(office, "Tasks") & {"5501", "5502"}

    shown = expunge("show", first["id"]).stdout
    assert "reference: t 9" in shown
    assert "3 requested: 2 deleted, 1 already absent" in shown
    listed = told(expunge("list", "--org", ORG, "--module", "Tasks", "--since", "1h", "--json"))
    assert [each["asked_by"].rpartition(":")[0] for each in listed["deletions"]] == [
        "arn:aws:iam::000000000000"
    ]
    assert first["id"] in expunge("list", "--org", ORG, "--status", "completed").stdout
    assert "there are none" in expunge("list", "--org", ORG, "--status", "failed").stdout

    lines = expunge("export", first["id"], "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["deleted", "deleted", "already_absent"]
    only = expunge("export", first["link"], "--outcome", "already_absent").stdout.splitlines()
    assert only == [
        "deletion,id,outcome,code,message",
        f"{first['id']},5503,already_absent,ABSENCE_UNPROVEN,",
    ]


def test_paused_then_cancelled_or_resumed(office: RunningStack, expunge: Expunge) -> None:
    records(office, "Tasks", "5511", "5512")
    paused = told(expunge("pause", "--org", ORG, "--reason", "audit", "--json"))
    try:
        assert (paused["paused"], paused["org"], paused["reason"]) == (True, ORG, "audit")
        assert "not paused" in expunge("pause", "--status").stdout  # all orgs are not
        stopped, waiting = sent(expunge, "Tasks", "5511"), sent(expunge, "Tasks", "5512")
        assert (
            "would be cancelled: 1 of 1 record not processed yet"
            in expunge("cancel", stopped, "--dry-run").stdout
        )
        expunge("cancel", stopped)
        expunge("watch", stopped, "--timeout", "30", code=4)
        assert status(expunge, stopped) == "cancelled"
        expunge("cancel", stopped, code=3)
        assert expunge("watch", waiting, "--timeout", "0.1", code=6).exit_code == 6
        expunge("resume", "--org", ORG, "--dry-run")
        assert "audit" in expunge("pause", "--org", ORG, "--status").stdout
    finally:
        expunge("resume", "--org", ORG)
    office.wake("poll")
    expunge("watch", waiting, "--timeout", "60")
    assert left(office, "Tasks") & {"5511", "5512"} == {"5511"}


def test_held_records_stay(office: RunningStack, expunge: Expunge) -> None:
    records(office, "Vendors", "5521", "5522")
    words = ("holds", "set", "Vendors", "5521", "--org", ORG, "--reason", "court", "--until")
    assert (
        told(expunge(*words, "2099-01-01T00:00:00Z", "--dry-run", "--json"))["holds"][0]["reason"] == "court"
    )
    expunge(*words, "2099-01-01T00:00:00Z")
    expunge(*words, "2001-01-01T00:00:00Z", code=3)
    assert "Vendors/5521" in expunge("holds", "list", "--org", ORG).stdout
    assert "court" in expunge("holds", "show", "Vendors", "5521", "--org", ORG).stdout
    expunge("send", "Vendors", "5521", "5522", "--source", "office", "--wait", code=4)
    assert left(office, "Vendors") & {"5521", "5522"} == {"5521"}
    expunge("holds", "remove", "Vendors", "5521", "--org", ORG)
    lost = expunge("holds", "remove", "Vendors", "5521", "5522", "--org", ORG, code=3)
    assert "still to be done: 5521 5522" in lost.output
    expunge("holds", "show", "Vendors", "5521", "--org", ORG, code=3)


def test_what_failed_is_retried_once(office: RunningStack, expunge: Expunge) -> None:
    records(office, "Cases", "5531", "5532")
    error = {"code": "NO_PERMISSION", "message": "no", "details": {}, "status": "error"}
    fault = {"kind": "reply", "method": "DELETE", "path": r"/Cases\W", "status": 403, "body": error}
    sim(office, "faults", [{**fault, "times": 1}])
    failed = sent(expunge, "Cases", "5531", "5532")
    assert "NO_PERMISSION x2" in expunge("watch", failed, code=4).stdout
    assert "would be retried for 2 ids" in expunge("retry", failed, "--dry-run").stdout
    made = told(expunge("retry", failed, "--json"))
    assert told(expunge("retry", failed, "--json"))["id"] == made["id"]
    ended = told(expunge("watch", made["id"], "--json"))["deletions"][0]
    assert (ended["retry_of"], ended["counts"]["deleted"]) == (failed, 2)
    expunge("retry", made["id"], code=3)


def test_a_large_one_waits_for_an_approval_of_its_count_by_another_operator(
    office: RunningStack, expunge: Expunge, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    described = {**office.described, "credentials": operator_user(office, "second-of-the-office")}
    (second / "stack.json").write_text(json.dumps(described), encoding="utf-8")

    def another(*words: str, code: int = 0) -> None:
        done = CliRunner().invoke(main, list(words), env={"LOCAL_DIR": str(second)})
        assert done.exit_code == code, done.output

    ids = ["5541", "5542", "5543"]
    records(office, "Tasks", *ids)
    asked = sent(expunge, "Tasks", *ids, source="careful")
    wait_for(lambda: status(expunge, asked) == "awaiting_approval", what="question")
    assert f"expunge approve {asked} --count 3" in expunge("show", asked).stdout
    expunge("approve", asked, "--count", "3", code=3)  # who asked cannot approve
    expunge("approve", asked, "--count", "3", "--dry-run", code=3)
    another("approve", asked, "--count", "2", code=3)
    another("approve", asked, "--count", "2", "--dry-run", code=3)
    another("approve", asked, "--count", "3", "--dry-run")
    assert status(expunge, asked) == "awaiting_approval"
    another("approve", asked, "--count", "3")
    expunge("watch", asked, "--timeout", "60")
    assert not left(office, "Tasks") & set(ids)


def test_what_nobody_knows_is_resolved(office: RunningStack, expunge: Expunge, tmp_path: Path) -> None:
    """A start without an answer, while others change the view: looking cannot tell what it did."""
    module = "Cases"
    start = f"{module}/actions/mass_delete"
    records(office, module, *[str(55_500 + n) for n in range(9)], Last_Name="Lost")
    sim(office, "views", {"module": module, "cvid": "5559", "criteria": named("Lost")})
    sim(office, "faults", [{"kind": "drop_after", "method": "POST", "path": start}])
    body = {"operation": "mass_delete", "module": module, "cvid": "5559", "freeze": "never"}
    (tmp_path / "view.json").write_text(json.dumps(body))
    lost = sent(expunge, "--request", str(tmp_path / "view.json"))
    wait_for(lambda: calls(office, "POST", start), what="start")
    records(office, module, *[str(55_600 + n) for n in range(3)], Last_Name="Lost")
    expunge("watch", lost, "--timeout", "90", code=5)
    expunge("resolve", lost, "--outcome", "done", "--dry-run")
    expunge("resolve", lost, "--outcome", "done", "--note", "seen at Zoho")
    wait_for(lambda: status(expunge, lost) == "completed", what="end")
    expunge("resolve", lost, "--outcome", "done", code=3)


def test_dead_letters_go_back_to_work(office: RunningStack, expunge: Expunge) -> None:
    records(office, "Tasks", "5561")
    deletion = sent(expunge, "Tasks", "5561")
    sqs, url = office.client("sqs"), office["dead_letter_queue_url"]
    for body in (json.dumps({"deletion": deletion}), "not ours"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    there = told(expunge("redrive", "--dry-run", "--json"))
    assert (there["deletions"].get(deletion), there["foreign"]) == (1, 1)
    done = told(expunge("redrive", "--drop-foreign", "--json"))
    assert (done["nudged"], done["foreign"]) == (len(there["deletions"]), 1)
    assert "0 messages: 0 deletions" in expunge("redrive", "--dry-run").stdout
    expunge("watch", deletion)


def test_a_forgotten_deletion_verifies_at_each_moment(office: RunningStack, expunge: Expunge) -> None:
    records(office, "Tasks", "5571")
    deletion = sent(expunge, "Tasks", "5571", "--reference", "DSR-71")
    expunge("watch", deletion)
    s3, bucket = office.client("s3"), office["evidence_bucket"]

    def there(prefix: str) -> bool:
        return "Contents" in s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/{deletion}.")

    def signed() -> bool:
        office.wake("evidence")
        return there("receipts")

    wait_for(signed, every=1.0, what="the receipt")
    assert "within two minutes" in expunge("forget", deletion, "--yes").stdout
    for look in range(60):  # the schedule of the stage may come between any two of them
        expunge("audit", "verify")
        if not there("records"):
            break
        if look > 1:
            office.wake("evidence")
    note = f"records/{deletion}.jsonl.gz: was forgotten"
    assert note in expunge("audit", "verify").stdout
    wait_for(lambda: "forgotten" in expunge("log", deletion).stdout, what="the end of it")


def test_what_is_not_there(expunge: Expunge) -> None:
    nowhere = "del_01JD0000000000000000000000"
    for words in (("show", nowhere), ("cancel", nowhere), ("retry", nowhere, "--dry-run")):
        expunge(*words, code=3)
    expunge("list", "--since", "yesterday", code=2)
    expunge("send", "Tasks", "1", "--source", "nobody", code=3)
    expunge("send", "Leads", "1", "--source", "office", code=3)
