"""Accepting counts what is named for its source: exactly, once a deletion, and not for what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from chalicelib.domain import quota
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Conflict, LimitReached, NotAllowed, Rejected, Unavailable
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, Receipt, accept
from tests.fake_ledger import FakeLedger
from tests.fakes import Nudged

NOW = 1_760_000_000.0
LIMITS = Limits(max_records=10, max_records_per_day=50)


class Intake:
    def __init__(self, ledger: FakeLedger | None = None) -> None:
        self.ledger = ledger or FakeLedger()
        numbers = count(1)
        self.outside = Acceptance(
            self.ledger, Nudged(), lambda size: next(numbers).to_bytes(size, "big"), "test", 400
        )

    def ask(self, delivery: str, n: int = 5, at: float = NOW, **changes: Any) -> Receipt:
        ids = tuple(str(number) for number in range(1, n + 1))
        request = Request(
            Operation.DELETE_RECORDS, "Leads", "default", ids=ids, dry_run=changes.pop("dry_run", False)
        )
        fields = {"source": "crm", "limits": LIMITS, "body_hash": f"{n}", "request": request, **changes}
        return accept(self.outside, IntakeRequest(delivery_id=delivery, **fields), at)

    def named(self, source: str = "crm") -> int:
        return self.ledger.tally(source, quota.day_of(NOW)).day

    def of(self, receipt: Receipt) -> Deletion:
        return self.ledger.rows[receipt.deletion_id].deletion


def test_what_passes_the_limit_is_told_when_it_fits_and_leaves_nothing_behind() -> None:
    intake = Intake()
    for n in range(10):
        intake.ask(f"d{n}")
    with pytest.raises(LimitReached) as refused:
        intake.ask("late", 1)
    assert refused.value.retry_after == quota.day_ends(NOW) - NOW
    assert [field.path for field in refused.value.fields] == ["/ids"]
    assert (len(intake.ledger.rows), len(intake.ledger.deliveries)) == (10, 10)
    assert not intake.ask("late", 1, quota.day_ends(NOW)).replayed


def test_40_requests_of_5_by_16_threads_against_50() -> None:
    intake = Intake()

    def one(n: int) -> bool:
        try:
            intake.ask(f"d{n}")
        except LimitReached:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(one, range(40))) == 10
    assert (len(intake.ledger.rows), len(intake.ledger.deliveries), intake.named()) == (10, 10, 50)


def test_a_deletion_remembers_what_its_source_had_asked_for_before() -> None:
    intake = Intake()
    assert [intake.of(intake.ask(f"d{n}")).asked_before for n in range(3)] == [0, 5, 10]


def test_replays_count_nothing_however_late_and_are_answered_where_the_day_is_full() -> None:
    intake = Intake()
    for n in range(10):
        intake.ask(f"d{n}")
    for at in (NOW, NOW + 5, NOW + 60, NOW + 4000):
        assert intake.ask("d3", at=at).replayed
        assert intake.named() == 50


def test_late_replays_are_given_back_where_the_day_is_not_full() -> None:
    intake = Intake()
    intake.ask("d1")
    for after in range(20, 200, 20):
        assert intake.ask("d1", at=NOW + after).replayed
    assert intake.named() == 5


def test_another_body_under_a_known_delivery_id_counts_nothing() -> None:
    intake = Intake()
    intake.ask("d1")
    with pytest.raises(Conflict):
        intake.ask("d1", 7)
    assert intake.named() == 5


@pytest.mark.parametrize(
    "changes", [{"dry_run": True}, {"source": "policy:old"}], ids=["dry run", "a policy's run"]
)
def test_what_does_not_count_passes_a_full_day(changes: dict[str, Any]) -> None:
    intake = Intake()
    for n in range(10):
        intake.ask(f"d{n}")
    assert intake.of(intake.ask("one more", **changes)).asked_before is None
    assert intake.named() == 50


def test_a_retry_counts() -> None:
    intake = Intake()
    intake.ask("d1")
    intake.ask("retry of del_1", retry_of="del_1")
    assert intake.named() == 10


def test_a_request_that_can_never_fit_is_not_allowed_and_counts_nothing() -> None:
    intake = Intake()
    with pytest.raises(NotAllowed):
        intake.ask("d1", 51)
    assert intake.named() == 0


class Broken(FakeLedger):
    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem: Exception | None = problem

    def accept(self, *parts: Any) -> bool:
        if self.problem is not None:
            raise self.problem
        return super().accept(*parts)


def test_what_the_table_refuses_for_good_is_given_back() -> None:
    intake = Intake(Broken(Rejected("table", "too large")))
    with pytest.raises(Rejected):
        intake.ask("d1")
    assert intake.named() == 0


def test_what_may_have_been_stored_stays_counted_and_the_next_try_counts_once() -> None:
    ledger = Broken(Unavailable("table", "lost"))
    intake = Intake(ledger)
    with pytest.raises(Unavailable):
        intake.ask("d1")
    assert intake.named() == 5
    ledger.problem = None
    intake.ask("d1", at=NOW + 2)
    assert intake.named() == 5


def test_a_delivery_that_is_forgotten_counts_again_though_its_body_is_the_same() -> None:
    intake = Intake()
    intake.ask("sha256:1", remember=2)
    assert not intake.ask("sha256:1", at=NOW + 3, remember=2).replayed
    assert intake.named() == 10
