"""What the table knows of an object of evidence."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso


@dataclass(frozen=True, slots=True)
class Written:
    """An object that lies in the bucket and stands in head `head`, or will.

    `deletion`, `n`: of a receipt; an operators' entry has its own id, and 0. `status`, `finished_at`: the end
    that a receipt tells of, in its words. `bare`: its records file has no reference any more.
    """

    name: str
    sha256: str
    head: int
    deletion: str
    n: int = 0
    status: str = ""
    finished_at: str | None = None
    bare: bool = False

    def tells_of(self, deletion: Deletion) -> bool:
        """Is it the receipt of the end that the deletion has now?"""
        return (self.status, self.finished_at) == (deletion.status.value, iso(deletion.finished_at))
