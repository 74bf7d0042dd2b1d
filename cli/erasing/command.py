"""`expunge erase`: finds all that belongs to a person, shows it, and follows the erasure to its receipt."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Any

import click

from cli import asking, bar, http
from cli.asking import on_a_terminal
from cli.bar import Bar
from cli.ends import FINAL, End, Interrupted
from cli.erasing import map_table
from cli.following.command import finish
from cli.following.deletions import LinkedDeletion
from cli.operator_api import OperatorApi, reach
from cli.options import dry_run as dry_run_option
from cli.options import options
from cli.output import say, say_json
from cli.sending.channels import Channel
from cli.sending.inputs import permanent_after
from cli.sending.source import sender
from cli.target import Refused, find
from cli.text_file import text_of

#: Seconds between two looks while the person is searched for.
EVERY = 1.0
#: Outcomes that only carrying out gives: then no approval is asked for any more.
BEGUN = ("deleted", "already_absent", "unlinked", "cleared")

_UNSEEN = "records are to be erased, as the source's entry lets them go without the approval of their map"

EXAMPLES = """\b
Examples:
  expunge erase --email anna@example.com --dry-run    show what would go
  expunge erase --email anna@example.com --phone "+43 660 1234567" \\
      --reference DSR-17 --reason "art. 17, 28 Nov" --permanent-after 14d
  expunge erase --record Contacts/3652397000000925128

It searches all modules, shows the map of what was found, and waits for the
approval of exactly this map. Where the stage has FourEyes, somebody else has to
approve it. What you type is personal data and stays in your shell's history. A
file keeps it out of there: --identity FILE, with {"emails": [...], "phones": [...]}."""


@click.command(epilog=EXAMPLES)
@click.option("--email", "emails", multiple=True, help="An address of the person; may be repeated.")
@click.option(
    "--phone", "phones", multiple=True, help="A phone number, best as +43 660 1234567; may be repeated."
)
@click.option(
    "--record", "records", multiple=True, metavar="MODULE/ID", help="A record of the person; may be repeated."
)
@click.option("--identity", type=click.Path(path_type=Path), metavar="FILE", help="All of these, as JSON.")
@click.option("--org", help="The Zoho org. Default: the source's.")
@click.option("--reference", help="Repeated in every answer and event: no name, no address.")
@click.option("--reason", help="Kept with the deletion.")
@click.option(
    "--permanent-after",
    metavar="TIME",
    callback=permanent_after,
    help="How long it can be restored, 0h to 59d; then it goes for good.",
)
@click.option("--source", envvar="EXPUNGE_SOURCE", help="Sign as this source. Default: as an operator.")
@click.option("--key-file", type=click.Path(path_type=Path), help="The source's key; or EXPUNGE_KEY.")
@click.option("--timeout", type=float, default=None, help="Seconds to follow it at most.")
@dry_run_option("Only search, and show what would go.")
@options
def erase(
    stage: str | None,
    as_json: bool,
    timeout: float | None,
    source: str | None,
    key_file: Path | None,
    **words: Any,
) -> None:
    """Erase a person: find, show, wait for approval, delete.

    All modules are searched. Records are deleted, unlinked, cleared or kept, as the person map says.
    """
    body = _body(words)
    target = find(stage, as_json=as_json)
    chosen = sender(stage, source, key_file, None, operator=source is None)
    org = str(words["org"] or chosen.org)
    if chosen.unapproved and not words["dry_run"]:
        asking.confirm(None, _UNSEEN, yes=False, target=target, org=org)
    else:  # how many records it is nobody knows before the search: they are asked about with the map
        asking.counted(None if words["dry_run"] else target, org)
    answer = _sent(chosen.channel, json.dumps(body).encode())
    api = reach(target, stage)
    ends_by = time.monotonic() + timeout if timeout is not None else float("inf")
    linked = LinkedDeletion(answer["id"], answer["links"]["self"])
    found = _found(api, linked.id, ends_by)
    told: dict[str, Any] = {"map": _entries(api, found)}
    if not as_json:
        say(f"{linked.id} {found['status']}", *_shown(found, told["map"], stage))
    if found["status"] == "awaiting_approval" and not _approved(api, found):
        if as_json:
            say_json({**told, "deletions": [found]})
        click.get_current_context().exit(End.NOT_ENDED_YET.value)
    left = None if timeout is None else max(ends_by - time.monotonic(), 0.0)
    if not as_json and not words["dry_run"]:
        say(f"its receipt, once it has ended: expunge receipt {linked.id}")
    finish([linked], left, as_json=as_json, told=told, again=linked.id)


def _body(words: dict[str, Any]) -> dict[str, Any]:
    """The request. Raises UsageError where nobody is named."""
    identity: dict[str, Any] = {name: list(words[name]) for name in ("emails", "phones") if words[name]}
    if words["records"]:
        identity["records"] = [_record(each) for each in words["records"]]
    if words["identity"] is not None:
        if identity:
            raise click.UsageError("give --identity FILE, or --email, --phone and --record")
        identity = _file(words["identity"])
    if not identity:
        raise click.UsageError("whom is it about? Give --email, --phone or --record")
    named = ("org", "reference", "reason", "permanent_after")
    more = {name: words[name] for name in named if words[name] is not None}
    return {"operation": "erase_person", "identity": identity, "dry_run": words["dry_run"], **more}


def _record(word: str) -> dict[str, str]:
    module, slash, one = word.partition("/")
    if not (module and slash and one):
        raise click.UsageError(f"--record {word}: must be MODULE/ID, such as Contacts/3652397000000925128")
    return {"module": module, "id": one}


def _file(path: Path) -> dict[str, Any]:
    text = text_of(path)
    try:
        found = json.loads(text)
    except ValueError:  # not chained: it holds the text, which names a person
        raise click.UsageError(f"{path}: is not JSON") from None
    if not isinstance(found, dict):
        raise click.UsageError(f'{path}: must hold an object, such as {{"emails": ["anna@example.com"]}}')
    return found


def _sent(channel: Channel, body: bytes) -> dict[str, Any]:
    """The answer to the request: it is sent again under its delivery id, so nothing is begun twice."""
    delivery = f"erase-{secrets.token_hex(12)}"
    answer = http.tried(
        lambda: channel.send(delivery, body), http.RetryPolicy(), lambda words: say(words, err=True)
    )
    return http.good(answer)


def _found(api: OperatorApi, deletion: str, ends_by: float) -> dict[str, Any]:
    """The document once the person was searched for: it waits for the approval of its map, or goes on."""
    told = ""
    try:
        with bar.shown() as shown:
            while True:
                document = api.deletion(deletion)
                if (budget := _budget(document)) != told:
                    shown.say(budget)  # a line that stays, however short the search is
                    told = budget
                if _searched(document) or time.monotonic() >= ends_by:
                    return document
                _tell(shown, document)
                time.sleep(EVERY)
    except KeyboardInterrupt as interrupt:
        words = f"the search goes on; to see its map: expunge show {deletion}"
        raise Interrupted(words) from interrupt


def _searched(document: dict[str, Any]) -> bool:
    """Whether it is known what comes next: it has ended, waits for the approval, or has begun without one. A
    map alone says nothing, as it is there a moment before the approval is asked for.
    """
    if document["status"] in FINAL or document["status"] == "awaiting_approval":
        return True
    return any(document["counts"].get(name) for name in BEGUN)


def _budget(document: dict[str, Any]) -> str:
    """What one search takes, as the service tells it before the first call of it; "" before that."""
    calls = (document.get("search") or {}).get("calls", 0)
    return f"searching, {calls:,} calls to Zoho at least" if calls else ""


def _tell(shown: Bar, document: dict[str, Any]) -> None:
    waits, search = document.get("waiting_for"), document.get("search") or {}
    words = _budget(document) or "reading the org's modules"
    calls, made = search.get("calls", 0), search.get("made", 0)
    shown.at(made, max(calls, 1), f"{words}{f', waiting for {waits}' if waits else ''}")


def _entries(api: OperatorApi, document: dict[str, Any]) -> list[dict[str, Any]]:
    if document["plan"] is None:
        return []
    return list(api.pages(f"deletions/{document['id']}/map", "entries", {}))


def _shown(document: dict[str, Any], entries: list[dict[str, Any]], stage: str | None) -> list[str]:
    if document["plan"] is None:
        return []
    told = map_table.lines(document["plan"], entries)
    if document["status"] == "awaiting_approval":
        told += map_table.approving(document, stage)
    return told


def _approved(api: OperatorApi, document: dict[str, Any]) -> bool:
    """Has the person at the terminal approved it? Who may not is not asked, nor is a script: an approval is
    a look at the map.
    """
    if not on_a_terminal():
        return False
    plan = document["plan"]
    body: dict[str, Any] = {"map_hash": plan["map_hash"], "count": plan["records"], "shared": []}
    path = f"deletions/{document['id']}/approve"
    may = api.call("POST", path, {"dry_run": "true"}, body)
    if http.code(may) == "not_allowed":
        say("you asked for it, so somebody else approves it", err=True)
        return False
    http.good(may)
    for each in plan.get("shared") or ():
        if click.confirm(f"does {each['value']} mean this person and nobody else?", default=False, err=True):
            body["shared"].append(each["value"])
    try:
        asking.confirm(plan["records"], "records are in the map that is approved", yes=False, target=None)
    except Refused:
        say("not approved: nothing is touched until it is", err=True)
        return False
    http.good(api.call("POST", path, {}, body))
    return True
