"""Limits over time, one source stopped, and four eyes, on a running stack with IAM enforced."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.__main__ import main
from cli.operator_api import OperatorApi
from local import package
from local.filling import new_key
from local.running import RunningStack
from local.settings import REGION
from tests.alarms.emf import Datum, watches
from tests.stack.conftest import wait_for
from tests.stack.roles import operator_user
from tests.stack.test_alarms import logged, put, rings, states
from tests.stack.test_cli import left, records
from tests.stack.test_service import add_source

pytestmark = pytest.mark.stack

Expunge = Callable[..., Result]
ROOT = Path(__file__).parents[2]
#: The deletion that pages name.
PRINTED = "del_01M8298QNC9R2FS46471MHPX7V"


@pytest.fixture
def expunge(stack: RunningStack, tmp_path: Path) -> Expunge:
    (tmp_path / "stack.json").write_text(json.dumps(stack.described), encoding="utf-8")

    def run(*words: str, code: int = 0) -> Result:
        done = CliRunner().invoke(main, list(words), env={"LOCAL_DIR": str(tmp_path)})
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done

    return run


def seed(stack: RunningStack, first: int, number: int) -> list[str]:
    ids = [str(n) for n in range(first, first + number)]
    records(stack, "Tasks", *ids)
    return ids


def source(stack: RunningStack, name: str, **limits: Any) -> str:
    key = new_key()
    add_source(stack, name, **{"modules": ["Tasks"], "keys": [key], **limits})
    return key


def ask(stack: RunningStack, name: str, key: str, ids: list[str], delivery: str) -> Any:
    body = {"operation": "delete_records", "module": "Tasks", "ids": ids}
    return stack.send(body, source=name, key=key, delivery=delivery)


def other(stack: RunningStack, name: str) -> OperatorApi:
    """A second principal, who may do what operators may."""
    aws = replace(stack.aws, **operator_user(stack, name))
    return OperatorApi(stack["api_url"], REGION, aws.session().get_credentials())


def operator(stack: RunningStack) -> OperatorApi:
    return OperatorApi(stack["api_url"], REGION, stack.aws.session().get_credentials())


@pytest.mark.usefixtures("one_hour")
def test_of_40_requests_of_5_by_16_threads_exactly_10_pass_a_limit_of_50(stack: RunningStack) -> None:
    key = source(stack, "fifty", max_records=5, max_records_per_day=50)
    ids = seed(stack, 880_000, 200)

    def one(n: int) -> Any:
        return ask(stack, "fifty", key, ids[5 * n : 5 * n + 5], f"fifty-{n}")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(40)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [202] * 10 + [429] * 30
    for answer in answers:
        if answer.status_code == 429:
            assert answer.json()["error"]["code"] == "limit_reached"
            assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    listed = list(operator(stack).pages("deletions", "deletions", {"source": "fifty"}))
    assert {each["id"] for each in listed} == {a.json()["id"] for a in answers if a.status_code == 202}


def as_printed(source: str, deleted: list[str]) -> Iterator[list[str]]:
    """The commands of the page about a leaked key, for this source; those about one deletion for each."""
    page = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8").split("## A key leaked", 1)[1]
    for line in page.split("```")[1].splitlines()[1:]:
        words = shlex.split(line, comments=True)
        words = words[1 : words.index("--stage")]
        for one in deleted if PRINTED in words else [""]:
            yield [{PRINTED: one, "crm-workflow": source}.get(word, word) for word in words]


def printed(stack: RunningStack, metric: str) -> list[Datum]:
    """What the api function has printed of a metric."""
    return [each for each in logged(stack, "api") if each.metric == metric]


def silence(stack: RunningStack, alarm: str) -> None:
    """Take an alarm for silent until the next figure comes."""
    stack.client("cloudwatch").set_alarm_state(
        AlarmName=f"expunge-local-{alarm}", StateValue="OK", StateReason="a test begins"
    )


@pytest.mark.usefixtures("one_hour")
def test_a_key_leaked(stack: RunningStack, expunge: Expunge) -> None:
    """Alarms tell it, and the page about it works as printed: its source is paused, the key revoked at once
    with all that was asked for with it, and what it deleted is listed and restored.
    """
    key = source(stack, "leaky", max_records=5, max_records_per_hour=25, approve_above=10)
    ids = seed(stack, 881_000, 40)
    done = [ask(stack, "leaky", key, ids[n : n + 5], f"leak-{n}") for n in (0, 5)]
    assert [answer.status_code for answer in done] == [202, 202]
    deleted = [answer.json()["id"] for answer in done]
    api = operator(stack)
    wait_for(lambda: {api.deletion(one)["status"] for one in deleted} == {"completed"}, what="deletions")
    later = [ask(stack, "leaky", key, ids[n : n + 5], f"leak-{n}") for n in (10, 15, 20)]
    assert [answer.status_code for answer in later] == [202] * 3
    waiting = [answer.json()["id"] for answer in later]
    wait_for(
        lambda: {api.deletion(one)["status"] for one in waiting} == {"awaiting_approval"}, what="questions"
    )

    silence(stack, "limit-reached")  # other tests of this stack let it ring too
    before = len(printed(stack, "LimitReached"))
    assert ask(stack, "leaky", key, ids[25:30], "leak-25").status_code == 429
    heard = wait_for(lambda: printed(stack, "LimitReached")[before:], what="the line that CloudWatch reads")
    assert watches(package.build("local").template(), "local")["limit-reached"].of(heard)
    assert states(stack)["limit-reached"] == "OK"
    put(stack, heard[-1])  # the local CloudWatch reads no lines by itself
    wait_for(partial(rings, stack, "limit-reached"), what="alarm")
    assert sum(sum(each.values) for each in printed(stack, "AcceptedRecords")) >= 25

    def ended() -> bool:
        return {api.deletion(one)["status"] for one in waiting} == {"cancelled"}

    said = ""
    for words in as_printed("leaky", deleted):
        output = expunge(*words).output
        said += output
        if words[:2] == ["keys", "revoke"]:
            assert "cancelled: 3 deletions" in output
            assert ask(stack, "leaky", key, ids[30:35], "leak-30").status_code == 401
            wait_for(
                lambda: {api.deletion(one)["status"] for one in waiting} == {"cancelled"}, what="cancels"
            )
            again = json.loads(expunge("keys", "revoke", "leaky", "--all", "--cancel", "--json").stdout)
            assert (again["revoked"], again["keys"]) == ([], [])
            assert again["cancel"] == {"cancelled": 0, "running": 0, "more": False}
            expunge("keys", "revoke", "leaky", "--all", code=3)
    assert all(one in said for one in (*deleted, *ids[:10]))
    wait_for(lambda: set(ids) <= left(stack, "Tasks"), what="restored records")
    found = re.search(r"^whsec_\S+", said, re.MULTILINE)
    assert found is not None
    # The new key is good: what it may name in this hour was named with the old one.
    assert ask(stack, "leaky", found[0], ids[:1], "leak-new").status_code == 429


def test_two_principals_and_four_eyes(stack: RunningStack) -> None:
    source(stack, "operator", keys=[], approve_above=2)
    ids = seed(stack, 882_000, 3)
    ann, bob = operator(stack), other(stack, "bob-of-four-eyes")
    body = {"operation": "delete_records", "module": "Tasks", "ids": ids}
    made = ann.call("POST", "deletions", body=body, headers={"Idempotency-Key": "four-eyes"}).json()
    path = f"deletions/{made['id']}"
    wait_for(lambda: ann.deletion(made["id"])["status"] == "awaiting_approval", what="question")
    own = ann.call("POST", f"{path}/approve", body={"count": 3})
    assert (own.status_code, own.json()["error"]["code"]) == (403, "not_allowed")
    assert bob.call("POST", f"{path}/approve", body={"count": 3}).status_code == 202
    wait_for(lambda: ann.deletion(made["id"])["status"] == "completed", what="deletion")
    approval = ann.deletion(made["id"])["approval"]
    assert approval["approved_by"].endswith("user/bob-of-four-eyes")


def test_limits_are_read_and_changed_without_keys(stack: RunningStack, expunge: Expunge) -> None:
    key = source(stack, "shown", max_records=10, approve_above=5)
    shown = json.loads(expunge("sources", "show", "shown", "--json").stdout)
    assert (shown["max_records_per_day"], shown["approve_above"], shown["keys"]) == (200, 5, 1)
    words = ("sources", "set", "shown", "--max-records-per-day", "40", "--approve-above", "none")
    expunge(*words, "--dry-run")
    assert json.loads(expunge("sources", "show", "shown", "--json").stdout) == shown
    for done in (expunge(*words), expunge("sources", "list"), expunge("sources", "show", "shown")):
        assert key not in done.output
    changed = json.loads(expunge("sources", "show", "shown", "--json").stdout)
    assert (changed["max_records_per_day"], changed["approve_above"]) == (40, None)
    expunge("sources", "set", "shown", "--max-records-per-day", "many", code=2)
    expunge("sources", "set", "nobody", "--max-records", "4", code=3)
    expunge("sources", "check")
    secrets = stack.client("secretsmanager")
    held = json.loads(secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"])
    assert held["shown"]["keys"] == [key]
