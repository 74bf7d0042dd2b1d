"""What writing evidence needs from the outside, as protocols, and what the table keeps about it.

Every method may raise errors.Unavailable where the system behind it is out of reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence.digest import Digest, Extent, Named
from chalicelib.domain.evidence.operators import Entry
from chalicelib.domain.evidence.written import Written
from chalicelib.domain.outcomes import Chunk
from chalicelib.service.ports import Call

__all__ = ["Book", "Chain", "Objects", "Signer", "Written"]


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the chain of heads is. `previous`: SHA-256, hex, of the newest head's payload, "" for none;
    `at`: its time; `told`: the day (yyyy-mm-dd) whose event has left.
    """

    n: int = 0
    previous: str = ""
    at: str = ""
    told: str = ""


class Objects(Protocol):
    """The bucket."""

    def put_once(self, name: str, data: bytes) -> bool:
        """Write the object unless one of that name is there; False where one is. Nobody can change or remove
        it for as long as the stage says.
        """

    def put(self, name: str, data: bytes, *, bare: bool = False) -> None:
        """Write the object without a lock, in the place of what is there. `bare`: it is written anew without
        its reference, and ends as early as the one before would have.
        """

    def read(self, name: str) -> bytes | None:
        """The object; None where there is none."""


class Signer(Protocol):
    """The signing key, which never leaves KMS."""

    def public_key(self) -> bytes:
        """The verification key, DER."""

    def sign(self, signed: bytes) -> bytes:
        """An ECDSA signature over the SHA-256 of `signed`, DER."""


class Book(Protocol):
    """The table: the deletions to read, and the items that writing evidence has for itself."""

    def take_turn(self, owner: str, now: float, until: float) -> bool:
        """True where nobody else writes evidence; it is `owner`'s turn until `until`."""

    def end_turn(self, owner: str) -> None:
        """End the turn early if it is still `owner`'s."""

    def chain(self) -> Chain:
        """How far the chain is; strongly consistent."""

    def advance(self, before: Chain, after: Chain) -> None:
        """Keep how far it is now. Raises Unavailable where it is not as `before` any more."""

    def due(self, now: float) -> Iterator[list[str]]:
        """Deletions that have ended and wait for evidence, page after page, the longest waiting first.
        Eventually consistent.
        """

    def oldest(self, now: float) -> float:
        """How long the deletion has waited that has waited longest (seconds); 0 where none does."""

    def get(self, deletion_id: str) -> Deletion | None:
        """See ports.Ledger."""

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """Those of the deletions that are there and can be read, by id."""

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """See ports.Ledger."""

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """See ports.Ledger."""

    def receipts(self, deletion_id: str) -> list[Written]:
        """The receipts of a deletion, oldest first; strongly consistent."""

    def entries(self, since: float) -> list[Entry]:
        """The operators' entries made at `since` or later; strongly consistent."""

    def entries_written(self, since: float) -> set[str]:
        """Ids of those entries made at `since` or later whose object is kept here; strongly consistent."""

    def keep(self, written: Written) -> None:
        """Keep that the object lies there and belongs into its head; all of it, or nothing."""

    def mark_bare(self, written: Written) -> None:
        """Keep that the receipt's records file has no reference any more."""

    def waiting(self, head: int) -> dict[str, str]:
        """What belongs into head `head`: SHA-256 by name; strongly consistent."""

    def move(self, name: str, sha256: str, head: int) -> None:
        """The object belongs into that head instead."""

    def digested(self) -> Extent:
        """Which deletions digests tell of; strongly consistent."""

    def accepted(self, extent: Extent, before: str) -> tuple[list[str], Extent]:
        """The next deletions after `extent`, of one of the days before the day `before`, and how far that
        reaches; none of them where nothing was accepted on the days that were looked at.
        """

    def named(self, deletion_ids: Sequence[str]) -> list[Named]:
        """Those of the deletions that are there, with their ids, in their order; strongly consistent."""

    def keep_digest(self, day: str, digest: Digest) -> None:
        """Keep a digest of deletions that were accepted on the day."""

    def digested_until(self, extent: Extent) -> None:
        """Keep which deletions digests tell of."""
