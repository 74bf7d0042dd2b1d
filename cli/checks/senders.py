"""Who may send, and the keys of read links."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.errors import SecretUnusable, Unavailable
from chalicelib.domain.keys import texts_of, weak_key
from chalicelib.domain.request import Operation
from chalicelib.domain.source import OPERATOR, Source, usable
from chalicelib.web.links import keys_from
from cli import secret_text
from cli.checks.check import CheckContext, CheckResult, Fault
from cli.operating.render import many


def held(context: CheckContext, result: CheckResult, name: str, mend: str) -> Mapping[str, Any] | None:
    """The JSON object in a secret; None, with a fault added, where there is none."""
    try:
        text, _ = secret_text.read(context.target, name)
    except secret_text.Missing as missing:
        if missing.marked:
            restore = context.aws(f"secretsmanager restore-secret --secret-id {name}")
            result.fault(f"secret {name} is marked for deletion: 503", restore)
        else:
            result.fault(f"there is no secret {name}", context.repair)
        return None
    try:
        found = json.loads(text) if text else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    result.fault(f"secret {name} {'holds no JSON object' if text else 'was never filled'}: 503", mend)
    return None


def names(context: CheckContext) -> list[str]:
    """The sources that the secret has, whether they can be used or not; none where it cannot be read."""
    return sorted(held(context, CheckResult(), context.target.sources_secret, "") or {})


def read_sources(context: CheckContext) -> dict[str, Source]:
    """The sources that can be used; none where the secret cannot be read."""
    found = held(context, CheckResult(), context.target.sources_secret, "") or {}
    good = {}
    for name in found:
        try:
            good[name] = usable(found, name)
        except SecretUnusable:
            continue
    return good


def sources(context: CheckContext) -> CheckResult:
    """The sources secret: every entry usable, with keys and modules."""
    result, name = CheckResult(), context.target.sources_secret
    new = f"expunge keys new NAME --module Leads{context.option}"
    found = held(context, result, name, new)
    if found is None:
        return result
    result.detail = many(len(found), "source")
    if not found:
        result.fault("there is no source: nobody can send", new)
    for source in found:
        try:
            ready = usable(found, source)
            _source(context, result, ready)
            _keys(context, result, ready, texts_of(found[source]))
            _unapproved_erasures(context, result, ready)
        except SecretUnusable as problem:
            mend = _other_key(context, source, problem.reason) or f"fix that field in secret {name}"
            result.fault(problem.reason, f"{mend} (docs/CONTRACT.md, section 6); until then: 503")
    return result


def _keys(context: CheckContext, result: CheckResult, source: Source, texts: Sequence[str]) -> None:
    """Keys that are taken and should be replaced all the same."""
    mend = f"expunge keys rotate {source.name}{context.option}, then revoke the old one"
    if source.scope != source.name:
        result.fault(
            f"source {source.name} has a key of source {source.scope}: they share delivery ids", mend
        )
    for number, text in enumerate(texts):
        weak = weak_key(source.profile, text, source.name)
        if weak:
            result.fault(f"source {source.name}: keys/{number}: {weak}", mend)


def _unapproved_erasures(context: CheckContext, result: CheckResult, source: Source) -> None:
    """Erasures that nobody has to look at, in orgs whose person map nobody has put."""
    if source.limits.erase_person_approval or Operation.ERASE_PERSON not in source.operations:
        return
    for org in sorted(source.orgs):
        try:
            put = context.ledger().person_map(org) is not None
        except Unavailable as problem:
            what = f"whether org {org} has a person map of its own cannot be read ({problem.reason})"
            result.notes.append(Fault(what, "look with who may read the table"))
            continue
        if not put:
            what = (
                f"source {source.name} erases people of org {org} without an approval, by a person map that"
                " nobody has put: what is deleted follows from the org's modules alone"
            )
            show = f"expunge person-map show --org {org}{context.option}"
            result.notes.append(
                Fault(what, f"{show}, then expunge person-map apply FILE, or let it be approved")
            )


def _other_key(context: CheckContext, source: str, reason: str) -> str:
    """How to replace a key that cannot be used; empty where something else is wrong with the entry."""
    if f"source {source}: keys/" not in reason:
        return ""
    revoke = f"expunge keys revoke {source} --all{context.option}"
    return f"{revoke} (or only its fingerprint), then expunge keys rotate {source}{context.option}"


def _source(context: CheckContext, result: CheckResult, source: Source) -> None:
    if not source.keys and source.name != OPERATOR:
        result.fault(
            f"source {source.name} has no key: it can send nothing",
            f"expunge keys rotate {source.name}{context.option}",
        )
    # The person map says where an erasure may work, not the source's modules.
    if not source.modules and Operation.ERASE_PERSON not in source.operations:
        mend = f"expunge sources set {source.name} --module Leads{context.option}"
        result.fault(f"source {source.name} allows no module: each of its requests is a 403", mend)


def links(context: CheckContext) -> CheckResult:
    """The links secret, without which nothing is accepted."""
    result, name = CheckResult(), f"expunge/{context.target.stage}/links"
    put = context.aws(f"secretsmanager put-secret-value --secret-id {name} --secret-string")
    mend = f"""{put} '{{"new": "48 random letters and digits", "old": []}}'"""
    found = held(context, result, name, mend)
    if found is None:
        return result
    try:
        result.detail = many(len(keys_from(found)), "key")
    except SecretUnusable as problem:
        result.fault(f"secret {name} {problem.reason}: 503", mend)
    return result
