"""Digests in the table, and the deletions that they tell of.

| item | key | holds |
|---|---|---|
| extent | `EVIDENCE#DIGESTS` / `-` | which deletions digests tell of |
| digest | `EVIDENCE#DIGEST#{yyyy-mm}` / `{day}#{deletion}#{chunk}` | hashes by part, deletions to look at |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from chalicelib.adapters.dynamodb import chunk_codec, codec, deletion_items, items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.adapters.dynamodb.receipt_items import PREFIX
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.evidence.digest import EXTERNAL, Digest, Extent, Named, Part
from chalicelib.domain.outcomes import Chunk

#: Days that one look for the next deletions passes at most, where nothing was accepted.
DAYS_AT_ONCE = 100
#: Deletions that are read in one call: three items each.
AT_ONCE = 33
#: Deletions that are taken into digests at once.
TAKEN_AT_ONCE = 10 * AT_ONCE

_EXTENT = items.key(f"{PREFIX}DIGESTS", "-")
#: Attributes of the extent by its fields; `day` and `created_at` would put it into the index of the days.
_PARTS = {"first": "first_day", "day": "until_day", "created_at": "until_at", "deletion": "until_id"}


def following(day: str) -> str:
    """The day after."""
    return str(date.fromisoformat(day) + timedelta(days=1))


# --- which deletions digests tell of -----------------------------------------------------------------


def extent(table: Dynamo, today: str) -> Extent | None:
    """Which deletions digests tell of, strongly consistent; None where there are none yet, or where that
    cannot be read or reaches beyond today.
    """
    found, latest = table.get_item(_EXTENT), following(today)  # clocks differ

    def read(item: items.Item) -> Extent:
        reached = Extent(**{name: item[kept]["S"] for name, kept in _PARTS.items()})
        if not reached.first <= str(date.fromisoformat(reached.day)) <= latest:
            raise ValueError("its days cannot be true")
        return reached

    return next(iter(table.readable_of([found] if found else [], read)), None)


def keep_extent(table: Dynamo, reached: Extent) -> None:
    """Keep it."""
    values = {kept: {"S": getattr(reached, name)} for name, kept in _PARTS.items()}
    table.write_anyway("put_item", TableName=table.name, Item={**_EXTENT, **values})


def accepted(
    table: Dynamo, day: str, after: tuple[str, str] | None = None, most: int | None = None
) -> list[tuple[str, str]]:
    """The deletions that were accepted on the day, oldest first, as (time, id): those after a place in that
    list, all of them or so many. Eventually consistent.
    """
    asked: dict[str, Any] = {
        "IndexName": "day",
        "KeyConditionExpression": "#day = :day",
        "ExpressionAttributeNames": {"#day": "day"},
        "ExpressionAttributeValues": {":day": {"S": f"day#{day}"}},
    }
    if after is not None:
        place = {"day": {"S": f"day#{day}"}, "created_at": {"S": after[0]}}
        asked["ExclusiveStartKey"] = {**items.meta_key(after[1]), **place}
    asked |= {} if most is None else {"Limit": most}
    found: list[tuple[str, str]] = []
    while True:
        page, end = table.page(**asked)
        found += [(item["created_at"]["S"], item["pk"]["S"].removeprefix("D#")) for item in page]
        if end is None or (most is not None and len(found) >= most):
            return found
        asked["ExclusiveStartKey"] = end


def next_accepted(table: Dynamo, reached: Extent, before: str) -> tuple[list[str], Extent]:
    """The next deletions after `reached` of the days before `before`, of one day, and how far that reaches;
    none of them where nothing was accepted on the days that were looked at.
    """
    day, after = reached.day, (reached.created_at, reached.deletion)
    for _ in range(DAYS_AT_ONCE):
        found = accepted(table, day, after if after[0] else None, TAKEN_AT_ONCE)
        if found:
            return [one for _, one in found], Extent(reached.first, day, *found[-1])
        day, after = following(day), ("", "")
        if day >= before:
            break
    return [], Extent(reached.first, day)


def keep(table: Dynamo, day: str, digest: Digest, expires_at: int) -> None:
    """Keep the digest of deletions that were accepted on the day."""
    parts = {_name(part): {"B": data} for part, data in digest.parts.items()}
    item: items.Item = {
        **_key(day, f"{day}#{_name(digest.first)}"),
        "parts": {"M": parts},
        "expires_at": items.number(max(expires_at, digest.expires_at)),
    }
    if digest.look:
        item["look"] = {"SS": sorted(digest.look)}
    table.write_anyway("put_item", TableName=table.name, Item=item)


def kept(table: Dynamo, month: str) -> list[Digest]:
    """Those digests of `month_of` that can be read."""
    return month_of(table, month)[0]


def month_of(table: Dynamo, month: str) -> tuple[list[Digest], list[str]]:
    """The digests of the deletions that were accepted in the month (yyyy-mm), strongly consistent; and the
    days whose digests cannot all be read.
    """
    found = _of(table, f"{month}-01", "")
    digests = {items.place(item): each for item in found for each in table.readable_of([item], _digest)}
    return list(digests.values()), [_day_of(item) for item in found if items.place(item) not in digests]


def forget(table: Dynamo, deletion_id: str, accepted_at: float, *, external_only: bool) -> None:
    """Take the hashes of a deletion's ids out of its digest, all of them or those of its external ids. Where
    all go it is looked at from now on, so that who looks for a record is told that it was forgotten.
    """
    day = str(iso(accepted_at))[:10]
    for item in _of(table, day, f"{day}#"):
        if not table.readable_of([item], _digest):
            # What it holds cannot be told apart: all of it goes, and who looks for a record reads that day.
            _update(table, item, "REMOVE parts, look")
            continue
        named = [name for name in item["parts"]["M"] if _goes(_part(name), deletion_id, external_only)]
        if named:
            _take_out(table, item, named, "" if external_only else deletion_id)


def _goes(part: Part, deletion_id: str, external_only: bool) -> bool:
    return part[0] == deletion_id and (not external_only or part[1] >= EXTERNAL)


def _take_out(table: Dynamo, item: items.Item, named: Sequence[str], look: str) -> None:
    names = {f"#n{n}": name for n, name in enumerate(named)}
    update = f"REMOVE {', '.join(f'parts.{n}' for n in names)}"
    request: dict[str, Any] = {"ExpressionAttributeNames": names}
    if look:
        update += " ADD #look :look"
        names["#look"] = "look"
        request["ExpressionAttributeValues"] = {":look": {"SS": [look]}}
    _update(table, item, update, **request)


def _update(table: Dynamo, item: items.Item, update: str, **more: Any) -> None:
    key = {"pk": item["pk"], "sk": item["sk"]}
    table.write_anyway("update_item", TableName=table.name, Key=key, UpdateExpression=update, **more)


def _of(table: Dynamo, day: str, prefix: str) -> list[items.Item]:
    condition = "pk = :pk AND begins_with(sk, :sk)" if prefix else "pk = :pk"
    values = {":pk": _key(day, "")["pk"], **({":sk": {"S": prefix}} if prefix else {})}
    return list(
        table.query(KeyConditionExpression=condition, ExpressionAttributeValues=values, ConsistentRead=True)
    )


def _key(day: str, name: str) -> items.Item:
    return items.key(f"{PREFIX}DIGEST#{day[:7]}", name)


def _name(part: Part) -> str:
    return f"{part[0]}#{part[1]:08d}"


def _part(name: str) -> Part:
    deletion, _, number = name.partition("#")
    return deletion, int(number)


def _digest(item: items.Item) -> Digest:
    return Digest(
        _part(item["sk"]["S"].partition("#")[2]),
        {_part(name): _bytes(value["B"]) for name, value in item["parts"]["M"].items()},
        frozenset(item["look"]["SS"] if "look" in item else ()),
        int(item["expires_at"]["N"]),
    )


def _day_of(item: items.Item) -> str:
    """The day that a digest is of, by its key. Raises Unreadable."""
    with codec.readable(items.place(item), "day"):
        return str(date.fromisoformat(item["sk"]["S"][:10]))


def _bytes(value: Any) -> bytes:
    return bytes(getattr(value, "value", value))


# --- deletions with their ids ------------------------------------------------------------------------


def named(table: Dynamo, deletion_ids: Sequence[str]) -> list[Named]:
    """Those of the deletions that are there, with their ids, in their order; strongly consistent."""
    found: list[Named] = []
    for start in range(0, len(deletion_ids), AT_ONCE):
        some = deletion_ids[start : start + AT_ONCE]
        keys = [each for one in some for each in (items.meta_key(one), *_chunk_keys(one, 0))]
        read: dict[str, dict[str, items.Item]] = {}
        for item in table.batch_get(keys):
            read.setdefault(item["pk"]["S"].removeprefix("D#"), {})[item["sk"]["S"][:3]] = item
        found += [_named(table, one, read[one]) for one in some if "MET" in read.get(one, ())]
    return found


def _named(table: Dynamo, deletion_id: str, read: dict[str, items.Item]) -> Named:
    try:
        deletion = deletion_items.to_deletion(read["MET"])
    except Unreadable:
        return Named(deletion_id, None, None)
    try:
        return Named(deletion_id, deletion, tuple(_chunks(table, deletion, read)))
    except Unreadable:
        return Named(deletion_id, deletion, None)


def _chunks(table: Dynamo, deletion: Deletion, read: dict[str, items.Item]) -> list[Chunk]:
    """All chunks of the deletion; the first one is read. Raises Unreadable."""
    chunks = []
    for number in range(deletion.chunks):
        if number:
            keys = _chunk_keys(deletion.id, number)
            read = {item["sk"]["S"][:3]: item for item in table.batch_get(keys)}
        if "IDS" not in read:
            raise Unreadable(deletion.id, f"the ids of chunk {number} are not there")
        with codec.readable(deletion.id, f"chunk {number}"):
            marks = read["OUT"]["data"]["B"] if "OUT" in read else None
            chunks.append(chunk_codec.chunk_from(number, read["IDS"]["data"]["B"], marks))
    return chunks


def _chunk_keys(deletion_id: str, number: int) -> tuple[items.Item, items.Item]:
    return items.part_key(deletion_id, "IDS", number), items.part_key(deletion_id, "OUT", number)
