"""The retention schedule: every policy that is due is run once, also where it was due several times.

A run is claimed as the policy's newest, then stored, under an id made of its policy and the time that it was
due at, then the policy moves on to its next time. So a tick that comes twice, or dies in between, stores the
same run again, which changes nothing, and a run that an operator starts at the same moment does not run
beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain import modules, times
from chalicelib.domain.document import iso
from chalicelib.domain.errors import ExpungeError, NotValid
from chalicelib.domain.request import Limits
from chalicelib.domain.retention import policy as policies
from chalicelib.domain.retention.by_policy import BROKEN, STILL_GOING
from chalicelib.domain.retention.policy import Policy
from chalicelib.domain.retention.schedule import CronTimes, next_run
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.service.retention.policy_run import NO_MODULE, PolicyRun, RunIntake, id_of, run_of, store_run

#: A policy that cannot be read is told again after this time (seconds).
BROKEN_AGAIN = 86_400.0


class Runs(Protocol):
    """The part of the table that the retention schedule needs. May raise Unavailable."""

    def due_policies(self, now: float, limit: int) -> list[tuple[str, str]]:
        """(org, name) of the policies whose run is due, the longest waiting first. Eventually consistent."""

    def never_due(self, now: float, limit: int) -> list[tuple[str, str]]:
        """(org, name) of the policies whose run is said to be due later than any can be."""

    def policy(self, org: str, name: str) -> StoredPolicy | None:
        """The policy as it stands, strongly consistent."""

    def claim_run(self, kept: StoredPolicy, ran: Ran) -> bool:
        """See policies.Store."""

    def going(self, deletion_id: str, now: float) -> bool | None:
        """See policies.Store."""

    def move_on(
        self, kept: StoredPolicy, next_at: float | None, *, last: Ran | None, skipped: Ran | None
    ) -> bool:
        """Set the policy's next time, and what became of the run that was due, if it is still due at
        `kept.next_at`; False where somebody else has moved it.
        """


@dataclass(frozen=True, slots=True)
class Retention:
    """What the schedule works with. `report(event, **fields)` takes what operators should see."""

    runs: Runs
    run_intake: RunIntake
    cron: CronTimes
    report: Callable[..., None]


@dataclass(frozen=True, slots=True)
class Retained:
    """What one tick did: policies found due, runs started, skipped, policies broken, and failed for now."""

    due: int = 0
    started: int = 0
    skipped: int = 0
    broken: int = 0
    failed: int = 0


def retain(outside: Retention, now: float, limit: int = 50) -> Retained:
    """One tick of the retention schedule at `now`. Raises Unavailable where the table cannot be asked for
    what is due; one policy's trouble does not keep the others.
    """
    found = outside.runs.due_policies(now, limit)
    done = {"started": 0, "skipped": 0, "broken": 0, "failed": 0, "": 0}
    for org, name in found:
        try:
            done[_run(outside, org, name, now)] += 1
        except ExpungeError as problem:
            done["failed"] += 1
            outside.report("retention_failed", org=org, policy=name, reason=type(problem).__name__)
        except Exception as problem:  # noqa: BLE001 -- a mistake of ours in one must not keep the others
            done["failed"] += 1
            outside.report("retention_broken", org=org, policy=name, reason=type(problem).__name__)
    del done[""]
    if now // 60 % 60 == 0:  # once an hour is enough for what no version of ours writes
        _mend(outside, now, limit)
    return Retained(due=len(found), **done)


def _mend(outside: Retention, now: float, limit: int) -> None:
    """Policies that would never run again run at the next time of their schedule. Nothing is run at once, as
    nobody knows when it was due.
    """
    for org, name in outside.runs.never_due(now, limit):
        kept = outside.runs.policy(org, name)
        if kept is None or kept.next_at is None or kept.next_at <= now + times.LONGEST_DUE:
            continue  # somebody has put it meanwhile
        try:
            schedule = policies.parse(dict(kept.document), name=name, org=org).schedule
            following = next_run(schedule, now, now, outside.cron)
        except (NotValid, ValueError):
            following = now  # the next tick tells by an event that it is broken
        outside.runs.move_on(kept, following, last=None, skipped=None)
        reason = "next_at: later than any run is due"
        outside.report("set_aside", item=f"policy {org}/{name}", reason=reason)


def _run(outside: Retention, org: str, name: str, now: float) -> str:
    """What became of one policy that looked due."""
    kept = outside.runs.policy(org, name)
    if kept is None or kept.next_at is None or kept.next_at > now:
        return ""
    try:
        policy = policies.parse(dict(kept.document), name=name, org=org)
        following = next_run(policy.schedule, now, kept.next_at, outside.cron)
    except (NotValid, ValueError) as problem:
        return _broken(outside, kept, problem, now)
    run = _name(kept.next_at)
    policy_run = run_of(policy, run, kept.next_at, next_at=following, put_by=kept.set_by or None)
    ran = Ran(run, id_of(outside.run_intake, policy_run), now)
    if kept.last is None or kept.last.deletion_id != ran.deletion_id:  # else a tick before got so far
        going = outside.runs.going(kept.last.deletion_id, now) if kept.last else None
        if kept.busy(going, now):
            return _skip(outside, kept, policy, following, now)
        if not outside.runs.claim_run(kept, ran):
            return ""  # a run was started at the same moment: the next tick sees it
    deletion = store_run(outside.run_intake, policy_run, now)
    outside.runs.move_on(kept, following, last=ran, skipped=None)
    outside.report("retention_started", org=org, policy=name, run=run, deletion_id=deletion.id)
    return "started"


def _name(due_at: float) -> str:
    return str(iso(due_at))


def _skip(outside: Retention, kept: StoredPolicy, policy: Policy, following: float | None, now: float) -> str:
    """The run before has not ended. This one ends at once, refused, so that there is an event of it."""
    due_at = kept.next_at or now
    before = kept.last.run if kept.last is not None else ""
    policy_run = run_of(policy, _name(due_at), due_at, refuse=STILL_GOING, why=f"run {before} has not ended")
    deletion = store_run(outside.run_intake, policy_run, now)
    outside.runs.move_on(kept, following, last=None, skipped=Ran(policy_run.run, deletion.id, now))
    outside.report("retention_skipped", org=kept.org, policy=kept.name, run=policy_run.run, before=before)
    return "skipped"


def _broken(outside: Retention, kept: StoredPolicy, problem: Exception, now: float) -> str:
    """What is stored cannot be run by this version: told by an event, once a day until somebody mends it."""
    due_at = kept.next_at or now
    module = kept.document.get("module")
    policy_run = PolicyRun(
        org=kept.org,
        name=kept.name,
        run=_name(due_at),
        at=due_at,
        module=NO_MODULE if modules.problem_of(module) else str(module),
        selection={},
        limits=Limits(),
        refuse=BROKEN,
        why=_words(problem),
    )
    deletion = store_run(outside.run_intake, policy_run, now)
    outside.runs.move_on(kept, now + BROKEN_AGAIN, last=None, skipped=Ran(policy_run.run, deletion.id, now))
    outside.report("retention_broken", org=kept.org, policy=kept.name, reason=policy_run.why)
    return "broken"


def _words(problem: Exception) -> str:
    if isinstance(problem, NotValid):
        return "; ".join(f"{each.path}: {each.problem}" for each in problem.fields)[:256]
    return f"/schedule: {problem}"[:256]
