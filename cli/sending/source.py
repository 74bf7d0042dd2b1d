"""Who sends: a source with its key from the stage's secret, a file or the environment, or an operator."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.keys import Profile, signing_key
from chalicelib.domain.source import OPERATOR, SOURCE_NAME
from cli.operator_api import reach
from cli.sending.channels import Channel, OperatorChannel, SourceChannel
from cli.sending.request import MOST_IDS
from cli.sources import Sources, entry, keys_of, read
from cli.target import Refused, Target, find
from cli.target_addresses import describe
from cli.text_file import text_of
from local.filling import SOURCE as FIRST

KEY = "EXPUNGE_KEY"
#: What a source may delete with one request where its entry does not say.
DEFAULT_MOST = 500


@dataclass(frozen=True)
class Sender:
    """A channel, and how many ids one request may name there.

    `target` and `org`: where; None and "" where that is not known. `unapproved`: the source's entry
    says that nobody has to approve an erasure, unless a value is shared.
    """

    channel: Channel
    most: int = MOST_IDS
    target: Target | None = None
    org: str = ""
    unapproved: bool = False


def sender(
    stage: str | None, source: str | None, key_file: Path | None, url: str | None, *, operator: bool
) -> Sender:
    """Who sends, by the command's words. Raises UsageError, Refused or ClickException."""
    key = _key(key_file)
    if operator:
        if url:
            raise click.UsageError(
                "--operator finds the address through AWS: name a --stage, leave out --url"
            )
        target = find(stage, as_json=False)
        api = reach(target, stage)
        known = _known(target)
        return _sender(OperatorChannel(api), target, known, OPERATOR)
    if url:
        return Sender(_remote(url, source, key))
    target = find(stage, as_json=False)
    known = _known(target) if key else read(target)[0]
    if known is None and not source:
        raise click.UsageError(
            "which source sends? the stage's sources cannot be read here: add --source NAME, or set"
            " EXPUNGE_SOURCE"
        )
    held = known or {}
    name = source or _only(held, local=stage is None)
    address = describe(target, stage).api_url
    channel = SourceChannel(address, name, key or _kept(held, name), asked_by=_caller(target))
    return _sender(channel, target, known, name)


def _sender(channel: Channel, target: Target, known: Sources | None, name: str) -> Sender:
    if known is None:
        return Sender(channel, target=target)
    found: object = known.get(name)
    unapproved = isinstance(found, dict) and found.get("erase_person_approval") is False
    return Sender(channel, _most(known, name), target, _org(known, name), unapproved)


def _caller(target: Target) -> str:
    """The ARN of whose AWS credentials these are; "" where AWS does not tell."""
    try:
        return str(target.client("sts").get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError):
        return ""


def _remote(url: str, source: str | None, key: str | None) -> SourceChannel:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError(f"--url {url}: must look like https://abc.execute-api...amazonaws.com/prod/")
    if not source or not SOURCE_NAME.fullmatch(source):
        raise click.UsageError("with --url name the sender: --source NAME")
    if not key:
        raise click.UsageError(f"with --url give the source's key: --key-file FILE, or {KEY}")
    return SourceChannel(url.rstrip("/") + "/", source, key)


def _key(file: Path | None) -> str | None:
    """The key of a file or of the environment, checked; never shown."""
    text = (text_of(file) if file else os.environ.get(KEY, "")).strip()
    if not text:
        if file:
            raise click.UsageError(f"{file}: is empty")
        return None
    try:
        signing_key(text)
    except ValueError as problem:
        raise click.UsageError(f"{file or KEY}: {problem}") from None
    return text


def _known(target: Target) -> Sources | None:
    """The sources, which are only needed to know their limits; None where this caller cannot see them."""
    try:
        return read(target)[0]
    except (ClientError, BotoCoreError, click.ClickException):
        return None


def _only(known: Sources, *, local: bool) -> str:
    """Who sends where nobody is named: the only source; on the local stack the one that it began with."""
    names = sorted(name for name in known if name != OPERATOR)
    if len(names) == 1:
        return names[0]
    if local and FIRST in names:
        return FIRST
    if not names:
        raise click.UsageError("there is no source that could send: expunge keys new NAME --module Leads")
    raise click.UsageError(
        f"which source sends? add --source {names[0]}, or set EXPUNGE_SOURCE (there are: {', '.join(names)})"
    )


def _org(known: Sources, name: str) -> str:
    """The org that the source deletes in where a request names no other."""
    found = known.get(name)
    return str(found.get("org") or "default") if isinstance(found, dict) else "default"


def _kept(known: Sources, name: str) -> str:
    found = entry(known, name)
    if found.get("profile", Profile.STANDARD_WEBHOOKS) == Profile.TOKEN:
        raise Refused(f"{name} is a token source, for workflow webhooks: send with one that signs")
    keys = keys_of(known, name)
    if not keys:
        raise Refused(f"{name} has no keys: expunge keys rotate {name} makes one")
    return keys[0]


def _most(known: Sources, name: str) -> int:
    """Ids that one request of this source may name, as far as that is known."""
    found = known.get(name)
    if not isinstance(found, dict):
        return MOST_IDS
    limit = found.get("max_records", DEFAULT_MOST)
    return min(limit, MOST_IDS) if isinstance(limit, int) and limit > 0 else MOST_IDS
