"""What the table keeps of receipts, `EVIDENCE#{deletion}` / `RECEIPT#{n}`, and which entries heads name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb import codec, items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.forgetting import clears, noted_first

if TYPE_CHECKING:
    from chalicelib.domain.evidence.written import Written

PREFIX = "EVIDENCE#"
CHAIN = items.key(f"{PREFIX}CHAIN", "-")


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
        with codec.readable(deletion_id, "receipts"):
            return [_written(deletion_id, item) for item in found]

    def awaits_evidence(self, deletion: Deletion) -> bool:
        """See ports.Ledger."""
        if not self.evidence:
            return False
        known = self.receipts(deletion.id)
        if not any(each.tells_of(deletion) for each in known):
            return True
        if clears(deletion) and not all(each.bare for each in known):
            return True
        noted = noted_first(deletion)
        return bool(noted) and not self._in_a_head(noted)

    def _in_a_head(self, entry_id: str) -> bool:
        """Does a head that lies in the bucket name the operators' entry?

        The chain moves on once its head lies there. By then, what it had no room for waits for the next head.
        So they are read in this order.
        """
        from chalicelib.domain.evidence.operators import name

        kept = self.get_item(entry_key(entry_id))
        if kept is None:
            return False
        chain = self.get_item(CHAIN) or {}
        with codec.readable(entry_id, "head"):
            last = int(chain["n"]["N"]) if "n" in chain else 0
            head = int(kept["head"]["N"])
        return head <= last and self.get_item(head_key(last + 1, name(entry_id))) is None


def receipt_key(deletion_id: str, n: int) -> items.Item:
    """Where the n-th receipt of a deletion is kept."""
    return items.key(f"{PREFIX}{deletion_id}", f"RECEIPT#{n:08d}")


def entry_key(entry_id: str) -> items.Item:
    """Where it is kept what is known of the object of an operators' entry."""
    return items.key(f"{PREFIX}OPERATORS", entry_id)


def head_key(n: int, name: str) -> items.Item:
    """Where it is kept that the object belongs into head `n`."""
    return items.key(f"{PREFIX}HEAD#{n:012d}", name)


def named_object(item: items.Item) -> tuple[str, str]:
    """What belongs into a head: its name and its hash. Raises ValueError."""
    name, sha256 = str(item["sk"]["S"]), str(item["sha256"]["S"])
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("no hash")
    return name, sha256


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
