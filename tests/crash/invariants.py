"""What must hold once a stage is at rest, whatever went wrong on the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from chalicelib.adapters.dynamodb import items
from chalicelib.domain import log_checking
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.event import event_name
from chalicelib.domain.log import Entry
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.service.ports import Call
from tests.crash.stage import Stage
from tests.fake_ledger import FakeLedger

LEASE = 60.0


def check(stage: Stage) -> None:
    """All invariants that need no knowledge of the scenario."""
    ended(stage)
    views_start_once(stage)
    _nothing_goes_twice(stage)


def ended(stage: Stage) -> list[Deletion]:
    """What must hold of every ledger, whatever Zoho is; returns the deletions."""
    found = [_deletion(stage, one) for one in stage.accepted]
    for deletion in found:
        entries = stage.ledger.entries(deletion.id, 0)
        _log_is_whole(deletion, entries)
        _events_left(stage, deletion, entries)
    _nothing_is_held(stage)
    return found


def _deletion(stage: Stage, one: str) -> Deletion:
    deletion: Deletion | None = stage.ledger.get(one)
    assert deletion is not None, f"{one} is lost"
    assert deletion.is_final, f"{one} is still {deletion.status}"
    counts = deletion.counts
    ends = sum(astuple(counts)) - counts.requested
    assert counts.requested == ends, f"{one}: counts do not add up: {counts}"
    return deletion


def _log_is_whole(deletion: Deletion, entries: Sequence[Entry]) -> None:
    assert log_checking.first_broken(entries) is None
    assert (len(entries), entries[-1].chain) == (deletion.events, deletion.chain)
    assert deletion.published == deletion.events


def _events_left(stage: Stage, deletion: Deletion, entries: Sequence[Entry]) -> None:
    """Every public entry left under its own id, always with the same words, and the statuses are told."""
    heard: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in stage.topic.events:
        heard[event["id"]].append(event)
    told = []
    for entry in entries:
        if entry.event is not None:
            copies = heard[f"{deletion.id}/{entry.n}"]
            assert copies, f"event {entry.n} never left"
            assert all(copy == {**entry.event, "chain": entry.chain} for copy in copies)
            told.append(entry.what)
    assert (told[0], told[-1]) == ("accepted", event_name(deletion.status))
    final = [what for what in told if what in {status.value for status in Status if status in FINAL}]
    assert final == [deletion.status.value]
    order = [event["sequence"] for event in stage.topic.events if event["subject"] == deletion.id]
    first_seen = list(dict.fromkeys(int(n) for n in order))
    assert first_seen == sorted(first_seen), "an event overtook an earlier one"


FINAL = {
    Status.COMPLETED,
    Status.PARTIALLY_COMPLETED,
    Status.FAILED,
    Status.REFUSED,
    Status.CANCELLED,
    Status.NEEDS_ATTENTION,
}


def _nothing_is_held(stage: Stage) -> None:
    lane = stage.ledger.lane("default")
    assert (lane.holder, lane.queue) == (None, ())
    stage.now += LEASE
    for slot in _slots(stage):
        assert stage.ledger.take("default", slot, "the next one", stage.now, stage.now), slot
    assert all(stage.ledger.claim(one, stage.now, stage.now) is None for one in stage.accepted)


def _slots(stage: Stage) -> list[str]:
    """Those that somebody has ever taken; there is nothing of the others that could be held."""
    if isinstance(stage.ledger, FakeLedger):
        return [name for org, name in stage.ledger.leases if (org, name[:5]) == ("default", "SLOT#")]
    below = items.org_key("default", "SLOT#")
    found = stage.ledger.query(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": below["pk"], ":sk": below["sk"]},
        ConsistentRead=True,
    )
    return [item["sk"]["S"] for item in found]


def views_start_once(stage: Stage) -> None:
    """After a start that may have run there is none any more for that selection; an unfrozen view has one a
    round.
    """
    for one in stage.accepted:
        deletion = stage.ledger.get(one)
        assert deletion is not None
        calls = stage.ledger.calls(one, range(1, deletion.calls + 1))
        starts = [call for call in calls if call.kind is CallKind.MASS_DELETE_VIEW]
        unsure = [call for call in starts if may_have_run(call)]
        for call in unsure:
            later = [each for each in starts if each.n > call.n]
            assert not later or not deletion.frozen, f"{one}: a view was started again after call {call.n}"
            same_round = [each for each in later if each.target["round"] == call.target["round"]]
            assert not same_round, f"{one}: round {call.target['round']} was started twice"


def may_have_run(call: Call) -> bool:
    """Was the call sent, without an answer that refuses it?"""
    if call.answered_at is None:
        return True
    verdict = (call.answer or {}).get("verdict")
    return verdict in ("started", "unknown")


def _nothing_goes_twice(stage: Stage) -> None:
    """Records that come back after the end stay, whatever is delivered again."""
    before = list(stage.zoho.removed)
    stage.zoho.records |= dict.fromkeys(before)
    stage.zoho.links |= dict.fromkeys(before)
    for order in stage.orders:
        stage.send(order)
    for one in stage.accepted:
        stage.queue.nudge(one)
    stage.poll()
    stage.rest()
    assert stage.zoho.removed == before
