"""Ids from files as people have them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.web.schemas import RECORD_ID
from cli.sending import ids_file
from cli.sending.ids_file import Broken, checked, read

ID = "410405000002264040"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f"{ID}\n7\n", None),
        (f"\n\n{ID}\r\n\r\n 7 \r\n", None),
        (f"Id\n{ID}\n7", None),
        (f"Record\n{ID}\n7", None),
        (f"Record Id,Name\n{ID},Ann\n7,Bob\n", None),
        (f'Name;"RECORD ID"\n"A;nn";{ID}\nBob;zcrm_7\n', None),
        (f'Name\trecord_id\n"two\nlines"\t{ID}\nBob\t7\n', None),
        (f"Name,Lead,Account\nAnn,{ID},1\nBob,7,2\n", "Lead"),
        (f"Name,Lead,Account\nAnn,{ID},1\nBob,7,2\n", "lead"),
        (f"Name,Lead,Account\nAnn,{ID},1\nBob,7,2\n", "2"),
        (f"Ann,{ID}\nBob,7\n", "2"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_people_have(text: str, column: str | None, encoding: str) -> None:
    assert read(text.encode(encoding), column=column).ids == (ID, "7")


def test_repeated_ids_are_left_out_and_counted() -> None:
    found = read(b"Id\n7\n8\nzcrm_7\n")
    assert (found.ids, found.lines, found.repeated) == (("7", "8"), (2, 3), 1)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", None, "there are no ids in it"),
        ("Id\n", None, "only a header"),
        ("7\nx\n", None, "line 2: 'x' is no record id: 1 to 32 digits"),
        ("Id,Name\n7,Ann\n,Bob\n", None, "line 3: has no id"),
        ("Name,Id\nAnn,7\nBob\n", None, "line 3: has no id"),
        ("4.10405E+17\n", None, "line 1: '4.10405E+17' was rounded by a spreadsheet"),
        ("Id\n7\n4,10405E+17\n", "1", "line 3: has 2 cells, where the first line has 1"),
        ("Ann,7\nBob,8\n", None, "line 1: which column holds the ids? Name it with --column: 'Ann', '7'"),
        ("Name,Id\nAnn,7\n", "Lead", "there is no column 'Lead'; there are: 'Name', 'Id'"),
        ("Id,Id\n1,2\n", "Id", "there are 2 columns named 'Id'"),
        ('Id\n7\n"8\n', None, "line 3: is not CSV"),
        ("7\n" * 3 + "a\n" * 9, None, "and 4 more like these"),
        ("7\n" + "9" * 33 + "\n", None, "line 2"),
        ("7\n٣\n", None, "line 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, column: str | None, says: str) -> None:
    with pytest.raises(Broken) as told:
        read(text.encode(), column=column)
    assert says in str(told.value)


def test_other_encodings_are_told() -> None:
    with pytest.raises(Broken, match="line 2: is not UTF-8 text"):
        read("Id,Name\n7,Zoë\n".encode("latin-1"))


def test_external_ids() -> None:
    assert read(b"External\nA-1\nB;2\n", external="External").ids == ("A-1", "B;2")
    assert read(b"A-1\nB-2\n", external="External").ids == ("A-1", "B-2")
    assert checked(["A,1", "A,1", "B"], external="External") == ("A,1", "B")
    with pytest.raises(Broken, match="line 2: 'a b' is no external id"):
        read(b"A-1\na b\n", external="External")


def test_an_id_is_what_the_service_takes_for_one() -> None:
    assert ids_file._RECORD_ID.pattern == RECORD_ID.pattern


@given(some.lists(some.from_regex(r"\A[0-9]{1,32}\Z"), min_size=1, unique=True))
def test_any_ids_come_back_as_they_were(ids: list[str]) -> None:
    assert read("\n".join(ids).encode()).ids == tuple(ids)


@given(some.binary(max_size=200))
def test_anything_is_ids_or_is_told(data: bytes) -> None:
    with suppress(Broken):
        found = read(data)
        assert found.ids
        assert all(RECORD_ID.fullmatch(each) for each in found.ids)
