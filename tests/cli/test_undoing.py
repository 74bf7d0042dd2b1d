"""`expunge restore` and `delete-permanently`, and how long a send can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.status import Status
from tests.cli.desk import Desk, opened
from tests.cli.test_commands import change, sent


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


def gone(desk: Desk) -> str:
    one = sent(desk, "1", "2")
    marks = {0: Finding(Mark.DELETED), 1: Finding(Mark.DELETED)}
    change(
        desk,
        one,
        marks,
        status=Status.COMPLETED,
        counts=Counts(requested=2, deleted=2),
        finished_at=9e9,
        sent_at=9e9,
    )
    return one


def test_a_restore_is_asked_for_and_the_parent_shows_it(desk: Desk) -> None:
    one = gone(desk)
    made = desk.told("restore", one, "--reason", "wrong view")["deletion"]
    assert (made["operation"], made["restore_of"], made["reason"]) == ("restore", one, "wrong view")
    assert made["counts"]["requested"] == 2
    shown = desk.told("show", one)["deletions"][0]
    assert [child["id"] for child in shown["recycle_bin"]["deletions"]] == [made["id"]]


def test_only_some_records_are_restored(desk: Desk) -> None:
    one = gone(desk)
    assert desk.told("restore", one, "2")["deletion"]["counts"]["requested"] == 1


def test_a_permanent_deletion_is_asked_for_by_somebody_else(desk: Desk) -> None:
    one = gone(desk)
    change(desk, one, asked_by="arn:aws:sts::1:assumed-role/ops/somebody-else")
    made = desk.told("delete-permanently", one)["deletion"]
    assert (made["operation"], made["permanent_of"]) == ("delete_permanently", one)
