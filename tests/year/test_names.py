"""A record that is held stays, whichever name of its module a request has: real client, real simulator."""

from __future__ import annotations

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.operators import Hold
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from tests.year.test_year import year

HELD, FREE = "3652397000000111001", "3652397000000111002"


@pytest.mark.parametrize(
    ("held_in", "asked_in"),
    [
        ("Deals", "Deals"),
        ("Deals", "Potentials"),
        ("Events", "Meetings"),
        ("Tasks", "Activities"),
        ("Events", "Activities"),
        ("Calls", "Activities"),
        ("Appointments__s", "Appointments"),
        ("Services__s", "Services"),
    ],
)
def test_a_held_record_stays_by_whichever_name_of_its_module_it_is_asked_for(
    held_in: str, asked_in: str
) -> None:
    with year(0) as now:
        now.server.sim.load({held_in: [{"id": HELD}, {"id": FREE}]})
        now.world.now = now.world.deps.clock()
        now.world.ledger.set_hold(Hold("default", held_in, HELD, "audit 7", "ann", now.world.now, None))
        one = now.world.accept(module=asked_in, ids=(HELD, FREE), limits=Limits(max_records=10))
        for _ in range(60):
            if now.world.get(one).is_final:
                break
            if not advance(now.world.deps, one):
                now.server.sim.clock.advance(1.0)
        done = now.world.get(one)
        assert (done.status, done.counts) == (
            Status.PARTIALLY_COMPLETED,
            Counts(requested=2, deleted=1, held=1),
        )
        assert set(now.server.sim.state.store.module(held_in).records) == {HELD}
