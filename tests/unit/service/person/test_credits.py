"""Credits of the org that an erasure leaves to the others, also where its source has no number of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.request import Limits
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import FakeZoho
from tests.unit.service.person.people import EMAIL_ONLY, People, org


class Telling(FakeZoho):
    """Every answer says how many credits are left, once so many calls were made."""

    left = 100
    since = 0

    def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
        reply = super()._do(name, what, work)
        return replace(reply, credits_left=self.left) if len(self.log) > self.since else reply


def _world(by_org: int, since: int = 0) -> People:
    world = People()
    world.zoho = Telling(lambda: world.now)
    org(world)
    world.zoho.org = replace(world.zoho.org, keep_credits=by_org, concurrency=10)
    world.zoho.since = since
    return world


@pytest.mark.parametrize(
    ("own", "by_org", "waits"),
    [(None, 100, True), (None, 99, False), (100, 0, True), (99, 100, False), (0, 100, False)],
)
def test_an_erasure_keeps_the_orgs_credits_unless_its_source_has_a_number_of_its_own(
    own: int | None, by_org: int, waits: bool
) -> None:
    world = _world(by_org)
    one = world.erase(EMAIL_ONLY, limits=Limits(max_records=500, keep_credits=own), approval=False)
    for _ in range(3):
        world.step(one)
    assert (world.get(one).waiting_for == "api credits") is waits
    if waits:
        assert len(world.zoho.log) == 2, "the modules, and the fields of one: a step that gets on"


@pytest.mark.parametrize("since", range(0, 50, 3))
def test_once_only_kept_credits_are_left_no_further_question_is_asked(since: int) -> None:
    world = _world(100, since)
    one, before = world.erase(EMAIL_ONLY, approval=False), 0
    for _ in range(60):
        before = len(world.zoho.log)
        world.step(one)
        if world.get(one).waiting_for == "api credits":
            break
        world.now = max(world.now, world.ledger.rows[one].next_at)
    assert world.get(one).waiting_for == "api credits"
    # Those that were under way together with the answer that told it, and one record's own.
    assert len(world.zoho.log) - max(before, since) <= 10
    world.now = world.ledger.rows[one].next_at
    before = len(world.zoho.log)
    world.step(one)
    assert len(world.zoho.log) - before <= 10, "what belongs to one record is read as a whole"


def test_an_erasure_ends_though_only_kept_credits_are_left() -> None:
    world = _world(100)
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle(3000)
    assert world.get(one).status == "completed"
    assert world.others_untouched()
