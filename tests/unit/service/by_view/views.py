"""A view of a world, and what became of its records, for the tests of views."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chalicelib.domain.outcomes import Mark, outcome_name
from tests.unit.service.world import World


def view(world: World, **more: Any) -> str:
    return world.accept("mass_delete", cvid="5", **more)


def records(n: int) -> list[str]:
    return [str(i) for i in range(1, n + 1)]


def outcomes(world: World, one: str) -> dict[str, str]:
    """What became of each id."""
    found: dict[str, str] = {}
    for number in range(world.get(one).chunks):
        chunk = world.ledger.chunk(one, number)
        found |= {i: outcome_name(Mark(m)) for i, m in zip(chunk.ids, chunk.marks, strict=True)}
    return found


def codes(world: World, one: str) -> list[tuple[str, int]]:
    return [(p.code, p.count) for p in world.get(one).problems]


def tally(world: World, one: str) -> Counter[str]:
    return Counter(outcomes(world, one).values())


def names(world: World) -> list[str]:
    return [name for name, _ in world.zoho.log]


def approve(world: World, one: str, count: int) -> None:
    seen = world.ledger.snapshot(one)
    assert seen is not None
    assert seen.deletion.approval is not None
    command = {"do": "approve", "count": count, "asked_at": seen.deletion.approval.asked_at, "by": "ann"}
    assert world.ledger.command(seen, {**command, "at": world.now}, world.now)
