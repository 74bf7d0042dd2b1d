"""What does not move is reported, and ends where a mistake of ours keeps it from moving."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.status import Status
from chalicelib.service.engine import watchdog
from chalicelib.service.engine.poll import poll
from chalicelib.service.zoho_port import ZohoFactory
from tests.unit.service.world import FakeNudges, World


def failing(world: World, problem: Exception) -> None:
    """Every worker fails from now on, right after its claim."""

    def factory(org: str, deadline: float) -> object:
        raise problem

    made: ZohoFactory = factory  # type: ignore[assignment]  # it raises before it returns
    world.deps = world.with_zoho(made)


def drop(world: World, one: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises((Unavailable, KeyError)):
            world.step(one)
        world.now += world.deps.lease_seconds


def test_a_deletion_that_workers_drop_again_and_again_is_reported() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    failing(world, Unavailable("secret", "down"))
    drop(world, one, watchdog.MANY_ATTEMPTS)
    assert ("stuck", {"deletion_id": one, "attempts": watchdog.MANY_ATTEMPTS}) in world.reports
    drop(world, one, 2 * watchdog.MOST_ATTEMPTS)
    world.deps = world.with_zoho(lambda org, deadline: world.zoho)
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_a_mistake_of_ours_ends_a_deletion_after_many_workers() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    failing(world, KeyError("a mistake of ours"))
    drop(world, one, watchdog.MOST_ATTEMPTS - 1)
    world.step(one)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=1, unknown=1))
    assert [p.code for p in done.problems] == ["STUCK"]
    assert list(dict.fromkeys(world.types(one))) == ["accepted", "needs_attention"]


def test_workers_that_give_back_in_order_start_the_count_anew() -> None:
    world = World(["1"])
    world.zoho.locked = {"1"}
    one = world.accept(ids=("1",))
    world.settle()
    assert world.get(one).status is Status.FAILED
    assert world.ledger.rows[one].attempts == 0
    assert all(event != "stuck" for event, _ in world.reports)


def test_what_nobody_takes_is_reported_by_the_poll() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    assert poll(world.deps, until=world.now - 1).overdue == 0
    world.now += watchdog.OVERDUE_SECONDS + 1
    assert poll(world.deps, until=world.now - 1).overdue == 1
    assert world.reports == [("overdue", {"count": 1, "oldest": [one]})]


def test_a_poll_asks_the_table_for_what_is_due_once_and_says_how_long_it_waits() -> None:
    world = World(["1"])
    asked: list[float] = []
    due_since = world.ledger.due_since

    def counted(now: float, limit: int) -> list[tuple[str, float]]:
        asked.append(now)
        return due_since(now, limit)

    world.ledger.due_since = counted  # type: ignore[method-assign]  # this test's own, for one call
    idle = poll(world.deps, until=world.now + 60)
    assert (idle.due, idle.oldest, len(asked)) == (0, 0.0, 1)
    world.accept(ids=("1",))
    world.now += watchdog.OVERDUE_SECONDS + 5
    busy = poll(world.deps, until=world.now - 1)
    assert (busy.oldest, busy.overdue, len(asked)) == (watchdog.OVERDUE_SECONDS + 5, 1, 2)


@pytest.mark.parametrize(("ready", "nudged"), [(0, 4), (1, 3), (4, 0), (100, 0)])
def test_a_poll_wakes_only_those_that_the_queue_has_no_message_for(ready: int, nudged: int) -> None:
    world = World([str(n) for n in range(6)])
    due = [world.accept(ids=(str(n),)) for n in range(6)]
    world.nudges.sent.clear()
    world.nudges.ready = ready
    polled = poll(world.deps, until=world.now - 1, here=2)
    assert (polled.due, polled.nudged) == (6, nudged)
    assert [deletion_id for deletion_id, _ in world.nudges.sent] == due[6 - nudged :]


@pytest.mark.parametrize(("ready", "nudged"), [(0, 10), (3, 7), (6, 4), (100, 0)])
def test_a_poll_wakes_page_after_page(monkeypatch: pytest.MonkeyPatch, ready: int, nudged: int) -> None:
    monkeypatch.setattr("chalicelib.service.engine.poll.PAGE", 5)
    world = World([str(n) for n in range(12)])
    due = sorted(world.accept(ids=(str(n),)) for n in range(12))
    world.nudges.sent.clear()
    world.nudges.ready = ready
    polled = poll(world.deps, until=world.now + 60, here=2)
    assert (polled.due, polled.nudged, polled.advanced) == (12, nudged, 2)
    woken = [one for one, _ in world.nudges.sent if one in due[2:]]
    assert woken == due[12 - nudged :]


def test_a_poll_takes_no_page_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.service.engine.poll.PAGE", 5)
    world = World()
    for n in range(12):
        world.accept(ids=(str(n),))
    world.nudges.sent.clear()
    polled = poll(world.deps, until=world.now - 1, here=2)
    assert (polled.due, polled.nudged, polled.advanced) == (5, 3, 0)


def test_a_poll_that_can_do_it_all_itself_does_not_ask_the_queue() -> None:
    world = World(["1"])
    world.accept(ids=("1",))
    world.deps = replace(world.deps, nudges=Unasked())
    assert poll(world.deps, until=world.now + 60).advanced == 1


class Unasked(FakeNudges):
    def waiting(self) -> int:
        raise AssertionError("asked")


@pytest.mark.parametrize("name", ["listed_at", "counted_at", "job_since", "still_since", "listed_from"])
def test_a_view_whose_list_would_be_fresh_for_ever_starts_no_job_and_is_set_aside(name: str) -> None:
    world = World(["1", "2"])
    one = world.accept("mass_delete", cvid="5")
    row = world.ledger.rows[one]
    row.deletion = replace(row.deletion, progress={"phase": "begin", name: world.now + 9e9})
    assert world.step(one) is False
    assert (row.due, row.aside, world.zoho.log) == (False, f"{name} lies ahead", [])
    assert [event for event, _ in world.reports] == ["set_aside"]


def test_a_clock_that_was_wrong_by_hours_sets_nothing_aside() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    row = world.ledger.rows[one]
    row.deletion = replace(row.deletion, updated_at=world.now + 3 * 3600)
    assert world.step(one)
    assert world.get(one).is_final
