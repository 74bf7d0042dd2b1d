"""`expunge export`: what became of every id, as CSV or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from cli import bar, csv_out
from cli.bar import Bar
from cli.ends import Interrupted, OutOfReach
from cli.following.deletions import LinkedDeletion, from_words
from cli.following.progress import OUTCOMES
from cli.options import options
from cli.output import say

COLUMNS = ("deletion", "id", "outcome", "code", "message")
Record = dict[str, Any]

EXAMPLES = """\b
Examples:
  expunge export leads.csv.expunge --output outcomes.csv
  expunge export leads.csv.expunge --outcome failed --format jsonl

FILE is written aside and put in its place when it is whole, or not at all;
only its owner may read it. In CSV an apostrophe stands before what a
spreadsheet would calculate; jsonl has every text as it was.
Of a view that was not listed Zoho names no records: there the counts are all."""


@click.command(epilog=EXAMPLES)
@click.argument("deletions", nargs=-1, required=True, metavar="ID|LINK|JOURNAL...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="csv for spreadsheets, jsonl for programs.",
)
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice(OUTCOMES),
    metavar="OUTCOME",
    help=f"Only ids with this outcome; may be repeated. One of {', '.join(OUTCOMES)}.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="The file to write. Default: standard output."
)
@options
def export(
    deletions: tuple[str, ...],
    form: str,
    outcomes: tuple[str, ...],
    output: Path | None,
    stage: str | None,
    as_json: bool,
) -> None:
    """Write the outcome of every id of these deletions."""
    found = _Records(from_words(deletions, stage), outcomes)
    try:
        with bar.shown() as shown:
            _write(found.each(shown), form, output)
    except KeyboardInterrupt as interrupt:
        words = f"{output} is as it was" if output else f"only {found.written:,} ids are written"
        raise Interrupted(f"{words}; the same command begins anew") from interrupt
    except BrokenPipeError:
        raise  # whoever read has enough
    except OSError as problem:
        raise OutOfReach(f"{output}: {problem.strerror}") from problem
    if output:
        told = {"output": str(output), "ids": found.written}
        say(json.dumps(told) if as_json else f"{found.written:,} ids in {output}")


@dataclass
class _Records:
    """Outcomes of all these deletions; `written` counts those that were asked for."""

    deletions: Sequence[LinkedDeletion]
    outcomes: Sequence[str]
    written: int = 0

    def each(self, shown: Bar) -> Iterator[Record]:
        """One after the other."""
        many = len(self.deletions)
        for number, linked in enumerate(self.deletions, start=1):
            for record in _records(linked, shown.say):
                if not self.outcomes or record["outcome"] in self.outcomes:
                    self.written += 1
                    yield record
            shown.at(number, many, f"{number} of {many} deletions, {self.written:,} ids")


def _records(linked: LinkedDeletion, say: Callable[[str], None]) -> Iterator[Record]:
    cursor: str | None = ""
    while cursor is not None:
        page = linked.page_of_records(cursor)
        if page.get("note"):
            say(f"{linked.id}: {page['note']}")
        for record in page["records"]:
            yield {"deletion": linked.id, **record}
        cursor = page["next_cursor"]


def _write(records: Iterator[Record], form: str, output: Path | None) -> None:
    """To the file, whole or not at all, or to standard output."""
    if output is None:
        _lines(records, form, sys.stdout)
        return
    with csv_out.whole(output) as sink:
        _lines(records, form, sink)


def _lines(records: Iterator[Record], form: str, sink: TextIO) -> None:
    if form == "jsonl":
        sink.writelines(json.dumps(record) + "\n" for record in records)
        return
    sink.write(csv_out.row(COLUMNS))
    sink.writelines(csv_out.row([each.get(name) for name in COLUMNS]) for each in records)
