"""`expunge audit verify` and `expunge audit export`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import click

from chalicelib.domain.evidence import chain
from chalicelib.domain.evidence.checking import PUBLIC_KEY
from cli import bar, csv_out
from cli.bar import Bar
from cli.ends import End
from cli.evidence import exported, table
from cli.evidence.exporting import Export
from cli.evidence.keys import NoKey, load
from cli.evidence.stores import Unreachable, bucket_of, folder_at, reaching, telling
from cli.operating import times
from cli.operating.render import many
from cli.operator_api import reach
from cli.options import options
from cli.output import say, say_json
from cli.target import Group, find

VERIFY = """\b
Examples:
  expunge audit verify --stage prod
  expunge audit verify --from copy-of-the-bucket

Of the bucket the end is compared with the stage's table. The end of a copy may
have been cut off without a trace in it: compare the last head's number and hash
with the daily event expunge.evidence.head. Exit code 1 means that something does
not fit, 8 that it could not be checked."""

EXPORT = """\b
Examples:
  expunge audit export --since 2026-11-01 --until 2026-12-01 --output nov.csv
  expunge audit export --since 2026-11-01 --source erp --module Leads

A row for each deletion by the time of its request; --until is exclusive."""


@click.group(cls=Group)
def audit() -> None:
    """Check the evidence; export what was deleted."""


@audit.command(epilog=VERIFY)
@click.option(
    "--from", "folder", type=click.Path(path_type=Path), metavar="DIR", help="A copy of the bucket."
)
@click.option(
    "--keep-days", type=click.IntRange(min=1), default=400, show_default=True,
    help="EXPUNGE_KEEP_DAYS: after so many days records files may be gone.",
)  # fmt: skip
@options
def verify(folder: Path | None, keep_days: int, stage: str | None, as_json: bool) -> None:
    """Check each head, receipt and operators' entry."""
    with reaching():
        target = None if folder else find(stage, as_json=as_json)
        # First, as the chain goes on while it is read.
        end, unknown = table.known_end(target) if target else ((0, ""), "")
        store: Any = folder_at(folder) if folder else bucket_of(target)  # type: ignore[arg-type]  # one of both is there
        pem = store.read(PUBLIC_KEY)
        if pem is None:
            raise Unreachable(
                f"{PUBLIC_KEY} is not there: no evidence was written yet, or this is no copy of it"
            )
        try:
            key = load(pem)
        except NoKey as problem:
            shown = {"fits": False, "problems": [str(problem)], "notes": []}
            _say(as_json, shown, f"does not fit: {problem}")
            raise SystemExit(End.OUT_OF_REACH.value) from problem
        done = chain.check(store, key, keep_days, datetime.now(UTC), end)
    last, found = done.last, done.found
    found.notes += [unknown] if unknown else []
    hash_of = chain.hash_of(last) if last else None
    shown = {
        "fits": not found.problems,
        "objects": done.objects,
        "last_head": last.n if last else 0,
        "last_head_hash": hash_of,
        "last_head_at": last.at if last else None,
        "key_fingerprint": key.keyid,
        "problems": found.problems,
        "notes": found.notes,
    }
    ends = [f"last head {last.n} of {last.at}, hash {hash_of}" if last else "no head yet"]
    result = [f"does not fit: {each}" for each in found.problems] or [
        f"all of {many(done.objects, 'object')} fit"
    ]
    _say(as_json, shown, *found.notes, *ends, f"key {key.keyid}", *result)
    if found.problems:
        raise SystemExit(End.OUT_OF_REACH.value)


def _say(as_json: bool, shown: dict[str, Any], *lines: str) -> None:
    with telling():
        if as_json:
            say_json(shown)
        else:
            say(*lines)


@audit.command(epilog=EXPORT)
@click.option("--since", metavar="TIME", required=True, help=f"Requested then or later, {times.FORMS}.")
@click.option("--until", metavar="TIME", help="Requested before then. Default: now.")
@times.zone_option
@click.option("--source", help="Only of this source.")
@click.option("--module", help="Only in this module.")
@click.option("--reference", help="Only with exactly this reference.")
@click.option("--output", type=click.Path(path_type=Path), metavar="F.csv", help="The file to write.")
@options
def export(
    since: str,
    until: str | None,
    zone: tzinfo,
    output: Path | None,
    stage: str | None,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Write a CSV with one row for each deletion."""
    first = times.moment(since, zone, "--since")
    last = times.moment(until, zone, "--until") if until else datetime.now(UTC)
    if first >= last:
        raise click.UsageError("--until must be later than --since")
    target = find(stage, as_json=as_json)
    wanted = {name: value for name, value in filters.items() if value}
    made = Export(reach(target, stage), bucket_of(target), first, last, wanted)
    with bar.shown() as shown:
        _written(made, output, shown)
    strange = made.without_row()
    for one in strange:
        say(f"{one} has a receipt and no row: the table does not have it, or cannot read it", err=True)
    if output is not None:
        words = f"{many(made.written, 'deletion')} in {output}"
        target.say({"output": str(output), "deletions": made.written, "without_row": strange}, words)


def _written(made: Export, output: Path | None, shown: Bar) -> None:
    """To the file, whole or not at all, or to standard output."""
    if output is None:
        exported.write(made.rows(shown), sys.stdout)
        return
    try:
        with csv_out.whole(output) as sink:
            exported.write(made.rows(shown), sink)
    except OSError as problem:
        raise click.ClickException(f"{output}: {problem.strerror}") from problem
