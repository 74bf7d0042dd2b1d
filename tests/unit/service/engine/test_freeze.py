from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.service.engine import freeze
from chalicelib.service.engine.commit import carry_out
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import Commit
from tests.unit.service.world import World


def held(world: World, one: str) -> LeasedSlice:
    claim = world.ledger.claim(one, world.now, world.now + 60)
    assert claim is not None
    return LeasedSlice(world.deps, claim, until=world.now + 20)


def store(work: LeasedSlice, deletion: Deletion, ids: list[str], *, whole: bool = False) -> None:
    grown, chunks = freeze.more(work, deletion, ids)
    carry_out(work, Commit(replace(grown, frozen=whole), new_chunks=tuple(chunks)))


def numbers(start: int, end: int) -> list[str]:
    return [str(10**18 + n) for n in range(start, end)]


def test_pages_of_any_size_fill_chunk_after_chunk() -> None:
    world = World()
    one = world.accept("mass_delete", cvid="5")
    work = held(world, one)
    for start, end in ((0, 200), (100, 7000), (7000, 7001)):
        store(work, work.deletion, numbers(start, end))
    store(work, work.deletion, numbers(7001, 10_001), whole=True)
    done = world.get(one)
    assert (done.id_count, done.chunks, done.frozen) == (10_001, 3, True)
    assert (done.counts.requested, done.counts.pending) == (10_001, 10_001)
    stored = [world.ledger.chunk(one, n).ids for n in range(3)]
    assert [len(ids) for ids in stored] == [CHUNK_SIZE, CHUNK_SIZE, 1]
    assert [i for ids in stored for i in ids] == numbers(0, 10_001)


def test_a_selection_can_be_made_anew() -> None:
    world = World()
    one = world.accept("mass_delete", cvid="5")
    work = held(world, one)
    store(work, work.deletion, numbers(0, 6000))
    store(work, freeze.unfrozen(work.deletion), numbers(5, 10))
    done = world.get(one)
    assert (done.id_count, done.chunks, done.counts.pending) == (5, 1, 5)
    assert world.ledger.chunk(one, 0).ids == tuple(numbers(5, 10))


def test_a_dry_runs_selection_is_not_counted() -> None:
    world = World()
    one = world.accept("mass_delete", cvid="5", dry_run=True)
    work = held(world, one)
    store(work, work.deletion, [])
    store(work, work.deletion, numbers(0, 3))
    assert (world.get(one).counts.requested, world.get(one).id_count) == (0, 3)
