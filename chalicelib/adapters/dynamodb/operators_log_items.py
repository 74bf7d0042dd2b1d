"""The operators' log in the table, `OPERATORS#{yyyy-mm}` / `{id}`: written with the change it tells of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb import codec, items
from chalicelib.domain.errors import Unreadable

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.dynamo import Dynamo
    from chalicelib.domain.evidence.operators import Entry

PREFIX = "OPERATORS#"
#: How long an entry is kept that does not say so (days).
KEEP_DAYS = 400
DAY = 86_400


def put(table: str, entry: Entry) -> Any:
    """The entry as an action of the transaction that holds the change."""
    return items.put(table, _item(entry), items.UNLESS_THERE)


def update(table: str, entry: Entry) -> Any:
    """As `put`, for whom IAM allows no more than to update items of the table (docs/iam/operator.json)."""
    item = _item(entry)
    names = {f"#{name}": name for name in item if name not in ("pk", "sk")}
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": item["pk"], "sk": item["sk"]},
            "UpdateExpression": "SET " + ", ".join(f"{short} = :{name}" for short, name in names.items()),
            "ConditionExpression": "attribute_not_exists(pk)",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {f":{name}": item[name] for name in names.values()},
        }
    }


def _item(entry: Entry) -> items.Item:
    from chalicelib.domain.evidence.operators import What

    document = {"by": entry.by, "target": entry.target, "before": entry.before, "after": entry.after}
    return {
        **items.key(_month(entry.at), entry.id),
        "what": {"S": What(entry.what).value},
        "at": items.number(entry.at),
        "doc": {"S": codec.dumps(document)},
        "seed": {"S": entry.seed},
        "expires_at": items.number(int(entry.at) + KEEP_DAYS * DAY),
    }


def beside(table: str, entry: Entry | None) -> list[Any]:
    """What is written with a change: its entry, where a person makes it."""
    return [] if entry is None else [put(table, entry)]


def entries_since(table: Dynamo, since: float, now: float) -> list[Entry]:
    """The entries made at `since` or later, oldest first; strongly consistent. One that cannot be read is
    told and left out.
    """
    from chalicelib.domain.evidence.operators import first_id

    found = (
        item
        for month in _months(since, now)
        for item in table.query(
            KeyConditionExpression="pk = :pk AND sk >= :sk",
            ExpressionAttributeValues={":pk": {"S": month}, ":sk": {"S": first_id(since)}},
            ConsistentRead=True,
        )
    )
    return table.readable_of(found, to_entry)


def newest_first(
    table: Dynamo, since: float, until: float, before: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    """Up to `limit` entries from `since` on and before `until`, those before the entry `before`; and the
    `before` of the next ones, None where there are no more. In the place of one that cannot be read stands
    that it cannot, and where it lies.
    """
    from chalicelib.domain.evidence.operators import first_id

    low, high = first_id(since), before or first_id(until)
    found: list[Entry] = []
    months = _months(since, until) if low < high else ()
    for month in reversed(list(months)):
        page, end = table.page(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues={":pk": {"S": month}, ":low": {"S": low}, ":high": {"S": high}},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit - len(found) + 2,
        )
        found += [_entry_or_none(item) for item in page if item["sk"]["S"] < high]
        if len(found) > limit:
            return found[:limit], found[limit - 1].id
        if end is not None and found:
            # The answer of one query is full before `limit` is reached: entries of the month are left.
            return found, found[-1].id
    return found, None


def to_entry(item: items.Item) -> Entry:
    """An entry from its item. Raises codec.MALFORMED, also where its time is not that of its id and of the
    month that it lies in.
    """
    from chalicelib.domain.evidence.operators import Entry, What, made_at

    document, at, entry_id = json.loads(item["doc"]["S"]), float(item["at"]["N"]), item["sk"]["S"]
    by, target, seed = document["by"], document["target"], item["seed"]["S"]
    if not all(isinstance(each, str) for each in (by, target, seed)):
        raise TypeError("no text")
    if abs(made_at(entry_id) - at) > 1 or item["pk"]["S"] not in (_month(at - 1), _month(at + 1)):
        raise ValueError("its time is not that of its place")
    before, after = document["before"], document["after"]
    return Entry(entry_id, at, by, What(item["what"]["S"]), target, before, after, seed)


def _entry_or_none(item: items.Item) -> Entry:
    """The entry; where it cannot be read, what is shown in its place, with where it lies as its target."""
    from chalicelib.domain.evidence.operators import UNREADABLE, Entry, made_at

    with suppress(Unreadable), codec.readable(items.place(item), "entry"):
        return to_entry(item)
    at = datetime.strptime(item["pk"]["S"], f"{PREFIX}%Y-%m").replace(tzinfo=UTC).timestamp()
    with suppress(ValueError):
        at = made_at(item["sk"]["S"])
    return Entry(item["sk"]["S"], at, "", UNREADABLE, items.place(item))


def _month(at: float) -> str:
    return PREFIX + datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def _months(since: float, until: float) -> Iterator[str]:
    """The partitions from one time to another, oldest first."""
    first, last = (datetime.fromtimestamp(at, UTC) for at in (max(0.0, since), until))
    for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{PREFIX}{n // 12:04d}-{n % 12 + 1:02d}"
