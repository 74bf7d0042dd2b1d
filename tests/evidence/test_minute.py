"""What the evidence function does each minute, on the real table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.evidence import canonical, dsse, head, operators, records
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.service.ports import Call, Change
from tests.evidence.made import deletion as made_deletion
from tests.evidence.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world() as found:
        yield found


def said(here: World, name: str) -> dict[str, object]:
    return dict(json.loads(dsse.opened(here.objects.objects[name]).payload))


def test_a_deletion_that_has_ended_gets_records_a_receipt_and_a_head_and_is_no_longer_due(
    here: World,
) -> None:
    ended = here.ended()
    assert here.due() == [ended.id]
    done = here.minute()
    assert done is not None
    assert (done.receipts, done.head, done.failed) == (1, 1, 0)
    assert here.objects.puts == [
        "public-key.pem",
        f"records/{ended.id}.jsonl.gz",
        f"receipts/{ended.id}.json",
        head.name(1),
    ]
    assert here.objects.once == {"public-key.pem", f"receipts/{ended.id}.json", head.name(1)}
    assert here.due() == []
    assert not here.checked().found.problems
    assert said(here, f"receipts/{ended.id}.json")["log"] == {"entries": 2, "chain": ended.chain}


def test_a_minute_in_which_nothing_happened_writes_nothing(here: World) -> None:
    here.ended()
    here.minute()
    before = dict(here.objects.objects)
    assert here.minute() is not None
    assert here.objects.objects == before


def test_a_deletion_stays_due_until_its_receipt_is_written_whoever_wakes_it(here: World) -> None:
    ended = here.ended()
    for _ in range(3):
        here.queue.nudge(ended.id)
        here.work()
    assert here.due() == [ended.id]
    assert here.table.due(here.now, 10) == [], "workers do not poll for it"


def test_a_deletion_that_has_not_ended_is_left_alone(here: World) -> None:
    ended = here.ended()
    claim = here.table.claim(ended.id, here.now, here.now + 60)
    assert claim is not None
    here.now += 61
    here.table.save(claim, Change(replace(claim.deletion, status=Status.RUNNING), here.now, 0.0))
    here.minute()
    assert not here.objects.names("receipts/")


def test_an_end_that_changes_later_gets_another_receipt_with_records_of_its_own(here: World) -> None:
    first = here.ended(marks="du", status=Status.NEEDS_ATTENTION)
    here.minute()
    _, chunks = made_deletion(1, "dd")
    here.resolved(first, chunks)
    here.minute()
    one, two = f"receipts/{first.id}.json", f"receipts/{first.id}.2.json"
    assert [said(here, name)["status"] for name in (one, two)] == ["needs_attention", "completed"]
    assert said(here, two)["resolved_by"] == "arn:aws:iam::1:user/a"
    outcomes = [
        [json.loads(line)["outcome"] for line in records.unpacked(here.objects.objects[file]).lines]
        for file in (f"records/{first.id}.jsonl.gz", f"records/{first.id}.2.jsonl.gz")
    ]
    assert outcomes == [["deleted", "unknown"], ["deleted", "deleted"]]
    assert here.due() == []
    assert not here.checked().found.problems


def test_an_end_that_changes_before_its_receipt_has_only_the_last_one(here: World) -> None:
    first = here.ended(marks="du", status=Status.NEEDS_ATTENTION)
    _, chunks = made_deletion(1, "dd")
    here.resolved(first, chunks)
    here.minute()
    assert list(here.objects.names("receipts/")) == [f"receipts/{first.id}.json"]
    assert not here.checked().found.problems


def test_what_nobody_lists_has_no_records_file(here: World) -> None:
    made, _ = made_deletion(1, "")
    view = replace(made.request, operation=Operation.MASS_DELETE, cvid="7", ids=())
    ended = here.ended(1, "", request=view, id_count=0, chunks=0)
    here.minute()
    assert not here.objects.names("records/")
    assert said(here, f"receipts/{ended.id}.json")["records"] == {"count": None, "root": None}
    assert not here.checked().found.problems


def test_what_is_forgotten_before_its_receipt_has_no_records_file(here: World) -> None:
    ended = here.ended(forgotten_at=1.0, seed="")
    here.minute()
    assert said(here, f"receipts/{ended.id}.json")["records"] == {"count": None, "root": None}


def test_operators_entries_stand_in_the_head_of_their_minute(here: World) -> None:
    entry = here.operator(1)
    here.minute()
    name = operators.name(entry.id)
    assert json.loads(dsse.opened(here.objects.objects[head.name(1)]).payload)["entries"] == [
        {"object": name, "sha256": canonical.sha256(here.objects.objects[name])}
    ]
    assert b"holiday" not in here.objects.objects[name]
    late = here.operator(2, at=here.now - 300)
    here.minute()
    here.minute()
    assert operators.name(late.id) in here.objects.objects
    assert here.checked().last == head.read(dsse.opened(here.objects.objects[head.name(2)]).payload)
    assert not here.checked().found.problems


@pytest.mark.parametrize("hours", [3, 24 * 90])
def test_entries_of_a_time_in_which_nothing_was_written_are_written_afterwards(
    here: World, hours: float
) -> None:
    here.operator(1)
    here.minute()
    between = [here.operator(n, at=here.now + n * 60) for n in (2, 3)]
    here.now += hours * 3_600
    here.minute()
    assert all(operators.name(entry.id) in here.objects.objects for entry in between)
    checked = here.checked()
    assert (checked.found.problems, checked.found.notes, checked.last and checked.last.n) == ([], [], 2)


def test_entries_from_before_the_first_head_stand_in_it(here: World) -> None:
    old = here.operator(1, at=here.now - 90 * 86_400)
    here.minute()
    assert operators.name(old.id) in here.objects.objects


def test_no_head_comes_before_all_entries_that_it_looks_back_to_are_written(here: World) -> None:
    entries = [here.operator(n, at=here.now - n * 5_000) for n in range(6)]
    started, take = here.now, here.objects.put_once

    def slow(name: str, data: bytes) -> bool:
        here.now += 13.0
        return take(name, data)

    here.objects.put_once = slow  # type: ignore[method-assign]  # a bucket that takes its time
    here.minute()
    assert here.now > started
    assert not here.objects.names("heads/")
    here.objects.put_once = take  # type: ignore[method-assign]  # this test's own, for one call
    here.minute()
    assert all(operators.name(entry.id) in here.objects.objects for entry in entries)
    checked = here.checked()
    assert (checked.found.problems, checked.found.notes) == ([], [])


def test_nobody_else_writes_while_one_is_at_it(here: World) -> None:
    here.ended()
    assert here.book().take_turn("somebody", here.now, here.now + 30)
    done = here.minute()
    assert done is not None
    assert not done.turn
    assert not here.objects.objects
    here.minute()
    assert here.due() == []


def test_the_newest_head_leaves_as_an_event_once_a_day(here: World) -> None:
    here.ended()
    here.minute()
    here.minute()
    (event,) = here.topic.events
    newest = here.checked().last
    assert newest is not None
    assert event["type"] == "expunge.evidence.head"
    assert event["data"] == {"n": 1, "hash": canonical.sha256(newest.payload()), "at": newest.at}
    here.now += 86_400
    here.minute()
    assert [each["data"]["n"] for each in here.topic.events] == [1, 1]


def test_no_event_leaves_before_the_first_head(here: World) -> None:
    here.minute()
    assert not here.topic.events


def test_a_table_that_was_set_back_goes_on_with_the_chain_that_lies_there(here: World) -> None:
    first = here.ended(1)
    here.minute()
    before = here.book().chain()
    here.ended(2)
    here.operator(1)
    here.minute()
    here.ended(3)
    here.minute()
    _forgotten(here, keep_up_to=before.n)
    again = here.ended(4)
    here.minute()
    checked = here.checked()
    assert not checked.found.problems
    assert checked.last is not None
    assert checked.last.n == 4
    assert list(checked.last.entries) == [f"receipts/{again.id}.json"]
    assert first.id != again.id


def _forgotten(here: World, keep_up_to: int) -> None:
    """The table forgets every receipt and head after the one of this number, as an older copy of it has."""
    client = here.table.client()
    for item in client.scan(TableName="t")["Items"]:
        later = int(item.get("head", {}).get("N", "0")) > keep_up_to
        pending = item["pk"]["S"].startswith("EVIDENCE#HEAD#") and int(item["pk"]["S"][14:]) > keep_up_to
        if later or pending or item["pk"]["S"] == "EVIDENCE#CHAIN":
            client.delete_item(TableName="t", Key={"pk": item["pk"], "sk": item["sk"]})


def test_one_that_fails_does_not_keep_the_others(here: World) -> None:
    broken, good = here.ended(1), here.ended(2)
    client = here.table.client()
    key = {"pk": {"S": f"D#{broken.id}"}, "sk": {"S": "META"}}
    client.update_item(
        TableName="t",
        Key=key,
        UpdateExpression="SET doc = :doc",
        ExpressionAttributeValues={":doc": {"S": '{"v": 99}'}},
    )
    done = here.minute()
    assert done is not None
    assert (done.receipts, done.failed) == (1, 1)
    assert list(here.objects.names("receipts/")) == [f"receipts/{good.id}.json"]
    assert any("evidence_failed" in each for each in here.reports)


def test_records_that_the_table_cannot_read_are_not_known(here: World) -> None:
    ended = here.ended()
    here.table.client().delete_item(
        TableName="t", Key={"pk": {"S": f"D#{ended.id}"}, "sk": {"S": "IDS#00000000"}}
    )
    here.minute()
    assert said(here, f"receipts/{ended.id}.json")["records"] == {"count": None, "root": None}
    assert here.due() == []


def test_a_receipt_names_each_job_of_zohos_once_in_their_order(here: World) -> None:
    made, _ = made_deletion(1, "")
    view = replace(made.request, operation=Operation.MASS_DELETE, cvid="7", ids=())
    given = {"request": view, "id_count": 0, "chunks": 0, "job_id": "9"}
    assert jobs(here, 1, {"job_id": "8"}, None, {"code": "LATER"}, {"job_id": "8"}, **given) == ["8", "9"]
    assert jobs(here, 2, **given | {"job_id": None}) == []
    assert jobs(here, 3, {"job_id": "8"}) == [], "a deletion by ids names no jobs"


def jobs(here: World, n: int, *answers: dict[str, object] | None, **more: Any) -> object:
    """The jobs in the receipt of the n-th deletion, whose calls had these answers."""
    ended = here.ended(n, "" if more else "ddf", calls=len(answers), **more)
    claim = here.table.claim(ended.id, here.now, here.now + 60)
    assert claim is not None
    calls = tuple(
        Call(number, CallKind.MASS_DELETE_VIEW, {}, here.now, here.now, answer)
        for number, answer in enumerate(answers, start=1)
    )
    here.table.save(claim, Change(claim.deletion, here.now, 0.0, calls=calls))
    here.minute()
    zoho = said(here, f"receipts/{ended.id}.json")["zoho"]
    assert isinstance(zoho, dict)
    assert zoho["calls"] == len(answers)
    return zoho["jobs"]
