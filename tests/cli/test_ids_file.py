"""Ids from files as people have them."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.domain.ids import LARGEST_RECORD_ID, is_record_id
from cli.sending.ids_file import Broken, checked, read
from cli.sending.request import from_json

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
        ("7\nx\n", None, "line 2: 'x' is no record id: 1 to 19 digits"),
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


IDS = some.integers(1, LARGEST_RECORD_ID).map(str)


@given(some.lists(IDS, min_size=1, unique=True))
def test_any_ids_come_back_as_they_were(ids: list[str]) -> None:
    assert read("\n".join(ids).encode(), trusted=True).ids == tuple(ids)


@given(some.binary(max_size=200))
def test_anything_is_ids_or_is_told(data: bytes) -> None:
    with suppress(Broken):
        found = read(data)
        assert found.ids
        assert all(map(is_record_id, found.ids))


# --- rounded ids -----------------------------------------------------------------------------------

LONG = some.integers(10**17, LARGEST_RECORD_ID)


def told(text: str, **how: Any) -> str:
    with pytest.raises(Broken) as problem:
        read(text.encode(), **how)
    return str(problem.value)


@given(some.lists(LONG, min_size=1, max_size=50))
def test_a_file_that_a_spreadsheet_rounded_is_refused(ids: list[int]) -> None:
    """Fifteen digits are kept, then come zeros."""
    rounded = "\n".join(
        f"{n:.14e}".replace(".", "").partition("e")[0] + "0" * (len(str(n)) - 15) for n in ids
    )
    with pytest.raises(Broken):
        read(rounded.encode())


@pytest.mark.parametrize(
    "text",
    [
        "410405000002264000",
        "3652397000000530000",
        "3652397000005380000",
        "Id\n410405000002264000\n410405000002265000\n",
        "Id,Name\n410405000002264040,Ann\n410405000002264000,Bob\n",
        "Id\n" + "".join(f"41040500000226{n:04}\n" for n in range(1, 90)) + "410405000002278000\n",
        "zcrm_410405000002264000",
        "'410405000002264000",
    ],
)
def test_zeros_after_fifteen_digits_are_refused_with_their_line_and_a_way_out(text: str) -> None:
    words = told(text)
    assert "has only zeros after its first 15 digits" in words
    assert "export or format the column as text" in words
    assert words.endswith("if they are right: --not-rounded")
    assert "line " in words
    assert read(text.encode(), trusted=True).ids


def test_as_many_zeros_as_chance_makes_are_no_trouble() -> None:
    in_order = [str(410405000002264001 + n) for n in range(5000)]
    assert read("\n".join(in_order).encode()).ids == tuple(in_order)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("3.65239E+18", "was rounded by a spreadsheet"),
        ("3,65239E+18", "was rounded by a spreadsheet"),
        ("4.10405000002264e17", "was rounded by a spreadsheet"),
        ("4E+17", "was rounded by a spreadsheet"),
        ("410405000002264040.0", "read as a number with a fraction"),
        ("410405000002264040,00", "read as a number with a fraction"),
        ("410,405,000,002,264,040", "written as a number with separators"),
        ("410.405.000.002.264.040", "written as a number with separators"),
        ("410 405 000 002 264 040", "written as a number with separators"),
        ("410'405'000'002'264'040", "written as a number with separators"),
        ("410\u00a0405\u00a0000", "written as a number with separators"),
        ("410\u202f405\u202f000", "written as a number with separators"),
        ("410,405,000.00", "written as a number with separators"),
        ("41,04,05,000", "written as a number with separators"),
        ("########", "where a column is too narrow"),
        ("=4.10405E+17", "is no record id"),
        ("007", "is no record id"),
        ("0", "is no record id"),
        ("9223372036854775808", "is no record id"),
    ],
)
def test_what_only_numbers_look_like_is_refused_with_the_reason(cell: str, says: str) -> None:
    for text, how in (
        (f'Id;Name\n7;Ann\n"{cell}";Bob\n', {}),
        (f'Id\n"zcrm_{cell}"\n', {}),
        (f'"{cell}"\t7\n', {"column": "1"}),
        (f"Id;Name\n7;Ann\n'{cell};Bob\n", {}),
    ):
        assert says in told(text, **how), text
        assert says in told("\ufeff" + text, **how), text
    with pytest.raises(Broken, match=re.escape(says)):
        checked([cell])
    told(f'"{cell}"\t7\n', column="1", trusted=True)  # no word makes an id of it


@pytest.mark.parametrize("text", ["410,405,000,002,264,040\n", "'410,405,000,002,264,040\n", "4,10405E+17\n"])
def test_a_number_is_not_taken_for_a_table(text: str) -> None:
    assert "a spreadsheet" in told(text, column="1") or "separators" in told(text, column="1")


@pytest.mark.parametrize(
    "cell", ["'{}", '"=""{}"""', "\ufeff{}", "\u200b{}\u00a0", " {} ", '"{}"', "zcrm_{}", "'zcrm_{}"]
)
def test_what_keeps_an_id_whole_in_a_spreadsheet_is_read_over(cell: str) -> None:
    assert read(f"Id\n7\n{cell.format(ID)}\n".encode()).ids == ("7", ID)


@pytest.mark.parametrize(
    "ids", [(3652397000000538003, 3652397000000925128), (410405000009100077, 410405000009101955)]
)
def test_two_long_ids_that_a_program_read_as_numbers_are_refused(ids: tuple[int, ...]) -> None:
    with pytest.raises(Broken, match="what a program makes of an id"):
        read("\n".join(str(int(Decimal(repr(float(n))))) for n in ids).encode())


@given(
    some.lists(
        some.integers(5 * 10**15, 10**16 - 1).map(lambda n: 2 * n), min_size=3, max_size=4, unique=True
    )
)
def test_a_few_ids_of_seventeen_digits_are_doubles_by_chance(numbers: list[int]) -> None:
    """Every second one is: three even ids are no sign of a rounding."""
    ids = [str(n) for n in numbers if str(n)[15:].strip("0")]
    assert read("\n".join(["Id", *ids, "7"]).encode()).ids == (*ids, "7")


@given(some.lists(LONG, min_size=3, max_size=50, unique=True))
def test_ids_that_a_program_read_as_numbers_are_refused(ids: list[int]) -> None:
    for written in ([f"{float(n):.0f}" for n in ids], [str(int(Decimal(repr(float(n))))) for n in ids]):
        if all(map(is_record_id, written)):
            with pytest.raises(Broken):
                read("\n".join(written).encode())


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"ids": ["410405000002264000"]}, "ids/0: '410405000002264000' has only zeros"),
        ({"ids": ["7", "4.10405E+17"]}, "ids/1: '4.10405E+17' was rounded"),
        ({"ids": [410405000002264040]}, "ids/0 must be a text in quotes: programs round numbers"),
        ({"ids": ["7", 4.1e17]}, "ids/1 must be a text in quotes"),
        ({"cvid": "3652397000000530000"}, "cvid: '3652397000000530000' has only zeros"),
        ({"cvid": 3652397000000538003}, "cvid must be a text in quotes"),
        ({"cvid": "7", "territory": {"id": 7.0}}, "territory/id must be a text in quotes"),
        ({"record_id": "3.65E+18", "ids": ["7"]}, "record_id: '3.65E+18' was rounded"),
        ({"ids": ["410405000002264000"], "external_id_field": "X"}, "has only zeros"),
    ],
)
def test_a_request_with_rounded_ids_is_refused(request_: dict[str, Any], says: str) -> None:
    with pytest.raises(Broken) as problem:
        from_json(json.dumps(request_).encode())
    assert says in str(problem.value)


def test_external_ids_that_a_spreadsheet_rounded() -> None:
    assert "was rounded by a spreadsheet" in told("External\n1.23457E+15\n", external="External")
    assert "has only zeros" in told("External\n410405000002264000\n", external="External")
    assert read(b"External\n1E5\n7.0\n", external="External").ids == ("1E5", "7.0")
