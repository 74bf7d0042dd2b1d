"""Counts and outcomes of a deletion are two views of one thing: no write changes one of them alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.commands import Outcome
from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import Rejected, Unreadable, WrongCounts, WrongState
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Finding, Mark, outcome_name
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.service.engine import abandon, watchdog
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.write import Write
from chalicelib.service.operators import commands
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import error
from tests.unit.service.engine.test_obey import records
from tests.unit.service.operators.test_commands import ann, operators
from tests.unit.service.world import World


class Torn(FakeLedger):
    """A ledger some chunks of which cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.torn: set[int] = set()

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        if number in self.torn:
            raise Unreadable(deletion_id, f"chunk {number} is not whole")
        return super().chunk(deletion_id, number)


def tally(world: World, one: str) -> Counts:
    """The counts as the marks have them."""
    chunks = world.ledger.rows[one].chunks.values()
    found = Counter(outcome_name(Mark(letter)) for chunk in chunks for letter in chunk.marks)
    return Counts(requested=sum(found.values()), **found)


def broken(world: World) -> None:
    def factory(org: str, deadline: float) -> Any:
        raise KeyError("a mistake of ours")

    world.deps = world.with_zoho(factory)


def stuck(world: World, one: str) -> None:
    """A mistake of ours ends the deletion, and is mended afterwards."""
    good = world.deps
    broken(world)
    for attempt in range(watchdog.MOST_ATTEMPTS):
        if attempt < watchdog.MOST_ATTEMPTS - 1:
            with pytest.raises(KeyError):
                world.step(one)
        else:
            world.step(one)
        world.now += world.deps.lease_seconds
    world.deps = good
    world.settle()


def resolve(world: World, one: str, outcome: Outcome) -> int:
    """Resolve, and how many writes that took."""
    before = world.ledger.rows[one].revision
    commands.resolve(operators(world), one, outcome, "looked", ann(world))
    world.settle()
    return world.ledger.rows[one].revision - before


def test_a_stuck_deletion_marks_what_it_calls_unknown() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"))
    stuck(world, one)
    done = world.get(one)
    assert (done.status, done.counts) == (Status.NEEDS_ATTENTION, Counts(requested=2, unknown=2))
    assert tally(world, one) == done.counts
    assert [(p.code, p.count) for p in done.problems] == [("STUCK", 2)]
    assert world.topic.events[-1]["data"]["failed_ids"] == ["1", "2"]


@pytest.mark.parametrize(
    ("outcome", "status", "counts"),
    [
        (Outcome.DONE, Status.COMPLETED, Counts(requested=2, deleted=2)),
        (Outcome.NOT_DONE, Status.FAILED, Counts(requested=2, failed=2)),
    ],
)
def test_a_stuck_deletion_is_resolved_in_a_few_writes(
    outcome: Outcome, status: Status, counts: Counts
) -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"))
    stuck(world, one)
    assert resolve(world, one, outcome) <= 3
    done = world.get(one)
    assert (done.status, done.counts, tally(world, one)) == (status, counts, counts)
    assert not world.ledger.rows[one].due


def test_what_was_stuck_can_be_retried() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"))
    stuck(world, one)
    receipt = commands.retry(operators(world), one, ann(world))
    world.settle()
    assert world.get(receipt.deletion_id).counts == Counts(requested=2, deleted=2)
    assert world.zoho.records == {}


def test_many_chunks_are_marked_in_bounded_writes() -> None:
    n = 45 * CHUNK_SIZE
    world = World()
    one = world.accept(ids=tuple(records(n)), limits=Limits(max_records=n))
    before = world.ledger.rows[one].revision
    written = record_writes(world)
    stuck(world, one)
    assert world.get(one).counts == tally(world, one) == Counts(requested=n, unknown=n)
    assert max(written) <= abandon.CHUNKS_AT_ONCE
    assert world.ledger.rows[one].revision - before <= 6


def record_writes(world: World) -> list[int]:
    """How many chunks each write from now on holds."""
    written: list[int] = []
    save = world.ledger.save

    def noting(claim: Any, change: Any) -> Any:
        written.append(len(change.chunks))
        return save(claim, change)

    world.ledger.save = noting  # type: ignore[method-assign]  # this test's own, for one call
    return written


def torn_world() -> tuple[World, Torn, str]:
    """The second of three chunks cannot be read; the first was done by then."""
    ledger = Torn()
    n = 2 * CHUNK_SIZE + 3
    world = World(records(n), ledger)
    one = world.accept(ids=tuple(records(n)), limits=Limits(max_records=n))
    ledger.torn = {1}
    world.settle()
    return world, ledger, one


def test_ids_that_cannot_be_marked_are_said_to_be_so() -> None:
    world, ledger, one = torn_world()
    done = world.get(one)
    assert done.status is Status.NEEDS_ATTENTION
    assert done.counts == Counts(requested=2 * CHUNK_SIZE + 3, deleted=CHUNK_SIZE, unknown=CHUNK_SIZE + 3)
    assert ledger.rows[one].chunks[2].marks == "UUU"
    assert [(p.code, p.count) for p in done.problems] == [("UNREADABLE", CHUNK_SIZE + 3)]
    assert ledger.entries(one, 0)[-1].why.endswith(f"the outcomes of {CHUNK_SIZE} ids could not be marked")
    assert ("outcomes_not_marked", {"deletion_id": one, "count": CHUNK_SIZE}) in world.reports


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_deletion_with_a_part_that_cannot_be_read_is_resolved_once(outcome: Outcome) -> None:
    world, ledger, one = torn_world()
    assert resolve(world, one, outcome) <= 3
    done, n = world.get(one), CHUNK_SIZE + 3
    if outcome is Outcome.DONE:
        assert (done.status, done.counts.deleted) == (Status.COMPLETED, CHUNK_SIZE + n)
    else:
        assert (done.status, done.counts.failed) == (Status.PARTIALLY_COMPLETED, n)
    assert (ledger.rows[one].due, ledger.rows[one].aside) == (False, "")


def test_a_retry_takes_all_ids_or_none() -> None:
    world, _, one = torn_world()
    with pytest.raises(WrongState, match="cannot be read"):
        commands.retry(operators(world), one, ann(world))


def test_a_retry_of_nothing_is_refused() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    world.zoho.script["delete_records"] = [error("NO_PERMISSION", 403)]
    world.settle()
    row = world.ledger.rows[one]
    row.chunks[0] = replace(row.chunks[0], marks="p")  # as an older version may have left it
    with pytest.raises(WrongState, match="none of its ids is marked"):
        commands.retry(operators(world), one, ann(world))
    assert len(world.ledger.rows) == 1


def test_a_module_that_cannot_be_counted_leaves_ids_that_can_be_retried() -> None:
    world = World(["1", "2", "3"])
    world.zoho.others = 97
    world.zoho.script["count"] = [error("OAUTH_SCOPE_MISMATCH", 401)]
    one = world.accept(ids=("1", "2", "3"), limits=Limits(max_share=0.5))
    world.settle()
    assert world.get(one).counts == tally(world, one) == Counts(requested=3, failed=3)
    assert world.topic.events[-1]["data"]["failed_ids"] == ["1", "2", "3"]
    receipt = commands.retry(operators(world), one, ann(world))
    world.settle()
    assert world.get(receipt.deletion_id).counts == Counts(requested=3, deleted=3)


def run_of(world: World, one: str) -> LeasedSlice:
    claim = world.ledger.claim(one, world.now, world.now + 60)
    assert claim is not None
    return LeasedSlice(world.deps, claim, until=world.now + 35)


@pytest.mark.parametrize(
    "change",
    [
        lambda d, c: (replace(d, counts=Counts(requested=2, deleted=1, pending=1)), []),
        lambda d, c: (d, [c.with_mark([0], Finding(Mark.DELETED))]),
        lambda d, c: (
            replace(d, counts=Counts(requested=2, deleted=1, pending=1)),
            [c.with_mark([0], Finding(Mark.FAILED, "X"))],
        ),
        lambda d, c: (replace(d, counts=Counts(requested=3, pending=3)), []),
    ],
    ids=["counts alone", "marks alone", "another outcome", "requested"],
)
def test_a_write_that_changes_counts_and_outcomes_otherwise_is_refused_whole(change: Any) -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"))
    work = run_of(world, one)
    before = world.ledger.rows[one].revision
    deletion, chunks = change(work.deletion, work.chunk(0))
    with pytest.raises(WrongCounts):
        work.save(Write(deletion, chunks=tuple(chunks)))
    assert world.ledger.rows[one].revision == before


def test_outcomes_that_the_table_never_takes_are_resolved_all_the_same() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"))
    save = world.ledger.save

    def narrow(claim: Any, change: Any) -> Any:
        if change.chunks:
            raise Rejected("table", "an item of 500000 bytes")
        return save(claim, change)

    world.ledger.save = narrow  # type: ignore[method-assign]  # this test's own, for one call
    world.settle()
    assert world.get(one).counts == Counts(requested=2, unknown=2)
    assert ("outcomes_not_marked", {"deletion_id": one, "count": 2}) in world.reports
    assert resolve(world, one, Outcome.DONE) <= 3
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.COMPLETED, 2)
