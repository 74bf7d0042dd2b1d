"""Accepting a request: one durable write, and a repeat that gives the same answer instead of a second
deletion.

A delivery id is spent by the transaction that stores its deletion and by nothing else, so a failure in
between can never turn a sender's retry into a lost request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.domain import counting, quota
from chalicelib.domain.children import with_ids
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import receipt
from chalicelib.domain.errors import Conflict, Field, LimitReached, NotAllowed, Rejected, Unavailable
from chalicelib.domain.ids import RANDOM_BYTES, SEED_BYTES, deletion_id
from chalicelib.domain.log import first
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.service.messaging import Nudges
from chalicelib.service.ports import Deliveries, Delivery

if TYPE_CHECKING:
    from chalicelib.domain.evidence import operators

DAY = 86_400


@dataclass(frozen=True, slots=True)
class IntakeRequest:
    """A request that is verified, understood and allowed, and the delivery that it came with.

    `remember`: seconds for which a repeat of the delivery is recognised; None for as long as the deletion is
    kept. `scope`: the source in whose deliveries it counts; "" for its own. `noted`: what the operators' log
    says of the deletion that is made.
    """

    source: str
    delivery_id: str
    body_hash: str
    request: Request
    limits: Limits
    asked_by: str | None = None
    retry_of: str | None = None
    remember: int | None = None
    scope: str = ""
    noted: Callable[[Deletion], operators.Entry] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told: `body` is the 202's but for its links. `replayed`: it was accepted before.
    `stored`: the deletion, where it is new.
    """

    deletion_id: str
    body: Mapping[str, object]
    replayed: bool
    stored: Deletion | None = None


def _to_nobody(*_told: object) -> None:
    """Discards what is measured."""


def _none(_reference: str) -> str:
    """Where nothing is to be found once it is forgotten."""
    return ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What accepting needs from the outside: `random` gives that many random bytes, `measure(metric, value)`
    takes a number for alarms. `digest` makes of a reference what it is found by once it is forgotten.
    """

    deliveries: Deliveries
    nudges: Nudges
    random: Callable[[int], bytes]
    stage: str
    keep_days: int
    measure: Callable[[str, float], None] = _to_nobody
    digest: Callable[[str], str] = _none


def replay(
    deliveries: Deliveries, source: str, delivery_id: str, body_hash: str, now: float
) -> Delivery | None:
    """The delivery, where it was accepted before and is still remembered; None where it is new.

    Raises Conflict where it was accepted with another body.
    """
    found = deliveries.find_delivery(source, delivery_id)
    # The table deletes what has expired days late, so the time is compared here.
    if found is None or found.expires_at <= now:
        return None
    if found.body_hash and found.body_hash != body_hash:  # none where it was forgotten
        raise Conflict(source, delivery_id)
    return found


def accept(outside: Acceptance, asked: IntakeRequest, now: float) -> Receipt:
    """Store the deletion that `asked` asks for, wake a worker and return the receipt.

    Two copies of a delivery may get here at the same time: the one that loses answers as a replay. Raises
    Conflict where the winner had another body, NotAllowed or LimitReached where it names more records than
    its source may, Unavailable where the table did not take it.
    """
    scope = asked.scope or asked.source
    made = _deletion(outside, asked, now)
    count, counted = _counted(outside, made, asked, scope, now)
    if isinstance(counted, quota.Full):
        before = replay(outside.deliveries, scope, asked.delivery_id, asked.body_hash, now)
        if before is None:
            raise _limit_reached(counted, made.id_count)
        return replayed(before)
    own = count if counted is not None and counted.own else None
    made = made if counted is None else replace(made, asked_before=counted.before)
    made = replace(made, delivered=f"{scope}\n{asked.delivery_id}")
    deletion, entry = first(made, outside.stage)
    body = receipt(deletion)
    delivery = Delivery(
        source=scope,
        delivery_id=asked.delivery_id,
        body_hash=asked.body_hash,
        deletion_id=deletion.id,
        receipt=body,
        expires_at=deletion.expires_at if asked.remember is None else int(now) + asked.remember,
    )
    try:
        noted = asked.noted(deletion) if asked.noted is not None else None
        stored = outside.deliveries.accept(deletion, entry, delivery, now, noted)
    except Rejected:
        _uncount(outside, own)
        raise
    if not stored:
        _uncount(outside, own)
        winner = replay(outside.deliveries, scope, asked.delivery_id, asked.body_hash, now)
        if winner is None:
            raise Unavailable("table", "a delivery was taken and is not there")
        return replayed(winner)
    outside.nudges.nudge(deletion.id)
    if count is not None:
        outside.measure("AcceptedRecords", count.records)
    return Receipt(deletion.id, body, replayed=False, stored=deletion)


def _counted(
    outside: Acceptance, deletion: Deletion, asked: IntakeRequest, scope: str, now: float
) -> tuple[quota.Count | None, quota.Counted | quota.Full | None]:
    """Count what the deletion names for its source, before it is stored; None where nothing is, or not yet.
    Raises NotAllowed where it could never fit.
    """
    if not deletion.id_count or not counting.is_counted(deletion):
        return None, None
    reasons = quota.too_large(deletion.limits, deletion.id_count, "/ids")
    if reasons:
        raise NotAllowed("this source may not ask for this deletion", tuple(reasons))
    # A delivery that is no longer remembered is another one by then.
    fresh = quota.FRESH if asked.remember is None else min(quota.FRESH, asked.remember)
    key = f"{scope}\n{asked.delivery_id}\n{asked.body_hash}"
    count = counting.count_of(deletion, deletion.id_count, now, key, fresh)
    return count, outside.deliveries.count(count)


def _uncount(outside: Acceptance, own: quota.Count | None) -> None:
    """It is known that nothing was stored: what this request counted is given back."""
    if own is not None:
        outside.deliveries.uncount(own)


def _limit_reached(full: quota.Full, records: int) -> LimitReached:
    fields = (Field("/ids", quota.words(full, records)),)
    return LimitReached("the source has named as many records as it may for now", full.retry_after, fields)


def replayed(delivery: Delivery) -> Receipt:
    """The receipt as it was given before."""
    return Receipt(delivery.deletion_id, delivery.receipt, replayed=True)


def _deletion(outside: Acceptance, asked: IntakeRequest, now: float) -> Deletion:
    at = round(now, 3)  # what the answer shows is what is stored
    made = Deletion(
        id=deletion_id(at, outside.random(RANDOM_BYTES)),
        request=asked.request,
        source=asked.source,
        created_at=at,
        updated_at=at,
        expires_at=int(now) + outside.keep_days * DAY,
        limits=asked.limits,
        asked_by=asked.asked_by,
        retry_of=asked.retry_of,
        seed=outside.random(SEED_BYTES).hex(),
        reference_digest=outside.digest(asked.request.reference) if asked.request.reference else "",
    )
    if asked.request.operation in (Operation.MASS_DELETE, Operation.ERASE_PERSON):
        return made  # what a view holds, or what is a person's, is known once it has been looked for
    return with_ids(made)
