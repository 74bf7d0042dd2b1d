"""What the crash matrix and a hard look at the code brought to light, each as a test of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import log_checking
from chalicelib.domain.backoff import Timeouts, exhausted, failed
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.request import Freeze, Limits
from chalicelib.domain.status import Status
from chalicelib.service.engine.poll import poll
from chalicelib.service.engine.work import Nudge, work
from tests.crash.zoho import MatrixZoho
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import LOST, error, lose
from tests.unit.service.world import World

pytestmark = pytest.mark.slow


class Spoiled(FakeLedger):
    """A ledger with items that cannot be read: whole deletions, or a deletion's ids."""

    def __init__(self) -> None:
        super().__init__()
        self.without_ids: set[str] = set()
        self.unreadable: set[str] = set()
        self.broken: set[str] = set()

    def get(self, deletion_id: str) -> Deletion | None:
        if deletion_id in self.unreadable:
            raise Unreadable(deletion_id, "written by another version")
        return super().get(deletion_id)

    def claim(self, deletion_id: str, now: float, lease_until: float) -> Any:
        claim = super().claim(deletion_id, now, lease_until)
        if claim and deletion_id in self.broken:
            raise KeyError("a mistake of ours")
        if claim and deletion_id in self.unreadable:
            raise Unreadable(deletion_id, "written by another version")
        return claim

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        if deletion_id in self.without_ids:
            raise Unreadable(deletion_id, f"chunk {number} is not whole")
        return super().chunk(deletion_id, number)


def spoiled_world(records: list[str]) -> tuple[World, Spoiled]:
    ledger = Spoiled()
    world = World(records, ledger)
    return world, ledger


def records(n: int) -> list[str]:
    return [str(i) for i in range(1, n + 1)]


def whole(world: World, one: str) -> bool:
    return log_checking.first_broken(world.ledger.entries(one, 0)) is None


def test_a_round_found_by_looking_leaves_the_log_whole() -> None:
    world = World(records(5_001))
    world.smaller_jobs(5_000)
    world.zoho.script["mass_delete_view"] = [lose]
    one = world.accept("mass_delete", cvid="5")
    world.settle()
    assert world.get(one).counts == Counts(requested=5_001, deleted=5_001)
    assert whole(world, one)


def test_an_unfrozen_view_that_grew_while_it_waited_for_the_lane_is_refused() -> None:
    world = World(records(3))
    world.accept("mass_delete", cvid="5")
    second = world.accept("mass_delete", cvid="6", freeze=Freeze.NEVER, limits=Limits(max_records=5))
    world.step("del_1")
    world.step(second)
    world.now += 3
    world.zoho._run_job()
    world.zoho.records |= dict.fromkeys(str(n) for n in range(100, 140))
    world.settle()
    done = world.get(second)
    assert (done.status, [p.code for p in done.problems]) == (Status.REFUSED, ["MAX_RECORDS"])
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_an_unfrozen_view_that_grew_while_another_job_ran_is_refused() -> None:
    world = World(records(3))
    world.zoho.script["mass_delete_view"] = [error("ALREADY_SCHEDULED")] * 10
    one = world.accept("mass_delete", cvid="5", freeze=Freeze.NEVER, limits=Limits(max_records=5))
    world.step(one)
    world.zoho.records |= dict.fromkeys(str(n) for n in range(100, 140))
    world.settle()
    assert world.get(one).status is Status.REFUSED
    assert all(lane.holder is None for lane in world.ledger.lanes.values())


def test_records_that_another_job_deleted_are_not_claimed_by_a_lost_start() -> None:
    world = World(records(9))
    world.accept("mass_delete", cvid="5")
    second = world.accept("mass_delete", cvid="6")
    world.step("del_1")
    world.step(second)
    world.zoho.script["mass_delete_view"] = [LOST]
    world.settle()
    done = world.get(second)
    assert (done.status, done.counts.deleted) == (Status.COMPLETED, 0)
    assert done.counts.already_absent == 9


def test_what_a_dead_worker_left_lying_was_not_tried_meanwhile() -> None:
    timeouts = Timeouts(give_up=60)
    world = World(["1"])
    world.zoho.script["delete_records"] = [error("INTERNAL_ERROR", 500)]
    one = world.accept(ids=("1",))
    world.step(one)
    assert world.ledger.claim(one, world.now + 5, world.now + 65) is not None
    world.now += 65
    world.settle()
    assert (world.get(one).status, world.zoho.records) == (Status.COMPLETED, {})
    once = failed(world.get(one), "send", 1000)
    assert not exhausted(once, timeouts)
    assert not exhausted(failed(once, "send", 1059), timeouts)
    assert exhausted(failed(once, "send", 1060), timeouts)


def test_a_link_that_was_sent_for_and_given_up_is_unknown_not_gone() -> None:
    world = World()
    world.zoho = MatrixZoho(lambda: world.now, [], 1)
    world.zoho.links = {"51": None}
    world.zoho.script["delink"] = [LOST] * 100
    one = world.accept(
        "delink_records", module="Campaigns", record_id="7", related_list="Contacts", ids=("51",)
    )
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=1, unknown=1))


def test_a_deletion_whose_ids_cannot_be_read_ends_and_says_so() -> None:
    world, ledger = spoiled_world(records(2))
    one = world.accept(ids=("1", "2"))
    ledger.without_ids = {one}
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=2, unknown=2))
    assert [p.code for p in done.problems] == ["UNREADABLE"]
    assert world.types(one) == ["accepted", "needs_attention"]
    assert world.zoho.records.keys() == {"1", "2"}


@pytest.mark.parametrize("how", ["unreadable", "broken"])
def test_one_bad_item_keeps_nobody_else(how: str) -> None:
    world, ledger = spoiled_world(records(3))
    bad, *good = [world.accept(ids=(one,)) for one in records(3)]
    setattr(ledger, how, {bad})
    failed = work(world.deps, [Nudge("m1", bad), Nudge("m2", good[0])], until=world.now + 30)
    assert failed == (["m1"] if how == "broken" else [])
    assert world.get(good[0]).status is Status.COMPLETED
    world.now += 61
    poll(world.deps, until=world.now + 30)
    assert world.get(good[1]).status is Status.COMPLETED


def test_a_lane_whose_holder_was_set_aside_goes_to_the_next() -> None:
    world, ledger = spoiled_world(records(3))
    held = world.accept("mass_delete", cvid="5")
    queued = world.accept("mass_delete", cvid="6")
    last = world.accept("mass_delete", cvid="7")
    for one in (held, queued, last):
        world.step(one)
    ledger.unreadable = {held, queued}
    world.settle()
    assert (ledger.rows[held].aside, ledger.rows[queued].aside) == ("written by another version",) * 2
    assert world.get(last).status is Status.COMPLETED
    assert world.ledger.lane("default").holder is None


def test_a_deletion_stays_in_its_lane_when_the_orgs_setting_changes() -> None:
    world = World(records(3))
    first, second = world.accept("mass_delete", cvid="5"), world.accept("mass_delete", cvid="6")
    world.step(first)
    world.step(second)
    world.zoho.org = replace(world.zoho.org, lane="view")
    world.settle()
    assert (world.get(first).status, world.get(second).status) == (Status.COMPLETED, Status.COMPLETED)
    assert world.ledger.lane("default").queue == ()


def test_a_module_failure_beside_calls_in_the_air_keeps_what_they_did() -> None:
    ids = records(250)
    world = World(ids)
    world.zoho.script["delete_records"] = [lambda work: work(), error("INVALID_MODULE"), lose]
    one = world.accept(ids=tuple(ids))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (
        Status.PARTIALLY_COMPLETED,
        Counts(requested=250, deleted=150, failed=100),
    )
