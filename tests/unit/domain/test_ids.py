"""Ids of records and of deletions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import LARGEST_RECORD_ID, deletion_id, is_deletion_id, is_record_id

TIMES = st.floats(0, 2**38, allow_nan=False)
RANDOM = st.binary(min_size=10, max_size=10)


def test_a_known_ulid() -> None:
    """The example of the ULID specification: 1469918176385 ms is 01ARYZ6S41."""
    assert deletion_id(1469918176.385, bytes(10)) == "del_01ARYZ6S41" + "0" * 16
    assert deletion_id(0, b"\xff" * 10) == "del_0000000000" + "Z" * 16


@given(now=TIMES, random=RANDOM)
def test_every_id_is_recognised(now: float, random: bytes) -> None:
    assert is_deletion_id(deletion_id(now, random))


@given(early=TIMES, late=TIMES, random=RANDOM)
def test_ids_sort_by_time(early: float, late: float, random: bytes) -> None:
    early, late = sorted((early, late))
    assert deletion_id(early, random) <= deletion_id(late + 0.002, random)


@given(text=st.text(max_size=40))
def test_other_texts_are_no_ids(text: str) -> None:
    assert not is_deletion_id(text)


ZEROS = "0" * 26


@pytest.mark.parametrize(
    "text",
    [
        f"del_8{ZEROS[1:]}",
        f"del_{ZEROS[1:]}",
        f"del_{ZEROS}0",
        f"del_{'I' * 26}",
        f"DEL_{ZEROS}",
        f"del_{ZEROS}\n",
    ],
)
def test_near_misses(text: str) -> None:
    assert not is_deletion_id(text)


def test_what_it_cannot_be_made_of() -> None:
    with pytest.raises(ValueError, match="random bytes"):
        deletion_id(0, b"short")
    with pytest.raises(ValueError, match="time"):
        deletion_id(-1, bytes(10))


@given(st.integers(1, LARGEST_RECORD_ID))
def test_every_positive_number_of_64_bits_is_a_record_id_in_one_spelling(number: int) -> None:
    assert is_record_id(str(number))
    assert not is_record_id(f"0{number}")
    assert not is_record_id(str(number + LARGEST_RECORD_ID))


@pytest.mark.parametrize(
    "value",
    [
        "", "0", "007", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1\n", "9223372036854775808", "9" * 22,
        "1" * 20, "x",
        "\u0661", "\uff11", 1, None, True, ["1"],
    ],
)  # fmt: skip
def test_what_can_be_no_record_id(value: object) -> None:
    assert not is_record_id(value)
