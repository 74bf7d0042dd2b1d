"""What a poll costs: idle, and with ever more finished deletions in the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import boto3

from benchmarks.results import Row, at_most, median
from chalicelib.adapters.table import Table
from chalicelib.domain.deletion import Limits, Operation, Request
from chalicelib.domain.operators import Pause
from chalicelib.service.accept import Acceptance, Order, accept
from local import ministack
from local.settings import REGION, ROOT

SERVER = Path(__file__).with_name("history_server.py")
CHILD = Path(__file__).with_name("poll_child.py")
TABLE = "bench-history"
DUE = 10
SPREAD = 1.1
IDLE_MS = 100.0


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
        stdin: IO[str] = self.process.stdin  # type: ignore[assignment]  # it was opened as a pipe
        stdout: IO[str] = self.process.stdout  # type: ignore[assignment]  # as above
        stdin.write(f"{TABLE} {count} {first}\n")
        stdin.flush()
        while not stdout.readline().startswith("filled"):
            if self.process.poll() is not None:
                raise RuntimeError("the local AWS ended while its table was filled")


def rows(directory: Path, sizes: Sequence[int], polls: int) -> Iterator[Row]:
    """Idle polls, then polls with ten deletions due at each of the sizes."""
    with _server(directory) as server:
        idle = _polls(server, polls, [])
        calls = max(sum(n for name, n in each["calls"].items() if name != "capacity") for each in idle)
        yield at_most("an idle poll's calls to AWS", calls, 1, against="one query of what is due")
        yield at_most(
            "an idle poll, in its worker", median([each["ms"] for each in idle]), IDLE_MS, unit=" ms"
        )
        due, found, there = _due(server), [], 0
        for size in sizes:
            server.fill(size - there, there)
            there = size
            found.append((size, _polls(server, polls, due)))
        yield from _flat(found)


def _flat(found: list[tuple[int, list[dict[str, Any]]]]) -> Iterator[Row]:
    times = {size: median([each["ms"] for each in told]) for size, told in found}
    # The local AWS holds the table in the memory of one process and slows down with it; DynamoDB does not.
    own = {size: median([each["ms"] - each["waited_ms"] for each in told]) for size, told in found}
    units = {size: median([each["calls"]["capacity"] for each in told]) for size, told in found}
    shown = ", ".join(f"{size:,}: {own[size]:.0f} of {ms:.0f} ms" for size, ms in times.items())
    taken = ", ".join(f"{size:,}: {each:g}" for size, each in units.items())
    first = min(times)
    slower = max(own.values()) / own[first]
    facts = {"times_ms": times, "own_ms": own, "units": units}
    yield at_most("poll, own time, by finished deletions", slower, SPREAD, unit=" x", against=shown, **facts)
    dearer = max(units.values()) / units[first]
    yield at_most("poll, capacity, by finished deletions", dearer, SPREAD, unit=" x", against=taken)


@contextmanager
def _server(directory: Path) -> Iterator[Server]:
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
        **keys,
    }
    process = subprocess.Popen(
        [str(ministack.PYTHON), str(SERVER)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        aws = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
        server = Server(process, {**aws, **keys})
        _wait(server)
        yield server
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
    orders = [Order("bench", f"delivery-{n}", "hash", request, Limits()) for n in range(DUE)]
    return [accept(outside, order, time.time()).deletion_id for order in orders]


class _NoNudges:
    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        """Nobody works on the queue here."""


def _polls(server: Server, polls: int, due: list[str]) -> list[dict[str, Any]]:
    environment = {**server.environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(CHILD), str(polls), *due]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"poll: {done.stderr.strip().splitlines()[-1]}")
    told: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    if any(each["due"] != len(due) for each in told):
        raise RuntimeError(f"{[each['due'] for each in told]} found due, {len(due)} are")
    return told
