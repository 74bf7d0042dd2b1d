"""A view that is listed before it is deleted: what goes is known, and what became of each record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.backoff import Patience
from chalicelib.domain.deletion import Counts, Freeze, Limits, Status, Territory
from chalicelib.domain.document import document
from chalicelib.domain.lane import Lane
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.by_view.listing import PAGES_A_STEP
from chalicelib.service.engine import waiting
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import LOST, REFUSED, FakeZoho, error, lose
from tests.unit.service.world import PATIENCE, World

pytestmark = pytest.mark.slow


def view(world: World, **more: Any) -> str:
    return world.accept("mass_delete", cvid="5", **more)


def records(n: int) -> list[str]:
    return [str(i) for i in range(1, n + 1)]


def outcomes(world: World, one: str) -> dict[str, str]:
    """What became of each id."""
    found: dict[str, str] = {}
    for number in range(world.get(one).chunks):
        chunk = world.ledger.chunk(one, number)
        found |= {i: outcome_name(Mark(m)) for i, m in zip(chunk.ids, chunk.marks, strict=True)}
    return found


def codes(world: World, one: str) -> list[tuple[str, int]]:
    return [(p.code, p.count) for p in world.get(one).problems]


def tally(world: World, one: str) -> Counter[str]:
    return Counter(outcomes(world, one).values())


def names(world: World) -> list[str]:
    return [name for name, _ in world.zoho.log]


# --- the job --------------------------------------------------------------------------------------


def test_a_view_is_listed_started_once_followed_and_settled_by_the_deleted_list() -> None:
    world = World(records(9))
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts(requested=9, deleted=9))
    assert outcomes(world, one) == dict.fromkeys(records(9), "deleted")
    assert names(world) == ["view_ids", "mass_delete_view", "job_status", "deleted_since"]
    assert world.types(one) == ["accepted", "started", "completed"]
    shown = document(done)
    assert (shown["frozen"], shown["job"]) == (True, {"id": "77", "status": "COMPLETED", "unlisted": 0})


def test_while_the_job_runs_its_own_counts_are_shown() -> None:
    world = World(records(9))
    told = {"Status": "RUNNING", "Total_Count": 9, "Deleted_Count": 4, "Failed_Count": 0}
    world.zoho.script["job_status"] = [Reply(200, body={"data": [told]})]
    one = view(world)
    world.step(one)
    world.now += 5
    world.step(one)
    shown = document(world.get(one))["counts"]
    assert (shown["deleted"], shown["pending"], shown["requested"]) == (4, 5, 9)
    assert world.get(one).counts == Counts(requested=9, pending=9)


def test_a_locked_record_is_named_as_failed() -> None:
    world = World(records(9))
    world.zoho.locked = {"3"}
    one = view(world)
    world.settle()
    assert world.get(one).status is Status.PARTIALLY_COMPLETED
    assert outcomes(world, one)["3"] == "failed"
    assert codes(world, one) == [("JOB_RECORD_FAILED", 1)]
    assert tally(world, one) == {"deleted": 8, "failed": 1}


def test_what_others_deleted_between_the_list_and_the_start_was_already_absent() -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [error("ALREADY_SCHEDULED")]

    def somebody(work: Callable[[], Reply]) -> Reply:
        world.zoho._remove("1")
        world.now += 5
        return work()

    world.zoho.script["mass_delete_view"] = [somebody]
    one = view(world)
    world.settle()
    # It left before the job began, in a second before the start.
    assert outcomes(world, one)["1"] in ("already_absent", "deleted")
    assert tally(world, one)["deleted"] >= 8
    assert world.get(one).status is Status.COMPLETED


def test_a_list_that_lags_is_asked_again_and_nothing_is_concluded_meanwhile() -> None:
    world = World(records(9))
    world.zoho.list_lag = 20
    one = view(world)
    world.settle()
    assert tally(world, one) == {"deleted": 9}
    assert world.get(one).updated_at - world.get(one).created_at >= 20


def test_what_the_list_never_names_is_unknown_after_the_give_up_time() -> None:
    world = World(records(9))
    world.zoho.list_lag = 10**9
    one = view(world)
    world.settle()
    assert world.get(one).status is Status.NEEDS_ATTENTION
    assert tally(world, one) == {"unknown": 9}
    assert len(world.zoho.sent("deleted_since")) < 40


def test_records_that_went_with_the_job_and_were_not_listed_are_counted() -> None:
    world = World(records(9))

    def late(work: Callable[[], Reply]) -> Reply:
        world.zoho.records |= {"100": None, "101": None}
        return work()

    world.zoho.script["mass_delete_view"] = [late]
    one = view(world)
    world.settle()
    assert world.get(one).counts == Counts(requested=9, deleted=9)
    assert document(world.get(one))["job"]["unlisted"] == 2
    assert set(outcomes(world, one)) == set(records(9))


def test_an_empty_view_has_nothing_to_do() -> None:
    world = World()
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.COMPLETED, Counts())
    assert names(world) == ["view_ids"]


def test_a_view_that_zoho_finds_empty_makes_what_is_gone_absent_and_the_rest_left() -> None:
    world = World(records(3))

    def emptied(work: Callable[[], Reply]) -> Reply:
        world.zoho._remove("1")
        world.zoho.outside = {"2", "3"}
        return work()

    world.zoho.script["mass_delete_view"] = [emptied]
    one = view(world)
    world.settle()
    assert outcomes(world, one) == {"1": "already_absent", "2": "failed", "3": "failed"}
    assert codes(world, one) == [("LEFT_VIEW", 2)]


@pytest.mark.parametrize(("deleted", "status"), [(2, Status.PARTIALLY_COMPLETED), (0, Status.FAILED)])
def test_a_job_that_zoho_ended_early(deleted: int, status: Status) -> None:
    world = World(records(3))
    told = {"Status": "FAILED", "Total_Count": 3, "Deleted_Count": deleted, "Failed_Count": 0}

    def ends(work: Callable[[], Reply]) -> Reply:
        for gone in records(3)[:deleted]:
            world.zoho._remove(gone)
        return Reply(200, body={"data": [told]})

    world.zoho.job_seconds = 1000
    world.zoho.script["job_status"] = [ends]
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (status, deleted)
    assert codes(world, one) == [("JOB_FAILED", 3 - deleted)]


def test_a_job_that_never_ends_leaves_unknown_what_is_still_there() -> None:
    world = World(records(3))
    world.zoho.job_seconds = 10**9
    one = view(world)
    world.settle(2000)
    assert world.get(one).status is Status.NEEDS_ATTENTION
    assert (tally(world, one), codes(world, one)) == ({"unknown": 3}, [("JOB_TOO_OLD", 3)])


def test_a_job_whose_status_is_never_told_needs_attention() -> None:
    world = World(records(3))
    world.zoho.script["job_status"] = [error("INVALID_TOKEN", 401)] * 1000
    one = view(world)
    world.settle(2000)
    assert world.get(one).status is Status.NEEDS_ATTENTION
    assert codes(world, one) == [("JOB_TOO_OLD", 3)]


@pytest.mark.parametrize("code", ["LIMIT_EXCEEDED", "NO_PERMISSION", "NOT_SUPPORTED", "INVALID_DATA"])
def test_a_refused_start_fails_every_listed_record_with_zohos_code(code: str) -> None:
    world = World(records(3))
    world.zoho.script["mass_delete_view"] = [error(code)]
    one = view(world)
    world.settle()
    assert world.get(one).status is Status.FAILED
    assert (tally(world, one), codes(world, one)) == ({"failed": 3}, [(code, 3)])
    assert all(lane.holder is None for lane in world.ledger.lanes.values())


# --- a lost start ---------------------------------------------------------------------------------


def test_a_lost_start_that_ran_is_waited_for_and_settled() -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [lose]
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 9})
    assert len(world.zoho.sent("mass_delete_view")) == 1
    assert [code for code, _ in codes(world, one)] == ["START_LOST"]


@pytest.mark.parametrize("reply", [LOST, Reply(502, failure="html"), Reply(200, body={"data": []})])
def test_a_lost_start_that_did_nothing_is_finished_by_ids_and_never_sent_again(reply: Reply) -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [reply]
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 9})
    assert len(world.zoho.sent("mass_delete_view")) == 1
    assert world.zoho.sent("delete_records") == [records(9)]
    assert [code for code, _ in codes(world, one)] == ["START_LOST"]


def test_after_a_lost_start_nothing_that_came_later_goes_by_our_doing() -> None:
    world = World(records(9))

    def lost_and_more(work: Callable[[], Reply]) -> Reply:
        world.zoho.records |= {"100": None}
        return LOST

    world.zoho.script["mass_delete_view"] = [lost_and_more]
    one = view(world)
    world.settle()
    assert list(world.zoho.records) == ["100"]
    assert tally(world, one) == {"deleted": 9}


def test_a_job_that_zoho_starts_late_does_not_lead_to_a_second_one() -> None:
    world = World(records(300))
    world.zoho.job_seconds = PATIENCE.settle * 5
    world.zoho.script["mass_delete_view"] = [lose]
    one = view(world)
    world.settle()
    assert tally(world, one)["deleted"] + tally(world, one)["already_absent"] == 300
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_refused_connection_and_a_readable_refusal_are_not_lost() -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [REFUSED, error("ALREADY_SCHEDULED"), error("NEW_CODE")]
    one = view(world)
    world.settle()
    assert (tally(world, one), codes(world, one)) == ({"deleted": 9}, [])
    assert len(world.zoho.sent("mass_delete_view")) == 4


def test_a_job_that_zoho_forgot_is_finished_by_ids() -> None:
    world = World(records(9))
    one = view(world)
    world.step(one)
    world.zoho.job = None
    world.settle()
    assert (tally(world, one), len(world.zoho.sent("mass_delete_view"))) == ({"deleted": 9}, 1)


def test_a_worker_that_dies_with_the_start_in_the_air_never_sends_it_twice() -> None:
    world = World(records(9))

    def die(work: object) -> Reply:
        raise KeyboardInterrupt

    world.zoho.script["mass_delete_view"] = [die]
    one = view(world)
    with pytest.raises(KeyboardInterrupt):
        world.settle()
    world.now += 100
    world.settle()
    assert tally(world, one) == {"deleted": 9}
    assert len(world.zoho.sent("mass_delete_view")) == 1


@pytest.mark.parametrize("name", ["view_ids", "deleted_since", "read", "count"])
def test_a_start_that_is_lost_while_zoho_throttles_stays_one_start(name: str) -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [LOST]
    one = view(world)
    world.step(one)
    world.zoho.script[name] = [error("TOO_MANY_REQUESTS", 429)] * 5
    world.settle()
    assert (tally(world, one), len(world.zoho.sent("mass_delete_view"))) == ({"deleted": 9}, 1)


# --- by ids instead -------------------------------------------------------------------------------


def test_exact_never_uses_the_job_and_takes_only_what_both_readings_hold() -> None:
    world = World(records(9))
    readings = []

    def changed(work: Callable[[], Reply]) -> Reply:
        readings.append(1)
        if len(readings) == 2:
            world.zoho._remove("1")
            world.zoho.outside = {"2"}
            world.zoho.records |= {"100": None}
        return work()

    world.zoho.script["view_ids"] = [changed] * 9
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert world.zoho.sent("mass_delete_view") == []
    found = outcomes(world, one)
    assert (found["1"], found["2"]) == ("already_absent", "failed")
    assert codes(world, one) == [("LEFT_VIEW", 1)]
    assert set(world.zoho.records) == {"2", "100"}
    assert world.get(one).status is Status.PARTIALLY_COMPLETED


def test_a_module_with_holds_goes_by_ids_without_what_is_held() -> None:
    world = World(records(9))
    world.hold("4")
    one = view(world)
    world.settle()
    assert (outcomes(world, one)["4"], tally(world, one)["deleted"]) == ("held", 8)
    assert world.zoho.sent("mass_delete_view") == []


@pytest.mark.parametrize("moment", ["lane", "intent"])
def test_a_hold_that_is_set_before_the_start_stops_the_job(moment: str) -> None:
    world = World(records(9))
    one = view(world)
    if moment == "lane":
        other = view(world)
        world.step(other)
        world.step(one)
        world.hold("4")
    else:
        publish = world.topic.publish

        def hold_then(message: str, attributes: Any) -> None:
            if '"started"' in message or "deletion.started" in message:
                world.hold("4")
            publish(message, attributes)

        world.topic.publish = hold_then  # type: ignore[method-assign]
    world.settle()
    assert outcomes(world, one)["4"] == "held" if moment == "intent" else True
    assert world.zoho.sent("mass_delete_view") == ([] if moment == "intent" else ["5"])


def test_an_edition_without_the_call_is_completed_by_ids() -> None:
    world = World(records(3))
    words = "Scheduled Mass Operation feature is not available in your edition"
    world.zoho.script["mass_delete_view"] = [Reply(403, items=(Item("OFF", words),), body={"data": []})]
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 3})


def test_an_old_list_is_read_again_and_something_new_in_it_stops_the_job() -> None:
    world = World(records(9))
    one = view(world, limits=Limits(approve_above=5))
    world.step(one)
    world.now += 40
    world.zoho.records |= {"100": None}
    _approve(world, one, 9)
    world.settle()
    assert (tally(world, one), list(world.zoho.records)) == ({"deleted": 9}, ["100"])
    assert world.zoho.sent("mass_delete_view") == []


def test_an_old_list_without_anything_new_goes_by_the_job() -> None:
    world = World(records(9))
    one = view(world, limits=Limits(approve_above=5))
    world.step(one)
    world.now += 40
    world.zoho.outside = {"2"}
    _approve(world, one, 9)
    world.settle()
    assert len(world.zoho.sent("mass_delete_view")) == 1
    assert outcomes(world, one)["2"] == "failed"
    assert codes(world, one) == [("LEFT_VIEW", 1)]


def test_what_a_full_job_leaves_goes_by_ids() -> None:
    world = World(records(50_010))
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 50_010})
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_mass_delete_of_somebody_else_that_never_ends_is_not_waited_for_forever() -> None:
    world = World(records(900))
    world.zoho.script["mass_delete_view"] = [error("ALREADY_SCHEDULED")] * 100_000
    one = view(world)
    world.settle(20_000)
    assert tally(world, one) == {"deleted": 900}
    assert len(world.zoho.sent("view_ids")) < 150


def test_a_view_that_is_gone_when_it_is_read_again_fails_with_zohos_code() -> None:
    world = World(records(3))
    world.zoho.script["view_ids"] = [lambda work: work(), error("INVALID_DATA")]
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert (tally(world, one), codes(world, one)) == ({"failed": 3}, [("INVALID_DATA", 3)])
    assert len(world.zoho.records) == 3


# --- limits, plans, what cannot be listed ---------------------------------------------------------


def test_reading_stops_at_one_more_than_may_go() -> None:
    world = World(records(1000))
    one = view(world, limits=Limits(max_records=5))
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.REFUSED, Counts())
    assert codes(world, one) == [("MAX_RECORDS", 6)]
    assert names(world) == ["view_ids"]


def test_a_refused_share_keeps_the_list_and_deletes_nothing() -> None:
    world = World(records(9))
    one = view(world, limits=Limits(max_share=0.5))
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.REFUSED, Counts(requested=9, pending=9))
    assert len(world.zoho.records) == 9


@pytest.mark.parametrize("freeze", [Freeze.ALWAYS, Freeze.EXACT])
def test_what_cannot_be_listed_is_refused_where_freeze_asks_for_it(freeze: Freeze) -> None:
    world = World(records(9))
    one = view(world, freeze=freeze, territory=Territory("7"))
    world.settle()
    assert (world.get(one).status, codes(world, one)) == (Status.REFUSED, [("NOT_LISTABLE", 0)])
    assert names(world) == []


@pytest.mark.parametrize("freeze", [Freeze.ALWAYS, Freeze.EXACT, Freeze.AUTO])
def test_more_than_zoho_lists(freeze: Freeze) -> None:
    world = World(records(100_001))
    one = view(world, freeze=freeze, limits=Limits(max_records=200_000))
    world.settle()
    done = world.get(one)
    if freeze is Freeze.AUTO:
        assert (done.status, done.frozen, done.counts.deleted) == (Status.COMPLETED, False, 100_001)
    else:
        assert (done.status, codes(world, one)) == (Status.REFUSED, [("NOT_LISTABLE", 100_001)])


@pytest.mark.parametrize("n", [0, 3])
def test_a_dry_run_of_any_view_has_a_plan_of_exactly_what_would_go(n: int) -> None:
    world = World(records(n))
    one = view(world, dry_run=True)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts())
    assert done.plan is not None
    assert (done.plan.would_delete, done.plan.first_ids) == (n, tuple(records(n)))
    assert set(outcomes(world, one)) == set(records(n))
    assert set(names(world)) == {"view_ids"}


def test_a_record_that_two_pages_name_is_listed_once() -> None:
    world = World(records(5300))
    pages: list[int] = []

    def shifted(work: Callable[[], Reply]) -> Reply:
        pages.append(1)
        reply = work()
        return Reply(200, items=(*reply.items, Item("", ok=True, id="1")), body=reply.body)

    world.zoho.script["view_ids"] = [shifted] * 27
    one = view(world)
    world.settle()
    assert (world.get(one).id_count, world.get(one).counts.deleted) == (5300, 5300)


def test_reading_goes_on_where_it_was_interrupted_and_begins_anew_with_a_dead_token() -> None:
    world = World(records(450))
    world.zoho.script["view_ids"] = [
        lambda work: work(),
        error("TOO_MANY_REQUESTS", 429),
        error("INVALID_DATA"),
    ]
    one = view(world)
    world.settle()
    assert tally(world, one) == {"deleted": 450}
    assert world.zoho.sent("view_ids") == [None, "200", "200", None, "200", "400"]


def test_a_view_that_is_not_there_has_failed() -> None:
    world = World(records(2))
    world.zoho.script["view_ids"] = [error("INVALID_DATA", message="the cvid given seems to be invalid")]
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.FAILED, Counts())


def test_waiters_do_not_write_an_unchanged_lane() -> None:
    world = World(records(9))
    world.zoho.job_seconds = 10**6
    waiting = [view(world) for _ in range(4)]
    for one in waiting:
        world.step(one)
    lane = next(iter(world.ledger.lanes.values()))
    for _ in range(20):
        world.now += 60
        for one in waiting[1:]:
            world.step(one)
    assert next(iter(world.ledger.lanes.values())) == lane


def test_a_view_that_zoho_refuses_for_now_lets_others_pass() -> None:
    world = World(records(2))
    world.deps = replace(world.deps, patience=Patience())
    real = world.zoho.mass_delete_view

    def of_one_view(module: str, cvid: str, territory: Any) -> Reply:
        return error("NOT_APPROVED") if cvid == "5" else real(module, cvid, territory)

    world.zoho.mass_delete_view = of_one_view  # type: ignore[method-assign]
    first = view(world)
    world.step(first)
    second = world.accept("mass_delete", module="Deals", cvid="6")
    world.step(second)
    assert world.get(second).job_id == "77"
    assert world.get(first).waiting_for == waiting.LOCKED


def test_an_approval_that_nobody_gives_ends_and_costs_nothing_meanwhile() -> None:
    for freeze in (Freeze.AUTO, Freeze.NEVER):
        world = World(records(9))

        def one_more(work: Callable[[], Reply], world: World = world) -> Reply:
            world.zoho.records[str(1000 + len(world.zoho.log))] = None
            return work()

        world.zoho.script["count"] = [one_more] * 1000
        one = view(world, limits=Limits(approve_above=5), freeze=freeze)
        world.settle(2000)
        assert [code for code, _ in codes(world, one)] == ["APPROVAL_EXPIRED"]
        assert len(world.zoho.log) <= 3
        assert world.types(one).count("awaiting_approval") == 1


def test_cancel_before_the_start_deletes_nothing_and_gives_the_lane_back() -> None:
    world = World(records(3))
    first, second = view(world), view(world)
    world.step(first)
    world.step(second)
    seen = world.ledger.sight(second)
    assert seen is not None
    assert world.ledger.command(seen, {"do": "cancel", "by": "ann", "at": world.now}, world.now)
    world.settle()
    assert (world.get(second).status, world.get(second).counts) == (
        Status.CANCELLED,
        Counts(requested=3, pending=3),
    )
    assert all(not lane.queue for lane in world.ledger.lanes.values())


def _approve(world: World, one: str, count: int) -> None:
    seen = world.ledger.sight(one)
    assert seen is not None
    assert seen.deletion.approval is not None
    command = {"do": "approve", "count": count, "asked_at": seen.deletion.approval.asked_at, "by": "ann"}
    assert world.ledger.command(seen, {**command, "at": world.now}, world.now)


def test_no_page_is_asked_for_twice_where_a_slice_ends() -> None:
    world = World(records(12_000))

    def slow(work: Callable[[], Reply]) -> Reply:
        world.now += world.deps.slice_seconds / PAGES_A_STEP
        return work()

    world.zoho.script["view_ids"] = [slow] * 100
    one = view(world, limits=Limits(20_000))
    world.settle()
    assert world.zoho.sent("view_ids") == [None, *(str(200 * n) for n in range(1, 60))]
    assert tally(world, one) == {"deleted": 12_000}


# --- what went beyond the list --------------------------------------------------------------------


def _enter(world: World, *newcomers: str) -> Callable[[Callable[[], Reply]], Reply]:
    """A start that finds records in the view, before all others, which came in after it was listed."""

    def work(start: Callable[[], Reply]) -> Reply:
        world.zoho.records = dict.fromkeys(newcomers) | world.zoho.records
        return start()

    return work


def test_what_went_beyond_the_list_is_told_where_the_rest_goes_by_ids() -> None:
    world = World(records(50_010))
    world.zoho.script["mass_delete_view"] = [_enter(world, "90001", "90002")]
    one = view(world)
    world.settle()
    assert world.get(one).counts == Counts(requested=50_010, deleted=50_010)
    assert document(world.get(one))["job"]["unlisted"] == 2


def test_what_went_beyond_the_list_is_told_where_the_outcomes_stay_unknown() -> None:
    world = World(records(9))
    world.zoho.list_lag = 1_000_000.0
    world.zoho.script["mass_delete_view"] = [_enter(world, "10", "11", "12")]
    one = view(world)
    world.settle()
    assert world.get(one).counts == Counts(requested=9, unknown=9)
    assert document(world.get(one))["job"]["unlisted"] == 3


def test_what_a_job_that_never_ends_took_beyond_the_list_is_told() -> None:
    world = World(records(9))
    world.zoho.job_seconds = 1_000_000.0
    world.zoho.script["mass_delete_view"] = [_enter(world, "10", "11")]
    one = view(world)
    world.settle()
    assert [code for code, _ in codes(world, one)] == ["JOB_TOO_OLD"]
    assert document(world.get(one))["job"]["unlisted"] == 2


def test_what_nothing_was_sent_for_is_never_unknown() -> None:
    world = World(records(9))

    def leave(reading: Callable[[], Reply]) -> Reply:
        page = reading()
        world.zoho.outside.add("4")
        return page

    world.zoho.script["view_ids"] = [leave]
    world.zoho.script["read"] = [error("INTERNAL_ERROR", 500)] * 500
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.FAILED, Counts(requested=9, failed=9))


class _Contended(FakeLedger):
    """A table in which somebody else writes the lane right after it was read, while `busy`."""

    busy = False

    def lane(self, key: str) -> Lane:
        seen = super().lane(key)
        if self.busy:
            self.busy = False
            self.lanes[key] = replace(seen, queue=(*seen.queue, "del_other"), revision=seen.revision + 1)
        return seen


def test_a_refusal_that_could_be_read_is_kept_though_others_write_the_lane() -> None:
    ledger = _Contended()
    world = World(records(9), ledger)

    def refuse(_: Callable[[], Reply]) -> Reply:
        ledger.busy = True
        return error("NO_PERMISSION", 400, "This feature is not available in your edition")

    world.zoho.script["mass_delete_view"] = [refuse]
    one = view(world)
    world.settle()
    assert (world.get(one).status, codes(world, one)) == (Status.COMPLETED, [])
    assert ledger.lanes["default"].holder is None


def test_a_view_that_has_grown_beyond_what_zoho_lists_loses_what_is_in_both_readings() -> None:
    world = World(records(300))
    too_long = error("PAGINATION_LIMIT_EXCEEDED")
    grown = {"more_records": True, "next_page_token": "300"}

    def last(reading: Callable[[], Reply]) -> Reply:
        return replace(reading(), body={"data": [], "info": grown})

    world.zoho.script["view_ids"] = [_read_it, _read_it, _read_it, last, too_long, too_long]
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (
        Status.COMPLETED,
        Counts(requested=300, deleted=300),
    )


def _read_it(reading: Callable[[], Reply]) -> Reply:
    return reading()


def test_what_zoho_said_to_a_good_start_is_no_problem() -> None:
    world = World(records(9))
    world.zoho.job_seconds = 1_000_000.0
    one = view(world)
    world.step(one)
    world.ledger.pauses["*"] = "for ever"
    world.now = world.get(one).expires_at - 1.0
    world.settle()
    assert codes(world, one) == [("JOB_LOST", 9)]


class _OutOfOrder(FakeZoho):
    """The deleted list names `late` long after it has gone, and others at once; others go all the time."""

    late = "7"

    def deleted_since(self, module: str, since: float, page: int) -> Reply:
        everything = [*self.deleted, (f"9{len(self.log)}", self.clock())]
        self.deleted = [(i, at) for i, at in everything if i != self.late or at + 70 < self.clock()]
        reply = super().deleted_since(module, since, page)
        self.deleted = everything
        return reply


def test_an_entry_of_the_deleted_list_that_comes_late_and_out_of_order_is_found() -> None:
    world = World()
    world.zoho = _OutOfOrder(lambda: world.now, records(9))
    world.deps = replace(world.deps, patience=replace(PATIENCE, give_up=200))
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (
        Status.COMPLETED,
        Counts(requested=9, deleted=9),
    )
