"""An item that another version wrote is set aside and reported at the first claim, whatever is new in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import codec, items
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.errors import Unreadable
from chalicelib.service.engine.advance import advance
from chalicelib.service.ports import Change
from tests import aws
from tests.contract.ledger.test_ledger import NOW, accept, claimed, deletion, make_table
from tests.unit.service.world import World

Doc = dict[str, Any]


def setting(*path: str, to: object) -> Callable[[Doc], object]:
    """Sets one value of the document, deep inside."""

    def change(doc: Doc) -> None:
        for name in path[:-1]:
            doc = doc.setdefault(name, {})
        doc[path[-1]] = to

    return change


def progress(**more: object) -> Doc:
    """The progress of a deletion by ids, as it is stored."""
    whole = {"kind": "delete_ids", "left": [0], "open": [], "single": [], "ask_again": []}
    return {**whole, **more}


OTHERS: dict[str, Callable[[Doc], object]] = {
    "a newer version": setting("v", to=codec.VERSION + 1),
    "no version": lambda doc: doc.pop("v"),
    "a version that is none": setting("v", to="1"),
    "a new field": setting("undo_window", to="P14D"),
    "a new field of the request": setting("request", "erase_mode", to="new"),
    "a new operation": setting("request", "operation", to="merge_records"),
    "a new status": setting("status", to="verifying"),
    "a new count": setting("counts", "merged", to=1),
    "counts that are texts": setting("counts", "pending", to="2"),
    "counts that are lists": setting("counts", to=[2]),
    "a count that is a truth": setting("counts", "pending", to=True),
    "a time that is a text": setting("updated_at", to="2026-11-01T00:00:00Z"),
    "a limit that is none": setting("limits", "max_records", to=None),
    "events as a list": setting("events", to=[1]),
    "problems as a text": setting("problems", to="many"),
    "a problem with a new field": setting("problems", to=[{"code": "X", "count": 1, "url": "x"}]),
    "a problem with a count that is a text": setting("problems", to=[{"code": "X", "count": "1"}]),
    "a request that is none": setting("request", to=None),
    "a new kind of call in the progress": setting("progress", to=progress(kind="restore_ids")),
    "a new field in the progress": setting("progress", to=progress(frozen_at=1)),
    "less in the progress": setting("progress", to={"kind": "delete_ids"}),
    "the progress of another operation": setting("progress", to={"phase": "follow"}),
    "a clock with a new field": setting("failing", to={"call": {"tries": 1, "since": 2.0}}),
    "a time that no date can name": setting("updated_at", to=1e120),
    "a time that is no number": setting("updated_at", to=float("nan")),
    "a time that is endless": setting("waiting_since", to=float("inf")),
    "a change in a century": setting("updated_at", to=NOW + 100 * 366 * 86_400),
    "a failed try in a century": setting("failing", to={"call": {"at": NOW + 100 * 366 * 86_400}}),
    "a time in the progress that is a text": setting("progress", to=progress(slow_at="1")),
    "a time in the progress in a century": setting("progress", to=progress(slow_at=NOW + 9e9)),
    "a clock that is a text": setting("failing", to={"call": {"spent": "1"}}),
}


class Stage:
    """A world whose ledger is the table; `rewrite` lets another version write the one deletion of it."""

    def __init__(self, client: Any) -> None:
        make_table(client)
        self.client = client
        self.table = Table("t", lambda: client)
        accept(self.table, deletion("del_1"), "d1")
        self.world = World(["1", "2"], self.table)  # type: ignore[arg-type]  # the real table
        self.world.now = NOW

    def rewrite(self, text: str) -> None:
        self.client.update_item(
            TableName="t",
            Key=items.meta_key("del_1"),
            UpdateExpression="SET doc = :doc",
            ExpressionAttributeValues={":doc": {"S": text}},
        )

    def item(self) -> Any:
        return self.client.get_item(TableName="t", Key=items.meta_key("del_1"))["Item"]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with aws.dynamodb() as client:
        yield Stage(client)


def set_aside_at_once(stage: Stage) -> bool:
    assert advance(stage.world.deps, "del_1") is False
    item = stage.item()
    assert item["fence"]["N"] == "1", "claimed more than once"
    assert [event for event, _ in stage.world.reports] == ["set_aside"]
    assert stage.table.due(NOW + 10**6, 10) == []
    return "set_aside" in item and "due" not in item


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_another_version_wrote_is_set_aside_and_reported_at_once(stage: Stage, name: str) -> None:
    doc = json.loads(stage.item()["doc"]["S"])
    OTHERS[name](doc)
    stage.rewrite(json.dumps(doc))
    assert set_aside_at_once(stage)


@pytest.mark.parametrize("text", ["", "null", "[]", "7", '"v"', '{"v": 1}', "\x00", "{" * 2000])
def test_what_is_no_document_is_set_aside_and_reported_at_once(stage: Stage, text: str) -> None:
    stage.rewrite(text or " ")
    assert set_aside_at_once(stage)


@pytest.mark.parametrize("name", ["a new kind of call in the progress", "counts that are texts"])
def test_what_is_read_again_is_held_to_the_same(stage: Stage, name: str) -> None:
    claim = claimed(stage.table)
    doc = json.loads(stage.item()["doc"]["S"])
    OTHERS[name](doc)
    stage.rewrite(json.dumps(doc))
    with pytest.raises(Unreadable):
        stage.table.again(claim)


def test_what_this_version_wrote_is_taken_up(stage: Stage) -> None:
    claim = claimed(stage.table)
    stage.table.save(claim, Change(claim.deletion, next_at=NOW, lease_until=0))
    assert claimed(stage.table).deletion == claim.deletion
