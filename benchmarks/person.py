"""Finding a person in an org of 40 modules: its time beside the calls that it needs, and its credits.

The service's own steps, on a table in memory, with the simulator behind them over HTTP.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import simulator
from benchmarks.results import Row, at_most
from chalicelib.adapters.phones import PhoneNumbers
from chalicelib.domain.request import Limits
from chalicelib.domain.status import FINAL
from chalicelib.service.engine.advance import advance
from chalicelib.service.person.executor import ASKED_AT_ONCE
from tests.contract.zoho.kit import Bench
from tests.unit.service.world import World

MODULES, LATENCY = 40, 0.2
#: How near to Zoho's limit the whole has to come. What follows from an answer cannot be asked for beside it.
NEAR = 1.5
#: Credits of a day in the smallest edition that has them for more than trying (API limits page: Standard).
DAY = 50_000
SEARCHES = 4
#: Credits of one search in a module: its fields, an address and a number in each way that it is written, by
#: Search and by COQL, and what hangs on the one record that is found there.
CREDITS = 12.0
IDENTITY: dict[str, Any] = {"emails": ["anna@example.com"], "phones": ["+43 660 1234567"], "records": []}
_EMAIL = {"api_name": "Contact_Email", "data_type": "email"}
_PHONE = {"api_name": "Contact_Phone", "data_type": "phone"}


@dataclass(frozen=True, slots=True)
class Found:
    """One search, until its map is made. `seconds`: from its first step to the last."""

    seconds: float
    calls: Counter[str]
    credits: int
    records: int

    @property
    def limit(self) -> float:
        """What the calls take at best, as many at once as the search asks for (seconds)."""
        return -(-self.calls.total() // ASKED_AT_ONCE) * LATENCY


def rows(modules: int = MODULES, latency: float = LATENCY) -> Iterator[Row]:
    """A person who is in every module once."""
    found = search(modules, latency)
    kinds = ", ".join(f"{number} {what}" for what, number in found.calls.most_common())
    facts = {"calls": dict(found.calls), "credits": found.credits, "seconds": found.seconds}
    yield at_most(
        f"a person found in {modules} modules: time",
        found.seconds / found.limit,
        NEAR,
        unit=" x",
        against=f"{found.calls.total()} calls, {ASKED_AT_ONCE} at once: {found.limit:.1f} s",
        **facts,
    )
    # It searches once, once more when it is approved, and twice afterwards.
    day = DAY // (SEARCHES * found.credits)
    against = f"{kinds}; {day} such erasures use up the {DAY:,} credits of a day"
    what = f"a person found in {modules} modules: credits a module"
    yield at_most(what, found.credits / found.calls["fields"], CREDITS, against=against, erasures_a_day=day)


def search(modules: int, latency: float) -> Found:
    """Look for the person in the service's Zoho, the standard modules and `modules` custom ones."""
    with simulator.running(documents=False) as server:
        names = [f"Custom_{n}" for n in range(modules)]
        server.sim.load(
            {
                "modules": {name: {"fields": [_EMAIL, _PHONE]} for name in names},
                "records": {name: [{"id": str(1000 + n), **_person()}] for n, name in enumerate(names)},
            }
        )
        world = World()
        client = Bench(server.url).client(seconds=600.0, api_version="v7")
        world.deps = replace(world.deps, phones=PhoneNumbers(), zoho=lambda _org, _deadline: client)
        client.count("Leads")  # with its access token
        state = server.sim.state
        state.settings = state.settings.updated({"latency_ms": latency * 1000})
        before, first = state.credits.shown(state.settings.credits, state.now()), len(state.journal.since(0))
        one = world.accept(
            "erase_person", module="*", identity=IDENTITY, dry_run=True, limits=Limits(max_records=1000)
        )
        began = time.monotonic()
        while world.get(one).status not in FINAL:
            advance(world.deps, one)
        seconds = time.monotonic() - began
        after = state.credits.shown(state.settings.credits, state.now())
        calls = Counter(map(_kind, state.journal.since(0)[first:]))
        records = world.get(one).counts.requested
    return Found(seconds, calls, after["used"] - before["used"], records)


def _person() -> dict[str, str]:
    return {"Contact_Email": "Anna@example.com", "Contact_Phone": "0660 1234567"}


def _kind(call: dict[str, Any]) -> str:
    last = call["path"].rpartition("/")[2]
    named = {"coql": "queries", "search": "searches", "fields": "fields", "modules": "modules"}
    return named.get(last, "others")
