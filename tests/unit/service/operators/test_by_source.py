"""One source is paused, or all that it asked for is cancelled, by one mark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.commands import Given
from chalicelib.domain.document import document
from chalicelib.domain.errors import NotAllowed, WrongState
from chalicelib.domain.operators import Pause, SourceCancel
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.service.operators import by_source, commands, undo
from chalicelib.service.operators.by_source import Cancelled
from chalicelib.service.operators.family import with_children
from chalicelib.service.operators.undo import Asked
from tests.unit.service.engine.test_limits import rest, sent
from tests.unit.service.operators.test_commands import ann, operators
from tests.unit.service.world import World


def cancelled(world: World) -> Cancelled:
    return by_source.cancel(operators(world), world.ledger, "test", ann(world), lambda: world.now)


def cancelled_while_its_job_runs(permanent_after: int | None = None) -> tuple[World, str]:
    """A view whose source is cancelled once its job runs: the job is told, not stopped, and the view ends."""
    world = World(["1", "2"])
    world.zoho.job_seconds = 30
    one = world.accept("mass_delete", cvid="5", permanent_after=permanent_after)
    for _ in range(20):
        if world.get(one).job_id:
            break
        world.step(one)
        world.now += 1
    assert cancelled(world) == Cancelled(running=1)
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    return world, one


@pytest.mark.parametrize("way", ["ids", "view", "an approval", "a pause"])
def test_what_was_asked_for_before_the_mark_ends_cancelled_and_sends_nothing(way: str) -> None:
    world = World(["1", "2"])
    if way == "a pause":
        world.ledger.set_pause(Pause("default", paused=True))
    if way == "view":
        one = world.accept("mass_delete", cvid="5")
    else:
        limits = Limits(approve_above=1) if way == "an approval" else None
        one = world.accept(ids=("1", "2"), limits=limits)
    if way in ("an approval", "a pause"):
        rest(world, one)
    assert cancelled(world) == Cancelled(cancelled=1)
    assert world.nudges.sent[-1][0] == one
    rest(world, one)
    world.settle()
    done = world.get(one)
    assert (done.status, done.cancelled_by) == (Status.CANCELLED, ann(world).arn)
    assert not sent(world)


def test_what_comes_after_the_mark_is_carried_out() -> None:
    world = World(["1"])
    cancelled(world)
    world.now += 1
    one = world.accept(ids=("1",))
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_other_sources_and_what_has_ended_are_left_alone() -> None:
    world = World(["1", "2"])
    ended = world.accept(ids=("1",))
    world.settle()
    world.ledger.set_source_cancel(SourceCancel("shop", "arn:ann", world.now + 99))
    other = world.accept(ids=("2",))
    world.settle()
    assert [world.get(one).status for one in (ended, other)] == [Status.COMPLETED] * 2
    assert cancelled(world) == Cancelled()


def test_a_job_that_runs_at_zoho_is_told_and_not_stopped() -> None:
    world, one = cancelled_while_its_job_runs()
    assert world.get(one).counts.deleted == 2


@pytest.mark.parametrize("after", [0, 86_400])
def test_what_its_job_deletes_after_the_mark_is_not_deleted_for_good(after: int) -> None:
    world, one = cancelled_while_its_job_runs(permanent_after=after)
    [child] = world.get(one).children
    assert world.get(child.id).status is Status.CANCELLED
    assert not world.zoho.purged
    [whole] = with_children(world.ledger, [world.get(one)])
    assert document(whole)["recycle_bin"]["permanent_at"] is None


def test_a_permanent_deletion_that_waits_ends_with_its_source_and_an_operator_may_ask_anew() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"), permanent_after=86_400)
    while not world.get(one).is_final:
        world.step(one)
        world.now += 1
    assert cancelled(world) == Cancelled(cancelled=1)
    [waits] = world.get(one).children
    world.step(waits.id)
    world.now += 60
    undone = undo.delete_permanently(operators(world), one, Asked(), replace(ann(world), arn="arn:somebody"))
    world.settle()
    assert (world.get(undone.id).source, world.get(undone.id).status) == ("operator", Status.COMPLETED)
    assert world.get(waits.id).status is Status.CANCELLED


def test_what_is_accepted_after_the_mark_is_not_told_as_cancelled() -> None:
    world = World(["1"])
    clock = iter([0.0, 0.0])

    def at_once() -> float:
        now = next(clock)
        if not now and not world.made:
            world.now += 1
            world.accept(ids=("1",))
        return now

    asked = ann(world)
    assert by_source.cancel(operators(world), world.ledger, "test", asked, at_once) == Cancelled()
    world.settle()
    assert world.get("del_1").status is Status.COMPLETED


def test_where_there_is_no_time_to_look_at_all_of_them_it_says_so() -> None:
    world = World([str(n) for n in range(120)])
    for n in range(120):
        world.accept(ids=(str(n + 1),))
    clock = iter([0.0, 1.0, 9.0, 9.0])
    found = by_source.cancel(operators(world), world.ledger, "test", ann(world), lambda: next(clock))
    assert (found.cancelled, found.more) == (50, True)
    world.settle()
    assert {world.get(f"del_{n + 1}").status for n in range(120)} == {Status.CANCELLED}


def test_a_paused_source_waits_and_the_others_do_not() -> None:
    world = World(["1", "2"])
    world.ledger.set_pause(Pause(None, paused=True, source="test"))
    one = world.accept(ids=("1",))
    rest(world, one)
    assert world.get(one).status is Status.WAITING
    assert "pause" in (world.get(one).waiting_for or "")
    assert not sent(world)
    world.ledger.set_pause(Pause(None, paused=False, source="test"))
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_what_is_being_cancelled_is_not_approved() -> None:
    """A yes is a yes: who approves is not told 202 for what ends cancelled."""
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"), limits=Limits(approve_above=1))
    rest(world, one)
    commands.cancel(operators(world), one, ann(world))
    with pytest.raises(WrongState, match="another one is being done: cancel"):
        commands.approve(operators(world), one, Given(2), replace(ann(world), arn="arn:somebody"))
    world.settle()
    assert world.get(one).status is Status.CANCELLED


def test_who_asked_may_approve_only_where_four_eyes_are_off() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"), limits=Limits(approve_above=1))
    rest(world, one)
    row = world.ledger.rows[one]
    row.deletion = replace(row.deletion, asked_by=ann(world).arn)
    with pytest.raises(NotAllowed, match="may not approve"):
        commands.approve(operators(world), one, Given(2), ann(world))
    commands.approve(replace(operators(world), four_eyes=False), one, Given(2), ann(world))
    world.settle()
    assert world.get(one).status is Status.COMPLETED
