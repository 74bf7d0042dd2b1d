"""Whatever steps an executor answers, and for however long: a deletion whose steps lead nowhere rests, ever
more seldom asks for more of them, and ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from chalicelib.domain.backoff import ROUND, Timeouts
from chalicelib.domain.commands import Do
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import MOST_STEPS
from chalicelib.service.engine.rounds import LONG_SEARCH, MOST_TIMES
from chalicelib.service.engine.step import Commit, Finish, Note, Slice, Step
from chalicelib.service.ports import Part
from tests.unit.service.world import World

HOUR = 3600
IDS = ("1", "2", "3")

Way = Callable[[Slice, int], Commit]


def nothing(work: Slice, _n: int) -> Commit:
    return Commit(work.deletion)


def noting(work: Slice, _n: int) -> Commit:
    return Commit(work.deletion, notes=(Note("thought"),))


def to_and_fro(work: Slice, n: int) -> Commit:
    return Commit(replace(work.deletion, progress={"page": n % 2}))


def counting(work: Slice, n: int) -> Commit:
    return Commit(replace(work.deletion, progress={"page": n}))


def same_part(work: Slice, n: int) -> Commit:
    return Commit(work.deletion, parts=(Part(0, n),))


def marks_to_and_fro(work: Slice, n: int) -> Commit:
    mark = Mark.SENT if n % 2 else Mark.PENDING
    return Commit(work.deletion, chunks=(work.chunk(0).with_mark([0, 1, 2], Finding(mark, "NO_ANSWER")),))


WAYS: dict[str, tuple[Way, int]] = {
    "nothing": (nothing, MOST_TIMES + 1),
    "notes only": (noting, MOST_TIMES + 1),
    "to and fro": (to_and_fro, 2 * MOST_TIMES + 1),
    "counting": (counting, MOST_STEPS),
    "the same part": (same_part, MOST_STEPS),
    "marks to and fro": (marks_to_and_fro, MOST_STEPS),
}


@dataclass
class GoesRound:
    """An executor whose steps lead nowhere, `steps` of them so far. `gives_up`: it ends when it is to."""

    way: Way
    gives_up: bool = True
    until: float = 1e12
    steps: int = 0

    def wanted(self, deletion: Deletion) -> int:
        return 1

    def blamed(self, deletion: Deletion, code: str) -> Deletion:
        return deletion

    def step(self, work: Slice) -> Step:
        self.steps += 1
        return self._end(work) if work.now >= self.until else self.way(work, self.steps)

    def give_up(self, work: Slice, call: str) -> Step:
        assert call == ROUND
        return self._end(work) if self.gives_up else self.step(work)

    def _end(self, work: Slice) -> Commit:
        chunk = work.chunk(0)
        failed = chunk.with_mark([0, 1, 2], Finding(Mark.FAILED, "GAVE_UP"))
        return Commit(work.deletion, Finish(), chunks=(failed,))


def going_round(executor: GoesRound, **timeouts: float) -> tuple[World, str]:
    world = World(list(IDS))
    world.deps = replace(world.deps, executor_of=lambda _: executor, timeouts=Timeouts(**timeouts))
    return world, world.accept(ids=IDS)


def to_the_end(world: World, one: str) -> None:
    for _ in range(10_000):
        if world.get(one).is_final:
            return
        world.now = max(world.now, world.ledger.rows[one].next_at)
        world.step(one)
    raise AssertionError("it goes round for ever")


@pytest.mark.parametrize("name", sorted(WAYS))
def test_steps_that_lead_nowhere_end_the_slice_and_it_rests(name: str) -> None:
    way, most = WAYS[name]
    executor = GoesRound(way)
    world, one = going_round(executor)
    assert world.step(one)
    row = world.ledger.rows[one]
    assert executor.steps <= most
    assert row.next_at - world.now >= 1
    assert (row.due, row.lease_until) == (True, 0)
    assert [event for event, _ in world.reports] == ["goes_round"]
    assert row.deletion.counts == Counts(requested=3, pending=3)


@pytest.mark.parametrize("name", ["nothing", "to and fro"])
def test_it_asks_ever_more_seldom_and_is_given_up(name: str) -> None:
    executor = GoesRound(WAYS[name][0])
    world, one = going_round(executor, wait=6 * HOUR)
    began = world.now
    world.step(one)
    before = MOST_STEPS
    while world.now < began + 2 * HOUR:
        before, executor.steps = executor.steps, 0
        world.now = world.ledger.rows[one].next_at
        world.step(one)
    assert before <= WAYS[name][1]
    assert world.ledger.rows[one].next_at - world.now > 400
    to_the_end(world, one)
    done = world.get(one)
    assert (done.status, done.counts) == (Status.FAILED, Counts(requested=3, failed=3))
    assert 6 <= (world.now - began) / HOUR < 7


def test_a_long_search_that_settles_nothing_yet_waits_a_moment_only_for_each_slice() -> None:
    steps, world = [0], World(list(IDS))

    def search(work: Slice, n: int) -> Commit:
        steps[0] = n
        work.zoho.count("Leads")
        return counting(work, n)

    executor = GoesRound(search)
    world.deps = replace(world.deps, executor_of=lambda _: executor, timeouts=Timeouts())
    one, began = world.accept(ids=IDS), world.now
    while steps[0] < LONG_SEARCH * MOST_STEPS:
        world.now = max(world.now, world.ledger.rows[one].next_at)
        world.step(one)
    assert world.now - began < 2 * LONG_SEARCH
    while steps[0] < 2 * LONG_SEARCH * MOST_STEPS:
        world.now = max(world.now, world.ledger.rows[one].next_at)
        world.step(one)
    assert world.ledger.rows[one].next_at - world.now > 400


def test_where_even_giving_up_leads_nowhere_a_person_is_told() -> None:
    world, one = going_round(GoesRound(nothing, gives_up=False), wait=60)
    to_the_end(world, one)
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=3, unknown=3))
    assert [problem.code for problem in done.problems] == ["STUCK"]


def test_what_goes_on_after_all_ends_as_any_other() -> None:
    executor = GoesRound(nothing)
    world, one = going_round(executor)
    world.step(one)
    executor.until = world.now
    to_the_end(world, one)
    assert world.get(one).status is Status.FAILED
    assert world.get(one).failing == {}


def test_a_command_is_obeyed_by_what_goes_round() -> None:
    executor = GoesRound(nothing)
    world, one = going_round(executor)
    world.step(one)
    snapshot = world.ledger.snapshot(one)
    assert snapshot is not None
    assert world.ledger.command(snapshot, {"do": Do.CANCEL.value, "by": "arn:ann"}, world.now)
    executor.until = world.now
    world.step(one)
    assert world.get(one).cancelled_by == "arn:ann"
