"""One worker's hold on one deletion: how it saves, waits, finishes, and what leaves as events on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import backoff, lane, log, quota
from chalicelib.domain.backoff import Patience
from chalicelib.domain.children import makes_permanent
from chalicelib.domain.deletion import Deletion, Problem, Status, moved
from chalicelib.domain.errors import Miscounted, SecretUnusable
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk, without_marks
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine import publish
from chalicelib.service.engine.ahead import Ahead
from chalicelib.service.engine.deps import Deps
from chalicelib.service.engine.gate import Gate
from chalicelib.service.engine.org_access import OrgAccess
from chalicelib.service.engine.refusals import Paused
from chalicelib.service.ports import Call, Change, Claim, Ledger, Newborn, Zoho

#: SQS keeps a message back for at most this long (seconds).
LONGEST_NUDGE = 900.0
#: Chunks of ids that a slice keeps in memory (about 1 MB each).
MOST_CHUNKS = 32


@dataclass
class LeasedSlice:
    """A claim at work. `stopped` once the lease was given back; nothing may be saved after that. `gone`: ids
    that were deleted and are not yet kept by the loop guard.
    """

    deps: Deps
    claim: Claim
    until: float
    wanted: int = 1
    stopped: bool = False
    access: OrgAccess = field(default_factory=OrgAccess)
    gone: list[str] = field(default_factory=list)
    ahead: Ahead = field(default_factory=Ahead)
    _asked_before: int | None = None
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
    def patience(self) -> Patience:
        """The stage's waits."""
        return self.deps.patience

    @property
    def round_limit(self) -> int:
        """How many records a view's mass delete takes at Zoho."""
        return self.deps.round_limit

    @property
    def ledger(self) -> Ledger:
        """The table, for reading."""
        return self.deps.ledger

    @property
    def zoho(self) -> Zoho:
        """The org's client, for the next call or wave of calls. Raises as OrgAccess.zoho does."""
        return Gate(self.access.zoho(self.deps, self.claim, self.wanted), lambda reply: self.spent([reply]))

    @property
    def width(self) -> int:
        """How many calls to Zoho may be under way at once. Raises SecretUnusable, NoSlot, or Paused where
        both a pause and the secret are in the way: in a pause no give-up time runs.
        """
        try:
            return self.access.width(self.deps, self.claim, self.wanted)
        except SecretUnusable:
            org = self.deletion.request.org
            reason = self.ledger.paused(org)
            if reason is not None:
                raise Paused(org, reason) from None
            raise

    @property
    def reserved(self) -> bool:
        """Are the org's credits down to what is kept for the others?"""
        return self.access.reserved(self.claim)

    def spent(self, replies: Iterable[Reply]) -> None:
        """Take note of the credits that Zoho says are left; it says so once half of them are used."""
        told = self.access.spent(replies)
        if told is not None:
            self.deps.measure("CreditsLeft", told)

    def named(self, records: int) -> int | quota.Full:
        """See Slice.named."""
        known = self.deletion.asked_before if self._asked_before is None else self._asked_before
        if known is not None or not quota.is_counted_later(self.deletion):
            return known or 0
        count = quota.count_of(self.deletion, records, self.now, self.deletion.id)
        counted = self.ledger.count(count)
        if isinstance(counted, quota.Full):
            return counted
        self._asked_before = counted.before
        return counted.before

    def let_go(self) -> None:
        """Give the org's concurrency back."""
        self.ahead.close()
        self.access.let_go(self.deps)

    def chunk(self, number: int) -> Chunk:
        """A chunk of the deletion. It is read once: only the holder of the deletion writes it."""
        if number not in self._chunks:
            if len(self._chunks) >= MOST_CHUNKS:
                self._chunks.clear()
            self._chunks[number] = self.deps.ledger.chunk(self.deletion.id, number)
        return self._chunks[number]

    # --- writing ---------------------------------------------------------------------------------

    def save(  # noqa: PLR0913 -- each is one part of the same write
        self,
        deletion: Deletion,
        *,
        entries: Sequence[Entry] = (),
        calls: Sequence[Call] = (),
        chunks: Sequence[Chunk] = (),
        new_chunks: Sequence[Chunk] = (),
        lane: Lane | None = None,
        next_at: float | None = None,
        commands_done: int = 0,
        regardless: bool = False,
        unmarked: int = 0,
        born: Sequence[Newborn] = (),
    ) -> None:
        """Write a step. `next_at` gives the lease back until then; without it the lease is renewed.

        `regardless`: write although a command has come in between; for answers of calls that were sent
        already. `unmarked`: ids that change in the counts alone, because their outcomes cannot be read.
        Raises Miscounted where counts and outcomes would not change alike.
        """
        self._counts_follow_marks(deletion, chunks, unmarked)
        if self.access.usable:
            deletion = backoff.succeeded(deletion, backoff.ACCESS)
        if self._asked_before is not None:
            deletion = replace(deletion, asked_before=self._asked_before)
        deletion = replace(deletion, sent_at=_sent_at(deletion.sent_at, calls))
        held_until = self.now + self.deps.lease_seconds
        change = Change(
            deletion=replace(deletion, published=self.deletion.published),
            next_at=held_until if next_at is None else next_at,
            lease_until=held_until if next_at is None else 0.0,
            entries=tuple(entries),
            calls=tuple(calls),
            chunks=tuple(chunks),
            new_chunks=tuple(new_chunks),
            lane=lane,
            commands_done=commands_done,
            regardless=regardless,
            born=tuple(born),
        )
        written = {chunk.number: chunk for chunk in (*change.chunks, *change.new_chunks)}
        known, self._chunks = self._chunks, {}  # where the write fails nothing is known any more
        self.claim = self.deps.ledger.save(self.claim, change)
        self._chunks = known | written
        self._entries += entries
        self.stopped = next_at is not None

    def _counts_follow_marks(self, deletion: Deletion, chunks: Sequence[Chunk], unmarked: int) -> None:
        before = self.deletion
        if deletion.request.dry_run or not before.id_count or deletion.id_count != before.id_count:
            return  # a dry run counts nothing, a view's job has no ids, a selection is still being read
        written = [(self.chunk(chunk.number), chunk) for chunk in chunks]
        loose = without_marks(before.counts, deletion.counts, written)
        if loose != unmarked:
            raise Miscounted(deletion.id, f"{loose} ids change in the counts and not in the outcomes")

    def read_again(self) -> None:
        """Take in what others (operators) have written since."""
        self.claim = self.deps.ledger.again(self.claim)

    # --- changes of status -----------------------------------------------------------------------

    def noted(
        self, deletion: Deletion, what: str, why: str = "", by: str = log.SERVICE
    ) -> tuple[Deletion, Entry]:
        """The deletion with an entry in its log that is not published."""
        return log.append(deletion, what, self.now, stage=self.deps.stage, why=why, by=by, public=False)

    def told(self, deletion: Deletion, what: str, why: str = "", **more: Any) -> tuple[Deletion, Entry]:
        """The deletion with an entry in its log that leaves as an event."""
        return log.append(deletion, what, self.now, stage=self.deps.stage, why=why, **more)

    def running(
        self, deletion: Deletion, why: str = "", *, proven: bool = False
    ) -> tuple[Deletion, list[Entry]]:
        """The deletion at work: the first time that is an event, later only a line in the log.

        Another try of a deletion that waits leaves it waiting until it is `proven` that the wait is over, so
        that `waiting_since` tells how long it has lasted, whatever was tried in between.
        """
        waits = deletion.status is Status.WAITING and deletion.started_at is not None
        if deletion.status is Status.RUNNING or (waits and not proven):
            return deletion, []
        deletion = moved(deletion, Status.RUNNING, self.now)
        if deletion.started_at is None:
            deletion, entry = self.told(replace(deletion, started_at=self.now), "started", why)
        else:
            deletion, entry = self.noted(deletion, "running", why)
        return deletion, [entry]

    def wait(
        self,
        deletion: Deletion,
        waiting_for: str,
        seconds: float,
        *,
        status: Status = Status.WAITING,
        **parts: Any,
    ) -> None:
        """Save the deletion as waiting, give the lease back and ask to be woken in `seconds`."""
        now = self.now
        entries = list(parts.pop("entries", ()))
        changed = deletion.status is not status or deletion.waiting_for != waiting_for
        deletion = moved(deletion, status, now, waiting_for)
        if changed:
            deletion, entry = self.noted(deletion, status.value, waiting_for)
            entries.append(entry)
        self.deps.measure("WaitingSeconds", now - deletion.created_at)
        since = deletion.waiting_since if deletion.waiting_since is not None else now
        if not deletion.waiting_told and now - since >= self.deps.patience.tell_waiting:
            deletion, entry = self.told(replace(deletion, waiting_told=True), "waiting", waiting_for)
            entries.append(entry)
        self.publish()
        self.rest(deletion, seconds, entries=entries, **parts)

    def rest(self, deletion: Deletion, seconds: float, **parts: Any) -> None:
        """Save, give the lease back and ask to be woken in `seconds`.

        With `regardless` what came back is kept whatever operators want meanwhile, and the rest is not: their
        command must not lie there for the whole wait.
        """
        if parts.pop("regardless", False):
            self.save(deletion, regardless=True, **parts)
            deletion, parts = self.deletion, {}
        self.save(deletion, next_at=self.now + seconds, **parts)
        if seconds <= LONGEST_NUDGE:
            self.deps.nudges.nudge(deletion.id, seconds)

    def try_again(
        self,
        deletion: Deletion,
        call: str,
        waiting_for: str,
        *,
        blame: bool = True,
        asked: float | None = None,
        at_least: float = 0.0,
        **parts: Any,
    ) -> None:
        """Wait a growing while before `call` is tried again. `blame`: its give-up time runs. `asked`: Zoho's
        Retry-After.
        """
        clock = backoff.failed if blame else backoff.waited
        deletion = clock(deletion, call, self.now)
        seconds = backoff.delay(
            backoff.tries(deletion, call), self.deps.patience.longest, self.deps.chance(), asked
        )
        self.wait(deletion, waiting_for, max(seconds, at_least), **parts)

    def finish(
        self,
        deletion: Deletion,
        status: Status,
        why: str = "",
        *,
        by: str = log.SERVICE,
        failed_ids: Sequence[str] = (),
        problems: Sequence[Problem] = (),
        **parts: Any,
    ) -> None:
        """Save the deletion in its final status; it stays due until its events have left."""
        deletion = replace(moved(deletion, status, self.now), failing={})
        deletion = replace(deletion, problems=(*deletion.problems, *problems))
        if makes_permanent(deletion):
            from chalicelib.service.engine import offspring

            deletion, parts = offspring.with_children(self, deletion, parts)
        deletion, entry = self.told(deletion, log.event_name(status), why, by=by, failed_ids=failed_ids)
        entries = [*parts.pop("entries", ()), entry]
        self.save(deletion, entries=entries, **parts)
        for new in parts.get("born", ()):
            self.deps.nudges.nudge(new.deletion.id)
        self.deps.report("deletion_finished", deletion_id=deletion.id, status=status.value)
        failed = status in (Status.FAILED, Status.NEEDS_ATTENTION)
        self.deps.measure("FailedShare", float(failed))  # its average is the share
        self.deps.measure("NeedsAttention", float(status is Status.NEEDS_ATTENTION))

    def leave_lane(self, key: str) -> Lane | None:
        """The lane without this deletion, to be written with its final status; None where it was not in
        it.
        """
        if not key:
            return None
        before = self.deps.ledger.lane(key)
        after = lane.left(before, self.deletion.id, self.now)
        return None if after == before else after

    # --- events ----------------------------------------------------------------------------------

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
        return self.deps.ledger.entries(self.deletion.id, published)


def _sent_at(before: float | None, calls: Sequence[Call]) -> float | None:
    """When its first call that deletes was sent, by the intents and answers of a write: an intent counts
    until it is known that it never left.
    """
    if not calls:
        return before
    first = min(call.at for call in calls)
    stayed = all(call.answer is not None and call.answer.get("verdict") == "not_sent" for call in calls)
    if stayed:
        return None if before == first else before
    return first if before is None else before
