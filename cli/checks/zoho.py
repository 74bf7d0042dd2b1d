"""The Zoho orgs: their secrets, credentials, scopes, data centres and clock; reads only."""

from __future__ import annotations

import time
from dataclasses import dataclass

import requests

from chalicelib.adapters.zoho.org_secret import NAME, BadSecret, parse_org
from chalicelib.adapters.zoho.token_store import SecretTokenStore, is_blocked, made_for, read_token
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.zoho_port import Org
from cli import org_uses, secret_text, zoho_probe, zoho_scopes, zoho_words
from cli.checks import senders
from cli.checks.check import CheckContext, CheckResult
from cli.checks.store import skew
from cli.zoho_probe import DEAD, Probe, Refusal
from cli.zoho_scopes import Use

#: A stored token with less than this left is not tried (seconds).
SPARE = 60.0


@dataclass(frozen=True, slots=True)
class Entry:
    """How the org can be entered; `scopes`: None where the token's are not known."""

    probe: Probe
    scopes: frozenset[str] | None


def names(context: CheckContext) -> list[str]:
    """The orgs that have a secret, filled or not."""
    prefix = f"expunge/{context.target.stage}/zoho/"
    pages = context.client("secretsmanager").get_paginator("list_secrets")
    listed = pages.paginate(Filters=[{"Key": "name", "Values": [prefix]}])
    found = [each["Name"].removeprefix(prefix) for page in listed for each in page["SecretList"]]
    return sorted(name for name in found if NAME.fullmatch(name))


def orgs(context: CheckContext) -> CheckResult:
    """Every org that has a secret or is named by a source."""
    sources = senders.read_sources(context)
    there = names(context)
    wanted = {org: source.name for source in sources.values() for org in sorted(source.orgs)}
    result, parsed = CheckResult(), 0
    for missing in sorted(set(wanted) - set(there)):
        mend = f"expunge setup --org {missing}{context.option}"
        result.fault(f"source {wanted[missing]} names org {missing}, which has no secret", mend)
    custom = context.setting("work", "EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS") == "true"
    for name in there:
        org = _parsed(context, result, name, custom=custom, used=name in wanted or len(there) == 1)
        if org is None:
            continue
        parsed += 1
        if context.ask_zoho:
            uses = [
                *org_uses.of_sources(name, sources.values()),
                *org_uses.of_policies(name, context.policies()),
            ]
            _entered(context, result, org, uses)
    result.detail = f"{parsed} of {len(there)} orgs usable" + ("" if context.ask_zoho else ", Zoho not asked")
    return result


def _parsed(context: CheckContext, result: CheckResult, name: str, *, custom: bool, used: bool) -> Org | None:
    text, _ = secret_text.read(context.target, f"expunge/{context.target.stage}/zoho/{name}")
    setup = f"expunge setup --org {name}{context.option}"
    if not text:
        if used:
            result.fault(f"org {name}: its secret was never filled; its deletions wait", setup)
        return None
    try:
        return parse_org(name, text, custom_hosts=custom)
    except BadSecret as problem:
        result.fault(f"org {name}: its secret {problem}", f"fix that field, or {setup}")
        return None


def _entered(context: CheckContext, result: CheckResult, org: Org, uses: list[Use]) -> None:
    """Add what is wrong once Zoho is asked."""
    try:
        entry = enter(context, result, org)
    except Refusal as refusal:
        trouble = refusal.trouble
        mend = zoho_words.for_org(trouble.mend, org.name, context.option)
        result.fault(f"org {org.name}: {trouble.what}", mend)
        return
    if entry is None:
        return
    _scopes(context, result, entry, uses)
    _clock(context, result, org)


def enter(context: CheckContext, result: CheckResult, org: Org) -> Entry | None:
    """A token that Zoho takes: the shared one where it is good, so that none of the ration is spent.

    Raises Refusal; None, with a fault added, where Zoho cannot be entered.
    """
    store = SecretTokenStore(
        context.client("secretsmanager"), f"expunge/{context.target.stage}/zoho/{org.name}/token"
    )
    stored = store.read()
    token = read_token(stored, org, time.time())
    connections = zoho_probe.new_connections()
    if token is not None and token.expires_at - SPARE > time.time():
        entry = Entry(Probe(connections, org, token.api_url, token.value), None)
        reply = entry.probe.organisation()
        if not _dead(reply):
            _domain(context, result, org, stored.get("api_domain"))
            return entry if _good(result, entry, reply) else None
    until = context.ledger().tokens_blocked_until(org.name, made_for(org))
    if is_blocked(until, time.time()):
        minutes = (until - time.time()) / 60
        what = (
            f"org {org.name}: Zoho gives no tokens for {minutes:.0f} more minutes (too many were asked for)"
        )
        result.fault(what, "wait; see that nobody else refreshes with the same refresh token")
        return None
    granted = zoho_probe.refreshed(connections, org)
    _domain(context, result, org, granted.api_domain)
    entry = Entry(zoho_probe.entered(connections, org, granted), granted.scopes)
    return entry if _good(result, entry, entry.probe.organisation()) else None


def _domain(context: CheckContext, result: CheckResult, org: Org, api_domain: object) -> None:
    wrong = zoho_words.of_domain(api_domain, org.data_center, org.environment)
    if wrong is not None:
        mend = zoho_words.for_org(wrong.mend, org.name, context.option)
        result.fault(f"org {org.name}: {wrong.what}", mend)


def _dead(reply: Reply) -> bool:
    return reply.error is not None and reply.error.code in DEAD


def _good(result: CheckResult, entry: Entry, reply: Reply) -> bool:
    """Does Zoho take the token? A scope that it lacks for this one read is no matter."""
    code = reply.error.code if reply.error else ""
    if reply.status == 200 or code == "OAUTH_SCOPE_MISMATCH":
        return True
    result.fault(
        f"org {entry.probe.org.name}: {entry.probe.api_url} cannot be read: {zoho_probe.words_of(reply)}",
        "look at https://status.zoho.com and at the user's state in Zoho CRM (Setup, Users)",
    )
    return False


def _scopes(context: CheckContext, result: CheckResult, entry: Entry, uses: list[Use]) -> None:
    org = entry.probe.org
    wanted = zoho_scopes.needed(uses)
    if entry.scopes is not None:
        gaps = zoho_scopes.missing(wanted, entry.scopes)
    else:
        modules = {zoho_scopes.of_module(use.module): use.module for use in uses}
        gaps, _ = entry.probe.scope_gaps(wanted, modules)
    if gaps:
        result.fault(
            f"org {org.name}: the token lacks {len(gaps)} scopes: {', '.join(gaps)}",
            f"make a new grant code with the scopes that expunge setup --org {org.name}{context.option}"
            " prints",
        )


def _clock(context: CheckContext, result: CheckResult, org: Org) -> None:
    """Add a fault where Zoho's clock is another one; an answer of any kind has its time."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.head(org.accounts_url, timeout=10, allow_redirects=False)
    except requests.RequestException:
        return
    skew(result, context, answer.headers.get("Date"), "Zoho")
