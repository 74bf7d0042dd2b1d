"""What `expunge setup` works with: from options, a file, the environment, what is stored, or a prompt."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

import click

from chalicelib.adapters.zoho import hosts
from chalicelib.adapters.zoho.hosts import DATA_CENTERS
from cli import zoho_words
from cli.output import say
from cli.target import Refused
from local.running import RunningStack
from local.settings import from_environment

#: Where secrets may come from besides a file and the prompt. Not EXPUNGE_..., which `make up` reads.
VARIABLES = {
    "client_secret": "ZOHO_CLIENT_SECRET",
    "grant_code": "ZOHO_GRANT_CODE",
    "refresh_token": "ZOHO_REFRESH_TOKEN",
}
_PLAIN = ("data_center", "environment", "api_version", "client_id", "accounts_url", "api_url")
_DEFAULTS = {"data_center": "us", "environment": "production", "api_version": "v7"}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything needed. Either `grant_code` or a `refresh_token` in `fields` is there."""

    fields: dict[str, Any] = field(repr=False)
    grant_code: str = field(default="", repr=False)


def asked_center() -> str:
    """The data centre, from a person."""
    say(f"Which data centre? {zoho_words.centers()}.".replace("? the", "? The"))
    try:
        value: str = click.prompt("data centre", type=click.Choice(list(DATA_CENTERS)), default="us")
    except click.Abort:
        raise click.UsageError("the data centre is missing: give --data-center") from None
    return value


def plain(given: Mapping[str, Any], before: Mapping[str, Any], *, local: bool) -> dict[str, Any]:
    """The fields that are no secrets: options first, then what is stored, then defaults.

    Raises Refused where a local stage would talk to Zoho itself.
    """
    fields = {**_DEFAULTS, **before}
    if local and "accounts_url" not in before and "api_url" not in before:
        zoho = RunningStack.read(from_environment().stack_file)["zoho_url"]
        fields |= {"accounts_url": zoho, "api_url": zoho}
    fields |= {name: given[name] for name in _PLAIN if given.get(name)}
    if local:
        _refuse_zoho_itself(fields)
    return fields


def _refuse_zoho_itself(fields: Mapping[str, Any]) -> None:
    """A local stage is a toy that any program of the machine may use: no real org belongs there."""
    for name in ("accounts_url", "api_url"):
        if name not in fields or hosts.is_zohos(str(fields[name])):
            shown = f"{name} {fields[name]}" if name in fields else f"no {name}, which means Zoho's own"
            raise Refused(
                f"{shown}: the local stage works with a simulator, never with Zoho itself; "
                "deploy a stage with make deploy, then name it with --stage"
            )


def complete(fields: dict[str, Any], before: Mapping[str, Any], file: TextIO | None, *, ask: bool) -> Inputs:
    """The fields with client id and secrets. Raises UsageError, naming what is missing and cannot be asked.

    A secret that is stored is kept where the client id stays the same and no other is given.
    """
    found = {**_from_environment(), **_from_file(file)}
    fields["client_id"] = fields.get("client_id") or _asked("client id (1000....)", "--client-id", ask=ask)
    same = before.get("client_id") == fields["client_id"]
    kept = {name: before[name] for name in ("client_secret", "refresh_token") if same and before.get(name)}
    code, refresh = found.get("grant_code", ""), found.get("refresh_token", "")
    if code and refresh:
        raise click.UsageError("give a grant code or a refresh token, not both")
    secret = found.get("client_secret") or kept.get("client_secret")
    secret = secret or _asked("client secret", VARIABLES["client_secret"], ask=ask, hide=True)
    if not code and not refresh:
        code, refresh = _code_or_kept(str(kept.get("refresh_token", "")), ask=ask and not found)
    fields["client_secret"] = secret
    if refresh:
        fields["refresh_token"] = refresh
    return Inputs(fields, code)


def has_none(file: TextIO | None) -> bool:
    """Will each secret that is needed be asked for?"""
    return file is None and not _from_environment()


def _code_or_kept(kept: str, *, ask: bool) -> tuple[str, str]:
    if kept and not ask:
        return "", kept
    words = "grant code" + (" (empty: keep the refresh token that is stored)" if kept else "")
    code = _asked(words, VARIABLES["grant_code"], ask=ask, hide=True, empty=bool(kept))
    return code, "" if code else kept


def _asked(words: str, where: str, *, ask: bool, hide: bool = False, empty: bool = False) -> str:
    if not ask:
        raise click.UsageError(f"{words} is missing: give {where}" + (", or --secrets-file" if hide else ""))
    try:
        default = "" if empty else None
        value: str = click.prompt(words, hide_input=hide, default=default, show_default=False)
    except click.Abort:
        raise click.UsageError(f"{words} is missing: give {where}" + (" or a file" if hide else "")) from None
    return value.strip()


def _from_environment() -> dict[str, str]:
    found = {name: os.environ.get(variable, "").strip() for name, variable in VARIABLES.items()}
    return {name: value for name, value in found.items() if value}


def _from_file(file: TextIO | None) -> dict[str, str]:
    """A JSON object with any of client_secret, grant_code and refresh_token."""
    if file is None:
        return {}
    try:
        held = json.load(file)
    except ValueError:
        held = None
    if not isinstance(held, dict) or not all(isinstance(each, str) for each in held.values()):
        raise click.UsageError("--secrets-file must hold a JSON object of texts")  # never what it holds
    unknown = sorted(set(held) - set(VARIABLES))
    if unknown:
        names = ", ".join(VARIABLES)
        raise click.UsageError(f"--secrets-file may hold {names} only, not {', '.join(unknown)[:80]}")
    return {name: value.strip() for name, value in held.items() if value.strip()}
