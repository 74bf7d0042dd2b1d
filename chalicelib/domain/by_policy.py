"""A policy's run until its selection is frozen: where the reading stands, and why it may not be begun."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.domain.deletion import Deletion

#: The run before was still going; the policy itself cannot be read any more.
STILL_GOING = "PREVIOUS_RUN_ACTIVE"
BROKEN = "POLICY_BROKEN"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run's selection stands.

    `token`: Zoho's name of a view's next page; `last`: the id behind which a query goes on. `restarts`: how
    often the reading began anew. `refuse`: a code that the run ends with before anything is read. `code` and
    `message`: what stood in its way last.
    """

    token: str | None = None
    last: str | None = None
    restarts: int = 0
    refuse: str = ""
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion."""
        return asdict(self)


def progress_of(deletion: Deletion) -> Progress:
    """The stored progress, or a fresh one."""
    stored: dict[str, Any] = dict(deletion.progress)
    return Progress(**stored)
