"""What `expunge setup` tells a person: where to click, which scopes to grant, what it found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from cli.table import table
from cli.zoho_words import CONSOLES, Trouble

RATION = (
    "Asking Zoho for a token. This takes one of the ten access tokens that Zoho gives\n"
    "in ten minutes for a refresh token."
)

#: Of the table of a secret's changes; the names of its fields too.
HEAD = ("field", "before", "after")
_NEXT: Any = {"initial_indent": "  next: ", "subsequent_indent": "  ", "break_on_hyphens": False}


def guide(center: str, environment: str, scopes: Sequence[str], modules: Sequence[str]) -> list[str]:
    """How to come by client id, secret and grant code."""
    console = CONSOLES.get(center, "https://api-console.zoho.com")
    portal = "Production" if environment == "production" else environment.capitalize()
    named = ", ".join(modules) if modules else "no module yet: name them with --module"
    return [
        "In Zoho's API console, signed in as the user that Expunge acts as:",
        f"  1. open {console} (data centre {center})",
        "  2. Add Client (or Get Started), Self Client, Create",
        "  3. tab Client Secret: copy Client ID and Client Secret",
        f"  4. tab Generate Code: paste these scopes (modules: {named}):",
        "",
        ",".join(scopes),
        "",
        "     Time Duration 10 minutes, any description, Create",
        f"  5. choose CRM and the {portal} org, Create, copy the code: it is good once,",
        "     for those minutes",
        "",
    ]


def simulator(address: str, scopes: Sequence[str]) -> list[str]:
    """How to come by them on the local stack, where the simulator at `address` takes Zoho's place."""
    body = json.dumps({"scopes": [*scopes]})
    return [
        "On this local stack the simulator takes Zoho's place. Any client id that starts",
        "with 1000. and any client secret will do, and this makes the grant code:",
        "",
        f"curl -X POST -d '{body}' {address}/_sim/grants",
        "",
    ]


def found(result: dict[str, Any]) -> list[str]:
    """What Zoho said, in lines."""
    org, user, scopes = result["organisation"], result["user"], result["scopes"]
    lines = []
    if org:
        lines.append(f"  organisation: {org['name']} ({org['id']}), edition {org['edition'] or 'unknown'}")
    if user:
        lines.append(f"  user: {user['name']} ({user['id']})")
    if result["api_domain"]:
        lines.append(f"  API: {result['api_domain']}")
    state = f"{len(scopes['missing'])} of {len(scopes['needed'])} missing" if scopes["missing"] else "enough"
    if not scopes["needed"]:
        state = "not checked: no source of this org has modules (expunge keys new, or --module)"
    lines.append(f"  scopes: {state}")
    lines += [f"    missing {each}" for each in scopes["missing"]]
    if scopes["unseen"]:
        lines.append(f"    {len(scopes['unseen'])} cannot be tried without deleting")
    return lines


def changed(secret: str, changes: Sequence[dict[str, str]], *, new: bool) -> list[str]:
    """The changes to a secret, in lines."""
    if not changes:
        return [f"{secret} is as it should be: nothing to change"]
    lines = [f"{secret} {'is made with' if new else 'changes'}:"]
    return lines + table(HEAD, [[each[name] for name in HEAD] for each in changes])


def troubles(found: Sequence[Trouble]) -> list[str]:
    """What is wrong and what to do, in lines."""
    return [
        line
        for each in found
        for line in (*wrap(f"{each.code}: {each.what}", 80), *wrap(each.mend, 80, **_NEXT))
    ]
