"""Recovers a stage after trouble. Run it with a role that may use the stage's table and queues.

redrive   puts the messages of the dead-letter queue back to work
take-up   makes deletions due again that were set aside because they could not be read
pending   shows what the stage does, or does again, as soon as it may
release   lets the stage work on a table that was restored from a backup

Works on the local stack that `make up` started, or with --stage on that stage in the AWS account and region
of the environment. docs/OPERATIONS.md says when to use which.
"""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chalicelib.adapters.dead_letters import DeadLetterQueue
from chalicelib.adapters.queue import WorkQueue
from chalicelib.adapters.table import Table
from chalicelib.service import recover
from local.account import clients, session
from local.running import RunningStack
from local.settings import from_environment

EPOCH = "EXPUNGE_EPOCH"
SHARDS = "EXPUNGE_DUE_SHARDS"


@dataclass(frozen=True)
class Place:
    """One stage: its names, and the clients that reach it."""

    table: str
    work_queue: str
    dead_letters: str
    poll: str
    client: Callable[[str], Any]

    def setting(self, name: str, default: int) -> int:
        """A setting of the stage, as its functions have it."""
        answer = self.client("lambda").get_function_configuration(FunctionName=self.poll)
        return int(answer.get("Environment", {}).get("Variables", {}).get(name) or default)

    def ledger(self) -> Table:
        """The stage's table."""
        return Table(self.table, lambda: self.client("dynamodb"), shards=self.setting(SHARDS, 1))


def local() -> Place:
    """The local stack."""
    stack = RunningStack.read(from_environment().stack_file)
    names = (stack["table_name"], stack["work_queue_url"], stack["dead_letter_queue_url"])
    return Place(*names, stack["functions"]["poll"], stack.client)


def on_aws(stage: str) -> Place:
    """A stage of the environment's account."""
    make = clients(session())
    answer = make("cloudformation").describe_stacks(StackName=f"expunge-{stage}")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in answer["Stacks"][0].get("Outputs", [])}
    table, work, dead = outputs["TableName"], outputs["WorkQueueUrl"], outputs["DeadLetterQueueUrl"]
    return Place(table, work, dead, outputs["PollFunction"], make)


def redrive(place: Place, options: argparse.Namespace) -> int:
    """Nudges what dead letters name."""
    queue = WorkQueue(place.work_queue, lambda: place.client("sqs"), _failed)
    letters = DeadLetterQueue(place.dead_letters, place.client("sqs"))
    done = recover.redrive(letters, queue, drop_foreign=options.drop_foreign)
    print(f"{done.nudged} deletions nudged, {done.foreign} messages that are not ours", end="")
    print(", removed" if options.drop_foreign else ", left where they are")
    return 0


def take_up(place: Place, options: argparse.Namespace) -> int:
    """Makes what was set aside due again."""
    taken = {one: place.ledger().take_up(one, time.time()) for one in options.ids}
    for one, good in taken.items():
        print(f"{one}: {'due again' if good else 'was not set aside'}")
    return 0 if all(taken.values()) else 1


def pending(place: Place, options: argparse.Namespace) -> int:
    """Shows what is to be done."""
    found = recover.would_run(place.ledger(), options.limit)
    for one in found:
        print(_line(one))
    print(
        f"{len(found)} deletions" + (", perhaps more: raise --limit" if len(found) == options.limit else "")
    )
    return 0


def release(place: Place, _options: argparse.Namespace) -> int:
    """Lets the stage work on its table."""
    ledger, epoch = place.ledger(), place.setting(EPOCH, 0)
    if ledger.kept_epoch() == epoch:
        print(f"nothing to release: stage and table are at epoch {epoch}")
        return 0
    if ledger.kept_epoch() > epoch:
        print(f"the table is at epoch {ledger.kept_epoch()}: deploy the stage with a larger {EPOCH}")
        return 1
    ledger.release(epoch, getpass.getuser(), time.time())
    print(f"released: the stage works on its table, epoch {epoch}")
    return 0


def _line(one: recover.Open) -> str:
    if one.deletion is None:
        return f"{one.deletion_id}  cannot be read: {one.reason or 'not there'}"
    deletion, request = one.deletion, one.deletion.request
    what = f"{request.operation.value} {request.module} of {request.org}"
    if deletion.is_final:
        return f"{one.deletion_id}  {deletion.status.value}: {what}; only its events are to be published"
    counts = deletion.counts
    return f"{one.deletion_id}  {deletion.status.value}: {what}; {counts.pending} of {counts.requested} to do"


def _failed(_what: str, **facts: object) -> None:
    """A nudge that could not be sent: its message must stay in the dead-letter queue."""
    raise SystemExit(f"the work queue is out of reach ({facts.get('reason')}): what is left stays there")


def main(arguments: list[str], place: Place | None = None) -> int:
    """Runs one command; returns the exit code: 0 done, 1 not all of it, 2 not understood."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", help="a stage of the AWS account; left out: the local stack")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser("redrive", help="put the dead-letter queue's messages back to work")
    command.add_argument("--drop-foreign", action="store_true", help="remove messages that are not ours")
    command.set_defaults(run=redrive)
    command = commands.add_parser("take-up", help="make deletions due again that were set aside")
    command.add_argument("ids", nargs="+", metavar="id")
    command.set_defaults(run=take_up)
    command = commands.add_parser("pending", help="show what the stage does as soon as it may")
    command.add_argument("--limit", type=int, default=1000)
    command.set_defaults(run=pending)
    command = commands.add_parser("release", help="let the stage work on a restored table")
    command.set_defaults(run=release)
    options = parser.parse_args(arguments)
    code: int = options.run(place or (on_aws(options.stage) if options.stage else local()), options)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
