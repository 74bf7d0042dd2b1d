"""A chunk from what is stored of it."""

from __future__ import annotations

import pytest

from chalicelib.adapters.dynamodb import chunk_codec, codec
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.outcomes import Chunk, Finding, Mark, untouched
from chalicelib.domain.request import Operation, Request

IDS = ("1", "2", "3")


@pytest.mark.parametrize(
    ("stored", "name"), [("Potentials", "Deals"), ("Meetings", "Events"), ("Cars", "Cars")]
)
def test_a_deletion_that_was_stored_by_another_name_of_its_module_has_its_one_name(
    stored: str, name: str
) -> None:
    request = Request(Operation.DELETE_RECORDS, "Leads", "default")
    made = Deletion("del_1", request, "crm", created_at=1.0, updated_at=1.0, expires_at=9)
    text = codec.deletion_to_text(made).replace('"Leads"', f'"{stored}"')
    assert f'"{stored}"' in text
    assert codec.deletion_from_text("del_1", text).request.module == name


def test_without_outcomes_nothing_has_become_of_its_ids() -> None:
    assert chunk_codec.chunk_from(4, codec.pack(list(IDS)), None) == untouched(4, IDS) == Chunk(4, IDS, "ppp")


def test_with_outcomes_it_is_as_it_was_written() -> None:
    chunk = untouched(0, IDS).with_mark([1], Finding(Mark.FAILED, "RECORD_LOCKED", "locked"))
    assert chunk_codec.chunk_from(0, codec.pack(list(IDS)), chunk_codec.chunk_marks(chunk)) == chunk


def test_record_ids_of_external_ids_are_kept() -> None:
    chunk = untouched(0, ("E-1", "E-2")).with_records({1: "410405000002264040"})
    assert chunk_codec.chunk_from(0, codec.pack(["E-1", "E-2"]), chunk_codec.chunk_marks(chunk)) == chunk


def test_outcomes_of_a_version_without_record_ids_are_read() -> None:
    stored = codec.pack({"m": "ppp", "t": [], "c": []})
    assert chunk_codec.chunk_from(0, codec.pack(list(IDS)), stored) == untouched(0, IDS)


@pytest.mark.parametrize("other", [IDS[:2], (*IDS, "4")])
def test_outcomes_of_other_ids_are_no_outcomes(other: tuple[str, ...]) -> None:
    marks = chunk_codec.chunk_marks(untouched(0, other))
    with pytest.raises(Unreadable, match="chunk 0"), codec.readable("del_1", "chunk 0"):
        chunk_codec.chunk_from(0, codec.pack(list(IDS)), marks)
