"""The ledger in one DynamoDB table (design: docs/ARCHITECTURE.md, "The table").

Who may write a deletion is decided by its fence: `claim` raises it, and every write names the one it was
given, so a worker that was paused past its lease can write nothing. Commands of operators raise `control`
instead, which makes the holder read again before it sends anything more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import (
    chunk_codec,
    codec,
    deletion_items,
    deletion_update,
    delivery_items,
    items,
    lane_items,
    operators_log_items,
    person_items,
)
from chalicelib.adapters.dynamodb.command_items import CommandItems
from chalicelib.adapters.dynamodb.dynamo import refusal
from chalicelib.adapters.dynamodb.operator_items import OperatorItems
from chalicelib.adapters.dynamodb.org_items import OrgItems
from chalicelib.adapters.dynamodb.person_items import PersonItems
from chalicelib.adapters.dynamodb.quota_items import QuotaItems
from chalicelib.adapters.dynamodb.receipt_items import ReceiptItems
from chalicelib.adapters.dynamodb.recent_items import RecentItems
from chalicelib.domain.children import origin_of, shows
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import LostLease, StaleRead, Unreadable
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk, fresh
from chalicelib.service.ports import Call, Change, Claim, Delivery

if TYPE_CHECKING:
    from chalicelib.domain.evidence import operators


@dataclass
class Table(OrgItems, OperatorItems, QuotaItems, RecentItems, CommandItems, ReceiptItems, PersonItems):
    """The ledger over a DynamoDB client. `evidence`: what has ended waits for a receipt."""

    evidence: bool = False
    begun: dict[tuple[str, str], tuple[int, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    # --- intake ----------------------------------------------------------------------------------

    def find_delivery(self, source: str, delivery_id: str) -> Delivery | None:
        """See ports.Deliveries."""
        item = self.get_item(items.delivery_key(source, delivery_id))
        return delivery_items.to_delivery(item) if item else None

    def accept(
        self,
        deletion: Deletion,
        entry: Entry,
        delivery: Delivery,
        now: float,
        noted: operators.Entry | None = None,
    ) -> bool:
        """See ports.Deliveries. One transaction: the delivery, the deletion, its ids and its first log
        entry.
        """
        puts = [items.put(self.name, delivery_items.from_delivery(delivery), items.unless_live(now))]
        puts += self._stored(deletion, entry)
        if shows(deletion) and self._is_there(deletion.request.parent):
            puts.append(deletion_items.named_by_parent(self.name, deletion))
        origin = origin_of(deletion)
        if origin is not None:
            puts.append(deletion_items.related_to(self.name, origin, deletion))
        puts += operators_log_items.beside(self.name, noted)
        try:
            self.write("transact_write_items", TransactItems=puts)
        except ClientError as problem:
            if "ConditionalCheckFailed" in items.cancelled_for(problem)[:1]:
                return False
            raise refusal(problem) from problem
        self.seen(deletion)
        return True

    def _is_there(self, parent: str | None) -> bool:
        """A child may outlive its parent, where the undo window is longer than the table keeps others."""
        return parent is not None and self.get_item(items.meta_key(parent)) is not None

    def _stored(self, deletion: Deletion, entry: Entry) -> list[Any]:
        """A new deletion with its ids and its first log entry, as actions of a transaction."""
        meta = deletion_items.new_deletion(deletion, self.shards)
        chunks = fresh(deletion.request.ids, deletion.request.until)
        return [
            items.put(self.name, meta, items.UNLESS_THERE),
            *(items.put(self.name, deletion_items.from_ids(deletion, chunk)) for chunk in chunks),
            items.put(self.name, deletion_items.from_entry(deletion, entry)),
        ]

    # --- one deletion ----------------------------------------------------------------------------

    def get(self, deletion_id: str) -> Deletion | None:
        """See ports.Ledger."""
        item = self.get_item(items.meta_key(deletion_id))
        return deletion_items.to_deletion(item) if item else None

    def claim(self, deletion_id: str, now: float, lease_until: float) -> Claim | None:
        """See ports.Ledger."""
        try:
            answer = self.write(
                "update_item",
                TableName=self.name,
                Key=items.meta_key(deletion_id),
                UpdateExpression="SET fence = fence + :one, lease_until = :until, next_at = :until,"
                " attempts = if_not_exists(attempts, :zero) + :one",
                ConditionExpression=f"attribute_exists(due) AND next_at <= :now AND NOT ({items.LEASED})",
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":zero": {"N": "0"},
                    ":until": items.number(lease_until),
                    **items.leases_at(now),
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as problem:
            if items.code_of(problem) == "ConditionalCheckFailedException":
                return None
            self._raise_if_malformed(deletion_id, problem)
            raise refusal(problem) from problem
        return self._claim(answer["Attributes"])

    def _claim(self, item: items.Item) -> Claim:
        """What a worker may go on with. Raises Unreadable."""
        with codec.readable(item["pk"]["S"].removeprefix("D#"), "item"):
            claim = deletion_items.to_claim(item)
            codec.check_progress(claim.deletion)
        self.seen(claim.deletion)
        return claim

    def _raise_if_malformed(self, deletion_id: str, problem: ClientError) -> None:
        """DynamoDB cannot update an item whose attributes are not as we write them: nor could a next try."""
        if items.code_of(problem) == "ValidationException":
            item = self.get_item(items.meta_key(deletion_id))
            with codec.readable(deletion_id, "item"):
                deletion_items.fence_of(item or {})

    def save(self, claim: Claim, change: Change) -> Claim:
        """See ports.Ledger. Everything in `change` is one transaction."""
        actions = [deletion_update.action(self.name, claim, change, self.shards, evidence=self.evidence)]
        deletion = change.deletion
        actions += [items.put(self.name, deletion_items.from_entry(deletion, e)) for e in change.entries]
        actions += [items.put(self.name, deletion_items.from_call(deletion, c)) for c in change.calls]
        actions += [items.put(self.name, deletion_items.from_marks(deletion, c)) for c in change.chunks]
        actions += [items.put(self.name, deletion_items.from_ids(deletion, c)) for c in change.new_chunks]
        actions += [items.put(self.name, person_items.from_part(deletion, p)) for p in change.parts]
        if change.org_modules is not None:
            modules = person_items.from_modules(deletion.request.org, change.org_modules)
            actions.append(items.put(self.name, modules))
        if change.lane is not None:
            actions.append(lane_items.lane_put(self.name, change.lane))
        for new in change.new_children:
            actions += self._stored(new.deletion, new.entry)
        if change.delivery is not None:
            actions.append(items.put(self.name, delivery_items.from_delivery(change.delivery)))
        actions += operators_log_items.beside(self.name, change.noted)
        self._save(claim, actions, once=change.commands_done > 0 or change.forgotten)
        return Claim(
            deletion, claim.fence, change.lease_until, claim.commands[change.commands_done :], claim.control
        )

    def _save(self, claim: Claim, actions: list[dict[str, Any]], *, once: bool) -> None:
        """Write all or nothing.

        boto3 repeats a request whose answer was lost. A transaction carries a token by which DynamoDB knows
        the repeat; a plain update does not, so it is good for what may be done twice only (not `once`).
        """
        try:
            if len(actions) == 1 and not once:
                self.write("update_item", **actions[0])
            else:
                self.write("transact_write_items", TransactItems=[{"Update": actions[0]}, *actions[1:]])
        except ClientError as problem:
            self._raise_for(claim, problem)

    def _raise_for(self, claim: Claim, problem: ClientError) -> None:
        reasons = items.cancelled_for(problem)
        refused = (
            items.code_of(problem) == "ConditionalCheckFailedException" or "ConditionalCheckFailed" in reasons
        )
        if not refused and not items.clashed(problem):
            raise refusal(problem) from problem
        item = self.get_item(items.meta_key(claim.deletion.id))
        if item is None or deletion_items.fence_of(item) != claim.fence:
            raise LostLease(claim.deletion.id, claim.fence) from problem
        raise StaleRead(claim.deletion.id) from problem

    def again(self, claim: Claim) -> Claim:
        """See ports.Ledger."""
        item = self.get_item(items.meta_key(claim.deletion.id))
        if item is None or deletion_items.fence_of(item) != claim.fence:
            raise LostLease(claim.deletion.id, claim.fence)
        return self._claim(item)

    # --- its parts -------------------------------------------------------------------------------

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """See ports.Ledger."""
        keys = [items.part_key(deletion_id, "IDS", number), items.part_key(deletion_id, "OUT", number)]
        items_of = {item["sk"]["S"][:3]: item for item in self.batch_get(keys)}
        if "IDS" not in items_of:
            raise Unreadable(deletion_id, f"the ids of chunk {number} are not there")
        with codec.readable(deletion_id, f"chunk {number}"):
            found = {part: item["data"]["B"] for part, item in items_of.items()}
            return chunk_codec.chunk_from(number, found["IDS"], found.get("OUT"))

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """See ports.Ledger."""
        found = self.batch_get([items.part_key(deletion_id, "CALL", n) for n in numbers])
        with codec.readable(deletion_id, "calls"):
            calls = [codec.call_from_data(item["data"]["B"]) for item in found]
        return sorted(calls, key=lambda call: call.n)

    def entries(self, deletion_id: str, after: int) -> list[Entry]:
        """See ports.Ledger."""
        low, high = (
            items.part_key(deletion_id, "EVENT", after + 1),
            items.part_key(deletion_id, "EVENT", 10**8 - 1),
        )
        pages = self.query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues={":pk": low["pk"], ":low": low["sk"], ":high": high["sk"]},
            ConsistentRead=True,
        )
        found = list(pages)
        with codec.readable(deletion_id, "log"):
            return [codec.entry_from_text(item["doc"]["S"]) for item in found]
