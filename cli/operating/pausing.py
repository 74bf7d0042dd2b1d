"""`expunge pause` and `expunge resume`: whether anything is sent to Zoho."""

from __future__ import annotations

from typing import Any

import click

from cli import http
from cli.operating import render
from cli.operator_api import dry, reach
from cli.options import dry_run as dry_run_option
from cli.options import options, org_option
from cli.place import find

ALL = "Only this org. Default: all orgs."

PAUSE = """\b
Examples:
  expunge pause --reason "audit at Zoho"
  expunge pause --org second
  expunge pause --status"""


@click.command(epilog=PAUSE)
@org_option(ALL, None)
@click.option("--reason", default="", help="Why; shown to who asks.")
@click.option("--status", "only_look", is_flag=True, help="Say whether it is paused; change nothing.")
@dry_run_option("Ask the service what it would answer; it changes nothing.")
@options
def pause(
    org: str | None, reason: str, only_look: bool, dry_run: bool, stage: str | None, as_json: bool
) -> None:
    """Stop sending anything to Zoho. Requests are accepted and wait; a job that runs at Zoho goes on."""
    body = None if only_look else _body(org, reason, paused=True)
    _set(org, stage, body, dry_run=dry_run, as_json=as_json)


@click.command(epilog="\b\nExamples:\n  expunge resume\n  expunge resume --org second")
@org_option(ALL, None)
@dry_run_option("Ask the service what it would answer; it changes nothing.")
@options
def resume(org: str | None, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Send to Zoho again what has waited. A pause of all orgs and one of a single org end each by itself."""
    if not dry_run:
        find(stage, as_json=as_json).tell_target(org)
    _set(org, stage, _body(org, "", paused=False), dry_run=dry_run, as_json=as_json)


def _body(org: str | None, reason: str, *, paused: bool) -> dict[str, Any]:
    return {"paused": paused, "reason": reason, **({"org": org} if org else {})}


def _set(
    org: str | None, stage: str | None, body: dict[str, Any] | None, *, dry_run: bool, as_json: bool
) -> None:
    """Set it where there is a body, and say how things stand then, which another pause may decide."""
    place = find(stage, as_json=as_json)
    api = reach(place, stage)
    if body is not None:
        would_be = http.good(api.call("PUT", "pause", dry(dry_run), body))
        if dry_run:
            words = lines(would_be, org)[0].replace(": ", ": would be ", 1)
            place.say({**would_be, "dry_run": True}, words)
            return
    found = http.good(api.call("GET", "pause", {"org": org} if org else None))
    place.say(found, *lines(found, org))


def lines(found: dict[str, Any], org: str | None) -> list[str]:
    """How things stand for the org, or for all; `found`: the answer of GET pause."""
    if not found.get("paused"):
        return [f"{'org ' + org if org else 'all orgs'}: not paused"]
    told = [f"{'org ' + found['org'] if found.get('org') else 'all orgs'}: paused"]
    if found.get("reason"):
        told.append(f"  reason: {found['reason']}")
    if found.get("set_by"):
        told.append(f"  set {render.moment(found.get('set_at'))} by {found['set_by']}")
    return told
