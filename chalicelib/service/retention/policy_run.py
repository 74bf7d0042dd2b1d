"""A run of a policy as a deletion: the same run is the same deletion, however often it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any

from chalicelib.domain import log
from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import receipt
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.ids import RANDOM_BYTES, SEED_BYTES, deletion_id
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.domain.retention.by_policy import RunProgress
from chalicelib.domain.retention.policy import Policy
from chalicelib.service.messaging import Nudges
from chalicelib.service.ports import Deliveries, Delivery

DAY = 86_400
#: A module's name where the policy is so broken that it has none.
NO_MODULE = "unknown"


@dataclass(frozen=True, slots=True)
class RunIntake:
    """What storing a run takes from the outside."""

    deliveries: Deliveries
    nudges: Nudges
    stage: str
    keep_days: int
    random: Callable[[int], bytes] = token_bytes


@dataclass(frozen=True, slots=True)
class PolicyRun:
    """One run of the policy `name` of `org`, due at `at` (seconds since the epoch) and named `run`.

    `next_at`: when the policy runs next, None where it does not. `refuse`: a code that it ends with before
    anything is looked at, and `why`, in words.
    """

    org: str
    name: str
    run: str
    at: float
    module: str
    selection: Mapping[str, Any]
    limits: Limits
    time_zone: str | None = None
    next_at: float | None = None
    wf_trigger: bool | None = None
    dry_run: bool = False
    permanent_after: int | None = None
    asked_by: str | None = None
    put_by: str | None = None
    refuse: str = ""
    why: str = ""


def run_of(policy: Policy, run: str, at: float, **more: Any) -> PolicyRun:
    """A run of `policy`."""
    return PolicyRun(
        org=policy.org,
        name=policy.name,
        run=run,
        at=at,
        module=policy.module,
        selection=policy.document["selection"],
        limits=policy.limits,
        time_zone=policy.schedule.zone,
        wf_trigger=policy.wf_trigger,
        permanent_after=policy.permanent_after,
        **{"dry_run": policy.dry_run, **more},
    )


def id_of(run_intake: RunIntake, policy_run: PolicyRun) -> str:
    """The id of the deletion that the run is."""
    return deletion_id(policy_run.at, _digest(run_intake, policy_run)[:RANDOM_BYTES])


def store_run(
    run_intake: RunIntake, policy_run: PolicyRun, now: float, caller: Caller | None = None
) -> Deletion:
    """Store the run as a deletion, unless it is stored already, and wake a worker; returns the deletion.
    `caller`: who runs it by hand, for the operators' log.

    Raises Unavailable where the table did not take it.
    """
    deletion, entry = log.first(_deletion(run_intake, policy_run, now), run_intake.stage)
    delivery = Delivery(
        source=deletion.source,
        delivery_id=f"{policy_run.org}/{policy_run.name}/{policy_run.run}",
        body_hash=_digest(run_intake, policy_run).hex(),
        deletion_id=deletion.id,
        receipt=receipt(deletion),
        expires_at=deletion.expires_at,
    )
    noted = None
    if caller is not None:
        told = {"deletion": deletion.id, "dry_run": policy_run.dry_run}
        noted = caller.entry(What.POLICY_RUN, f"{policy_run.org}/{policy_run.name}", after=told)
    run_intake.deliveries.accept(deletion, entry, delivery, now, noted)
    run_intake.nudges.nudge(deletion.id)
    return deletion


def _digest(run_intake: RunIntake, policy_run: PolicyRun) -> bytes:
    words = (run_intake.stage, policy_run.org, policy_run.name, policy_run.run)
    return hashlib.sha256("\n".join(words).encode()).digest()


def _deletion(run_intake: RunIntake, policy_run: PolicyRun, now: float) -> Deletion:
    request = Request(
        Operation.PURGE,
        policy_run.module,
        policy_run.org,
        wf_trigger=policy_run.wf_trigger,
        permanent_after=policy_run.permanent_after,
        dry_run=policy_run.dry_run,
        reason=policy_run.why or None,
        policy=policy_run.name,
        run=policy_run.run,
        selection=dict(policy_run.selection),
        time_zone=policy_run.time_zone,
        next_run=policy_run.next_at,
    )
    return Deletion(
        id=id_of(run_intake, policy_run),
        request=request,
        # A colon is in no source's name: no sender from outside can take a run's delivery id.
        source=f"policy:{policy_run.name}",
        created_at=round(now, 3),
        updated_at=round(now, 3),
        expires_at=int(now) + run_intake.keep_days * DAY,
        limits=policy_run.limits,
        asked_by=policy_run.asked_by,
        put_by=policy_run.put_by,
        seed=run_intake.random(SEED_BYTES).hex(),
        progress=RunProgress(refuse=policy_run.refuse, message=policy_run.why).to_json()
        if policy_run.refuse
        else {},
    )
