"""What a poll costs: idle, and with ever more finished deletions in the table."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import boto3

from benchmarks.results import Row, at_most, median
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.forgetting import DAY
from chalicelib.domain.operators import Pause
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.service.engine.poll import FORGET_MINUTES
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, accept
from local import ministack
from local.settings import REGION, ROOT

SERVER = Path(__file__).with_name("history_server.py")
CHILD = Path(__file__).with_name("poll_child.py")
TABLE = "bench-history"
DUE = 10
SPREAD = 1.1
IDLE_MS = 100.0
WARM_UP = 2


@dataclass
class Server:
    """A local AWS with one table, and its root's keys."""

    process: subprocess.Popen[str]
    environment: dict[str, str]

    def client(self, service: str) -> Any:
        """A client of it."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def fill(self, count: int, first: int) -> None:
        """Puts so many finished deletions into the table, numbered from `first`."""
        self._told(f"{TABLE} {count} {first}")

    def put(self, file: Path) -> None:
        """Puts the items of a file into the table: DynamoDB's JSON, one a line."""
        self._told(f"{TABLE} {file}")

    def _told(self, line: str) -> None:
        stdin: IO[str] = self.process.stdin  # type: ignore[assignment]  # it was opened as a pipe
        stdout: IO[str] = self.process.stdout  # type: ignore[assignment]  # as above
        stdin.write(f"{line}\n")
        stdin.flush()
        while not stdout.readline().startswith("filled"):
            if self.process.poll() is not None:
                raise RuntimeError("the local AWS ended while its table was filled")


@dataclass
class Poller:
    """A process that polls a server when it is told to."""

    process: subprocess.Popen[str]
    due: list[str]

    def poll(self, minutes: int = 0) -> dict[str, Any]:
        """One poll so many minutes from now: its time, and what it asked. Raises RuntimeError where it did
        not find what is due.
        """
        stdin: IO[str] = self.process.stdin  # type: ignore[assignment]  # it was opened as a pipe
        stdout: IO[str] = self.process.stdout  # type: ignore[assignment]  # as above
        stdin.write(f"{minutes}\n")
        stdin.flush()
        for line in stdout:
            if line.startswith("told "):
                told: dict[str, Any] = json.loads(line.removeprefix("told "))
                if told["due"] != len(self.due):
                    raise RuntimeError(f"{told['due']} found due, {len(self.due)} are")
                return told
        raise RuntimeError("the poll ended; run benchmarks/poll_child.py by hand to see why")


def rows(directory: Path, sizes: Sequence[int], polls: int) -> Iterator[Row]:
    """Idle polls, then polls with ten deletions due at each of the sizes, taken in turns."""
    with ExitStack() as servers:
        pollers = {}
        for size in sizes:
            server = servers.enter_context(server_in(directory / str(size)))
            if size == min(sizes):
                yield from _idle(servers.enter_context(_poller(server, [])), polls)
            pollers[size] = servers.enter_context(_poller(server, _due(server)))
            server.fill(size, 0)
        found: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
        for n in range(polls + WARM_UP):
            for size, poller in pollers.items():
                told = poller.poll()
                if n >= WARM_UP:
                    found[size].append(told)
    yield from _flat(found)


def minutes_past_midnight(now: float) -> int:
    """Minutes until the next day (UTC) has its look for what would never be due behind it: three queries
    more, once a day.
    """
    return math.ceil((DAY - now % DAY) / 60) + 2 * FORGET_MINUTES


def _idle(poller: Poller, polls: int) -> Iterator[Row]:
    first = minutes_past_midnight(time.time())
    told = [poller.poll(first + n) for n in range(max(polls, FORGET_MINUTES) + WARM_UP)][WARM_UP:]
    calls = [sum(n for name, n in each["calls"].items() if name != "capacity") for each in told]
    against = f"{FORGET_MINUTES} queries of what is due, one of what is to be forgotten"
    yield at_most(
        f"{FORGET_MINUTES} idle polls' calls to AWS",
        sum(calls[:FORGET_MINUTES]),
        FORGET_MINUTES + 1,
        against=against,
    )
    yield at_most("an idle poll, in its worker", median([each["ms"] for each in told]), IDLE_MS, unit=" ms")


def _flat(found: dict[int, list[dict[str, Any]]]) -> Iterator[Row]:
    times = {size: median([each["ms"] for each in told]) for size, told in found.items()}
    units = {size: median([each["calls"]["capacity"] for each in told]) for size, told in found.items()}
    shown = ", ".join(f"{size:,}: {ms:.0f} ms" for size, ms in times.items())
    taken = ", ".join(f"{size:,}: {each:g}" for size, each in units.items())
    first = min(times)
    slower = max(times.values()) / times[first]
    facts = {"times_ms": times, "units": units}
    yield at_most("poll, time, by finished deletions", slower, SPREAD, unit=" x", against=shown, **facts)
    dearer = max(units.values()) / units[first]
    yield at_most("poll, capacity, by finished deletions", dearer, SPREAD, unit=" x", against=taken)


@contextmanager
def server_in(directory: Path) -> Iterator[Server]:
    """A local AWS of its own with an empty table."""
    directory.mkdir(parents=True, exist_ok=True)
    port = ministack.free_port()
    keys = {"AWS_ACCESS_KEY_ID": "AKIABENCH00000000000", "AWS_SECRET_ACCESS_KEY": "bench"}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "false",
        "SFTP_ENABLED": "false",
        "TMPDIR": str(directory),
        "PYTHONPATH": str(ROOT),  # for the front of the local AWS
        **keys,
    }
    with _spoken_to([str(ministack.PYTHON), str(SERVER)], environment) as process:
        aws = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
        server = Server(process, {**aws, **keys})
        _wait(server)
        yield server


@contextmanager
def _spoken_to(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that is told things by lines and answers so; it is ended afterwards."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _wait(server: Server) -> None:
    """Until it answers, and its table, queue and topic are there."""
    limit = time.monotonic() + ministack.START_SECONDS
    while True:
        try:
            _make(server)
        except OSError:
            raise
        except Exception:
            if time.monotonic() > limit or server.process.poll() is not None:
                raise
            time.sleep(0.2)
        else:
            return


def _make(server: Server) -> None:
    template = json.loads((ROOT / "infra/resources.json").read_text(encoding="utf-8"))
    properties = template["Resources"]["Table"]["Properties"]
    wanted = ("BillingMode", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    server.client("dynamodb").create_table(TableName=TABLE, **{key: properties[key] for key in wanted})
    url = server.client("sqs").create_queue(QueueName="bench-work")["QueueUrl"]
    arn = server.client("sns").create_topic(Name="bench-results")["TopicArn"]
    server.environment |= {
        "EXPUNGE_STAGE": "bench",
        "EXPUNGE_TABLE": TABLE,
        "EXPUNGE_WORK_QUEUE_URL": url,
        "EXPUNGE_TOPIC_ARN": arn,
    }


def _due(server: Server) -> list[str]:
    """Deletions that are due again at each poll: all orgs are paused, so only our own work is measured."""
    table = Table(TABLE, lambda: server.client("dynamodb"))
    table.set_pause(Pause(None, True, "benchmark", "bench", time.time()))
    outside = Acceptance(table, _NoNudges(), os.urandom, "bench", 400)
    request = Request(Operation.DELETE_RECORDS, "Leads", "default", ids=("1", "2"))
    orders = [IntakeRequest("bench", f"delivery-{n}", "hash", request, Limits()) for n in range(DUE)]
    return [accept(outside, order, time.time()).deletion_id for order in orders]


class _NoNudges:
    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        """Nobody works on the queue here."""


@contextmanager
def _poller(server: Server, due: list[str]) -> Iterator[Poller]:
    environment = {**server.environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with _spoken_to([sys.executable, str(CHILD), *due], environment) as process:
        yield Poller(process, due)
