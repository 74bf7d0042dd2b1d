"""`expunge show` and `expunge list`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice

import click

from chalicelib.domain.deletion import Status
from cli.following.targets import from_words
from cli.operating import render
from cli.operator_api import reach
from cli.options import options
from cli.output import say, say_json
from cli.place import find

_SPAN = re.compile(r"([0-9]{1,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

SHOW = """\b
Examples:
  expunge show del_01M8298QNC9R2FS46471MHPX7V
  expunge show leads.csv.expunge --json | jq '.deletions[].status'"""

LIST = """\b
Examples:
  expunge list                                 the newest 50 of the last 30 days
  expunge list --status needs_attention --since 7d
  expunge list --module Leads --all --json"""


@click.command(epilog=SHOW)
@click.argument("deletions", nargs=-1, required=True, metavar="ID|LINK|JOURNAL...")
@options
def show(deletions: tuple[str, ...], stage: str | None, as_json: bool) -> None:
    """Show deletions as they stand: counts, problems, and what to do about them."""
    found = [(target, target.document()) for target in from_words(deletions, stage)]
    if as_json:
        say_json({"deletions": [each for _, each in found]})
        return
    for target, document in found:
        say(*render.shown(document), f"  {target.link}")


@click.command(name="list", epilog=LIST)
@click.option("--status", type=click.Choice([each.value for each in Status]), metavar="STATUS")
@click.option("--module", help="Zoho's API name of the module.")
@click.option("--org", help="The Zoho org. Default: all.")
@click.option("--since", help="Such as 45m, 12h, 7d, 4w, or 2026-01-31T12:00:00Z. Default: 30 days.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@options
def list_deletions(
    status: str | None,
    module: str | None,
    org: str | None,
    since: str | None,
    limit: int,
    every: bool,
    stage: str | None,
    as_json: bool,
) -> None:
    """List deletions, the newest first."""
    asked = {"status": status, "module": module, "org": org, "since": _since(since)}
    query = {name: value for name, value in asked.items() if value}
    place = find(stage, as_json=as_json)
    pages = reach(place, stage).pages("deletions", "deletions", query)
    found = list(pages if every else islice(pages, limit + 1))
    more = not every and len(found) > limit
    found = found if every else found[:limit]
    lines = render.listed(found) if found else ["there are none"]
    place.say(
        {"deletions": found, "more": more}, *lines, *(["there are more: --limit or --all"] if more else [])
    )


def _since(text: str | None) -> str | None:
    """A time for the service; a span counts back from now."""
    span = _SPAN.fullmatch(text or "")
    if span is None:
        return text
    back = timedelta(**{_UNITS[span.group(2)]: int(span.group(1))})
    return (datetime.now(UTC) - back).isoformat(timespec="seconds")
