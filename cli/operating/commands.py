"""`expunge cancel`, `retry`, `approve`, `resolve`: what a person may ask of deletions. The service alone
knows what fits: a dry run asks it (`?dry_run=true`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import click

from cli import asking, http
from cli.ends import End, Interrupted
from cli.following.deletions import deletion_id, ids_from_words
from cli.operating.render import many
from cli.operator_api import OperatorApi, dry, reach
from cli.options import dry_run as dry_run_option
from cli.options import options
from cli.target import Refused, Target, find

ONE = click.argument("deletion", callback=deletion_id, metavar="ID|LINK")
SEVERAL = click.argument("deletions", nargs=-1, required=True, metavar="ID|LINK|JOURNAL...")
INSTEAD = dry_run_option("Ask the service what it would do; it changes nothing.")
#: Makes what is shown of an answer: the JSON, then the words.
Shown = Callable[[str, dict[str, Any]], tuple[dict[str, Any], list[str]]]

CANCEL = """\b
Examples:
  expunge cancel del_01M8298QNC9R2FS46471MHPX7V --dry-run
  expunge cancel leads.csv.expunge             all that a send has accepted

Of several, those that cannot be cancelled any more are named one by one; the
exit code is 3 if none could be cancelled."""

RETRY = """\b
Examples:
  expunge retry del_01M8298QNC9R2FS46471MHPX7V
  expunge retry leads.csv.expunge --dry-run

Of several, those that have nothing to retry are named one by one; the exit code
is 3 if none could be retried."""


APPROVE = """\b
Examples:
  expunge approve del_01M8298QNC9R2FS46471MHPX7V --count 1200
  expunge approve del_01M8298QNC9R2FS46471MHPX7V --count 7 --map-hash 5f1c...

expunge show DELETION --map shows the map of an erasure."""


@click.command(epilog=CANCEL)
@SEVERAL
@INSTEAD
@options
def cancel(deletions: tuple[str, ...], dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Cancel deletions. What was not sent to Zoho yet is not sent; a job that runs at Zoho goes on.

    A deletion that needs attention ends as cancelled; what is unknown stays unknown.
    """

    def shown(one: str, found: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        counts = found["counts"]
        words = f"{one} is being cancelled; expunge watch {one} shows when it has ended"
        if dry_run:
            left = f"{many(counts.get('pending'))} of {many(counts.get('requested'), 'record')}"
            words = f"{one} would be cancelled: {left} not processed yet"
        return {"deletion": found, "asked": not dry_run}, [words]

    _each(deletions, "cancel", shown, dry_run=dry_run, stage=stage, as_json=as_json)


@click.command(epilog=RETRY)
@SEVERAL
@INSTEAD
@asking.destructive
@options
def retry(deletions: tuple[str, ...], dry_run: bool, yes: bool, stage: str | None, as_json: bool) -> None:
    """Ask again for the ids that failed or are unknown.

    It makes one new deletion, however often the command is given.
    """

    def shown(one: str, made: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        told = {**made, "retry_of": one}
        if made["id"] is None:
            count = (made.get("counts") or {}).get("requested")
            return told, [f"{one} would be retried for {many(count, 'id')}"]
        if dry_run:
            return told, [f"{one} is retried already: {made['id']}"]
        return told, [f"{made['id']} retries {one}", made["links"]["self"]]

    _each(deletions, "retry", shown, dry_run=dry_run, yes=yes, stage=stage, as_json=as_json)


@click.command(epilog=APPROVE)
@ONE
@click.option(
    "--count", type=click.IntRange(min=0), required=True, help="The number that expunge show tells."
)
@click.option("--map-hash", metavar="HASH", help="Of an erasure: the hash of the map that was looked at.")
@click.option(
    "--shared",
    multiple=True,
    metavar="VALUE",
    help="Of an erasure: a shared value of this person's, such as /identity/phones/0; may be repeated.",
)
@INSTEAD
@options
def approve(
    deletion: str,
    count: int,
    map_hash: str | None,
    shared: tuple[str, ...],
    dry_run: bool,
    stage: str | None,
    as_json: bool,
) -> None:
    """Approve a large deletion, or the erasure of a person.

    --count is how many records it would delete; of an erasure, how many entries its map has.
    """
    if shared and not map_hash:
        raise click.UsageError("--shared goes with --map-hash")
    target, api = _reached(stage, as_json=as_json)
    if not dry_run:
        orgs = _counted(api, [deletion])[1]
        asking.counted(target if orgs else None, orgs)
    of_a_map = {"map_hash": map_hash, "shared": list(shared)} if map_hash else {}
    found = _post(api, deletion, "approve", {"count": count, **of_a_map}, dry_run=dry_run)
    _say(target, found, f"{_is(dry_run)} approved for {many(count, 'record')}", dry_run=dry_run)


@click.command(epilog="\b\nExample:\n  expunge resolve del_01M8298QNC9R2FS46471MHPX7V --outcome done")
@ONE
@click.option("--outcome", type=click.Choice(["done", "not_done"]), required=True, help="What was found.")
@click.option("--note", default="", help="How it was found out; kept with the deletion.")
@INSTEAD
@options
def resolve(deletion: str, outcome: str, note: str, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Resolve a deletion that needs attention. Look at Zoho first: was what is unknown done, or not?"""
    target, api = _reached(stage, as_json=as_json)
    found = _post(api, deletion, "resolve", {"outcome": outcome, "note": note}, dry_run=dry_run)
    counted = f"{many(found['counts'].get('unknown'), 'unknown record')} counted as {outcome}"
    _say(target, found, f"{_is(dry_run)} resolved: {counted}", dry_run=dry_run)


@dataclass
class _Asked:
    """What was asked of which deletions so far."""

    left: list[str]
    shown: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)

    def known(self) -> str:
        """For an end in between."""
        done = f"asked of {many(len(self.shown), 'deletion')}"
        return f"{done}; still to be asked of {' '.join(self.left)}; the same command may be run again"


def _each(
    words: Sequence[str],
    what: str,
    shown: Shown,
    *,
    dry_run: bool,
    stage: str | None,
    as_json: bool,
    yes: bool = True,
) -> None:
    """Ask it of every deletion that the words mean. Of several, what does not fit is told and passed over."""
    ids = ids_from_words(words)
    target, api = _reached(stage, as_json=as_json)
    asked = _Asked(list(ids))
    if what == "retry" and not dry_run:
        number, orgs = _counted(api, ids)
        asking.confirm(
            number, "records are to be asked for again", yes=yes, target=target if orgs else None, org=orgs
        )
    try:
        for one in ids:
            _ask(api, one, what, shown, asked, alone=len(ids) == 1, dry_run=dry_run)
            asked.left.remove(one)
    except KeyboardInterrupt as interrupt:
        raise Interrupted(asked.known()) from interrupt
    except click.ClickException as problem:
        if len(ids) == 1:
            raise
        raise type(problem)(f"{problem.message}\n{asked.known()}") from problem
    if len(ids) == 1:
        target.say(asked.shown[0], *asked.lines)
        return
    told = {"deletions": asked.shown, "refused": asked.refused, "dry_run": dry_run}
    target.say(told, *asked.lines, *(f"{each['deletion']}: {each['why']}" for each in asked.refused))
    if not asked.shown:
        raise click.exceptions.Exit(End.NOT_AS_THINGS_STAND.value)


def _ask(
    api: OperatorApi, one: str, what: str, shown: Shown, asked: _Asked, *, alone: bool, dry_run: bool
) -> None:
    try:
        found = _post(api, one, what, dry_run=dry_run)
    except Refused as problem:
        if alone:
            raise
        asked.refused.append({"deletion": one, "why": problem.message})
        return
    told, lines = shown(one, found)
    asked.shown.append(told)
    asked.lines += lines


def _reached(stage: str | None, *, as_json: bool) -> tuple[Target, OperatorApi]:
    target = find(stage, as_json=as_json)
    return target, reach(target, stage)


def _counted(api: OperatorApi, ids: Sequence[str]) -> tuple[int, str]:
    """How many records of them failed or are unknown, and in which orgs. What cannot be found is refused by
    the call that follows; raises OutOfReach where the service does not answer, as the number is not known.
    """
    orgs, number = set(), 0
    for one in ids:
        with suppress(Refused):
            found = api.deletion(one)
            orgs.add(str(found["org"]))
            number += found["counts"].get("failed", 0) + found["counts"].get("unknown", 0)
    return number, ", ".join(sorted(orgs))


def _post(
    api: OperatorApi, deletion: str, what: str, body: Any = None, *, dry_run: bool = False
) -> dict[str, Any]:
    return http.good(api.call("POST", f"deletions/{deletion}/{what}", dry(dry_run), body))


def _is(dry_run: bool) -> str:
    return "would be" if dry_run else "is"


def _say(target: Target, document: dict[str, Any], words: str, *, dry_run: bool = False) -> None:
    target.say({"deletion": document, "asked": not dry_run}, f"{document['id']} {words}")
