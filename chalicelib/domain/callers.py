"""Who is who among callers, as IAM names them; who asked for a deletion can neither approve it nor make it
final (FourEyes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence import operators
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.ids import RANDOM_BYTES, SEED_BYTES


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks (an ARN), and when (seconds since the epoch). `random` gives that many random bytes."""

    arn: str
    now: float
    random: Callable[[int], bytes] = field(default=token_bytes, repr=False, compare=False)

    def entry(self, what: What, target: str, before: Any = None, after: Any = None) -> operators.Entry:
        """What the caller does, for the operators' log: to be stored with the change that it tells of."""
        return operators.Entry(
            id=operators.entry_id(self.now, self.random(RANDOM_BYTES)),
            at=self.now,
            by=self.arn,
            what=what,
            target=target,
            before=before,
            after=after,
            seed=self.random(SEED_BYTES).hex(),
        )


def same_person(one: str | None, other: str | None) -> bool:
    """Are these two ARNs of callers the same role and session, or the same user? Unknown ones are nobody's.

    The session's name is what a role's user is known by. Paths are no part of an assumed role's ARN, and
    IAM's names are the same in any letter case.
    """
    return bool(one) and bool(other) and _who(str(one)) == _who(str(other))


def asked_for_it(deletion: Deletion, arn: str) -> str:
    """How `arn` asked for the deletion, in words; "" where somebody else did, or nobody knows who.

    Of a policy's run both asked for it: who put the policy last, and who ran it by hand.
    """
    if same_person(deletion.asked_by, arn):
        return "who asked for a deletion"
    return "who put a policy last" if same_person(deletion.put_by, arn) else ""


def _who(arn: str) -> tuple[str, ...]:
    """What stands for the person: account, role and session of an assumed role, else account, kind and
    name.
    """
    parts = arn.casefold().split(":", 5)
    if len(parts) < 6:
        return (arn.casefold(),)
    kind, _, rest = parts[5].partition("/")
    if kind == "assumed-role":
        role, _, session = rest.rpartition("/")
        return (parts[4], "role", role.rpartition("/")[2], session)
    return (parts[4], kind, rest.rpartition("/")[2])
