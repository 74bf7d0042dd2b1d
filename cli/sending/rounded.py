"""Ids that a spreadsheet or a program has rounded: other records' ids, as a rule.

A spreadsheet keeps 15 digits of a number and writes zeros after them; programs that read an id as a
floating-point number keep about 17. Such an id looks like any other, and one in a thousand good ids of 18
digits ends in three zeros, too. So what is written as only numbers are (4.1E+17, 410,405, 7.0) is refused at
once, and ids that only could be rounded where there are more of them than chance explains.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

#: Digits that spreadsheets keep (Microsoft Support, "Excel specifications and limits": number precision).
KEPT = 15
#: Whole numbers up to here are exact in a double (IEEE 754).
_EXACT = 2**53
#: Digits of the largest id there can be, and a few more.
_LONGEST = 24
#: How many times more than by chance is no chance any more.
_TIMES = 5
#: All ids of a list are doubles: below this chance it is taken for a rounding.
_CHANCE = 0.001

AS_TEXT = "export or format the column as text, from where the ids are whole"
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]*)?[eE]\+?[0-9]+")
_FRACTION = re.compile(r"[0-9]+[.,]0+")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,'\u2019\u00a0\u202f _][0-9]{3})+(?:[.,]0+)?")
_INDIAN = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
_NARROW = re.compile(r"#{2,}")


def as_a_number(cell: str) -> str:
    """Why this cell is no id but a number that was one; "" where it is not written as only numbers are."""
    if _SCIENTIFIC.fullmatch(cell):
        return f"was rounded by a spreadsheet: {AS_TEXT}"
    if _FRACTION.fullmatch(cell):
        return f"was read as a number with a fraction, so its last digits may be rounded: {AS_TEXT}"
    if _GROUPED.fullmatch(cell) or _INDIAN.fullmatch(cell):
        return f"is written as a number with separators, so its last digits may be rounded: {AS_TEXT}"
    return (
        f"is what a spreadsheet shows where a column is too narrow: {AS_TEXT}"
        if _NARROW.fullmatch(cell)
        else ""
    )


def suspicious(ids: Sequence[str]) -> tuple[list[int], str]:
    """The places in `ids` of those that were rounded, as far as anybody can tell, and why; none and "" where
    chance explains how they look.
    """
    long = [at for at, one in enumerate(ids) if len(one) > KEPT and one.isascii() and one.isdigit()]
    zeros = [at for at in long if not ids[at][KEPT:].strip("0")]
    by_chance = sum(10.0 ** (KEPT - len(ids[at])) for at in long)
    if zeros and len(zeros) > _TIMES * by_chance:
        words = f"has only zeros after its first {KEPT} digits, as a spreadsheet writes what it has rounded"
        return zeros, f"{words}: {AS_TEXT}"
    large = [at for at in long if len(ids[at]) <= _LONGEST and int(ids[at]) > _EXACT]
    if _chance(int(ids[at]) for at in large) < _CHANCE and all(_is_a_double(int(ids[at])) for at in large):
        words = "is, like every other one here, what a program makes of an id that it reads as a number"
        return large, f"{words}: let it read ids as text"
    return [], ""


def _chance(numbers: Iterable[int]) -> float:
    """How probable it is that so many whole numbers of that size are all doubles, in one of two spellings."""
    return math.prod(min(1.0, 2.0 / math.ulp(float(number))) for number in numbers)


def _is_a_double(number: int) -> bool:
    """Does a program write a double so: its exact value (Python), or its shortest digits (JavaScript)?"""
    return number in (int(float(number)), int(Decimal(repr(float(number)))))
