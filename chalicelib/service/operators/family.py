"""How the children of deletions stand, so that their parents can tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chalicelib.domain.children import standing
from chalicelib.domain.deletion import Deletion


class Many(Protocol):
    """The part of the ledger that is needed here."""

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """Those of the deletions that are there and can be read, by id."""


def with_children(ledger: Many, deletions: Sequence[Deletion]) -> list[Deletion]:
    """The deletions, each with its children as they stand now."""
    wanted = [child.id for deletion in deletions for child in deletion.children]
    found = ledger.get_many(list(dict.fromkeys(wanted))) if wanted else {}
    return [standing(deletion, found) for deletion in deletions]
