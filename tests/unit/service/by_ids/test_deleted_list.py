"""A read that finds nothing proves little: the user may not see the record. The outcome's code says so."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.by_ids import deleted_list
from tests.fake_zoho import LOST, error, lose
from tests.unit.service.engine.test_obey import cancel, records
from tests.unit.service.world import World

UNPROVEN = {0: ("ABSENCE_UNPROVEN", "")}


def gone(world: World, one: str, at: float) -> None:
    """Somebody else deleted it."""
    world.zoho.records.pop(one, None)
    world.zoho.deleted.append((one, at))


def test_a_record_that_the_deleted_list_names_is_absent_without_a_code() -> None:
    world = World()
    gone(world, "1", world.now - 86_400)
    one = world.accept(ids=("1",))
    world.settle()
    assert (world.ledger.chunk(one, 0).marks, world.ledger.chunk(one, 0).codes) == ("A", {})


def test_a_record_that_the_user_may_not_see_is_absent_with_a_code_that_says_so() -> None:
    world = World(["1"])
    world.zoho.unseen = {"1"}
    one = world.accept(ids=("1",))
    world.settle()
    chunk = world.ledger.chunk(one, 0)
    assert (world.get(one).counts, chunk.codes) == (Counts(requested=1, already_absent=1), UNPROVEN)


def test_what_was_deleted_under_a_lost_answer_is_proven_by_the_list() -> None:
    world = World(["1"])
    world.zoho.script["delete_records"] = [lose]
    one = world.accept(ids=("1",))
    world.step(one)
    cancel(world, one)
    world.settle()
    assert (world.ledger.chunk(one, 0).marks, world.ledger.chunk(one, 0).codes) == ("D", {})


def test_what_went_before_we_began_was_not_deleted_by_us() -> None:
    world = World()
    gone(world, "1", world.now - 86_400)
    world.zoho.script["delete_records"] = [LOST]
    one = world.accept(ids=("1",))
    world.settle()
    assert world.get(one).counts.deleted == 1  # the list since the deletion began does not name it
    assert world.ledger.chunk(one, 0).codes == UNPROVEN


@pytest.mark.parametrize("answer", [error("OAUTH_SCOPE_MISMATCH", 401), error("INTERNAL_ERROR", 500), LOST])
def test_a_list_that_is_not_told_keeps_nothing_waiting(answer: Reply) -> None:
    world = World()
    world.zoho.script["deleted_since"] = [answer]
    one = world.accept(ids=("1",))
    assert world.step(one)
    assert (world.get(one).counts.already_absent, world.ledger.chunk(one, 0).codes) == (1, UNPROVEN)


def test_a_deletion_reads_few_pages_of_the_list_however_many_ids_are_gone() -> None:
    world = World()

    def endless(work: Any) -> Reply:
        return Reply(200, body={"data": [], "info": {"more_records": True}})

    world.zoho.script["deleted_since"] = [endless] * 1000
    n = 2 * CHUNK_SIZE
    one = world.accept(ids=tuple(records(n)))
    world.settle()
    assert world.get(one).counts == Counts(requested=n, already_absent=n)
    assert len(world.zoho.sent("deleted_since")) == deleted_list.MOST_PAGES


def test_a_repeat_within_the_loop_guards_time_reads_no_list() -> None:
    world = World(["1"])
    world.accept(ids=("1",))
    world.settle()
    one = world.accept(ids=("1",))
    world.settle()
    assert (world.get(one).counts.already_absent, world.zoho.sent("deleted_since")) == (1, [])
    assert world.ledger.chunk(one, 0).codes == {}
