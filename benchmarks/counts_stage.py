"""The whole service in one process, made to be counted: real endpoints, adapters and Zoho client, a clock
that jumps.

AWS is moto, Zoho the simulator over HTTP. Only the event source of the queue is ours: it hands over what is
visible, at most a batch an invocation, as Lambda does with an idle worker.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
from chalice import Chalice, ConvertToMiddleware
from moto import mock_aws

import simulator
from benchmarks.cost_units import stored_bytes
from benchmarks.counts_kept import AWS_SECONDS, OWN_SECONDS, ZOHO_SECONDS, ZOHO_SECONDS_AN_ID, batch_size
from benchmarks.counts_meter import INDEXES, Meter
from chalicelib import bootstrap, observability
from chalicelib.adapters import aws
from chalicelib.adapters.queue import correlation_of, deletion_of
from chalicelib.adapters.zoho.orgs import Stage as OrgStage
from chalicelib.adapters.zoho.orgs import ZohoOrgs
from chalicelib.adapters.zoho.token import Tools
from chalicelib.domain.retention import policy as policies
from chalicelib.domain.retention.stored_policy import StoredPolicy
from chalicelib.service.engine.poll import poll
from chalicelib.service.engine.view_pages import MOST_LISTED
from chalicelib.service.engine.work import Nudge, work
from chalicelib.service.retention.retain import retain
from chalicelib.web import routes
from local import filling
from simulator.server import Server
from tests.fakes import event, signed
from tests.moto_shortcut import shorten

START = 1_760_000_000.0
STAGE = "prod"
TABLE = "expunge-prod"
#: START, END and REPORT lines of an invocation with X-Ray, about; and what CloudWatch adds to each line.
PLATFORM_BYTES, PLATFORM_LINES, LINE_BYTES = 400, 3, 26
#: A sender, and one that may delete by Zoho's mass delete of ids.
SOURCES = ("crm", "mass")
_ROOT = Path(__file__).parents[1]
SEND = routes.SEND

Body = Mapping[str, Any]


def environment(queue: str, topic: str) -> dict[str, str]:
    """The functions' environment as .chalice/config.json and the template set it for `prod`."""
    shared: dict[str, str] = json.loads((_ROOT / ".chalice" / "config.json").read_text())[
        "environment_variables"
    ]
    return shared | {
        "EXPUNGE_STAGE": STAGE,
        "EXPUNGE_TABLE": TABLE,
        "EXPUNGE_WORK_QUEUE_URL": queue,
        "EXPUNGE_TOPIC_ARN": topic,
        "EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS": "true",
    }


class CountedStage:
    """`now` is the clock. `meter.totals` are the counts since `reset`."""

    def __init__(self, server: Server, keys: Mapping[str, str]) -> None:
        self.now = START
        self.server = server
        self.keys = keys
        self.messages: list[tuple[float, str]] = []
        self.metrics: set[str] = set()
        self.milliseconds: dict[str, float] = {}
        self._out = io.StringIO()
        self._seen = self._deliveries = self._random = 0
        self._function = "api"
        self.meter = Meter(_client("dynamodb"), self._passed, self._sent)
        for name in ("dynamodb", "sqs", "sns", "secretsmanager"):
            self.meter.watch(aws.client(name))
        for client in (self.meter.peek, aws.client("dynamodb")):
            shorten(client)
        handler: Any = observability.logger.registered_handler
        handler.setStream(self._out)
        tools = Tools(self.clock, self._sleep, lambda: 0.5, "o" * 16)
        hosts = OrgStage(f"expunge/{STAGE}/zoho/", bootstrap.config().secret_cache_seconds, custom_hosts=True)
        zoho = ZohoOrgs(aws.client("secretsmanager"), hosts, bootstrap.table(), tools)
        self.deps = replace(bootstrap.deps(), clock=self.clock, zoho=zoho, chance=lambda: 0.5)
        self.app = self._made_app()

    def _made_app(self) -> Chalice:
        app = Chalice(app_name=observability.SERVICE, configure_logs=False)
        app.register_middleware(ConvertToMiddleware(observability.invocation))
        endpoints = bootstrap.public_endpoints()
        outside = replace(endpoints.intake.outside, random=self._bytes)
        intake = replace(endpoints.intake, clock=self.clock, outside=outside)
        routes.register(app, lambda: routes.PublicEndpoints(intake, endpoints.reading))
        return app

    def clock(self) -> float:
        """Seconds since the epoch. The worker's own look also takes in what Zoho was asked before it."""
        if threading.current_thread() is threading.main_thread():
            self._waved()
        return self.now

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def _bytes(self, size: int) -> bytes:
        self._random += 1
        return self._random.to_bytes(size, "big")

    # --- what is counted -----------------------------------------------------------------------------------

    def reset(self) -> None:
        """Count from here on."""
        self.meter.totals.clear()
        self.metrics.clear()
        self.milliseconds.clear()
        self._credits = self.server.sim.state.credits.total
        self._kept = self._stored()

    def counted(self) -> dict[str, Any]:
        """The counts since `reset`, by name."""
        found: dict[str, Any] = {name: n for name, n in sorted(self.meter.totals.items()) if n}
        if "dynamodb.half_reads" in found:
            found["dynamodb.read"] = found.pop("dynamodb.half_reads") / 2
        items, size = self._stored()
        found["zoho.credits"] = self.server.sim.state.credits.total - self._credits
        found["stored.items"], found["stored.bytes"] = items - self._kept[0], size - self._kept[1]
        return found | {"metrics": sorted(self.metrics)}

    def _stored(self) -> tuple[int, int]:
        """Items and bytes of deletions and deliveries, which are kept for EXPUNGE_KEEP_DAYS."""
        pages = self.meter.peek.get_paginator("scan").paginate(TableName=TABLE)
        items = [item for page in pages for item in page["Items"] if item["pk"]["S"][:2] in ("D#", "W#")]
        return len(items), stored_bytes(items, INDEXES)

    def _passed(self) -> None:
        """A call to AWS: what was asked of Zoho since the one before went out at once, as one wave, but for
        pages.
        """
        self.now += AWS_SECONDS
        self._waved()

    def _waved(self) -> None:
        calls = self.server.sim.state.journal.calls
        wave = [calls[n] for n in range(self._seen, len(calls))]
        self._seen = len(calls)
        if not wave:
            return
        pages = sum(map(_is_page, wave))
        longest = max((_ids(call) for call in wave if not _is_page(call)), default=None)
        milliseconds = 1000 * ZOHO_SECONDS * pages
        if longest is not None:
            milliseconds += 1000 * (ZOHO_SECONDS + ZOHO_SECONDS_AN_ID * longest)
        self.meter.totals["zoho.calls"] += len(wave)
        self.meter.totals[f"zoho_waves.{self._function}"] += pages + (longest is not None)
        self.meter.totals["zoho_ms"] += round(milliseconds)
        self.now += milliseconds / 1000

    def _sent(self, body: str, delay: float) -> None:
        self.messages.append((self.now + delay, body))

    def _invoke(self, function: str, handler: Callable[[Any, Any], Any], given: Any) -> Any:
        self._function = function
        context = SimpleNamespace(
            function_name=f"expunge-{STAGE}-{function}",
            aws_request_id="00000000-0000-0000-0000-000000000000",
            invoked_function_arn="arn",
            memory_limit_in_mb=1024,
        )
        before = self.meter.totals["aws.calls"]
        now, began = self.now, time.perf_counter()
        with contextlib.redirect_stdout(self._out):
            answer = handler(given, context)
        spent = 1000 * (time.perf_counter() - began)
        self._waved()
        self.now += OWN_SECONDS
        self.milliseconds[function] = self.milliseconds.get(function, 0.0) + spent
        totals = self.meter.totals
        totals[f"lambda.{function}"] += 1
        totals[f"lambda_ms.{function}"] += round(1000 * (self.now - now))
        totals[f"aws_calls.{function}"] += totals["aws.calls"] - before
        self._logged()
        return answer

    def _logged(self) -> None:
        lines = self._out.getvalue().splitlines()
        self._out.seek(0)
        self._out.truncate()
        self.meter.totals["log.lines"] += len(lines) + PLATFORM_LINES
        self.meter.totals["log.bytes"] += sum(len(line) + LINE_BYTES for line in lines) + PLATFORM_BYTES
        for line in lines:
            for made in json.loads(line).get("_aws", {}).get("CloudWatchMetrics", []):
                self.metrics |= {metric["Name"] for metric in made["Metrics"]}

    # --- the endpoints -------------------------------------------------------------------------------------

    def send(self, body: Body, source: str = "crm") -> str:
        """A signed request through API Gateway; the deletion's id."""
        self._deliveries += 1
        raw = json.dumps(body).encode()
        headers = signed(raw, self.now, f"msg_{self._deliveries:027d}", self.keys[source])
        self.meter.totals["api.requests"] += 1
        answer = self._invoke("api", self.app, event(SEND, {"source": source}, headers, raw))
        _must(answer["statusCode"] == 202, answer)
        made: str = json.loads(answer["body"])["id"]
        return made

    def work(self) -> bool:
        """One invocation of the worker; False where no message is visible."""
        ready = [one for one in self.messages if one[0] <= self.now][: batch_size()]
        if not ready:
            return False
        self.messages = [one for one in self.messages if one not in ready]
        self.meter.totals["sqs.receive"] += 1
        self.meter.totals["sqs.delete"] += 1
        failed = self._invoke("work", observability.invocation(self._work), [body for _, body in ready])
        _must(not failed, failed)
        return True

    def _work(self, bodies: list[str], _context: Any) -> list[str]:
        """As handlers.work_batch does it."""
        deps = replace(self.deps, ends_at=self.now + 55)
        nudges = [Nudge(str(n), deletion_of(body), correlation_of(body)) for n, body in enumerate(bodies)]
        return work(deps, nudges, until=deps.ends_at - deps.slice_seconds)

    def poll(self) -> None:
        """One tick of the schedule."""
        self._invoke("poll", observability.invocation(self._poll), {})

    def _poll(self, _event: Any, _context: Any) -> None:
        """As handlers.poll_once does it."""
        deps = replace(self.deps, ends_at=self.now + 55)
        polled = poll(deps, until=deps.ends_at - deps.slice_seconds)
        deps.measure("PollCompleted", 1)
        deps.measure("Due", polled.due)
        deps.measure("OldestDueSeconds", polled.oldest)

    def tick(self) -> None:
        """One tick of the retention schedule."""
        retention = bootstrap.retention()
        self._invoke("retention", observability.invocation(lambda _e, _c: retain(retention, self.now)), {})

    def put_policy(self, document: dict[str, Any]) -> None:
        """A policy whose run is due now."""
        policy = policies.parse(document)
        kept = StoredPolicy(policy.org, policy.name, policy.document, 1, "arn:operator", self.now, self.now)
        _must(bootstrap.policy_table().put_policy(kept), "the policy was there")

    def rest(self, most: int = 2000) -> None:
        """Everything that follows by messages alone, until no message is left."""
        for _ in range(most):
            if self.work():
                continue
            if not self.messages:
                return
            self.now = max(self.now, min(at for at, _ in self.messages))
        raise AssertionError("never at rest")

    def final(self, deletion_id: str) -> str:
        """Where a deletion stands."""
        deletion = bootstrap.table().get(deletion_id)
        return deletion.status.value if deletion is not None else "lost"


def _must(good: object, found: object) -> None:
    """What is counted must have gone well, or the counts are those of something else."""
    if not good:
        raise RuntimeError(f"the service under count did not do what it should: {found}")


def _ids(call: Mapping[str, Any]) -> int:
    """How many ids a call names."""
    return sum((call[part] or "").count(",") + 1 for part in ("query", "body") if "ids" in (call[part] or ""))


def _is_page(call: Mapping[str, Any]) -> bool:
    """Is it a page of a list? Only the one before names it, so it never goes out with others."""
    query = call["query"] or ""
    return call["method"] == "GET" and "per_page=" in query and "&ids=" not in f"&{query}"


def _client(name: str) -> Any:
    return boto3.client(name, region_name="us-east-1")  # type: ignore[call-overload]  # by literal names


def _make_aws(url: str, keys: Mapping[str, str]) -> dict[str, str]:
    """Table, queue, topic and filled secrets, with each source's key; returns the functions' environment."""
    template = json.loads((_ROOT / "infra" / "resources.json").read_text())
    table = template["Resources"]["Table"]["Properties"]
    wanted = ("BillingMode", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    _client("dynamodb").create_table(TableName=TABLE, **{name: table[name] for name in wanted})
    queue = _client("sqs").create_queue(QueueName="expunge-prod-work")["QueueUrl"]
    topic = _client("sns").create_topic(Name="expunge-prod-results")["TopicArn"]
    sender: dict[str, Any] = {
        "org": "default",
        "modules": ["Leads"],
        "max_records": MOST_LISTED,
        "max_records_per_day": None,
    }
    sender |= {"operations": ["delete_records", "mass_delete"]}
    sources = {name: {**sender, "keys": [key, filling.new_key()]} for name, key in keys.items()}
    sources["mass"]["mass_delete_by_ids"] = True
    secrets = {
        "sources": sources,
        "links": {"new": "n" * 48, "old": []},
        "zoho/default": filling.zoho(url),
    }
    for name, value in secrets.items():
        _client("secretsmanager").create_secret(
            Name=f"expunge/{STAGE}/{name}", SecretString=json.dumps(value)
        )
    return environment(queue, topic)


@contextmanager
def stage(make: Callable[[Server, Mapping[str, str]], CountedStage] = CountedStage) -> Iterator[CountedStage]:
    """A stage with nothing in it, as `make` makes it. One in a process: bootstrap keeps what it builds."""
    os.environ |= {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    os.environ.pop("AWS_ENDPOINT_URL", None)
    made: list[CountedStage] = []
    clock = simulator.SimClock(lambda: made[0].now if made else START)
    with mock_aws(), simulator.running(clock=clock, documents=False) as server:
        keys = {name: filling.new_key() for name in SOURCES}
        os.environ |= _make_aws(server.url, keys)
        made.append(make(server, keys))
        made[0].reset()
        yield made[0]
