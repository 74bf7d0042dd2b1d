"""Retention policies in the table: `ORG#{org}` / `POLICY#{name}`, in the due index under a key of their own.

Deletions and policies do not share a partition of the index, so that neither keeps the other from being
found. Everything that the schedule does here takes Query, Put and Update only; no item is got by GetItem.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import codec, deletion_items, items
from chalicelib.adapters.dynamodb.dynamo import Dynamo, refusal
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.retention.by_policy import unanswered
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy

DUE = "due#policies"
_PREFIX = "POLICY#"


class PolicyTable(Dynamo):
    """Implements policies.Store and retain.Runs."""

    def policy(self, org: str, name: str) -> StoredPolicy | None:
        """See policies.Store."""
        key = items.org_key(org, _PREFIX + name)
        found = list(self._one(key))
        return _kept(found[0]) if found else None

    def policies(self, org: str) -> list[StoredPolicy]:
        """See policies.Store."""
        key = items.org_key(org, _PREFIX)
        found = self.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": key["pk"], ":sk": key["sk"]},
            ConsistentRead=True,
        )
        return [_kept(item) for item in found]

    def put_policy(self, kept: StoredPolicy) -> bool:
        """See policies.Store."""
        values: dict[str, Any] = {
            ":doc": {"S": codec.dumps(dict(kept.document))},
            ":revision": items.number(kept.revision),
            ":before": items.number(kept.revision - 1),
            ":by": {"S": kept.set_by},
            ":at": items.number(kept.set_at),
        }
        sets = "SET doc = :doc, revision = :revision, set_by = :by, set_at = :at"
        if kept.next_at is None:
            sets += " REMOVE due, next_at"
        else:
            values |= {":due": {"S": DUE}, ":next": items.number(kept.next_at)}
            sets += ", due = :due, next_at = :next"
        condition = "revision = :before" if kept.revision > 1 else "attribute_not_exists(pk)"
        if kept.revision <= 1:
            del values[":before"]
        return self.update_if(items.org_key(kept.org, _PREFIX + kept.name), sets, condition, values)

    def remove_policy(self, org: str, name: str) -> bool:
        """See policies.Store."""
        try:
            self.write(
                "delete_item",
                TableName=self.name,
                Key=items.org_key(org, _PREFIX + name),
                ConditionExpression="attribute_exists(pk)",
            )
        except ClientError as problem:
            if items.code_of(problem) == "ConditionalCheckFailedException":
                return False
            raise refusal(problem) from problem
        return True

    def due_policies(self, now: float, limit: int) -> list[tuple[str, str]]:
        """See retain.Runs."""
        found = self.first_page(
            IndexName="due",
            KeyConditionExpression="due = :due AND next_at <= :now",
            ExpressionAttributeValues={":due": {"S": DUE}, ":now": items.number(now)},
            Limit=limit,
        )
        return [(item["pk"]["S"][4:], item["sk"]["S"].removeprefix(_PREFIX)) for item in found]

    def move_on(
        self, kept: StoredPolicy, next_at: float | None, *, last: Ran | None, skipped: Ran | None
    ) -> bool:
        """See retain.Runs."""
        values: dict[str, Any] = {":seen": items.number(kept.next_at or 0.0)}
        sets = []
        for name, value in (("last_run", last), ("skipped", skipped)):
            if value is not None:
                values[f":{name}"] = {"S": codec.dumps(asdict(value))}
                sets.append(f"{name} = :{name}")
        if next_at is not None:
            values[":next"] = items.number(next_at)
            sets.append("next_at = :next")
        update = f"SET {', '.join(sets)}" if sets else ""
        if next_at is None:
            update += " REMOVE due, next_at"
        key = items.org_key(kept.org, _PREFIX + kept.name)
        return self.update_if(key, update.strip(), "next_at = :seen", values)

    def claim_run(self, kept: StoredPolicy, ran: Ran) -> bool:
        """See policies.Store. A run is known by its deletion's id, wherever that stands in what is stored."""
        values = {":last_run": {"S": codec.dumps(asdict(ran))}, ":ran": {"S": ran.deletion_id}}
        seen = "attribute_not_exists(last_run)"
        if kept.last is not None:
            values[":seen"] = {"S": kept.last.deletion_id}
            seen = "contains(last_run, :seen)"
        # boto3 repeats a write whose answer was lost: what was claimed by it stays claimed.
        condition = f"attribute_exists(pk) AND ({seen} OR contains(last_run, :ran))"
        key = items.org_key(kept.org, _PREFIX + kept.name)
        return self.update_if(key, "SET last_run = :last_run", condition, values)

    def going(self, deletion_id: str, now: float) -> bool | None:
        """See policies.Store. An answer that nobody has acted on yet is one."""
        found = list(self._one(items.meta_key(deletion_id)))
        if not found:
            return None
        try:
            seen = deletion_items.to_sight(found[0])
        except (Unreadable, KeyError):
            return False
        return not seen.deletion.is_final and not (unanswered(seen.deletion, now) and not seen.commands)

    def _one(self, key: items.Item) -> Any:
        return self.query(
            KeyConditionExpression="pk = :pk AND sk = :sk",
            ExpressionAttributeValues={":pk": key["pk"], ":sk": key["sk"]},
            ConsistentRead=True,
        )


def _kept(item: Mapping[str, Any]) -> StoredPolicy:
    """A policy from its item. A document that cannot be read is handed on as an empty one: it is broken."""
    return StoredPolicy(
        org=item["pk"]["S"].removeprefix("ORG#"),
        name=item["sk"]["S"].removeprefix(_PREFIX),
        document=_document(item.get("doc", {}).get("S", "")),
        revision=int(item.get("revision", {}).get("N", "0")),
        set_by=item.get("set_by", {}).get("S", ""),
        set_at=float(item.get("set_at", {}).get("N", "0")),
        next_at=float(item["next_at"]["N"]) if "next_at" in item else None,
        last=_ran(item.get("last_run")),
        skipped=_ran(item.get("skipped")),
    )


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ran(attribute: Mapping[str, Any] | None) -> Ran | None:
    return Ran(**json.loads(attribute["S"])) if attribute else None
