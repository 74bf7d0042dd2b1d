"""Changes of the sources secret that the operators' log does not know: nobody told who made them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.evidence.operators import TOLD
from chalicelib.service.operators.log import AHEAD, MOST_SECONDS
from cli import secret_text
from cli.checks.check import CheckContext, CheckResult, Fault
from cli.sources import fingerprint, object_in

#: Entries that are read at once.
PAGE = 100


def changes(context: CheckContext) -> CheckResult:
    """Is the sources secret as the operators' log has it? It names what is not."""
    result = CheckResult("known to the operators' log")
    try:
        text, version = secret_text.read(context.target, context.target.sources_secret)
    except secret_text.Missing:
        result.detail = "no secret"
        return result
    known = _known(context)
    if version is None or version == known:
        return result
    result.detail = "not all known to the operators' log"
    if known is None:
        what = "the operators' log does not know who filled the sources secret"
    else:
        named = _changed(_at(context, known), object_in(text))
        what = f"the sources secret was changed, and the operators' log does not know by whom: {named}"
    result.notes.append(
        Fault(
            what,
            "where nobody meant it: expunge keys revoke SOURCE --all --now; the log knows the secret again"
            f" from the next change by one of these commands on (expunge log --operators{context.option})",
        )
    )
    return result


def _known(context: CheckContext) -> str | None:
    """The version of the secret that the log names last; None where it names none."""
    ledger, since, before = context.ledger(), context.now - MOST_SECONDS, None
    while True:
        found, before = ledger.entries_of_operators(since, context.now + AHEAD, before, PAGE)
        for entry in found:
            if entry.what in TOLD and isinstance(entry.after, dict) and entry.after.get("version"):
                return str(entry.after["version"])
        if before is None:
            return None


def _at(context: CheckContext, version: str) -> dict[str, Any] | None:
    """The secret as it was then; None where Secrets Manager has it no more, or does not show it."""
    client = context.client("secretsmanager")
    try:
        found = client.get_secret_value(SecretId=context.target.sources_secret, VersionId=version)
    except ClientError:
        return None
    return object_in(found.get("SecretString"))


def _changed(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    """Which sources differ, and in what; no value and no key is shown."""
    if before is None or after is None:
        return "what it was before cannot be read"
    told = [
        f"{name} ({_difference(before.get(name), after.get(name))})"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    return ", ".join(told) or "nothing but its version"


def _difference(before: Any, after: Any) -> str:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return "new" if before is None else "removed" if after is None else "no object"
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if "keys" in names:
        had, has = (_marks(each) for each in (before, after))
        names.remove("keys")
        new, gone = sorted(has - had), sorted(had - has)
        names += [f"new key {mark}" for mark in new] + [f"key {mark} gone" for mark in gone]
    return ", ".join(names)


def _marks(entry: dict[str, Any]) -> set[str]:
    held = entry.get("keys")
    return {fingerprint(str(each)) for each in held} if isinstance(held, list) else set()
