"""A cancel while an erasure is carried out: what was sent is read once more, nothing else is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.operators import commands
from tests.fake_zoho import LOST
from tests.unit.service.person.people import People

Work = Callable[[], Reply]


def _cancelled(world: People, name: str, n: int, answer: Callable[[Work], Reply]) -> str:
    """An erasure that was cancelled while its n-th call of this name was under way."""
    one = world.erase(approval=False)

    def cancel(work: Work) -> Reply:
        reply = answer(work)
        commands.cancel(world.operators(), one, world.ann())
        return reply

    world.zoho.script[name] = [*([lambda work: work()] * n), cancel]
    world.settle()
    return one


def done(work: Work) -> Reply:
    return work()


def done_and_lost(work: Work) -> Reply:
    work()
    return LOST


def not_done_and_lost(_work: Work) -> Reply:
    return LOST


@pytest.mark.parametrize("answer", [done, done_and_lost])
@pytest.mark.parametrize(("name", "n"), [("update", 0), ("update", 1), ("delete_records", 0)])
def test_what_was_done_is_seen_by_a_read_and_it_ends_cancelled(
    name: str, n: int, answer: Callable[[Work], Reply]
) -> None:
    world = People()
    one = _cancelled(world, name, n, answer)
    shown = world.shown(one)
    assert (shown["status"], shown["counts"]["unknown"]) == ("cancelled", 0)
    assert shown["counts"]["pending"] > 0
    assert len(world.changed()) == n + 1 + (3 if name == "delete_records" else 0)


def test_what_a_read_does_not_show_as_done_is_unknown() -> None:
    world = People()
    one = _cancelled(world, "update", 0, not_done_and_lost)
    shown = world.shown(one)
    assert (shown["status"], shown["counts"]["unknown"]) == ("needs_attention", 1)


def test_an_erasure_that_was_cancelled_before_it_was_looked_again_is_not_complete() -> None:
    world = People()
    one = _cancelled(world, "delete_records", 2, done)
    shown = world.shown(one)
    assert (shown["status"], shown["verification"]) == ("partially_completed", None)
    assert [each["code"] for each in shown["problems"]] == ["NOT_VERIFIED"]


def test_a_cancel_while_nothing_was_sent_ends_it_at_once() -> None:
    world = People()
    one = world.erase(approval=False)
    row = world.ledger.rows[one]
    row.deletion = replace(row.deletion, cancelled_by="ann")
    world.settle()
    assert world.shown(one)["status"] == "cancelled"
