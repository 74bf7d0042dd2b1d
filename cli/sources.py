"""The sources secret, read and written whole: no other change is lost, no broken entry kept."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import click

from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.keys import owner_before, texts_of, weak_key
from chalicelib.domain.source import SOURCE_NAME, parse, usable
from cli import secret_text
from cli.target import Refused, Target
from cli.target_addresses import others

Sources = dict[str, dict[str, Any]]


def fingerprint(key: str) -> str:
    """How a key is named without showing it: 8 hex digits of its SHA-256."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def read(target: Target) -> tuple[Sources, str | None]:
    """The sources and the version they are of; none and None where the secret was never filled."""
    try:
        text, version = secret_text.read(target, target.sources_secret)
    except secret_text.Missing:
        words = f"there is no secret {target.sources_secret}: is the stage deployed?"
        raise click.ClickException(f"{words}{others(target)}") from None
    if not text:
        return {}, version
    held = object_in(text)
    if held is None:
        # Not chained: the parser's words can hold a part of the secret.
        raise click.ClickException(
            f"{target.sources_secret} holds no JSON object: correct it in Secrets Manager"
        ) from None
    return held, version


def object_in(text: str | None) -> Sources | None:
    """The JSON object in a secret's text; None for anything else."""
    try:
        held = json.loads(text or "")
    except ValueError:
        return None
    return held if isinstance(held, dict) else None


def write(target: Target, sources: Sources, changed: str, version: str | None) -> str:
    """Put `sources` in the target of `version`, and tell the new version.

    Raises Refused where the entry `changed` cannot be used, or where somebody else has written meanwhile.
    """
    try:
        usable(sources, changed)
    except SecretUnusable as problem:
        raise Refused(problem.reason) from None
    found = parse(changed, sources[changed])
    for text in texts_of(sources[changed])[:1]:
        weak = weak_key(found.profile, text, changed)
        if weak:
            raise Refused(f"source {changed}: {weak}")
    for other in sources:
        if other != changed and (
            owner_before(sources, other) == changed or owner_before(sources, changed) == other
        ):
            raise Refused(f"source {other} has one of these keys already: each source needs its own")
    return secret_text.write(target, target.sources_secret, json.dumps(sources), version)


def entry(sources: Sources, name: str) -> dict[str, Any]:
    """The entry of a source. Raises Refused where there is none, or none that is an object."""
    if name not in sources:
        known = ", ".join(sorted(sources)) or "none"
        raise Refused(f"there is no source {name!r} (there are: {known}); expunge keys new makes one")
    found: object = sources[name]
    if not isinstance(found, dict):
        raise Refused(f"source {name}: the entry must be an object: {_MEND}")
    return found


_MEND = "correct it in Secrets Manager"


def keys_of(sources: Sources, name: str) -> list[str]:
    """The keys of a source, the newest first. Raises Refused as `entry`, and where they are no list."""
    held = entry(sources, name).get("keys", [])
    if not isinstance(held, list) or not all(isinstance(each, str) for each in held):
        raise Refused(f"source {name}: keys must be a list of strings: {_MEND}")
    return held


def why_unusable(sources: Sources, name: str) -> str:
    """Why the source cannot be used; "" where it can."""
    try:
        usable(sources, name)
    except SecretUnusable as problem:
        return problem.reason
    return ""


def name_of(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A source's name, checked (a callback of click)."""
    if not SOURCE_NAME.fullmatch(value):
        raise click.BadParameter(f"must match {SOURCE_NAME.pattern}")
    return value
