"""Accepting: one write, one answer for the same delivery, and a lost race that answers as a replay."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.document import document
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.domain.event import message
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, accept, replay, replayed
from chalicelib.service.ports import Delivery
from tests.fake_ledger import FakeLedger
from tests.fakes import Nudged

NOW = 1_760_000_000.123456
IDS = tuple(str(n) for n in range(3))


def order(**changes: Any) -> IntakeRequest:
    fields: dict[str, Any] = {
        "source": "crm",
        "delivery_id": "msg_1",
        "body_hash": "hash",
        "request": Request(Operation.DELETE_RECORDS, "Leads", "default", ids=IDS, reason="GDPR"),
        "limits": Limits(max_records=7),
    }
    return IntakeRequest(**(fields | changes))


def house(ledger: FakeLedger | None = None) -> tuple[Acceptance, FakeLedger, Nudged]:
    ledger, nudged = ledger or FakeLedger(), Nudged()
    return Acceptance(ledger, nudged, lambda size: b"\x01" * size, "test", 400), ledger, nudged


def test_what_is_stored_and_answered() -> None:
    outside, ledger, nudged = house()
    receipt = accept(outside, order(), NOW)
    deletion = ledger.rows[receipt.deletion_id].deletion
    assert nudged.ids == [receipt.deletion_id]
    assert receipt.body["id"] == deletion.id
    assert receipt.body["status"] == "accepted"
    assert not receipt.replayed
    assert (deletion.source, deletion.limits) == ("crm", Limits(max_records=7))
    assert (deletion.id_count, deletion.chunks) == (3, 1)
    assert deletion.counts == Counts(requested=3, pending=3)
    assert deletion.created_at == round(NOW, 3)
    assert deletion.expires_at == int(NOW) + 400 * 86_400
    delivery = ledger.deliveries["crm", "msg_1"]
    assert (delivery.deletion_id, delivery.expires_at) == (deletion.id, deletion.expires_at)


def test_the_first_log_entry_says_who_asked_and_why() -> None:
    outside, ledger, _ = house()
    entries = ledger.rows[accept(outside, order(), NOW).deletion_id].entries
    assert [(e.n, e.what, e.by, e.why) for e in entries] == [(1, "accepted", "source:crm", "GDPR")]
    asked = accept(outside, order(delivery_id="msg_2", asked_by="arn:aws:iam::1:user/a"), NOW + 1)
    assert ledger.rows[asked.deletion_id].entries[0].by == "arn:aws:iam::1:user/a"


def test_a_deletion_has_a_seed_that_neither_answers_nor_events_show() -> None:
    outside, ledger, _ = house()
    receipt = accept(outside, order(), NOW)
    row = ledger.rows[receipt.deletion_id]
    assert len(row.deletion.seed) == 32
    shown = f"{receipt.body} {document(row.deletion)} {[message(entry) for entry in row.entries]}"
    assert row.deletion.seed not in shown


def test_counts_of_a_view_and_of_a_dry_run_are_0() -> None:
    outside, ledger, _ = house()
    view = Request(Operation.MASS_DELETE, "Leads", "default", cvid="1")
    dry = Request(Operation.DELETE_RECORDS, "Leads", "default", ids=IDS, dry_run=True)
    first = accept(outside, order(request=view, delivery_id="m1"), NOW)
    second = accept(outside, order(request=dry, delivery_id="m2"), NOW + 1)
    found = [ledger.rows[each.deletion_id].deletion for each in (first, second)]
    assert [each.counts for each in found] == [Counts(), Counts()]
    assert [each.id_count for each in found] == [0, 3]


def test_more_ids_than_a_chunk_holds() -> None:
    outside, ledger, _ = house()
    many = Request(Operation.DELETE_RECORDS, "Leads", "default", ids=tuple(map(str, range(5001))))
    found = ledger.rows[accept(outside, order(request=many), NOW).deletion_id].deletion
    assert (found.id_count, found.chunks) == (5001, 2)


def test_a_replay_is_the_same_receipt_and_another_body_a_conflict() -> None:
    outside, ledger, _ = house()
    receipt = accept(outside, order(), NOW)
    known = replay(ledger, "crm", "msg_1", "hash", NOW + 10)
    assert known is not None
    again = replayed(known)
    assert (again.body, again.replayed) == (receipt.body, True)
    with pytest.raises(Conflict):
        replay(ledger, "crm", "msg_1", "other", NOW + 10)
    assert replay(ledger, "other", "msg_1", "hash", NOW + 10) is None
    assert replay(ledger, "crm", "msg_2", "hash", NOW + 10) is None


def test_an_expired_delivery_is_new_again_though_the_table_still_has_it() -> None:
    outside, ledger, _ = house()
    first = accept(outside, order(remember=600), NOW)
    assert replay(ledger, "crm", "msg_1", "hash", NOW + 598) is not None
    assert replay(ledger, "crm", "msg_1", "other", NOW + 600) is None
    assert accept(outside, order(remember=600), NOW + 600).deletion_id != first.deletion_id
    assert len(ledger.rows) == 2


class Race(FakeLedger):
    """Another worker stores the same delivery between the look and the write."""

    def __init__(self, winner: Delivery | None) -> None:
        super().__init__()
        self.winner = winner

    def accept(self, *_written: object) -> bool:
        if self.winner:
            self.deliveries["crm", "msg_1"] = self.winner
        return False


def winner(body_hash: str) -> Delivery:
    return Delivery("crm", "msg_1", body_hash, "del_winner", {"id": "del_winner"}, int(NOW) + 100)


def test_a_lost_race_answers_as_a_replay_and_nudges_nobody() -> None:
    outside, _, nudged = house(Race(winner("hash")))
    receipt = accept(outside, order(), NOW)
    assert (receipt.deletion_id, receipt.replayed, nudged.ids) == ("del_winner", True, [])


def test_a_lost_race_with_another_body_is_a_conflict() -> None:
    outside, _, _ = house(Race(winner("other")))
    with pytest.raises(Conflict):
        accept(outside, order(), NOW)


def test_a_write_that_was_not_taken_for_no_reason_is_not_called_accepted() -> None:
    outside, _, nudged = house(Race(None))
    with pytest.raises(Unavailable):
        accept(outside, order(), NOW)
    assert nudged.ids == []
