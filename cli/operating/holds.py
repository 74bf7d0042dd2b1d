"""`expunge holds`: records that may not be deleted."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import click

from chalicelib.domain import modules
from chalicelib.domain.ids import is_record_id
from cli import http, known_records
from cli.ends import Interrupted
from cli.operating import render, times
from cli.operator_api import dry, reach
from cli.options import dry_run as dry_run_option
from cli.options import options, org_option
from cli.sending import rounded
from cli.table import WIDTH, table, whole
from cli.target import Group, Refused, Target, find

EXAMPLES = """\b
Examples:
  expunge holds set Leads 410405000002264040 --reason "audit 7" \\
      --until 2027-01-31
  expunge holds list
  expunge holds remove Leads 410405000002264040"""


@click.group(cls=Group, epilog=EXAMPLES)
def holds() -> None:
    """Hold records, so that they are not deleted.

    As long as a record is held, deletions report it as held.
    """


@holds.command(name="list", epilog="\b\nExample:\n  expunge holds list --org default")
@org_option()
@options
def list_holds(org: str, stage: str | None, as_json: bool) -> None:
    """List the holds of an org."""
    target = find(stage, as_json=as_json)
    found = list(reach(target, stage).pages("holds", "holds", {"org": org}))
    rows = [(f"{each['module']}/{each['record_id']}", whole(_until(each)), each["reason"]) for each in found]
    lines = table(("record", "until", "reason"), rows) if found else [f"org {org} has no holds"]
    target.say({"holds": found}, *lines)


@holds.command(name="show", epilog="\b\nExample:\n  expunge holds show Leads 410405000002264040")
@click.argument("module")
@click.argument("record")
@org_option()
@options
def show_hold(module: str, record: str, org: str, stage: str | None, as_json: bool) -> None:
    """Show the hold of RECORD in MODULE: why, until when, by whom."""
    target = find(stage, as_json=as_json)
    found = http.good(reach(target, stage).call("GET", f"holds/{module}/{record}", {"org": org}))
    target.say(found, *_lines(found))


@holds.command(name="set", epilog=EXAMPLES)
@click.argument("module")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...")
@click.option("--reason", required=True, help="Why; shown with the hold.")
@click.option("--until", help="A day or a time, such as 2027-01-31. Default: until it is removed.")
@times.zone_option
@org_option()
@click.option("--force", is_flag=True, help="Do not ask Zoho whether module and records are there.")
@dry_run_option("Ask the service what it would answer; it sets none.")
@options
def set_hold(  # the command's options
    module: str,
    records: tuple[str, ...],
    reason: str,
    until: str | None,
    zone: tzinfo,
    org: str,
    force: bool,
    **how: Any,
) -> None:
    """Hold RECORDs of MODULE: nobody's deletion takes them.

    Zoho is asked first: where it has no such module, or not all of the records, none is held. Where it cannot
    be asked they are held, and that is said.
    """
    module = _module(module)
    body = {
        "reason": reason,
        **({"until": _end(until, zone).isoformat(timespec="milliseconds")} if until else {}),
    }
    if not force:
        _refuse_rounded(records)
    if not all(map(is_record_id, records)):
        force = True  # the service refuses what cannot be an id, and says what one is
    target = find(how["stage"], as_json=how["as_json"])
    unasked = "--force" if force else _unless_unknown(target, org, module, records)
    _each(module, records, org, "PUT", body, unasked=unasked, **how)


def _end(text: str, of: tzinfo) -> datetime:
    """When a hold ends; a day is its first moment in the zone. Raises UsageError: a span would look back."""
    if times.is_span(text):
        raise click.UsageError(f"--until {text}: give a day or a time, such as 2027-01-31")
    return times.moment(text, of, "--until")


def _module(name: str) -> str:
    """The module's one name. Raises UsageError for what cannot be a module."""
    if problem := modules.problem_of(name):
        raise click.BadParameter(problem, param_hint="MODULE")
    return modules.canonical(name)


def _refuse_rounded(records: tuple[str, ...]) -> None:
    """Raises Refused for ids that were rounded: the hold would be another record's."""
    for record in records:
        if why := rounded.as_a_number(record):
            raise Refused(f"{record} {why}; nothing was held")
    places, why = rounded.suspicious(records)
    if places:
        words = (
            f"{' '.join(records[at] for at in places)}: {why}; nothing was held; if they are right: --force"
        )
        raise Refused(words)


def _unless_unknown(target: Target, org: str, module: str, records: tuple[str, ...]) -> str:
    """Why Zoho could not be asked, "" where it has the records. Raises Refused where it does not."""
    found = known_records.known(target, org, module, records)
    if found.unasked:
        return found.unasked
    again = "nothing was held; look at the module and the ids, or hold them all the same with --force"
    if found.no_module:
        words = f"Zoho knows no module {module} in org {org} (letter case counts), or its user may not see it"
        raise Refused(f"{words}; {again}")
    if found.missing:
        raise Refused(f"there is no such record in {module}: {' '.join(found.missing)}; {again}")
    return ""


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
    unasked: str = "",
    **how: Any,
) -> None:
    target = find(how["stage"], as_json=how["as_json"])
    api = reach(target, how["stage"])
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
    lines = [f"{word}: {_told(each)}" for each in done]
    if unasked:
        lines.append(f"Zoho was not asked whether it has them ({unasked}): check module and ids")
    checked = {} if method == "DELETE" else {"checked": not unasked}
    target.say({"holds": done, "dry_run": dry_run, **checked}, *lines)


def _until(hold: dict[str, Any]) -> str:
    return render.moment(hold["until"]) if hold["until"] else "removed"


def _lines(hold: dict[str, Any]) -> list[str]:
    by = f"  set {render.moment(hold['set_at'])} by {hold['set_by']}"
    return [*render.wrapped(_told(hold), WIDTH), *render.wrapped(by, WIDTH)]


def _told(hold: dict[str, Any]) -> str:
    name = f"{hold['module']}/{hold['record_id']} of {hold['org']}"
    return f"{name}, until {_until(hold)}: {hold['reason']}"
