"""A whole service in memory: fake ledger, fake Zoho, a clock that only the test moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import log
from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.document import receipt
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.operators import Hold
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.service.engine.advance import advance
from chalicelib.service.engine.deps import Deps
from chalicelib.service.executors import executor_of
from chalicelib.service.ports import Delivery
from chalicelib.service.zoho_port import ZohoFactory
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import FakeZoho

TIMEOUTS = Timeouts(longest=5, give_up=60, job_age=300, settle=6, tell_waiting=10, approval=600)


@dataclass
class FakeTopic:
    down: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, message: str, attributes: Mapping[str, str]) -> None:
        if self.down:
            raise Unavailable("topic", "down")
        self.events.append(json.loads(message))


@dataclass
class FakeNudges:
    sent: list[tuple[str, float]] = field(default_factory=list)
    ready: int = 0

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        self.sent.append((deletion_id, delay))

    def nudge_all(self, deletion_ids: Sequence[str]) -> Sequence[str]:
        self.sent += [(one, 0.0) for one in deletion_ids]
        return ()

    def waiting(self) -> int:
        return self.ready


class World:
    def __init__(self, records: list[str] | None = None, ledger: FakeLedger | None = None) -> None:
        self.now = 1_000_000.0
        self.ledger = ledger or FakeLedger()
        self.zoho = FakeZoho(lambda: self.now, records or [])
        self.topic = FakeTopic()
        self.nudges = FakeNudges()
        self.reports: list[tuple[str, dict[str, Any]]] = []
        self.deps = Deps(
            ledger=self.ledger,
            leases=self.ledger,
            nudges=self.nudges,
            topic=self.topic,
            zoho=lambda org, deadline: self.zoho,
            executor_of=executor_of,
            clock=lambda: self.now,
            chance=lambda: 0.5,
            report=lambda event, /, **fields: self.reports.append((event, fields)),
            stage="test",
            timeouts=TIMEOUTS,
            recent=self.ledger,
        )
        self.made = 0

    def with_zoho(self, factory: ZohoFactory) -> Deps:
        """The dependencies with another way to reach Zoho."""
        return replace(self.deps, zoho=factory)

    def smaller_jobs(self, most: int) -> None:
        """A mass delete takes so many records; at Zoho 50,000, which tests/stack/test_service.py has."""
        self.zoho.job_most = most
        self.deps = replace(self.deps, round_limit=most)

    def accept(
        self, operation: str = "delete_records", *, limits: Limits | None = None, **request: Any
    ) -> str:
        self.made += 1
        asked = Request(Operation(operation), request.pop("module", "Leads"), "default", **request)
        n = len(asked.ids)
        deletion = Deletion(
            id=f"del_{self.made}",
            request=asked,
            source="test",
            created_at=self.now,
            updated_at=self.now,
            expires_at=int(self.now) + 1_000_000,
            limits=limits or Limits(max_records=100_000),
            id_count=n,
            chunks=-(-n // CHUNK_SIZE),
            counts=Counts(requested=n, pending=n),
            delivered=f"test\ndel_{self.made}",
        )
        deletion, entry = log.first(deletion, "test")
        delivery = Delivery("test", deletion.id, "hash", deletion.id, receipt(deletion), deletion.expires_at)
        assert self.ledger.accept(deletion, entry, delivery, self.now)
        return deletion.id

    def hold(self, record_id: str, until: float | None = None) -> None:
        self.ledger.set_hold(Hold("default", "Leads", record_id, "audit", "ann", self.now, until))

    def step(self, deletion_id: str) -> bool:
        return advance(self.deps, deletion_id)

    def settle(self, most: int = 400) -> None:
        """Advance what is due, and the clock to the next due time, until nothing is due any more."""
        for _ in range(most):
            due = self.ledger.due(self.now, 50)
            for deletion_id in due:
                advance(self.deps, deletion_id)
            if due:
                continue
            waiting = [row.next_at for row in self.ledger.rows.values() if row.due]
            if not waiting:
                return
            self.now = max(self.now, min(waiting))
        raise AssertionError("still not at rest")

    def get(self, deletion_id: str) -> Deletion:
        found = self.ledger.get(deletion_id)
        assert found is not None
        return found

    def types(self, deletion_id: str) -> list[str]:
        mine = [e for e in self.topic.events if e["subject"] == deletion_id]
        return [e["type"].removeprefix("expunge.deletion.") for e in mine]
