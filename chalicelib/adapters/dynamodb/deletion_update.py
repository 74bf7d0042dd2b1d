"""How a saved deletion is written over the one before: fenced, counted, and due again or no more."""

from __future__ import annotations

from typing import Any

from chalicelib.adapters.dynamodb import codec, deletion_items, items
from chalicelib.service.ports import Change, Claim


def action(table: str, claim: Claim, change: Change, shards: int, *, evidence: bool) -> dict[str, Any]:
    """The update of the deletion's own item; refused where the claim does not hold any more. `evidence`: what
    has ended waits for a receipt.
    """
    values = {
        ":doc": {"S": codec.deletion_to_text(change.deletion)},
        ":next": items.number(change.next_at),
        ":lease": items.number(change.lease_until),
        ":fence": items.number(claim.fence),
        ":one": items.number(1),
        ":done": items.number(change.commands_done),
    }
    condition = "fence = :fence"
    if not change.regardless:
        condition += " AND control = :control"
        values[":control"] = items.number(claim.control)
    sets = (
        "doc = :doc, next_at = :next, lease_until = :lease, commands_done = commands_done + :done,"
        " revision = revision + :one"
    )
    if not change.lease_until:
        sets += ", attempts = :zero"
        values[":zero"] = items.number(0)
    if change.forgotten:
        sets = sets.replace("commands_done + :done", ":done") + ", commands = :none"
        values |= {":done": items.number(0), ":none": {"L": []}}
    if change.new_children:
        sets += f", {deletion_items.MORE_CHILDREN}"
        values |= deletion_items.more_children(new.deletion for new in change.new_children)
    due = _due(claim, change, shards, evidence=evidence)
    if due == items.DUE_TO_FORGET:
        values[":next"] = items.number(change.forget_at or 0.0)
    if due:
        values[":due"] = {"S": due}
    return {
        "TableName": table,
        "Key": items.meta_key(claim.deletion.id),
        "UpdateExpression": f"SET {sets}, due = :due" if due else f"SET {sets} REMOVE due",
        "ConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }


def _due(claim: Claim, change: Change, shards: int, *, evidence: bool) -> str:
    """Where in the due index the deletion lies from now on; "" for nowhere."""
    told = change.deletion.published >= change.deletion.events
    # A command that came meanwhile must not be lost with the deletion: it shows in `control`.
    obeyed = change.commands_done >= len(claim.commands) and not change.regardless
    if not (change.deletion.is_final and told and obeyed):
        return items.shard(claim.deletion.id, shards)
    if evidence and not change.evidenced:
        return items.DUE_FOR_EVIDENCE
    return "" if change.forget_at is None else items.DUE_TO_FORGET
