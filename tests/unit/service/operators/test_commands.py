from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Given, Outcome
from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import Missing, Unavailable, WrongState
from chalicelib.domain.ids import deletion_id
from chalicelib.domain.operators import Pause
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.operators import commands, listing, org_settings
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.listing import DAYS, LOOKED_AT, PAGE, Cursor, Wanted
from tests.fake_zoho import error
from tests.unit.service.engine.test_limits import rest
from tests.unit.service.engine.test_obey import log_of, records, unknown_view
from tests.unit.service.world import World

ARN = "arn:aws:iam::1:user/ann"
DAY = 86_400.0


def operators(world: World) -> Operators:
    made = iter(range(10**6))
    acceptance = Acceptance(world.ledger, world.nudges, lambda n: next(made).to_bytes(n, "big"), "test", 400)
    return Operators(world.ledger, world.nudges, acceptance)


def ann(world: World) -> Caller:
    return Caller(ARN, world.now)


def test_a_cancel_that_was_promised_is_kept() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    assert commands.cancel(operators(world), one, ann(world)).status is Status.ACCEPTED
    assert world.nudges.sent[-1] == (one, 0.0)
    assert world.step(one)
    assert world.get(one).status is Status.CANCELLED
    assert log_of(world, one)[-1] == ("cancelled", ARN)


def test_a_command_asked_for_twice_is_left_once() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    for _ in range(3):
        commands.cancel(operators(world), one, ann(world))
    assert len(world.ledger.rows[one].commands) == 1


def test_a_running_job_cannot_be_cancelled() -> None:
    world = World(["1"])
    one = world.accept("mass_delete", cvid="5")
    world.step(one)
    with pytest.raises(WrongState, match="its job runs at Zoho"):
        commands.cancel(operators(world), one, ann(world))
    assert world.ledger.rows[one].commands == []


def test_a_view_whose_start_is_not_known_cannot_be_cancelled() -> None:
    world = World(records(3))
    one = unknown_view(world)
    world.ledger.rows[one].deletion = replace(world.get(one), status=Status.RUNNING)
    with pytest.raises(WrongState, match="not known"):
        commands.cancel(operators(world), one, ann(world))


def test_a_call_that_leaves_at_the_same_moment_is_seen() -> None:
    """The worker writes its intent between the operator's look and the command: the answer is no."""
    world = World(["1"])
    one = world.accept("mass_delete", cvid="5")
    snapshot = world.ledger.snapshot

    def slow_snapshot(deletion_id: str) -> Any:
        seen = snapshot(deletion_id)
        object.__setattr__(world.ledger, "snapshot", snapshot)
        world.step(deletion_id)
        return seen

    object.__setattr__(world.ledger, "snapshot", slow_snapshot)
    with pytest.raises(WrongState):
        commands.cancel(operators(world), one, ann(world))


def test_a_deletion_that_is_written_all_the_time_is_unavailable() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    object.__setattr__(world.ledger, "command", lambda *_asked: False)
    with pytest.raises(Unavailable):
        commands.cancel(operators(world), one, ann(world))


def test_what_is_not_there_is_missing() -> None:
    world = World()
    for ask in (commands.cancel, commands.retry):
        with pytest.raises(Missing):
            ask(operators(world), "del_9", ann(world))


@pytest.mark.parametrize("count", [1, 3, 0])
def test_an_approval_of_another_count_is_refused(count: int) -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"), limits=Limits(approve_above=1))
    rest(world, one)
    with pytest.raises(WrongState, match="its count is 2"):
        commands.approve(operators(world), one, Given(count), ann(world))


def test_an_approval_of_the_right_count_deletes() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"), limits=Limits(approve_above=1))
    with pytest.raises(WrongState, match="does not wait"):
        commands.approve(operators(world), one, Given(2), ann(world))
    rest(world, one)
    commands.approve(operators(world), one, Given(2), ann(world))
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    with pytest.raises(WrongState):
        commands.approve(operators(world), one, Given(2), ann(world))


def test_an_approval_after_its_time_is_refused() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"), limits=Limits(approve_above=1))
    rest(world, one)
    world.now += 601
    with pytest.raises(WrongState, match="is over"):
        commands.approve(operators(world), one, Given(2), ann(world))


def test_what_needs_attention_is_resolved_in_one_way() -> None:
    world = World(records(3))
    one = unknown_view(world)
    commands.resolve(operators(world), one, Outcome.DONE, "looked", ann(world))
    with pytest.raises(WrongState, match="another one"):
        commands.resolve(operators(world), one, Outcome.NOT_DONE, "", ann(world))
    world.settle()
    assert world.get(one).counts == Counts(requested=3, deleted=3)
    with pytest.raises(WrongState, match="does not need attention"):
        commands.resolve(operators(world), one, Outcome.DONE, "", ann(world))


def test_what_needs_attention_can_be_cancelled_whatever_the_clocks_say() -> None:
    world = World(records(3))
    one = unknown_view(world)
    behind = Caller(ARN, world.now - 5)  # this function's clock is behind the worker's
    assert commands.cancel(operators(world), one, behind).status is Status.NEEDS_ATTENTION
    world.settle()
    assert (world.get(one).status, world.get(one).counts.unknown) == (Status.CANCELLED, 3)
    with pytest.raises(WrongState, match="has ended already: cancelled"):
        commands.cancel(operators(world), one, ann(world))


@pytest.mark.parametrize("first", ["cancel", "resolve"])
def test_only_one_way_to_end_what_needs_attention_is_promised(first: str) -> None:
    world = World(records(3))
    one = unknown_view(world)

    def end(way: str) -> None:
        if way == "cancel":
            commands.cancel(operators(world), one, ann(world))
        else:
            commands.resolve(operators(world), one, Outcome.DONE, "", ann(world))

    end(first)
    with pytest.raises(WrongState, match="another one"):
        end("resolve" if first == "cancel" else "cancel")


def test_a_retry_takes_what_failed_once() -> None:
    world = World(["1", "2", "3"])
    world.zoho.locked = {"2"}
    limits = Limits(max_records=9, cool_off_seconds=0)
    one = world.accept(ids=("1", "2", "3"), limits=limits, reference="ticket", wf_trigger=True)
    with pytest.raises(WrongState, match="has not ended"):
        commands.retry(operators(world), one, ann(world))
    world.settle()
    assert world.get(one).counts.failed == 1
    world.zoho.locked = set()
    asked = operators(world)
    first, again = (commands.retry(asked, one, ann(world)) for _ in range(2))
    assert (first.replayed, again.replayed) == (False, True)
    assert first.deletion_id == again.deletion_id
    world.settle()
    new = world.get(first.deletion_id)
    assert (new.status, new.counts, new.retry_of) == (
        Status.COMPLETED,
        Counts(requested=1, deleted=1),
        one,
    )
    assert (new.limits, new.request.reference, new.request.wf_trigger) == (limits, "ticket", True)
    assert (new.asked_by, new.source) == (ARN, "test")
    assert world.ledger.chunk(new.id, 0).ids == ("2",)


def test_there_may_be_nothing_to_retry() -> None:
    world = World(["1"])
    done, view = world.accept(ids=("1",)), world.accept("mass_delete", cvid="5")
    world.zoho.script["mass_delete_view"] = [error("NO_PERMISSION")]
    world.zoho.script["count"] = [error("NO_PERMISSION")]
    world.settle()
    for one, words in ((done, "none of its ids"), (view, "Zoho does not tell")):
        with pytest.raises(WrongState, match=words):
            commands.retry(operators(world), one, ann(world))


def test_a_retry_of_a_delink_stays_one() -> None:
    world = World(["1"])
    world.zoho.locked = {"1"}
    world.zoho.script["delink"] = [error("NO_PERMISSION")]
    one = world.accept("delink_records", ids=("1",), record_id="9", related_list="Contacts")
    world.settle()
    again = commands.retry(operators(world), one, ann(world))
    request = world.get(again.deletion_id).request
    assert (request.operation.value, request.record_id, request.related_list) == (
        "delink_records",
        "9",
        "Contacts",
    )


# --- the list ------------------------------------------------------------------------------------


def put(world: World, n: int, at: float, **request: Any) -> str:
    """A deletion accepted at `at`, under an id as the service makes them."""
    now, world.now = world.now, at
    one = world.accept(ids=("1",), **request)
    world.now = now
    row = world.ledger.rows.pop(one)
    real = deletion_id(at, n.to_bytes(10, "big"))
    row.deletion = replace(row.deletion, id=real)
    world.ledger.rows[real] = row
    return real


def everything(world: World, wanted: Wanted) -> tuple[list[str], int]:
    """Ids of all pages, and how many pages there were."""
    start: Cursor | None = None
    found: list[str] = []
    for pages in range(1, 200):
        page = listing.page(world.ledger, wanted, start, world.now)
        assert len(page.deletions) <= PAGE
        found += [one.id for one in page.deletions]
        if page.following is None:
            return found, pages
        start = page.following
    raise AssertionError("no end")


@pytest.mark.parametrize("n", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 137])
def test_every_deletion_is_listed_once_newest_first(n: int) -> None:
    world = World()
    world.now = 1_000_000_000.0
    made = [put(world, i, world.now - i * 7000) for i in range(n)]
    assert everything(world, Wanted(since=world.now - 30 * DAY))[0] == made


def test_the_filters() -> None:
    world = World()
    world.now = 1_000_000_000.0
    leads = [put(world, i, world.now - i) for i in range(0, 60, 2)]
    deals = [put(world, i, world.now - i, module="Deals") for i in range(1, 60, 2)]
    since = world.now - 30 * DAY
    assert everything(world, Wanted(since, module="Leads"))[0] == leads
    assert everything(world, Wanted(since, module="Deals"))[0] == deals
    assert everything(world, Wanted(since, status=Status.FAILED))[0] == []
    assert everything(world, Wanted(since, org="other"))[0] == []
    assert everything(world, Wanted(world.now - 10))[0] == sorted(leads[:6] + deals[:5], reverse=True)


def test_a_page_is_of_bounded_work() -> None:
    world = World()
    world.now = 1_000_000_000.0
    for i in range(LOOKED_AT + 2 * PAGE):
        put(world, i, world.now - i)
    wanted = Wanted(world.now - 400 * DAY, module="Deals")
    page = listing.page(world.ledger, wanted, None, world.now)
    assert (page.deletions, world.ledger.day_queries) == ((), LOOKED_AT // PAGE)
    assert page.following is not None
    world.ledger.day_queries = 0
    page = listing.page(World().ledger, wanted, None, world.now)
    assert page.following is not None
    assert page.following.day < "2001-08-01"
    assert DAYS < 50


# --- holds and pauses ------------------------------------------------------------------------------


def test_a_hold_that_has_ended_is_not_shown() -> None:
    world = World()
    world.hold("1", until=world.now + 10)
    world.hold("2")
    at = world.now + 10
    assert org_settings.hold(world.ledger, "default", "Leads", "2", at).record_id == "2"
    with pytest.raises(Missing):
        org_settings.hold(world.ledger, "default", "Leads", "1", at)
    found, following = org_settings.holds(world.ledger, "default", None, at)
    assert ([hold.record_id for hold in found], following) == (["2"], None)
    org_settings.remove_hold(world.ledger, "default", "Leads", "2", ann(world))
    with pytest.raises(Missing):
        org_settings.remove_hold(world.ledger, "default", "Leads", "2", ann(world))


def test_a_pause_of_all_orgs_stands_above_an_orgs_own() -> None:
    world = World()
    world.ledger.set_pause(Pause("eu", True, "eu only", ARN, world.now))
    assert not org_settings.paused(world.ledger, None).paused
    assert org_settings.paused(world.ledger, "eu").reason == "eu only"
    assert not org_settings.paused(world.ledger, "us").paused
    world.ledger.set_pause(Pause(None, True, "all", ARN, world.now))
    assert org_settings.paused(world.ledger, "eu").reason == "all"


def test_a_restored_table_is_shown_as_paused() -> None:
    world = World()
    world.ledger.pauses["*"] = "the table was restored from a backup"
    for org in (None, "eu"):
        shown = org_settings.paused(world.ledger, org)
        assert (shown.paused, shown.org, shown.reason[:9]) == (True, None, "the table")


def test_a_pause_is_looked_at_again_soon() -> None:
    world = World(["1"])
    object.__setattr__(world.deps, "timeouts", replace(world.deps.timeouts, longest=900.0))
    world.ledger.set_pause(Pause(None, True, "", ARN, world.now))
    one = world.accept(ids=("1",))
    for _ in range(10):
        world.step(one)
        assert world.ledger.rows[one].next_at - world.now <= 30
        world.now = world.ledger.rows[one].next_at
    world.ledger.set_pause(Pause(None, False, "", ARN, world.now))
    world.step(one)
    assert world.get(one).status is Status.COMPLETED
