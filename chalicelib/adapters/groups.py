"""Which group a deletion's messages belong to: that of its org and its source.

SQS serves the groups of a standard queue fairly, so that a long line of one keeps the others waiting less.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import ExpungeError

#: Deletions whose group a process remembers, the newest.
MOST = 10_000
#: What SQS allows in a MessageGroupId. Long names of an org and a source are longer together.
LONGEST = 128
_GROUP = re.compile(rf"[!-~]{{1,{LONGEST}}}")


class Groups:
    """The groups of deletions by their ids. `read`: those of the deletions that the table has, by id."""

    def __init__(self, read: Callable[[Sequence[str]], Mapping[str, Deletion]]) -> None:
        self._read = read
        self._known: dict[str, str] = {}

    def note(self, deletion: Deletion) -> None:
        """Whoever reads or writes a deletion tells it here, so that its group costs no further read."""
        self._known[deletion.id] = _short(f"{deletion.request.org}/{deletion.source}")
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def of(self, deletion_ids: Sequence[str]) -> Mapping[str, str]:
        """The groups of those that are known or can be read. Never raises: a message may go without."""
        unknown = [one for one in deletion_ids if one not in self._known]
        read: Mapping[str, Deletion] = {}
        if unknown:
            with suppress(ExpungeError):
                read = self._read(unknown)
        for deletion in read.values():
            self.note(deletion)
        found = {one: self._known.get(one, "") for one in deletion_ids}
        return {one: group for one, group in found.items() if _GROUP.fullmatch(group)}

    def orgs(self, deletion_ids: Sequence[str]) -> Mapping[str, str]:
        """The orgs of those that are known or can be read. Never raises."""
        return {one: org_in(group) for one, group in self.of(deletion_ids).items()}

    def other_org(self, org: str, deletion_ids: Sequence[str]) -> str | None:
        """The last of the deletions that is another org's; None where none is known to be."""
        groups = self.of(deletion_ids)
        others = (one for one in reversed(deletion_ids) if org_in(groups.get(one, "")) not in ("", org))
        return next(others, None)


def org_in(group: str) -> str:
    """The org that a group belongs to; empty for what is no group of ours."""
    org, separator, _ = group.partition("/")
    return org if separator else ""


def _short(group: str) -> str:
    """As it is where it fits, else its beginning and a hash of all of it."""
    if len(group) <= LONGEST:
        return group
    return f"{group[: LONGEST - 17]}~{hashlib.sha256(group.encode()).hexdigest()[:16]}"
