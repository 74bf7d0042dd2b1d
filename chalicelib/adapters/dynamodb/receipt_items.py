"""What the table keeps of receipts: `EVIDENCE#{deletion}` / `RECEIPT#{n}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb import items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.forgetting import clears

if TYPE_CHECKING:
    from chalicelib.domain.evidence.written import Written

PREFIX = "EVIDENCE#"


class ReceiptItems(Dynamo):
    """The part of the table that tells which receipts there are. `evidence`: is any written at this stage?"""

    evidence: bool

    def receipts(self, deletion_id: str) -> list[Written]:
        """The receipts of a deletion, oldest first; strongly consistent."""
        found = self.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": f"{PREFIX}{deletion_id}"}, ":sk": {"S": "RECEIPT#"}},
            ConsistentRead=True,
        )
        return [_written(deletion_id, item) for item in found]

    def awaits_evidence(self, deletion: Deletion) -> bool:
        """See ports.Ledger."""
        if not self.evidence:
            return False
        known = self.receipts(deletion.id)
        bare = not clears(deletion) or all(each.bare for each in known)
        return not (bare and any(each.tells_of(deletion) for each in known))


def receipt_key(deletion_id: str, n: int) -> items.Item:
    """Where the n-th receipt of a deletion is kept."""
    return items.key(f"{PREFIX}{deletion_id}", f"RECEIPT#{n:08d}")


def _written(deletion_id: str, item: items.Item) -> Written:
    from chalicelib.domain.evidence.written import Written

    return Written(
        name=item["object"]["S"],
        sha256=item["sha256"]["S"],
        head=int(item["head"]["N"]),
        deletion=deletion_id,
        n=int(item["sk"]["S"].removeprefix("RECEIPT#")),
        status=item["status"]["S"],
        finished_at=item["finished_at"]["S"] or None,
        bare="bare" in item,
    )
