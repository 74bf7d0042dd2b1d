"""What the use cases need from the outside, as protocols. Adapters implement them; tests have small fakes.

Every method may raise errors.Unavailable where the system behind it is out of reach.
Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.quota import Count, Counted, Full, Tally

if TYPE_CHECKING:
    from chalicelib.domain.evidence import operators
    from chalicelib.domain.lane import Lane
    from chalicelib.domain.operators import SourceCancel
    from chalicelib.domain.zoho.reply import CallKind


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery of a source that was accepted: `receipt` is the body of the 202 but for its links."""

    source: str
    delivery_id: str
    body_hash: str
    deletion_id: str
    receipt: Mapping[str, object]
    expires_at: int


@dataclass(frozen=True, slots=True)
class Call:
    """One Zoho call in the ledger: the intent (`n`, `kind`, `target`, `at`), and the answer once there is
    one.

    `target`: what it was meant for, as plain JSON (chunk number and id positions, or view and round).
    """

    n: int
    kind: CallKind
    target: Mapping[str, object]
    at: float
    answered_at: float | None = None
    answer: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A deletion that this worker holds: only the holder of the newest fence can write it.

    `commands`: what operators asked of it and nobody has done yet. `control` counts all commands: a write is
    refused where another one has come since. A deletion with commands to be done stays due, final or not.
    `attempts`: how often it was claimed since a worker last gave it back in order, this time included.
    """

    deletion: Deletion
    fence: int
    lease_until: float
    commands: tuple[Mapping[str, object], ...] = ()
    control: int = 0
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A numbered part of a deletion that is stored beside its document, as plain JSON; written again, it
    stands as it was written last.
    """

    number: int
    content: object


@dataclass(frozen=True, slots=True)
class NewDeletion:
    """A deletion that is stored for the first time, with its ids in its request, and its first log entry."""

    deletion: Deletion
    entry: Entry


@dataclass(frozen=True, slots=True)
class Change:
    """What one atomic write of the ledger holds.

    `next_at`: when the deletion is due again; `lease_until`: 0 gives the lease back. `regardless`: also where
    a command has come since the claim was read. `chunks`: new outcomes of ids that are stored; `new_chunks`:
    ids stored for the first time, or again while their selection is still growing, untouched as yet (at
    most 20 in one write; service.engine.freeze makes them). `new_children`: stored as accepted deletions are,
    and named by it from then on. `evidenced`: the receipt of its end is there. `parts`:
    what else is stored of it; `org_modules`: kept for its org. `delivery`: the one that it came with, in
    place of what is kept of it. `noted`: for the operators' log. `forgotten`: commands that were done go too.
    `forget_at`: when it is due again to be forgotten, once nothing else keeps it due. All of it is written,
    or nothing.
    """

    deletion: Deletion
    next_at: float
    lease_until: float
    entries: tuple[Entry, ...] = ()
    calls: tuple[Call, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    new_chunks: tuple[Chunk, ...] = ()
    lane: Lane | None = None
    commands_done: int = 0
    regardless: bool = False
    new_children: tuple[NewDeletion, ...] = ()
    evidenced: bool = False
    parts: tuple[Part, ...] = ()
    org_modules: tuple[Mapping[str, object], ...] | None = None
    delivery: Delivery | None = None
    noted: operators.Entry | None = None
    forgotten: bool = False
    forget_at: float | None = None


class Deliveries(Protocol):
    """The part of the ledger that intake needs."""

    def find_delivery(self, source: str, delivery_id: str) -> Delivery | None:
        """The delivery as accepted before, expired ones included (compare `expires_at`); strongly
        consistent.
        """

    def accept(
        self,
        deletion: Deletion,
        entry: Entry,
        delivery: Delivery,
        now: float,
        noted: operators.Entry | None = None,
    ) -> bool:
        """Store the deletion (due at once), its ids, its first log entry, its delivery and its entry of the
        operators' log in one transaction; the parent of one that is about the recycle bin names it from then
        on.

        False where the delivery id is taken by an unexpired delivery: nothing is stored then.
        """

    def count(self, wanted: Count) -> Counted | Full:
        """Count records for their source, in one write that either fits or changes nothing (domain.quota)."""

    def uncount(self, wanted: Count) -> None:
        """Take back what `count` counted by its own write, unless a copy of it relies on that by now."""

    def tally(self, source: str, day: str) -> Tally:
        """What the source has named on that UTC day so far (yyyy-mm-dd), strongly consistent."""


class Reads(Protocol):
    """The part of the table that executors read."""

    def get(self, deletion_id: str) -> Deletion | None:
        """The deletion as it stands, strongly consistent. Raises Unreadable for an item of an unknown
        shape.
        """

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """A chunk of the deletion's ids with their outcomes so far."""

    def part(self, deletion_id: str, number: int) -> object:
        """The content of a part. Raises Unreadable where it is not there."""

    def person_map(self, org: str) -> Mapping[str, object] | None:
        """The person map that operators have put for the org (domain.person.person_map); None where nobody
        has; strongly consistent.
        """

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """Ledger entries of the calls with these numbers."""

    def lane(self, key: str) -> Lane:
        """The lane as it stands, strongly consistent; an empty one where none was written."""

    def paused(self, org: str, source: str) -> str | None:
        """Why sending to Zoho is paused for this org or for all, or for what this source asked for; None
        where it is not; strongly consistent.
        """

    def held(self, org: str, module: str, ids: Sequence[str], now: float) -> set[str]:
        """Those of the ids that a hold protects at `now`; strongly consistent."""

    def has_holds(self, org: str, module: str, now: float) -> bool:
        """Is any record of the module held at `now`?"""


class Ledger(Deliveries, Reads, Protocol):
    """The table: the one truth about every deletion. The engine alone saves."""

    def claim(self, deletion_id: str, now: float, lease_until: float) -> Claim | None:
        """Take the lease if the deletion is due and free, with a new fence; None where it is not."""

    def save(self, claim: Claim, change: Change) -> Claim:
        """Write the change if the claim still holds. Raises LostLease or StaleRead; nothing is written
        then.
        """

    def again(self, claim: Claim) -> Claim:
        """The claim with the deletion and its commands as they stand now. Raises LostLease."""

    def wake(self, deletion_id: str, now: float) -> bool:
        """Make a waiting deletion due now; False where it is not waiting or a worker holds it."""

    def entries(self, deletion_id: str, after: int) -> list[Entry]:
        """Log entries numbered above `after`, oldest first."""

    def due(self, now: float, limit: int) -> list[str]:
        """Ids of deletions that are due, the longest waiting first. Eventually consistent."""

    def due_since(self, now: float, limit: int) -> list[tuple[str, float]]:
        """As `due`, each with the time that it has been due since."""

    def due_pages(self, now: float, limit: int) -> Iterator[list[tuple[str, float]]]:
        """As `due_since`, page after page; the longest waiting of each page first, no page empty."""

    def source_cancel(self, source: str) -> SourceCancel | None:
        """Until when what the source asked for is cancelled, None where it never was; strongly consistent."""

    def stopped(self, org: str, source: str) -> tuple[str | None, SourceCancel | None]:
        """`paused` and `source_cancel` in one read."""

    def to_forget(self, now: float, limit: int) -> Iterator[list[str]]:
        """Ids of deletions whose texts are to be forgotten by now, the longest waiting first, in pages of
        `limit`. Eventually consistent.
        """

    def mend_due(self, now: float) -> None:
        """Make due what is said to become due later than anything can, and tell it: nobody would find it."""

    def forget_hashes(self, deletion_id: str, accepted_at: float, *, external_only: bool) -> None:
        """Take the hashes of a deletion's ids, or those of its external ids, out of what it is found by."""

    def set_aside(self, deletion_id: str, reason: str, now: float) -> None:
        """Take an unreadable deletion out of the due index, with the reason kept beside it."""

    def awaits_evidence(self, deletion: Deletion) -> bool:
        """Has it ended, and is there no receipt of that end yet; or is it to be forgotten, and no head names
        the entry that says so? Always False where none are written.
        """


class Leases(Protocol):
    """Short leases under a name, for what one worker at a time may do."""

    def take(self, org: str, name: str, owner: str, now: float, until: float) -> bool:
        """True where the lease was free or had ended; it is `owner`'s until `until`."""

    def give_back(self, org: str, name: str, owner: str) -> None:
        """End the lease early if it is still `owner`'s."""

    def in_use(self, org: str, prefix: str, now: float) -> set[str]:
        """Names that begin so and whose lease has not ended, strongly consistent."""

    def tell_credits(self, org: str, left: int, until: float) -> None:
        """Let the other workers know until then how many of the org's API credits are left."""

    def credits_told(self, org: str, now: float) -> int | None:
        """The credits that are left, as last told; None where nobody has told, or too long ago."""
