"""`expunge recover`: lets a stage work on a restored table, and makes due what was set aside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.evidence.operators import What
from chalicelib.service.operators import recover as recovery
from cli.ends import End
from cli.operating.render import many
from cli.options import dry_run as dry_run_option
from cli.options import options
from cli.table import table, whole
from cli.target import Group, Refused, Target, find
from cli.target_settings import part, settings

EPOCH = "EXPUNGE_EPOCH"

RELEASE = """\b
Examples:
  expunge recover release --dry-run     is the stage held back?
  expunge recover release --stage prod

Look at expunge recover pending first, and cancel what must not run."""

SET_ASIDE = """\b
Example:
  expunge recover set-aside del_01M8298QNC9R2FS46471MHPX7V

Deploy a version that can read the deletion first. The alarm set-aside and the
log of the work function name it. Of several, those that were not set aside are
named one by one; the exit code is 3 if none was."""


@click.group(cls=Group)
def recover() -> None:
    """Go on after a restore, or with what could not be read."""


@recover.command(epilog="\b\nExample:\n  expunge recover pending --stage prod")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="How many at most.")
@options
def pending(limit: int, stage: str | None, as_json: bool) -> None:
    """List what has not ended, the longest waiting first."""
    show_pending(find(stage, as_json=as_json), limit)


@recover.command(epilog=RELEASE)
@dry_run_option("Say whether the stage is held back; change nothing.")
@options
def release(dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Let the stage work on its restored table.

    From then on it sends to Zoho again.
    """
    target = find(stage, as_json=as_json)
    if not dry_run:
        target.tell_target()
    release_table(target, dry_run=dry_run)


@recover.command(name="set-aside", epilog=SET_ASIDE)
@click.argument("deletions", nargs=-1, required=True, metavar="ID...")
@options
def set_aside(deletions: tuple[str, ...], stage: str | None, as_json: bool) -> None:
    """Make deletions due again that were set aside.

    The version that set them aside could not read them.
    """
    make_due(find(stage, as_json=as_json), deletions)


def show_pending(target: Target, limit: int) -> None:
    """Says what is not at its end, at most `limit` deletions."""
    found = recovery.would_run(_ledger(target)[0], limit)
    more = len(found) == limit
    summed = many(len(found), "deletion") + (", perhaps more: raise --limit" if more else "")
    target.say(
        {"deletions": [_facts(one) for one in found], "more": more}, *(listed(found) if found else ()), summed
    )


def release_table(target: Target, *, dry_run: bool = False) -> None:
    """Releases the table for the stage's epoch. Raises Refused where the table has a later one."""
    ledger, epoch = _ledger(target)
    kept = ledger.kept_epoch()
    if kept > epoch:
        raise Refused(f"the table is at epoch {kept}, the stage at {epoch}: deploy it with a larger {EPOCH}")
    held_back = kept != epoch
    told = {"held_back": held_back, "epoch": epoch, "released": held_back and not dry_run, "dry_run": dry_run}
    if not held_back:
        target.say(told, f"nothing to release: stage and table are at epoch {epoch}")
        return
    if dry_run:
        target.say(told, "the stage is held back: it sends nothing to Zoho until its table is released")
        return
    who = Caller(str(target.client("sts").get_caller_identity()["Arn"]), time.time())
    noted = who.entry(
        What.PAUSE_ENDED, "org/*", {"paused": True, "epoch": kept}, {"paused": False, "epoch": epoch}
    )
    if not ledger.release(epoch, noted):
        raise Refused(f"somebody has released the table for a later epoch than the stage's, {epoch}")
    target.say(told, f"released: the stage works on its table, epoch {epoch}")


def make_due(target: Target, deletions: Sequence[str]) -> None:
    """Makes each deletion due that was set aside. Raises Exit with code 3 where none was."""
    ledger, now = _ledger(target)[0], time.time()
    taken: dict[str, bool] = {}
    for one in dict.fromkeys(deletions):
        try:
            taken[one] = ledger.take_up(one, now)
        except Unavailable as problem:
            due = " ".join(each for each, good in taken.items() if good) or "none"
            words = f"{problem.what} is out of reach: {problem.reason}\ndue again: {due}; {one} is in doubt"
            raise click.ClickException(f"{words}; the same command may be run again") from problem
    target.say(
        {
            "due": [one for one, good in taken.items() if good],
            "refused": [one for one, good in taken.items() if not good],
        },
        *(f"{one}: {'due again' if good else 'was not set aside'}" for one, good in taken.items()),
    )
    if not any(taken.values()):
        raise click.exceptions.Exit(End.NOT_AS_THINGS_STAND.value)


def _ledger(target: Target) -> tuple[Table, int]:
    """The stage's table, and the epoch that its functions have."""
    found = settings(target, "poll")
    shards, epoch = int(found.get("EXPUNGE_DUE_SHARDS") or 1), int(found.get(EPOCH) or 0)
    return Table(part(target), lambda: target.client("dynamodb"), shards=shards, epoch=epoch), epoch


def _facts(one: recovery.Open) -> dict[str, Any]:
    if one.deletion is None:
        return {"id": one.deletion_id, "problem": one.reason or "not there"}
    deletion, request = one.deletion, one.deletion.request
    return {
        "id": one.deletion_id,
        "status": deletion.status.value,
        "operation": request.operation.value,
        "module": request.module,
        "org": request.org,
        "pending": deletion.counts.pending,
        "requested": deletion.counts.requested,
    }


def listed(found: Sequence[recovery.Open]) -> list[str]:
    """What has not ended, as a table."""
    return table(("deletion", "status", "what", "to do"), map(_row, found))


def _row(one: recovery.Open) -> tuple[str, str, str, str]:
    found = _facts(one)
    if one.deletion is None:
        return one.deletion_id, "cannot be read", str(found["problem"]), "-"
    what = f"{found['operation']} {found['module']} of {found['org']}"
    left = "its events" if one.deletion.is_final else f"{found['pending']} of {found['requested']}"
    return one.deletion_id, str(found["status"]), what, whole(left)
