"""Retention policies in the table: `ORG#{org}` / `POLICY#{name}`, in the due index under a key of their own.

Deletions and policies do not share a partition of the index, so that neither keeps the other from being
found. Everything that the schedule does here takes Query, Put and Update only; no item is got by GetItem.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from chalicelib.adapters.dynamodb import codec, deletion_items, items, operators_log_items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain import times
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.evidence.operators import Entry
from chalicelib.domain.retention.by_policy import unanswered
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy

DUE = "due#policies"
_PREFIX = "POLICY#"
#: What the id of a deletion looks like, in whatever text it stands.
_BEGINS = "del_"
_A_DELETION = re.compile(rf"{_BEGINS}\w+")
#: Since when a policy is removed, and how long its item stays (seconds).
REMOVED = "removed_at"
KEPT_SECONDS = 86_400


class PolicyTable(Dynamo):
    """Implements policies.Store and retain.Runs."""

    def policy(self, org: str, name: str) -> StoredPolicy | None:
        """See policies.Store."""
        key = items.org_key(org, _PREFIX + name)
        found = [item for item in self._one(key) if REMOVED not in item]
        return _kept(found[0]) if found else None

    def policies(self, org: str) -> list[StoredPolicy]:
        """See policies.Store."""
        key = items.org_key(org, _PREFIX)
        found = self.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": key["pk"], ":sk": key["sk"]},
            ConsistentRead=True,
        )
        return [_kept(item) for item in found if REMOVED not in item]

    def put_policy(self, kept: StoredPolicy, noted: Entry | None = None) -> bool:
        """See policies.Store."""
        values: dict[str, Any] = {
            ":doc": {"S": codec.dumps(dict(kept.document))},
            ":revision": items.number(kept.revision),
            ":before": items.number(kept.revision - 1),
            ":by": {"S": kept.set_by},
            ":at": items.number(kept.set_at),
        }
        sets = "SET doc = :doc, revision = :revision, set_by = :by, set_at = :at"
        gone = [] if kept.revision > 1 else [REMOVED, "expires_at", "last_run", "skipped"]
        if kept.next_at is None:
            gone += ["due", "next_at"]
        else:
            values |= {":due": {"S": DUE}, ":next": items.number(kept.next_at)}
            sets += ", due = :due, next_at = :next"
        sets += f" REMOVE {', '.join(gone)}" if gone else ""
        condition = f"revision = :before AND attribute_not_exists({REMOVED})"
        if kept.revision <= 1:
            condition = f"attribute_not_exists(pk) OR attribute_exists({REMOVED})"
            del values[":before"]
        key = items.org_key(kept.org, _PREFIX + kept.name)
        return self.update_if(key, sets, condition, values, noted=self._action(noted))

    def remove_policy(self, org: str, name: str, noted: Entry | None = None) -> bool:
        """See policies.Store. The item stays for a while without its next time, so that the function needs no
        right to delete.
        """
        now = time.time() if noted is None else noted.at
        return self.update_if(
            items.org_key(org, _PREFIX + name),
            f"SET {REMOVED} = :now, expires_at = :later REMOVE due, next_at",
            f"attribute_exists(pk) AND attribute_not_exists({REMOVED})",
            {":now": items.number(now), ":later": items.number(int(now) + KEPT_SECONDS)},
            noted=self._action(noted),
        )

    def _action(self, noted: Entry | None) -> Any:
        return None if noted is None else operators_log_items.put(self.name, noted)

    def due_policies(self, now: float, limit: int) -> list[tuple[str, str]]:
        """See retain.Runs."""
        found = self.first_page(
            IndexName="due",
            KeyConditionExpression="due = :due AND next_at <= :now",
            ExpressionAttributeValues={":due": {"S": DUE}, ":now": items.number(now)},
            Limit=limit,
        )
        return [(item["pk"]["S"][4:], item["sk"]["S"].removeprefix(_PREFIX)) for item in found]

    def never_due(self, now: float, limit: int) -> list[tuple[str, str]]:
        """See retain.Runs."""
        latest = items.number(now + times.LONGEST_DUE)
        found = self.first_page(
            IndexName="due",
            KeyConditionExpression="due = :due AND next_at > :latest",
            ExpressionAttributeValues={":due": {"S": DUE}, ":latest": latest},
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
        if kept.last is None:  # what names no deletion is no run
            values[":a_run"] = {"S": _BEGINS}
            seen = f"({seen} OR NOT contains(last_run, :a_run))"
        if kept.last is not None:
            values[":seen"] = {"S": kept.last.deletion_id}
            seen = "contains(last_run, :seen)"
        # boto3 repeats a write whose answer was lost: what was claimed by it stays claimed.
        there = f"attribute_exists(pk) AND attribute_not_exists({REMOVED})"
        condition = f"{there} AND ({seen} OR contains(last_run, :ran))"
        key = items.org_key(kept.org, _PREFIX + kept.name)
        return self.update_if(key, "SET last_run = :last_run", condition, values)

    def going(self, deletion_id: str, now: float) -> bool | None:
        """See policies.Store. An answer that nobody has acted on yet is one."""
        found = list(self._one(items.meta_key(deletion_id)))
        if not found:
            return None
        try:
            seen = deletion_items.to_snapshot(found[0])
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
        revision=int(float(item.get("revision", {}).get("N", "0"))),
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
    """A run as it was kept. Of one that this version cannot read the deletion's id is enough; without an id
    it is none.
    """
    text = (attribute or {}).get("S", "")
    with suppress(AttributeError, LookupError, TypeError, ValueError):
        found = json.loads(text)
        return Ran(str(found["run"]), str(found["deletion_id"]), float(found["at"]))
    named = _A_DELETION.search(text)
    return Ran("", named[0], 0.0) if named else None
