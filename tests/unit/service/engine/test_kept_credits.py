"""The org's credits are down to what is kept for the others: a view's deletion goes on slowly, and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.callers import Caller
from chalicelib.domain.request import Freeze, Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.operators import commands, undo
from chalicelib.service.operators.undo import Asked
from tests.fake_zoho import LOST, FakeZoho
from tests.unit.service.bin.test_restore import operators
from tests.unit.service.world import World

CALLS = ("view_ids", "count", "mass_delete_view", "job_status", "deleted_since", "read", "delete_records")


class Poor(FakeZoho):
    """Once the call `since` was made, every answer says that no credit is left beside those that are kept."""

    since = "view_ids"

    def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
        reply = super()._do(name, what, work)
        return replace(reply, credits_left=100) if self.sent(self.since) else reply


def _world(since: str) -> World:
    world = World()
    world.zoho = zoho = Poor(lambda: world.now, [str(i) for i in range(1, 451)])
    zoho.org = replace(zoho.org, keep_credits=100)
    zoho.since = since
    return world


@pytest.mark.parametrize("share", [None, 1.0])
@pytest.mark.parametrize("start", ["answered", "lost"])
@pytest.mark.parametrize("freeze", [Freeze.AUTO, Freeze.EXACT, Freeze.NEVER])
@pytest.mark.parametrize("since", CALLS)
def test_a_view_ends_in_bounds_though_only_kept_credits_are_left(
    since: str, freeze: Freeze, start: str, share: float | None
) -> None:
    world = _world(since)
    if start == "lost":
        world.zoho.script["mass_delete_view"] = [LOST]
    one = world.accept("mass_delete", cvid="5", freeze=freeze, limits=Limits(500, max_share=share))
    world.settle()
    needs_a_person = start == "lost" and freeze is Freeze.NEVER
    assert world.get(one).status is (Status.NEEDS_ATTENTION if needs_a_person else Status.COMPLETED)
    assert len(world.zoho.log) < 60


def test_no_further_page_is_asked_for_once_only_kept_credits_are_left() -> None:
    world = _world("view_ids")
    one = world.accept("mass_delete", cvid="5")
    world.step(one)
    assert len(world.zoho.log) == 1
    assert world.get(one).waiting_for == "api credits"


# --- a source's own --------------------------------------------------------------------------------


def _told(left: int, kept_by_org: int) -> World:
    """A world in which every answer says that so many credits are left."""

    class Telling(FakeZoho):
        left = 0

        def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
            return replace(super()._do(name, what, work), credits_left=self.left)

    world = World()
    world.zoho = zoho = Telling(lambda: world.now, [str(i) for i in range(1, 451)])
    zoho.left = left
    zoho.org = replace(zoho.org, keep_credits=kept_by_org, concurrency=1)
    return world


@pytest.mark.parametrize(
    ("own", "by_org", "waits"),
    [(100, 0, True), (99, 0, False), (0, 100, False), (None, 100, True), (None, 99, False), (None, 0, False)],
)
def test_a_sources_own_reserve_holds_for_ids_and_stands_in_place_of_the_orgs(
    own: int | None, by_org: int, waits: bool
) -> None:
    world = _told(100, by_org)
    ids = tuple(str(i) for i in range(1, 251))
    one = world.accept(ids=ids, limits=Limits(max_records=500, keep_credits=own))
    for _ in range(3):
        world.step(one)
    assert (world.get(one).waiting_for == "api credits") is waits
    assert world.get(one).is_final is not waits
    if waits:
        assert len(world.zoho.sent("delete_records")) == 1, "the first answer tells what is left"


@pytest.mark.parametrize(("own", "waits"), [(None, True), (99, False), (100, True)])
def test_a_sources_own_reserve_stands_in_place_of_the_orgs_for_a_view(own: int | None, waits: bool) -> None:
    world = _told(100, kept_by_org=100)
    one = world.accept("mass_delete", cvid="5", limits=Limits(max_records=500, keep_credits=own))
    world.step(one)
    assert (world.get(one).waiting_for == "api credits") is waits


def test_once_credits_are_there_again_what_waited_for_them_goes_on() -> None:
    world = _told(100, 0)
    ids = tuple(str(i) for i in range(1, 251))
    one = world.accept(ids=ids, limits=Limits(max_records=500, keep_credits=100))
    world.step(one)
    assert world.get(one).waiting_for == "api credits"
    world.zoho = FakeZoho(lambda: world.now, tuple(world.zoho.records))
    world.settle()
    assert world.get(one).status is Status.COMPLETED


# --- every operation keeps them --------------------------------------------------------------------

KEPT = 100


def _deleted(world: World, **request: Any) -> str:
    """A deletion of record 1 that has ended while credits were there."""
    world.zoho.left = 10**6  # type: ignore[attr-defined]  # this test's Zoho tells it
    one = world.accept(ids=("1",), **request)
    while not world.get(one).is_final:
        world.step(one)
        world.now += 1
    world.zoho.log.clear()
    return one


def _restore(world: World, limits: Limits) -> str:
    parent = _deleted(world, limits=limits)
    return undo.restore(operators(world), parent, Asked(), Caller("arn:ann", world.now)).id


def _permanent(world: World, limits: Limits) -> str:
    [child] = world.get(_deleted(world, permanent_after=0, limits=limits)).children
    return child.id


def _retry(world: World, limits: Limits) -> str:
    world.zoho.locked.add("1")
    return commands.retry(
        operators(world), _deleted(world, limits=limits), Caller("arn:ann", world.now)
    ).deletion_id


ASKED: dict[str, Callable[[World, Limits], str]] = {
    "by ids": lambda world, limits: world.accept(ids=("1",), limits=limits),
    "external ids": lambda world, limits: world.accept(ids=("1",), external_id_field="E", limits=limits),
    "a dry run": lambda world, limits: world.accept(ids=("1",), dry_run=True, limits=limits),
    "a share": lambda world, limits: world.accept(ids=("1",), limits=replace(limits, max_share=1.0)),
    "links": lambda world, limits: world.accept(
        "delink_records", ids=("1",), record_id="2", related_list="Contacts", limits=limits
    ),
    "a view": lambda world, limits: world.accept("mass_delete", cvid="5", limits=limits),
    "a view by ids": lambda world, limits: world.accept(
        "mass_delete", cvid="5", freeze=Freeze.EXACT, limits=limits
    ),
    "a view, not listed": lambda world, limits: world.accept(
        "mass_delete", cvid="5", freeze=Freeze.NEVER, limits=limits
    ),
    "a restore": _restore,
    "a permanent deletion": _permanent,
    "a retry": _retry,
    "an erasure": lambda world, limits: world.accept(
        "erase_person", module="*", identity={"emails": ["a@example.com"]}, limits=limits
    ),
}


@pytest.mark.parametrize(("own", "by_org"), [(None, KEPT), (KEPT, 0)])
@pytest.mark.parametrize("asked", sorted(ASKED))
def test_whatever_is_asked_for_leaves_the_kept_credits_to_the_others(
    asked: str, own: int | None, by_org: int
) -> None:
    """The first answer tells what is left; no other deletion of the org asks for as long as that is good."""
    world = _told(KEPT, by_org)
    limits = Limits(max_records=500, keep_credits=own)
    one = ASKED[asked](world, limits)
    world.zoho.left = KEPT  # type: ignore[attr-defined]  # this test's Zoho tells it
    world.step(world.accept(ids=("440",), limits=limits))
    told = len(world.zoho.log)
    for _ in range(3):
        world.step(one)
    if asked == "a restore" and own is not None:
        assert len(world.zoho.log) > told, "an operator asked for it: the source's own number is not meant"
        return
    assert world.get(one).waiting_for == "api credits"
    assert len(world.zoho.log) == told
    world.zoho.left = 10**6  # type: ignore[attr-defined]  # this test's Zoho tells it
    world.now += 60
    world.step(one)
    assert len(world.zoho.log) > told


def test_what_is_left_is_not_asked_by_a_whole_wave() -> None:
    world = _told(KEPT, KEPT)
    world.zoho.org = replace(world.zoho.org, concurrency=10)
    one = world.accept(ids=tuple(str(i) for i in range(1, 451)))
    for _ in range(3):
        world.step(one)
    assert len(world.zoho.sent("delete_records")) == 1
