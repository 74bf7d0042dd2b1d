"""The job of a listed view: started once, followed, each record settled by what Zoho tells of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.document import document
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import error
from tests.unit.service.by_view.views import codes, names, outcomes, records, tally, view
from tests.unit.service.world import World

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize(("before", "most"), [(True, 220), (False, 11)])
def test_what_others_delete_meanwhile_hides_nothing_and_is_read_no_further_than_needed(
    before: bool, most: int
) -> None:
    world = World(records(2_000))

    def among_others(work: Callable[[], Reply]) -> Reply:
        world.zoho.deleted += [(f"9{n:06}", world.now) for n in range(40_000)]
        return work()

    world.zoho.script["mass_delete_view" if before else "deleted_since"] = [among_others]
    one = view(world)
    world.settle()
    assert tally(world, one) == {"deleted": 2_000}
    assert len(world.zoho.sent("deleted_since")) <= most
