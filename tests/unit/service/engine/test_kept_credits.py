"""The org's credits are down to what is kept for the others: a view's deletion goes on slowly, and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.request import Freeze, Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import LOST, FakeZoho
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
        def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
            return replace(super()._do(name, what, work), credits_left=left)

    world = World()
    world.zoho = zoho = Telling(lambda: world.now, [str(i) for i in range(1, 451)])
    zoho.org = replace(zoho.org, keep_credits=kept_by_org, concurrency=1)
    return world


@pytest.mark.parametrize(
    ("own", "by_org", "waits"),
    [(100, 0, True), (99, 0, False), (0, 100, False), (None, 100, False), (None, 0, False)],
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
