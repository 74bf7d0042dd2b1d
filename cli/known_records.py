"""Asks Zoho which of some records it has, as `expunge doctor` asks it: reads only."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.zoho import reading
from chalicelib.adapters.zoho.org_secret import BadSecret, parse_org
from chalicelib.adapters.zoho.parse import json_object
from chalicelib.domain import modules
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind, Reply
from chalicelib.service.zoho_port import Org
from cli import secret_text, target_settings, zoho_probe
from cli.checks import zoho
from cli.checks.check import CheckContext, CheckResult
from cli.target import Target
from cli.zoho_probe import Probe, Refusal

_CUSTOM = frozenset({"accounts_url", "api_url"})


@dataclass(frozen=True, slots=True)
class Known:
    """What Zoho knows. `unasked`: why it could not be asked, "" where it answered. `no_module`: it knows no
    such module. `missing`: records that it does not have, in the order asked.
    """

    unasked: str = ""
    no_module: bool = False
    missing: tuple[str, ...] = ()


def known(target: Target, org: str, module: str, records: Sequence[str]) -> Known:
    """Which records the module has; of a name that stands for several modules, any of them."""
    try:
        probe = _probe(target, org)
        left, unknown = list(dict.fromkeys(records)), 0
        names = modules.parts(module)
        for name in names:
            there = _there(probe, name, left)
            unknown += there is None
            left = [one for one in left if one not in (there or ())]
    except _Unasked as why:
        return Known(unasked=str(why))
    except ClientError as problem:
        return Known(unasked=f"AWS answers {problem.response['Error']['Code']} to {problem.operation_name}")
    except BotoCoreError as problem:
        return Known(unasked=f"AWS cannot be reached ({type(problem).__name__})")
    return Known(no_module=unknown == len(names), missing=tuple(left))


def near(module: str) -> list[str]:
    """Zoho's own modules that this name may be a misspelling of; none where it is one of them."""
    if modules.is_standard(module):
        return []
    close = difflib.get_close_matches(
        module.casefold(), [n.casefold() for n in modules.STANDARD], cutoff=0.75
    )
    return [each for each in modules.STANDARD if each.casefold() in close]


class _Unasked(Exception):
    """Zoho cannot be asked; the text says why."""


def _probe(target: Target, name: str) -> Probe:
    org = _org(target, name)
    context, result = CheckContext(target, time.time()), CheckResult()
    try:
        entry = zoho.enter(context, result, org)
    except Refusal as refusal:
        raise _Unasked(refusal.trouble.what) from refusal
    if entry is None:
        raise _Unasked(result.faults[-1].what)
    return entry.probe


def _org(target: Target, name: str) -> Org:
    try:
        text, _ = secret_text.read(target, f"expunge/{target.stage}/zoho/{name}")
    except secret_text.Missing as missing:
        raise _Unasked(f"org {name} has no secret") from missing
    if not text:
        raise _Unasked(f"the secret of org {name} was never filled")
    hosts = _CUSTOM & (json_object(text.encode()) or {}).keys()
    try:
        return parse_org(name, text, custom_hosts=bool(hosts) and target_settings.allows_custom_hosts(target))
    except BadSecret as problem:
        raise _Unasked(f"the secret of org {name} {problem}") from problem


def _there(probe: Probe, module: str, records: Sequence[str]) -> set[str] | None:
    """Those of the records that are there, converted and unapproved ones too; None for an unknown module."""
    found: set[str] = set()
    size = BATCH_LIMIT[CallKind.READ]
    for start in range(0, len(records), size):
        some = records[start : start + size]
        query = {"ids": ",".join(some), "fields": "id", "converted": "both", "approved": "both"}
        reply = reading.records(probe.get(module, **query))
        if _code(reply) == "INVALID_MODULE":
            return None
        if reading.usable(reply, some):
            found |= {str(item.id) for item in reply.items}
        elif reading.refused(reply):
            found |= _queried(probe, module, some)
        else:
            raise _Unasked(f"Zoho answers {zoho_probe.words_of(reply)} in {module}")
    return found


def _queried(probe: Probe, module: str, records: Sequence[str]) -> set[str]:
    """The same by COQL, as the service asks where Zoho does not list records by ids."""
    found: set[str] = set()
    for start in range(0, len(records), reading.IN_LIST):
        some = records[start : start + reading.IN_LIST]
        reply = reading.records(probe.coql(reading.select_ids(module, some)))
        if not reading.usable(reply, some):
            raise _Unasked(f"Zoho answers {zoho_probe.words_of(reply)} in {module}")
        found |= {str(item.id) for item in reply.items}
    return found


def _code(reply: Reply) -> str:
    return reply.error.code if reply.error is not None else ""
