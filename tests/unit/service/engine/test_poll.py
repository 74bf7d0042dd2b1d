"""What a poll asks the table for, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib import bootstrap, handlers
from chalicelib.domain.errors import Unavailable
from chalicelib.service.engine.poll import FORGET_MINUTES, NotForgotten, Polled, poll
from tests.unit.service.world import FakeNudges, World

HOUR = 3600


class Forgotten:
    """A ledger with texts to forget. `asked`: when somebody looked for them. `down`: it cannot be asked what
    is due.
    """

    def __init__(self, inner: Any, pages: list[list[str]]) -> None:
        self._inner, self._pages = inner, pages
        self.asked: list[float] = []
        self.down = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def due_pages(self, now: float, limit: int) -> Any:
        """As the ledger."""
        if self.down:
            raise Unavailable("table", "down")
        return self._inner.due_pages(now, limit)

    def to_forget(self, now: float, limit: int) -> Iterator[list[str]]:
        """The pages, one after the other."""
        del limit
        self.asked.append(now)
        yield from self._pages


def polled(second: float, minutes: int, pages: list[list[str]], seconds: float = 30) -> tuple[Any, World]:
    """A world that was polled for so many minutes from a full hour on, and its ledger."""
    world = World(["1"])
    ledger = Forgotten(world.ledger, pages)
    deps = replace(world.deps, ledger=ledger)
    start = world.now // HOUR * HOUR + second
    for minute in range(minutes):
        world.now = start + 60 * minute
        poll(deps, until=world.now + seconds)
    return ledger, world


def test_one_poll_of_ten_looks_for_what_is_to_be_forgotten_wherever_in_its_minute_it_starts() -> None:
    for second in (0.0, 0.4, 31.0, 59.9):
        ledger, _ = polled(second, 60, [])
        assert len(ledger.asked) == 60 // FORGET_MINUTES == 6


def test_every_page_of_what_is_to_be_forgotten_is_nudged() -> None:
    _, world = polled(0.0, 2, [["a", "b"], ["c"]])
    assert [one for one, _ in world.nudges.sent] == ["a", "b", "c"]


def test_without_time_one_page_is_nudged_so_that_it_goes_on_at_every_look() -> None:
    _, world = polled(0.0, 1, [["a", "b"], ["c"]], seconds=-1)
    assert [one for one, _ in world.nudges.sent] == ["a", "b"]


# --- a look that fails ---------------------------------------------------------------------------


@dataclass
class LossyNudges(FakeNudges):
    """A queue that fails with what is to be forgotten. `fails`: how, None for not any more."""

    fails: Callable[[Sequence[str]], Sequence[str]] | None = None

    def nudge_all(self, deletion_ids: Sequence[str]) -> Sequence[str]:
        if self.fails is not None and "to_forget" in deletion_ids:
            return self.fails(deletion_ids)
        return super().nudge_all(deletion_ids)


def out_of_reach(_ids: Sequence[str]) -> Sequence[str]:
    raise Unavailable("queue", "down")


def mistaken(_ids: Sequence[str]) -> Sequence[str]:
    raise KeyError("a mistake of ours")


def refuses(ids: Sequence[str]) -> Sequence[str]:
    return ids


@dataclass
class Minutes:
    """A world whose polls look for one deletion that is to be forgotten."""

    fails: Callable[[Sequence[str]], Sequence[str]] | None
    world: World = field(default_factory=lambda: World([str(n) for n in range(1, 30)]))

    def __post_init__(self) -> None:
        self.nudges = LossyNudges(fails=self.fails)
        self.ledger = Forgotten(self.world.ledger, [["to_forget"]])
        self.world.now = self.world.now // HOUR * HOUR
        self.deps = replace(self.world.deps, ledger=self.ledger, nudges=self.nudges)

    def poll(self) -> Polled:
        """The poll of this minute."""
        done = poll(self.deps, until=self.world.now + 30)
        self.world.now += 60
        return done


@pytest.mark.parametrize("fails", [out_of_reach, mistaken, refuses])
def test_what_fails_in_forgetting_keeps_nothing_else_of_that_minute(
    fails: Callable[[Sequence[str]], Sequence[str]],
) -> None:
    minutes = Minutes(fails)
    found = [minutes.world.accept(ids=(str(n),)) for n in range(1, 15)]
    minutes.world.now += 1
    done = minutes.poll()
    assert (done.due, done.advanced, done.nudged) == (14, 10, 4)
    assert sum(minutes.world.get(one).is_final for one in found) == 10
    assert done.oldest == 1


@pytest.mark.parametrize("fails", [out_of_reach, mistaken, refuses])
def test_after_a_look_that_failed_the_next_poll_looks_again(
    fails: Callable[[Sequence[str]], Sequence[str]],
) -> None:
    minutes = Minutes(fails)
    assert [minutes.poll().nudged for _ in range(3)] == [0, 0, 0]
    minutes.nudges.fails = None
    assert [minutes.poll().nudged for _ in range(5)] == [1, 0, 0, 0, 0]
    assert len(minutes.ledger.asked) == 4


@pytest.mark.parametrize(("fails", "told"), [(out_of_reach, 1), (mistaken, 1), (refuses, 0)])
def test_what_fails_in_forgetting_is_told(fails: Callable[[Sequence[str]], Sequence[str]], told: int) -> None:
    """What the queue does not take it reports by itself, message by message."""
    minutes = Minutes(fails)
    assert minutes.poll().not_forgotten == told
    assert [event for event, _ in minutes.world.reports] == ["forgetting_failed"] * told
    assert minutes.poll().not_forgotten == told
    minutes.nudges.fails = None
    assert minutes.poll().not_forgotten == 0


def test_a_look_that_had_no_time_for_all_is_no_failure_so_that_workers_get_no_message_twice() -> None:
    ledger, _ = polled(0.0, 9, [["a", "b"], ["c"]], seconds=-1)
    assert len(ledger.asked) == 1


def test_a_first_minute_that_is_left_out_does_not_leave_out_its_look() -> None:
    minutes = Minutes(None)
    minutes.world.now -= 0.1
    minutes.poll()
    minutes.world.now += 0.2
    assert [minutes.poll().nudged for _ in range(2)] == [1, 0]


def test_the_metrics_of_a_minute_whose_look_failed_leave_and_then_the_function_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    minutes, told = Minutes(out_of_reach), dict[str, float]()
    one = minutes.world.accept(ids=("1",))
    minutes.world.now += 1
    deps = replace(minutes.deps, measure=told.__setitem__, ends_at=minutes.world.now + 60)
    monkeypatch.setattr(bootstrap, "deps_until", lambda _context: deps)
    with pytest.raises(NotForgotten):
        handlers.poll_once(None)
    assert minutes.world.get(one).is_final
    assert {name: told[name] for name in ("PollCompleted", "Due", "OldestDueSeconds")} == {
        "PollCompleted": 1,
        "Due": 1,
        "OldestDueSeconds": 1,
    }


def test_a_poll_that_was_left_out_costs_no_look() -> None:
    minutes = Minutes(None)
    minutes.world.now -= 60
    minutes.poll()
    minutes.world.now += 60
    minutes.poll()
    assert len(minutes.ledger.asked) == 1


def test_a_poll_that_cannot_ask_what_is_due_leaves_the_look_to_the_next_one() -> None:
    minutes = Minutes(None)
    minutes.ledger.down = True
    with pytest.raises(Unavailable):
        minutes.poll()
    minutes.ledger.down = False
    minutes.world.now += 60
    assert minutes.poll().nudged == 1


# --- whose turn it is ----------------------------------------------------------------------------


@dataclass
class TwoOrgs:
    """A world in which one org's deletions have been due for longer, and each takes a slice of time."""

    world: World = field(default_factory=lambda: World([str(n) for n in range(1, 99)]))
    slice: float = 20.0
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.large = sorted(self.world.accept(ids=(str(n),)) for n in range(1, 31))
        self.world.now += 30
        self.small = self.world.accept(ids=("98",))
        row = self.world.ledger.rows[self.small]
        row.deletion = replace(row.deletion, request=replace(row.deletion.request, org="small"))
        self.world.now += 1
        self.moved: list[str] = []
        self.deps = replace(self.world.deps, orgs=self.orgs, about=self.about)

    def orgs(self, deletion_ids: Sequence[str]) -> dict[str, str]:
        self.asked.append(len(deletion_ids))
        return {one: self.world.get(one).request.org for one in deletion_ids}

    def about(self, deletion_id: str, _: str) -> None:
        self.moved.append(deletion_id)
        self.world.now += self.slice


def test_the_poll_takes_orgs_in_turn() -> None:
    orgs = TwoOrgs()
    poll(orgs.deps, until=orgs.world.now + 35)
    assert orgs.moved[:2] == [orgs.large[0], orgs.small]
    assert orgs.world.get(orgs.small).is_final


def test_what_the_poll_has_no_time_for_is_nudged() -> None:
    orgs = TwoOrgs()
    done = poll(orgs.deps, until=orgs.world.now + 35)
    nudged = {one for one, _ in orgs.world.nudges.sent}
    assert done.due == 31
    assert nudged == {*orgs.large, orgs.small} - set(orgs.moved)
    assert (done.advanced, done.nudged) == (len(orgs.moved), len(nudged)) == (2, 29)


def test_a_poll_that_takes_all_that_is_due_asks_for_no_org() -> None:
    world = World([str(n) for n in range(1, 11)])
    asked: list[int] = []

    def orgs(deletion_ids: Sequence[str]) -> dict[str, str]:
        asked.append(len(deletion_ids))
        return {}

    deps = replace(world.deps, orgs=orgs)
    poll(deps, until=world.now + 30)
    for n in range(1, 11):
        world.accept(ids=(str(n),))
    world.now += 1
    assert poll(deps, until=world.now + 30).advanced == 10
    assert asked == []


def test_where_no_org_is_known_the_longest_due_come_first() -> None:
    orgs = TwoOrgs(slice=0.0)
    poll(replace(orgs.deps, orgs=lambda _: {}), until=orgs.world.now + 35)
    assert orgs.moved == orgs.large[:10]


def test_orgs_of_a_bounded_number_are_asked_for() -> None:
    orgs = TwoOrgs(slice=0.0)
    poll(orgs.deps, until=orgs.world.now + 35)
    assert max(orgs.asked) <= 100
    assert orgs.moved[:4] == [orgs.large[0], orgs.small, *orgs.large[1:3]]
