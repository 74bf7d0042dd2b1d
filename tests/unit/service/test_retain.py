from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from chalicelib.domain.deletion import Operation, Status
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ids import is_deletion_id
from chalicelib.domain.kept import Kept, Ran
from tests.fake_policies import FakePolicies
from tests.unit.service.retention import DAY, OLD_LEADS, RetentionWorld


def test_a_due_policy_becomes_a_purge() -> None:
    world = RetentionWorld()
    world.put()
    assert asdict(world.tick())["due"] == 0
    assert (world.at_next().started, len(world.runs())) == (1, 1)
    run = world.the_run()
    assert is_deletion_id(run.id)
    assert (run.request.operation, run.request.policy) == (Operation.PURGE, "old-leads")
    assert (run.request.run, run.limits.max_records) == ("1970-01-13T13:46:40.000Z", 100_000)
    assert world.nudges.sent == [(run.id, 0.0)]


def test_the_same_tick_twice_is_one_run() -> None:
    world = RetentionWorld()
    world.put()
    world.at_next()
    world.tick()
    assert len(world.runs()) == 1


def test_two_ticks_that_saw_the_same_are_one_run() -> None:
    """The second one reads the policy as it was before the first one moved it on."""
    world = RetentionWorld()
    kept = world.put()
    world.at_next()

    class Late(FakePolicies):
        def due_policies(self, now: float, limit: int) -> list[tuple[str, str]]:
            return [("default", "old-leads")]

        def policy(self, org: str, name: str) -> Kept | None:
            return kept

    late = Late(world.ledger)
    late.kept = world.policies.kept
    world.retention = replace(world.retention, runs=late)
    assert world.tick().started == 1
    assert len(world.runs()) == 1
    moved = world.policies.policy("default", "old-leads")
    assert moved is not None
    assert moved.next_at == (kept.next_at or 0) + DAY


def test_a_tick_that_died_before_the_policy_moved_on_is_made_good() -> None:
    world = RetentionWorld()

    class Dies(FakePolicies):
        def move_on(
            self, kept: Kept, next_at: float | None, *, last: Ran | None, skipped: Ran | None
        ) -> bool:
            raise Unavailable("table", "died")

    dying = Dies(world.ledger)
    world.put()
    dying.kept = world.policies.kept
    whole = world.retention
    world.retention = replace(whole, runs=dying)
    assert world.at_next().failed == 1
    world.retention = whole
    assert world.tick().started == 1
    assert len(world.runs()) == 1


def test_missed_runs_run_once() -> None:
    world = RetentionWorld()
    kept = world.put()
    world.now += 5 * DAY + 100
    world.tick()
    assert world.tick().due == 0
    assert len(world.runs()) == 1
    after = world.policies.policy("default", "old-leads")
    assert after is not None
    assert after.next_at == (kept.next_at or 0) + 5 * DAY


def test_a_run_that_is_still_going_skips_the_next_and_tells() -> None:
    world = RetentionWorld(["1"])
    world.put()
    world.at_next()
    first = world.the_run()
    assert world.at_next().skipped == 1
    world.settle()
    (second,) = [run for run in world.runs() if run.id != first.id]
    assert (second.status, second.problems[0].code) == (Status.REFUSED, "PREVIOUS_RUN_ACTIVE")
    assert world.types(second.id) == ["accepted", "refused"]
    assert ("retention_skipped", "old-leads") in [(what, f.get("policy")) for what, f in world.reports]
    kept = world.policies.policy("default", "old-leads")
    assert kept is not None
    assert kept.skipped is not None
    assert kept.last is not None
    assert (kept.skipped.deletion_id, kept.last.deletion_id) == (second.id, first.id)
    assert world.get(first.id).status is Status.COMPLETED
    assert world.at_next().started == 1


def test_a_broken_policy_is_told_by_an_event_and_the_others_run() -> None:
    world = RetentionWorld()
    bad = world.put(name="bad")
    changed: dict[str, Any] = {**bad.document, "schedule": {"cron": "0 0 31 2 *"}}
    world.policies.kept["default", "bad"] = replace(bad, document=changed)
    world.put()
    worse = world.put(name="worse")
    world.policies.kept["default", "worse"] = replace(worse, document={})
    done = world.at_next()
    assert (done.started, done.broken) == (1, 2)
    world.settle()
    ends = {run.request.policy: run for run in world.runs()}
    assert ends["old-leads"].status is Status.COMPLETED
    for name, module in (("bad", "Leads"), ("worse", "unknown")):
        assert (ends[name].status, ends[name].request.module) == (Status.FAILED, module)
        assert ends[name].problems[0].code == "POLICY_BROKEN"
        last = [e for e in world.topic.events if e["subject"] == ends[name].id][-1]
        assert (last["data"]["policy"], last["data"]["problems"][0]["code"]) == (name, "POLICY_BROKEN")
    assert world.tick().due == 0


def test_a_disabled_policy_never_runs() -> None:
    world = RetentionWorld()
    kept = world.put()
    world.policies.kept["default", "old-leads"] = replace(kept, next_at=None)
    world.now += 10 * DAY
    assert world.tick().due == 0


def test_a_schedule_that_has_ended_lets_go() -> None:
    world = RetentionWorld()
    world.put(schedule={"cron": "0 0 29 2 *"})
    kept = world.policies.kept["default", "old-leads"]
    gone = {**OLD_LEADS, "org": "default", "schedule": {"cron": "0 0 */20 * 1L"}}
    world.policies.kept["default", "old-leads"] = replace(kept, document=gone, next_at=world.now)
    assert world.tick().started == 1
    assert world.policies.kept["default", "old-leads"].next_at is None
