"""An external id is resolved once, to a record id, before anything is sent; only that record is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.by_ids import resolving
from chalicelib.service.operators import commands
from tests.fake_zoho import LOST, REFUSED, error
from tests.unit.service.engine.test_limits import codes
from tests.unit.service.engine.test_obey import cancel, records
from tests.unit.service.operators.test_commands import ann, operators
from tests.unit.service.world import World


def erp(*named: str) -> World:
    """A record n for each external id E-n."""
    world = World(list(named))
    world.zoho.external = {f"E-{n}": [n] for n in named}
    return world


def ask(world: World, *ids: str, **more: Any) -> str:
    return world.accept(ids=ids, external_id_field="ERP_Id", **more)


def taken(world: World) -> list[str]:
    return [one for one, _ in world.zoho.deleted]


def test_record_ids_are_sent_and_outcomes_show_the_external_ids() -> None:
    world = erp("1", "2")
    one = ask(world, "E-1", "E-2", "E-9")
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (
        Status.COMPLETED,
        Counts(requested=3, deleted=2, already_absent=1),
    )
    assert world.zoho.sent("delete_records") == [["1", "2"]]
    assert world.zoho.sent("delete_external") == []
    chunk = world.ledger.chunk(one, 0)
    assert (chunk.ids, chunk.marks, chunk.records) == (("E-1", "E-2", "E-9"), "DDA", {0: "1", 1: "2"})


@pytest.mark.parametrize("flag", [None, False, True])
def test_wf_trigger_is_sent_as_asked(flag: bool | None) -> None:
    world = erp("1")
    seen: list[bool] = []
    real = world.zoho.delete_records

    def noting(module: str, ids: Any, wf_trigger: bool) -> Reply:
        seen.append(wf_trigger)
        return real(module, ids, wf_trigger)

    world.zoho.delete_records = noting  # type: ignore[method-assign]  # this test's own, for one call
    ask(world, "E-1", wf_trigger=flag)
    world.settle()
    assert seen == [bool(flag)]


def test_all_ids_are_resolved_before_the_first_delete() -> None:
    names = records(450)
    world = erp(*names)
    one = ask(world, *[f"E-{n}" for n in names])
    world.settle()
    assert world.get(one).counts == Counts(requested=450, deleted=450)
    order = [name for name, _ in world.zoho.log]
    assert order == ["read_external"] * 450 + ["delete_records"] * 5
    assert max(map(len, world.zoho.sent("delete_records"))) == 100


def test_many_ids_are_resolved_in_few_writes() -> None:
    names = records(1000)
    world = erp(*names)
    one = ask(world, *[f"E-{n}" for n in names])
    before = world.ledger.rows[one].revision
    while not world.zoho.sent("delete_records"):
        world.step(one)
    assert world.ledger.rows[one].revision - before <= 1000 / resolving.MOST_AT_ONCE + 8


def recreated(world: World, lost: bool = True) -> Any:
    """The delete works, its answer is lost, and the nightly sync gives the external id to a new record."""

    def answer(work: Any) -> Reply:
        done: Reply = work()
        world.zoho.records["2"] = None
        world.zoho.external["E-1"] = ["2"]
        return LOST if lost else done

    return answer


def test_a_repeat_deletes_the_record_that_was_meant_first_and_no_other() -> None:
    world = erp("1")
    world.zoho.script["delete_records"] = [recreated(world)]
    one = ask(world, "E-1")
    world.settle()
    assert world.get(one).counts == Counts(requested=1, deleted=1)
    assert (taken(world), list(world.zoho.records)) == (["1"], ["2"])
    assert len(world.zoho.sent("read_external")) == 1


def test_a_retry_deletes_the_record_that_was_meant_first_and_no_other() -> None:
    world = erp("1")

    def unanswered(work: Any) -> Reply:
        world.zoho.script["delete_records"] = [LOST] * 1000
        world.zoho.script["read"] = [error("INTERNAL_ERROR", 500)] * 1000
        work()
        world.zoho.records["2"] = None
        world.zoho.external["E-1"] = ["2"]
        return LOST

    world.zoho.script["delete_records"] = [unanswered]
    one = ask(world, "E-1")
    world.settle()
    assert world.get(one).status is Status.NEEDS_ATTENTION
    world.zoho.script.clear()
    receipt = commands.retry(operators(world), one, ann(world))
    world.settle()
    assert world.get(receipt.deletion_id).counts.already_absent == 1
    assert (taken(world), list(world.zoho.records)) == (["1"], ["2"])
    again = world.ledger.chunk(receipt.deletion_id, 0)
    assert (again.ids, again.records) == (("E-1",), {0: "1"})


def test_a_retry_asks_for_what_was_not_resolved_before() -> None:
    world = erp("1", "2")
    world.zoho.external["E-1"] = ["1", "2"]
    one = ask(world, "E-1")
    world.settle()
    assert codes(world.get(one)) == [("AMBIGUOUS", 1)]
    world.zoho.external["E-1"] = ["1"]
    receipt = commands.retry(operators(world), one, ann(world))
    world.settle()
    assert world.get(receipt.deletion_id).counts.deleted == 1
    assert list(world.zoho.records) == ["2"]


def test_several_records_under_one_external_id_have_failed() -> None:
    world = erp("1", "2", "3")
    world.zoho.external["E-1"] = ["1", "2"]
    one = ask(world, "E-1", "E-3")
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (
        Status.PARTIALLY_COMPLETED,
        Counts(requested=2, deleted=1, failed=1),
    )
    assert codes(done) == [("AMBIGUOUS", 1)]
    assert list(world.zoho.records) == ["1", "2"]
    assert world.topic.events[-1]["data"]["failed_ids"] == ["E-1"]


def test_two_external_ids_of_one_record_are_sent_one_after_the_other() -> None:
    world = erp("1")
    world.zoho.external["e-1"] = ["1"]
    one = ask(world, "E-1", "e-1")
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=1, already_absent=1)
    assert world.zoho.sent("delete_records") == [["1"], ["1"]]


def test_what_zoho_does_not_resolve_for_now_is_asked_again_and_nothing_is_sent_meanwhile() -> None:
    world = erp("1", "2")
    world.zoho.script["read_external"] = [REFUSED, error("TOO_MANY_REQUESTS", 429), error("INVALID_MODULE")]
    one = ask(world, "E-1", "E-2")
    world.step(one)
    assert (world.get(one).status, world.zoho.sent("delete_records")) == (Status.WAITING, [])
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=1, failed=1)
    assert codes(world.get(one)) == [("INVALID_MODULE", 1)]


def test_what_is_never_resolved_has_failed_with_zohos_code() -> None:
    world = erp("1", "2")
    world.zoho.script["read_external"] = [error("INTERNAL_ERROR", 500)] * 1000
    one = ask(world, "E-1", "E-2")
    world.settle()
    assert (world.get(one).status, codes(world.get(one))) == (Status.FAILED, [("INTERNAL_ERROR", 2)])
    assert world.zoho.sent("delete_records") == []


def test_a_cancel_stops_the_resolving() -> None:
    world = erp("1")
    world.zoho.script["read_external"] = [REFUSED]
    one = ask(world, "E-1")
    world.step(one)
    cancel(world, one)
    world.settle()
    assert world.get(one).status is Status.CANCELLED
    assert len(world.zoho.log) == 1


def test_an_id_that_an_older_version_sent_is_not_resolved_anew() -> None:
    """It was sent by its external id, the answer was lost: what the id names now may be another record."""
    world = erp("1")
    one = ask(world, "E-1")
    row = world.ledger.rows[one]
    row.chunks[0] = row.chunks[0].__class__(0, ("E-1",), Mark.SENT.value)
    object.__setattr__(
        row.deletion,
        "progress",
        {"kind": "delete_external", "left": [0], "open": [], "single": [], "ask_again": []},
    )
    object.__setattr__(row.deletion, "calls", 1)
    world.settle()
    assert world.get(one).counts == Counts(requested=1, unknown=1)
    assert world.zoho.log == []
