"""Changes of the sources secret, told to the operators' log: what changed, never a key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli import http, secret_text
from cli.operator_api import reach
from cli.output import say
from cli.sources import Sources, fingerprint, write
from cli.target import Target


def change(
    target: Target,
    stage: str | None,
    before: Sources,
    source: str,
    after: Mapping[str, Any] | None,
    version: str | None,
) -> None:
    """Write the entry `after` of `source` in the target of the one in `before` (None: without it), and tell
    the operators' log.

    The one way in which our commands write that secret. Raises Refused as sources.write does; where the log
    is out of reach the change stands, and doctor names it.
    """
    if after is None:
        left = {name: entry for name, entry in before.items() if name != source}
        made = secret_text.write(target, target.sources_secret, json.dumps(left), version)
    else:
        made = write(target, {**before, source: dict(after)}, source, version)
    try:
        api = reach(target, stage)
        for entry in entries(source, before.get(source), after, version, made):
            http.good(api.call("POST", "log", body=entry))
    except (click.ClickException, ClientError, BotoCoreError) as problem:
        why = problem.message if isinstance(problem, click.ClickException) else str(problem)
        say(
            f"the secret is changed, and the operators' log was not told of it: {why};"
            " expunge doctor names such changes",
            err=True,
        )


def entries(
    source: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    old: str | None,
    new: str,
) -> Iterator[dict[str, Any]]:
    """The bodies of `POST log` for a change from `before` to `after`; `old`, `new`: the secret's versions."""
    was, now = before or {}, after or {}
    had, has = _fingerprints(was), _fingerprints(now)
    names = sorted(name for name in was.keys() | now.keys() if name != "keys")
    changed = [name for name in names if was.get(name) != now.get(name)]
    if changed or before is None or after is None:
        held, holds = ({name: each.get(name) for name in changed} for each in (was, now))
        told = (None if before is None else held, None if after is None else holds)
        yield _body("source.changed", source, *told, old, new)
    for mark in (each for each in has if each not in had):
        yield _body("key.made", source, None, {"fingerprint": mark}, old, new)
    for mark in (each for each in had if each not in has):
        yield _body("key.revoked", source, {"fingerprint": mark}, None, old, new)


def _body(
    what: str,
    source: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    old: str | None,
    new: str,
) -> dict[str, Any]:
    """With the versions of the secret, by which doctor knows a change that nobody told."""
    return {
        "what": what,
        "target": source,
        "before": {**(before or {}), "version": old},
        "after": {**(after or {}), "version": new},
    }


def _fingerprints(entry: Mapping[str, Any]) -> list[str]:
    held = entry.get("keys", [])
    return [fingerprint(each) for each in held if isinstance(each, str)] if isinstance(held, list) else []
