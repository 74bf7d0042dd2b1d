"""Whatever ends a deletion by ids, what was sent is settled in the same way, and nothing waits for ever."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from tests.crash.zoho import MatrixZoho
from tests.fake_zoho import LOST, error
from tests.unit.service.engine.test_obey import cancel, records
from tests.unit.service.world import World

GONE = error("INTERNAL_ERROR", 500)


def delinking(n: int, lost: Any) -> tuple[World, str]:
    """Links that are asked for and never go: no call reaches Zoho, and no answer comes."""
    world = World()
    world.zoho = zoho = MatrixZoho(lambda: world.now, [], 1)
    ids = tuple(str(i) for i in range(51, 51 + n))
    zoho.links = dict.fromkeys(ids)
    world.zoho.script["delink"] = [lost] * 1000
    one = world.accept("delink_records", module="Campaigns", record_id="7", related_list="Contacts", ids=ids)
    return world, one


def lose_secret(world: World) -> None:
    def gone(org: str, deadline: float) -> Any:
        raise SecretUnusable("expunge/x/zoho/default", "is missing")

    world.deps = world.with_zoho(gone)


def pass_time(world: World, give_up_times: float = 3) -> None:
    """All that happens by itself within so many give-up times."""
    end = world.now + give_up_times * world.deps.timeouts.give_up
    while world.now < end:
        for one in world.ledger.due(world.now, 9):
            world.step(one)
        waiting = [row.next_at for row in world.ledger.rows.values() if row.due]
        if not waiting:
            return
        world.now = max(world.now + 0.001, min(waiting))


def refuse(world: World, one: str) -> None:
    """Zoho refuses the whole request from now on."""
    world.zoho.script["delink"] = [error("NO_PERMISSION", 403)] * 1000


@pytest.mark.parametrize("lost", [LOST, GONE], ids=["no answer", "a 500"])
@pytest.mark.parametrize("n", [1, 150])
@pytest.mark.parametrize(
    "ending", [cancel, refuse, lambda world, one: None], ids=["cancel", "refusal", "give-up"]
)
def test_a_link_that_was_sent_for_without_an_answer_is_never_said_to_be_gone(
    ending: Any, n: int, lost: Any
) -> None:
    world, one = delinking(n, lost)
    world.step(one)
    ending(world, one)
    pass_time(world)
    done = world.get(one)
    assert (done.status, done.counts.deleted, done.counts.already_absent) == (Status.NEEDS_ATTENTION, 0, 0)
    assert done.counts.unknown == min(n, 100)
    assert isinstance(world.zoho, MatrixZoho)
    assert len(world.zoho.links) == n
    assert world.zoho.sent("read") == []


def test_a_cancelled_delink_keeps_what_was_not_sent_pending() -> None:
    world, one = delinking(150, LOST)
    world.step(one)
    cancel(world, one)
    world.settle()
    assert world.get(one).counts == Counts(requested=150, unknown=100, pending=50)


def test_a_cancel_leaves_pending_what_only_waited() -> None:
    world = World(["1", "2"])
    world.zoho.locked = {"1"}
    one = world.accept(ids=("1", "2"))
    world.step(one)
    cancel(world, one)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.CANCELLED, Counts(requested=2, deleted=1, pending=1))
    assert world.zoho.sent("read") == []


ASKED: dict[str, dict[str, Any]] = {
    "plain": {"ids": ("1",)},
    "dry run": {"ids": ("1",), "dry_run": True},
    "share": {"ids": ("1",), "limits": Limits(max_share=0.5)},
    "external": {"ids": ("1",), "external_id_field": "External"},
    "external dry run": {"ids": ("1",), "external_id_field": "External", "dry_run": True},
}


@pytest.mark.parametrize("paused", [False, True], ids=["never paused", "paused in between"])
@pytest.mark.parametrize("cancelled", [False, True], ids=["", "cancelled"])
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_without_a_usable_secret_every_deletion_ends(asked: Any, cancelled: bool, paused: bool) -> None:
    world = World(["1"])
    one = world.accept(**asked)
    lose_secret(world)
    pass_time(world, 0.5)
    assert world.get(one).status is Status.WAITING
    pause_for_a_while(world, paused)
    if cancelled:
        cancel(world, one)
    pass_time(world)
    done = world.get(one)
    assert done.status is (Status.CANCELLED if cancelled else Status.FAILED)
    assert world.zoho.log == []


@pytest.mark.parametrize("paused", [False, True], ids=["never paused", "paused in between"])
@pytest.mark.parametrize("cancelled", [False, True], ids=["", "cancelled"])
@pytest.mark.parametrize("asked", [ASKED["plain"], ASKED["external"]], ids=["plain", "external"])
def test_without_a_usable_secret_what_was_sent_ends_unknown(
    asked: Any, cancelled: bool, paused: bool
) -> None:
    world = World(["1"])
    world.zoho.script["delete_records"] = [LOST]
    one = world.accept(**asked)
    world.step(one)
    lose_secret(world)
    if cancelled:
        cancel(world, one)
    pass_time(world, 0.5)
    pause_for_a_while(world, paused)
    pass_time(world)
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=1, unknown=1))
    assert world.ledger.chunk(one, 0).at(Mark.UNKNOWN) == [0]


def pause_for_a_while(world: World, paused: bool) -> None:
    if paused:
        world.ledger.pauses["*"] = "stop"
        pass_time(world, 2)
        assert world.ledger.due(world.now + 10**9, 9), "the give-up time stands still in a pause"
        world.ledger.pauses.clear()


def test_a_cancel_before_anything_was_sent_needs_no_zoho() -> None:
    world = World(records(3))
    one = world.accept(ids=tuple(records(3)))
    lose_secret(world)
    world.ledger.pauses["*"] = "stop"
    cancel(world, one)
    assert world.step(one)
    assert world.get(one).status is Status.CANCELLED


def test_a_cancelled_dry_run_is_cancelled_and_counts_nothing() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",), dry_run=True)
    lose_secret(world)
    pass_time(world, 0.5)
    world.now += 10 * world.deps.timeouts.give_up
    cancel(world, one)
    world.settle()
    assert (world.get(one).status, world.get(one).plan) == (Status.CANCELLED, None)


@pytest.mark.parametrize("lost", [LOST, GONE])
def test_what_is_in_doubt_ends_with_its_keeping_time_though_sending_is_paused_for_ever(lost: Any) -> None:
    world = World(records(3))
    world.zoho.script["delete_records"] = [lost]
    one = world.accept(ids=("1", "2", "3"))
    world.step(one)
    world.ledger.pauses["*"] = "for ever"
    world.now = world.get(one).expires_at - 1.0
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=3, unknown=3))
    assert len(world.zoho.sent("delete_records")) == 1


def test_a_pause_takes_nothing_of_the_time_that_locked_records_have() -> None:
    world = World(["1", "2"])
    world.zoho.locked = {"1"}
    one = world.accept(ids=("1", "2"))
    world.step(one)
    pass_time(world, 0.5)
    assert world.get(one).waiting_for == "locked records"
    pause_for_a_while(world, True)
    pass_time(world, 0.3)
    assert not world.get(one).is_final
    world.zoho.locked = set()
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=2)


def test_locked_records_fail_with_zohos_code_when_their_time_is_over() -> None:
    world = World(["1", "2"])
    world.zoho.locked = {"1"}
    one = world.accept(ids=("1", "2"))
    began = world.now
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (
        Status.PARTIALLY_COMPLETED,
        Counts(requested=2, deleted=1, failed=1),
    )
    assert [problem.code for problem in done.problems] == ["RECORD_LOCKED"]
    assert world.deps.timeouts.give_up <= world.now - began < world.deps.timeouts.give_up + 10
