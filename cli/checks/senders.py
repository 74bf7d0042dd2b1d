"""Who may send, and the keys of read links."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.keys import texts_of, weak_key
from chalicelib.domain.source import OPERATOR, Source, usable
from chalicelib.web.links import keys_from
from cli import secret_text
from cli.checks.look import Look, Seen


def held(look: Look, seen: Seen, name: str, mend: str) -> Mapping[str, Any] | None:
    """The JSON object in a secret; None, with a fault added, where there is none."""
    try:
        text, _ = secret_text.read(look.place, name)
    except secret_text.Missing as missing:
        if missing.marked:
            restore = look.aws(f"secretsmanager restore-secret --secret-id {name}")
            seen.fault(f"secret {name} is marked for deletion: 503", restore)
        else:
            seen.fault(f"there is no secret {name}", look.repair)
        return None
    try:
        found = json.loads(text) if text else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    seen.fault(f"secret {name} {'holds no JSON object' if text else 'was never filled'}: 503", mend)
    return None


def read_sources(look: Look) -> dict[str, Source]:
    """The sources that can be used; none where the secret cannot be read."""
    found = held(look, Seen(), look.place.sources_secret, "") or {}
    good = {}
    for name in found:
        try:
            good[name] = usable(found, name)
        except SecretUnusable:
            continue
    return good


def sources(look: Look) -> Seen:
    """The sources secret: every entry usable, with keys and modules."""
    seen, name = Seen(), look.place.sources_secret
    new = f"expunge keys new NAME --module Leads{look.option}"
    found = held(look, seen, name, new)
    if found is None:
        return seen
    seen.detail = f"{len(found)} sources"
    if not found:
        seen.fault("there is no source: nobody can send", new)
    for source in found:
        try:
            ready = usable(found, source)
            _source(look, seen, ready)
            _keys(look, seen, ready, texts_of(found[source]))
        except SecretUnusable as problem:
            mend = _other_key(look, source, problem.reason) or f"fix that field in secret {name}"
            seen.fault(problem.reason, f"{mend} (docs/CONTRACT.md, section 6); until then: 503")
    return seen


def _keys(look: Look, seen: Seen, source: Source, texts: Sequence[str]) -> None:
    """Keys that are taken and should be replaced all the same."""
    mend = f"expunge keys rotate {source.name}{look.option}, then revoke the old one"
    if source.scope != source.name:
        seen.fault(f"source {source.name} has a key of source {source.scope}: they share delivery ids", mend)
    for number, text in enumerate(texts):
        weak = weak_key(source.profile, text, source.name)
        if weak:
            seen.fault(f"source {source.name}: keys/{number}: {weak}", mend)


def _other_key(look: Look, source: str, reason: str) -> str:
    """How to replace a key that cannot be used; empty where something else is wrong with the entry."""
    if f"source {source}: keys/" not in reason:
        return ""
    revoke = f"expunge keys revoke {source} --all{look.option}"
    return f"{revoke} (or only its fingerprint), then expunge keys rotate {source}{look.option}"


def _source(look: Look, seen: Seen, source: Source) -> None:
    if not source.keys and source.name != OPERATOR:
        seen.fault(
            f"source {source.name} has no key: it can send nothing",
            f"expunge keys rotate {source.name}{look.option}",
        )
    if not source.modules:
        mend = f'add "modules": ["Leads"] to {source.name} in secret {look.place.sources_secret}'
        seen.fault(f"source {source.name} allows no module: each of its requests is a 403", mend)


def links(look: Look) -> Seen:
    """The links secret, without which nothing is accepted."""
    seen, name = Seen(), f"expunge/{look.place.stage}/links"
    put = look.aws(f"secretsmanager put-secret-value --secret-id {name} --secret-string")
    mend = f"""{put} '{{"new": "48 random letters and digits", "old": []}}'"""
    found = held(look, seen, name, mend)
    if found is None:
        return seen
    try:
        seen.detail = f"{len(keys_from(found))} keys"
    except SecretUnusable as problem:
        seen.fault(f"secret {name} {problem.reason}: 503", mend)
    return seen
