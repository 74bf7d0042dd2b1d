"""Every call of an erasure goes wrong once: those of its search, of the second search after the approval, of
what is done, of the two looks afterwards, of what is gone for good; and those of the operator who approves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.crash import invariants
from tests.crash.erasing import CHANGES, ERASURES, Erasure, untouched
from tests.crash.layer import Plan, Way
from tests.crash.stage import Stage
from tests.fake_ledger import FakeLedger

#: Calls that one fault may add: a step's reads are made again, or a call is tried again.
MORE_CALLS = 25


def run(scenario: Erasure, plan: Plan | None = None) -> tuple[list[str], list[str]]:
    """One run to rest and all checks; the calls that were made until then, and those to Zoho."""
    stage = Stage(FakeLedger(), plan)
    scenario.run(stage)
    calls, sent = list(stage.recorder.names), [name for name, _ in stage.zoho.log]
    stage.recorder.plan = None
    _nothing_harmful_twice(stage)
    ended = [deletion for one in stage.accepted if (deletion := stage.ledger.get(one))]
    scenario.judge(stage, untouched(stage), ended)
    invariants.check(stage)
    return calls, sent


def _nothing_harmful_twice(stage: Stage) -> None:
    """What a call took away is not taken away again, but for the one whose answer was lost."""
    made = Counter(f"{name} {what}" for name, what in stage.zoho.log if name in CHANGES)
    made.update(stage.zoho.delinked)
    again = sum(number - 1 for number in made.values())
    locked = made["delete_records ['201']"] if stage.zoho.unlock_at is not None else 0
    assert again - locked <= 1, made


@pytest.mark.slow
@pytest.mark.parametrize("name", ERASURES)
@pytest.mark.parametrize("step", [64, pytest.param(1, marks=pytest.mark.long)])
def test_whichever_call_of_an_erasure_goes_wrong_nobody_else_is_touched_and_what_is_said_is_so(
    name: str, step: int, record_property: Callable[[str, object], None]
) -> None:
    """Every `step`-th of all calls in all ways, another way first each time."""
    scenario, ways = ERASURES[name], list(Way)
    calls, sent = run(scenario)
    plans = [Plan(number, way) for number in range(1, len(calls) + 1) for way in ways]
    chosen = [plan for n, plan in enumerate(plans) if n % step == (n // step) % min(step, len(ways))]
    broken = []
    for plan in chosen:
        try:
            _, more = run(scenario, plan)
            assert len(more) <= len(sent) + MORE_CALLS
        except Exception as problem:  # noqa: BLE001 -- all of them are shown together
            call = calls[plan.call - 1]
            broken.append(f"call {plan.call}, {call} {plan.way}: {type(problem).__name__} {problem}"[:400])
    if step == 1:  # the summary tells of calls in all of their ways
        record_property("matrix", (len(calls), len(chosen)))
    assert not broken, "\n" + "\n".join(broken)
