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
