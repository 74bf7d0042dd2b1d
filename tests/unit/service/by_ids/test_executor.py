from __future__ import annotations

from collections.abc import Sequence

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.request import Api, Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item, Reply
from tests.fake_zoho import LOST, REFUSED, error, lose
from tests.unit.service.world import World


def ids(n: int, start: int = 1) -> tuple[str, ...]:
    return tuple(str(i) for i in range(start, start + n))


def test_two_records_are_deleted_in_one_call() -> None:
    world = World(["1", "2", "3"])
    one = world.accept(ids=("1", "2"))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts(requested=2, deleted=2))
    assert world.zoho.sent("delete_records") == [["1", "2"]]
    assert list(world.zoho.records) == ["3"]
    assert world.types(one) == ["accepted", "started", "completed"]


def test_a_record_that_is_gone_is_already_absent_after_one_read() -> None:
    world = World(["1"])
    one = world.accept(ids=("1", "9"))
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=1, already_absent=1)
    assert world.zoho.sent("read") == [["9"]]


def test_not_deleted_and_still_there_has_failed() -> None:
    world = World(["1"])
    world.zoho.script["delete_records"] = [
        Reply(400, items=(Item("INVALID_DATA", "record not deleted", id="1"),), body={})
    ]
    one = world.accept(ids=("1",))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts.failed) == (Status.FAILED, 1)
    assert [p.code for p in done.problems] == ["INVALID_DATA"]


def test_a_lost_answer_is_repeated_and_counts_as_deleted() -> None:
    world = World(["1", "2"])
    world.zoho.script["delete_records"] = [lose]
    one = world.accept(ids=("1", "2"))
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=2)
    assert len(world.zoho.sent("delete_records")) == 2


def test_250_ids_go_in_batches_of_100() -> None:
    world = World(list(ids(250)))
    one = world.accept(ids=ids(250))
    world.settle()
    assert [len(sent) for sent in world.zoho.sent("delete_records")] == [100, 100, 50]
    assert world.get(one).counts.deleted == 250


def test_auto_uses_mass_delete_where_the_source_allows_it() -> None:
    world = World(list(ids(700)))
    limits = Limits(max_records=1000, mass_delete_by_ids=True)
    one = world.accept(ids=ids(700), limits=limits)
    world.settle()
    assert [len(sent) for sent in world.zoho.sent("mass_delete_ids")] == [500, 200]
    assert world.get(one).counts.deleted == 700


def test_mass_delete_that_the_module_does_not_support_falls_back_to_delete() -> None:
    world = World(list(ids(3)))
    world.zoho.script["mass_delete_ids"] = [error("NOT_SUPPORTED")]
    limits = Limits(mass_delete_by_ids=True)
    one = world.accept(ids=ids(3), api=Api.MASS_DELETE, limits=limits)
    world.settle()
    assert world.get(one).counts.deleted == 3
    assert len(world.zoho.sent("delete_records")) == 1


def test_a_refusal_of_the_whole_request_fails_what_was_not_sent() -> None:
    world = World(list(ids(3000)))
    world.zoho.script["delete_records"] = [error("NO_PERMISSION", 403)] * 10
    one = world.accept(ids=ids(3000))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts.failed) == (Status.FAILED, 3000)
    assert len(world.zoho.sent("delete_records")) == 10
    event = world.topic.events[-1]
    assert len(event["data"]["failed_ids"]) == 100


def test_a_locked_record_is_asked_for_slowly_and_then_fails() -> None:
    world = World(["1", "2"])
    world.zoho.locked = {"2"}
    one = world.accept(ids=("1", "2"))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (
        Status.PARTIALLY_COMPLETED,
        Counts(requested=2, deleted=1, failed=1),
    )
    assert [(p.code, p.count) for p in done.problems] == [("RECORD_LOCKED", 1)]
    assert 60 <= (done.finished_at or 0) - done.created_at <= 70
    assert "waiting" in world.types(one)


def test_a_record_that_is_unlocked_in_time_is_deleted() -> None:
    world = World(["1"])
    world.zoho.locked = {"1"}
    one = world.accept(ids=("1",))
    world.step(one)
    assert world.get(one).waiting_for == "locked records"
    world.zoho.locked = set()
    world.settle()
    assert (world.get(one).status, world.get(one).problems) == (Status.COMPLETED, ())


def test_zoho_out_of_reach_is_given_up_as_failed_without_a_call() -> None:
    world = World(["1"])
    world.zoho.script["delete_records"] = [REFUSED] * 1000
    one = world.accept(ids=("1",))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts.failed) == (Status.FAILED, 1)
    assert [p.code for p in done.problems] == ["NOT_SENT"]


def test_an_unknown_outcome_that_cannot_be_read_needs_attention() -> None:
    world = World(["1"])
    world.zoho.script["delete_records"] = [LOST] * 1000
    world.zoho.script["read"] = [LOST] * 1000
    one = world.accept(ids=("1",))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts.unknown) == (Status.NEEDS_ATTENTION, 1)


def test_an_unknown_outcome_is_settled_by_a_last_read() -> None:
    world = World(["1"])
    world.zoho.script["delete_records"] = [lose] + [LOST] * 1000
    one = world.accept(ids=("1",))
    world.settle()
    assert world.get(one).counts == Counts(requested=1, deleted=1)


def test_waiting_for_credits_never_gives_up() -> None:
    world = World(["1"])
    world.zoho.script["delete_records"] = [error("TOO_MANY_REQUESTS", 429)] * 50
    one = world.accept(ids=("1",))
    world.settle()
    done = world.get(one)
    assert done.status is Status.COMPLETED
    assert done.updated_at - done.created_at > 100


def test_a_bare_invalid_answer_for_many_is_asked_one_by_one() -> None:
    world = World(["1", "2"])
    world.zoho.script["delete_records"] = [error("INVALID_DATA", message="record not deleted")]
    one = world.accept(ids=("1", "2"))
    world.settle()
    assert world.get(one).counts.deleted == 2
    assert world.zoho.sent("delete_records") == [["1", "2"], ["1"], ["2"]]


def test_an_unknown_code_is_no_success() -> None:
    world = World(["1"])
    strange = Reply(200, items=(Item("BRAND_NEW", "?", id="1"),), body={})
    world.zoho.script["delete_records"] = [strange] * 1000
    one = world.accept(ids=("1",))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts.failed) == (Status.FAILED, 1)
    assert [p.code for p in done.problems] == ["BRAND_NEW"]


def test_delink_of_a_missing_link_is_already_absent() -> None:
    world = World(["1"])
    one = world.accept(
        "delink_records", module="Campaigns", record_id="5", related_list="Contacts", ids=("1", "2")
    )
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=1, already_absent=1)


def test_a_held_record_is_not_sent() -> None:
    world = World(["1", "2"])
    world.hold("2")
    one = world.accept(ids=("1", "2"))
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=1, held=1)
    assert world.zoho.sent("delete_records") == [["1"]]


def test_a_pause_sends_nothing_until_it_ends() -> None:
    world = World(["1"])
    world.ledger.pauses["*"] = "audit"
    one = world.accept(ids=("1",))
    for _ in range(5):
        world.step(one)
        world.now += 100
    assert (world.get(one).waiting_for, world.zoho.log) == ("pause", [])
    assert world.get(one).calls == 0, "an intent was written for a call that may not leave"
    world.ledger.pauses.clear()
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_a_dry_run_sends_nothing() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"), dry_run=True)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts())
    assert world.zoho.log == [("read", ["1", "2"])]
    assert done.plan is not None
    assert (done.plan.would_delete, done.plan.first_ids, done.plan.calls) == (2, ("1", "2"), 1)


def test_12000_ids_lie_in_three_chunks() -> None:
    world = World(list(ids(12_000)))
    world.zoho.locked = {"1", "7000"}
    one = world.accept(ids=ids(12_000))
    world.settle(3000)
    done = world.get(one)
    assert done.counts == Counts(requested=12_000, deleted=11_998, failed=2)
    assert world.topic.events[-1]["data"]["failed_ids"] == ["1", "7000"]


def test_events_that_cannot_leave_keep_the_deletion_due() -> None:
    world = World(["1"])
    world.topic.down = True
    one = world.accept(ids=("1",))
    for _ in range(4):
        world.step(one)
        world.now += 10
    assert world.get(one).status is Status.COMPLETED
    assert world.topic.events == []
    world.topic.down = False
    world.settle()
    assert world.types(one) == ["accepted", "started", "completed"]


def test_a_missing_secret_waits_for_credentials_and_then_fails() -> None:
    world = World(["1"])

    def missing(org: str, deadline: float) -> None:
        raise SecretUnusable("expunge/test/zoho/default", "no such secret")

    object.__setattr__(world.deps, "zoho", missing)
    one = world.accept(ids=("1",))
    world.step(one)
    assert world.get(one).waiting_for == "zoho credentials"
    world.settle()
    done = world.get(one)
    assert (done.status, [p.code for p in done.problems]) == (Status.FAILED, ["SECRET_UNUSABLE"])


@pytest.mark.parametrize("code", ["UNABLE_TO_PARSE_DATA_TYPE", "INVALID_DATA"])
def test_one_id_that_zoho_cannot_read_does_not_fail_its_ten_neighbours(code: str) -> None:
    ids = tuple(str(n) for n in range(1, 12))
    world = World(list(ids))
    real = world.zoho.delete_records

    def reads(module: str, some: Sequence[str], wf_trigger: bool) -> Reply:
        if "7" in some:
            world.zoho.log.append(("delete_records", list(some)))
            return error(code, message="either the request body or parameters is in wrong format")
        return real(module, some, wf_trigger)

    object.__setattr__(world.zoho, "delete_records", reads)
    one = world.accept(ids=ids)
    world.settle()
    found = world.get(one)
    assert (found.counts.deleted, found.counts.failed) == (10, 1)
    assert [problem.code for problem in found.problems] == [code]
    assert len(world.zoho.sent("delete_records")) == 12
