"""Every call to AWS and Zoho goes wrong once, in every way, in a run of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash import invariants
from tests.crash.layer import Plan, Way
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.stage import Stage
from tests.fake_ledger import FakeLedger


def run(scenario: Scenario, plan: Plan | None = None) -> list[str]:
    """One run to rest and all checks; the calls that were made until then."""
    stage = Stage(FakeLedger(), plan, scenario.records, scenario.concurrency)
    scenario.run(stage)
    calls = list(stage.recorder.names)
    stage.recorder.plan = None
    ended = [deletion for one in stage.accepted if (deletion := stage.ledger.get(one))]
    scenario.judge(stage, ended)
    invariants.check(stage)
    return calls


@pytest.mark.parametrize("name", SCENARIOS)
def test_whatever_call_goes_wrong_nothing_is_lost(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    scenario = SCENARIOS[name]
    calls = run(scenario)
    broken = []
    for number, call in enumerate(calls, 1):
        for way in Way:
            try:
                run(scenario, Plan(number, way))
            except Exception as problem:  # noqa: BLE001 -- all of them are shown together
                broken.append(f"call {number}, {call} {way}: {type(problem).__name__} {problem}"[:300])
    record_property("matrix", (len(calls), len(calls) * len(Way)))
    assert not broken, "\n" + "\n".join(broken)
