"""A deletion: how far it is, how it changes its status, and how its counts decide the end.

Names and rules: the public contract (docs/CONTRACT.md), sections 1 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.domain.errors import IllegalMove
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.domain.status import FINAL, MOVES, Status


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by outcome; the others always add up to `requested`."""

    requested: int = 0
    deleted: int = 0
    already_absent: int = 0
    failed: int = 0
    held: int = 0
    unknown: int = 0
    pending: int = 0
    restored: int = 0
    already_present: int = 0
    skipped: int = 0
    unlinked: int = 0
    cleared: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading showed of the records that were deleted for good, unknown ones included. `records`: their
    number. `listed_as_permanent`: None where the deleted list was not read to its end. `verified_at`: seconds
    since the epoch.
    """

    records: int
    gone: int
    not_in_recycle_bin: int
    listed_as_permanent: int | None
    verified_at: float


@dataclass(frozen=True, slots=True)
class Child:
    """A deletion that is about the recycle bin, as its parent tells of it. `done`: records that it restored,
    or deleted for good. `not_before`: as Deletion has it.
    """

    id: str
    operation: Operation
    status: Status = Status.ACCEPTED
    done: int = 0
    not_before: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A code of Zoho's (or of ours) that stands in the way of `count` records, with the words Zoho used."""

    code: str
    count: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dry run found: nothing was sent that changes Zoho."""

    would_delete: int | None
    first_ids: tuple[str, ...]
    calls: int
    credits: int


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's consent to delete `count` records: asked for at `asked_at`, refused from `expires_at` on
    unless given by then. Of an erasure: `map_hash`, the map that is meant; `shared`, the pointers of shared
    values that mean this person, once it is given.
    """

    count: int
    asked_at: float
    expires_at: float
    approved_at: float | None = None
    by: str = ""
    map_hash: str = ""
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failing:
    """The clock of one call: failed tries in a row, and its failing time added up (`spent`, seconds).

    `at`: its last failed try, None while the clock stands still. `waited`, `waited_at`: the same for waits
    that are no failure.
    """

    tries: int = 0
    spent: float = 0.0
    at: float | None = None
    waited: float = 0.0
    waited_at: float | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """One accepted request and everything that the ledger keeps of it, but for its ids and its calls.

    Times are seconds since the epoch. `progress` holds what the executor of its operation needs to go on, as
    plain JSON values. `put_by`: of a policy's run, who put the policy last. `asked_before`: the records that
    its source had named before it that UTC day; None as long as it was not counted. `counted_records`: of a
    view or an erasure, how many of its records are counted for its source. `events` counts the entries of its
    log, `chain` is the hash of the newest, `published` the number up to which they have left. `seed`: random
    text, known to the table alone, that the salts of its log are made of. `failing`: a clock for each call
    that fails, by the call's name. `frozen`: what its view or policy selects is stored as ids now. `by_ids`:
    it is done by ids from here on. `lane`: the key of the lane that it waits in or holds, "" for none.
    `job_deleted`: how many records the running job has deleted, as last told by Zoho. `unlisted`: at least so
    many records went with the job that had not been listed. `cancelled_by`: an operator who wants nothing
    more to be sent. `resolved_by`: who said what became of it where Zoho could not be asked. `data_center`:
    where the org's Zoho is, "" as long as it was not asked. `forgotten_at`: since when what is personal in it
    is gone. `texts_forgotten_at`: since when external ids, references and reasons are. `forget_by`: an
    operator who wants it forgotten. `forget_noted`: the operators' entry that says so; nothing goes before a
    head names it. `records_cleared`: no records file holds such texts any more.
    `delivered`: source and id of the delivery that it came with, a line feed between. `reference_digest`: by
    which it is found once its reference is forgotten, keyed with what the table does not have.
    `sent_at`: its first call that deletes. `job_ended_at`: when a frozen view's job was seen to have ended.
    `first_ended_at`: when it was first final; `finished_at` moves on where a person settles it later.
    `not_before`: nothing is sent before (the undo window). `children`: what was made of it about the recycle
    bin, dry runs left out; the ledger adds to them, and no executor writes them.
    `relatives`: what else was made of it, its retry and dry runs about the bin; kept as `children` are.
    `erasure`: of the erasure of a person the plan that its map makes, later also what the searches afterwards
    found (`verification`) and keyed digests of the identity (`identity`), as plain JSON values.
    """

    id: str
    request: Request
    source: str
    created_at: float
    updated_at: float
    expires_at: int
    limits: Limits = field(default_factory=Limits)
    asked_by: str | None = None
    put_by: str | None = None
    retry_of: str | None = None
    status: Status = Status.ACCEPTED
    counts: Counts = Counts()
    waiting_for: str | None = None
    waiting_since: float | None = None
    waiting_told: bool = False
    lane_ahead: int | None = None
    lane_seconds: float | None = None
    asked_before: int | None = None
    counted_records: int = 0
    started_at: float | None = None
    plan: Plan | None = None
    job_id: str | None = None
    job_status: str | None = None
    problems: tuple[Problem, ...] = ()
    finished_at: float | None = None
    id_count: int = 0
    chunks: int = 0
    failing: Mapping[str, Failing] = field(default_factory=dict)
    calls: int = 0
    events: int = 0
    chain: str = ""
    seed: str = ""
    published: int = 0
    frozen: bool = False
    by_ids: bool = False
    lane: str = ""
    job_deleted: int = 0
    unlisted: int = 0
    approval: Approval | None = None
    cancelled_by: str = ""
    resolved_by: str = ""
    data_center: str = ""
    forgotten_at: float | None = None
    texts_forgotten_at: float | None = None
    forget_by: str = ""
    forget_noted: str = ""
    records_cleared: bool = False
    delivered: str = ""
    reference_digest: str = ""
    sent_at: float | None = None
    job_ended_at: float | None = None
    first_ended_at: float | None = None
    not_before: float | None = None
    verification: Verification | None = None
    children: tuple[Child, ...] = ()
    relatives: tuple[str, ...] = ()
    erasure: dict[str, object] = field(default_factory=dict)
    progress: dict[str, object] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """True once nothing more will be sent to Zoho for it."""
        return self.status in FINAL

    @property
    def record_limit(self) -> int:
        """The most records that this deletion may take: the source's limit, lowered by the request's own."""
        own = self.request.max_records
        return self.limits.max_records if own is None else min(own, self.limits.max_records)


def moved(deletion: Deletion, status: Status, now: float, waiting_for: str | None = None) -> Deletion:
    """`deletion` in its new status at `now`.

    Raises IllegalMove where the table of moves has no such step; staying where it is, is always legal.
    """
    if status is not deletion.status and status not in MOVES[deletion.status]:
        raise IllegalMove(deletion.id, deletion.status, status)
    since = deletion.waiting_since if waiting_for and waiting_for == deletion.waiting_for else now
    ended = now if status in FINAL else None
    earlier = deletion.first_ended_at, deletion.finished_at  # the latter: of older versions
    return replace(
        deletion,
        status=status,
        updated_at=now,
        waiting_for=waiting_for,
        waiting_since=since if waiting_for else None,
        waiting_told=deletion.waiting_told and waiting_for == deletion.waiting_for,
        lane_ahead=deletion.lane_ahead if waiting_for else None,
        lane_seconds=deletion.lane_seconds if waiting_for else None,
        finished_at=ended,
        first_ended_at=next((at for at in earlier if at is not None), ended),
    )


def final_status(counts: Counts, *, cancelled: bool = False) -> Status:
    """The status that these counts end in, once nothing is left to send (contract section 3).

    `cancelled`: what is pending was not to be sent any more.
    """
    gone = counts.deleted + counts.already_absent
    gone += counts.restored + counts.already_present + counts.skipped + counts.unlinked + counts.cleared
    if counts.unknown or (counts.pending and not cancelled):
        return Status.NEEDS_ATTENTION
    if counts.pending:
        return Status.CANCELLED
    if not counts.failed and not counts.held:
        return Status.COMPLETED
    if gone:
        return Status.PARTIALLY_COMPLETED
    return Status.FAILED if counts.failed else Status.REFUSED
