"""12,000 records restored, deleted again and deleted for good, beside the calls that Zoho needs for it.

The view's jobs before are what other rows are about. Measured are the calls about the bin: what each 100 ids
need, as many at once as one deletion makes, and the pages of the deleted list, one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.place import Zoho, allow, finals
from benchmarks.results import Row, at_most
from chalicelib.domain.recycle_bin import MOST_IDS
from chalicelib.service.bin.executor import MOST_AT_ONCE
from cli.operator_api import OperatorApi
from local.running import RunningStack

MODULE, CVID, FIRST = "Undone", "7200000", 7_200_000_000
#: How near to what the calls to Zoho take both have to come: writes of the ledger lie between two waves.
NEAR = 1.6
WAIT_SECONDS = 600.0
#: Calls for each 100 ids: the record and its entry are read, what may go is called for, both are read again.
CALLS, PAGE = 5, 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run. `latency`: seconds that the simulator takes for a call about the bin."""

    records: int = 12_000
    latency: float = 0.3

    @property
    def at_once(self) -> float:
        """Seconds that the calls for all ids take at least."""
        waves = -(-self.records // (MOST_IDS * MOST_AT_ONCE))
        return CALLS * waves * self.latency

    @property
    def in_turn(self) -> float:
        """Seconds that the pages of the deleted list take at least."""
        return -(-self.records // PAGE) * self.latency


@dataclass(frozen=True, slots=True)
class Measured:
    """From the request, or from the end of the deletion before, to the final event (seconds), and calls."""

    seconds: float
    calls: int


def rows(running: RunningStack, plan: Plan) -> Iterator[Row]:
    """The rows. Raises RuntimeError where not every record came back, went, and is verified."""
    zoho, api = _prepare(running, plan), _operator(running)
    first, _ = _deleted(running, plan)
    back = _restored(running, zoho, api, plan, first)
    gone = _gone(running, zoho, api, plan)
    of = f"{plan.records:,} records of a view"
    facts = [asdict(each) for each in (back, gone)]
    against = f"the calls at once: {plan.at_once:.1f} s, here {back.seconds:.1f} s, {back.calls} calls"
    yield at_most(
        f"{of}, restored", back.seconds / plan.at_once, NEAR, unit=" x", against=against, undo=facts
    )
    limit = plan.at_once + plan.in_turn
    against = f"the calls, and the list in turn: {limit:.1f} s, here {gone.seconds:.1f} s, {gone.calls} calls"
    yield at_most(
        f"{of}, deleted for good and verified", gone.seconds / limit, NEAR, unit=" x", against=against
    )


def _prepare(running: RunningStack, plan: Plan) -> Zoho:
    zoho = Zoho(running["zoho_url"])
    zoho.post("settings", {"job_records_per_second": 50_000, "concurrency": 20})
    given = {"module": MODULE, "count": plan.records, "first_id": str(FIRST), "fields": {"Last_Name": "U"}}
    zoho.post("generate", given)
    criteria = {"field": {"api_name": "Last_Name"}, "comparator": "equal", "value": "U"}
    zoho.post("views", {"module": MODULE, "cvid": CVID, "criteria": criteria})
    allow(running, 20, modules=[MODULE], max_records=plan.records, permanent_min_days=0)
    return zoho


def _operator(running: RunningStack) -> OperatorApi:
    return OperatorApi(running["api_url"], running["region"], running.aws.session().get_credentials())


def _deleted(running: RunningStack, plan: Plan, **more: Any) -> tuple[str, float]:
    """The view's deletion, with every record of it gone, and when that was told."""
    answer = running.send({"operation": "mass_delete", "module": MODULE, "cvid": CVID, **more})
    answer.raise_for_status()
    one = str(answer.json()["id"])
    return one, _ended(running, one, "deleted", plan)[0]


def _restored(running: RunningStack, zoho: Zoho, api: OperatorApi, plan: Plan, one: str) -> Measured:
    zoho.post("settings", {"latency_ms": plan.latency * 1000})
    known, began = len(zoho.calls(deleting=False)), time.time()
    answer = api.call("POST", f"deletions/{one}/restore", {}, {})
    answer.raise_for_status()
    at, _ = _ended(running, answer.json()["id"], "restored", plan)
    return Measured(at - began, len(zoho.calls(deleting=False)) - known)


def _gone(running: RunningStack, zoho: Zoho, api: OperatorApi, plan: Plan) -> Measured:
    """From the end of the deletion that is to be permanent at once."""
    one, began = _deleted(running, plan, permanent_after="PT0H")
    [child] = api.deletion(one)["recycle_bin"]["deletions"]
    at, data = _ended(running, child["id"], "deleted", plan)
    proof = {**data["verification"]}
    proof.pop("verified_at")
    if set(proof.values()) != {plan.records}:
        raise RuntimeError(f"not everything is verified: {data['verification']}")
    made = [call for call in zoho.calls(deleting=False) if call["at"] >= began]
    return Measured(at - began, len(made))


def _ended(running: RunningStack, one: str, outcome: str, plan: Plan) -> tuple[float, dict[str, Any]]:
    at, data = finals(running, {one}, WAIT_SECONDS).get(one, (0.0, {"status": "not final", "counts": {}}))
    if data["status"] != "completed" or data["counts"].get(outcome) != plan.records:
        raise RuntimeError(f"{one} is {data['status']}: {data['counts']}")
    return at, data
