"""Queries in COQL for the ids that a policy selects, put together from parts that were checked one by one.

Names match Zoho's API names, values are numbers, truth values, times or quoted text. Text with a quote or a
backslash in it is refused and not escaped: Zoho's own pages disagree on how COQL escapes (a second quote, a
backslash), and a value that Zoho read in another way than we wrote it could select what nobody
meant to delete.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from chalicelib.domain.ids import is_record_id
from chalicelib.domain.source import ZOHO_NAME

#: Criteria that Zoho takes in one query.
MOST_CRITERIA = 25
#: Values that Zoho takes in one list, in every version.
MOST_VALUES = 50
LONGEST_VALUE = 255

_COMPARES = {
    "equal": "=",
    "not_equal": "!=",
    "less_than": "<",
    "less_equal": "<=",
    "greater_than": ">",
    "greater_equal": ">=",
}
_LISTS = {"in": "in", "not_in": "not in"}
_ALONE = {"is_empty": "is null", "is_not_empty": "is not null"}
COMPARATORS = (*_COMPARES, *_LISTS, "between", *_ALONE)
_FORBIDDEN = re.compile(r"['\"\\\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """One further condition on a record. `value` is a list for `in`, `not_in`, `between`; None for the
    emptiness of a field.
    """

    field: str
    comparator: str
    value: Value | tuple[Value, ...] | None = None


def problem_of(condition: Condition) -> tuple[str, str] | None:
    """(what of it, why) where it cannot be said in COQL; None where it can."""
    if not ZOHO_NAME.fullmatch(condition.field):
        return "field", "must be an API name of Zoho's: a letter, then letters, digits, underscores"
    if condition.comparator not in COMPARATORS:
        return "comparator", f"must be one of {', '.join(COMPARATORS)}"
    words = _value_problem(condition.comparator, condition.value)
    return ("value", words) if words else None


def _value_problem(comparator: str, value: object) -> str:
    if comparator in _ALONE:
        return "" if value is None else f"{comparator} has no value"
    if comparator in _COMPARES:
        return _scalar_problem(value)
    if not isinstance(value, tuple):
        return f"{comparator} needs a list"
    if comparator == "between" and len(value) != 2:
        return "between needs two values, the lower first"
    if not 1 <= len(value) <= MOST_VALUES:
        return f"must be 1 to {MOST_VALUES} values"
    return next((words for words in map(_scalar_problem, value) if words), "")


def _scalar_problem(value: object) -> str:
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        fits = math.isfinite(value) and abs(value) < 10**15
        return "" if fits else "must be a number below 10^15; write ids as text"
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_VALUE:
        return f"must be a number, true, false or text of 1 to {LONGEST_VALUE} characters"
    if _FORBIDDEN.search(value):
        return "may not hold quotes, backslashes or control characters"
    return ""


def criterion(condition: Condition) -> str:
    """The condition in COQL. Raises ValueError for one that `problem_of` finds fault with."""
    problem = problem_of(condition)
    if problem is not None:
        raise ValueError(": ".join(problem))
    name, comparator, value = condition.field, condition.comparator, condition.value
    if comparator in _ALONE:
        return f"{name} {_ALONE[comparator]}"
    if isinstance(value, tuple):
        literals = [_literal(each) for each in value]
        if comparator == "between":
            return f"{name} between {literals[0]} and {literals[1]}"
        return f"{name} {_LISTS[comparator]} ({','.join(literals)})"
    return f"{name} {_COMPARES[comparator]} {_literal(value)}"


def _literal(value: Value | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(Decimal(repr(value)), "f")  # exactly, and never with an exponent
    return f"'{value}'"


def older(name: str, cutoff: date, *, dates: bool) -> str:
    """The criterion that a record's field lies before `cutoff`: a day where `dates`, for a field without a
    time of day (of a moment its day, in its own zone), else a moment with its zone. Raises ValueError for
    what is no API name.
    """
    if not ZOHO_NAME.fullmatch(name):
        raise ValueError("not an API name")
    if isinstance(cutoff, datetime):
        cutoff = cutoff.date() if dates else cutoff.astimezone(UTC).replace(microsecond=0)
    return f"{name} < '{cutoff.isoformat()}'"


def select(module: str, criteria: Sequence[str], after: str | None, limit: int) -> str:
    """The query for the next `limit` ids in the order of ids, behind the id `after`.

    `criteria` come from `criterion` and `older`. Zoho wants more than two of them bracketed in pairs.
    Going on behind the last id reaches past the 100,000 rows that an offset does. Raises ValueError.
    """
    if not ZOHO_NAME.fullmatch(module) or (after is not None and not is_record_id(after)):
        raise ValueError("not an API name, or not an id")
    parts = [*criteria, *([f"id > {after}"] if after is not None else [])]
    if not 1 <= len(parts) <= MOST_CRITERIA:
        raise ValueError(f"a query has 1 to {MOST_CRITERIA} criteria")
    where = parts[0]
    for number, part in enumerate(parts[1:], start=1):
        where = f"({where}) and {part}" if number > 1 else f"{where} and {part}"
    return f"select id from {module} where {where} order by id asc limit {limit}"  # noqa: S608  (COQL)
