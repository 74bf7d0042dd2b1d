"""What every ledger must do: run against the one in memory and against the table adapter on a DynamoDB
API.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.dynamo import BUSY_TRIES
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import lane, log, log_checking
from chalicelib.domain.deletion import Approval, Counts, Deletion, Plan, Problem, moved
from chalicelib.domain.errors import LostLease, StaleRead
from chalicelib.domain.outcomes import Finding, Mark, fresh
from chalicelib.domain.request import Operation, Request, Territory
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.service.ports import Call, Change, Claim, Delivery, Ledger, NewDeletion
from tests import aws
from tests.contract.ledger.busy import Busy

NOW = 1_700_000_000.0


def make_table(client: Any, name: str = "t") -> None:
    """The table as the template says."""
    template = json.loads((Path(__file__).parents[3] / "infra" / "resources.json").read_text())
    table = template["Resources"]["Table"]["Properties"]
    wanted = ("BillingMode", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    client.create_table(TableName=name, **{key: table[key] for key in wanted})


def table_on(client: Any, *, busy: bool) -> Table:
    """The table adapter; a busy one has each write refused as often as it is borne."""
    held: Any = Busy(client, BUSY_TRIES - 1) if busy else client
    return Table("t", lambda: held, sleep=lambda _: None)


def deletion(one: str = "del_1", ids: tuple[str, ...] = ("1", "2"), **request: Any) -> Deletion:
    return Deletion(
        id=one,
        request=Request(Operation.DELETE_RECORDS, "Leads", "default", ids=ids, **request),
        source="web",
        created_at=NOW,
        updated_at=NOW,
        expires_at=int(NOW) + 1000,
        id_count=len(ids),
        chunks=1 if ids else 0,
        counts=Counts(requested=len(ids), pending=len(ids)),
    )


def accept(ledger: Ledger, made: Deletion, delivery_id: str = "d1", at: float = NOW) -> bool:
    made, entry = log.first(made, "test")
    delivery = Delivery("web", delivery_id, "hash", made.id, {"id": made.id}, int(NOW) + 600)
    return ledger.accept(made, entry, delivery, at)


def claimed(ledger: Ledger, one: str = "del_1", at: float = NOW) -> Claim:
    claim = ledger.claim(one, at, at + 60)
    assert claim is not None
    return claim


def test_what_is_accepted_can_be_read_again(ledger: Ledger) -> None:
    made = deletion(reference="ticket", territory=Territory("7", include_child=True), wf_trigger=False)
    assert accept(ledger, made)
    read = ledger.get("del_1")
    assert read is not None
    assert read.request == replace(made.request, ids=())
    assert (read.counts, read.events, read.status) == (made.counts, 1, Status.ACCEPTED)
    assert ledger.chunk("del_1", 0).ids == ("1", "2")
    assert [entry.what for entry in ledger.entries("del_1", 0)] == ["accepted"]
    found = ledger.find_delivery("web", "d1")
    assert found is not None
    assert (found.deletion_id, found.body_hash, found.receipt) == ("del_1", "hash", {"id": "del_1"})


def test_a_delivery_is_accepted_once_until_it_expires(ledger: Ledger) -> None:
    assert accept(ledger, deletion("del_1"))
    assert not accept(ledger, deletion("del_2"))
    assert ledger.get("del_2") is None
    assert accept(ledger, deletion("del_3"), at=NOW + 601)


def test_a_deletion_is_claimed_by_one_at_a_time_and_only_when_due(ledger: Ledger) -> None:
    accept(ledger, deletion())
    assert ledger.due(NOW, 10) == ["del_1"]
    first = claimed(ledger)
    assert ledger.claim("del_1", NOW, NOW + 60) is None
    assert ledger.due(NOW, 10) == []
    second = claimed(ledger, at=NOW + 60)
    assert second.fence > first.fence


def test_a_worker_past_its_lease_writes_nothing(ledger: Ledger) -> None:
    accept(ledger, deletion())
    stale = claimed(ledger)
    claimed(ledger, at=NOW + 60)
    late = moved(stale.deletion, Status.FAILED, NOW + 61)
    late, entry = log.append(late, "failed", NOW + 61, stage="test")
    with pytest.raises(LostLease):
        ledger.save(stale, Change(late, NOW, 0.0, entries=(entry,)))
    read = ledger.get("del_1")
    assert read is not None
    assert read.status is Status.ACCEPTED
    assert len(ledger.entries("del_1", 0)) == 1


def test_everything_of_a_change_is_written_at_once(ledger: Ledger) -> None:
    accept(ledger, deletion())
    claim = claimed(ledger)
    chunk = ledger.chunk("del_1", 0)
    after = chunk.with_findings(
        {0: Finding(Mark.DELETED), 1: Finding(Mark.FAILED, "RECORD_LOCKED", "locked")}
    )
    done = moved(claim.deletion, Status.PARTIALLY_COMPLETED, NOW + 1)
    done = replace(
        done,
        counts=Counts(requested=2, deleted=1, failed=1),
        problems=(Problem("RECORD_LOCKED", 1, "locked"),),
        plan=Plan(1, ("1",), 1, 1),
        progress={"left": [], "deep": {"a": None}},
    )
    done, entry = log.append(done, "partially_completed", NOW + 1, stage="test")
    call = Call(1, CallKind.DELETE_RECORDS, {"chunk": 0, "positions": [0, 1]}, NOW)
    ledger.save(claim, Change(done, NOW + 5, 0.0, entries=(entry,), calls=(call,), chunks=(after,)))
    assert ledger.get("del_1") == replace(done, request=replace(done.request, ids=()))
    assert ledger.chunk("del_1", 0) == after
    assert ledger.calls("del_1", [1]) == [call]
    assert ledger.entries("del_1", 1) == [entry]
    assert log_checking.first_broken(ledger.entries("del_1", 0)) is None


def test_the_record_ids_of_external_ids_are_kept(ledger: Ledger) -> None:
    accept(ledger, deletion(ids=("E-1", "E-2")))
    claim = claimed(ledger)
    after = ledger.chunk("del_1", 0).with_records({0: "410405000002264040"})
    ledger.save(claim, Change(claim.deletion, NOW, NOW + 60, chunks=(after,)))
    assert ledger.chunk("del_1", 0) == after


def test_a_selection_is_stored_and_grows(ledger: Ledger) -> None:
    accept(ledger, deletion(ids=()))
    claim = claimed(ledger)
    small = replace(claim.deletion, chunks=1, id_count=2)
    claim = ledger.save(claim, Change(small, NOW, NOW + 60, new_chunks=tuple(fresh(("7", "8")))))
    assert ledger.chunk("del_1", 0).ids == ("7", "8")
    large = replace(claim.deletion, id_count=3, frozen=True, approval=Approval(3, NOW, NOW + 9))
    ledger.save(claim, Change(large, NOW, NOW + 60, new_chunks=tuple(fresh(("7", "8", "9")))))
    assert (ledger.chunk("del_1", 0).ids, ledger.chunk("del_1", 0).marks) == (("7", "8", "9"), "ppp")
    assert ledger.get("del_1") == large


def test_a_final_deletion_stays_due_until_its_events_have_left(ledger: Ledger) -> None:
    accept(ledger, deletion())
    claim = claimed(ledger)
    done, entry = log.append(moved(claim.deletion, Status.COMPLETED, NOW), "completed", NOW, stage="test")
    claim = ledger.save(claim, Change(done, NOW, 0.0, entries=(entry,)))
    assert ledger.due(NOW, 10) == ["del_1"]
    claim = claimed(ledger)
    ledger.save(claim, Change(replace(claim.deletion, published=2), NOW, 0.0))
    assert ledger.due(NOW + 1000, 10) == []
    assert ledger.claim("del_1", NOW + 1000, NOW + 1060) is None


def test_a_command_makes_the_holder_read_again(ledger: Any) -> None:
    accept(ledger, deletion())
    claim = claimed(ledger)
    seen = ledger.snapshot("del_1")
    assert ledger.command(seen, {"do": "cancel"}, NOW)
    assert ledger.snapshot("del_1").commands == ({"do": "cancel"},)
    with pytest.raises(StaleRead):
        ledger.save(claim, Change(claim.deletion, NOW, NOW + 60))
    ledger.save(claim, Change(claim.deletion, NOW, NOW + 60, regardless=True))
    again = ledger.again(claim)
    assert again.commands == ({"do": "cancel"},)
    again = ledger.save(again, Change(again.deletion, NOW, NOW + 60, commands_done=1))
    assert ledger.again(again).commands == ()
    assert ledger.snapshot("del_9") is None


def test_a_command_is_refused_where_the_deletion_is_another_by_now(ledger: Any) -> None:
    accept(ledger, deletion())
    claim, seen = claimed(ledger), ledger.snapshot("del_1")
    claim = ledger.save(claim, Change(claim.deletion, NOW + 500, 0.0))
    assert not ledger.command(seen, {"do": "cancel"}, NOW)
    seen = ledger.snapshot("del_1")
    assert ledger.command(seen, {"do": "cancel"}, NOW)
    assert not ledger.command(seen, {"do": "cancel"}, NOW)
    assert claimed(ledger).commands == ({"do": "cancel"},)


def test_a_final_deletion_with_a_command_is_due_until_it_is_done(ledger: Any) -> None:
    accept(ledger, deletion())
    claim = claimed(ledger)
    done = replace(moved(claim.deletion, Status.NEEDS_ATTENTION, NOW), published=1)
    ledger.save(claim, Change(done, NOW, 0.0))
    assert ledger.due(NOW, 10) == []
    assert ledger.command(ledger.snapshot("del_1"), {"do": "resolve"}, NOW)
    assert ledger.due(NOW, 10) == ["del_1"]
    claim = claimed(ledger)
    assert claim.commands == ({"do": "resolve"},)
    claim = ledger.save(claim, Change(claim.deletion, NOW, 0.0))
    assert ledger.due(NOW, 10) == ["del_1"]
    ledger.save(claim, Change(claim.deletion, NOW, 0.0, commands_done=1))
    assert ledger.due(NOW, 10) == []


def test_a_waiting_deletion_can_be_woken(ledger: Ledger) -> None:
    accept(ledger, deletion())
    claim = claimed(ledger)
    assert not ledger.wake("del_1", NOW + 1)
    ledger.save(claim, Change(claim.deletion, NOW + 500, 0.0))
    assert ledger.wake("del_1", NOW + 1)
    assert ledger.due(NOW + 1, 10) == ["del_1"]


def test_a_lane_is_written_by_who_read_it_last(ledger: Ledger) -> None:
    accept(ledger, deletion("del_1"), "d1")
    accept(ledger, deletion("del_2"), "d2")
    first, second = claimed(ledger, "del_1"), claimed(ledger, "del_2")
    seen = ledger.lane("default")
    mine = lane.taken(lane.joined(seen, "del_1"), "del_1", NOW)
    theirs = lane.taken(lane.joined(seen, "del_2"), "del_2", NOW)
    ledger.save(first, Change(first.deletion, NOW, NOW + 60, lane=mine))
    with pytest.raises(StaleRead):
        ledger.save(second, Change(second.deletion, NOW, NOW + 60, lane=theirs))
    now = ledger.lane("default")
    assert (now.holder, now.taken_at) == ("del_1", NOW)
    ledger.save(second, Change(second.deletion, NOW, NOW + 60, lane=lane.joined(now, "del_2")))
    assert ledger.lane("default").queue == ("del_2",)


def test_what_is_set_aside_is_no_longer_due(ledger: Ledger) -> None:
    accept(ledger, deletion())
    ledger.set_aside("del_1", "written by another version", NOW)
    assert ledger.due(NOW, 10) == []


def test_the_longest_waiting_come_first(ledger: Ledger) -> None:
    for n in range(3):
        accept(ledger, replace(deletion(f"del_{n}"), created_at=NOW - n), f"d{n}")
    assert ledger.due(NOW, 2) == ["del_2", "del_1"]
    assert ledger.due_since(NOW, 2) == [("del_2", NOW - 2), ("del_1", NOW - 1)]


def test_5000_ids_and_no_ids_can_be_accepted(ledger: Ledger) -> None:
    many = tuple(str(10**18 + n) for n in range(5000))
    assert accept(ledger, deletion("del_1", many), "d1")
    assert ledger.chunk("del_1", 0).ids == many
    assert accept(ledger, deletion("del_2", ()), "d2")


def test_a_lease_has_one_owner_until_it_ends(ledger: Any) -> None:
    assert ledger.take("default", "SLOT#0", "a", NOW, NOW + 10)
    assert ledger.take("default", "SLOT#0", "a", NOW + 1, NOW + 11)
    assert not ledger.take("default", "SLOT#0", "b", NOW + 5, NOW + 15)
    ledger.give_back("default", "SLOT#0", "b")
    assert not ledger.take("default", "SLOT#0", "b", NOW + 5, NOW + 15)
    ledger.give_back("default", "SLOT#0", "a")
    assert ledger.take("default", "SLOT#0", "b", NOW + 5, NOW + 15)
    assert ledger.take("default", "SLOT#0", "a", NOW + 15, NOW + 25)


def test_leases_in_use_are_told_by_the_beginning_of_their_name(ledger: Any) -> None:
    ledger.take("default", "SLOT#0", "a", NOW, NOW + 10)
    ledger.take("default", "SLOT#1", "a", NOW, NOW + 10)
    ledger.take("default", "WAIT#0", "a", NOW, NOW + 10)
    ledger.take("another", "SLOT#2", "a", NOW, NOW + 10)
    ledger.give_back("default", "SLOT#1", "a")
    assert ledger.in_use("default", "SLOT#", NOW) == {"SLOT#0"}
    assert ledger.in_use("default", "WAIT#", NOW) == {"WAIT#0"}
    assert ledger.in_use("default", "SLOT#", NOW + 10) == set()
    assert ledger.in_use("nobody", "SLOT#", NOW) == set()


def test_credits_that_are_left_are_told_for_a_while(ledger: Any) -> None:
    assert ledger.credits_told("default", NOW) is None
    ledger.tell_credits("default", 120, NOW + 10)
    ledger.tell_credits("default", 0, NOW + 10)
    assert ledger.credits_told("default", NOW) == 0
    assert ledger.credits_told("another", NOW) is None
    assert ledger.credits_told("default", NOW + 10) is None


def test_tokens_are_blocked_for_the_credentials_that_were_used_too_often(ledger: Any) -> None:
    assert ledger.tokens_blocked_until("default", "a") == 0
    ledger.block_tokens("default", "a", NOW + 600)
    assert ledger.tokens_blocked_until("default", "a") == NOW + 600
    assert ledger.tokens_blocked_until("default", "b") == 0
    assert ledger.tokens_blocked_until("other", "a") == 0
    ledger.block_tokens("default", "b", NOW + 900)
    assert (ledger.tokens_blocked_until("default", "a"), ledger.tokens_blocked_until("default", "b")) == (
        0,
        NOW + 900,
    )
    assert ledger.take("default", "TOKEN", "me", NOW, NOW + 10)


def test_what_is_due_comes_page_after_page(ledger: Ledger) -> None:
    for n in range(5):
        accept(ledger, replace(deletion(f"del_{n}"), created_at=NOW - n), f"d{n}")
    pages = list(ledger.due_pages(NOW, 2))
    assert [[one for one, _ in page] for page in pages] == [["del_4", "del_3"], ["del_2", "del_1"], ["del_0"]]
    assert pages[0][0] == ("del_4", NOW - 4)
    assert list(ledger.due_pages(NOW - 10, 2)) == []


def test_what_is_to_be_forgotten_comes_page_after_page_once_its_time_is_there(ledger: Ledger) -> None:
    for n in range(5):
        accept(ledger, deletion(f"del_{n}"), f"d{n}")
        claim = claimed(ledger, f"del_{n}")
        done = moved(replace(claim.deletion, published=claim.deletion.events), Status.CANCELLED, NOW)
        done = replace(done, events=1, published=1)
        ledger.save(claim, Change(done, NOW, 0.0, evidenced=True, forget_at=NOW + 100 - n))
    assert list(ledger.due_pages(NOW + 1000, 9)) == []
    pages = list(ledger.to_forget(NOW + 99, 2))
    assert pages == [["del_4", "del_3"], ["del_2", "del_1"]]
    assert list(ledger.to_forget(NOW + 95, 2)) == []


@pytest.mark.parametrize("shards", [2, 7])
def test_no_shard_of_the_index_is_left_out_of_the_pages(shards: int) -> None:
    with aws.dynamodb() as client:
        make_table(client)
        table = Table("t", lambda: client, shards=shards)
        for n in range(20):
            accept(table, replace(deletion(f"del_{n}"), created_at=NOW - n), f"d{n}")
        found = [one for page in table.due_pages(NOW, 2) for one, _ in page]
        assert sorted(found) == sorted(f"del_{n}" for n in range(20))


def test_who_is_accepted_claimed_or_seen_is_told(ledger: Ledger) -> None:
    if not isinstance(ledger, Table):
        return
    told: list[str] = []
    ledger.seen = lambda one: told.append(one.id)
    accept(ledger, deletion())
    claimed(ledger)
    ledger.snapshot("del_1")
    assert told == ["del_1"] * 3


def test_a_child_of_the_final_write_is_stored_with_it_and_named_by_its_parent(ledger: Ledger) -> None:
    accept(ledger, deletion("del_1"), "d1")
    claim = claimed(ledger, "del_1")
    request = Request(
        Operation.DELETE_PERMANENTLY,
        "Leads",
        "default",
        ids=("1", "2"),
        until=(NOW, NOW + 0.5),
        parent="del_1",
        window_from=NOW - 1,
    )
    child = replace(deletion("del_2"), request=request, not_before=NOW + 60)
    new = NewDeletion(*log.first(child, "test"))
    ended = replace(claim.deletion, verification=None)
    ledger.save(claim, Change(ended, NOW, 0.0, new_children=(new,)))
    parent = ledger.get("del_1")
    assert parent is not None
    assert [(c.id, c.operation, c.not_before) for c in parent.children] == [
        ("del_2", Operation.DELETE_PERMANENTLY, NOW + 60)
    ]
    stored = ledger.get("del_2")
    assert stored is not None
    assert stored.request == replace(request, ids=(), until=())
    chunk = ledger.chunk("del_2", 0)
    assert (chunk.ids, chunk.until) == (("1", "2"), (NOW, NOW + 0.5))
    assert "del_2" in ledger.due(NOW, 10)
    again = claimed(ledger, "del_2")
    after = chunk.with_mark([0], Finding(Mark.DELETED))
    ledger.save(again, Change(again.deletion, NOW + 9, 0.0, chunks=(after,)))
    assert ledger.chunk("del_2", 0) == after
    assert [entry.what for entry in ledger.entries("del_2", 0)] == ["accepted"]


def test_a_child_that_outlived_its_parent_can_be_tried_again(ledger: Ledger) -> None:
    """An undo window may be longer than the table keeps others."""
    accept(ledger, deletion("del_2"), "d2")
    request = Request(Operation.DELETE_PERMANENTLY, "Leads", "default", ids=("1",), parent="del_1")
    assert accept(ledger, replace(deletion("del_3"), request=request, retry_of="del_2"), "d3")
    made, origin = ledger.get("del_3"), ledger.get("del_2")
    assert made is not None
    assert origin is not None
    assert (made.request.parent, made.retry_of) == ("del_1", "del_2")
    assert origin.relatives == ("del_3",)
    assert ledger.get("del_1") is None


def test_an_accepted_child_is_named_by_its_parent_and_a_dry_run_is_not(ledger: Ledger) -> None:
    accept(ledger, deletion("del_1"), "d1")
    for number, dry_run in ((2, False), (3, True)):
        request = Request(Operation.RESTORE, "Leads", "default", ids=("1",), parent="del_1", dry_run=dry_run)
        accept(ledger, replace(deletion(f"del_{number}"), request=request), f"d{number}")
    parent = ledger.get("del_1")
    assert parent is not None
    assert [child.id for child in parent.children] == ["del_2"]
    claim = claimed(ledger, "del_1")
    ledger.save(claim, Change(claim.deletion, NOW, 0.0))
    kept = ledger.get("del_1")
    assert kept is not None
    assert [child.id for child in kept.children] == ["del_2"]
