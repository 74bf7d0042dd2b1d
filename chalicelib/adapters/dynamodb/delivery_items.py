"""The items of deliveries, from domain values and back."""

from __future__ import annotations

import json

from chalicelib.adapters.dynamodb import codec
from chalicelib.adapters.dynamodb.items import Item, delivery_key, number
from chalicelib.service.ports import Delivery


def from_delivery(delivery: Delivery) -> Item:
    """A delivery."""
    return {
        **delivery_key(delivery.source, delivery.delivery_id),
        "source": {"S": delivery.source},
        "delivery_id": {"S": delivery.delivery_id},
        "body_hash": {"S": delivery.body_hash},
        "deletion_id": {"S": delivery.deletion_id},
        "receipt": {"S": codec.dumps(dict(delivery.receipt))},
        "expires_at": number(delivery.expires_at),
    }


def to_delivery(item: Item) -> Delivery:
    """A delivery from its item. Raises Unreadable."""
    with codec.readable("a delivery", "item"):
        return Delivery(
            source=item["source"]["S"],
            delivery_id=item["delivery_id"]["S"],
            body_hash=item["body_hash"]["S"],
            deletion_id=item["deletion_id"]["S"],
            receipt=dict(json.loads(item["receipt"]["S"])),
            expires_at=int(item["expires_at"]["N"]),
        )
