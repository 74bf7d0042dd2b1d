"""Which group a deletion's messages belong to: that of its org and its source.

SQS serves the groups of a standard queue fairly, so that a long line of one keeps the others waiting less.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import ExpungeError

#: Deletions whose group a process remembers, the newest.
MOST = 10_000
#: Deletions whose documents one look for another org reads, in one call: the next look comes soon, and a new
#: worker knows none.
MOST_READ = 100
#: What SQS allows in a MessageGroupId. Long names of an org and a source are longer together.
LONGEST = 128
_GROUP = re.compile(rf"[!-~]{{1,{LONGEST}}}")


class Groups:
    """The groups of deletions by their ids. `read`: those of the deletions that the table has, by id."""

    def __init__(self, read: Callable[[Sequence[str]], Mapping[str, Deletion]]) -> None:
        self._read = read
        self._known: dict[str, str] = {}
        self._absent: set[str] = set()

    def note(self, deletion: Deletion) -> None:
        """Whoever reads or writes a deletion tells it here, so that its group costs no further read."""
        self._known[deletion.id] = _short(f"{deletion.request.org}/{deletion.source}")
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def of(self, deletion_ids: Sequence[str]) -> Mapping[str, str]:
        """The groups of those that are known or can be read. Never raises: a message may go without."""
        self._take_in([one for one in deletion_ids if one not in self._known])
        found = {one: self._known.get(one, "") for one in deletion_ids}
        return {one: group for one, group in found.items() if _GROUP.fullmatch(group)}

    def orgs(self, deletion_ids: Sequence[str]) -> Mapping[str, str]:
        """The orgs of those that are known or can be read. Never raises."""
        return {one: org_in(group) for one, group in self.of(deletion_ids).items()}

    def other_org(self, org: str, deletion_ids: Sequence[str]) -> str | None:
        """The last of the deletions that is another org's; None where none is known to be.

        Of those that are not known the first MOST_READ are read, the others by later looks; what is not there
        is not asked for again.
        """
        unknown = [one for one in deletion_ids if one not in self._known and one not in self._absent]
        read = unknown[:MOST_READ]
        if self._take_in(read):
            absent = {one for one in read if one not in self._known}
            self._absent = absent | (self._absent if len(self._absent) < MOST else set())
        others = (one for one in reversed(deletion_ids) if self._org_of(one) not in ("", org))
        return next(others, None)

    def _org_of(self, deletion_id: str) -> str:
        return org_in(self._known.get(deletion_id, ""))

    def _take_in(self, deletion_ids: Sequence[str]) -> bool:
        """Read and remember those that are there; False where they could not be read."""
        read: Mapping[str, Deletion] = {}
        if deletion_ids:
            try:
                read = self._read(deletion_ids)
            except ExpungeError:
                return False
        for deletion in read.values():
            self.note(deletion)
        return True


def org_in(group: str) -> str:
    """The org that a group belongs to; empty for what is no group of ours."""
    org, separator, _ = group.partition("/")
    return org if separator else ""


def _short(group: str) -> str:
    """As it is where it fits, else its beginning and a hash of all of it."""
    if len(group) <= LONGEST:
        return group
    return f"{group[: LONGEST - 17]}~{hashlib.sha256(group.encode()).hexdigest()[:16]}"
