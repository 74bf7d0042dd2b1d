"""`make smoke` on a stack that works, and on one that is broken in every way that it is there to find."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from local import stack as local_stack
from local.failure import Failure
from local.running import RunningStack
from local.settings import ROOT, Settings
from local.smoke import smoke
from tests.stack import breaks
from tests.stack.roles import Role

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("smoke")


@pytest.fixture(scope="module")
def own(directory: Path) -> Iterator[RunningStack]:
    try:
        yield RunningStack(local_stack.up(Settings(directory)))
    finally:
        local_stack.down(Settings(directory))


def run(directory: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "local", "smoke"], cwd=ROOT, env={**kept, "LOCAL_DIR": str(directory)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip


def temporary(own: RunningStack) -> list[str]:
    """What a run has made and not taken away again."""
    held = own.client("secretsmanager").get_secret_value(SecretId=own["sources_secret"])["SecretString"]
    queues = own.client("sqs").list_queues().get("QueueUrls", [])
    heard = own.client("sns").list_subscriptions_by_topic(TopicArn=own["topic_arn"])["Subscriptions"]
    named = [*re.findall(r"smoke-\w+", held), *queues, *(each["Endpoint"] for each in heard)]
    return [each for each in named if "smoke" in each]


def plain(said: str) -> list[str]:
    """What was said without what differs from run to run."""
    said = re.sub(r"smoke-\d+-[0-9a-f]+", "smoke-1764432000-5f21aa", said)
    said = re.sub(r"after \d+ s", "after 6 s", re.sub(r" \(\d+\.\d s\)", "", said))
    return [line.rstrip() for line in said.splitlines()]


def test_a_fresh_stack_works_and_its_output_is_that_of_the_page(own: RunningStack, directory: Path) -> None:
    done = run(directory)
    assert done.returncode == 0, done.stderr
    assert temporary(own) == []
    calls = requests.get(f"{own['zoho_url']}/_sim/calls", timeout=60).json()
    assert calls == []  # nothing was ever sent to Zoho
    page = (ROOT / "docs/DEPLOYING.md").read_text(encoding="utf-8")
    block = page.partition("$ make smoke STAGE=local\n")[2].partition("```")[0]
    assert plain(done.stderr) == plain(block)


def no_publishing(own: RunningStack) -> Callable[[], object]:
    """Neither role may publish: what one could not, the other does a moment later."""
    broken = ExitStack()
    for name in ("work", "poll"):
        broken.enter_context(Role(own, name).without("sns:Publish"))
    return broken.close


def topic_closed(own: RunningStack) -> Callable[[], object]:
    """Nobody can subscribe, nor see who has; what was made before that has to go all the same."""
    sns, topic = own.client("sns"), own["topic_arn"]
    held = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    actions = ["sns:Subscribe", "sns:ListSubscriptionsByTopic"]
    refused = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": topic}
    closed = json.loads(held)
    closed["Statement"].append(refused)

    def put(policy: str) -> None:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)

    put(json.dumps(closed))
    return lambda: put(held)


def alarm_gone(own: RunningStack) -> Callable[[], object]:
    client = own.client("cloudwatch")
    (alarm,) = client.describe_alarms(AlarmNames=["expunge-local-oldest-due"])["MetricAlarms"]
    client.delete_alarms(AlarmNames=[alarm["AlarmName"]])
    shape = client.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    return lambda: client.put_metric_alarm(**{name: alarm[name] for name in shape if alarm.get(name)})


@dataclass(frozen=True)
class Case:
    """A break; the steps that fail by it, words that name it, and steps that fail too if no poll helps in
    time. `longest_wait`: seconds, as long as the api keeps a secret where that was broken before.
    """

    do: breaks.Break
    failed: list[str]
    names: str
    may: tuple[str, ...] = ()
    longest_wait: float = 40


LATE = ("waits", "cancel", "events")
CASES = {
    "queue wakes nobody": Case(
        breaks.mapping_off, ["doctor consumer"], "only the poll moves deletions", LATE, longest_wait=8
    ),
    "workers may not run": Case(
        breaks.throttled("work"), ["doctor functions"], "its reserved concurrency is 0", LATE, longest_wait=8
    ),
    "events refused": Case(no_publishing, ["events"], "is publishing refused?", longest_wait=8),
    "topic closed": Case(topic_closed, ["queue", "removed"], "SNS:Subscribe", ("doctor topic",)),
    "alarm removed": Case(alarm_gone, ["alarms"], "there is no alarm expunge-local-oldest-due"),
    "poll off": Case(breaks.schedule_off("poll"), ["doctor schedules"], "expunge-local-poll is disabled"),
    "no recovery": Case(breaks.no_recovery, ["doctor table"], "no point-in-time recovery"),
    "sources broken": Case(
        breaks.secret(breaks.SOURCES, lambda _: "{"), ["source", "removed"], "holds no JSON object"
    ),
    "links empty": Case(
        breaks.secret(breaks.LINKS, lambda _: {"keys": []}),
        ["doctor links"],
        "has no keys: 503",
        ("request", "waits", "cancel"),  # each needs the links' keys; the api keeps the old ones for a while
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_break_is_named(
    own: RunningStack, directory: Path, name: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("LOCAL_DIR", str(directory))
    case = CASES[name]
    with breaks.broken(breaks.Case("", case.do, "", ""), own), pytest.raises(Failure) as ended:
        smoke(Settings(directory), "local", longest_wait=case.longest_wait)
    said = capsys.readouterr().err
    failed = str(ended.value).removeprefix("smoke of local: failed: ").split(", ")
    assert [each for each in failed if each not in case.may] == case.failed, said
    assert case.names in said
    assert temporary(own) == []


def test_what_a_killed_run_left_is_removed_by_the_next(own: RunningStack, directory: Path) -> None:
    secrets = own.client("secretsmanager")
    held = json.loads(secrets.get_secret_value(SecretId=own["sources_secret"])["SecretString"])
    left = {**held, "smoke-1700000000-abcdef": next(iter(held.values()))}
    secrets.put_secret_value(SecretId=own["sources_secret"], SecretString=json.dumps(left))
    own.client("sqs").create_queue(QueueName="expunge-local-smoke-1700000000-abcdef")
    done = run(directory)
    assert done.returncode == 0, done.stderr
    assert "ok     left over: smoke-1700000000-abcdef" in done.stderr
    assert temporary(own) == []
    assert json.loads(secrets.get_secret_value(SecretId=own["sources_secret"])["SecretString"]) == held


def test_no_stack_is_running(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, "make up starts one" in done.stderr) == (1, True)
