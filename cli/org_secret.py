"""An org's Zoho secret: read, compared, and written, without ever showing what is secret in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.zoho.org_secret import NAME, BadSecret, parse_org
from chalicelib.service.zoho_port import Org
from cli import secret_text
from cli.output import say
from cli.sources import fingerprint
from cli.target import Refused, Target
from cli.target_settings import setting

HIDDEN = ("client_secret", "refresh_token")
#: Stands for a refresh token that Zoho has not given yet.
TO_COME = "(new)"


@dataclass(frozen=True)
class Held:
    """What a secret holds. `version`: None where it was never filled; `there`: does it exist at all?"""

    name: str
    fields: Mapping[str, Any]
    version: str | None
    there: bool
    readable: bool = True


def name_of(target: Target, org: str) -> str:
    """The secret's name. Raises UsageError for what is no name of an org."""
    if not NAME.fullmatch(org):
        raise click.UsageError(f"--org {org}: must match {NAME.pattern}")
    return f"expunge/{target.stage}/zoho/{org}"


def read(target: Target, org: str) -> Held:
    """The org's secret as it is."""
    name = name_of(target, org)
    try:
        text, version = secret_text.read(target, name)
    except secret_text.Missing as missing:
        if missing.marked:
            command = f"aws secretsmanager restore-secret --secret-id {name}"
            raise Refused(f"{name} is marked for deletion: {command}, then run this again") from missing
        return Held(name, {}, None, there=False)
    if not text:
        return Held(name, {}, version, there=True)
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    good = isinstance(fields, dict)
    return Held(name, fields if good else {}, version, there=True, readable=good)


def parsed(name: str, fields: Mapping[str, Any], *, custom_hosts: bool) -> Org:
    """The org as the service will read it. Raises Refused, with the service's own reason."""
    try:
        return parse_org(name, json.dumps(dict(fields)), custom_hosts=custom_hosts)
    except BadSecret as problem:
        raise Refused(
            f"org {name}: the secret {problem}; fix that field in it, or leave the field out"
        ) from None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each field that changes, as {field, before, after}; secret values by their fingerprints."""
    found = []
    for name in [*after, *(each for each in before if each not in after)]:
        if before.get(name) != after.get(name):
            old, new = _shown(name, before), _shown(name, after)
            found.append({"field": name, "before": old, "after": new})
    return found


def _shown(name: str, fields: Mapping[str, Any]) -> str:
    if name not in fields:
        return "-"
    if fields[name] == TO_COME:
        return TO_COME
    return f"({fingerprint(str(fields[name]))})" if name in HIDDEN else json.dumps(fields[name])


def store(target: Target, held: Held, fields: Mapping[str, Any]) -> None:
    """Write the secret, or make it. Raises Refused where somebody else has written meanwhile.

    Zoho takes a grant code once, so whoever gave one is told where its refresh token may be lost.
    """
    try:
        _write(target, held, json.dumps(dict(fields)))
    except (click.ClickException, ClientError, BotoCoreError):
        again = "run expunge setup again, which says what it holds"
        say(f"it is not known whether {held.name} was stored: {again};", err=True)
        say("a grant code is spent now: where nothing was stored, make another", err=True)
        raise


def _write(target: Target, held: Held, text: str) -> None:
    if held.there:
        secret_text.write(target, held.name, text, held.version)
        return
    key = setting(target, "work", "EXPUNGE_SECRETS_KEY")
    own: dict[str, str] = {"KmsKeyId": key} if key else {}
    target.client("secretsmanager").create_secret(Name=held.name, SecretString=text, **own)
