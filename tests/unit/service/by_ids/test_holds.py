from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.domain.request import Limits, Territory
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import REFUSED, error
from tests.unit.service.engine.test_limits import codes, sent
from tests.unit.service.engine.test_obey import command, records
from tests.unit.service.world import World

pytestmark = pytest.mark.slow


def large(n: int) -> World:
    return World([str(10**18 + i) for i in range(n)])


def view(world: World, **more: Any) -> str:
    return world.accept("mass_delete", cvid="5", **more)


def test_all_held_is_refused_before_the_first_call() -> None:
    world = World(["1", "2"])
    world.hold("1")
    world.hold("2")
    one = world.accept(ids=("1", "2"))
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts, sent(world)) == (Status.REFUSED, Counts(requested=2, held=2), [])
    assert (codes(done), world.types(one)) == ([("HELD", 2)], ["accepted", "refused"])


def test_a_hold_that_is_set_meanwhile_works_from_the_next_call_on() -> None:
    ids = tuple(records(300))
    world = World(list(ids))

    def hold_one(work: Any) -> Reply:
        world.hold("250")
        answer: Reply = work()
        return answer

    object.__setattr__(world.zoho, "org", replace(world.zoho.org, concurrency=1))
    world.zoho.script["delete_records"] = [hold_one]
    one = world.accept(ids=ids)
    world.settle()
    assert world.get(one).counts == Counts(requested=300, deleted=299, held=1)
    assert list(world.zoho.records) == ["250"]


def test_a_hold_that_has_ended_protects_nothing() -> None:
    world = World(["1"])
    world.hold("1", until=world.now)
    one = world.accept(ids=("1",))
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_a_hold_is_on_the_record_that_an_external_id_names() -> None:
    world = World(["1", "2"])
    world.zoho.external = {"x": ["1"], "y": ["2"]}
    world.hold("2")
    one = world.accept(ids=("x", "y", "gone"), external_id_field="External")
    world.settle()
    assert world.get(one).counts == Counts(requested=3, deleted=1, already_absent=1, held=1)
    assert (world.zoho.sent("delete_records"), list(world.zoho.records)) == ([["1"]], ["2"])


def test_a_hold_is_not_in_the_way_of_a_delink() -> None:
    world = World(["1"])
    world.hold("1")
    one = world.accept("delink_records", ids=("1",), record_id="9", related_list="Contacts")
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_a_view_with_a_held_record_is_done_by_ids_without_it() -> None:
    world = World(records(450))
    world.hold("7")
    one = view(world)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (
        Status.PARTIALLY_COMPLETED,
        Counts(requested=450, deleted=449, held=1),
    )
    assert (list(world.zoho.records), world.zoho.sent("mass_delete_view")) == (["7"], [])
    assert [(len(world.ledger.chunk(one, 0).ids)), done.chunks] == [450, 1]
    assert len(world.zoho.sent("view_ids")) == 2 * 3  # read, and read again before it goes by ids


def test_a_view_of_many_chunks_is_read_whole() -> None:
    world = large(CHUNK_SIZE * 2 + 300)
    world.hold(str(10**18 + 5))
    one = view(world, limits=Limits(max_records=100_000, mass_delete_by_ids=True))
    world.settle(3000)
    assert world.get(one).counts == Counts(requested=10_300, deleted=10_299, held=1)
    assert len(world.zoho.sent("mass_delete_ids")) >= 20


def test_holds_elsewhere_do_not_matter() -> None:
    world = World(records(3))
    world.hold("7", until=world.now)
    one = view(world, module="Contacts")
    world.settle()
    assert world.get(one).counts.deleted == 3
    assert len(world.zoho.sent("mass_delete_view")) == 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_territory_cannot_be_read(dry_run: bool) -> None:
    world = World(records(3))
    world.hold("1")
    one = view(world, territory=Territory("7"), dry_run=dry_run)
    world.settle()
    assert (world.get(one).status, sent(world)) == (Status.REFUSED, [])
    assert codes(world.get(one)) == [("HOLDS_WITH_TERRITORY", 3)]


def test_a_view_may_be_too_large_to_be_read() -> None:
    world = large(100_001)
    world.hold("1")
    one = view(world, limits=Limits(max_records=10**6))
    world.settle()
    assert (world.get(one).status, sent(world)) == (Status.REFUSED, [])
    assert codes(world.get(one)) == [("VIEW_TOO_LARGE_TO_CHECK", 100_001)]


def test_an_uncounted_view_may_turn_out_too_large() -> None:
    world = large(100_001)
    world.hold("1")
    object.__setattr__(world.zoho, "count", lambda module, cvid=None: error("NOT_SUPPORTED"))
    one = view(world, limits=Limits(max_records=10**6, allow_uncounted=True))
    world.settle()
    assert (world.get(one).status, sent(world)) == (Status.REFUSED, [])


def test_reading_goes_on_where_it_was_interrupted() -> None:
    world = World(records(1000))
    world.hold("7")
    one = view(world, limits=Limits(max_records=2000))
    page = [lambda work: work()]
    world.zoho.script["view_ids"] = [*page * 2, REFUSED, *page, error("TOO_MANY_REQUESTS", 429)]
    world.settle()
    assert world.get(one).counts == Counts(requested=1000, deleted=999, held=1)
    assert [token for token in world.zoho.sent("view_ids") if token is None] == [None] * 2


def test_a_token_that_has_expired_is_worth_one_new_beginning() -> None:
    world = World(records(1000))
    world.hold("7")
    one = view(world, limits=Limits(max_records=2000))
    page = [lambda work: work()]
    world.zoho.script["view_ids"] = [*page * 2, REFUSED, error("INVALID_DATA")]
    world.settle()
    assert world.get(one).counts == Counts(requested=1000, deleted=999, held=1)
    assert [token for token in world.zoho.sent("view_ids") if token is None] == [None] * 3


def test_a_view_that_cannot_be_read_has_failed() -> None:
    world = World(records(10))
    world.hold("7")
    one = view(world)
    world.zoho.script["view_ids"] = [error("NO_PERMISSION")]
    world.settle()
    assert (world.get(one).status, codes(world.get(one))) == (Status.FAILED, [("NO_PERMISSION", 0)])


def test_a_hold_set_while_the_view_waits_in_line_is_seen() -> None:
    world = World(records(3))
    first, second = view(world, module="Contacts"), view(world)
    world.step(first)
    world.step(second)
    world.hold("100")
    world.zoho.records["100"] = None
    world.settle()
    assert world.get(second).counts == Counts(requested=3, already_absent=3)
    assert list(world.zoho.records) == ["100"]
    assert len(world.zoho.sent("mass_delete_view")) == 1
    assert all(lane.holder is None and not lane.queue for lane in world.ledger.lanes.values())


def test_a_hold_set_between_the_count_and_the_start_is_seen() -> None:
    world = World(records(3))
    lane = world.ledger.lane

    def lane_and_hold(key: str) -> Any:
        world.hold("2")
        return lane(key)

    object.__setattr__(world.ledger, "lane", lane_and_hold)
    one = view(world)
    world.settle()
    assert world.get(one).counts == Counts(requested=3, deleted=2, held=1)
    assert (list(world.zoho.records), world.zoho.sent("mass_delete_view")) == (["2"], [])


def test_a_view_that_is_read_can_be_cancelled() -> None:
    world = World(records(1000))
    world.hold("7")
    one = view(world, limits=Limits(max_records=2000))
    world.zoho.script["view_ids"] = [REFUSED]
    world.step(one)
    assert world.get(one).status is Status.WAITING
    command(world, one, do="cancel")
    world.settle()
    assert (world.get(one).status, sent(world)) == (Status.CANCELLED, [])


def test_what_was_read_is_checked_against_the_limits_once_more() -> None:
    world = World(records(10))
    world.hold("7")

    def grown(work: Any) -> Reply:
        world.zoho.records |= dict.fromkeys(str(i) for i in range(100, 110))
        answer: Reply = work()
        return answer

    world.zoho.script["view_ids"] = [grown]
    one = view(world, limits=Limits(max_records=15))
    world.settle()
    assert (world.get(one).status, sent(world)) == (Status.REFUSED, [])
    assert codes(world.get(one)) == [("MAX_RECORDS", 16)]
