"""`expunge setup`: a Zoho org's credentials, from the self client's grant code to a secret that works."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import click

from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.zoho.hosts import DATA_CENTERS, ENVIRONMENTS
from chalicelib.adapters.zoho.org_secret import VERSIONS
from chalicelib.adapters.zoho.token_store import is_blocked, made_for
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.request import REQUESTABLE
from chalicelib.domain.source import usable
from chalicelib.service.zoho_port import Org
from cli import org_secret, org_uses, setup_inputs, setup_words, sources, zoho_probe, zoho_scopes, zoho_words
from cli.options import options
from cli.org_secret import Held
from cli.output import say
from cli.target import Refused, Target, find
from cli.target_settings import allows_custom_hosts, part
from cli.zoho_probe import Granted, Probe, Refusal
from cli.zoho_words import Trouble
from local.settings import STAGE

_EXAMPLES = """\b
Examples:
  expunge setup --data-center eu                      asks for the rest
  expunge setup --org shop --data-center in --dry-run
  expunge setup --client-id 1000.X --secrets-file - --yes
    with {"client_secret": "...", "grant_code": "..."} on standard input

Secrets come from the prompt, from --secrets-file (- is standard input), or from ZOHO_CLIENT_SECRET,
ZOHO_GRANT_CODE and ZOHO_REFRESH_TOKEN; never from the command line, where others can read them."""


@click.command(epilog=_EXAMPLES)
@click.option("--org", default="default", show_default=True, help="The org's name in Expunge.")
@click.option("--data-center", type=click.Choice(list(DATA_CENTERS)), help="Default: what is stored, or us.")
@click.option("--environment", type=click.Choice(list(ENVIRONMENTS)), help="Default: production.")
@click.option("--api-version", type=click.Choice(VERSIONS), help="Default: v7.")
@click.option("--client-id", metavar="1000.X", help="The self client's id.")
@click.option("--module", "modules", multiple=True, help="A module to have scopes for, beside the sources'.")
@click.option("--secrets-file", type=click.File("r"), metavar="FILE", help="JSON with the secrets.")
@click.option("--accounts-url", metavar="URL", help="Local stage only: another accounts server.")
@click.option("--api-url", metavar="URL", help="Local stage only: another API server.")
@click.option("--dry-run", is_flag=True, help="Spend no grant code, store nothing.")
@click.option("--anyway", is_flag=True, help="Store although scopes are missing or hosts differ.")
@click.option("--yes", "-y", is_flag=True, help="Store without asking.")
@options
def setup(stage: str | None, as_json: bool, **given: Any) -> None:
    """Connect a Zoho org, or check its connection.

    Run it again at any time: what is stored and still good is kept, and nothing is written where nothing
    changes. Fields that it does not ask for, such as concurrency, stay as they are.
    """
    if as_json and not (given["yes"] or given["dry_run"]):
        raise click.UsageError("--json asks nothing: give --yes or --dry-run too")
    if stage and (given["accounts_url"] or given["api_url"]):
        raise click.UsageError("--accounts-url and --api-url are for the local stage only")
    target = find(stage, as_json=as_json)
    held = org_secret.read(target, given["org"])
    if not (as_json or given["yes"] or given["data_center"] or held.fields.get("data_center")):
        given["data_center"] = setup_inputs.asked_center()
    fields = setup_inputs.plain(given, held.fields, local=stage is None)
    uses = _uses(target, given["org"], given["modules"])
    wanted = zoho_scopes.needed(uses)
    if not as_json:
        shown = [*zoho_scopes.FOR_LOOKING, *wanted]
        modules = sorted({use.module for use in uses})
        guide = setup_words.guide(fields["data_center"], fields["environment"], shown, modules)
        say(*guide)
        if stage is None and setup_inputs.has_none(given["secrets_file"]):
            say(*setup_words.simulator(fields["accounts_url"], shown))
    inputs = setup_inputs.complete(fields, held.fields, given["secrets_file"], ask=not as_json)
    org = _org(target, given["org"], {"refresh_token": "pending", **inputs.fields})
    if given["dry_run"] and inputs.grant_code:
        _end(target, held, inputs.fields | {"refresh_token": org_secret.TO_COME}, _result(None), given)
        return
    _connect(target, held, inputs, (org, uses, wanted), given)


def _connect(
    target: Target,
    held: Held,
    inputs: setup_inputs.Inputs,
    of: tuple[Org, list[zoho_scopes.Use], list[str]],
    given: dict[str, Any],
) -> None:
    """Ask Zoho, look around, and store what is good."""
    org, uses, wanted = of
    connections, fields = zoho_probe.new_connections(), inputs.fields
    code: Granted | None = None
    try:
        if inputs.grant_code:
            code = zoho_probe.exchanged(connections, org, inputs.grant_code)
            fields = {**fields, "refresh_token": code.refresh_token}
            org = replace(org, refresh_token=code.refresh_token)
        granted, note = _refreshed(target, org, code)
    except Refusal as refusal:
        _refuse(target, _here(target, held, refusal.trouble))
        return
    probe = zoho_probe.entered(connections, org, granted)
    _end(target, held, fields, {**_looked(probe, granted, uses, wanted), "notes": note}, given)


def _refreshed(target: Target, org: Org, code: Granted | None) -> tuple[Granted, list[str]]:
    """A token by the refresh token, and remarks. Raises Refusal.

    Where Zoho gives none for now, the one that came with a grant code does as well: the code is spent, and
    its refresh token must not be lost.
    """
    _mind_the_block(target, org)
    if not target.as_json:
        say(*setup_words.RATION.splitlines())
    try:
        return zoho_probe.refreshed(zoho_probe.new_connections(), org), []
    except Refusal as refusal:
        if code is None or refusal.trouble.code not in ("Access Denied", "no_answer"):
            raise
        later = "run expunge setup again later, which then only checks"
        return code, [f"the refresh token could not be tried ({refusal.trouble.code}): {later}"]


def _mind_the_block(target: Target, org: Org) -> None:
    """Where Zoho has refused the workers tokens, asking now would only make it last. Raises Refusal."""
    table = Table(part(target), lambda: target.client("dynamodb"))
    until, now = table.tokens_blocked_until(org.name, made_for(org)), time.time()
    if is_blocked(until, now):
        what = "Zoho has refused the service more tokens: too many were asked for with this refresh token"
        mend = f"wait {(until - now) / 60 + 1:.0f} minutes, then run this again"
        raise Refusal(Trouble("Access Denied", what, mend))


def _looked(probe: Probe, granted: Granted, uses: list[zoho_scopes.Use], wanted: list[str]) -> dict[str, Any]:
    """What the org says of itself, and what is wrong with it."""
    result = _result(granted)
    trouble = zoho_words.of_domain(granted.api_domain, probe.org.data_center, probe.org.environment)
    found: list[Trouble] = [trouble] if trouble else []
    seen = zoho_probe.first(organisation := probe.organisation(), "org")
    if seen:
        edition = str((seen.get("license_details") or {}).get("paid_type") or "")
        result["organisation"] = {
            "name": seen.get("company_name"), "id": seen.get("id"), "edition": edition
        }  # fmt: skip
    elif organisation.error is None or organisation.error.code != "OAUTH_SCOPE_MISMATCH":
        found.append(_unread(probe, zoho_probe.words_of(organisation)))
    user = zoho_probe.first(probe.user(), "users")
    if user:
        result["user"] = {"name": user.get("full_name"), "id": user.get("id")}
    if granted.scopes is not None:
        gaps, unseen = zoho_scopes.missing(wanted, granted.scopes), list[str]()
    else:
        gaps, unseen = probe.scope_gaps(wanted, {zoho_scopes.of_module(u.module): u.module for u in uses})
    result["scopes"] = {"needed": wanted, "missing": gaps, "unseen": unseen}
    if gaps:
        mend = "make a new grant code with all of the scopes above and run this again"
        found.append(Trouble("scopes", f"{len(gaps)} scopes are missing: {', '.join(gaps)}", mend))
    result["problems"] = found
    return result


def _unread(probe: Probe, words: str) -> Trouble:
    return Trouble(
        "org",
        f"{probe.api_url} gives a token, but its org cannot be read: {words}",
        "check that the code was made for CRM and for this environment, and that the user is active",
    )


def _end(
    target: Target, held: Held, fields: dict[str, Any], result: dict[str, Any], given: dict[str, Any]
) -> None:
    """Show what was found and what changes; store it where that is wanted."""
    problems = [_here(target, held, each) for each in result["problems"]]
    changes = org_secret.changes(held.fields, fields)
    stored = False
    if not target.as_json:
        say(*(setup_words.found(result) if result["checked"] else _unchecked()))
        say(*setup_words.changed(held.name, changes, new=not held.there))
    blocked = bool(problems) and not given["anyway"]
    if changes and not blocked and not given["dry_run"]:
        target.tell_target(given["org"])
        if not given["yes"] and not click.confirm("Store this?"):
            raise Refused(
                "nothing was stored; a spent grant code is lost: make another, and run expunge setup again"
            )
        org_secret.store(target, held, fields)
        stored = True
    shown = {**result, "problems": [_as_json(each) for each in problems]}
    shown = {"org": given["org"], "secret": held.name, "changes": changes, "stored": stored, **shown}
    ends = "stored; workers use it within the stage's cache time" if stored else "nothing was stored"
    target.say(shown, *result["notes"], *setup_words.troubles(problems), ends)
    if blocked:
        raise click.exceptions.Exit(Refused.exit_code)


def _unchecked() -> list[str]:
    return ["Zoho was not asked: a dry run spends no grant code."]


def _refuse(target: Target, trouble: Trouble) -> None:
    """Zoho gave no token: say why; 1 where it could not be reached, else 3."""
    shown = {"stored": False, "problems": [_as_json(trouble)]}
    target.say(shown, *setup_words.troubles([trouble]), "nothing was stored")
    raise click.exceptions.Exit(1 if trouble.code == "no_answer" else Refused.exit_code)


def _here(target: Target, held: Held, trouble: Trouble) -> Trouble:
    """The trouble with a fix for this org and stage."""
    stage = "" if target.stage == STAGE else f" --stage {target.stage}"
    return replace(trouble, mend=zoho_words.for_org(trouble.mend, held.name.rpartition("/")[2], stage))


def _as_json(trouble: Trouble) -> dict[str, str]:
    return {"code": trouble.code, "what": trouble.what, "mend": trouble.mend}


def _result(granted: Granted | None) -> dict[str, Any]:
    return {
        "checked": granted is not None,
        "api_domain": granted.api_domain if granted else "",
        "organisation": None,
        "user": None,
        "scopes": {"needed": [], "missing": [], "unseen": []},
        "problems": [],
        "notes": [],
    }


def _org(target: Target, name: str, fields: dict[str, Any]) -> Org:
    return org_secret.parsed(name, fields, custom_hosts=allows_custom_hosts(target))


def _uses(target: Target, org: str, modules: tuple[str, ...]) -> list[zoho_scopes.Use]:
    """What the org's sources and policies delete, and the modules named by hand, with every operation."""
    found = zoho_scopes.uses(modules, REQUESTABLE, mass_delete_by_ids=False)
    good = []
    held = sources.read(target)[0]
    for name in held:
        with suppress(SecretUnusable):
            good.append(usable(held, name))
    store = PolicyTable(part(target), lambda: target.client("dynamodb"))
    return [*found, *org_uses.of_sources(org, good), *org_uses.of_policies(org, store)]
