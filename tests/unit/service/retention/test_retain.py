from __future__ import annotations

from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.adapters.cron import next_time
from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unavailable, WrongState
from chalicelib.domain.ids import is_deletion_id
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.retention.by_policy import approval_ends
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.domain.status import Status
from chalicelib.service.retention.policies import Policies, run
from chalicelib.service.retention.retain import retain
from tests.fake_policies import FakePolicies
from tests.unit.service.retention.retention_world import DAY, OLD_LEADS, RetentionWorld


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

        def policy(self, org: str, name: str) -> StoredPolicy | None:
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
            self, kept: StoredPolicy, next_at: float | None, *, last: Ran | None, skipped: Ran | None
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


def approvals(**more: Any) -> RetentionWorld:
    """A world of five leads whose policy needs an approval that nobody gives."""
    world = RetentionWorld([str(n) for n in range(1, 6)])
    world.deps = replace(world.deps, timeouts=Timeouts())
    world.put(limits={"max_records": 100, "approve_above": 2}, **more)
    return world


def days(world: RetentionWorld, count: float, step: float = 60.0) -> list[Deletion]:
    """What `count` days make of it, looked at every `step` seconds; the runs, oldest first."""
    end = world.now + count * DAY
    while world.now < end:
        world.tick()
        for one in world.ledger.due(world.now, 9):
            world.step(one)
        world.now += step
    return sorted(world.runs(), key=lambda run: run.created_at)


@pytest.mark.parametrize(
    ("schedule", "count"),
    [
        ({"rate": "1 day"}, 6.5),
        ({"cron": "0 3 * * *", "time_zone": "Europe/Vienna"}, 6.5),
        ({"rate": "1 hour"}, 0.98),
    ],
)
def test_an_approval_that_nobody_gives_ends_before_the_next_run_which_asks_anew(
    schedule: dict[str, str], count: float
) -> None:
    runs = days(approvals(schedule=schedule), count)
    assert len(runs) >= 5
    *ended, newest = runs
    assert {(one.status, one.problems[0].code) for one in ended} == {(Status.REFUSED, "APPROVAL_EXPIRED")}
    assert newest.status is Status.AWAITING_APPROVAL
    for before, following in pairwise(runs):
        assert before.approval is not None
        assert before.approval.expires_at < following.created_at


def test_a_run_that_could_not_end_in_time_does_not_keep_the_next_one() -> None:
    """Nothing but the schedule works: the approval is over all the same."""
    world = approvals()
    world.at_next()
    world.step(world.the_run().id)
    assert world.the_run().status is Status.AWAITING_APPROVAL
    assert world.at_next().started == 1


def test_an_approval_that_was_given_keeps_the_next_run_until_all_is_deleted() -> None:
    world = approvals()
    world.at_next()
    one = world.the_run()
    world.step(one.id)
    asked = world.get(one.id).approval
    assert asked is not None
    world.now = asked.expires_at - 1
    snapshot = world.ledger.snapshot(one.id)
    assert snapshot is not None
    answer = {"do": "approve", "count": 5, "asked_at": asked.asked_at, "by": "ann", "at": world.now}
    assert world.ledger.command(snapshot, answer, world.now)
    assert world.at_next().skipped == 1
    world.settle()
    assert world.get(one.id).counts.deleted == 5


def test_an_approval_that_is_asked_for_after_the_next_run_was_due_lasts_one_period() -> None:
    world = approvals(schedule={"rate": "1 hour"})
    world.at_next()
    one = world.the_run()
    world.now += 2 * 3600
    world.step(one.id)
    asked = world.get(one.id).approval
    assert asked is not None
    assert 0 < asked.expires_at - asked.asked_at <= 3600


@pytest.mark.parametrize(
    ("next_run", "lasts"),
    [(None, 900), (500.0, 900), (1_000.0, 900), (1_500.0, 340), (1_100.0, 60), (9_000.0, 900)],
)
def test_how_long_an_approval_lasts(next_run: float | None, lasts: float) -> None:
    """Asked for at 1100, 100 s after the run was ordered; 900 s at the longest."""
    request = Request(Operation.PURGE, "Leads", "default", next_run=next_run)
    deletion = Deletion("del_1", request, "policy:p", created_at=1_000.0, updated_at=1_000.0, expires_at=0)
    assert approval_ends(deletion, 1_100.0, 900.0) == 1_100.0 + lasts


def test_of_two_runs_by_hand_at_once_one_starts() -> None:
    """Both have seen the policy before either has claimed its run."""
    world = RetentionWorld(["1"])
    world.put()
    outside = Policies(Slow(world), world.run_intake, next_time)
    run(outside, "default", "old-leads", Caller("ann", world.now), dry_run=False)
    with pytest.raises(WrongState, match="the same moment"):
        run(outside, "default", "old-leads", Caller("bob", world.now + 0.5), dry_run=False)
    assert len(world.runs()) == 1


def test_a_run_by_hand_and_the_schedule_at_once_are_one_run() -> None:
    world = RetentionWorld(["1"])
    kept = world.put()
    slow = Slow(world)
    assert kept.next_at is not None
    world.now = kept.next_at
    run(
        Policies(slow, world.run_intake, next_time),
        "default",
        "old-leads",
        Caller("ann", world.now),
        dry_run=False,
    )
    found = retain(replace(world.retention, runs=slow), world.now)
    assert (found.due, found.started, len(world.runs())) == (1, 0, 1)
    assert world.tick().skipped == 1


def test_a_run_that_was_claimed_and_is_being_stored_keeps_others() -> None:
    world = RetentionWorld(["1"])
    kept = world.put()
    assert world.policies.claim_run(kept, Ran("manual-x", "del_not_there_yet", world.now))
    outside = Policies(world.policies, world.run_intake, next_time)
    with pytest.raises(WrongState):
        run(outside, "default", "old-leads", Caller("bob", world.now + 1), dry_run=False)
    started = run(outside, "default", "old-leads", Caller("bob", world.now + 61), dry_run=False)
    assert world.the_run().id == started.id


class Slow(FakePolicies):
    """Shows policies as they were when it was made: somebody who was fast enough to see them so."""

    def __init__(self, world: RetentionWorld) -> None:
        super().__init__(world.ledger)
        self.kept = world.policies.kept
        self.seen = dict(world.policies.kept)

    def policy(self, org: str, name: str) -> StoredPolicy | None:
        return self.seen.get((org, name))
