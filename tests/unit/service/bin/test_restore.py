"""Restoring what a deletion took: by ids, only what it deleted, and shown by a read."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Outcome
from chalicelib.domain.document import document
from chalicelib.domain.errors import NotAllowed, NotValid, WrongState
from chalicelib.domain.request import Freeze, Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.operators import commands, undo
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.family import with_children
from chalicelib.service.operators.undo import Asked
from tests.fake_zoho import LOST, lose
from tests.unit.service.bin.test_permanent import DAY, child_of, deleted, outcomes
from tests.unit.service.world import World

ANN = "arn:aws:sts::1:assumed-role/ops/ann"
MADE = count()
BEN = "arn:aws:sts::1:assumed-role/ops/ben"


def operators(world: World) -> Operators:
    acceptance = Acceptance(world.ledger, world.nudges, lambda n: next(MADE).to_bytes(n, "big"), "test", 30)
    return Operators(world.ledger, world.nudges, acceptance)


def restored(world: World, parent: str, **asked: object) -> str:
    made = undo.restore(operators(world), parent, Asked(**asked), Caller(ANN, world.now))  # type: ignore[arg-type]  # fields by their names, as the caller wrote them
    world.settle()
    return made.id


def gone(world: World, ids: tuple[str, ...] = ("1", "2"), **request: object) -> str:
    parent = world.accept(ids=ids, **request)  # type: ignore[arg-type]  # fields by their names, as the caller wrote them
    world.settle()
    return parent


def test_all_that_was_deleted_comes_back_and_its_parent_tells() -> None:
    world = World(["1", "2", "3"])
    parent = gone(world)
    world.zoho.to_bin("9", world.now)
    child = restored(world, parent, reason="wrong view")
    assert sorted(world.zoho.records) == ["1", "2", "3"]
    assert outcomes(world, child) == "RR"
    done = world.get(child)
    assert done.status is Status.COMPLETED
    assert (done.source, done.asked_by, done.request.reason) == ("operator", ANN, "wrong view")
    shown = document(done)
    assert shown["restore_of"] == parent
    assert shown["counts"]["restored"] == 2
    [whole] = with_children(world.ledger, [world.get(parent)])
    told = document(whole)["recycle_bin"]
    assert told["restored"] == 2
    assert told["deletions"] == [{"id": child, "operation": "restore", "status": "completed"}]


def test_what_is_there_already_is_already_present() -> None:
    world = World(["1", "2"])
    parent = gone(world)
    made = undo.restore(operators(world), parent, Asked(), Caller(ANN, world.now))
    world.zoho.restore("1")
    world.settle()
    assert outcomes(world, made.id) == "PR"
    assert world.get(made.id).status is Status.COMPLETED


def test_only_the_ids_that_are_named_come_back_and_foreign_ones_are_skipped() -> None:
    world = World(["1", "2"])
    parent = gone(world)
    world.zoho.to_bin("7", world.now)
    child = restored(world, parent, ids=("2", "7"))
    assert outcomes(world, child) == "RK"
    assert [p.code for p in world.get(child).problems] == ["NOT_DELETED_BY_IT"]
    assert "7" in world.zoho.bin
    with pytest.raises(WrongState, match="none of these ids"):
        restored(world, parent, ids=("7",))


def test_what_was_restored_or_is_lost_for_good_cannot_come_back_again() -> None:
    world = World(["1", "2"])
    parent = gone(world)
    restored(world, parent)
    with pytest.raises(WrongState, match="nothing of what it deleted"):
        restored(world, parent)
    world = World(["1"])
    parent = deleted(world, ["1"], 0)
    world.settle()
    with pytest.raises(WrongState, match="nothing of what it deleted"):
        restored(world, parent)


def test_what_was_not_ended_or_took_nothing_cannot_be_undone() -> None:
    world = World(["1"])
    with pytest.raises(WrongState, match="has not ended"):
        restored(world, world.accept(ids=("1",)))
    world = World([])
    with pytest.raises(WrongState, match="nothing"):
        restored(world, gone(world, ("1",)))


def test_a_record_that_is_lost_has_failed() -> None:
    world = World(["1", "2"])
    parent = gone(world)
    world.zoho.purge("1")
    child = restored(world, parent)
    assert outcomes(world, child) == "FR"
    assert [p.code for p in world.get(child).problems] == ["NOT_IN_RECYCLE_BIN"]
    assert world.get(child).status is Status.PARTIALLY_COMPLETED


def test_a_record_that_somebody_deleted_again_stays_in_the_bin() -> None:
    world = World(["1", "2"])
    parent = gone(world)
    world.zoho.restore("1")
    world.now += 60
    world.zoho.to_bin("1", world.now)
    world.now += 60
    child = restored(world, parent)
    assert outcomes(world, child) == "KR"
    assert "1" in world.zoho.bin


def test_a_hold_does_not_stop_a_restore() -> None:
    world = World(["1"])
    parent = gone(world, ("1",))
    world.hold("1")
    assert outcomes(world, restored(world, parent)) == "R"


def test_a_record_without_its_parent_fails_with_zohos_code() -> None:
    world = World(["1", "2"])
    parent = gone(world, ("1",))
    world.zoho.to_bin("2", world.now)
    world.zoho.parents = {"1": "2"}
    child = restored(world, parent)
    assert [p.code for p in world.get(child).problems] == ["CANNOT_RESTORE_WITHOUT_PARENT"]


def test_a_scheduled_restore_is_waited_for() -> None:
    world = World(["1"])
    parent = gone(world, ("1",))
    world.zoho.bin_later = 20
    child = restored(world, parent)
    assert outcomes(world, child) == "R"
    assert len(world.zoho.sent("restore_from_bin")) == 1


def test_what_is_restored_in_the_undo_window_is_not_deleted_for_good() -> None:
    world = World(["1", "2"])
    parent = deleted(world, ["1", "2"])
    made = undo.restore(operators(world), parent, Asked(ids=("1",)), Caller(ANN, world.now))
    for _ in range(20):
        world.step(made.id)
        world.now += 1
    assert outcomes(world, made.id) == "R"
    world.settle()
    assert outcomes(world, child_of_purge(world, parent)) == "KD"
    assert list(world.zoho.records) == ["1"]


def child_of_purge(world: World, parent: str) -> str:
    [child] = [c.id for c in world.get(parent).children if c.operation is Operation.DELETE_PERMANENTLY]
    return child


def test_a_frozen_view_is_undone_by_its_list_and_what_the_job_took_beyond_it_by_its_id() -> None:
    world = World(["1", "2"])
    parent = world.accept("mass_delete", cvid="5")
    for _ in range(30):
        world.step(parent)
        world.now += 1
        if world.zoho.job is not None and "3" not in world.zoho.job["ids"]:
            world.zoho.records["3"] = None
            world.zoho.job["ids"].append("3")
    world.settle()
    assert set(world.zoho.bin) == {"1", "2", "3"}
    child = restored(world, parent)
    assert sorted(world.zoho.records) == ["1", "2"], outcomes(world, child)
    assert outcomes(world, restored(world, parent, ids=("3",))) == "R"


def test_a_view_that_was_not_frozen_is_undone_by_ids_only() -> None:
    world = World(["1", "2"])
    parent = world.accept("mass_delete", cvid="5", freeze=Freeze.NEVER)
    world.settle()
    with pytest.raises(WrongState, match="name their ids"):
        restored(world, parent)
    world.now += 600
    world.zoho.to_bin("9", world.now)
    child = restored(world, parent, ids=("1", "9"))
    assert outcomes(world, child) == "RK"
    assert [p.code for p in world.get(child).problems] == ["DELETED_AGAIN"]


def test_external_ids_are_undone_by_their_records() -> None:
    world = World(["11"])
    world.zoho.external = {"ERP-1": ["11"]}
    parent = gone(world, ("ERP-1",), external_id_field="External")
    child = restored(world, parent, ids=("ERP-1",))
    assert world.ledger.rows[child].chunks[0].ids == ("11",)
    assert outcomes(world, child) == "R"


def test_a_dry_run_tells_what_would_come_back_and_is_not_named_by_the_parent() -> None:
    world = World(["1", "2"])
    parent = gone(world)
    world.zoho.purge("1")
    child = restored(world, parent, dry_run=True)
    plan = document(world.get(child))["plan"]
    assert plan["would_restore"] == 1
    assert plan["first_ids"] == ["2"]
    assert not world.zoho.sent("restore_from_bin")
    assert world.get(parent).children == ()


def test_the_waiting_one_is_brought_forward_and_who_asked_cannot_do_it() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"])
    row = world.ledger.rows[parent]
    row.deletion = replace(row.deletion, asked_by=ANN)
    outside = operators(world)
    with pytest.raises(NotAllowed):
        undo.delete_permanently(outside, parent, Asked(), Caller(ANN, world.now))
    child = undo.delete_permanently(outside, parent, Asked(), Caller(BEN, world.now))
    assert child.id == child_of(world, parent)
    before = world.now
    for _ in range(10):
        world.step(child.id)
    world.settle()
    assert world.get(child.id).status is Status.COMPLETED
    assert world.zoho.purged["1"][1] < before + 60
    assert world.get(parent).children[0].id == child.id
    with pytest.raises(WrongState):
        undo.delete_permanently(outside, parent, Asked(), Caller(BEN, world.now))


def test_without_a_waiting_one_a_new_one_is_made() -> None:
    world = World(["1", "2"])
    parent = gone(world)
    dry = undo.delete_permanently(operators(world), parent, Asked(dry_run=True), Caller(BEN, world.now))
    world.settle()
    assert document(world.get(dry.id))["plan"]["would_delete"] == 2
    made = undo.delete_permanently(operators(world), parent, Asked(), Caller(BEN, world.now))
    assert made.source == "operator"
    world.settle()
    assert outcomes(world, made.id) == "DD"
    [whole] = with_children(world.ledger, [world.get(parent)])
    assert document(whole)["recycle_bin"]["permanently_deleted"] == 2


def test_a_retry_keeps_operation_and_parent_and_takes_what_failed() -> None:
    world = World(["1", "2"])
    parent = deleted(world, ["1", "2"], 0)
    world.zoho.bin_unseen = {"1"}
    world.settle()
    child = child_of(world, parent)
    assert outcomes(world, child) == "FD"
    world.zoho.bin_unseen = set()
    outside = operators(world)
    receipt = commands.retry(outside, child, Caller(ANN, world.now))
    world.settle()
    again = world.get(receipt.deletion_id)
    assert (again.request.operation, again.request.parent) == (Operation.DELETE_PERMANENTLY, parent)
    assert again.retry_of == child
    assert outcomes(world, again.id) == "D"
    assert {c.id for c in world.get(parent).children} == {child, again.id}


def test_a_resolve_makes_another_child_for_its_own() -> None:
    world = World(["1", "2"])
    parent = world.accept(ids=("1", "2"), permanent_after=0)
    while not world.get(parent).is_final:
        world.step(parent)
        world.now += 1
    row = world.ledger.rows[parent]
    # As if the second had been unknown when the deletion ended.
    child = row.deletion.children[0]
    chunk = world.ledger.rows[child.id].chunks[0]
    world.ledger.rows[child.id].chunks[0] = replace(chunk, ids=("1",), marks="p", until=chunk.until[:1])
    small = world.ledger.rows[child.id]
    small.deletion = replace(
        small.deletion, id_count=1, counts=replace(small.deletion.counts, requested=1, pending=1)
    )
    counts = replace(row.deletion.counts, deleted=1, unknown=1)
    row.deletion = replace(row.deletion, status=Status.NEEDS_ATTENTION, counts=counts)
    row.chunks[0] = replace(row.chunks[0], marks="DU")
    commands.resolve(operators(world), parent, Outcome.DONE, "seen", Caller(ANN, world.now))
    world.settle()
    first, second = world.get(parent).children
    assert first.id == child.id
    assert world.ledger.rows[second.id].chunks[0].ids == ("2",)
    assert outcomes(world, first.id) + outcomes(world, second.id) == "DD"


@pytest.mark.parametrize("operation", ["restore", "delete_permanently"])
def test_what_a_person_deletes_again_before_a_resolve_is_left_alone(operation: str) -> None:
    """The answer for record 1 was lost, and a read settled it; days later somebody resolved the other one."""
    world = World(["1", "2"])
    world.zoho.script["delete_records"] = [lose]
    parent = gone(world)
    row = world.ledger.rows[parent]
    counts = replace(row.deletion.counts, deleted=1, unknown=1)
    row.deletion = replace(row.deletion, status=Status.NEEDS_ATTENTION, counts=counts)
    row.chunks[0] = replace(row.chunks[0], marks="DU")
    world.zoho.restore("1")
    world.now += DAY
    world.zoho.to_bin("1", world.now)
    world.now += DAY
    commands.resolve(operators(world), parent, Outcome.DONE, "seen", Caller(ANN, world.now))
    world.settle()
    assert world.get(parent).status is Status.COMPLETED
    do = undo.restore if operation == "restore" else undo.delete_permanently
    made = do(operators(world), parent, Asked(), Caller(BEN, world.now))
    world.settle()
    assert outcomes(world, made.id)[0] == "K", "a person deleted record 1"
    assert "1" in world.zoho.bin
    assert outcomes(world, made.id)[1] in "RD"


@pytest.mark.parametrize("first", ["under way", "cancelled", "over"])
def test_each_one_that_waits_is_brought_forward_whatever_became_of_the_others(first: str) -> None:
    """A resolve has made a second one, whose window ends later."""
    world = World(["1", "2"])
    parent = deleted(world, ["1", "2"])
    one = child_of(world, parent)
    _smaller(world, one)
    row = world.ledger.rows[parent]
    counts = replace(row.deletion.counts, deleted=1, unknown=1)
    row.deletion = replace(row.deletion, status=Status.NEEDS_ATTENTION, counts=counts)
    row.chunks[0] = replace(row.chunks[0], marks="DU")
    world.now += DAY
    commands.resolve(operators(world), parent, Outcome.DONE, "seen", Caller(ANN, world.now))
    world.step(parent)
    if first == "cancelled":
        commands.cancel(operators(world), one, Caller(ANN, world.now))
        world.step(one)
    else:
        world.now += 1.5 * DAY
        if first == "over":
            world.step(one)
            world.step(one)
            world.now += 60
            world.step(one)
            assert world.get(one).is_final
    other = world.get(parent).children[1].id
    made = undo.delete_permanently(operators(world), parent, Asked(), Caller(BEN, world.now))
    assert made.id == other
    world.settle(most=60)
    assert "2" in world.zoho.purged


def _smaller(world: World, child: str) -> None:
    """As if the second id had been unknown when its parent ended."""
    row = world.ledger.rows[child]
    row.chunks[0] = replace(row.chunks[0], ids=("1",), marks="p", until=row.chunks[0].until[:1])
    counts = replace(row.deletion.counts, requested=1, pending=1)
    row.deletion = replace(row.deletion, id_count=1, counts=counts)


@pytest.mark.parametrize("freeze", [Freeze.NEVER, Freeze.AUTO])
def test_what_a_job_took_whose_start_was_lost_can_be_named(freeze: Freeze) -> None:
    world = World(["1", "2"])
    world.zoho.job_seconds = 1

    def lost(work: Any) -> Reply:
        lose(work)
        world.zoho.records["3"] = None  # it enters the view before Zoho gets to the job
        return LOST

    world.zoho.script["mass_delete_view"] = [lost]
    parent = world.accept("mass_delete", cvid="5", freeze=freeze)
    world.settle()
    took = [one for one in ("1", "2", "3") if one in world.zoho.bin]
    assert took
    assert world.get(parent).job_id is None
    if freeze is Freeze.NEVER:
        assert world.get(parent).status is Status.NEEDS_ATTENTION
        with pytest.raises(WrongState, match="name their ids"):
            undo.restore(operators(world), parent, Asked(), Caller(ANN, world.now))
    world.now += 60
    world.zoho.to_bin("9", world.now)
    made = restored(world, parent, ids=(*took, "9"))
    assert outcomes(world, made) == "R" * len(took) + "K"
    assert "9" in world.zoho.bin


def test_what_zoho_has_lost_by_itself_is_not_deleted_for_good() -> None:
    world = World(["1"])
    parent = gone(world, ("1",))
    world.now = (world.get(parent).finished_at or 0) + 60 * DAY
    with pytest.raises(WrongState, match="60 days"):
        undo.delete_permanently(operators(world), parent, Asked(), Caller(BEN, world.now))


def test_an_external_id_that_named_no_record_is_skipped() -> None:
    world = World(["101"])
    world.zoho.external = {"ERP/1": ["101"], "ERP/2": []}
    parent = gone(world, ("ERP/1", "ERP/2"), external_id_field="Number")
    named = ("ERP/2", "ERP/1", "ERP/3")
    assert world.get(restored(world, parent, ids=named, dry_run=True)).status is Status.COMPLETED
    child = restored(world, parent, ids=named)
    assert (world.get(child).status, outcomes(world, child)) == (Status.COMPLETED, "KRK")
    assert list(world.zoho.records) == ["101"]
    with pytest.raises(WrongState, match="none of these ids"):
        restored(world, parent, ids=("ERP/2",))
    world.zoho.records["5"] = None
    by_records = gone(world, ("5",))
    with pytest.raises(NotValid):
        restored(world, by_records, ids=("ERP/2",))


def test_what_is_being_cancelled_is_not_brought_forward_and_the_other_way_round_it_is_cancelled() -> None:
    world = World(["1"])
    parent = deleted(world, ["1"], DAY)
    child = child_of(world, parent)
    world.step(child)
    outside = operators(world)
    commands.cancel(outside, child, Caller(ANN, world.now))
    with pytest.raises(WrongState, match="another one is being done: cancel"):
        undo.delete_permanently(outside, parent, Asked(), Caller(BEN, world.now))
    world.settle()
    assert world.get(child).status is Status.CANCELLED
    world = World(["1"])
    parent = deleted(world, ["1"], DAY)
    child = child_of(world, parent)
    outside = operators(world)
    undo.delete_permanently(outside, parent, Asked(), Caller(BEN, world.now))
    commands.cancel(outside, child, Caller(ANN, world.now))
    world.settle()
    assert (world.get(child).status, list(world.zoho.bin)) == (Status.CANCELLED, ["1"])
