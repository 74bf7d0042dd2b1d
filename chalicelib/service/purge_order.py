"""A run of a policy as a deletion: the same run is the same deletion, however often it is ordered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any

from chalicelib.domain import log
from chalicelib.domain.deletion import Deletion, Limits, Operation, Request
from chalicelib.domain.document import receipt
from chalicelib.domain.ids import RANDOM_BYTES, SEED_BYTES, deletion_id
from chalicelib.domain.retention.by_policy import Progress
from chalicelib.domain.retention.policy import Policy
from chalicelib.service.messaging import Nudges
from chalicelib.service.ports import Deliveries, Delivery

DAY = 86_400
#: A module's name where the policy is so broken that it has none.
NO_MODULE = "unknown"


@dataclass(frozen=True, slots=True)
class Orders:
    """What ordering a run takes from the outside."""

    deliveries: Deliveries
    nudges: Nudges
    stage: str
    keep_days: int
    random: Callable[[int], bytes] = token_bytes


@dataclass(frozen=True, slots=True)
class Order:
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
    asked_by: str | None = None
    refuse: str = ""
    why: str = ""


def order_of(policy: Policy, run: str, at: float, **more: Any) -> Order:
    """An order for a run of `policy`."""
    return Order(
        org=policy.org,
        name=policy.name,
        run=run,
        at=at,
        module=policy.module,
        selection=policy.document["selection"],
        limits=policy.limits,
        time_zone=policy.schedule.zone,
        wf_trigger=policy.wf_trigger,
        **{"dry_run": policy.dry_run, **more},
    )


def id_of(orders: Orders, order: Order) -> str:
    """The id of the deletion that the run is."""
    return deletion_id(order.at, _digest(orders, order)[:RANDOM_BYTES])


def place(orders: Orders, order: Order, now: float) -> Deletion:
    """Store the run as a deletion, unless it is stored already, and wake a worker; returns the deletion.

    Raises Unavailable where the table did not take it.
    """
    deletion, entry = log.first(_deletion(orders, order, now), orders.stage)
    delivery = Delivery(
        source=deletion.source,
        delivery_id=f"{order.org}/{order.name}/{order.run}",
        body_hash=_digest(orders, order).hex(),
        deletion_id=deletion.id,
        receipt=receipt(deletion),
        expires_at=deletion.expires_at,
    )
    orders.deliveries.accept(deletion, entry, delivery, now)
    orders.nudges.nudge(deletion.id)
    return deletion


def _digest(orders: Orders, order: Order) -> bytes:
    words = (orders.stage, order.org, order.name, order.run)
    return hashlib.sha256("\n".join(words).encode()).digest()


def _deletion(orders: Orders, order: Order, now: float) -> Deletion:
    request = Request(
        Operation.PURGE,
        order.module,
        order.org,
        wf_trigger=order.wf_trigger,
        dry_run=order.dry_run,
        reason=order.why or None,
        policy=order.name,
        run=order.run,
        selection=dict(order.selection),
        time_zone=order.time_zone,
        next_run=order.next_at,
    )
    return Deletion(
        id=id_of(orders, order),
        request=request,
        # A colon is in no source's name: no sender from outside can take a run's delivery id.
        source=f"policy:{order.name}",
        created_at=round(now, 3),
        updated_at=round(now, 3),
        expires_at=int(now) + orders.keep_days * DAY,
        limits=order.limits,
        asked_by=order.asked_by,
        seed=orders.random(SEED_BYTES).hex(),
        progress=Progress(refuse=order.refuse, message=order.why).to_json() if order.refuse else {},
    )
