"""A ledger in memory with the table's own conditions: fences, commands, lanes, due times. Values only, no
sharing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import quota, times
from chalicelib.domain.children import as_child, origin_of, shows
from chalicelib.domain.deletion import Child, Deletion
from chalicelib.domain.errors import LostLease, StaleRead, Unreadable
from chalicelib.domain.evidence import operators
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.domain.operators import Snapshot
from chalicelib.domain.outcomes import Chunk, fresh
from chalicelib.service.ports import Call, Change, Claim, Delivery
from tests.fake_operators import FakeOrgs


@dataclass
class Row:
    deletion: Deletion
    next_at: float
    lease_until: float = 0.0
    fence: int = 0
    attempts: int = 0
    control: int = 0
    revision: int = 0
    commands: list[Any] = field(default_factory=list)
    commands_done: int = 0
    due: bool = True
    forget_at: float | None = None
    aside: str = ""
    chunks: dict[int, Chunk] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    parts: dict[int, Any] = field(default_factory=dict)


class FakeLedger(FakeOrgs):
    """Implements ports.Ledger, ports.Leases, and what operators need."""

    _counting = threading.Lock()  # of the class, as a ledger is copied by tests

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, Row] = {}
        self.deliveries: dict[tuple[str, str], Delivery] = {}
        self.leases: dict[tuple[str, str], tuple[str, float]] = {}
        self.credits: dict[str, tuple[int, float]] = {}
        self.blocks: dict[str, tuple[str, float]] = {}
        self.lanes: dict[str, Lane] = {}
        self.person_maps: dict[str, Any] = {}
        self.modules_of_orgs: dict[str, Any] = {}
        self.tallies: dict[tuple[str, str], quota.Tally] = {}
        self.without_hashes: dict[str, bool] = {}

    def find_delivery(self, source: str, delivery_id: str) -> Delivery | None:
        return self.deliveries.get((source, delivery_id))

    def accept(
        self,
        deletion: Deletion,
        entry: Entry,
        delivery: Delivery,
        now: float,
        noted: operators.Entry | None = None,
    ) -> bool:
        known = self.deliveries.get((delivery.source, delivery.delivery_id))
        if known is not None and known.expires_at > now:
            return False
        self.deliveries[delivery.source, delivery.delivery_id] = delivery
        parent = self.rows.get(str(deletion.request.parent)) if shows(deletion) else None
        if parent is not None:
            children = (*parent.deletion.children, as_child(deletion))
            parent.deletion = replace(parent.deletion, children=children)
        origin = self.rows.get(origin_of(deletion) or "")
        if origin is not None:
            relatives = (*origin.deletion.relatives, deletion.id)
            origin.deletion = replace(origin.deletion, relatives=relatives)
        self._store(deletion, entry)
        self.note(noted)
        return True

    def _store(self, deletion: Deletion, entry: Entry) -> None:
        assert deletion.id not in self.rows
        bare = replace(deletion.request, ids=(), until=())
        row = Row(replace(deletion, request=bare), deletion.created_at)
        row.chunks = {c.number: c for c in fresh(deletion.request.ids, deletion.request.until)}
        row.entries = [entry]
        self.rows[deletion.id] = row

    def count(self, wanted: quota.Count) -> quota.Counted | quota.Full:
        with self._counting:
            after, found = quota.counted(self.tally(wanted.source, wanted.day), wanted)
            self.tallies[wanted.source, wanted.day] = after
        return found

    def uncount(self, wanted: quota.Count) -> None:
        with self._counting:
            after = quota.given_back(self.tally(wanted.source, wanted.day), wanted)
            self.tallies[wanted.source, wanted.day] = after

    def tally(self, source: str, day: str) -> quota.Tally:
        return self.tallies.get((source, day), quota.Tally())

    def get(self, deletion_id: str) -> Deletion | None:
        row = self.rows.get(deletion_id)
        return row.deletion if row else None

    def claim(self, deletion_id: str, now: float, lease_until: float) -> Claim | None:
        row = self.rows.get(deletion_id)
        if row is None or _leased(row.lease_until, now):
            return None
        forgets = row.forget_at is not None and row.forget_at <= now
        if not forgets and (not row.due or row.next_at > now):
            return None
        row.fence += 1
        row.attempts += 1
        row.next_at = row.lease_until = lease_until
        return self._claim(row)

    def save(self, claim: Claim, change: Change) -> Claim:
        row = self.rows[claim.deletion.id]
        if row.fence != claim.fence:
            raise LostLease(claim.deletion.id, claim.fence)
        if row.control != claim.control and not change.regardless:
            raise StaleRead(claim.deletion.id)
        if change.lane is not None:
            if self.lane(change.lane.key).revision != change.lane.revision:
                raise StaleRead(claim.deletion.id)
            self.lanes[change.lane.key] = replace(change.lane, revision=change.lane.revision + 1)
        new_children = tuple(as_child(new.deletion) for new in change.new_children)
        children = (*row.deletion.children, *new_children)
        row.deletion = _apart(change.deletion, children, row.deletion.relatives)
        for new in change.new_children:
            self._store(new.deletion, new.entry)
        row.next_at, row.lease_until = change.next_at, change.lease_until
        row.entries = sorted({e.n: e for e in (*row.entries, *change.entries)}.values(), key=lambda e: e.n)
        row.calls |= {call.n: call for call in change.calls}
        row.chunks |= {chunk.number: chunk for chunk in (*change.chunks, *change.new_chunks)}
        row.parts |= {part.number: json.loads(json.dumps(part.content)) for part in change.parts}
        if change.org_modules is not None:
            self.modules_of_orgs[change.deletion.request.org] = json.loads(json.dumps(change.org_modules))
        row.commands_done += change.commands_done
        row.revision += 1
        row.attempts = row.attempts if change.lease_until else 0
        left = claim.commands[change.commands_done :]
        told = change.deletion.published >= change.deletion.events
        obeyed = not left and not change.regardless
        row.due = not (change.deletion.is_final and told and obeyed)
        self._forgotten(row, change)
        return replace(claim, deletion=change.deletion, lease_until=change.lease_until, commands=left)

    def _forgotten(self, row: Row, change: Change) -> None:
        row.forget_at = None if row.due else change.forget_at
        if change.delivery is not None:
            self.deliveries[change.delivery.source, change.delivery.delivery_id] = change.delivery
        self.note(change.noted)
        if change.forgotten:
            row.commands, row.commands_done = [], 0

    def again(self, claim: Claim) -> Claim:
        row = self.rows[claim.deletion.id]
        if row.fence != claim.fence:
            raise LostLease(claim.deletion.id, claim.fence)
        return self._claim(row)

    def _claim(self, row: Row) -> Claim:
        commands = tuple(row.commands[row.commands_done :])
        return Claim(row.deletion, row.fence, row.lease_until, commands, row.control, row.attempts)

    def wake(self, deletion_id: str, now: float) -> bool:
        row = self.rows.get(deletion_id)
        if row is None or not row.due or _leased(row.lease_until, now) or row.next_at <= now:
            return False
        row.next_at = now
        return True

    def snapshot(self, deletion_id: str) -> Snapshot | None:
        row = self.rows.get(deletion_id)
        if row is None:
            return None
        return Snapshot(row.deletion, row.revision, row.control, tuple(row.commands[row.commands_done :]))

    def command(
        self,
        snapshot: Snapshot,
        command: Mapping[str, object],
        now: float,
        noted: operators.Entry | None = None,
    ) -> bool:
        row = self.rows.get(snapshot.deletion.id)
        if row is None or (row.revision, row.control) != (snapshot.revision, snapshot.control):
            return False
        row.control += 1
        row.commands.append(json.loads(json.dumps(dict(command))))
        row.due, row.next_at = True, now
        self.note(noted)
        return True

    def to_forget(self, now: float, limit: int) -> Iterator[list[str]]:
        found = [(row.forget_at, i) for i, row in self.rows.items() if row.forget_at is not None]
        ids = [i for at, i in sorted(found) if at <= now]
        return iter([ids[n : n + limit] for n in range(0, len(ids), limit)])

    def mend_due(self, now: float) -> None:
        for row in self.rows.values():
            if row.next_at > now + times.LONGEST_DUE:
                row.next_at = now

    def forget_hashes(self, deletion_id: str, accepted_at: float, *, external_only: bool) -> None:
        self.without_hashes[deletion_id] = external_only

    def set_aside(self, deletion_id: str, reason: str, now: float) -> None:
        row = self.rows[deletion_id]
        row.due, row.aside = False, reason

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        return self.rows[deletion_id].chunks[number]

    def part(self, deletion_id: str, number: int) -> Any:
        parts = self.rows[deletion_id].parts
        if number not in parts:
            raise Unreadable(deletion_id, f"part {number} is not there")
        return parts[number]

    def person_map(self, org: str) -> Mapping[str, Any] | None:
        return self.person_maps.get(org)

    def put_person_map(self, org: str, person_map: Mapping[str, object], noted: operators.Entry) -> None:
        self.person_maps[org] = json.loads(json.dumps(person_map))
        self.tell(noted)

    def org_modules(self, org: str) -> Any:
        return self.modules_of_orgs.get(org)

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        return [self.rows[deletion_id].calls[n] for n in sorted(numbers)]

    def entries(self, deletion_id: str, after: int) -> list[Entry]:
        return [entry for entry in self.rows[deletion_id].entries if entry.n > after]

    def due(self, now: float, limit: int) -> list[str]:
        return [i for i, _ in self.due_since(now, limit)]

    def due_since(self, now: float, limit: int) -> list[tuple[str, float]]:
        found = [(row.next_at, i) for i, row in self.rows.items() if row.due and row.next_at <= now]
        return [(i, since) for since, i in sorted(found)][:limit]

    def due_pages(self, now: float, limit: int) -> Iterator[list[tuple[str, float]]]:
        found = self.due_since(now, len(self.rows))
        return (found[first : first + limit] for first in range(0, len(found), limit))

    def take(self, org: str, name: str, owner: str, now: float, until: float) -> bool:
        holder, ends = self.leases.get((org, name), ("", 0.0))
        if _leased(ends, now) and holder != owner:
            return False
        self.leases[org, name] = (owner, until)
        return True

    def give_back(self, org: str, name: str, owner: str) -> None:
        if self.leases.get((org, name), ("", 0.0))[0] == owner:
            self.leases[org, name] = (owner, 0.0)

    def block_tokens(self, org: str, made_for: str, until: float) -> None:
        self.blocks[org] = (made_for, until)

    def tokens_blocked_until(self, org: str, made_for: str) -> float:
        known, until = self.blocks.get(org, ("", 0.0))
        return until if known == made_for else 0.0

    def tell_credits(self, org: str, left: int, until: float) -> None:
        self.credits[org] = left, until

    def credits_told(self, org: str, now: float) -> int | None:
        left, until = self.credits.get(org, (0, 0.0))
        return left if until > now else None

    def in_use(self, org: str, prefix: str, now: float) -> set[str]:
        leases = self.leases.items()
        return {n for (o, n), (_, ends) in leases if o == org and n.startswith(prefix) and _leased(ends, now)}

    def awaits_evidence(self, deletion: Deletion) -> bool:
        del deletion
        return False

    def lane(self, key: str) -> Lane:
        return self.lanes.get(key, Lane(key))


def _leased(until: float, now: float) -> bool:
    return times.holds_until(until, now, times.LONGEST_LEASE)


def _apart(deletion: Deletion, children: tuple[Child, ...], relatives: tuple[str, ...]) -> Deletion:
    """A copy with these, that shares nothing that can change: two of its fields, as all else is frozen.

    `progress` goes through JSON as in the table; a general deep copy was a third of the crash matrix.
    """
    kept: dict[str, object] = json.loads(json.dumps(deletion.progress))
    failing = dict(deletion.failing)
    return replace(deletion, failing=failing, progress=kept, children=children, relatives=relatives)
