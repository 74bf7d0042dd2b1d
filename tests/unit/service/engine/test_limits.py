from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import quota
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.request import Freeze, Limits
from chalicelib.domain.status import Status
from tests.fake_zoho import REFUSED, error
from tests.unit.service.engine.test_obey import command, log_of
from tests.unit.service.world import World

DESTRUCTIVE = {"delete_records", "delete_external", "mass_delete_ids", "mass_delete_view", "delink"}
WAYS = ["ids", "view"]


def records(n: int) -> list[str]:
    return [str(i) for i in range(1, n + 1)]


def ask(world: World, way: str, limits: Limits, **more: Any) -> str:
    """A deletion of all of the world's records."""
    if way == "view":
        return world.accept("mass_delete", cvid="5", limits=limits, **more)
    return world.accept(ids=tuple(world.zoho.records), limits=limits, **more)


def sent(world: World) -> list[str]:
    return [name for name, _ in world.zoho.log if name in DESTRUCTIVE]


def codes(deletion: Deletion) -> list[tuple[str, int]]:
    return [(p.code, p.count) for p in deletion.problems]


def approve(world: World, one: str, count: int) -> None:
    approval = world.get(one).approval
    assert approval is not None
    command(world, one, do="approve", count=count, asked_at=approval.asked_at)


def rest(world: World, one: str) -> None:
    """Advance while it is due, without moving the clock."""
    while world.step(one) and one in world.ledger.due(world.now, 5):
        pass


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(max_records=5), "MAX_RECORDS"), (Limits(max_share=0.5), "MAX_SHARE")],
)
def test_refused_before_the_first_destructive_call(
    way: str, limits: Limits, code: str, dry_run: bool
) -> None:
    world = World(records(6))
    world.zoho.others = 5
    one = ask(world, way, limits, dry_run=dry_run)
    world.settle()
    done = world.get(one)
    assert (done.status, codes(done), sent(world)) == (Status.REFUSED, [(code, 6)], [])
    assert world.types(one) == ["accepted", "refused"]


@pytest.mark.parametrize("way", WAYS)
def test_a_share_that_is_allowed_is_deleted(way: str) -> None:
    world = World(records(6))
    world.zoho.others = 6
    one = ask(world, way, Limits(max_share=0.5))
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.COMPLETED, 6)
    assert [what for name, what in world.zoho.log if name == "count"][-1] is None


@pytest.mark.parametrize("way", WAYS)
def test_a_share_of_what_cannot_be_counted_is_refused(way: str) -> None:
    world = World(records(6))
    count = world.zoho.count

    def uncountable(module: str, cvid: str | None = None) -> Any:
        return count(module, cvid) if cvid else error("NOT_SUPPORTED")

    object.__setattr__(world.zoho, "count", uncountable)
    one = ask(world, way, Limits(max_share=0.5, allow_uncounted=True))
    world.settle()
    assert (world.get(one).status, sent(world)) == (Status.REFUSED, [])
    assert codes(world.get(one)) == [("CANNOT_COUNT", 6)]


@pytest.mark.parametrize("limits", [Limits(approve_above=3), Limits(max_share=0.5)])
def test_an_uncounted_view_passes_no_limit_that_needs_its_count(limits: Limits) -> None:
    world = World(records(6))
    object.__setattr__(world.zoho, "count", lambda module, cvid=None: error("NOT_SUPPORTED"))
    allowed = Limits(approve_above=limits.approve_above, max_share=limits.max_share, allow_uncounted=True)
    one = ask(world, "view", allowed)
    world.settle()
    assert (world.get(one).status, sent(world)) == (Status.REFUSED, [])


@pytest.mark.parametrize("way", WAYS)
def test_a_module_count_that_does_not_come_is_waited_for(way: str) -> None:
    world = World(records(2))
    world.zoho.others = 8
    world.zoho.script["count"] = [REFUSED, REFUSED]
    one = ask(world, way, Limits(max_share=0.5))
    world.step(one)
    assert (world.get(one).status, sent(world)) == (Status.WAITING, [])
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_a_module_that_zoho_does_not_know_has_failed() -> None:
    world = World(records(2))
    world.zoho.script["count"] = [error("INVALID_MODULE")]
    one = ask(world, "ids", Limits(max_share=0.5))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts, sent(world)) == (Status.FAILED, Counts(requested=2, failed=2), [])


def test_delinking_takes_no_share_of_a_module() -> None:
    world = World(records(2))
    one = world.accept(
        "delink_records", ids=("1",), record_id="9", related_list="Contacts", limits=Limits(max_share=0.1)
    )
    world.settle()
    assert (world.get(one).status, world.zoho.sent("count")) == (Status.COMPLETED, [])


@pytest.mark.parametrize("way", WAYS)
def test_above_the_limit_a_person_has_to_approve_the_count(way: str) -> None:
    world = World(records(4))
    one = ask(world, way, Limits(approve_above=3))
    rest(world, one)
    waits = world.get(one)
    assert (waits.status, waits.waiting_for, sent(world)) == (Status.AWAITING_APPROVAL, "approval", [])
    assert waits.approval is not None
    assert waits.approval.count == 4
    assert world.types(one) == ["accepted", "awaiting_approval"]
    approve(world, one, 4)
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.COMPLETED, 4)
    assert ("approved", "arn:aws:iam::1:user/ann") in log_of(world, one)
    assert world.types(one).count("awaiting_approval") == 1


@pytest.mark.parametrize("way", WAYS)
def test_up_to_the_limit_nobody_is_asked(way: str) -> None:
    world = World(records(3))
    one = ask(world, way, Limits(approve_above=3))
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    assert "awaiting_approval" not in world.types(one)


@pytest.mark.parametrize("way", WAYS)
def test_an_approval_that_never_comes_is_refused(way: str) -> None:
    world = World(records(4))
    one = ask(world, way, Limits(approve_above=3))
    world.settle()
    done = world.get(one)
    assert (done.status, codes(done), sent(world)) == (Status.REFUSED, [("APPROVAL_EXPIRED", 4)], [])
    assert world.now - done.created_at < 610
    assert world.types(one) == ["accepted", "awaiting_approval", "refused"]


def test_an_unfrozen_view_that_grew_has_to_be_approved_anew() -> None:
    world = World(records(4))
    one = world.accept("mass_delete", cvid="5", freeze=Freeze.NEVER, limits=Limits(approve_above=3))
    rest(world, one)
    approve(world, one, 4)
    world.zoho.records["99"] = None
    rest(world, one)
    waits = world.get(one)
    assert waits.approval is not None
    assert (waits.status, waits.approval.count, waits.approval.approved_at) == (
        Status.AWAITING_APPROVAL,
        5,
        None,
    )
    assert (world.types(one).count("awaiting_approval"), sent(world)) == (2, [])
    approve(world, one, 5)
    world.settle()
    assert world.get(one).counts.deleted == 5


def test_while_an_approval_is_waited_for_nothing_is_asked_of_zoho() -> None:
    world = World(records(4))
    one = ask(world, "view", Limits(approve_above=3, max_share=1.0))
    rest(world, one)
    asked = len(world.zoho.log)
    for _ in range(20):
        world.now += 5
        rest(world, one)
    assert len(world.zoho.log) == asked


def test_a_view_that_waits_for_approval_does_not_keep_the_lane() -> None:
    world = World(records(4))
    first = ask(world, "view", Limits())
    second = ask(world, "view", Limits(approve_above=3))
    world.step(first)
    rest(world, second)
    world.settle(600)
    assert all(lane.holder is None for lane in world.ledger.lanes.values())


@pytest.mark.parametrize("way", WAYS)
def test_a_cool_off_waits_before_the_first_delete_and_can_be_cancelled(way: str) -> None:
    world = World(records(2))
    one, other = (ask(world, way, Limits(cool_off_seconds=30)) for _ in range(2))
    rest(world, one)
    waits = world.get(one)
    assert (waits.status, waits.waiting_for, sent(world)) == (Status.WAITING, "cool-off", [])
    command(world, other, do="cancel")
    world.settle()
    assert world.get(other).status is Status.CANCELLED
    assert (world.get(one).status, len(sent(world))) == (Status.COMPLETED, 1)
    assert world.get(one).started_at == waits.created_at + 30


@pytest.mark.parametrize("way", WAYS)
def test_a_dry_run_needs_no_approval_and_no_cool_off(way: str) -> None:
    world = World(records(4))
    one = ask(world, way, Limits(approve_above=1, cool_off_seconds=1000), dry_run=True)
    world.step(one)
    assert (world.get(one).status, sent(world)) == (Status.COMPLETED, [])


# --- over time ---------------------------------------------------------------------------------------


def named_today(world: World) -> int:
    return world.ledger.tally("test", quota.day_of(world.now)).day


@pytest.mark.parametrize("freeze", [Freeze.AUTO, Freeze.NEVER])
def test_a_view_counts_once_when_it_is_listed_or_counted(freeze: Freeze) -> None:
    world = World(records(6))
    limits = Limits(max_records=10, max_records_per_day=10, approve_above=5)
    one = ask(world, "view", limits, freeze=freeze)
    rest(world, one)
    assert world.get(one).status is Status.AWAITING_APPROVAL
    assert (named_today(world), world.get(one).asked_before) == (6, 0)
    approve(world, one, 6)
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    assert named_today(world) == 6


@pytest.mark.parametrize("freeze", [Freeze.AUTO, Freeze.NEVER])
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_records_per_day=10), "DAILY_LIMIT"),
        (Limits(max_records_per_hour=10), "HOURLY_LIMIT"),
        (Limits(max_records_per_hour=10, max_records_per_day=10), "DAILY_LIMIT"),
        (Limits(max_records_per_day=5), "DAILY_LIMIT"),  # larger than the limit itself
    ],
)
def test_a_view_that_passes_what_its_source_may_name_is_refused(
    freeze: Freeze, limits: Limits, code: str
) -> None:
    world = World(records(6))
    world.ledger.count(quota.Count("test", 5, world.now, "before"))
    one = ask(world, "view", limits, freeze=freeze)
    world.settle()
    assert world.get(one).status is Status.REFUSED
    assert codes(world.get(one)) == [(code, 6)]
    assert not sent(world)
    assert named_today(world) == 5


def test_a_dry_run_of_a_view_counts_nothing_and_meets_no_full_day() -> None:
    world = World(records(6))
    world.ledger.count(quota.Count("test", 5, world.now, "before"))
    one = ask(world, "view", Limits(max_records_per_day=10), dry_run=True)
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    assert named_today(world) == 5


def test_what_another_limit_refuses_counts_nothing() -> None:
    world = World(records(6))
    ask(world, "view", Limits(max_records=5, max_records_per_day=100))
    world.settle()
    assert named_today(world) == 0


def test_what_cannot_be_counted_uses_up_as_much_as_it_may_take() -> None:
    world = World(records(6))
    world.zoho.script["count"] = [error("NOT_SUPPORTED")] * 9
    ask(
        world,
        "view",
        Limits(max_records=8, max_records_per_day=100, allow_uncounted=True),
        freeze=Freeze.NEVER,
    )
    world.settle()
    assert named_today(world) == 8


@pytest.mark.parametrize(("before", "waits"), [(4, False), (5, True), (50, True)])
@pytest.mark.parametrize("way", WAYS)
def test_what_a_source_asked_for_before_that_day_counts_for_the_approval(
    way: str, before: int, waits: bool
) -> None:
    world = World(records(6))
    world.ledger.count(quota.Count("test", before, world.now, "before"))
    one = ask(world, way, Limits(max_records=10, approve_above=10))
    if way == "ids":
        world.ledger.rows[one].deletion = replace(world.get(one), asked_before=before)
    rest(world, one)
    approval = world.get(one).approval
    assert (approval is not None) is waits
    if approval is not None:
        assert (approval.count, world.get(one).status) == (6, Status.AWAITING_APPROVAL)
        assert not sent(world)
        approve(world, one, 6)
    world.settle()
    assert world.get(one).status is Status.COMPLETED
