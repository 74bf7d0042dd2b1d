"""`make smoke`: proves a deployed stage in two minutes, without a Zoho org and without deleting anything.

A source of its own asks for a deletion in an org that has no secret, so nothing can ever be sent to Zoho. The
deletion is seen waiting for credentials, an operator cancels it, and its events are heard on a queue of its
own. Source, queue and subscription are then removed, whatever happened; doctor's checks come last. What stays
is one cancelled deletion in the table.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli import http
from cli.checks import evidence, limits, moving, senders, store
from cli.checks.check import Check, CheckContext, run_check
from cli.operator_api import OperatorApi, reach
from cli.sending.channels import SourceChannel
from cli.target import Target, local, on_aws
from local import account
from local.failure import Failure
from local.say import line
from local.settings import STAGE, Settings
from local.smoke_parts import Temporary, left_over

#: How long is waited for one thing to be seen (seconds). A cold start and a poll fit in.
LONGEST_WAIT = 75.0
WAITS_FOR = "zoho credentials"
#: What of doctor is looked at: all that a stage has before anybody has connected an org to it.
CHECKS: dict[str, Check] = {
    "stack": store.stack,
    "table": store.table,
    "queues": moving.queues,
    "topic": moving.topic,
    "functions": moving.functions,
    "limits": limits.limits,
    "consumer": moving.consumer,
    "schedules": moving.schedules,
    "links": senders.links,
    "evidence": evidence.evidence,
}
_EVENTS = ("accepted", "cancelled")


class Bad(Exception):
    """A step did not show what it has to; its text says what was seen, and what to do."""


@dataclass
class Smoke:
    """One run on one stage. `problems`: the steps that failed, in their order."""

    target: Target
    api: OperatorApi
    parts: Temporary
    longest_wait: float = LONGEST_WAIT
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        """All steps; those that build on one that failed are left out, the others are not."""
        for each in self._left():
            with self._step("left over", each.name):
                each.remove()
        try:
            with self._step("source", f"{self.parts.name}, for an org without a secret"):
                key = self.parts.make_source()
            with self._step("queue", f"{self.parts.queue} hears the events"):
                queue = self.parts.make_queue()
            if not self.problems:
                self._deletion(key, queue)
        finally:
            with self._step("removed", "source, queue and subscription"):
                self.parts.remove()
        with self._step("alarms", "all there"):
            self._alarms()
        context = CheckContext(self.target, time.time(), ask_zoho=False)
        for name, check in CHECKS.items():
            with self._step(f"doctor {name}"):
                self._look(context, check)

    def _left(self) -> list[Temporary]:
        """What earlier runs have left; where the sources cannot be read, the step that needs them says so."""
        with suppress(click.ClickException):
            return left_over(self.target, self.parts.topic)
        return []

    @contextmanager
    def _step(self, name: str, shown: str = "") -> Iterator[None]:
        """Says how it went; what failed is noted, and the run goes on."""
        began = time.monotonic()
        try:
            yield
        except (Bad, click.ClickException, ClientError, BotoCoreError) as problem:
            words = problem.message if isinstance(problem, click.ClickException) else str(problem)
            self.problems.append(name)
            line(f"FAILED {name}: {words}")
        else:
            line(f"ok     {name}{': ' + shown if shown else ''} ({time.monotonic() - began:.1f} s)")

    def _deletion(self, key: str, queue: str) -> None:
        receipt: dict[str, Any] = {}
        with self._step("request", "signed, answered 202"):
            receipt = self._send(key)
        if not receipt:
            return
        with self._step("waits", f"for {WAITS_FOR}"):
            self._waits(receipt["id"])
        with self._step("cancel", "asked for by an operator, and done"):
            http.good(self.api.call("POST", f"deletions/{receipt['id']}/cancel", body={}))
            self._until(receipt["id"], lambda found: found["status"] == "cancelled", "is not cancelled")
        with self._step("events", " and ".join(_EVENTS)):
            self._hears(queue, receipt["id"])

    def _send(self, key: str) -> dict[str, Any]:
        body = {"operation": "delete_records", "module": "Leads", "ids": ["1"], "reference": "make smoke"}
        channel = SourceChannel(self.api.url, self.parts.name, key)
        limit, answer = time.monotonic() + self.longest_wait, None
        while answer is None or (answer.status_code != 202 and time.monotonic() < limit):
            if answer is not None:
                time.sleep(3.0)  # the workers fetch a changed secret at most every few seconds
            answer = channel.send(f"msg_{self.parts.name}", json.dumps(body).encode())
        if answer.status_code != 202:
            raise Bad(f"answered {answer.status_code}: {http.message(answer)}")
        receipt: dict[str, Any] = answer.json()
        return receipt

    def _waits(self, deletion: str) -> None:
        def seen(found: dict[str, Any]) -> bool:
            if found["status"] == "waiting" and found["waiting_for"] != WAITS_FOR:
                raise Bad(
                    f"{deletion} waits for {found['waiting_for']}, not for {WAITS_FOR}: expunge doctor"
                    f" --stage {self.target.stage} says more"
                )
            return bool(found["status"] == "waiting")

        self._until(deletion, seen, "was not taken up by any worker")

    def _until(self, deletion: str, seen: Callable[[dict[str, Any]], bool], otherwise: str) -> None:
        limit = time.monotonic() + self.longest_wait
        while True:
            found = self.api.deletion(deletion)
            if seen(found):
                return
            if time.monotonic() > limit:
                where = f"is {found['status']} after {self.longest_wait:.0f} s"
                raise Bad(f"{deletion} {otherwise}: it {where}; look at the logs of {self._work}")
            time.sleep(1.0)

    @property
    def _work(self) -> str:
        return f"/aws/lambda/expunge-{self.target.stage}-work"

    def _hears(self, queue: str, deletion: str) -> None:
        sqs, limit = self.target.client("sqs"), time.monotonic() + self.longest_wait
        heard: set[str] = set()
        while not heard >= set(_EVENTS):
            if time.monotonic() > limit:
                missing = ", ".join(each for each in _EVENTS if each not in heard)
                raise Bad(f"no event {missing} of {deletion} on {self.parts.queue}: is publishing refused?")
            asked = {"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 2}
            for message in sqs.receive_message(**asked).get("Messages", []):
                event = json.loads(message["Body"])
                if event["subject"] == deletion:
                    heard.add(event["type"].rpartition(".")[2])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def _alarms(self) -> None:
        stack = f"expunge-{self.target.stage}"
        pages = self.target.client("cloudformation").get_paginator("list_stack_resources")
        listed = [e for page in pages.paginate(StackName=stack) for e in page["StackResourceSummaries"]]
        kind = "AWS::CloudWatch::Alarm"
        wanted = {e["PhysicalResourceId"] for e in listed if e["ResourceType"] == kind}
        alarms = self.target.client("cloudwatch").get_paginator("describe_alarms")
        pages = alarms.paginate(AlarmNamePrefix=f"{stack}-")
        there = {each["AlarmName"] for page in pages for each in page["MetricAlarms"]}
        repair = CheckContext(self.target, time.time()).repair
        if lost := sorted(name.rpartition(":")[2] for name in wanted if name.rpartition(":")[2] not in there):
            raise Bad(f"there is no alarm {', '.join(lost)}: {repair}")
        if not wanted:
            raise Bad(f"the stack {stack} has no alarms: {repair}")

    def _look(self, context: CheckContext, check: Check) -> None:
        result, blind = run_check(check, context)
        if blind:
            raise Bad(f"could not be looked at: {blind}")
        if result.faults:
            raise Bad("; ".join(f"{each.what} ({each.mend})" for each in result.faults))


def smoke(settings: Settings, stage: str, *, longest_wait: float = LONGEST_WAIT) -> None:
    """Runs it on the local stack or a stage of the environment's account. Raises Failure with what failed."""
    began = time.monotonic()
    named = None if stage == STAGE else stage
    try:
        account.show(account.of_stage(stage, settings), stage)
        target = local(settings.stack_file) if named is None else on_aws(stage)
        found = target.client("lambda").get_function_configuration(FunctionName=f"expunge-{stage}-work")
        topic = found["Environment"]["Variables"]["EXPUNGE_TOPIC_ARN"]
        run = Smoke(target, reach(target, named), Temporary(target, topic), longest_wait)
        run.run()
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"smoke of {stage}: {error}") from error
    except click.ClickException as error:
        raise Failure(f"smoke of {stage}: {error.message}") from error
    if run.problems:
        raise Failure(f"smoke of {stage}: failed: {', '.join(run.problems)}")
    line(f"{stage} works, after {time.monotonic() - began:.0f} s")
