"""`expunge pause` and `expunge resume`: whether anything is sent to Zoho."""

from __future__ import annotations

from typing import Any

import click

from cli import http
from cli.operating import render
from cli.operator_api import dry, reach
from cli.options import dry_run as dry_run_option
from cli.options import options, org_option
from cli.sources import name_of
from cli.table import WIDTH
from cli.target import find


def _name(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    return None if value is None else name_of(ctx, parameter, value)


def _whose(org: str | None, source: str | None) -> str:
    return f"source {source}" if source else f"org {org}" if org else "all orgs"


ALL = "Only this org. Default: all orgs."
#: What looking at the pause of all orgs does not show.
OTHERS = "pauses of one org or one source: expunge doctor, or --org, --source"
_source_option = click.option("--source", callback=_name, help="Only what this source asks for.")

PAUSE = """\b
Examples:
  expunge pause --reason "audit at Zoho"
  expunge pause --org second
  expunge pause --source crm-workflow --reason "its key leaked"
  expunge pause --status"""


@click.command(epilog=PAUSE)
@org_option(ALL, None)
@click.option("--reason", default="", help="Why; shown to whoever asks.")
@click.option("--status", "only_look", is_flag=True, help="Show what is paused; change nothing.")
@_source_option
@dry_run_option("Ask the service what it would answer; it changes nothing.")
@options
def pause(
    org: str | None,
    source: str | None,
    reason: str,
    only_look: bool,
    dry_run: bool,
    stage: str | None,
    as_json: bool,
) -> None:
    """Stop sending anything to Zoho. Requests are accepted and wait; a job that runs at Zoho goes on."""
    body = None if only_look else _body(org, source, reason, paused=True)
    _set(org, source, stage, body, dry_run=dry_run, as_json=as_json)


@click.command(epilog="\b\nExamples:\n  expunge resume\n  expunge resume --org second")
@org_option(ALL, None)
@_source_option
@dry_run_option("Ask the service what it would answer; it changes nothing.")
@options
def resume(org: str | None, source: str | None, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """End a pause: what has waited is sent to Zoho. The pauses of all orgs, of one org and of one source are
    ended one by one.
    """
    if not dry_run:
        find(stage, as_json=as_json).tell_target(org, source)
    body = _body(org, source, "", paused=False)
    _set(org, source, stage, body, dry_run=dry_run, as_json=as_json)


def _body(org: str | None, source: str | None, reason: str, *, paused: bool) -> dict[str, Any]:
    if org and source:
        raise click.UsageError("name an org or a source, not both")
    whose = {"source": source} if source else {"org": org} if org else {}
    return {"paused": paused, "reason": reason, **whose}


def _set(
    org: str | None,
    source: str | None,
    stage: str | None,
    body: dict[str, Any] | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Set it where there is a body, and say how things stand then, which another pause may decide."""
    target = find(stage, as_json=as_json)
    api = reach(target, stage)
    if body is not None:
        would_be = http.good(api.call("PUT", "pause", dry(dry_run), body))
        if dry_run:
            words = lines(would_be, org, source)[0].replace(": ", ": would be ", 1)
            target.say({**would_be, "dry_run": True}, words)
            return
    query = {"source": source} if source else {"org": org} if org else None
    found = http.good(api.call("GET", "pause", query))
    others = () if body is not None or org or source else (OTHERS,)
    target.say(found, *lines(found, org, source), *others)


def lines(found: dict[str, Any], org: str | None, source: str | None = None) -> list[str]:
    """How things stand for the source, for the org, or for all; `found`: the answer of GET pause."""
    if not found.get("paused"):
        return [f"{_whose(org, source)}: not paused"]
    told = [f"{_whose(found.get('org'), found.get('source'))}: paused"]
    if found.get("reason"):
        told += render.wrapped(f"  reason: {found['reason']}", WIDTH)
    if found.get("set_by"):
        told += render.wrapped(f"  set {render.moment(found.get('set_at'))} by {found['set_by']}", WIDTH)
    return told
