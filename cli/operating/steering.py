"""`expunge cancel`, `retry`, `approve`, `resolve`: what a person may ask of a deletion."""

from __future__ import annotations

from typing import Any

import click

from cli import http
from cli.ends import FINAL
from cli.following.progress import became
from cli.following.targets import deletion_id
from cli.operator_api import OperatorApi, reach
from cli.options import dry_run as dry_run_option
from cli.options import options
from cli.place import Place, Refused, find

ONE = click.argument("deletion", callback=deletion_id, metavar="ID|LINK")
INSTEAD = dry_run_option("Say what it would do; ask for nothing.")


@click.command(epilog="\b\nExample:\n  expunge cancel del_01M8298QNC9R2FS46471MHPX7V --dry-run")
@ONE
@INSTEAD
@options
def cancel(deletion: str, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Stop what was not sent to Zoho yet. A view's job that runs at Zoho cannot be stopped.

    A deletion that needs attention ends as cancelled; what is unknown stays unknown.
    """
    place, api = _reached(stage, as_json=as_json)
    if dry_run:
        found = api.deletion(deletion)
        _unless_ended(found)
        waiting = f"{found['counts']['pending']:,} of {found['counts']['requested']:,} records are pending"
        _say(place, found, f"would be asked to stop; {waiting}", dry_run=True)
        return
    _say(place, _post(api, deletion, "cancel"), "is asked to stop; expunge watch tells when it has")


@click.command(epilog="\b\nExample:\n  expunge retry del_01M8298QNC9R2FS46471MHPX7V")
@ONE
@INSTEAD
@options
def retry(deletion: str, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Ask again for the ids that failed or are unknown; however often, it is one new deletion."""
    place, api = _reached(stage, as_json=as_json)
    if dry_run:
        found = api.deletion(deletion)
        counts = found["counts"]
        if found["status"] not in FINAL:
            raise Refused(f"it has not ended: {found['status']}")
        if not counts["failed"] + counts["unknown"]:
            raise Refused(f"there is nothing to retry: {became(counts)}")
        words = f"would be retried for {counts['failed']:,} failed and {counts['unknown']:,} unknown ids"
        _say(place, found, words, dry_run=True)
        return
    made = _post(api, deletion, "retry")
    place.say({**made, "retry_of": deletion}, f"{made['id']} retries {deletion}", made["links"]["self"])


@click.command(epilog="\b\nExample:\n  expunge approve del_01M8298QNC9R2FS46471MHPX7V --count 1200")
@ONE
@click.option("--count", type=click.IntRange(min=0), required=True, help="As expunge show tells it.")
@INSTEAD
@options
def approve(deletion: str, count: int, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Let a large deletion run. COUNT must be what it would delete by now."""
    place, api = _reached(stage, as_json=as_json)
    if dry_run:
        found = api.deletion(deletion)
        if found["status"] != "awaiting_approval":
            raise Refused(f"it does not wait for an approval: {found['status']}")
        if found["approval"]["count"] != count:
            raise Refused(f"its count is {found['approval']['count']}")
        _say(place, found, f"would be approved for {count:,} records", dry_run=True)
        return
    _say(place, _post(api, deletion, "approve", {"count": count}), f"is approved for {count:,} records")


@click.command(epilog="\b\nExample:\n  expunge resolve del_01M8298QNC9R2FS46471MHPX7V --outcome done")
@ONE
@click.option("--outcome", type=click.Choice(["done", "not_done"]), required=True, help="What was found.")
@click.option("--note", default="", help="How it was found out; kept with the deletion.")
@INSTEAD
@options
def resolve(deletion: str, outcome: str, note: str, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Settle a deletion that needs attention, after a look at Zoho: what is unknown was done, or was not."""
    place, api = _reached(stage, as_json=as_json)
    if dry_run:
        found = api.deletion(deletion)
        if found["status"] != "needs_attention":
            raise Refused(f"it does not need attention: {found['status']}")
        words = f"would be settled: {found['counts']['unknown']:,} unknown records count as {outcome}"
        _say(place, found, words, dry_run=True)
        return
    _say(place, _post(api, deletion, "resolve", {"outcome": outcome, "note": note}), f"is settled: {outcome}")


def _reached(stage: str | None, *, as_json: bool) -> tuple[Place, OperatorApi]:
    place = find(stage, as_json=as_json)
    return place, reach(place, stage)


def _unless_ended(document: dict[str, Any]) -> None:
    if document["status"] in FINAL - {"needs_attention"}:
        raise Refused(f"it has ended already: {document['status']}")


def _post(api: OperatorApi, deletion: str, what: str, body: Any = None) -> dict[str, Any]:
    return http.good(api.call("POST", f"deletions/{deletion}/{what}", body=body))


def _say(place: Place, document: dict[str, Any], words: str, *, dry_run: bool = False) -> None:
    place.say({"deletion": document, "asked": not dry_run}, f"{document['id']} {words}")
