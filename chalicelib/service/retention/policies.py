"""What operators do with retention policies: put, look at, remove, run now, and try before they put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.errors import Field, Missing, NotValid, WrongState
from chalicelib.domain.evidence.operators import Entry, What
from chalicelib.domain.retention import policy as reading
from chalicelib.domain.retention.policy import Policy, check_times
from chalicelib.domain.retention.schedule import CronTimes, next_run
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.service.retention.policy_run import RunIntake, id_of, run_of, store_run

#: Runs to come that are shown.
SHOWN_RUNS = 5


class Store(Protocol):
    """The part of the table that policies lie in. What a person changes is written together with its entry
    of the operators' log (`noted`): both, or neither. May raise Unavailable.
    """

    def policy(self, org: str, name: str) -> StoredPolicy | None:
        """The policy as it stands, strongly consistent."""

    def policies(self, org: str) -> list[StoredPolicy]:
        """The org's policies by name."""

    def put_policy(self, kept: StoredPolicy, noted: Entry) -> bool:
        """Write it, if the one that is there has the revision before (none for the first); what became of its
        runs stays. False, and nothing written, where it has another.
        """

    def remove_policy(self, org: str, name: str, noted: Entry) -> bool:
        """Remove it; False where it is not there."""

    def claim_run(self, kept: StoredPolicy, ran: Ran) -> bool:
        """Make `ran` the policy's newest run, if that is still `kept.last`; False where another was claimed,
        or the policy is not there.
        """

    def going(self, deletion_id: str, now: float) -> bool | None:
        """Is the deletion still to do something? Not where its approval was not given in time. None where
        there is no such deletion.
        """


@dataclass(frozen=True, slots=True)
class Policies:
    """What these use cases work with."""

    store: Store
    run_intake: RunIntake
    cron: CronTimes


def put(outside: Policies, policy: Policy, caller: Caller) -> StoredPolicy:
    """Store `policy`; the same document again changes nothing, and a changed one keeps its next time as long
    as its schedule is the same.

    Raises NotValid for a schedule that cannot be, WrongState where another change came at the same moment.
    """
    now = caller.now
    following = _first_run(outside, policy, now)
    before = outside.store.policy(policy.org, policy.name)
    if before is not None and dict(before.document) == policy.document:
        return before
    if before is not None and before.document.get("schedule") == policy.document["schedule"]:
        following = before.next_at if before.next_at is not None else following
    kept = StoredPolicy(
        org=policy.org,
        name=policy.name,
        document=policy.document,
        revision=before.revision + 1 if before is not None else 1,
        set_by=caller.arn,
        set_at=now,
        next_at=following if policy.enabled else None,
    )
    told = None if before is None else dict(before.document)
    noted = caller.entry(What.POLICY_PUT, f"{kept.org}/{kept.name}", told, dict(kept.document))
    if not outside.store.put_policy(kept, noted):
        raise WrongState("the policy was changed at the same moment: look at it again")
    return outside.store.policy(policy.org, policy.name) or kept


def _first_run(outside: Policies, policy: Policy, now: float) -> float | None:
    try:
        following = next_run(policy.schedule, now, now, outside.cron)
    except ValueError as problem:
        path = "/schedule/time_zone" if "time zone" in str(problem) else "/schedule/cron"
        raise NotValid("the policy is not valid", (Field(path, str(problem)),)) from problem
    problems = check_times(policy, now, following)
    if problems:
        raise NotValid("the policy is not valid", tuple(Field(*each) for each in problems))
    return following


def get(outside: Policies, org: str, name: str) -> StoredPolicy:
    """The policy. Raises Missing."""
    found = outside.store.policy(org, name)
    if found is None:
        raise Missing(f"policy {org}/{name}")
    return found


def remove(outside: Policies, org: str, name: str, caller: Caller) -> StoredPolicy:
    """Remove the policy, and tell what it was; a run that is going goes on. Raises Missing."""
    found = get(outside, org, name)
    noted = caller.entry(What.POLICY_REMOVED, f"{org}/{name}", dict(found.document))
    if not outside.store.remove_policy(org, name, noted):
        raise Missing(f"policy {org}/{name}")
    return found


def run(outside: Policies, org: str, name: str, caller: Caller, *, dry_run: bool) -> Deletion:
    """Run the policy now, enabled or not; its next time stays. A dry run only tells what would go.

    The run is claimed before it is stored, so that of two at once only one starts. Raises Missing; NotValid
    where what is stored cannot be run; WrongState while a run is going.
    """
    now, kept = caller.now, get(outside, org, name)
    policy = reading.parse(dict(kept.document), name=name, org=org)
    only_told = dry_run or policy.dry_run
    label = f"{'check' if dry_run else 'manual'}-{iso(now)}"
    following = kept.next_at
    if following is not None and following <= now:  # due, and not seen by the schedule yet
        following = _following(outside, policy, now, following)
    policy_run = run_of(
        policy,
        label,
        now,
        dry_run=only_told,
        asked_by=caller.arn,
        put_by=kept.set_by or None,
        next_at=following,
    )
    busy = kept.busy(outside.store.going(kept.last.deletion_id, now) if kept.last else None, now)
    if busy and kept.last is not None and not only_told:
        raise WrongState(f"its run {kept.last.run} has not ended: {kept.last.deletion_id}")
    if not dry_run and not busy:
        ran = Ran(label, id_of(outside.run_intake, policy_run), now)
        if not outside.store.claim_run(kept, ran):
            raise WrongState("another run of it was started at the same moment")
    return store_run(outside.run_intake, policy_run, now, caller)


def _following(outside: Policies, policy: Policy, now: float, since: float) -> float | None:
    try:
        return next_run(policy.schedule, now, since, outside.cron)
    except ValueError as problem:
        raise NotValid("the policy is not valid", (Field("/schedule", str(problem)),)) from problem


def check(outside: Policies, policy: Policy, caller: Caller) -> Deletion:
    """A dry run of a policy that is not stored: Zoho itself tells whether its fields and its view are there.

    Raises NotValid for a schedule that cannot be.
    """
    now = caller.now
    _first_run(outside, policy, now)
    policy_run = run_of(policy, f"check-{iso(now)}", now, dry_run=True, asked_by=caller.arn)
    return store_run(outside.run_intake, policy_run, now, caller)


def shown(outside: Policies, kept: StoredPolicy, now: float) -> dict[str, Any]:
    """The policy as operators see it: its document, its state, its next runs, and what is wrong with it."""
    runs, problems = _next_runs(outside, kept, now)
    return {
        "policy": dict(kept.document),
        "revision": kept.revision,
        "set_by": kept.set_by,
        "set_at": iso(kept.set_at),
        "next_runs": [iso(at) for at in runs],
        "last_run": _ran(kept.last),
        "last_skipped": _ran(kept.skipped),
        "problems": problems,
    }


def _next_runs(outside: Policies, kept: StoredPolicy, now: float) -> tuple[list[float], list[dict[str, str]]]:
    try:
        policy = reading.parse(dict(kept.document), name=kept.name, org=kept.org)
        runs = [kept.next_at] if kept.next_at is not None else []
        while runs and len(runs) < SHOWN_RUNS:
            following = next_run(policy.schedule, max(runs[-1], now), runs[-1], outside.cron)
            if following is None:
                break
            runs.append(following)
    except NotValid as problem:
        return [], [{"path": each.path, "problem": each.problem} for each in problem.fields]
    except ValueError as problem:
        return [], [{"path": "/schedule", "problem": str(problem)}]
    return runs, []


def _ran(ran: Ran | None) -> dict[str, Any] | None:
    return {"run": ran.run, "deletion": ran.deletion_id, "at": iso(ran.at)} if ran is not None else None
