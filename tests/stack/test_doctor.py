"""`expunge doctor` on a stack that is broken in every way it looks for, and on one that is well."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore import xform_name
from click.testing import CliRunner

from chalicelib.domain.status import Status
from cli.__main__ import main
from cli.checks import moving, senders, store
from cli.checks.check import CheckContext
from cli.doctor import CHECKS, examine
from cli.target import Target, local
from local import stack as local_stack
from local.running import RunningStack
from local.settings import ROOT, Settings
from simulator.settings import ALL_SCOPES
from tests.stack import breaks
from tests.stack.breaks import Case, together

pytestmark = pytest.mark.stack

POLICY = {
    "module": "Leads",
    "selection": {"field": "Created_Time", "older_than": "10 years"},
    "schedule": {"rate": "1 days"},
}
FEW = ["ZohoCRM.org.READ", "ZohoCRM.modules.ALL", "ZohoCRM.coql.READ", "ZohoCRM.settings.ALL"]
ELSEWHERE = {
    "kind": "reply", "path": "/oauth/v2/token", "status": 200, "times": 1,
    "body": {"access_token": "1000.x", "api_domain": "https://www.zohoapis.eu", "expires_in": 3600},
}  # fmt: skip
LEADS = [
    *FEW[:1],
    *FEW[2:],
    "ZohoCRM.modules.leads.ALL",
    "ZohoCRM.mass_delete.ALL",
    "ZohoSearch.securesearch.READ",
]
LOST = {"pk": {"S": "D#del_LOST"}, "sk": {"S": "META"}, "due": {"S": "due#0"}}


def late() -> dict[str, str]:
    return {"N": str(int(time.time()) - 1200)}


CASES = {
    "no index": Case("table", breaks.no_day_index, "no index day", "make up"),
    "no recovery": Case("table", breaks.no_recovery, "point-in-time recovery", "update-continuous-backups"),
    "no time to live": Case("table", breaks.no_time_to_live, "time to live", "update-time-to-live"),
    "dead letter": Case(
        "queues", breaks.letter("expunge-local-work-dead"), "1 nudges failed", "expunge redrive"
    ),
    "dead schedule": Case(
        "queues", breaks.letter("expunge-local-schedule-dead"), "1 scheduled runs", "purge-queue"
    ),
    "no redrive": Case("queues", breaks.no_redrive, "has no dead-letter queue", "make up"),
    "deaf subscriber": Case(
        "topic", breaks.deaf_subscriber, "sqs shop-results has no dead-letter queue", "RedrivePolicy"
    ),
    "throttled": Case(
        "functions", breaks.throttled("work"), "reserved concurrency is 0", "delete-function-concurrency"
    ),
    "few executions": Case(
        "limits", breaks.taken_executions, "4 workers leave 0 for the api", "request-service-quota-increase"
    ),
    "other table": Case("functions", breaks.other_table, "EXPUNGE_TABLE=elsewhere", "make up"),
    "mapping off": Case("consumer", breaks.mapping_off, "mapping", "update-event-source-mapping --uuid"),
    "poll off": Case(
        "schedules", breaks.schedule_off("poll"), "expunge-local-poll is disabled", "enable-rule"
    ),
    "retention off": Case(
        "schedules", breaks.schedule_off("retention"), "no policy runs by itself", "enable-rule"
    ),
    "evidence not woken": Case(
        "schedules", breaks.schedule_off("evidence"), "no receipt is written", "enable-rule"
    ),
    "evidence may not run": Case(
        "functions",
        breaks.throttled("evidence"),
        "expunge-local-evidence may not run",
        "delete-function-conc",
    ),
    "signing key off": Case("evidence", breaks.signing_key_off, "is Disabled", "kms enable-key"),
    "signing key going": Case(
        "evidence", breaks.signing_key_going, "is PendingDeletion", "kms cancel-key-deletion"
    ),
    "sources no JSON": Case(
        "sources", breaks.secret(breaks.SOURCES, lambda _: "{"), "holds no JSON object", "keys new"
    ),
    "no sources": Case("sources", breaks.secret(breaks.SOURCES, lambda _: {}), "no source", "keys new"),
    "unknown field": Case("sources", breaks.source(max_record=5), "not known", "section 6"),
    "no key": Case("sources", breaks.source(keys=[]), "has no key", "expunge keys rotate crm-workflow"),
    "bad key": Case("sources", breaks.source(keys=["secret"]), "must start with whsec_", "section 6"),
    "weak key": Case(
        "sources",
        breaks.source(profile="token", keys=["password12345678"]),
        "easy to guess",
        "expunge keys revoke crm-workflow --all",
    ),
    "key of two sources": Case(
        "sources",
        breaks.secret(breaks.SOURCES, lambda held: {**held, "erp": held["crm-workflow"]}),
        "has a key of source crm-workflow",
        "expunge keys rotate erp",
    ),
    "no modules": Case(
        "sources", breaks.source(modules=[]), "allows no module", "sources set crm-workflow --module Leads"
    ),
    "links": Case(
        "links", breaks.secret(breaks.LINKS, lambda _: {"keys": []}), "no keys", "put-secret-value"
    ),
    "links marked": Case("links", breaks.marked_for_deletion, "marked for deletion", "restore-secret"),
    "org not there": Case("zoho", breaks.source(org="shop"), "has no secret", "expunge setup --org shop"),
    "org never filled": Case("zoho", breaks.empty_org, "never filled", "expunge setup --org shop"),
    "org's field": Case(
        "zoho", breaks.org(concurency=3), "unknown fields: concurency", "setup --org default"
    ),
    "client id": Case("zoho", breaks.org(client_id="2000.X"), "no such client id", "--data-center"),
    "client secret": Case("zoho", breaks.org(client_secret="wrong"), "client secret", "Client Secret"),
    "revoked": Case(
        "zoho", breaks.org(refresh_token="1000.revoked"), "refresh token", "then expunge setup --org default"
    ),
    "no Zoho": Case(
        "zoho",
        breaks.org(accounts_url="http://127.0.0.1:1", api_url="http://127.0.0.1:1"),
        "no answer",
        "status.zoho.com",
    ),
    "scopes": Case(
        "zoho",
        breaks.zoho("settings", {"scopes": FEW}, {"scopes": list(ALL_SCOPES)}),
        "ZohoCRM.mass_delete.leads.DELETE",
        "new grant code",
    ),
    "policy's scopes": Case(
        "zoho",
        together(
            breaks.policy({**POLICY, "module": "Deals", "name": "old-leads"}),
            breaks.source(modules=["Leads"]),
            breaks.zoho("settings", {"scopes": LEADS}, {"scopes": list(ALL_SCOPES)}),
        ),
        "lacks 2 scopes: ZohoCRM.modules.deals.DELETE, ZohoCRM.modules.deals.READ",
        "new grant code",
    ),
    "data centre": Case(
        "zoho",
        breaks.zoho("faults", [ELSEWHERE], None),
        "lives in data centre eu",
        "expunge setup --org default --data-center eu",
    ),
    "no tokens": Case("zoho", breaks.no_more_tokens, "no tokens for 8 more minutes", "wait"),
    "all paused": Case(
        "pauses",
        breaks.pause("*", paused={"BOOL": True}, reason={"S": "audit"}),
        "every org is paused: audit",
        "expunge resume",
    ),
    "org paused": Case(
        "pauses",
        breaks.pause("default", paused={"BOOL": True}),
        "org default is paused",
        "expunge resume --org default",
    ),
    "source paused": Case(
        "pauses",
        breaks.source_pause("crm-workflow", paused={"BOOL": True}),
        "source crm-workflow is paused",
        "expunge resume --source crm-workflow",
    ),
    "restored": Case("pauses", breaks.pause("*", epoch={"N": "1"}), "was restored", "recover pending"),
    "overdue": Case("overdue", breaks.put(**LOST, next_at=late), "first del_LOST", "logs tail"),
    "broken policy": Case("policies", breaks.policy({"module": "Leads"}), "is broken", "policies apply"),
    "late policy": Case("policies", breaks.policy(POLICY, late=True), "did not run", "retention"),
    "failed policy": Case(
        "policies",
        breaks.policy(POLICY, run=Status.FAILED),
        "failed (NO_PERMISSION)",
        "expunge policies run old-leads",
    ),
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doctor")


@pytest.fixture(scope="module")
def own(directory: Path) -> Iterator[RunningStack]:
    """A stack of its own, as it gets broken."""
    settings = Settings(directory)
    try:
        stack = RunningStack(local_stack.up(settings))
        # Each look without a shared token spends one of the ration, and here are more looks than it has.
        much = {"tokens_per_window": 1000, "live_tokens": 1000}
        requests.post(f"{stack['zoho_url']}/_sim/settings", json=much, timeout=60).raise_for_status()
        yield stack
    finally:
        local_stack.down(settings)


@pytest.fixture(scope="module")
def target(own: RunningStack, directory: Path) -> Target:
    """The stack as commands see it, each client made once."""
    found = local(directory / "stack.json")
    return replace(found, client=cache(found.client))


def findings(target: Target, *, ahead: float = 0.0, ask_zoho: bool = True) -> list[tuple[str, str, str]]:
    reports = examine(CheckContext(target, time.time() + ahead, ask_zoho=ask_zoho))
    assert not [each for each in reports if each.blind]
    return [(each.name, fault.what, fault.mend) for each in reports for fault in each.result.faults]


def run(directory: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["doctor", *words], env={"LOCAL_DIR": str(directory)})
    return done.exit_code, done.output


def kept(own: RunningStack) -> Any:
    """Everything that a look could change: secrets' versions, queues, the table, Zoho's records."""
    secrets = own.client("secretsmanager").list_secrets()["SecretList"]
    versions = {each["Name"]: sorted(each["SecretVersionsToStages"]) for each in secrets}
    rows = own.client("dynamodb").scan(TableName=breaks.TABLE)["Items"]
    state = requests.get(f"{own['zoho_url']}/_sim/state", timeout=60).json()
    return versions, rows, state["records"], state["jobs"]


def test_a_healthy_stack_has_no_findings_and_stays_as_it_is(own: RunningStack, directory: Path) -> None:
    before = kept(own)
    code, said = run(directory, "--json")
    document = json.loads(said)
    assert (code, document["ok"], document["findings"]) == (0, True, []), said
    assert [each["state"] for each in document["checks"]] == ["ok"] * len(CHECKS)
    calls = requests.get(f"{own['zoho_url']}/_sim/calls", timeout=60).json()
    assert {each["method"] for each in calls} <= {"GET", "HEAD", "POST"}
    assert {each["path"] for each in calls if each["method"] == "POST"} <= {"/oauth/v2/token", "/crm/v7/coql"}
    assert kept(own) == before
    code, said = run(directory)
    assert (code, said.splitlines()[-1]) == (0, "local: all well")
    assert max(map(len, said.splitlines())) <= 80


def check_command(mend: str, own: RunningStack) -> None:
    """A command of AWS's in a mend is one that there is, with parameters that it has."""
    for service, name, rest in re.findall(r"\baws ([a-z]+) ([a-z-]+)(.*)", mend):
        if (service, name) == ("logs", "tail"):
            continue  # the command line's own
        client = own.client(service)
        operation = client.meta.method_to_api_mapping[name.replace("-", "_")]
        shape = client.meta.service_model.operation_model(operation).input_shape
        members = {xform_name(member).replace("_", "-") for member in shape.members}
        given = set(re.findall(r"(?<= )--([a-z-]+)", rest)) - {"region", "endpoint-url"}
        assert given <= members, mend
        assert {xform_name(each).replace("_", "-") for each in shape.required_members} <= given, mend


@pytest.mark.parametrize("name", CASES)
def test_it_names_the_fault_and_its_mend(own: RunningStack, target: Target, name: str) -> None:
    case = CASES[name]
    with breaks.broken(case, own):
        found = findings(target, ask_zoho=case.check in ("zoho", "sources"))
    fitting = [each for each in found if each[0] == case.check and case.names in each[1]]
    assert fitting, found
    assert case.mend in fitting[0][2]
    for _, _, mend in found:
        check_command(mend, own)
    others = {each[0] for each in found} - {case.check}
    assert not others - ({"zoho"} if case.check == "sources" else set()), found


def test_after_all_of_it_the_stack_is_well_again(target: Target) -> None:
    assert findings(target) == []


def test_the_shared_token_is_used_where_there_is_one(own: RunningStack, target: Target) -> None:
    lead = {"operation": "delete_records", "module": "Leads", "ids": ["1"], "dry_run": True}
    assert own.send({**lead, "dry_run": False}).status_code == 202
    secrets = own.client("secretsmanager")
    name = f"{breaks.ORG}/token"
    limit = time.monotonic() + 120
    while not any(each["Name"] == name for each in secrets.list_secrets()["SecretList"]):
        assert time.monotonic() < limit
        time.sleep(0.2)
    granted = tokens(own)
    assert findings(target) == []
    assert tokens(own) == granted
    fault = {"kind": "reply", "method": "GET", "path": "/crm/v7/org", "status": 500, "body": "", "times": 1}
    requests.post(f"{own['zoho_url']}/_sim/faults", json=[fault], timeout=60)
    ((_, what, _),) = findings(target)
    assert "cannot be read: HTTP 500" in what
    assert tokens(own) == granted
    requests.post(f"{own['zoho_url']}/_sim/settings", json={"scopes": FEW}, timeout=60)
    assert "ZohoCRM.mass_delete.leads.READ" in findings(target)[0][1]
    assert tokens(own) == granted


def tokens(own: RunningStack) -> int:
    return int(requests.get(f"{own['zoho_url']}/_sim/state", timeout=60).json()["tokens"]["granted"])


@pytest.mark.parametrize(("ahead", "says"), [(400.0, r"\b(3\d\d|40[01]) s ahead of"), (-90.0, r"s behind")])
def test_a_clock_that_is_off(target: Target, ahead: float, says: str) -> None:
    context = CheckContext(target, time.time() + ahead)
    (fault,) = store.account(context).faults
    assert re.search(says, fault.what), fault.what
    assert "timedatectl" in fault.mend


def test_a_stage_that_is_not_there(target: Target) -> None:
    ghost = Target("ghost", "expunge/ghost/sources", "expunge-ghost-api", target.client)
    reports = examine(CheckContext(ghost, time.time()))
    assert [each.name for each in reports] == ["account", "stack"]
    (fault,) = reports[1].result.faults
    assert (fault.what, fault.mend) == (
        "there is no stack expunge-ghost in this account and region", "make deploy STAGE=ghost"
    )  # fmt: skip


def test_parts_that_are_not_there(target: Target) -> None:
    context = CheckContext(
        Target("ghost", "expunge/ghost/sources", "expunge-ghost-api", target.client), time.time()
    )
    said = [
        fault.what
        for check in (store.table, moving.queues, moving.functions, senders.sources, senders.links)
        for fault in check(context).faults
    ]
    assert said[:5] == [
        "there is no table expunge-ghost",
        "there is no queue expunge-ghost-work",
        "there is no queue expunge-ghost-work-dead",
        "there is no queue expunge-ghost-schedule-dead",
        "there is no function expunge-ghost-api",
    ]
    assert said[-2:] == ["there is no secret expunge/ghost/sources", "there is no secret expunge/ghost/links"]


def test_nothing_runs_there(own: RunningStack, tmp_path: Path) -> None:
    code, said = run(tmp_path)
    assert code == 1
    assert "make up" in said
    dead = {**own.described, "endpoint_url": "http://127.0.0.1:1"}
    (tmp_path / "stack.json").write_text(json.dumps(dead), encoding="utf-8")
    code, said = run(tmp_path, "--json")
    document = json.loads(said)
    assert (code, [each["state"] for each in document["checks"]]) == (1, ["?"])
    assert "make up" in document["notes"][0]["mend"]


def test_on_a_screen(own: RunningStack, directory: Path) -> None:
    """In a terminal: colours, and no mark-up that shows."""
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "cli", "doctor", "--no-zoho"]
    env = {**os.environ, "LOCAL_DIR": str(directory), "TERM": "xterm-256color", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=theirs, stderr=theirs, check=False)
    os.close(theirs)
    said = os.read(mine, 1 << 16).decode()
    os.close(mine)
    assert (done.returncode, "\x1b[32mok" in said) == (0, True)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert "[green]" not in plain
    assert re.search(r"^table +ok +expunge-local ACTIVE", plain, re.MULTILINE)
    assert max(map(len, plain.splitlines())) <= 80


def test_findings_on_paper(own: RunningStack, directory: Path) -> None:
    with breaks.broken(CASES["no key"], own):
        code, said = run(directory, "--no-zoho")
    assert code == 3
    assert "! sources: source crm-workflow has no key: it can send nothing" in said
    assert "    expunge keys rotate crm-workflow" in said
    assert said.endswith("local: 1 fault\n")
