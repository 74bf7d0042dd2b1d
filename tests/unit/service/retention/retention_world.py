"""A world with a retention schedule: policies are put, ticks come, runs settle."""

from __future__ import annotations

from typing import Any

from chalicelib.adapters.cron import next_time
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.retention import policy as policies
from chalicelib.domain.retention.schedule import next_run
from chalicelib.domain.retention.stored_policy import StoredPolicy
from chalicelib.service.retention.policy_run import RunIntake
from chalicelib.service.retention.retain import Retained, Retention, retain
from tests.fake_policies import FakePolicies
from tests.unit.service.world import World

DAY = 86_400.0
OLD_LEADS: dict[str, Any] = {
    "name": "old-leads",
    "module": "Leads",
    "selection": {"field": "Created_Time", "older_than": "90d"},
    "schedule": {"rate": "1 day"},
    "limits": {"max_records": 100_000},
}


class RetentionWorld(World):
    def __init__(self, records: list[str] | None = None) -> None:
        super().__init__(records)
        self.policies = FakePolicies(self.ledger)
        self.run_intake = RunIntake(self.ledger, self.nudges, "test", 400)
        self.retention = Retention(self.policies, self.run_intake, next_time, self.deps.report)

    def put(self, document: dict[str, Any] | None = None, **changes: Any) -> StoredPolicy:
        policy = policies.parse({**(document or OLD_LEADS), **changes})
        before = self.policies.policy(policy.org, policy.name)
        following = next_run(policy.schedule, self.now, self.now, next_time)
        revision = (before.revision if before else 0) + 1
        kept = StoredPolicy(policy.org, policy.name, policy.document, revision, "arn:me", self.now, following)
        assert self.policies.put_policy(kept)
        return kept

    def tick(self) -> Retained:
        return retain(self.retention, self.now)

    def at_next(self, name: str = "old-leads") -> Retained:
        """The tick at the policy's next time."""
        kept = self.policies.policy("default", name)
        assert kept is not None
        assert kept.next_at is not None
        self.now = max(self.now, kept.next_at)
        return self.tick()

    def runs(self) -> list[Deletion]:
        return [row.deletion for row in self.ledger.rows.values()]

    def the_run(self) -> Deletion:
        (deletion,) = self.runs()
        return deletion
