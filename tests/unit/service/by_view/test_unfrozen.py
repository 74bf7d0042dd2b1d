from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import quota
from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.by_view import MOST_COUNTS, MOST_LOOKS
from chalicelib.domain.deletion import Counts
from chalicelib.domain.document import document
from chalicelib.domain.request import Freeze, Limits, Territory
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item, Reply
from tests.fake_zoho import LOST, REFUSED, error, lose
from tests.unit.service.world import World

pytestmark = pytest.mark.slow


def view(world: World, **more: Any) -> str:
    return world.accept("mass_delete", cvid="5", **{"freeze": Freeze.NEVER, **more})


def records(n: int) -> list[str]:
    return [str(i) for i in range(1, n + 1)]


def test_a_view_is_counted_deleted_by_a_job_and_followed() -> None:
    world = World(records(9))
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts(requested=9, deleted=9))
    assert (done.job_id, done.job_status) == ("77", "COMPLETED")
    assert [name for name, _ in world.zoho.log] == ["count", "mass_delete_view", "job_status"]
    assert world.types(one) == ["accepted", "started", "completed"]


def test_a_locked_record_of_a_view_has_failed() -> None:
    world = World(records(3))
    world.zoho.locked = {"2"}
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (
        Status.PARTIALLY_COMPLETED,
        Counts(requested=3, deleted=2, failed=1),
    )
    assert [(p.code, p.count) for p in done.problems] == [("JOB_RECORD_FAILED", 1)]


def test_a_view_above_the_limit_is_refused_before_the_first_delete() -> None:
    world = World(records(6))
    one = view(world, limits=Limits(max_records=5))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.REFUSED, Counts())
    assert [(p.code, p.count) for p in done.problems] == [("MAX_RECORDS", 6)]
    assert [name for name, _ in world.zoho.log] == ["count"]


def test_an_empty_view_is_completed_with_nothing_to_do() -> None:
    world = World()
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.COMPLETED, Counts())


def test_a_view_that_cannot_be_counted_is_refused_unless_allowed() -> None:
    world = World(records(2))
    world.zoho.script["count"] = [error("NOT_SUPPORTED"), error("NOT_SUPPORTED")]
    refused = view(world)
    world.settle()
    allowed = view(world, limits=Limits(allow_uncounted=True))
    world.settle()
    assert (world.get(refused).status, world.get(allowed).status) == (Status.REFUSED, Status.COMPLETED)


def test_a_view_that_is_not_there_has_failed() -> None:
    world = World(records(2))
    world.zoho.script["count"] = [error("INVALID_DATA", message="the cvid given seems to be invalid")]
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.FAILED, Counts())


def test_120000_records_go_in_three_rounds() -> None:
    world = World(records(120_000))
    one = view(world, limits=Limits(max_records=200_000))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts(requested=120_000, deleted=120_000))
    assert len(world.zoho.sent("mass_delete_view")) == 3


@pytest.mark.parametrize("start", [lose, LOST], ids=["it ran", "it did not run"])
def test_a_start_without_an_answer_is_never_sent_again_and_needs_a_person(start: Any) -> None:
    """An empty view may be other people's doing, and a full one says nothing of what Zoho does later."""
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [start]
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=9, unknown=9))
    assert [p.code for p in done.problems] == ["OUTCOME_UNKNOWN"]
    assert "records now, 9 before" in done.problems[0].message
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_busy_view_is_looked_at_a_few_times_only() -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [LOST]

    def one_more(work: Any) -> Reply:
        world.zoho.records[str(len(world.zoho.log) + 1000)] = None
        return work()  # type: ignore[no-any-return]  # whatever was put there

    world.zoho.script["count"] = [one_more] * 10_000
    one = view(world)
    world.settle(4000)
    assert world.get(one).status is Status.NEEDS_ATTENTION
    assert len(world.zoho.sent("count")) <= 1 + MOST_LOOKS


def test_a_lost_answer_with_a_view_that_others_change_needs_attention() -> None:
    world = World(records(9))

    def lose_and_change(work: object) -> Reply:
        world.zoho.records |= {"100": None, "101": None}
        return LOST

    world.zoho.script["mass_delete_view"] = [lose_and_change]
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts.unknown) == (Status.NEEDS_ATTENTION, 9)
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_worker_that_dies_with_the_call_in_the_air_never_sends_it_twice() -> None:
    world = World(records(9))

    def die(work: object) -> Reply:
        raise KeyboardInterrupt

    world.zoho.script["mass_delete_view"] = [die]
    one = view(world)
    with pytest.raises(KeyboardInterrupt):
        world.settle()
    world.now += 100
    world.settle()
    assert world.get(one).status is Status.NEEDS_ATTENTION
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_lost_start_with_a_territory_that_did_something_needs_attention() -> None:
    world = World(records(9))

    def lose_after_some(work: object) -> Reply:
        for one in ("1", "2"):
            world.zoho._remove(one)
        return LOST

    world.zoho.script["mass_delete_view"] = [lose_after_some]
    one = view(world, territory=Territory("7"))
    world.settle()
    assert world.get(one).status is Status.NEEDS_ATTENTION


def test_a_territory_that_holds_nothing_ends() -> None:
    """The view holds records, its territory none: Zoho says so."""
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [error("NO_RECORDS_FOUND")]
    one = view(world, territory=Territory("7"))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts())
    assert len(world.zoho.records) == 9


def test_a_refused_connection_is_simply_sent_again() -> None:
    world = World(records(2))
    world.zoho.script["mass_delete_view"] = [REFUSED]
    one = view(world)
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    assert world.zoho.sent("deleted_since") == []


def test_a_job_of_somebody_else_is_waited_for() -> None:
    world = World(records(2))
    world.zoho.script["mass_delete_view"] = [error("ALREADY_SCHEDULED")] * 30
    one = view(world)
    world.settle()
    done = world.get(one)
    assert done.status is Status.COMPLETED
    assert done.updated_at - done.created_at > 60


def test_one_job_at_a_time_and_the_next_in_line_is_woken() -> None:
    world = World(records(3))
    first, second = view(world), view(world)
    world.step(first)
    world.step(second)
    assert (world.get(second).status, world.get(second).waiting_for) == (
        Status.WAITING,
        "another mass delete at Zoho",
    )
    assert document(world.get(second))["lane"] == {"ahead": 1, "about_seconds": None}
    world.settle()
    assert world.get(first).counts.deleted == 3
    assert world.get(second).status is Status.COMPLETED
    assert all(lane.holder is None and not lane.queue for lane in world.ledger.lanes.values())
    assert "lane" not in document(world.get(second))


def test_the_line_moves_in_the_order_of_arrival_and_tells_about_how_long_it_takes() -> None:
    world = World(records(3))
    first = view(world)
    world.settle()
    world.zoho.records |= dict.fromkeys(records(3))
    holder, second, third = view(world), view(world), view(world)
    for one in (holder, second, third):
        world.step(one)
    took = (world.get(first).finished_at or 0) - world.get(first).created_at
    assert took == 5
    shown = [document(world.get(one))["lane"] for one in (second, third)]
    assert shown == [{"ahead": 1, "about_seconds": 5}, {"ahead": 2, "about_seconds": 10}]
    world.settle()
    ended = [world.get(one).finished_at or 0 for one in (holder, second, third)]
    assert ended == sorted(ended)


def test_a_job_that_never_ends_needs_attention() -> None:
    world = World(records(3))
    world.zoho.job_seconds = 10**9
    one = view(world)
    world.settle(2000)
    done = world.get(one)
    assert (done.status, done.counts.unknown) == (Status.NEEDS_ATTENTION, 3)
    assert [p.code for p in done.problems] == ["JOB_TOO_OLD"]


def test_a_job_whose_status_is_never_told_needs_attention_for_what_was_counted() -> None:
    world = World(records(3))
    world.zoho.script["job_status"] = [error("INVALID_TOKEN", 401)] * 1000
    one = view(world)
    world.settle(2000)
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=3, unknown=3))
    assert [p.code for p in done.problems] == ["JOB_TOO_OLD"]


def test_a_job_that_zoho_forgot_needs_a_person() -> None:
    world = World(records(3))
    one = view(world)
    world.step(one)
    world.now += 3
    world.zoho._run_job()
    world.zoho.job = None
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=3, unknown=3))
    assert [p.code for p in done.problems] == ["JOB_LOST"]
    assert len(world.zoho.sent("mass_delete_view")) == 1


@pytest.mark.parametrize(("deleted", "status"), [(2, Status.PARTIALLY_COMPLETED), (0, Status.FAILED)])
def test_a_failed_job(deleted: int, status: Status) -> None:
    world = World(records(3))
    told = {"Status": "FAILED", "Total_Count": 3, "Deleted_Count": deleted, "Failed_Count": 0}
    world.zoho.script["job_status"] = [Reply(200, body={"data": [told]})]
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (status, Counts(requested=3, deleted=deleted, failed=3 - deleted))


def test_an_unknown_job_status_is_asked_for_again() -> None:
    world = World(records(3))
    new = Reply(200, body={"data": [{"Status": "PONDERING", "Total_Count": 3}]})
    world.zoho.script["job_status"] = [new, new]
    one = view(world)
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    assert len(world.zoho.sent("job_status")) == 3


@pytest.mark.parametrize("code", ["LIMIT_EXCEEDED", "NO_PERMISSION", "NOT_SUPPORTED", "INVALID_DATA"])
def test_a_refused_start_has_failed_with_zohos_code(code: str) -> None:
    world = World(records(3))
    world.zoho.script["mass_delete_view"] = [error(code)]
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, [p.code for p in done.problems]) == (Status.FAILED, [code])
    assert all(lane.holder is None for lane in world.ledger.lanes.values())


def test_a_dry_run_counts_and_shows_the_first_ids() -> None:
    world = World(records(3))
    one = view(world, dry_run=True)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts())
    assert done.plan is not None
    assert (done.plan.would_delete, done.plan.first_ids) == (3, ("1", "2", "3"))
    assert world.zoho.sent("mass_delete_view") == []


def test_an_edition_without_the_view_form_has_failed() -> None:
    world = World(records(3))
    words = "Scheduled Mass Operation feature is not available in your edition"
    world.zoho.script["mass_delete_view"] = [
        Reply(403, items=(Item("FEATURE_OFF", words),), body={"data": []})
    ]
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).problems[0].code) == (Status.FAILED, "NOT_IN_EDITION")


def test_what_others_delete_is_not_taken_for_our_jobs_doing() -> None:
    world = World(records(9))

    def lose_while_others_delete_all(work: Any) -> Reply:
        for one in records(9):
            world.zoho._remove(one)
        return LOST

    world.zoho.script["mass_delete_view"] = [lose_while_others_delete_all]
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.NEEDS_ATTENTION, 0)


def test_a_refused_start_ends_whatever_succeeds_in_between() -> None:
    """The count and the reads go well: they say nothing of the start, whose own clock runs out."""
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [error("SOMETHING_NEW")] * 10_000
    one = view(world)
    world.settle(4000)
    done = world.get(one)
    assert (done.status, [p.code for p in done.problems]) == (Status.FAILED, ["SOMETHING_NEW"])
    assert len(world.zoho.sent("mass_delete_view")) < 40


def test_a_mass_delete_of_somebody_else_that_never_ends_is_not_waited_for_forever() -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [error("ALREADY_SCHEDULED")] * 100_000
    one = view(world)
    world.settle(20_000)
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.FAILED, 0)
    assert len(world.zoho.sent("count")) <= MOST_COUNTS


# --- later rounds ---------------------------------------------------------------------------------


def _as_it_is(work: Any) -> Reply:
    """The fake's own answer, in a script."""
    reply: Reply = work()
    return reply


def test_a_second_round_that_cannot_be_counted_leaves_what_the_first_one_did() -> None:
    world = World(records(60_000))
    world.zoho.script["count"] = [_as_it_is, *[error("INTERNAL_ERROR", 500)] * 100]
    one = view(world)
    world.settle()
    done = world.get(one)
    assert done.counts == Counts(requested=50_000, deleted=50_000)
    assert done.status is Status.PARTIALLY_COMPLETED
    assert [p.code for p in done.problems] == ["INTERNAL_ERROR"]


def test_a_limit_that_stops_a_later_round_does_not_deny_what_went_before() -> None:
    world = World(records(60_000))

    def hold(work: Any) -> Reply:
        world.hold("60000")
        return _as_it_is(work)

    world.zoho.script["job_status"] = [hold]
    world.zoho.script["count"] = [_as_it_is, _as_it_is, _as_it_is, error("NOT_SUPPORTED")]
    one = view(world, limits=Limits(max_records=100_000, max_share=1.0))
    world.settle()
    done = world.get(one)
    assert done.counts == Counts(requested=60_000, deleted=50_000, failed=10_000)
    assert done.status is Status.PARTIALLY_COMPLETED
    assert [(p.code, p.count) for p in done.problems] == [("CANNOT_COUNT", 10_000)]


def _grown(world: World, number: int) -> Any:
    """The status of a job, while `number` records come into the view."""

    def grown(work: Any) -> Reply:
        world.zoho.records |= {str(n): None for n in range(900_001, 900_001 + number)}
        return _as_it_is(work)

    return grown


@pytest.mark.parametrize(
    ("limits", "deleted", "counted", "codes"),
    [
        (Limits(max_records=100_000), 67_000, 67_000, []),
        (Limits(max_records=100_000, max_records_per_day=66_999), 50_000, 60_000, ["DAILY_LIMIT"]),
    ],
)
def test_what_a_later_round_takes_beyond_the_first_count_is_counted_for_the_source(
    limits: Limits, deleted: int, counted: int, codes: list[str]
) -> None:
    world = World(records(60_000))
    world.zoho.script["job_status"] = [_grown(world, 7_000)]
    one = view(world, limits=limits)
    world.settle()
    done = world.get(one)
    assert (done.counts.deleted, [each.code for each in done.problems]) == (deleted, codes)
    assert world.ledger.tally("test", quota.day_of(world.now)).day == counted


# --- what Zoho does not tell, or take, for a while ------------------------------------------------


def test_a_job_whose_status_is_refused_for_a_while_is_asked_for_until_it_ends() -> None:
    world = World(records(9))
    world.zoho.script["job_status"] = [error("NO_PERMISSION", 403)] * 20
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (
        Status.COMPLETED,
        Counts(requested=9, deleted=9),
    )


def test_a_mass_delete_of_somebody_else_is_waited_for_as_long_as_the_longest_wait() -> None:
    world = World(records(9))
    world.deps = replace(world.deps, timeouts=Timeouts())
    days = world.deps.timeouts.wait / 86_400
    ends = world.now + (days - 1) * 86_400
    world.zoho.job = {"id": "1", "ids": [], "status": "RUNNING", "ends": ends, "deleted": 0}
    one = view(world)
    world.ledger.rows[one].deletion = replace(world.get(one), expires_at=int(world.now) + 400 * 86_400)
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.COMPLETED, 9)
    assert len(world.zoho.sent("count")) <= MOST_COUNTS
