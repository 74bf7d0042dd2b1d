"""What an erasure counts for its source: as many records as it may delete, however its map came to be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain import quota
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.quota import Count
from chalicelib.domain.request import Limits
from chalicelib.domain.status import FINAL
from chalicelib.service.operators import commands
from tests.unit.service.person.people import ANNA, EMAIL_ONLY, LEAD, People


def house() -> People:
    """Anna's org, in which many records of one address are one person's."""
    world = People()
    modules = {name: {"action": "delete"} for name in ("Contacts", "Guests", "Leads")}
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 50, "modules": modules}
    return world


def counted(world: People) -> int:
    return world.ledger.tally("test", quota.day_of(world.now)).day


def already(world: People, records: int) -> None:
    world.ledger.count(Count("test", records, world.now, "others"))


def more_of_anna(world: People, number: int) -> None:
    for n in range(number):
        world.zoho.add_person("Guests", f"65{n}", Mail="anna@example.com")


def until_asked_again(world: People, one: str) -> Deletion:
    """Go on until another map waits for its own approval, or it has ended."""
    for _ in range(60):
        world.step(one)
        deletion, row = world.get(one), world.ledger.rows[one]
        asked = deletion.approval is not None and deletion.approval.approved_at is None
        if deletion.status in FINAL or (asked and row.next_at > world.now):
            return deletion
        world.now = max(world.now, row.next_at)
    raise AssertionError("nobody was asked")


def went(world: People, one: str) -> int:
    return world.get(one).counts.deleted


def test_what_a_second_look_finds_is_counted_too() -> None:
    world = house()
    one = world.erase(EMAIL_ONLY)
    world.until_asked(one)
    first = counted(world)
    more_of_anna(world, 4)
    world.approve(one)
    until_asked_again(world, one)
    assert counted(world) == first + 4
    world.approve(one)
    world.settle()
    assert counted(world) == went(world, one) == first + 4


def test_a_map_that_is_asked_for_again_without_more_counts_nothing() -> None:
    world = house()
    one = world.erase(EMAIL_ONLY)
    world.until_asked(one)
    first = counted(world)
    world.zoho.add_person("Deals", "399", Contact_Name={"id": "101"})
    world.approve(one)
    until_asked_again(world, one)
    world.approve(one)
    world.settle()
    assert counted(world) == went(world, one) == first


def test_what_a_shared_value_brings_once_it_is_meant_is_counted_too() -> None:
    world = People()
    for n in range(6):
        world.zoho.add_person("Contacts", f"15{n}", Email=f"c{n}@example.com", Phone="+43 660 1234567")
    one = world.erase({**ANNA, "emails": []})
    world.until_asked(one)
    assert counted(world) == 0
    world.approve(one, "/identity/phones/0")
    world.settle()
    assert counted(world) == went(world, one) == 7


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_records=500, max_records_per_day=14), "DAILY_LIMIT"),
        (Limits(max_records=500, max_records_per_hour=14), "HOURLY_LIMIT"),
    ],
)
def test_a_map_that_grows_past_what_its_source_may_name_is_refused(limits: Limits, code: str) -> None:
    world = house()
    already(world, 9)
    one = world.erase(EMAIL_ONLY, limits=limits)
    world.until_asked(one)
    assert counted(world) == 12
    more_of_anna(world, 3)
    world.approve(one)
    ended = until_asked_again(world, one)
    assert [(each.code, each.count) for each in ended.problems] == [(code, 6)]
    assert (ended.status.value, world.changed(), counted(world)) == ("refused", [], 12)


def test_what_grows_on_another_day_is_counted_on_that_day() -> None:
    world = house()
    world.now = quota.day_ends(world.now) - 30
    one = world.erase(EMAIL_ONLY)
    world.until_asked(one)
    yesterday = quota.day_of(world.now)
    first = counted(world)
    world.now += 40
    more_of_anna(world, 2)
    world.approve(one)
    until_asked_again(world, one)
    assert (world.ledger.tally("test", yesterday).day, counted(world)) == (first, 2)


def test_a_map_that_grows_twice_by_the_same_number_is_counted_for_both() -> None:
    world = house()
    one = world.erase(EMAIL_ONLY)
    world.until_asked(one)
    first = counted(world)
    for n in (1, 2):
        more_of_anna(world, n)
        world.approve(one)
        until_asked_again(world, one)
        assert counted(world) == first + n


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_dry_run_counts_nothing(dry_run: bool) -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, approval=False, dry_run=dry_run)
    world.settle()
    assert counted(world) == (0 if dry_run else went(world, one))


def test_a_retry_counts_what_its_own_map_deletes() -> None:
    world = People()
    world.zoho.locked = {LEAD}
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    first = counted(world)
    assert went(world, one) == first - 1
    world.zoho.locked = set()
    again = commands.retry(world.operators(), one, world.ann()).deletion_id
    world.settle()
    assert counted(world) == first + went(world, again) == first + 1


@pytest.mark.parametrize(("before", "waits"), [(7, False), (8, True)])
def test_what_a_source_asked_for_that_day_counts_for_the_approval_of_an_erasure(
    before: int, waits: bool
) -> None:
    world = People()
    already(world, before)
    one = world.erase(EMAIL_ONLY, approval=False, limits=replace(world.limits, approve_above=10))
    ended = until_asked_again(world, one)
    assert (ended.status.value == "awaiting_approval") is waits
    assert bool(world.changed()) is not waits
