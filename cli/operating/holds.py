"""`expunge holds`: records that may not be deleted."""

from __future__ import annotations

from typing import Any

import click

from cli import http
from cli.ends import Interrupted
from cli.operating import render
from cli.operator_api import dry, reach
from cli.options import dry_run as dry_run_option
from cli.options import options, org_option
from cli.place import Group, find

EXAMPLES = """\b
Examples:
  expunge holds set Leads 410405000002264040 --reason "audit 7" --until 2027-01-31T00:00:00Z
  expunge holds list
  expunge holds remove Leads 410405000002264040"""


@click.group(cls=Group, epilog=EXAMPLES)
def holds() -> None:
    """Records that are never deleted as long as they are held; they are reported as held."""


@holds.command(name="list", epilog="\b\nExample:\n  expunge holds list --org default")
@org_option()
@options
def list_holds(org: str, stage: str | None, as_json: bool) -> None:
    """List the holds of an org."""
    place = find(stage, as_json=as_json)
    found = list(reach(place, stage).pages("holds", "holds", {"org": org}))
    rows = [(f"{each['module']}/{each['record_id']}", _until(each), each["reason"]) for each in found]
    lines = render.table(("record", "until", "reason"), rows) if found else [f"org {org} has no holds"]
    place.say({"holds": found}, *lines)


@holds.command(name="show", epilog="\b\nExample:\n  expunge holds show Leads 410405000002264040")
@click.argument("module")
@click.argument("record")
@org_option()
@options
def show_hold(module: str, record: str, org: str, stage: str | None, as_json: bool) -> None:
    """Show the hold of RECORD in MODULE: why, until when, by whom."""
    place = find(stage, as_json=as_json)
    found = http.good(reach(place, stage).call("GET", f"holds/{module}/{record}", {"org": org}))
    place.say(found, *_lines(found))


@holds.command(name="set", epilog=EXAMPLES)
@click.argument("module")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...")
@click.option("--reason", required=True, help="Why; shown with the hold.")
@click.option("--until", help="A time such as 2027-01-31T00:00:00Z. Default: until it is removed.")
@org_option()
@dry_run_option("Ask the service what it would answer; it sets none.")
@options
def set_hold(  # the command's options
    module: str, records: tuple[str, ...], reason: str, until: str | None, org: str, **how: Any
) -> None:
    """Hold RECORDs of MODULE: they are not deleted, whoever asks, from now on."""
    body = {"reason": reason, **({"until": until} if until else {})}
    _each(module, records, org, "PUT", body, **how)


@holds.command(name="remove", epilog="\b\nExample:\n  expunge holds remove Leads 410405000002264040")
@click.argument("module")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...")
@org_option()
@dry_run_option("Ask the service what it would answer; it removes none.")
@options
def remove_hold(module: str, records: tuple[str, ...], org: str, **how: Any) -> None:
    """Remove the holds of RECORDs of MODULE. What was reported as held stays so: ask for it again."""
    _each(module, records, org, "DELETE", None, **how)


def _each(
    module: str,
    records: tuple[str, ...],
    org: str,
    method: str,
    body: Any,
    *,
    dry_run: bool,
    stage: str | None,
    as_json: bool,
) -> None:
    place = find(stage, as_json=as_json)
    api = reach(place, stage)
    left, done = list(records), list[dict[str, Any]]()
    try:
        for record in records:
            query = dry(dry_run, {"org": org})
            done.append(http.good(api.call(method, f"holds/{module}/{record}", query, body)))
            left.remove(record)
    except KeyboardInterrupt as interrupt:
        words = f"still to be done: {' '.join(left)}; the same command may be run again"
        raise Interrupted(words) from interrupt
    except click.ClickException as problem:
        words = f"{module}/{left[0]}: {problem.message}; still to be done: {' '.join(left)}"
        raise type(problem)(words) from problem
    word = ("would be " if dry_run else "") + ("held" if method == "PUT" else "no longer held")
    lines = [f"{word}: {line}" for each in done for line in _lines(each)[:1]]
    place.say({"holds": done, "dry_run": dry_run}, *lines)


def _until(hold: dict[str, Any]) -> str:
    return render.moment(hold["until"]) if hold["until"] else "removed"


def _lines(hold: dict[str, Any]) -> list[str]:
    name = f"{hold['module']}/{hold['record_id']} of {hold['org']}"
    by = f"  set {render.moment(hold['set_at'])} by {hold['set_by']}"
    return [render.cut(f"{name}, until {_until(hold)}: {hold['reason']}", 120), by]
