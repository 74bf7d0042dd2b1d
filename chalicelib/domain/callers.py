"""Who two callers are, as IAM names them: whether one person asked and approves."""

from __future__ import annotations

_ASSUMED = ":assumed-role/"


def same_person(one: str | None, other: str | None) -> bool:
    """Are these two ARNs of callers the same role and session, or the same user? Unknown ones are nobody's.

    The session's name is what a role's user is known by; the path of a role is no part of an assumed role's
    ARN.
    """
    return bool(one) and bool(other) and _who(str(one)) == _who(str(other))


def _who(arn: str) -> str:
    """What stands for the person: `account:role/session` of an assumed role, else the whole ARN."""
    head, found, tail = arn.partition(_ASSUMED)
    if not found:
        return arn
    return f"{head.rpartition(':')[2]}:{tail}"
