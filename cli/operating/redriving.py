"""`expunge redrive`: what lies in the dead-letter queue goes back to work."""

from __future__ import annotations

from collections import Counter

import click

from chalicelib.adapters.dead_letters import DeadLetterQueue
from chalicelib.adapters.queue import WorkQueue
from chalicelib.service.operators import recover
from cli.ends import Interrupted, OutOfReach
from cli.operating.render import many
from cli.options import dry_run as dry_run_option
from cli.options import options
from cli.table import table
from cli.target import find
from cli.target_addresses import describe

MOST_SHOWN = 20
EXAMPLES = """\b
Examples:
  expunge redrive --dry-run    show what is there
  expunge redrive              wake each deletion, then remove its message

A message only wakes a deletion, which lies in the table: nothing is lost with
the queue, nor by this command, wherever it is interrupted."""


@click.command(epilog=EXAMPLES)
@click.option("--drop-foreign", is_flag=True, help="Also remove messages that are not of Expunge.")
@dry_run_option("Show what is there; leave it there.")
@options
def redrive(drop_foreign: bool, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Put dead letters back to work.

    Dead letters are messages that failed five times. Fix the cause first.
    """
    target = find(stage, as_json=as_json)
    stack = describe(target, stage)
    sqs = target.client("sqs")
    letters = DeadLetterQueue(stack.dead_letters, sqs)
    if dry_run:
        found = recover.look(letters)
        names = Counter(one for one in found if one is not None)
        foreign = found.count(None)
        lines = listed(names) if names else []
        summed = f"{many(len(found), 'message')}: {many(len(names), 'deletion')}, {foreign} not ours"
        target.say({"deletions": dict(names), "foreign": foreign, "dry_run": True}, *lines, summed)
        return
    try:
        done = recover.redrive(
            letters, WorkQueue(stack.work_queue, lambda: sqs, _failed), drop_foreign=drop_foreign
        )
    except KeyboardInterrupt as interrupt:
        words = "each message was put back to work or is still there; the same command goes on"
        raise Interrupted(words) from interrupt
    target.say(
        {"nudged": done.nudged, "foreign": done.foreign, "dropped": drop_foreign, "dry_run": False},
        f"{done.nudged} messages put back to work, {done.foreign} that are not ours "
        + ("removed" if drop_foreign else "left where they are"),
    )


def listed(names: Counter[str]) -> list[str]:
    """Which deletions have how many messages there, as a table."""
    rows = [(name, str(number)) for name, number in names.most_common(MOST_SHOWN)]
    return table(("deletion", "messages"), rows)


def _failed(_what: str, **facts: object) -> None:
    """The queue's report of a nudge that could not be sent: its message must stay then."""
    raise OutOfReach(f"the work queue is out of reach ({facts.get('reason')}): what is left stays there")
