"""Whatever Zoho answers about the recycle bin, and for however long: it ends, and what it asks is bounded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.callers import Caller
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.service.operators import undo
from chalicelib.service.operators.undo import Asked
from tests.unit.service.bin.test_permanent import child_of, deleted
from tests.unit.service.bin.test_restore import BEN, operators
from tests.unit.service.engine.test_budgets import ANSWERS, CALLS, CREDITS, TIMEOUTS, Always, credits_of, run
from tests.unit.service.world import World

pytestmark = pytest.mark.slow

RECORDS = 30
CALLED = {
    Operation.DELETE_PERMANENTLY: (
        "read", "bin_entries", "delete_from_bin", "permanently_deleted_since", "deleted_since",
    ),
    Operation.RESTORE: ("read", "bin_entries", "restore_from_bin", "deleted_since"),
}  # fmt: skip
CASES = [
    (operation, name, answer) for operation, names in CALLED.items() for name in names for answer in ANSWERS
]


@pytest.mark.parametrize(("operation", "name", "answer"), CASES)
def test_one_call_about_the_bin_that_is_never_answered_well(
    operation: Operation, name: str, answer: str
) -> None:
    ids = [str(n) for n in range(1, RECORDS + 1)]
    world = World(ids)
    world.deps = replace(world.deps, timeouts=TIMEOUTS)
    parent = deleted(world, ids, 0) if operation is Operation.DELETE_PERMANENTLY else None
    if parent is None:
        parent = world.accept(ids=tuple(ids))
        run(world, parent)
        made = undo.restore(operators(world), parent, Asked(), Caller(BEN, world.now)).id
    else:
        made = world.get(parent).children[0].id
    world.zoho.purge("1")
    world.zoho.script[name] = Always(ANSWERS[answer])
    world.zoho.log.clear()
    began = world.now
    world.ledger.rows[made].deletion = replace(world.get(made), expires_at=int(world.now) + 400 * 86_400)
    run(world, made)
    done = world.get(made)
    hours = ((done.finished_at or 0) - began) / 3600
    assert hours < 24 * 9
    assert len(world.zoho.log) <= CALLS.of(RECORDS, hours), (hours, len(world.zoho.log))
    assert credits_of(world) <= CREDITS.of(RECORDS, hours), (hours, credits_of(world))
    assert done.status is not Status.COMPLETED or not done.counts.pending
    # Nothing is said to be done that reading does not show.
    if operation is Operation.RESTORE:
        assert done.counts.restored <= len(world.zoho.records)
    else:
        assert done.counts.deleted <= len(world.zoho.purged)


def test_the_deleted_list_is_read_until_all_ids_are_named_and_no_further() -> None:
    """What others have deleted for good meanwhile fills its later pages."""
    world = World(["1", "2"])
    child = child_of(world, deleted(world, ["1", "2"], after=0))
    world.zoho.list_page = 2
    while not world.zoho.purged:
        world.step(child)
    for n in range(100):
        world.zoho.purged[f"9{n:03}"] = (world.now - 1, world.now - 1)
    world.settle()
    done = world.get(child)
    assert (done.status, done.counts.deleted) == (Status.COMPLETED, 2)
    assert done.verification is not None
    assert done.verification.listed_as_permanent == 2
    assert len(world.zoho.sent("permanently_deleted_since")) <= 2
