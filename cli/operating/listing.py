"""`expunge show` and `expunge list`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import click

from chalicelib.domain.status import Status
from cli import csv_out
from cli.ends import OutOfReach
from cli.erasing import map_table, month
from cli.following.deletions import from_words
from cli.following.progress import OUTCOMES
from cli.operating import render, times
from cli.operator_api import reach
from cli.options import options
from cli.output import say, say_json
from cli.target import find

SHOW = """\b
Examples:
  expunge show del_01M8298QNC9R2FS46471MHPX7V
  expunge show leads.csv.expunge --json | jq '.deletions[].status'
  expunge show del_01M8298QNC9R2FS46471MHPX7V --map   what an erasure found

Who asked, why and who approved is shown to operators: by id, not by a link or
a journal, which need no AWS credentials."""

LIST = """\b
Examples:
  expunge list                           the newest 50 of the last 30 days
  expunge list --status needs_attention --since 7d
  expunge list --since 2026-11-01 --until 2026-12-01 --time-zone Europe/Vienna
  expunge list --source erp --reference "ticket 42"
  expunge list --since 2026-11-01 --all --format csv --output november.csv

--since is inclusive, --until exclusive. A day is its first moment in the time
zone. CSV has times in UTC, and an apostrophe before what a spreadsheet would
calculate; a file that is written is its owner's alone."""

COUNTS = ("requested", *OUTCOMES)
COLUMNS = (
    "id", "created_at", "finished_at", "status", "operation", "org", "module", "source", "asked_by",
    "approved_by", "reference", "reason", "dry_run", *COUNTS, "calls",
)  # fmt: skip


@click.command(epilog=SHOW)
@click.argument("deletions", nargs=-1, required=True, metavar="ID|LINK|JOURNAL...")
@click.option("--map", "with_map", is_flag=True, help="Of an erasure: each record, what is done, and why.")
@options
def show(deletions: tuple[str, ...], with_map: bool, stage: str | None, as_json: bool) -> None:
    """Show deletions: counts, problems, what to do."""
    found = [(linked, linked.shown()) for linked in from_words(deletions, stage)]
    maps = _maps([linked.id for linked, _ in found], stage) if with_map else {}
    if as_json:
        say_json({"deletions": [each for _, each in found], **({"maps": maps} if with_map else {})})
        return
    for linked, document in found:
        say(*render.shown(document), f"  {linked.link}")
        if linked.id in maps and document.get("plan"):
            say(*map_table.lines(document["plan"], maps[linked.id]))


def _maps(deletions: list[str], stage: str | None) -> dict[str, list[dict[str, Any]]]:
    """The entries of the maps of erasures. Raises Refused where one has none."""
    api = reach(find(stage, as_json=False), stage)
    return {one: list(api.pages(f"deletions/{one}/map", "entries", {})) for one in deletions}


@click.command(name="list", epilog=LIST)
@click.option(
    "--status",
    type=click.Choice([each.value for each in Status]),
    metavar="STATUS",
    help="Only in this status, such as needs_attention.",
)
@click.option("--module", help="Zoho's API name of the module.")
@click.option("--org", help="The Zoho org. Default: all.")
@click.option("--source", help="Who sent them; policy:NAME for a policy's runs. Default: all.")
@click.option("--reference", help="Only those with exactly this reference.")
@click.option("--since", metavar="TIME", help=f"Accepted then or later, {times.FORMS}. Default: 30 days.")
@click.option("--until", metavar="TIME", help="Accepted before then; as --since. Default: now.")
@times.zone_option
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--erasures", is_flag=True, help="Erasures of people only, with the days left of the month.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    default="table",
    show_default=True,
    help="table for people, csv for spreadsheets, jsonl for programs.",
)
@click.option("--output", type=click.Path(path_type=Path), help="The file to write, as CSV or JSON lines.")
@options
def list_deletions(
    zone: tzinfo,
    limit: int,
    every: bool,
    erasures: bool,
    form: str,
    output: Path | None,
    stage: str | None,
    as_json: bool,
    **filters: str | None,
) -> None:
    """List deletions, the newest first."""
    if output is not None and form == "table":
        raise click.UsageError("--output needs --format csv or jsonl")
    bounds = {name: filters.pop(name) for name in ("since", "until")}
    query = {name: value for name, value in filters.items() if value} | {
        name: times.moment(text, zone, f"--{name}").isoformat(timespec="milliseconds")
        for name, text in bounds.items()
        if text
    }
    target = find(stage, as_json=as_json)
    pages = reach(target, stage).pages("deletions", "deletions", query)
    if erasures:
        pages = (each for each in pages if each["operation"] == "erase_person")
    if form != "table":
        _written(pages if every else islice(pages, limit), form, output, as_json=as_json)
        if not every and next(iter(pages), None) is not None:
            say(f"there are more than these {limit:,}: --limit or --all", err=True)
        return
    found = list(pages if every else islice(pages, limit + 1))
    more = not every and len(found) > limit
    found = found if every else found[:limit]
    table = month.listed(found, time.time()) if erasures else render.listed(found, zone)
    lines = [*table, f"times are {zone}"] if found else ["there are none"]
    target.say(
        {"deletions": found, "more": more}, *lines, *(["there are more: --limit or --all"] if more else [])
    )


def _written(found: Iterable[dict[str, Any]], form: str, output: Path | None, *, as_json: bool) -> None:
    """As CSV or JSON lines, to a file or to standard output."""
    if output is None:
        for _ in _lines(found, form, sys.stdout):
            pass
        return
    try:
        with csv_out.whole(output) as sink:
            written = sum(1 for _ in _lines(found, form, sink))
    except OSError as problem:
        raise OutOfReach(f"{output}: {problem.strerror}") from problem
    if as_json:
        say_json({"output": str(output), "deletions": written})
    else:
        say(f"{render.many(written, 'deletion')} in {output}")


def _lines(found: Iterable[dict[str, Any]], form: str, sink: TextIO) -> Iterator[None]:
    if form == "csv":
        sink.write(csv_out.row(COLUMNS))
    for each in found:
        flat = {**(each.get("counts") or {}), **each}
        sink.write(
            csv_out.row(flat.get(name) for name in COLUMNS) if form == "csv" else json.dumps(each) + "\n"
        )
        yield
