"""Deleting from the recycle bin for good, after the undo window, and what it never takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.document import document
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.request import Api, Limits, Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.ports import Call
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import LOST, FakeZoho, error, lose
from tests.unit.service.world import World

DAY = 86_400


def deleted(world: World, ids: list[str], after: int = 2 * DAY, **request: Any) -> str:
    """A deletion of the ids that has ended, whose records become permanent after so many seconds."""
    parent = world.accept(ids=tuple(ids), permanent_after=after, **request)
    while not world.get(parent).is_final:
        world.step(parent)
        world.now += 1
    return parent


def child_of(world: World, parent: str) -> str:
    [child] = world.get(parent).children
    return child.id


def outcomes(world: World, deletion_id: str) -> str:
    return "".join(chunk.marks for chunk in world.ledger.rows[deletion_id].chunks.values())


def test_what_was_deleted_is_deleted_for_good_after_the_undo_window_and_verified() -> None:
    world = World(["1", "2", "3"])
    parent = deleted(world, ["1", "2"])
    child = child_of(world, parent)
    world.step(child)
    waits = world.get(child)
    assert (waits.status, waits.waiting_for) == (Status.WAITING, "the undo window")
    assert not world.zoho.sent("bin_entries")
    assert waits.not_before == (world.get(parent).finished_at or 0) + 2 * DAY
    world.settle()
    done = world.get(child)
    assert done.status is Status.COMPLETED
    assert set(world.zoho.purged) == {"1", "2"}
    assert list(world.zoho.records) == ["3"]
    assert min(at for _, at in world.zoho.purged.values()) >= (waits.not_before or 0)
    shown = document(done)
    assert shown["permanent_of"] == parent
    assert shown["source"] == "test"
    assert shown["counts"] == {
        "requested": 2,
        "deleted": 2,
        "already_absent": 0,
        "skipped": 0,
        "failed": 0,
        "held": 0,
        "unknown": 0,
        "pending": 0,
    }
    verified = shown["verification"]
    assert {k: v for k, v in verified.items() if k != "verified_at"} == {
        "records": 2,
        "gone": 2,
        "not_in_recycle_bin": 2,
        "listed_as_permanent": 2,
    }


def test_the_parent_tells_until_when_it_can_be_undone() -> None:
    world = World(["1"])
    parent = world.get(deleted(world, ["1"]))
    shown = document(parent)["recycle_bin"]
    assert shown["deletions"] == [
        {"id": parent.children[0].id, "operation": "delete_permanently", "status": "accepted"}
    ]
    assert parent.sent_at is not None
    assert parent.finished_at is not None
    assert shown["restorable_until"].startswith("1970-03-13")
    assert (shown["restored"], shown["permanently_deleted"]) == (0, 0)


def test_a_deletion_without_permanent_after_makes_no_child_and_tells_when_its_records_are_lost() -> None:
    world = World(["1"])
    parent = world.accept(ids=("1",))
    world.settle()
    assert world.get(parent).children == ()
    assert document(world.get(parent))["recycle_bin"]["permanent_at"] is None


def test_what_took_nothing_has_no_recycle_bin() -> None:
    world = World([])
    parent = world.accept(ids=("1",), permanent_after=0)
    world.settle()
    assert "recycle_bin" not in document(world.get(parent))
    assert world.get(parent).children == ()


def test_a_record_that_somebody_restored_is_left_alone() -> None:
    world = World(["1", "2"])
    parent = deleted(world, ["1", "2"])
    world.zoho.restore("1")
    world.settle()
    child = child_of(world, parent)
    assert outcomes(world, child) == "KD"
    assert [(p.code, p.count) for p in world.get(child).problems] == [("RESTORED_SINCE", 1)]
    assert world.get(child).status is Status.COMPLETED
    assert list(world.zoho.records) == ["1"]


def test_a_record_that_somebody_deleted_again_is_left_alone() -> None:
    world = World(["1", "2"])
    parent = deleted(world, ["1", "2"])
    world.zoho.restore("1")
    world.zoho.to_bin("1", world.now + 3600)
    world.settle()
    assert outcomes(world, child_of(world, parent)) == "KD"
    assert "1" in world.zoho.bin
    assert [p.code for p in world.get(child_of(world, parent)).problems] == ["DELETED_AGAIN"]


def test_what_was_deleted_again_while_the_parent_still_ran_is_left_alone() -> None:
    """Each id has the time of its own answer, not that of the parent's end."""
    world = World(["1", "2"])
    world.zoho.locked = {"2"}
    parent = world.accept(ids=("1", "2"), permanent_after=0)
    for _ in range(3):
        world.step(parent)
    assert not world.get(parent).is_final
    world.now += 15
    world.zoho.restore("1")
    world.zoho.to_bin("1", world.now)
    world.now += 1
    world.zoho.locked = set()
    world.settle()
    assert world.get(parent).counts.deleted == 2
    assert outcomes(world, child_of(world, parent)) == "KD"


def test_a_hold_that_is_set_in_the_undo_window_keeps_the_record_in_the_bin() -> None:
    world = World(["1", "2"])
    parent = deleted(world, ["1", "2"])
    world.hold("1")
    world.settle()
    child = child_of(world, parent)
    assert outcomes(world, child) == "HD"
    assert world.get(child).status is Status.PARTIALLY_COMPLETED
    assert "1" in world.zoho.bin


def test_a_lost_answer_is_settled_by_reading() -> None:
    for carried_out in (True, False):
        world = World(["1", "2"])
        parent = deleted(world, ["1", "2"])

        def lose(work: Callable[[], Reply], carried_out: bool = carried_out) -> Reply:
            if carried_out:
                work()
            return LOST

        world.zoho.script["delete_from_bin"] = [lose]
        world.settle()
        child = child_of(world, parent)
        assert outcomes(world, child) == "DD", carried_out
        assert len(world.zoho.sent("delete_from_bin")) == (1 if carried_out else 2)


def test_what_zoho_does_later_is_waited_for() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"])
    world.zoho.bin_later = 20
    world.settle()
    assert outcomes(world, child_of(world, parent)) == "D"
    assert len(world.zoho.sent("delete_from_bin")) == 1


def test_lists_that_lag_are_asked_again_and_what_never_shows_is_unknown() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"], 0)
    world.zoho.list_lag = 30
    world.settle()
    assert outcomes(world, child_of(world, parent)) == "D"

    world = World(["1"])
    parent = deleted(world, ["1"], 0)
    world.zoho.list_lag = 10**9
    world.settle()
    child = world.get(child_of(world, parent))
    assert outcomes(world, child.id) == "U"
    assert child.status is Status.NEEDS_ATTENTION
    assert [p.code for p in child.problems] == ["DELETED_LIST_LAGS"]
    shown = child.verification
    assert shown is not None
    assert (shown.records, shown.gone, shown.not_in_recycle_bin, shown.listed_as_permanent) == (1, 1, 1, 0)


def test_a_bin_that_lags_is_asked_again() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"], 0)
    world.zoho.bin_lag = 20
    world.settle()
    assert outcomes(world, child_of(world, parent)) == "D"


def test_what_the_user_never_sees_in_the_bin_has_failed() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"], 0)
    world.zoho.bin_unseen = {"1"}
    world.settle()
    child = world.get(child_of(world, parent))
    assert [(p.code, p.count) for p in child.problems] == [("BIN_NOT_VISIBLE", 1)]
    assert child.status is Status.FAILED
    assert child.verification is None


def test_what_somebody_deleted_for_good_is_already_absent() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"])
    world.zoho.purge("1")
    world.settle()
    child = child_of(world, parent)
    assert outcomes(world, child) == "A"
    assert world.get(child).status is Status.COMPLETED
    assert not world.zoho.sent("delete_from_bin")


def test_a_refusal_of_the_whole_call_fails_what_was_not_sent() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"], 0)
    refusal = Reply(400, error=Item("CANNOT_DELETE", "no"))
    world.zoho.script["delete_from_bin"] = [refusal] * 9
    world.settle()
    child = world.get(child_of(world, parent))
    assert child.status is Status.FAILED
    assert "1" in world.zoho.bin


def test_a_cancelled_one_leaves_everything_in_the_bin_and_the_parent_says_so() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"])
    child = child_of(world, parent)
    world.step(child)
    snapshot = world.ledger.snapshot(child)
    assert snapshot is not None
    assert world.ledger.command(snapshot, {"do": "cancel", "by": "ann", "at": world.now}, world.now)
    world.settle()
    assert world.get(child).status is Status.CANCELLED
    assert "1" in world.zoho.bin


def test_many_ids_go_at_most_a_hundred_a_call() -> None:
    ids = [str(n) for n in range(1, 1251)]
    world = World(ids)
    parent = deleted(world, ids, 0)
    world.settle()
    child = world.get(child_of(world, parent))
    assert child.counts.deleted == 1250
    assert child.request.operation is Operation.DELETE_PERMANENTLY
    assert {len(sent) for sent in world.zoho.sent("delete_from_bin")} == {100, 50}
    assert child.verification is not None
    assert child.verification.listed_as_permanent == 1250


def test_an_undo_window_is_longer_than_the_table_keeps_others_and_the_child_outlives_it() -> None:
    world = World(["1"])
    parent = world.accept(ids=("1",), permanent_after=59 * DAY)
    row = world.ledger.rows[parent]
    row.deletion = replace(row.deletion, expires_at=int(world.now) + DAY)
    while not world.get(parent).is_final:
        world.step(parent)
        world.now += 1
    world.settle()
    child = world.get(child_of(world, parent))
    assert child.status is Status.COMPLETED
    assert child.expires_at >= (child.not_before or 0) + DAY


def test_calls_that_cannot_be_read_make_nothing_permanent() -> None:
    class Torn(FakeLedger):
        def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
            raise Unreadable(deletion_id, "calls")

    world = World(["1"], Torn())
    parent = deleted(world, ["1"], 0)
    assert world.get(parent).status is Status.COMPLETED
    assert world.get(parent).children == ()


@pytest.mark.slow
def test_more_ids_than_one_write_takes_go_into_several_children_each_once() -> None:
    ids = [str(n) for n in range(1, 101_002)]
    world = World(ids)
    limits = Limits(max_records=200_000, mass_delete_by_ids=True)
    parent = world.accept(ids=tuple(ids), permanent_after=DAY, limits=limits, api=Api.MASS_DELETE)
    while not world.get(parent).is_final:
        world.step(parent)
        world.now += 1
    first, second = (world.ledger.rows[child.id] for child in world.get(parent).children)
    taken = [one for row in (first, second) for chunk in row.chunks.values() for one in chunk.ids]
    assert sorted(taken, key=int) == ids
    assert (first.deletion.id_count, second.deletion.id_count) == (100_000, 1_001)


def test_what_was_gone_before_is_not_handed_on() -> None:
    """Somebody else deleted it, and can bring it back."""
    world = World(["1", "2"])
    world.zoho.to_bin("2", world.now)
    world.now += 60
    parent = deleted(world, ["1", "2"], after=0)
    assert (world.get(parent).counts.deleted, world.get(parent).counts.already_absent) == (1, 1)
    child = child_of(world, parent)
    assert world.get(child).counts.requested == 1
    world.settle()
    assert set(world.zoho.purged) == {"1"}
    assert "2" in world.zoho.bin


def test_a_cancel_after_a_lost_answer_sends_nothing_more() -> None:
    world = World(["1"])
    child = child_of(world, deleted(world, ["1"], after=0))
    world.zoho.script["delete_from_bin"] = [LOST]
    while not world.zoho.sent("delete_from_bin"):
        world.step(child)
    snapshot = world.ledger.snapshot(child)
    assert snapshot is not None
    assert world.ledger.command(snapshot, {"do": "cancel", "by": "ann", "at": world.now}, world.now)
    world.settle()
    assert len(world.zoho.sent("delete_from_bin")) == 1
    assert "1" in world.zoho.bin
    assert world.get(child).is_final


@pytest.mark.parametrize("ahead", [-3600, -60, 60, 3600])
def test_all_is_seen_in_zohos_clock_however_far_it_is_from_ours(ahead: float) -> None:
    world = World()
    world.zoho = FakeZoho(lambda: world.now + ahead, ["1", "2", "3", "4"])
    parent = deleted(world, ["1", "2", "3", "4"])
    world.now += 60
    world.zoho.purge("1")
    world.zoho.restore("2")
    world.zoho.restore("3")
    world.now += 60
    world.zoho.to_bin("3", world.now + ahead)
    world.settle()
    child = child_of(world, parent)
    assert outcomes(world, child) == "AKKD"
    verified = world.get(child).verification
    assert verified is not None
    assert (verified.records, verified.listed_as_permanent) == (1, 1)


@pytest.mark.parametrize("looks", [1, 2, 3, 9])
@pytest.mark.parametrize("given_back", [False, True])
def test_one_look_is_no_proof_where_the_deleted_list_says_nothing(given_back: bool, looks: int) -> None:
    """Between the read of the record and that of the bin somebody may have brought it back."""
    world = World(["1"])
    parent = deleted(world, ["1"], 0)
    world.zoho.script["permanently_deleted_since"] = [error("NO_PERMISSION", 403)] * 99
    world.zoho.script["deleted_since"] = [error("NO_PERMISSION", 403)] * 99

    def comes_back(work: Callable[[], Reply]) -> Reply:
        if given_back:
            world.zoho.restore("1")
        return work()

    world.zoho.script["delete_from_bin"] = [LOST if given_back else lose] * looks
    world.zoho.script["bin_entries"] = [*[None] * looks, comes_back]
    world.settle()
    child = world.get(child_of(world, parent))
    assert outcomes(world, child.id) in ("UK" if given_back else "D")
    assert ("1" in world.zoho.records) is given_back
    assert given_back is (child.status is not Status.COMPLETED or bool(child.problems))
