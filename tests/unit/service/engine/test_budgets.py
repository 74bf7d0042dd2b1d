"""Whatever Zoho answers, and for however long: a deletion ends, and what it asks of Zoho on the way is
bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.request import Freeze, Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import LOST, REFUSED, error
from tests.unit.service.world import World

pytestmark = pytest.mark.slow

#: As a stage on AWS waits.
TIMEOUTS = Timeouts()
#: Credits of a call, where it is not 1 (zoho facts: count 50, a view's page 3, the deleted list 2).
PRICES = {"count": 50, "view_ids": 3, "deleted_since": 2, "coql": 3}
RECORDS = 30


@dataclass(frozen=True)
class Budget:
    """What one deletion may cost: at once, for each record, and for each hour that it lasts."""

    at_once: float
    a_record: float
    an_hour: float

    def of(self, records: int, hours: float) -> float:
        return self.at_once + self.a_record * records + self.an_hour * hours


CALLS = Budget(at_once=80, a_record=40, an_hour=16)
CREDITS = Budget(at_once=300, a_record=40, an_hour=300)

#: One answer for each way to judge it, and those that cannot be read.
ANSWERS: dict[str, Any] = {
    "no answer": LOST,
    "not sent": REFUSED,
    "html": Reply(502, failure="html"),
    "empty 200": Reply(200, body={}),
    "new code": error("SOMETHING_NEW"),
    "internal": error("INTERNAL_ERROR", 500),
    "throttled": error("TOO_MANY_REQUESTS", 429),
    "token": error("INVALID_TOKEN", 401),
    "scheduled": error("ALREADY_SCHEDULED"),
    "refused": error("NO_PERMISSION", 403),
    "invalid": error("INVALID_DATA"),
    "locked": error("RECORD_LOCKED"),
    "expired page": error("EXPIRED_VALUE"),
    "nothing": error("NO_RECORDS_FOUND"),
}
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "view": ("mass_delete", {"cvid": "5"}),
    "exact view": ("mass_delete", {"cvid": "5", "freeze": Freeze.EXACT}),
    "unfrozen view": ("mass_delete", {"cvid": "5", "freeze": Freeze.NEVER}),
    "dry run of a view": ("mass_delete", {"cvid": "5", "dry_run": True}),
    "ids": ("delete_records", {"ids": tuple(str(n) for n in range(1, RECORDS + 1))}),
    "links": ("delink_records", {"ids": ("1", "2"), "record_id": "9", "related_list": "Contacts"}),
    "dry run of ids": ("delete_records", {"ids": ("1", "2"), "dry_run": True}),
}
CALLS_OF = {
    "mass_delete": (
        "view_ids",
        "count",
        "mass_delete_view",
        "job_status",
        "deleted_since",
        "read",
        "delete_records",
    ),
    "delete_records": ("delete_records", "read", "count"),
    "delink_records": ("delink", "read"),
}
CASES = [
    (asked, name, answer, False)
    for asked, (operation, _) in ASKED.items()
    for name in CALLS_OF[operation]
    for answer in ANSWERS
]
#: The start had no answer, and then this call is never answered well.
LOST_STARTS = [
    (asked, name, answer, True)
    for asked in ("view", "unfrozen view")
    for name in ("view_ids", "count", "deleted_since", "read", "delete_records")
    for answer in ANSWERS
]


def credits_of(world: World) -> int:
    return sum(PRICES.get(name, 1) for name, _ in world.zoho.log)


def run(world: World, one: str) -> None:
    """To the end, however long it takes, by the clock of the due times."""
    for _ in range(30_000):
        if world.get(one).is_final and not world.ledger.rows[one].due:
            return
        world.step(one)
        world.now = max(world.now, world.ledger.rows[one].next_at)
    raise AssertionError(f"it never ends: {world.get(one)}")


@pytest.mark.parametrize(("asked", "name", "answer", "start_lost"), [*CASES, *LOST_STARTS])
def test_one_call_that_is_never_answered_well(asked: str, name: str, answer: str, start_lost: bool) -> None:
    operation, request = ASKED[asked]
    world = World([str(n) for n in range(1, RECORDS + 1)])
    world.deps = replace(world.deps, timeouts=TIMEOUTS)
    world.zoho.script[name] = Always(ANSWERS[answer])
    if start_lost:
        world.zoho.script["mass_delete_view"] = [LOST]
    limits = Limits(max_records=500, max_share=1.0) if name == "count" else Limits(max_records=500)
    one = world.accept(operation, limits=limits, **request)
    world.ledger.rows[one].deletion = replace(world.get(one), expires_at=int(world.now) + 400 * 86_400)
    run(world, one)
    done = world.get(one)
    hours = ((done.finished_at or 0) - done.created_at) / 3600
    assert hours < 24 * 9
    assert len(world.zoho.log) <= CALLS.of(RECORDS, hours), (hours, len(world.zoho.log))
    assert credits_of(world) <= CREDITS.of(RECORDS, hours), (hours, credits_of(world))
    assert done.status is not Status.COMPLETED or not done.counts.pending


class Always(list[Any]):
    """A script that gives the same answer for ever."""

    def __init__(self, answer: Reply) -> None:
        super().__init__([answer])

    def pop(self, index: Any = -1) -> Any:
        return self[0]
