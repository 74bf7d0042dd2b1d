"""What an executor answers: one step, which the engine alone carries out and writes.

An executor reads through `Slice` and returns a `Commit` (what to write and how to go on) or a `Send` (calls
that change Zoho: the engine writes their intents first, and their answers whatever came in between). It never
writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Deletion, Problem
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import SERVICE
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.person.phones import Phones
from chalicelib.domain.quota import Full
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.engine.ahead import Ahead
from chalicelib.service.ports import Call, Part, Reads
from chalicelib.service.zoho_port import Zoho


class Slice(Protocol):
    """What an executor may read while it decides. `until`: when the slice is over (seconds since the epoch).

    `ahead`: answers that are asked for while a step is being written.
    """

    until: float
    ahead: Ahead

    @property
    def deletion(self) -> Deletion:
        """The deletion as last saved."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""

    @property
    def zoho(self) -> Zoho:
        """The org's client. Raises Paused, SecretUnusable, NoSlot or Reserved; the engine answers them."""

    @property
    def width(self) -> int:
        """How many calls to Zoho may be under way at once. Raises Paused, SecretUnusable or NoSlot."""

    @property
    def reserved(self) -> bool:
        """Are the org's credits down to what is kept for the others? Then a step asks for no further page."""

    @property
    def timeouts(self) -> Timeouts:
        """The stage's waits."""

    @property
    def round_limit(self) -> int:
        """How many records a view's mass delete takes at Zoho."""

    @property
    def ledger(self) -> Reads:
        """The table, for reading."""

    def chunk(self, number: int) -> Chunk:
        """A chunk of the deletion's ids with their outcomes so far."""

    @property
    def phones(self) -> Phones:
        """What reads phone numbers."""

    def part(self, number: int) -> object:
        """A part of the deletion as it was stored (ports.Part). Raises Unreadable where it is not there."""

    def named(self, records: int) -> int | Full:
        """Count what a deletion without ids in its request turns out to name for its source: each record
        once, kept with the next write. To be asked before what grows may be sent. Returns what the source
        had named besides it that UTC day, or what is full.
        """

    def deleted_lately(self, ids: Sequence[str]) -> set[str]:
        """Those of the records that the loop guard remembers as deleted by us a moment ago."""

    def report(self, event: str, **fields: object) -> None:
        """Tell operators of `event`, in the log and as a metric. Never raises."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line in the deletion's log; a `public` one leaves as an event of the type `what`."""

    what: str
    why: str = ""
    by: str = SERVICE
    public: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """Go on at once."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Give the lease back and go on in `seconds`; the status stays."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for what is no failure: all give-up clocks stand still. `status`: the one meanwhile."""

    waiting_for: str
    seconds: float
    status: Status = Status.WAITING


@dataclass(frozen=True, slots=True)
class TryAgain:
    """`call` did not work now; it is tried again after a growing while, until its clock has run out.

    `asked`: Zoho's Retry-After; `at_least`, `at_most`: bounds of the pause (seconds). `longest`: what the
    growing while grows to, None for the stage's longest. `blame`: False where the give-up time stands still,
    as while a job runs. `tried_at`: when it was tried (seconds since the epoch), None for now.
    """

    call: str
    verdict: Verdict
    code: str
    asked: float | None = None
    at_least: float = 0.0
    blame: bool = True
    at_most: float | None = None
    longest: float | None = None
    tried_at: float | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The final status; None for the one that the counts decide. `by`: "" for the operator who cancelled it,
    and else the service. The engine frees the lane in the same write, and wakes whoever is next in it.
    """

    status: Status | None = None
    why: str = ""
    by: str = ""
    problems: tuple[Problem, ...] = ()


Then = Again | Rest | Wait | TryAgain | Finish


@dataclass(frozen=True, slots=True)
class Commit:
    """One atomic write, and how to go on.

    `deletion`: with its new progress; the engine adds counts and problems that follow from `chunks` (ids that
    are stored, with new outcomes). `new_chunks`: ids stored for the first time. `lane`: the lane as it is to
    be written; `leave_lane`: give the lane free, or leave its line. `running`: why it is at work now, None
    where that is not said; `proven`: what it waited for is over. `succeeded`: the call whose clock is over.
    `regardless`: write although a command has come in between, for answers of calls that were sent.
    `commands_done`: so many of the oldest commands are done by it. `gone`: records that were deleted, for the
    loop guard. `unmarked`: ids that change in the counts of `deletion` alone, as their outcomes cannot be
    read or written.
    `parts`: what else of it is stored beside its document. `org_modules`: what Zoho told of the org's modules
    (domain.person.metadata), kept for the org.
    """

    deletion: Deletion
    then: Then = field(default_factory=Again)
    notes: tuple[Note, ...] = ()
    calls: tuple[Call, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    new_chunks: tuple[Chunk, ...] = ()
    lane: Lane | None = None
    leave_lane: bool = False
    running: str | None = None
    proven: bool = False
    succeeded: str | None = None
    regardless: bool = False
    commands_done: int = 0
    gone: tuple[str, ...] = ()
    unmarked: int = 0
    parts: tuple[Part, ...] = ()
    org_modules: tuple[Mapping[str, object], ...] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call that changes Zoho: its kind and target for the ledger, and how to make it."""

    kind: CallKind
    target: dict[str, object]
    make: Callable[[Zoho], Reply]


@dataclass(frozen=True, slots=True)
class Send:
    """Calls to send, each with its intent in the ledger first.

    `deletion`: as `opened` makes it of the calls' numbers, so that an intent without an answer shows.
    `last_look`: asked once more after the intents are written, directly before sending: for each call why it
    may not leave after all (a hold), "" where it may. The engine itself looks at pauses. `judge`: from the
    calls and Zoho's replies to the write that keeps them; no reply (None) stands for a call that did not
    leave, whose answer is there already.
    `last`: nothing is left to be sent after it, so the org's concurrency is given back at once.
    """

    calls: tuple[Outgoing, ...]
    opened: Callable[[tuple[int, ...]], Deletion]
    last_look: Callable[[], Sequence[str]]
    judge: Callable[[Sequence[Call], Sequence[Reply | None]], Commit]
    running: str = ""
    last: bool = False


Step = Commit | Send


class Executor(Protocol):
    """What knows how one operation goes on."""

    def wanted(self, deletion: Deletion) -> int:
        """Calls to Zoho at once that would be of use."""

    def blamed(self, deletion: Deletion, code: str) -> Deletion:
        """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""

    def step(self, work: Slice) -> Step:
        """The next thing to do."""

    def give_up(self, work: Slice, call: str) -> Step:
        """What to do now that the clock of `call` has run out."""
