from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.engine.advance import advance
from chalicelib.service.ports import Change, Claim
from tests.fake_zoho import LOST, error
from tests.unit.service.retention.retention_world import DAY, OLD_LEADS, RetentionWorld

pytestmark = pytest.mark.slow

VIEW: dict[str, Any] = {**OLD_LEADS, "selection": {"view": "77"}}


def ids(count: int, start: int = 10**18) -> list[str]:
    return [str(start + n) for n in range(count)]


def ran(count: int, document: dict[str, Any] | None = None, **changes: Any) -> RetentionWorld:
    world = RetentionWorld(ids(count))
    world.put(document, **changes)
    world.at_next()
    return world


@pytest.mark.parametrize("document", [OLD_LEADS, VIEW])
def test_what_is_selected_goes(document: dict[str, Any]) -> None:
    world = ran(12_345, document)
    world.settle()
    run = world.the_run()
    assert (run.status, run.counts.deleted, run.counts.requested) == (Status.COMPLETED, 12_345, 12_345)
    assert not world.zoho.records
    assert world.types(run.id) == ["accepted", "started", "completed"]
    last = world.topic.events[-1]["data"]
    assert (last["operation"], last["policy"], last["run"]) == ("purge", "old-leads", run.request.run)


@pytest.mark.parametrize("document", [OLD_LEADS, VIEW])
@pytest.mark.parametrize(("after", "seconds"), [("P7D", 7 * DAY), ("PT0H", 0.0)])
def test_a_policys_permanent_after_is_that_of_each_of_its_runs(
    document: dict[str, Any], after: str, seconds: float
) -> None:
    world = ran(250, document, permanent_after=after)
    run = world.the_run()
    while not world.get(run.id).is_final:
        world.step(run.id)
        world.now += 1
    ended = world.get(run.id).finished_at
    assert ended is not None
    [child] = world.get(run.id).children
    assert child.operation is Operation.DELETE_PERMANENTLY
    assert child.not_before == ended + seconds
    assert not world.zoho.purged
    world.settle()
    assert len(world.zoho.purged) == 250
    done = world.get(child.id)
    assert (done.status, done.counts.deleted, done.source) == (Status.COMPLETED, 250, run.source)


def test_a_policy_without_permanent_after_leaves_everything_in_the_bin() -> None:
    world = ran(250)
    world.settle()
    assert (world.the_run().children, len(world.zoho.bin)) == ((), 250)


def test_a_policy_that_only_tells_makes_nothing_permanent() -> None:
    world = ran(250, permanent_after="PT0H", dry_run=True)
    world.settle()
    assert (world.the_run().children, len(world.zoho.records)) == ((), 250)


def test_everything_is_frozen_before_the_first_delete() -> None:
    world = ran(450, VIEW)
    world.settle()
    names = [name for name, _ in world.zoho.log]
    first = names.index("delete_records")
    assert names[:first] == ["view_ids"] * 3
    assert "view_ids" not in names[first:]


def test_a_query_goes_on_behind_the_last_id_and_looks_from_when_the_run_was_ordered() -> None:
    world = ran(4_100)
    world.settle()
    queries = world.zoho.sent("coql")
    assert len(queries) == 3
    assert queries[1].startswith(
        "select id from Leads where Created_Time < '1969-10-15T13:46:40+00:00' and id > "
    )
    assert f"id > {10**18 + 3999} " in queries[2]


def test_old_versions_take_fewer_rows() -> None:
    world = ran(250)
    world.zoho.org = replace(world.zoho.org, api_version="v3")
    world.settle()
    assert [query[-3:] for query in world.zoho.sent("coql")] == ["200", "200"]


def test_more_than_the_limit_allows_is_refused_before_the_first_delete() -> None:
    world = ran(501, {**OLD_LEADS, "limits": {"max_records": 500}})
    world.settle()
    run = world.the_run()
    assert (run.status, run.problems[0].code, run.counts.pending) == (Status.REFUSED, "MAX_RECORDS", 0)
    assert len(world.zoho.records) == 501


def test_a_selection_that_grows_past_the_limit_while_it_is_read_is_refused() -> None:
    world = ran(12_000, {**OLD_LEADS, "limits": {"max_records": 12_000}})

    def grown(work: Any) -> Reply:
        world.zoho.records |= dict.fromkeys(ids(1, 2 * 10**18))
        reply: Reply = work()
        return reply

    world.zoho.script["coql"] = [None, None, grown]
    world.settle()
    assert (world.the_run().status, len(world.zoho.records)) == (Status.REFUSED, 12_001)


def test_what_comes_after_the_freeze_stays() -> None:
    world = ran(300)

    def comes_late(work: Any) -> Reply:
        world.zoho.records |= dict.fromkeys(ids(5, 2 * 10**18))
        reply: Reply = work()
        return reply

    world.zoho.script["delete_records"] = [comes_late]
    world.settle()
    assert (world.the_run().counts.deleted, len(world.zoho.records)) == (300, 5)


def test_nothing_selected_is_completed() -> None:
    world = ran(0)
    world.settle()
    run = world.the_run()
    assert (run.status, run.counts.requested) == (Status.COMPLETED, 0)


def test_a_dry_run_tells_and_deletes_nothing() -> None:
    world = ran(1_234, dry_run=True)
    world.settle()
    run = world.the_run()
    assert run.plan is not None
    assert (run.status, run.plan.would_delete, run.plan.first_ids[0]) == (
        Status.COMPLETED,
        1_234,
        str(10**18),
    )
    assert (run.counts.requested, len(world.zoho.records)) == (0, 1_234)
    assert not world.zoho.sent("delete_records")


def test_an_approval_is_waited_for_with_the_frozen_count() -> None:
    world = ran(120, {**OLD_LEADS, "limits": {"approve_above": 100}})
    world.step(world.the_run().id)
    run = world.the_run()
    assert (run.status, run.approval and run.approval.count) == (Status.AWAITING_APPROVAL, 120)
    assert len(world.zoho.records) == 120


def test_a_share_of_the_module() -> None:
    world = ran(120, {**OLD_LEADS, "limits": {"max_share": 0.5}})
    world.settle()
    assert (world.the_run().status, world.the_run().problems[0].code) == (Status.REFUSED, "MAX_SHARE")


def test_a_view_that_is_gone_fails_with_its_name() -> None:
    world = ran(3, VIEW)
    world.zoho.script["view_ids"] = [error("INVALID_DATA")]
    world.settle()
    run = world.the_run()
    assert (run.status, run.problems[0].code) == (Status.FAILED, "VIEW_NOT_FOUND")
    assert len(world.zoho.records) == 3


def test_a_field_that_is_gone_fails_with_zohos_word() -> None:
    world = ran(3)
    world.zoho.script["coql"] = [error("INVALID_QUERY", message="column given seems to be invalid")]
    world.settle()
    problem = world.the_run().problems[0]
    assert (world.the_run().status, problem.code) == (Status.FAILED, "INVALID_QUERY")


def test_pages_that_do_not_come_are_asked_for_again_and_what_was_read_is_kept() -> None:
    world = ran(4_500)
    world.zoho.script["coql"] = [None, LOST, None]
    world.settle()
    run = world.the_run()
    assert (run.status, run.counts.deleted) == (Status.COMPLETED, 4_500)
    assert len(world.zoho.sent("coql")) == 4


def test_a_zoho_that_never_answers_is_given_up() -> None:
    world = ran(3)
    world.zoho.script["coql"] = [LOST] * 200
    world.settle()
    run = world.the_run()
    assert (run.status, run.problems[0].code, run.counts.pending) == (Status.FAILED, "NO_ANSWER", 0)


def test_a_page_name_that_zoho_no_longer_takes_begins_the_reading_anew() -> None:
    world = ran(12_000, VIEW)
    world.zoho.script["view_ids"] = [*[None] * 55, error("INVALID_DATA"), *[None] * 60]
    world.settle()
    run = world.the_run()
    assert (run.status, run.counts.deleted) == (Status.COMPLETED, 12_000)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, items=(Item("", ok=True, id="5"),), body={"info": {"more_records": True}}),
        Reply(200, items=(Item("", ok=True, id="x"),), body={"info": {"more_records": False}}),
    ],
)
def test_ids_that_were_not_asked_for_are_not_taken(answer: Reply) -> None:
    world = ran(3_000)
    world.zoho.script["coql"] = [None, answer] if answer.items[0].id == "5" else [answer]
    world.settle()
    assert world.the_run().counts.deleted == 3_000
    assert "5" not in {i for batch in world.zoho.sent("delete_records") for i in batch}


def test_a_worker_that_dies_while_reading_goes_on_where_it_stood() -> None:
    world = ran(25_000)
    world.deps = replace(world.deps, slice_seconds=0.5)

    def slow(work: Any) -> Reply:
        world.now += 0.2
        reply: Reply = work()
        return reply

    world.zoho.script["coql"] = [slow] * 100
    world.settle()
    assert (world.the_run().status, world.the_run().counts.deleted) == (Status.COMPLETED, 25_000)
    assert len(world.zoho.sent("coql")) == 13


def test_a_cancelled_run_ends_where_it_is() -> None:
    world = ran(30)
    snapshot = world.ledger.snapshot(world.the_run().id)
    assert snapshot is not None
    assert world.ledger.command(snapshot, {"do": "cancel", "by": "me"}, world.now)
    world.settle()
    assert (world.the_run().status, len(world.zoho.records)) == (Status.CANCELLED, 30)


def test_a_purge_keeps_the_orgs_last_credits() -> None:
    """Zoho tells what is left; at the reserve the purge stops, and goes on when there is more."""
    world = ran(5_000)
    world.zoho.org = replace(world.zoho.org, keep_credits=100)
    account = {"left": 110}

    def charged(work: Any) -> Reply:
        account["left"] -= 1
        reply: Reply = work()
        return replace(reply, credits_left=account["left"])

    world.zoho.script["delete_records"] = [charged] * 200
    one = world.the_run().id
    for _ in range(6):
        advance(world.deps, one)
        world.now += 5
    run = world.the_run()
    assert (run.status, run.waiting_for) == (Status.WAITING, "api credits")
    assert account["left"] >= 100 - 6
    before = len(world.zoho.sent("delete_records"))
    world.now += 60
    advance(world.deps, one)
    assert len(world.zoho.sent("delete_records")) <= before + 1
    account["left"] = 10_000
    world.settle()
    assert (world.the_run().status, world.the_run().counts.deleted) == (Status.COMPLETED, 5_000)


def test_a_pause_in_the_middle_of_50000_stops_within_one_wave() -> None:
    world = ran(50_000)
    world.deps = replace(world.deps, slice_seconds=3.0)
    one = world.the_run().id

    def slow(work: Any) -> Reply:
        world.now += 0.05
        reply: Reply = work()
        return reply

    world.zoho.script["delete_records"] = [slow] * 1000
    while len(world.zoho.records) > 30_000:
        advance(world.deps, one)
    world.ledger.pauses["*"] = "stop"
    left = len(world.zoho.records)
    for _ in range(20):
        advance(world.deps, one)
        world.now += 10
    assert len(world.zoho.records) == left
    assert (world.the_run().status, world.the_run().waiting_for) == (Status.WAITING, "pause")
    world.ledger.pauses.clear()
    world.settle(3000)
    run = world.the_run()
    assert (run.status, run.counts.deleted, run.counts.already_absent) == (Status.COMPLETED, 50_000, 0)
    sent = [i for batch in world.zoho.sent("delete_records") for i in batch]
    assert len(sent) == len(set(sent)) == 50_000


def test_a_frozen_selection_is_deleted_by_many_calls_at_once_in_the_same_slice() -> None:
    world = RetentionWorld(ids(900))
    world.zoho.org = replace(world.zoho.org, concurrency=10)
    world.put()
    world.at_next()
    waves: list[int] = []
    save = world.ledger.save

    def noted(claim: Claim, change: Change) -> Claim:
        waves.append(sum(call.answered_at is None for call in change.calls))
        return save(claim, change)

    object.__setattr__(world.ledger, "save", noted)
    world.step(world.the_run().id)
    assert world.the_run().counts.deleted == 900
    assert [wave for wave in waves if wave] == [9]


def with_converted(count: int, converted: int, **changes: Any) -> RetentionWorld:
    """A run over `count` leads, of which the first were converted."""
    world = ran(count, **changes)
    world.zoho.were_converted = set(ids(converted))
    return world


def problems(world: RetentionWorld) -> list[tuple[str, int]]:
    return [(problem.code, problem.count) for problem in world.the_run().problems]


def test_converted_leads_are_left_out_before_they_are_counted_and_their_number_is_told() -> None:
    world = with_converted(2_300, 150, limits={"max_records": 2_150})
    world.settle()
    run = world.the_run()
    assert (run.status, run.counts.requested, run.counts.deleted) == (Status.COMPLETED, 2_150, 2_150)
    assert problems(world) == [("CONVERTED_LEFT_OUT", 150)]
    assert not world.zoho.were_converted & {i for batch in world.zoho.sent("delete_records") for i in batch}
    assert all(len(asked) <= 100 for asked in world.zoho.sent("converted"))


def test_a_dry_run_counts_no_converted_leads_and_tells_how_many_there_are() -> None:
    world = with_converted(30, 7, dry_run=True)
    world.settle()
    run = world.the_run()
    assert run.plan is not None
    assert (run.plan.would_delete, run.plan.first_ids[0]) == (23, str(10**18 + 7))
    assert problems(world) == [("CONVERTED_LEFT_OUT", 7)]


def test_a_policy_that_selects_nothing_but_converted_leads_ends_completed_every_night() -> None:
    world = with_converted(4_500, 4_500)
    world.settle()
    run = world.the_run()
    assert (run.status, run.counts.requested, problems(world)) == (
        Status.COMPLETED,
        0,
        [("CONVERTED_LEFT_OUT", 4_500)],
    )
    assert not world.zoho.sent("delete_records")


def test_pages_of_converted_leads_only_are_not_read_again_by_the_next_slice() -> None:
    world = with_converted(6_100, 6_000)
    world.deps = replace(world.deps, slice_seconds=0.5)

    def slow(work: Any) -> Reply:
        world.now += 0.6
        reply: Reply = work()
        return reply

    world.zoho.script["coql"] = [slow] * 100
    world.settle()
    assert (world.the_run().counts.deleted, len(world.zoho.sent("coql"))) == (100, 4)


def test_where_zoho_cannot_be_asked_for_now_the_page_is_read_again() -> None:
    world = with_converted(30, 7)
    world.zoho.script["converted"] = [LOST, None]
    world.settle()
    assert (world.the_run().status, world.the_run().counts.deleted) == (Status.COMPLETED, 23)
    assert problems(world) == [("CONVERTED_LEFT_OUT", 7)]


def test_where_zoho_cannot_tell_which_are_converted_each_has_its_own_outcome() -> None:
    world = with_converted(30, 7)
    world.zoho.script["converted"] = [error("NO_PERMISSION", 403)]
    world.settle()
    run = world.the_run()
    assert (run.counts.deleted, run.counts.failed) == (23, 7)
    assert problems(world) == [("CONVERTED_RECORD", 7)]


@pytest.mark.parametrize("document", [VIEW, {**OLD_LEADS, "module": "Contacts"}])
def test_only_queries_over_leads_are_asked_for_converted_ones(document: dict[str, Any]) -> None:
    """Zoho leaves them out of a view by itself."""
    world = ran(30, document)
    world.settle()
    assert not world.zoho.sent("converted")
