"""No org holds more than half of the workers while another's deletion is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.groups import MOST_READ, Groups
from chalicelib.adapters.queue import org_of
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.status import Status
from chalicelib.service.engine.turns import HELD, MOMENT, RENEWED, SEAT, TIMES_AS_LONG, Turns
from chalicelib.service.engine.work import TURN_SECONDS, Nudge, work
from tests.fake_ledger import FakeLedger
from tests.unit.service.world import World


@dataclass
class Workers:
    """As many workers as asked for, a clock, and what is due by org."""

    number: int
    now: float = 1000.0
    ledger: FakeLedger = field(default_factory=FakeLedger)
    due: dict[str, str] = field(default_factory=dict)
    looks: int = 0
    look_takes: float = 0.0
    reports: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.each = [
            Turns(
                leases=self.ledger,
                other_due=self.other,
                workers=self.number,
                owner=f"worker-{n}",
                clock=lambda: self.now,
                chance=lambda: 0.5,
                report=self.report,
            )
            for n in range(self.number)
        ]

    def report(self, reason: str) -> None:
        self.reports.append(reason)

    def other(self, org: str, now: float) -> str | None:
        del now
        self.looks += 1
        self.now += self.look_takes
        return next((one for whose, one in self.due.items() if whose != org), None)

    def busy(self, org: str, seconds: float = 2 * MOMENT) -> None:
        """All workers go on with the org's for a while, as nobody else has anything."""
        ends = self.now + seconds
        while self.now < ends:
            assert [each.given_to(org) for each in self.each] == [None] * self.number
            self.now += MOMENT / 4

    def going_on(self, org: str) -> int:
        return [each.given_to(org) for each in self.each].count(None)


@pytest.mark.parametrize(("number", "half"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (10, 5)])
def test_an_org_keeps_half_of_the_workers_once_anothers_deletion_is_due(number: int, half: int) -> None:
    workers = Workers(number)
    workers.busy("large")
    workers.due["idle"] = "del_idle"
    workers.now += MOMENT
    assert workers.going_on("large") == half
    assert {each.given_to("large") for each in workers.each} <= {None, "del_idle"}


def test_an_org_has_all_workers_while_nobody_else_has_anything() -> None:
    workers = Workers(4)
    workers.busy("large", seconds=60)


def test_a_burst_of_a_moment_costs_no_lease_and_no_look() -> None:
    workers = Workers(4)
    workers.busy("large", seconds=MOMENT)
    assert (workers.ledger.leases, workers.looks) == ({}, 0)


def test_looks_that_take_long_take_a_twentieth_of_the_time_at_most() -> None:
    workers = Workers(1)  # the one seat of an org is taken by somebody else
    workers.ledger.take("large", f"{SEAT}0", "somebody", workers.now, workers.now + 1000)
    workers.look_takes, began = 0.2, workers.now
    workers.busy("large", seconds=60)
    assert 60 / (0.2 * (TIMES_AS_LONG + 1)) - 3 <= workers.looks <= 60 / (0.2 * TIMES_AS_LONG)
    assert workers.looks * workers.look_takes <= (workers.now - began) / TIMES_AS_LONG


def test_a_worker_alone_is_told_within_a_moment_that_another_has_come() -> None:
    workers = Workers(4)
    workers.busy("large")
    workers.due["idle"] = "del_idle"
    workers.now += MOMENT
    assert workers.going_on("large") == 2


def test_who_turns_to_another_org_leaves_the_seat_to_a_colleague() -> None:
    workers = Workers(4)
    workers.busy("large")
    workers.due["idle"] = "del_idle"
    seated = [each for each in workers.each if each.given_to("large") is None and each._seat]
    assert seated[0].given_to("idle", begins=True) is None
    workers.now += MOMENT
    others = [each for each in workers.each if each is not seated[0]]
    assert [each.given_to("large") for each in others].count(None) == 2


def test_a_seat_is_renewed_while_its_worker_is_at_work_and_ends_with_it() -> None:
    workers = Workers(2)
    workers.busy("large", seconds=3 * HELD)
    assert workers.ledger.in_use("large", SEAT, workers.now) == {f"{SEAT}0"}
    (until,) = (ends for _, ends in workers.ledger.leases.values())
    assert until - workers.now >= RENEWED - MOMENT
    assert workers.ledger.in_use("large", SEAT, until) == set()


def test_a_table_out_of_reach_stops_no_worker() -> None:
    def down(*_asked: object) -> str | None:
        raise Unavailable("table", "down")

    workers = Workers(2)
    workers.busy("large")
    workers.now += MOMENT
    assert [replace(each, other_due=down).given_to("large") for each in workers.each] == [None, None]
    assert len(workers.reports) == 1, "one has a seat and need not ask"


@given(st.integers(2, 12), st.lists(st.sampled_from(["large", "idle", "third"]), min_size=1, max_size=80))
def test_seats_of_an_org_are_never_more_than_half_of_the_workers(number: int, orgs: list[str]) -> None:
    workers = Workers(number)
    for turn, org in enumerate(orgs):
        workers.due = {org: f"del_{org}" for org in orgs[:turn]}
        workers.each[turn % number].given_to(org, begins=turn % 2 == 0)
        workers.now += MOMENT * 0.7
        for each in ("large", "idle", "third"):
            assert len(workers.ledger.in_use(each, SEAT, workers.now)) <= number // 2


# --- the worker ----------------------------------------------------------------------------------


def turned(world: World, other: Callable[[], str | None]) -> Turns:
    """The turns of a worker that has been busy with `default` for long, all seats being taken."""
    world.ledger.leases["default", f"{SEAT}0"] = ("a colleague", world.now + 600)
    reports: list[str] = []
    made = Turns(world.ledger, lambda *_: other(), 2, "me", world.deps.clock, lambda: 0.0, reports.append)
    made.given_to("default")
    world.now += 2 * MOMENT
    made._last = world.now
    return made


def test_a_worker_nudges_its_orgs_next_one_anew_and_moves_the_others_forward() -> None:
    world = World(["1", "2"])
    mine, others = world.accept(ids=("1",)), world.accept(ids=("2",))
    row = world.ledger.rows[others]
    row.deletion = replace(row.deletion, request=replace(row.deletion.request, org="second"))
    deps = replace(world.deps, turns=turned(world, lambda: others))
    assert work(deps, [Nudge("m", mine, org="default")], until=world.now + 60) == []
    assert world.get(others).status is Status.COMPLETED
    assert world.get(mine).status is Status.ACCEPTED
    assert (mine, TURN_SECONDS) in world.nudges.sent


def test_a_long_deletion_rests_in_between_when_another_org_has_one_due() -> None:
    ids = [str(n) for n in range(5000)]
    world = World(ids)
    mine = world.accept(ids=tuple(ids))
    due: list[str] = []
    deps = replace(world.deps, turns=turned(world, lambda: due[0] if due else None))
    due.append("del_of_another")
    assert work(deps, [Nudge("m", mine)], until=world.now + 60) == []
    assert not world.get(mine).is_final
    assert world.get(mine).counts.deleted == 0
    assert (mine, 0.0) in world.nudges.sent
    due.clear()
    assert work(deps, [Nudge("m", mine)], until=world.now + 60) == []
    assert world.get(mine).counts.deleted > 0


# --- who is another ------------------------------------------------------------------------------


def test_another_orgs_deletion_is_found_among_those_that_are_due() -> None:
    world = World()
    made = [world.get(world.accept(ids=("1",))) for _ in range(4)]
    other = replace(made[2], request=replace(made[2].request, org="second"))
    known: dict[str, Deletion] = {each.id: each for each in [made[0], made[1], other]}
    groups = Groups(lambda ids: {one: known[one] for one in ids if one in known})
    ids = [each.id for each in made]
    assert groups.other_org("default", ids) == other.id
    assert groups.other_org("second", ids) == made[1].id
    assert groups.other_org("default", [made[0].id, made[3].id]) is None
    assert groups.orgs(ids) == {made[0].id: "default", made[1].id: "default", other.id: "second"}


def test_a_look_reads_few_and_later_ones_the_rest() -> None:
    world = World()
    made = [world.get(world.accept(ids=("1",))) for _ in range(3 * MOST_READ)]
    other = replace(made[-1], request=replace(made[-1].request, org="second"))
    known, read = {each.id: each for each in [*made[:-1], other]}, list[int]()

    def stored(ids: Sequence[str]) -> dict[str, Deletion]:
        read.append(len(ids))
        return {one: known[one] for one in ids}

    groups = Groups(stored)
    found = [groups.other_org("default", list(known)) for _ in range(4)]
    assert found == [None, None, other.id, other.id]
    assert read == [MOST_READ] * 3


def test_what_cannot_be_read_keeps_no_look_from_the_rest() -> None:
    world = World()
    one = world.get(world.accept(ids=("1",)))
    other = replace(one, request=replace(one.request, org="second"))
    groups = Groups(lambda ids: {other.id: other} if other.id in ids else {})
    due = [*(f"del_lost{n}" for n in range(2 * MOST_READ)), other.id]
    assert [groups.other_org("default", due) for _ in range(3)] == [None, None, other.id]


def test_a_look_that_could_not_read_finds_nobody_and_the_next_one_reads_the_same_again() -> None:
    world = World()
    one = world.get(world.accept(ids=("1",)))
    other = replace(one, request=replace(one.request, org="second"))
    down = [Unavailable("table", "down")]

    def stored(ids: Sequence[str]) -> dict[str, Deletion]:
        if down:
            raise down.pop()
        return {other.id: other}

    groups = Groups(stored)
    assert [groups.other_org("default", [other.id]) for _ in range(2)] == [None, other.id]


def test_a_message_tells_its_org_by_its_group() -> None:
    assert org_of({"attributes": {"MessageGroupId": "second/crm-workflow"}}) == "second"
    assert org_of({"attributes": {}}) == org_of({}) == org_of({"attributes": {"MessageGroupId": "?"}}) == ""
