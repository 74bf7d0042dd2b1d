"""A stage in memory: sender, queue, workers and schedule around one ledger, with a clock that jumps.

Every invocation is a process of its own. A message that its worker did not finish comes again, the poll runs
every minute, and a sender that got no answer sends again under the same delivery id: nothing else keeps the
work going.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from chalicelib.adapters.cron import next_time
from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Given
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.domain.retention import policy as policies
from chalicelib.domain.retention.stored_policy import StoredPolicy
from chalicelib.service.engine.deps import Deps
from chalicelib.service.engine.poll import poll
from chalicelib.service.engine.work import Nudge, work
from chalicelib.service.executors import executor_of
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, accept
from chalicelib.service.operators import commands
from chalicelib.service.operators.commands import Deletions, Operators
from chalicelib.service.retention.policy_run import RunIntake
from chalicelib.service.retention.retain import Retention, retain
from chalicelib.service.zoho_port import ZohoFactory
from tests.crash.layer import Died, Plan, Process, Recorder
from tests.crash.zoho import MatrixZoho
from tests.fake_phones import FewPhones
from tests.fake_policies import FakePolicies
from tests.unit.service.world import TIMEOUTS, FakeTopic

START = 1_700_000_000.0
VISIBILITY = 360.0
POLL_EVERY = 60.0


@dataclass
class Queue:
    """Messages with the time from which they are visible."""

    clock: Callable[[], float]
    messages: list[tuple[float, int, str]] = field(default_factory=list)
    sent: int = 0

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        self.sent += 1
        self.messages.append((self.clock() + delay, self.sent, deletion_id))

    def nudge_all(self, deletion_ids: Sequence[str]) -> Sequence[str]:
        for one in deletion_ids:
            self.nudge(one)
        return ()

    def waiting(self) -> int:
        return sum(at <= self.clock() for at, _, _ in self.messages)

    def receive(self) -> list[tuple[int, str]]:
        """Those that are visible; they stay, invisible for a while, until they are removed."""
        now = self.clock()
        found = [(n, one) for at, n, one in self.messages if at <= now][:10]
        taken = {n for n, _ in found}
        self.messages = [(now + VISIBILITY if n in taken else at, n, d) for at, n, d in self.messages]
        return found

    def remove(self, numbers: set[int]) -> None:
        self.messages = [message for message in self.messages if message[1] not in numbers]


class Stage:
    """`ledger` is anything that implements ports.Ledger and ports.Leases."""

    def __init__(
        self, ledger: Any, plan: Plan | None = None, records: int = 0, concurrency: int = 1, lane: str = "org"
    ) -> None:
        self.now = START
        self.ledger = ledger
        self.zoho = MatrixZoho(lambda: self.now, [str(n) for n in range(1, records + 1)], concurrency)
        self.zoho.org = replace(self.zoho.org, lane=lane)
        self.topic = FakeTopic()
        self.queue = Queue(lambda: self.now)
        self.recorder = Recorder(plan)
        self.timeouts = TIMEOUTS
        self.reports: list[tuple[str, dict[str, Any]]] = []
        self.accepted: list[str] = []
        self.orders: list[IntakeRequest] = []
        self.policies = FakePolicies(ledger)
        self._next_poll = START + POLL_EVERY
        self._random = 0

    # --- the sender ----------------------------------------------------------------------------------

    def order(self, operation: str, limits: Limits | None = None, **request: Any) -> IntakeRequest:
        asked = Request(Operation(operation), request.pop("module", "Leads"), "default", **request)
        number = f"msg_{len(self.orders) + 1}"
        made = IntakeRequest("crm", number, f"hash {number}", asked, limits or Limits(max_records=200_000))
        self.orders.append(made)
        return made

    def send(self, order: IntakeRequest) -> str:
        """Sends until there is a receipt, as a sender must."""
        for _ in range(5):
            process = Process(self.recorder)
            outside = Acceptance(
                process.ledger(self.ledger), process.nudges(self.queue), self._bytes, "test", 400
            )
            try:
                receipt = accept(outside, order, self.now)
            except (Died, Unavailable):
                self.now += 1
                continue
            if receipt.deletion_id not in self.accepted:
                self.accepted.append(receipt.deletion_id)
            return receipt.deletion_id
        raise AssertionError("never accepted")

    def approve(self, one: str) -> None:
        """An operator approves the map as it stands, again where there was no answer."""
        for _ in range(5):
            process = Process(self.recorder)
            ledger, nudges = process.ledger(self.ledger), process.nudges(self.queue)
            acceptance = Acceptance(ledger, nudges, self._bytes, "test", 400)
            outside = Operators(cast("Deletions", ledger), nudges, acceptance)
            try:
                asked = commands.read(outside, one).approval
                assert asked is not None
                given = Given(asked.count, asked.map_hash, ())
                commands.approve(outside, one, given, Caller("arn:aws:iam::1:user/ann", self.now))
            except (Died, Unavailable):
                self.now += 1
                continue
            return
        raise AssertionError("never approved")

    def _bytes(self, size: int) -> bytes:
        self._random += 1
        return self._random.to_bytes(size, "big")

    # --- the functions -------------------------------------------------------------------------------

    def deps(self, process: Process) -> Deps:
        return Deps(
            ledger=process.ledger(self.ledger),
            leases=process.leases(self.ledger),
            recent=process.recent(self.ledger),
            round_limit=self.zoho.job_most,
            nudges=process.nudges(self.queue),
            topic=process.topic(self.topic),
            zoho=process.zoho(self.clients()),
            executor_of=executor_of,
            clock=lambda: self.now,
            chance=lambda: 0.5,
            report=self.note,
            stage="test",
            timeouts=self.timeouts,
            ends_at=self.now + 55,
            sleep=self.sleep,
            phones=FewPhones(),
        )

    def sleep(self, seconds: float) -> None:
        """Who sleeps wakes up late here: looks at a table are what these tests take long for."""
        self.now += max(seconds, 2.0)

    def clients(self) -> ZohoFactory:
        """What a process that has just begun reaches Zoho with."""
        return lambda org, deadline: self.zoho

    def work(self) -> bool:
        """One invocation of the worker; False where there was no message for it."""
        batch = self.queue.receive()
        if not batch:
            return False
        process = Process(self.recorder)
        try:
            failed = work(self.deps(process), [Nudge(str(n), one) for n, one in batch], self.now + 35)
        except Died:
            return True
        self.queue.remove({n for n, _ in batch if str(n) not in failed})
        return True

    def poll(self) -> None:
        """One tick of the schedule."""
        try:
            poll(self.deps(Process(self.recorder)), self.now + 35)
        except (Died, Unavailable):
            return

    def keep(self, document: dict[str, Any]) -> None:
        """A policy whose first run is due now."""
        policy = policies.parse(document)
        kept = StoredPolicy(policy.org, policy.name, policy.document, 1, "arn:me", self.now, self.now)
        assert self.policies.put_policy(kept)

    def tick(self) -> None:
        """One tick of the retention schedule; what it stored is as good as accepted."""
        process = Process(self.recorder)
        ledger, nudges = process.ledger(self.ledger), process.nudges(self.queue)
        outside = Retention(
            process.runs(self.policies), RunIntake(ledger, nudges, "test", 400), next_time, self.note
        )
        with contextlib.suppress(Died, Unavailable):
            retain(outside, self.now)
        kept = self.policies.policies("default")
        runs = [ran.deletion_id for one in kept for ran in (one.last, one.skipped) if ran is not None]
        self.accepted += [one for one in runs if one not in self.accepted]

    def note(self, event: str, /, **fields: Any) -> None:
        """What operators would see."""
        self.reports.append((event, fields))

    def rest(self, most: int = 600) -> None:
        """Everything that would happen by itself, until nothing is due and no message is left."""
        for _ in range(most):
            while self.work():
                pass
            waiting = self.ledger.due(self.now + 10**9, 1) or self.policies.due_policies(self.now, 1)
            if not waiting and not self.queue.messages:
                return
            times = [at for at, _, _ in self.queue.messages]
            self.now = max(self.now, min([*times, self._next_poll]))
            if self.now >= self._next_poll:
                self._next_poll = self.now + POLL_EVERY
                self.tick()
                self.poll()
        raise AssertionError(f"never at rest: {self.ledger.due(self.now + 10**9, 9)}")
