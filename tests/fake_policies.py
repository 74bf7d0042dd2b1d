"""Policies in memory, with the table's own conditions, over a FakeLedger. Values only, no sharing."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from chalicelib.domain import times
from chalicelib.domain.evidence.operators import Entry
from chalicelib.domain.retention.by_policy import unanswered
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from tests.fake_ledger import FakeLedger


class FakePolicies:
    """Implements policies.Store and retain.Runs."""

    def __init__(self, ledger: FakeLedger) -> None:
        self.ledger = ledger
        self.kept: dict[tuple[str, str], StoredPolicy] = {}

    def policy(self, org: str, name: str) -> StoredPolicy | None:
        return deepcopy(self.kept.get((org, name)))

    def policies(self, org: str) -> list[StoredPolicy]:
        return [deepcopy(kept) for key, kept in sorted(self.kept.items()) if key[0] == org]

    def put_policy(self, kept: StoredPolicy, noted: Entry | None = None) -> bool:
        before = self.kept.get((kept.org, kept.name))
        if (before.revision if before else 0) != kept.revision - 1:
            return False
        last, skipped = (before.last, before.skipped) if before else (None, None)
        self.kept[kept.org, kept.name] = replace(deepcopy(kept), last=last, skipped=skipped)
        self.ledger.note(noted)
        return True

    def remove_policy(self, org: str, name: str, noted: Entry | None = None) -> bool:
        there = self.kept.pop((org, name), None) is not None
        self.ledger.note(noted if there else None)
        return there

    def due_policies(self, now: float, limit: int) -> list[tuple[str, str]]:
        due = [(k.next_at, key) for key, k in self.kept.items() if k.next_at is not None and k.next_at <= now]
        return [key for _, key in sorted(due)][:limit]

    def never_due(self, now: float, limit: int) -> list[tuple[str, str]]:
        late = now + times.LONGEST_DUE
        return [key for key, k in self.kept.items() if k.next_at is not None and k.next_at > late][:limit]

    def move_on(
        self, kept: StoredPolicy, next_at: float | None, *, last: Ran | None, skipped: Ran | None
    ) -> bool:
        found = self.kept.get((kept.org, kept.name))
        if found is None or found.next_at != kept.next_at:
            return False
        changed = replace(found, next_at=next_at, last=last or found.last, skipped=skipped or found.skipped)
        self.kept[kept.org, kept.name] = changed
        return True

    def claim_run(self, kept: StoredPolicy, ran: Ran) -> bool:
        found = self.kept.get((kept.org, kept.name))
        if found is None or _id(found.last) not in (_id(kept.last), ran.deletion_id):
            return False
        self.kept[kept.org, kept.name] = replace(found, last=ran)
        return True

    def going(self, deletion_id: str, now: float) -> bool | None:
        seen = self.ledger.snapshot(deletion_id)
        if seen is None:
            return None
        return not seen.deletion.is_final and not (unanswered(seen.deletion, now) and not seen.commands)


def _id(ran: Ran | None) -> str:
    return ran.deletion_id if ran is not None else ""
