"""The calls of a deletion, all of them: what they say of its records is true only where none is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.service.ports import Call

#: Calls that are read at once.
AT_ONCE = 1000


class Calls(Protocol):
    """The part of the ledger that is needed here."""

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """Ledger entries of the calls with these numbers."""


def all_calls(ledger: Calls, deletion: Deletion, written: Sequence[Call] = ()) -> list[Call]:
    """All its calls with their answers; `written`: those that are about to be written. Raises Unreadable,
    also where one is not there.
    """
    stored = {
        call.n: call
        for first in range(1, deletion.calls + 1, AT_ONCE)
        for call in ledger.calls(deletion.id, range(first, min(first + AT_ONCE, deletion.calls + 1)))
    }
    found = stored | {call.n: call for call in written}
    if len(found) < deletion.calls:
        raise Unreadable(deletion.id, f"{deletion.calls - len(found)} calls are not there")
    return list(found.values())
