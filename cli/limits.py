"""`expunge sources`: what each source may ask for. Keys are never shown and never touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.modules import canonical
from chalicelib.domain.source import OPERATOR, Source, parse, usable
from cli import secret_log
from cli.limit_values import NONE, NUMBER, SHARE
from cli.options import OPERATION, dry_run, options
from cli.sources import entry, name_of, read, why_unusable
from cli.table import table
from cli.target import Group, find
from cli.target import Refused as Refusal

_SHOWN = {
    "max_records": "a request",
    "max_records_per_hour": "an hour",
    "max_records_per_day": "a day",
    "approve_above": "approval above",
}


#: A user who tries a new limit at once meets the old one.
COUNTS = "it counts for what is accepted from now on, within 300 s (30 s on the local stage)"
#: What it means that a field has no value, where that is not "no limit".
_LEFT_OUT = {
    "related_lists": "those of Zoho's Delink page",
    "keep_credits": "as the org has it",
    "permanent_min_days": "none: may not ask for permanent_after",
}


YES_OR_NO = click.Choice(["true", "false"])


#: Fields that are true or false.
FLAGS = frozenset({"mass_delete_by_ids", "allow_uncounted", "erase_person_approval"})


@click.group(cls=Group, name="sources")
def sources() -> None:
    """What the sources may ask for.

    Their limits, modules and operations. `expunge keys` has their keys.
    """


@sources.command(name="list", epilog="\b\nExample:\n  expunge sources list --stage prod")
@options
def list_sources(stage: str | None, as_json: bool) -> None:
    """Show all sources with their limits."""
    target = find(stage, as_json=as_json)
    held, _ = read(target)
    shown = {name: _shown(held, name) for name in sorted(held)}
    target.say({"sources": shown}, *(_table(shown) or ["there are no sources: expunge keys new makes one"]))


def _table(shown: Mapping[str, dict[str, Any]]) -> list[str]:
    """The limits that people look for, and below them what does not fit beside them."""
    if not shown:
        return []
    rows = [
        (name, *(_cell(each[key]) if key in each else "-" for key in _SHOWN)) for name, each in shown.items()
    ]
    return table(("source", *_SHOWN.values()), rows, [_beside(each) for each in shown.values()])


def _beside(shown: Mapping[str, Any]) -> list[str]:
    if "problem" in shown:
        return [f"cannot be used: {shown['problem']}"]
    return [f"{what}: {', '.join(shown[what]) or NONE}" for what in ("modules", "operations")]


@sources.command(name="show", epilog="\b\nExample:\n  expunge sources show crm-workflow")
@click.argument("source", callback=name_of)
@options
def show_source(source: str, stage: str | None, as_json: bool) -> None:
    """Show what SOURCE may ask for, with the defaults."""
    target = find(stage, as_json=as_json)
    held, _ = read(target)
    entry(held, source)
    shown = {"source": source, **_shown(held, source)}
    target.say(shown, *_lines(shown))


@sources.command(name="check", epilog="\b\nExample:\n  expunge sources check --stage prod")
@options
def check(stage: str | None, as_json: bool) -> None:
    """Say which sources cannot be used, and why. Exit code 3 where there is one."""
    target = find(stage, as_json=as_json)
    held, _ = read(target)
    problems = {name: problem for name in sorted(held) if (problem := _no_use(held, name))}
    good = len(held) - len(problems)
    lines = [f"{name}: {problem}" for name, problem in problems.items()]
    target.say({"usable": good, "problems": problems}, *lines, f"{good} of {len(held)} can be used")
    if problems:
        raise Refusal(
            f"{len(problems)} cannot be used: expunge keys rotate, expunge sources set, or a change of the"
            " secret, mends them"
        )


_SETTING = """\b
Examples:
  expunge sources set crm-workflow --max-records 200 --approve-above none
  expunge sources set erp --module Leads --module Contacts --dry-run
  expunge sources set operator --module Leads --max-records 1000"""


@sources.command(name="set", epilog=_SETTING)
@click.argument("source", callback=name_of)
@click.option("--max-records", type=click.IntRange(min=1), help="The most records of one request.")
@click.option("--max-records-per-hour", type=NUMBER, help="In one clock hour.")
@click.option("--max-records-per-day", type=NUMBER, help="In one UTC day.")
@click.option("--approve-above", type=NUMBER, help="Above this many an operator has to approve.")
@click.option("--keep-credits", type=NUMBER, help="Credits of the day that are left to the others.")
@click.option("--cool-off-seconds", type=click.IntRange(min=0), help="How long a deletion waits first.")
@click.option("--module", "modules", multiple=True, help="All that it may delete in; may be repeated.")
@click.option(
    "--operation",
    "operations",
    multiple=True,
    type=OPERATION,
    help="All that it may ask for; may be repeated.",
)
@click.option(
    "--related-list", "related_lists", multiple=True, help="All that it may delink; may be repeated."
)
@click.option("--max-share", type=SHARE, help="The largest share of a module's records, such as 0.05.")
@click.option("--mass-delete-by-ids", type=YES_OR_NO, help="Whether it may use Zoho's mass delete by ids.")
@click.option("--allow-uncounted", type=YES_OR_NO, help="Whether it may delete a view without a count.")
@click.option("--org", help="The Zoho org that a request means which names none.")
@click.option("--other-org", "orgs", multiple=True, help="All other orgs that it may name; may be repeated.")
@click.option("--note", help="A note for people.")
@click.option("--permanent-min-days", type=NUMBER, help="The shortest --permanent-after it may ask for.")
@click.option(
    "--erase-person-approval",
    type=YES_OR_NO,
    help="Whether erasing a person waits for an approval; false: only for shared values.",
)
@dry_run("Say what would change; change nothing.")
@options
def set_source(source: str, dry_run: bool, stage: str | None, as_json: bool, **given: Any) -> None:
    """Change what SOURCE may ask for. What is not named stays; `none` stands for no limit.

    The source `operator`, which has no keys, is made where it is not there: it is what operators may ask for
    themselves. Deletions that were accepted before keep the limits of then. The change counts within the
    stage's cache time (EXPUNGE_SECRET_CACHE_SECONDS).
    """
    target = find(stage, as_json=as_json)
    held, version = read(target)
    # Operators have no keys, so their entry can be made here.
    before = {} if source == OPERATOR and source not in held else entry(held, source)
    changes = {name: _value(name, value) for name, value in given.items() if value not in (None, ())}
    if not changes:
        raise click.UsageError("name what to change, such as --max-records-per-day 2000")
    after = {**before, **changes}
    try:
        usable({**held, source: after}, source)
    except SecretUnusable as problem:
        raise Refusal(problem.reason) from None
    was = {**before, **_shown(held, source)} if before else {}
    shown = {
        "source": source,
        "before": {name: was.get(name) for name in changes},
        "after": changes,
        "dry_run": dry_run,
    }
    if not dry_run:
        target.tell_target(str(after.get("org") or "default"))
        secret_log.change(target, stage, held, source, after, version)
    verb = "would change" if dry_run else "changed"
    lines = [f"  {name}: {_cell(was.get(name))} -> {_cell(value)}" for name, value in changes.items()]
    target.say(shown, f"{source}: {verb}", *lines, *(() if dry_run else (COUNTS,)))


def _value(name: str, value: Any) -> Any:
    if name == "modules":
        return list(dict.fromkeys(map(canonical, value)))
    if name in FLAGS:
        return value == "true"
    return None if value == NONE else list(value) if isinstance(value, tuple) else value


def _shown(held: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a source may do, without its keys; `problem` where its entry cannot be used."""
    problem = why_unusable(dict(held), name)
    return {"problem": problem} if problem else _facts(parse(name, held[name]))


def _no_use(held: Mapping[str, Any], name: str) -> str:
    """Why nobody can use the source; "" where somebody can. Operators have no keys."""
    shown = _shown(held, name)
    no_key = "has no key: expunge keys rotate makes one" if name != OPERATOR and not shown.get("keys") else ""
    return str(shown.get("problem", no_key))


def _facts(found: Source) -> dict[str, Any]:
    limits = found.limits
    return {
        "profile": found.profile.value,
        "org": found.org,
        "orgs": sorted(found.orgs - {found.org}),
        "modules": sorted(found.modules),
        "operations": sorted(each.value for each in found.operations),
        "related_lists": None if found.related_lists is None else sorted(found.related_lists),
        "max_records": limits.max_records,
        "max_records_per_hour": limits.max_records_per_hour,
        "max_records_per_day": limits.max_records_per_day,
        "approve_above": limits.approve_above,
        "keep_credits": limits.keep_credits,
        "permanent_min_days": found.permanent_min_days,
        "erase_person_approval": limits.erase_person_approval,
        "max_share": limits.max_share,
        "cool_off_seconds": limits.cool_off_seconds,
        "mass_delete_by_ids": limits.mass_delete_by_ids,
        "allow_uncounted": limits.allow_uncounted,
        "keys": len(found.keys),
    }


def _lines(shown: Mapping[str, Any]) -> list[str]:
    return table(("field", "value"), [(name, _told(name, value)) for name, value in shown.items()])


def _told(name: str, value: Any) -> str:
    return _LEFT_OUT.get(name, NONE) if value is None else _cell(value)


def _cell(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return str(value).lower()  # as the command takes it
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NONE
    return f"{value:,}" if isinstance(value, int) else str(value)
