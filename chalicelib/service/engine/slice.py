"""One worker's hold on one deletion: what may be read of it, how it is written, what leaves as events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain import backoff, counting, quota, recent
from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import ExpungeError, Rejected, Unavailable, WrongCounts
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk, without_marks
from chalicelib.domain.person.phones import Phones
from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine import publish
from chalicelib.service.engine.ahead import Ahead
from chalicelib.service.engine.deps import Deps, Recent
from chalicelib.service.engine.gate import Gate
from chalicelib.service.engine.org_access import OrgAccess
from chalicelib.service.engine.write import Write, sent_at
from chalicelib.service.ports import Change, Claim, Ledger
from chalicelib.service.zoho_port import Zoho

#: Chunks of ids that a slice keeps in memory (about 1 MB each).
MOST_CHUNKS = 32


@dataclass
class LeasedSlice:
    """A claim at work. `stopped` once the lease was given back; nothing may be saved after that. `gone`: ids
    that were deleted and are not yet kept by the loop guard. `withheld`: how many records were pending when
    calls were all withheld last, None where one has left since. `changed`: steps that wrote parts of it.
    `answered`: calls to Zoho that were answered.
    """

    deps: Deps
    claim: Claim
    until: float
    wanted: int = 1
    stopped: bool = False
    withheld: int | None = None
    changed: int = 0
    answered: int = 0
    access: OrgAccess = field(default_factory=OrgAccess)
    gone: list[str] = field(default_factory=list)
    ahead: Ahead = field(default_factory=Ahead)
    _counted: counting.Named | None = None
    _entries: list[Entry] = field(default_factory=list)
    _chunks: dict[int, Chunk] = field(default_factory=dict)

    @property
    def deletion(self) -> Deletion:
        """The deletion as last saved."""
        return self.claim.deletion

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.deps.clock()

    @property
    def timeouts(self) -> Timeouts:
        """The stage's waits."""
        return self.deps.timeouts

    @property
    def round_limit(self) -> int:
        """How many records a view's mass delete takes at Zoho."""
        return self.deps.round_limit

    @property
    def ledger(self) -> Ledger:
        """The table. It is written by `save` alone."""
        return self.deps.ledger

    @property
    def zoho(self) -> Zoho:
        """The org's client, for the next call or wave of calls. Raises as OrgAccess.zoho does."""
        return Gate(self.access.zoho(self.deps, self.claim, self.wanted), self._spent)

    @property
    def width(self) -> int:
        """How many calls to Zoho may be under way at once. Raises as OrgAccess.width does: in a pause that,
        whatever else is in the way, so that no give-up time runs.
        """
        return self.access.width(self.deps, self.claim, self.wanted)

    @property
    def reserved(self) -> bool:
        """Are the org's credits down to what is kept for the others?"""
        return self.access.reserved(self.deps, self.claim)

    def _spent(self, reply: Reply) -> None:
        """Take note of the credits that Zoho says are left; it says so once half of them are used."""
        self.answered += reply.status is not None
        told = self.access.spent([reply])
        if told is not None:
            self.deps.measure("CreditsLeft", told)

    def report(self, event: str, **fields: object) -> None:
        """Tell operators of `event`, in the log and as a metric. Never raises."""
        self.deps.report(event, deletion_id=self.deletion.id, **fields)

    @property
    def phones(self) -> Phones:
        """What reads phone numbers."""
        return self.deps.phones

    def part(self, number: int) -> object:
        """See Slice.part."""
        return self.ledger.part(self.deletion.id, number)

    def chunk(self, number: int) -> Chunk:
        """A chunk of the deletion. It is read once: only the holder of the deletion writes it."""
        if number not in self._chunks:
            if len(self._chunks) >= MOST_CHUNKS:
                self._chunks.clear()
            self._chunks[number] = self.ledger.chunk(self.deletion.id, number)
        return self._chunks[number]

    def read_again(self) -> None:
        """Take in what others (operators) have written since."""
        self.claim = self.ledger.again(self.claim)

    def let_go(self) -> None:
        """Give the org's concurrency back. What cannot be given back ends by itself: it costs no answer."""
        self.ahead.close()
        try:
            self.access.let_go(self.deps, self.claim)
        except ExpungeError as problem:
            self.report("not_given_back", reason=str(problem))

    def named(self, records: int) -> int | quota.Full:
        """See Slice.named."""
        known = self._counted or counting.named_by(self.deletion)
        more = counting.more_of(self.deletion, known, records, self.now)
        if more is None:
            return known.before
        counted = self.ledger.count(more)
        if isinstance(counted, quota.Full):
            return counted
        self._counted = known.and_more(counted.before, more.records)
        if counted.own:
            self.deps.measure("AcceptedRecords", more.records)
        return self._counted.before

    # --- the loop guard --------------------------------------------------------------------------

    def deleted_lately(self, ids: Sequence[str]) -> set[str]:
        """Those of the records that the loop guard remembers as deleted by us a moment ago."""
        guard, now, request = self._guard(), self.now, self.deletion.request
        if guard is None:
            return set()
        scope = recent.scope(request.module, None)
        return guard.deleted_lately(request.org, scope, ids, now - self.deps.loop_window, now)

    def remember_deleted(self) -> None:
        """Keep what the slice has deleted, all at once: a write a wave would keep the next one waiting.

        Where that cannot be written, or the worker dies before, the guard knows less: no harm is done.
        """
        guard, ids, now, request = self._guard(), self.gone, self.now, self.deletion.request
        if guard is None or not ids:
            return
        self.gone = []
        scope = recent.scope(request.module, None)
        try:
            guard.remember_deleted(request.org, scope, ids, now, now + self.deps.loop_window)
        except (Unavailable, Rejected) as problem:
            self.report("guard_unavailable", reason=problem.reason)

    def _guard(self) -> Recent | None:
        """None where there is no guard; delinking deletes nothing."""
        delinks = self.deletion.request.operation is Operation.DELINK_RECORDS
        return None if delinks or self.deps.loop_window <= 0 else self.deps.recent

    # --- writing ---------------------------------------------------------------------------------

    def save(self, write: Write) -> None:
        """Write a step. Raises WrongCounts where counts and outcomes would not change alike, LostLease, and
        StaleRead where a command has come in between.
        """
        self._counts_follow_marks(write)
        deletion = write.deletion
        if deletion.counts != self.deletion.counts:
            deletion = backoff.succeeded(deletion, backoff.ROUND)
        if self.access.usable:
            deletion = backoff.succeeded(deletion, backoff.ACCESS)
        counted = self._counted
        deletion = replace(
            deletion,
            asked_before=deletion.asked_before if counted is None else counted.before,
            counted_records=deletion.counted_records if counted is None else counted.records,
            sent_at=sent_at(deletion.sent_at, write.calls),
            data_center=self.access.data_center or deletion.data_center,
            published=self.deletion.published,
        )
        held_until = self.now + self.deps.lease_seconds
        change = Change(
            deletion=deletion,
            next_at=held_until if write.next_at is None else write.next_at,
            lease_until=held_until if write.next_at is None else 0.0,
            entries=write.entries,
            calls=write.calls,
            chunks=write.chunks,
            new_chunks=write.new_chunks,
            lane=write.lane,
            commands_done=write.commands_done,
            regardless=write.regardless,
            new_children=write.new_children,
            evidenced=write.evidenced,
            parts=write.parts,
            org_modules=write.org_modules,
            delivery=write.delivery,
            noted=write.noted,
            forgotten=write.forgotten,
            forget_at=write.forget_at,
        )
        written = {chunk.number: chunk for chunk in (*change.chunks, *change.new_chunks)}
        known, self._chunks = self._chunks, {}  # where the write fails nothing is known any more
        self.claim = self.ledger.save(self.claim, change)
        self._chunks = known | written
        self._entries += write.entries
        self.stopped = write.next_at is not None

    def _counts_follow_marks(self, write: Write) -> None:
        before, deletion = self.deletion, write.deletion
        if deletion.request.dry_run or not before.id_count or deletion.id_count != before.id_count:
            return  # a dry run counts nothing, a view's job has no ids, a selection is still being read
        written = [(self.chunk(chunk.number), chunk) for chunk in write.chunks]
        loose = without_marks(before.counts, deletion.counts, written)
        if loose != write.unmarked:
            raise WrongCounts(deletion.id, f"{loose} ids change in the counts and not in the outcomes")

    # --- events ------------------------------------------------------------------------------------

    def publish(self) -> bool:
        """Publish what is saved and has not left; True once nothing is left.

        Marked with the next save: a crash between the two publishes again, under the same event id.
        """
        published = self.deletion.published
        if published >= self.deletion.events:
            return True
        published = publish.handed_over(self.deps, self.deletion, self._unpublished(published))
        self._entries = [e for e in self._entries if e.n > published]
        self.claim = replace(self.claim, deletion=replace(self.deletion, published=published))
        return published >= self.deletion.events

    def _unpublished(self, published: int) -> list[Entry]:
        numbers = [entry.n for entry in self._entries]
        if numbers[:1] == [published + 1]:
            return list(self._entries)
        return self.ledger.entries(self.deletion.id, published)
