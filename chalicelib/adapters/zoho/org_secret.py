"""From the text of an org's secret to an Org: every field checked, every refusal with its reason (contract
6).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.adapters.zoho import hosts
from chalicelib.adapters.zoho.parse import json_object
from chalicelib.service.zoho_port import Org

VERSIONS = tuple(f"v{number}" for number in range(2, 9))
#: What one mass delete at a time is counted by. Zoho does not say; the whole org is the safe reading.
LANES = ("org", "module", "view")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VISIBLE = re.compile(r"[!-~]{1,512}")
#: An unknown field is refused: a mistyped "environment" would else delete in production.
FIELDS = {
    "client_id",
    "client_secret",
    "refresh_token",
    "data_center",
    "environment",
    "api_version",
    "concurrency",
    "lane",
    "keep_credits",
    "accounts_url",
    "api_url",
}


class BadSecret(ValueError):
    """The secret cannot be used; the text says why and never holds a value of a secret field."""


def parse_org(name: str, text: str, *, custom_hosts: bool) -> Org:
    """The org in the secret's text. Raises BadSecret. `custom_hosts`: may it name hosts of its own?"""
    value = json_object(text.encode())
    if value is None:
        raise BadSecret("is not a JSON object")
    unknown = sorted(set(value) - FIELDS)
    if unknown:
        raise BadSecret(f"has unknown fields: {', '.join(each[:40] for each in unknown[:5])}")
    environment = _choice(value, "environment", "production", tuple(hosts.ENVIRONMENTS))
    center = _choice(value, "data_center", "us", (*hosts.DATA_CENTERS, *hosts.UNCONFIRMED))
    return Org(
        name=name,
        client_id=_credential(value, "client_id"),
        client_secret=_credential(value, "client_secret"),
        refresh_token=_credential(value, "refresh_token"),
        accounts_url=_url(value, "accounts_url", custom_hosts, lambda: hosts.accounts_url(center)),
        api_url=_url(value, "api_url", custom_hosts, lambda: hosts.api_url(center, environment)),
        data_center=center,
        environment=environment,
        api_version=_choice(value, "api_version", "v7", VERSIONS),
        concurrency=_number(value, "concurrency", 10, 1, 100),
        lane=_choice(value, "lane", "org", LANES),
        keep_credits=_number(value, "keep_credits", 0, 0, 10**9),
    )


def _credential(value: Mapping[str, Any], name: str) -> str:
    given = value.get(name)
    if not isinstance(given, str) or not _VISIBLE.fullmatch(given):
        raise BadSecret(f"{name} must be a string of 1 to 512 visible characters")
    return given


def _choice(value: Mapping[str, Any], name: str, default: str, allowed: tuple[str, ...]) -> str:
    given = value.get(name, default)
    if given not in allowed:
        raise BadSecret(f"{name} must be one of {', '.join(allowed)}")
    return str(given)


def _number(value: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    given = value.get(name, default)
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise BadSecret(f"{name} must be a whole number from {least} to {most}")
    return given


def _url(value: Mapping[str, Any], name: str, custom_hosts: bool, own: Callable[[], str]) -> str:
    """The address given by hand where the stage allows one, else Zoho's own."""
    given = value.get(name)
    try:
        if given is None:
            return own()
        if not isinstance(given, str):
            raise BadSecret(f"{name} must be a string")
        if not custom_hosts:
            raise BadSecret(f"{name} is not allowed on this stage: only Zoho's own hosts are contacted")
        return hosts.custom(given)
    except BadSecret:
        raise
    except ValueError as error:
        raise BadSecret(str(error) if given is None else f"{name} {error}") from error
