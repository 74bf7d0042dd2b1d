"""What one whole erasure costs in Zoho's credits, part by part, and how many fit into a day of each edition.

The service's own steps from the request to what is gone for good, on a table in memory, with the simulator
behind them over HTTP. Its prices are those of Zoho's API limits page; a call without a line there costs one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

from benchmarks.results import Row, at_least, at_most, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.phones import PhoneNumbers
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.person.progress import Phase, progress_of
from chalicelib.domain.request import Limits, Operation
from chalicelib.domain.status import Status
from chalicelib.service.engine.step import Executor
from chalicelib.service.executors import executor_of
from local import demo_erasure
from tests.fake_ledger import FakeLedger
from tests.property.live import LiveStage, live

#: The person whom the demo erases: seven records in five modules. With an address, and with a number too.
ADDRESS: dict[str, Any] = {"emails": ["anna@example.com"], "phones": [], "records": []}
BOTH: dict[str, Any] = {**ADDRESS, "phones": ["+43 660 1234567"]}
#: Custom modules with an address and a number, besides those that the org has by itself.
MORE_MODULES = 10
WANTED = 1_000
#: Credits of a day by edition: Zoho's allowance for ten users (API limits page).
USERS = 10
EDITIONS = {
    "Free": 5_000,
    "Standard": 50_000 + 250 * USERS,
    "Professional": 50_000 + 500 * USERS,
    "Enterprise": 50_000 + 1_000 * USERS,
    "Ultimate": 50_000 + 2_000 * USERS,
}
#: The smallest edition whose credits are for more than trying.
SMALLEST = "Standard"
#: Of one erasure by an address and a number: the largest that holds, and how many have to fit into a day.
MOST_CREDITS, FEWEST_A_DAY = 840, 62
_FIELDS = [{"api_name": "Mail", "data_type": "email"}, {"api_name": "Mobile_No", "data_type": "phone"}]

SEARCH, AGAIN, DO, LOOKS, PERMANENT = (
    "search", "search after the approval", "do", "two looks afterwards", "permanent",
)  # fmt: skip
PARTS = (SEARCH, AGAIN, DO, LOOKS, PERMANENT)
_DOES = (Phase.UNLINK, Phase.CLEAR, Phase.DELETE)


@dataclass
class Cost:
    """Credits of one erasure by part; `calls` by kind; `modules`: how many were read."""

    credits: Counter[str]
    calls: Counter[str]
    modules: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.credits.total()

    def a_day(self, edition: str) -> int:
        """How many such erasures the edition's credits of a day are enough for."""
        return EDITIONS[edition] // self.total


class Meter:
    """Tells which part of the erasure each credit was spent in: asked before each step."""

    def __init__(self, stage: LiveStage) -> None:
        self._stage, self._part = stage, SEARCH
        self._at = self._used()
        self.credits: Counter[str] = Counter()

    def _used(self) -> int:
        state = self._stage.server.sim.state
        return int(state.credits.shown(state.settings.credits, state.now())["used"])

    def executor_of(self, deletion: Deletion) -> Executor:
        """The deletion's executor; what was spent since the last step belongs to that one."""
        self.until(_part(deletion))
        return executor_of(deletion)

    def until(self, part: str) -> None:
        """From here on credits belong to `part`."""
        used = self._used()
        self.credits[self._part] += used - self._at
        self._part, self._at = part, used


def _part(deletion: Deletion) -> str:
    if deletion.request.operation is not Operation.ERASE_PERSON:
        return PERMANENT
    progress = progress_of(deletion)
    if progress.phase in _DOES:
        return DO
    if progress.verifying or progress.phase is Phase.VERIFY:
        return LOOKS
    return AGAIN if progress.approved else SEARCH


def erase(identity: dict[str, Any], modules: int = MORE_MODULES) -> Cost:
    """One erasure with approval and permanent end, in an org with `modules` more modules."""
    ledger = FakeLedger()
    with live(cast("Table", ledger)) as stage:
        named = {f"Custom_{n}": {"fields": _FIELDS, "generated_type": "custom"} for n in range(modules)}
        stage.server.sim.load({"modules": {**demo_erasure.MODULES, **named}, "records": demo_erasure.RECORDS})
        meter, made = Meter(stage), stage.deps
        stage.deps = lambda process: replace(  # type: ignore[method-assign]  # its one seam
            made(process), phones=PhoneNumbers(), executor_of=meter.executor_of
        )
        order = stage.order("erase_person", Limits(), module="*", identity=identity, permanent_after=0)
        one = stage.send(order)
        while ledger.rows[one].deletion.status is not Status.AWAITING_APPROVAL:
            stage.now += 1
            stage.work()
        stage.approve(one)
        stage.rest()
        meter.until(PERMANENT)
        _ended_well(ledger, one)
        calls = Counter(each["path"].rpartition("/")[2] for each in stage.server.sim.state.journal.calls)
        return Cost(meter.credits, calls, calls["fields"] // 2)


def _ended_well(ledger: FakeLedger, one: str) -> None:
    ended = [
        ledger.rows[each].deletion for each in (one, *(c.id for c in ledger.rows[one].deletion.children))
    ]
    statuses = {each.status for each in ended}
    if statuses != {Status.COMPLETED} or len(ended) < 2:
        raise RuntimeError(f"the erasure that was to be measured ended as {statuses}")


def rows() -> Iterator[Row]:
    """An erasure by an address and a number, and by an address alone."""
    both, address = erase(BOTH), erase(ADDRESS)
    parts = ", ".join(f"{part} {both.credits[part]}" for part in PARTS)
    yield at_most(
        "an erasure from the request to its permanent end: credits",
        both.total,
        MOST_CREDITS,
        against=f"{both.modules} modules: {parts}; by an address alone {address.total}",
        parts=dict(both.credits),
        calls=dict(both.calls),
        address=dict(address.credits),
    )
    days = ", ".join(f"{edition} {both.a_day(edition):,}" for edition in EDITIONS)
    yield at_least(
        f"such erasures in a day of {SMALLEST}'s credits",
        both.a_day(SMALLEST),
        FEWEST_A_DAY,
        against=f"{days} with {USERS} users; {WANTED:,} need {number(both.total * WANTED)} credits",
        days={edition: both.a_day(edition) for edition in EDITIONS},
    )
