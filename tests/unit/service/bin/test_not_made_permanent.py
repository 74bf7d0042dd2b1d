"""A permanent deletion that was promised with a 202 is made, or it is told that it is not; then an operator
can still have it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import children, log
from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Outcome
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document
from chalicelib.domain.errors import Unavailable, Unreadable, WrongState
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.service.operators import commands, undo
from chalicelib.service.operators.family import with_children
from chalicelib.service.operators.undo import Asked
from chalicelib.service.ports import Call, Change, Claim
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import LOST
from tests.unit.service.bin.test_permanent import DAY, child_of, deleted, outcomes
from tests.unit.service.bin.test_restore import BEN, operators
from tests.unit.service.person.people import EMAIL, EMAIL_ONLY, People
from tests.unit.service.world import World


class TornLedger(FakeLedger):
    """A table that keeps what cannot be read: `torn` says of a read (calls, chunk, get) whether it fails."""

    def __init__(self) -> None:
        super().__init__()
        self.torn: Callable[[str, Any], bool] = lambda _what, _key: False
        self.lost: set[int] = set()

    def _look(self, what: str, deletion_id: str, key: Any) -> None:
        if self.torn(what, key):
            raise Unreadable(deletion_id, f"{what} {key}")

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        self._look("calls", deletion_id, deletion_id)
        return super().calls(deletion_id, [n for n in numbers if n not in self.lost])

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        self._look("chunk", deletion_id, (deletion_id, number))
        return super().chunk(deletion_id, number)

    def get(self, deletion_id: str) -> Deletion | None:
        self._look("get", deletion_id, deletion_id)
        return super().get(deletion_id)


def torn_world(records: Sequence[str]) -> tuple[World, TornLedger]:
    ledger = TornLedger()
    return World(list(records), ledger), ledger


def ended(world: World, ids: Sequence[str], after: int = 0, **request: Any) -> str:
    parent = world.accept(ids=tuple(ids), permanent_after=after, **request)
    while not (row := world.ledger.rows[parent]).deletion.is_final:
        world.now = max(world.now, row.next_at)
        world.step(parent)
    return parent


def problems(world: World, deletion_id: str) -> list[tuple[str, int]]:
    return [(p.code, p.count) for p in world.ledger.rows[deletion_id].deletion.problems]


def purge(world: World, parent: str, by: str = BEN) -> str:
    return undo.delete_permanently(operators(world), parent, Asked(), Caller(by, world.now)).id


def resolve(world: World, one: str, outcome: Outcome) -> None:
    commands.resolve(operators(world), one, outcome, "looked", Caller(BEN, world.now))
    world.step(one)


NOT_MADE = "NOT_MADE_PERMANENT"


@pytest.mark.parametrize("lost", [False, True])
def test_calls_that_cannot_be_read_are_told_in_the_document_the_event_and_the_log(lost: bool) -> None:
    world, ledger = torn_world(["1", "2"])
    world.zoho.locked = {"2"}
    parent = world.accept(ids=("1", "2"), permanent_after=0)
    world.step(parent)
    world.zoho.locked = set()
    if lost:
        ledger.lost = {1}
    else:
        ledger.torn = lambda what, _: what == "calls"
    while not world.get(parent).is_final:
        world.now = max(world.now, ledger.rows[parent].next_at)
        world.step(parent)
    world.step(parent)
    shown = document(world.get(parent))
    assert (shown["status"], world.get(parent).children) == ("completed", ())
    [told] = shown["problems"]
    assert (told["code"], told["count"]) == (NOT_MADE, 2)
    assert "expunge delete-permanently" in told["what_to_do"]
    event = next(e for e in world.topic.events if e["type"] == "expunge.deletion.completed")
    assert event["data"]["problems"] == shown["problems"]
    [(_, fields)] = [each for each in world.reports if each[0] == "permanent_not_made"]
    assert (fields["count"], fields["deletion_id"]) == (2, parent)


def test_an_operator_deletes_for_good_what_no_permanent_deletion_was_made_for() -> None:
    """By the time of the whole deletion, as that of each call is not known."""
    world, ledger = torn_world(["1", "2", "3"])
    ledger.torn = lambda what, key: what == "calls" and key == parent
    parent = "del_1"
    assert ended(world, ["1", "2", "3"]) == parent
    world.zoho.restore("2")
    world.now += 60
    world.zoho.to_bin("2", world.now)
    child = purge(world, parent)
    world.settle()
    assert outcomes(world, child) == "DKD"
    assert sorted(world.zoho.purged) == ["1", "3"]
    assert "2" in world.zoho.bin


def test_calls_that_cannot_be_read_do_not_keep_records_from_coming_back() -> None:
    world, ledger = torn_world(["1", "2"])
    ledger.torn = lambda what, key: what == "calls" and key == "del_1"
    parent = ended(world, ["1", "2"], after=DAY)
    made = undo.restore(operators(world), parent, Asked(), Caller(BEN, world.now))
    world.settle()
    assert outcomes(world, made.id) == "RR"


def test_a_part_of_the_outcomes_that_cannot_be_read_is_told_and_the_rest_goes() -> None:
    ids = [str(n) for n in range(1, CHUNK_SIZE + 3)]
    world, ledger = torn_world(ids)
    world.zoho.locked = {"1"}
    parent = world.accept(ids=tuple(ids), permanent_after=0)
    while world.get(parent).counts.pending > 1:
        world.step(parent)
    ledger.torn = lambda what, key: what == "chunk" and key == (parent, 1)
    world.zoho.locked = set()
    world.settle()
    child = child_of(world, parent)
    assert world.get(child).counts.deleted == CHUNK_SIZE
    assert problems(world, parent) == [(NOT_MADE, 2)]
    with pytest.raises(WrongState, match="Zoho's recycle bin"):
        purge(world, parent)
    with pytest.raises(WrongState, match="name the ids"):
        undo.restore(operators(world), parent, Asked(), Caller(BEN, world.now))
    # The ids that are named go by the time of the whole deletion; those that are known not to be its do not.
    world.zoho.to_bin("77777", world.now + 60)
    asked = Asked(ids=(ids[0], ids[-1], "77777"))
    made = undo.restore(operators(world), parent, asked, Caller(BEN, world.now))
    world.now += 120
    world.settle()
    assert outcomes(world, made.id) == "KRK"
    assert list(world.zoho.records) == [ids[-1]]


def test_a_child_that_cannot_be_read_keeps_another_one_from_being_made_for_its_records() -> None:
    """An operator may have cancelled it to keep them."""
    world, ledger = torn_world(["1", "2"])
    unsure(world)
    parent = "del_1"
    child = child_of(world, parent)
    commands.cancel(operators(world), child, Caller(BEN, world.now))
    world.step(child)
    ledger.torn = lambda what, key: what == "get" and key == child
    resolve(world, parent, Outcome.DONE)
    assert len(ledger.rows[parent].deletion.children) == 1
    assert problems(world, parent) == [(NOT_MADE, 2)]
    ledger.torn = lambda _what, _key: False
    world.settle()
    assert sorted(world.zoho.bin) == ["1", "2"]


def unsure(world: World) -> None:
    """del_1 has deleted 1; what became of 2 a person has to say."""
    parent = world.accept(ids=("1", "2"), permanent_after=DAY)
    world.zoho.locked = {"2"}
    for _ in range(2):
        world.step(parent)
        world.now = world.ledger.rows[parent].next_at
    world.zoho.locked = set()
    world.zoho.script["delete_records"] = [LOST] * 99
    world.zoho.script["read"] = [LOST] * 99
    while not world.ledger.rows[parent].deletion.is_final:
        world.now = max(world.now, world.ledger.rows[parent].next_at)
        world.step(parent)
    world.zoho.script = {}
    assert world.get(parent).status is Status.NEEDS_ATTENTION
    assert outcomes(world, parent) == "DU"
    world.zoho.to_bin("2", world.now)


def test_what_was_told_as_not_made_is_made_once_it_can_be_read() -> None:
    world, ledger = torn_world(["1", "2"])
    ledger.torn = lambda what, _: what == "calls"
    unsure_of_both(world)
    assert problems(world, "del_1")[-1] == (NOT_MADE, 1)
    ledger.torn = lambda _what, _key: False
    resolve(world, "del_1", Outcome.NOT_DONE)
    assert NOT_MADE not in dict(problems(world, "del_1"))
    assert world.get(child_of(world, "del_1")).id_count == 1


def unsure_of_both(world: World) -> None:
    ledger = world.ledger
    assert isinstance(ledger, TornLedger)
    torn, ledger.torn = ledger.torn, lambda _what, _key: False
    parent = world.accept(ids=("1", "2"), permanent_after=DAY)
    world.zoho.locked = {"2"}
    world.step(parent)
    world.zoho.locked = set()
    world.zoho.script["delete_records"] = [LOST] * 99
    world.zoho.script["read"] = [LOST] * 99
    while not ledger.rows[parent].deletion.is_final:
        world.now = max(world.now, ledger.rows[parent].next_at)
        if world.now > 1_000_050:
            ledger.torn = torn
        world.step(parent)
    world.zoho.script = {}


def test_an_external_id_whose_record_is_not_known_is_told() -> None:
    """It was said to be deleted by a person, and nobody knows what it named."""
    world, _ = torn_world([])
    parent = world.accept(ids=("ERP/1",), permanent_after=0, external_id_field="External")
    row = world.ledger.rows[parent]
    while not row.deletion.is_final:
        world.now = max(world.now, row.next_at)
        row.attempts = 99
        world.zoho.script["read_external"] = [_broken]
        try:
            world.step(parent)
        except ZeroDivisionError:
            row.next_at = row.lease_until = world.now
    assert world.get(parent).status is Status.NEEDS_ATTENTION
    resolve(world, parent, Outcome.DONE)
    assert world.get(parent).counts.deleted == 1
    assert (NOT_MADE, 1) in problems(world, parent)
    assert world.get(parent).children == ()


def _broken(_work: object) -> Any:
    raise ZeroDivisionError


def test_a_call_of_an_operator_brings_forward_what_waits_and_makes_what_was_not_made() -> None:
    world, _ledger = torn_world(["1", "2", "3"])
    parent = deleted(world, ["1", "2", "3"], after=DAY)
    child = child_of(world, parent)
    forgotten_by_it(world, child, "3")
    assert purge(world, parent) == child
    world.settle()
    assert world.now < 1_000_000 + DAY
    assert sorted(world.zoho.purged) == ["1", "2", "3"]
    assert [each.done for each in told(world, parent).children] == [2, 1]
    assert [world.get(each.id).id_count for each in told(world, parent).children] == [2, 1]


def forgotten_by_it(world: World, child: str, one: str) -> None:
    """As if the child had been made without the id."""
    row = world.ledger.rows[child]
    ids = [each for each in row.chunks[0].ids if each != one]
    until = dict(zip(row.chunks[0].ids, row.chunks[0].until, strict=True))
    request = children.request_of(
        world.get(str(row.deletion.request.parent)),
        row.deletion.request.operation,
        {each: until[each] for each in ids},
    )
    made = children.with_ids(replace(row.deletion, request=request, events=0, chain=""))
    made, entry = log.first(made, "test")
    del world.ledger.rows[child]
    world.ledger._store(made, entry)
    world.ledger.rows[child].next_at = made.not_before or 0.0


def told(world: World, parent: str) -> Deletion:
    return with_children(world.ledger, [world.get(parent)])[0]


class ManyModules(FakeLedger):
    """Counts the children of each write, and is out of reach once where `dies` says so."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[int] = []
        self.dies = 0

    def save(self, claim: Claim, change: Change) -> Claim:
        if change.new_children and self.dies == len(self.made) + 1:
            self.dies = 0
            raise Unavailable("table", "down")
        if change.new_children:
            self.made.append(len(change.new_children))
        return super().save(claim, change)


@pytest.mark.parametrize("dies", [0, 1, 2])
def test_an_erasure_in_many_modules_makes_its_children_in_writes_that_the_table_takes(dies: int) -> None:
    """DynamoDB takes 100 items in one write; a worker that dies in between loses and doubles nothing."""
    ledger = ManyModules()
    world = People(ledger)
    names = [f"Custom{n}" for n in range(45)]
    for n, name in enumerate(names):
        world.zoho.add_module(name, EMAIL, kind="custom")
        world.zoho.add_person(name, str(9000 + n), Email="anna@example.com")
    rules = {name: {"action": "delete", "match": ["Email"]} for name in names}
    one = world.erase(EMAIL_ONLY, approval=False, permanent_after=0, limits=Limits(max_records=500))
    ledger.dies = dies
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 50, "modules": rules}
    for _ in range(300):
        try:
            world.settle()
            break
        except Unavailable:
            world.now += 120
            row = ledger.rows[one]
            row.next_at = row.lease_until = world.now
    assert max(ledger.made) <= 20
    modules = [world.get(child.id).request.module for child in world.get(one).children]
    assert len(modules) == len(set(modules))
    assert set(names) <= set(modules)
    assert world.get(one).status is Status.COMPLETED
    assert all(world.get(child.id).status is Status.COMPLETED for child in world.get(one).children)


class DownOnce(FakeLedger):
    """Out of reach for the `bad`-th deletion that is accepted from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.bad = 0

    def accept(self, *made: Any, **noted: Any) -> bool:
        self.bad -= 1
        if self.bad == 0:
            raise Unavailable("table", "down")
        return super().accept(*made, **noted)


@pytest.mark.parametrize("bad", [1, 2, 3])
def test_a_call_that_broke_off_between_an_erasures_modules_is_finished_by_the_same_call(bad: int) -> None:
    ledger = DownOnce()
    world = People(ledger)
    one = world.erase(approval=False)
    world.settle()
    ledger.bad = bad
    with pytest.raises(Unavailable):
        undo.delete_permanently(world.operators(), one, Asked(), world.ann())
    undo.delete_permanently(world.operators(), one, Asked(), world.ann())
    world.settle()
    modules = [world.get(child.id).request.module for child in world.get(one).children]
    assert sorted(modules) == ["Contacts", "Guests", "Leads"]
    assert len(world.zoho.purged) == 3
