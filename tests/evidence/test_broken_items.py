"""One item of the operators' log or of evidence that cannot be read: it is told, with where it lies, keeps no
other from being read, and proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import digest_items, items
from chalicelib.adapters.dynamodb.receipt_items import head_key
from chalicelib.domain.evidence import canonical, chain, digest, operators
from chalicelib.domain.evidence.operators import UNREADABLE, What
from tests.evidence.world import World, world

Item = dict[str, Any]
DAY = 86_400
ANN = "arn:aws:iam::1:user/a"

#: What another version, a hand or a fault may have made of an entry.
BROKEN: dict[str, Item] = {
    "a new word": {"what": {"S": "deletion.merged"}},
    "no word": {"what": {"N": "1"}},
    "a time that is none": {"at": {"S": "now"}},
    "a time in a century": {"at": {"N": "4900000000"}},
    "no date's time": {"at": {"N": "1E+125"}},
    "no document": {"doc": {"S": "{"}},
    "another document": {"doc": {"S": "[]"}},
    "less in the document": {"doc": {"S": '{"by": "ann"}'}},
    "nobody": {"doc": {"S": json.dumps({"by": 7, "target": "*", "before": None, "after": None})}},
    "no seed": {"seed": {"NULL": True}},
}


@pytest.fixture
def here() -> Iterator[World]:
    with world() as found:
        found.table.report = lambda event, /, **fields: found.reports.append(f"{event} {fields['item']}")
        yield found


def put(here: World, key: Item, **fields: Item) -> None:
    """Another version has written these fields of the item."""
    here.table.write_anyway(
        "update_item",
        TableName="t",
        Key=key,
        UpdateExpression="SET " + ", ".join(f"#{each} = :{each}" for each in fields),
        ExpressionAttributeNames={f"#{each}": each for each in fields},
        ExpressionAttributeValues={f":{each}": value for each, value in fields.items()},
    )


def key_of(entry: operators.Entry) -> Item:
    return items.key(f"OPERATORS#{datetime.fromtimestamp(entry.at, UTC):%Y-%m}", entry.id)


def place(key: Item) -> str:
    return f"{key['pk']['S']} / {key['sk']['S']}"


def read(here: World, limit: int) -> list[operators.Entry]:
    """The whole operators' log, page after page."""
    found: list[operators.Entry] = []
    before: str | None = None
    while True:
        page, before = here.table.entries_of_operators(here.now - DAY, here.now + 60, before, limit)
        found += page
        if before is None:
            return found


def broken_between(here: World) -> tuple[operators.Entry, list[operators.Entry], operators.Entry]:
    """A good entry, one for each way to break one, and another good one."""
    first, *broken, last = (here.operator(n, here.now + n) for n in range(len(BROKEN) + 2))
    for each, fields in zip(broken, BROKEN.values(), strict=True):
        put(here, key_of(each), **fields)
    return first, broken, last


def test_an_entry_that_cannot_be_read_is_shown_as_such_and_ends_no_reading(here: World) -> None:
    first, broken, last = broken_between(here)
    for limit in (1, 100):
        shown = read(here, limit)
        assert (shown[0], shown[-1]) == (last, first)
        for unread, was in zip(reversed(shown[1:-1]), broken, strict=True):
            assert (unread.id, unread.what, unread.target) == (was.id, UNREADABLE, place(key_of(was)))
            assert (unread.by, unread.before, unread.after) == ("", None, None)
            assert operators.shown(unread)["at"] == operators.shown(was)["at"]


def test_what_lies_among_the_entries_and_is_none_is_shown_and_read_past(here: World) -> None:
    first = here.operator(1)
    key = {**key_of(first), "sk": {"S": f"{first.id}!"}}
    put(here, key, note={"S": "x"})
    assert [(each.what, each.target) for each in read(here, 1)] == [
        (UNREADABLE, place(key)),
        (What.PAUSE_SET, "*"),
    ]


def test_an_entry_that_cannot_be_read_stands_in_no_head_and_keeps_no_other_out(here: World) -> None:
    first, broken, last = broken_between(here)
    here.ended()
    done = here.minute()
    assert done is not None, here.reports
    assert (done.entries, done.receipts, done.head) == (2, 1, 1)
    assert [f"set_aside {place(key_of(each))}" for each in broken] == here.reports
    names = {operators.name(each.id) for each in (first, last)}
    assert {name for name in here.objects.objects if name.startswith(operators.PREFIX)} == names
    assert here.checked().found.problems == []
    assert here.due() == []


def test_what_stands_for_an_unreadable_entry_is_never_sealed_or_stored(here: World) -> None:
    shown = operators.Entry(operators.entry_id(here.now, bytes(10)), here.now, ANN, UNREADABLE, "x")
    with pytest.raises(ValueError, match="no entry"):
        operators.sealed(shown)
    with pytest.raises(ValueError, match="unreadable"):
        here.table.tell(shown)


def named_by_head(here: World, name: str, data: bytes) -> chain.Checked:
    """What a check says after a head has named the object."""
    here.objects.objects[name] = data
    put(here, head_key(2, name), sha256={"S": canonical.sha256(data)})
    here.minute()
    return here.checked()


@pytest.mark.parametrize("of", ["another id", "no id", "no object"])
def test_what_is_no_entry_of_its_name_excuses_no_missing_records(here: World, of: str) -> None:
    ended = here.ended()
    here.minute()
    del here.objects.objects[f"records/{ended.id}.jsonl.gz"]
    entry = operators.Entry(
        operators.entry_id(here.now, bytes(10)),
        here.now,
        ANN,
        What.DELETION_FORGOTTEN,
        ended.id,
        seed="5" * 32,
    )
    body = json.loads(operators.sealed(entry))
    if of == "another id":
        body["id"] = operators.entry_id(here.now, b"1" * 10)
    if of == "no id":
        del body["id"]
    data = canonical.to_bytes([body] if of == "no object" else body)
    problems = named_by_head(here, operators.name(entry.id), data).found.problems
    assert any("is no operators' entry of that name" in each for each in problems)
    assert any(each.startswith("records/") and "is missing" in each for each in problems)


@pytest.mark.parametrize("sha256", [{"S": "x"}, {"N": "1"}, {"NULL": True}], ids=str)
def test_what_belongs_into_a_head_and_cannot_be_read_keeps_no_other_out(here: World, sha256: Item) -> None:
    key = head_key(1, "receipts/del_x.json")
    put(here, key, sha256=sha256)
    here.ended()
    done = here.minute()
    assert done is not None, here.reports
    assert (done.receipts, done.head) == (1, 1)
    assert f"set_aside {place(key)}" in here.reports
    assert here.checked().found.problems == []


# --- what deletions are found by -----------------------------------------------------------------

NO_DIGEST: list[Item] = [
    {"parts": {"S": "x"}},
    {"parts": {"M": {"x": {"B": b"1"}}}},
    {"look": {"S": "x"}},
    {"expires_at": {"S": "x"}},
]
NO_EXTENT: list[Item] = [
    {"until_day": {"S": "9999-12-31"}},
    {"until_day": {"N": "1"}},
    {"until_day": {"S": "soon"}},
    {"first_day": {"S": "9999-01-01"}},
]


def digested(here: World) -> tuple[str, str]:
    """A deletion that digests tell of: its id, and one of its records."""
    ended = here.ended()
    here.now += 2 * DAY
    assert here.minute() is not None
    return ended.id, here.table.chunk(ended.id, 0).ids[0]


def looked(here: World, record: str) -> Any:
    from cli.evidence.searching import search

    now = datetime.fromtimestamp(here.now, UTC)
    return search(here.table, "Leads", record, datetime.fromtimestamp(here.now - 9 * DAY, UTC), now)


@pytest.mark.parametrize("fields", NO_DIGEST, ids=str)
def test_the_deletions_of_a_digest_that_cannot_be_read_are_read_themselves(here: World, fields: Item) -> None:
    one, record = digested(here)
    [key] = digest_keys(here)
    put(here, key, **fields)
    assert [hit.deletion.id for hit in looked(here, record).hits] == [one]
    assert f"set_aside {place(key)}" in here.reports


@pytest.mark.parametrize("fields", NO_DIGEST, ids=str)
def test_of_a_digest_that_cannot_be_read_nothing_is_left_once_one_of_its_deletions_is_forgotten(
    here: World, fields: Item
) -> None:
    one, record = digested(here)
    [key] = digest_keys(here)
    put(here, key, **fields)
    deletion = here.table.get(one)
    assert deletion is not None
    here.table.forget_hashes(one, deletion.created_at, external_only=False)
    kept = here.table.get_item(key)
    assert kept is not None
    assert not {"parts", "look"} & kept.keys()
    assert [hit.deletion.id for hit in looked(here, record).hits] == [one]


@pytest.mark.parametrize("fields", NO_EXTENT, ids=str)
def test_how_far_digests_reach_is_not_believed_where_it_cannot_be_true(here: World, fields: Item) -> None:
    one, record = digested(here)
    put(here, items.key("EVIDENCE#DIGESTS", "-"), **fields)
    assert [hit.deletion.id for hit in looked(here, record).hits] == [one]
    late = here.ended(2)
    found = looked(here, here.table.chunk(late.id, 0).ids[0])
    assert late.id in [hit.deletion.id for hit in found.hits]
    assert here.minute() is not None, here.reports
    reached = digest_items.extent(here.table, digest.day_of(here.now))
    assert reached is not None
    assert reached.day <= digest.day_of(here.now)


def digest_keys(here: World) -> list[Item]:
    found = here.table.client().scan(TableName="t")["Items"]
    return [
        {"pk": each["pk"], "sk": each["sk"]}
        for each in found
        if each["pk"]["S"].startswith("EVIDENCE#DIGEST#")
    ]
