"""Whatever withholds a call, and for however long: its deletion rests, and asks again ever more seldom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.operators import SourceCancel
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.request import Freeze
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.service.engine.step import Again, Commit, Finish, Note, Outgoing, Rest, Send, Slice, Step
from chalicelib.service.engine.step import Then as GoesOn
from chalicelib.service.ports import Call
from tests.fake_ledger import FakeLedger
from tests.unit.service.bin.test_permanent import child_of, deleted
from tests.unit.service.person.people import People
from tests.unit.service.world import World

HOUR = 3600
IDS = ("1", "2", "3")


def same(_turn: int) -> int:
    return 0


def in_turns(turn: int) -> int:
    return turn % 2


def another(turn: int) -> int:
    return turn


@dataclass
class Disagrees:
    """An executor whose next step is a call that its own last look does not let go. `number`: which call, of
    how often it was asked. `thinks`: a step that only writes lies between two calls. `then`: how it goes on
    after one that did not leave. `keeps`: with one more record settled. `leaves`: the look that lets it go.
    `gives_up`: it ends when it is to give up, and does not ask for its call once more.
    """

    number: Callable[[int], int] = same
    thinks: bool = False
    then: GoesOn = field(default_factory=Again)
    keeps: bool = False
    leaves: int = 1_000_000
    gives_up: bool = True
    asked: int = 0
    looks: int = 0
    thought: bool = False

    def wanted(self, deletion: Deletion) -> int:
        return 1

    def blamed(self, deletion: Deletion, code: str) -> Deletion:
        return deletion

    def step(self, work: Slice) -> Step:
        assert self.asked < 5_000, "it goes round for ever"
        self.thought = self.thinks and not self.thought
        if self.thought:
            return Commit(work.deletion, notes=(Note("thought"),))
        if not work.deletion.counts.pending:
            return Commit(work.deletion, Finish())
        self.asked += 1
        target: dict[str, object] = {"chunk": 0, "positions": [self.number(self.asked)]}
        call = Outgoing(CallKind.DELETE_RECORDS, target, lambda zoho: zoho.delete_records("Leads", IDS, True))

        def judge(calls: Sequence[Call], replies: Sequence[Reply | None]) -> Commit:
            chunk = work.chunk(0)
            open_ones = chunk.at(Mark.PENDING)
            if replies[0] is not None:
                answered = replace(calls[0], answered_at=work.now, answer={"verdict": "answered"})
                gone = chunk.with_mark(open_ones, Finding(Mark.DELETED))
                return Commit(work.deletion, calls=(answered,), chunks=(gone,))
            held = (chunk.with_mark(open_ones[:1], Finding(Mark.HELD, "HELD")),) if self.keeps else ()
            return Commit(work.deletion, self.then, calls=tuple(calls), chunks=held)

        return Send((call,), lambda _: work.deletion, self._look, judge)

    def _look(self) -> list[str]:
        self.looks += 1
        return ["" if self.looks >= self.leaves else "no"]

    def give_up(self, work: Slice, call: str) -> Step:
        if not self.gives_up:
            return self.step(work)
        chunk = work.chunk(0)
        failed = chunk.with_mark(chunk.at(Mark.PENDING), Finding(Mark.FAILED, "GAVE_UP"))
        return Commit(work.deletion, Finish(), chunks=(failed,))


def disagreeing(executor: Disagrees, **timeouts: float) -> tuple[World, str]:
    """A world with a deletion of the ids that is done by this executor."""
    world = World(list(IDS))
    world.deps = replace(world.deps, executor_of=lambda _: executor, timeouts=Timeouts(**timeouts))
    return world, world.accept(ids=IDS)


def due_in(world: World, one: str) -> float:
    return world.ledger.rows[one].next_at - world.now


def unanswered(world: World, one: str) -> list[int]:
    return [n for n, call in world.ledger.rows[one].calls.items() if call.answered_at is None]


@pytest.mark.parametrize("number", [same, in_turns, another])
@pytest.mark.parametrize("then", [Again(), Rest(0)], ids=["again", "rest"])
@pytest.mark.parametrize("thinks", [False, True])
def test_a_withheld_call_that_leads_to_itself_ends_the_slice(
    number: Callable[[int], int], then: GoesOn, thinks: bool
) -> None:
    executor = Disagrees(number, thinks, then)
    world, one = disagreeing(executor)
    assert world.step(one)
    row = world.ledger.rows[one]
    assert executor.asked <= 2
    assert due_in(world, one) >= 1
    assert (row.due, row.lease_until) == (True, 0)
    assert world.nudges.sent[-1] == (one, due_in(world, one))
    assert world.zoho.log == []
    assert row.deletion.counts == Counts(requested=3, pending=3)
    assert world.ledger.chunk(one, 0).at(Mark.PENDING) == [0, 1, 2]
    assert unanswered(world, one) == []
    assert {(call.answer or {})["code"] for call in row.calls.values()} == {"NOT_SENT"}


def test_it_is_asked_for_ever_more_seldom_and_ends() -> None:
    executor = Disagrees()
    world, one = disagreeing(executor)
    began = world.now
    world.step(one)
    asked_within: dict[int, int] = {}
    while not world.get(one).is_final:
        world.now = max(world.now, world.ledger.rows[one].next_at)
        before = executor.asked
        world.step(one)
        hour = int((world.now - began) / HOUR)
        asked_within[hour] = asked_within.get(hour, 0) + executor.asked - before
    assert asked_within[0] <= 16
    assert max(number for hour, number in asked_within.items() if hour) <= 8
    done = world.get(one)
    assert (done.status, done.counts) == (Status.FAILED, Counts(requested=3, failed=3))
    assert (world.now - began) / HOUR < 8 * 24
    assert world.zoho.log == []


@pytest.mark.parametrize("then", [Again(), Rest(0)], ids=["again", "rest"])
def test_where_even_what_gives_it_up_is_withheld_a_person_is_told(then: GoesOn) -> None:
    world, one = disagreeing(Disagrees(then=then, gives_up=False), wait=600)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=3, unknown=3))
    assert (world.zoho.log, unanswered(world, one)) == ([], [])


def test_once_it_may_leave_it_does_and_its_clock_is_over() -> None:
    executor = Disagrees(leaves=6)
    world, one = disagreeing(executor)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts(requested=3, deleted=3))
    assert (executor.looks, done.failing) == (6, {})


def test_a_call_that_was_withheld_a_moment_leaves_in_the_same_slice() -> None:
    world, one = disagreeing(Disagrees(leaves=2))
    began = world.now
    world.settle()
    assert (world.get(one).status, world.now) == (Status.COMPLETED, began)


def test_as_long_as_records_are_settled_it_goes_on_at_once() -> None:
    executor = Disagrees(keeps=True)
    world, one = disagreeing(executor)
    world.step(one)
    assert (executor.asked, world.get(one).counts) == (3, Counts(requested=3, held=3))


def test_an_end_is_no_rest() -> None:
    world, one = disagreeing(Disagrees(then=Finish(Status.CANCELLED)))
    world.step(one)
    assert world.get(one).status is Status.CANCELLED


class TwoMinds(FakeLedger):
    """A table whose last look says otherwise than the look before, for ever."""

    def __init__(self, of: str) -> None:
        super().__init__()
        self.of = of
        self.looked = 0

    def stopped(self, org: str, source: str) -> tuple[str | None, SourceCancel | None]:
        cancel = SourceCancel(source, "arn:ann", 9e9) if self.of == "cancel" else None
        return ("stop" if self.of == "pause" else None), cancel


#: How many calls to Zoho an hour may take, where reading belongs to the step that sends.
MOST_CALLS = 60


OPERATIONS = ["ids", "links", *Freeze, "bin", "person"]
CHANGING = {"delete_records", "mass_delete_view", "delink", "update", "delete_from_bin"}


@pytest.mark.parametrize("of", ["pause", "cancel"])
@pytest.mark.parametrize("what", OPERATIONS, ids=str)
def test_rules_that_disagree_for_ever_keep_no_operation_going_round(what: str, of: str) -> None:
    ledger = TwoMinds(of="")
    world = People(ledger) if what == "person" else World(list(IDS), ledger)
    one = _asked(world, what)
    ledger.of = of
    world.zoho.log.clear()
    world.deps = replace(world.deps, timeouts=Timeouts())
    until = world.now + HOUR
    while world.now < until:
        world.step(one)
        world.now = max(world.now + 0.001, world.ledger.rows[one].next_at)
    row = world.ledger.rows[one]
    assert not CHANGING & {name for name, _ in world.zoho.log}
    assert len(world.zoho.log) <= MOST_CALLS
    assert 0 < len(row.calls) <= 30
    assert not row.deletion.is_final
    assert unanswered(world, one) == []
    ledger.of = ""
    world.settle()
    assert world.get(one).status is Status.COMPLETED


@pytest.mark.parametrize("what", OPERATIONS, ids=str)
def test_what_is_withheld_for_ever_ends_and_nothing_is_said_to_be_done(what: str) -> None:
    ledger = TwoMinds(of="")
    world = People(ledger) if what == "person" else World(list(IDS), ledger)
    one = _asked(world, what)
    ledger.of = "pause"
    world.zoho.log.clear()
    world.deps = replace(world.deps, timeouts=Timeouts(wait=HOUR, longest=300))
    world.settle()
    done = world.get(one)
    assert done.status in (Status.FAILED, Status.PARTIALLY_COMPLETED)
    assert (done.counts.deleted, done.counts.unlinked, done.counts.pending) == (0, 0, 0)
    assert not CHANGING & {name for name, _ in world.zoho.log}


def _asked(world: World, what: str) -> str:
    if isinstance(world, People):
        return world.erase({"emails": ["anna@example.com"], "phones": [], "records": []}, approval=False)
    if what == "ids":
        return world.accept(ids=IDS)
    if what == "links":
        return world.accept("delink_records", ids=IDS, record_id="9", related_list="Contacts")
    if what == "bin":
        return child_of(world, deleted(world, list(IDS), after=0))
    return world.accept("mass_delete", cvid="5", freeze=Freeze(what))
