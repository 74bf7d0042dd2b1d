"""Conditions on records: Zoho's criteria shape of custom views, and the comparisons that COQL shares."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from simulator.clock import parse_iso
from simulator.record import Record

Predicate = Callable[[Record], bool]
_EMPTY = ("${EMPTY}", "")


def comparable(value: Any) -> tuple[int, Any]:
    """A value in an order of its own kind: numbers, then times (as seconds), then text."""
    if isinstance(value, bool):
        return 0, "true" if value else "false"
    if isinstance(value, int | float):
        return 1, value
    if isinstance(value, dict):
        value = value.get("id", "")
    text = str(value)
    digits = text.removeprefix("-")
    if digits[:1].isdigit():
        moment = parse_iso(text) if len(text) >= 10 and text[4:5] == "-" else None
        if moment is not None:
            return 2, moment
        try:
            return 1, int(text) if digits.isdigit() else float(text)
        except ValueError:
            pass
    return 0, text.lower()


def _pair(value: Any, wanted: Any) -> tuple[Any, Any] | None:
    """Both sides ready to compare, ``None`` where they are of different kinds or the field is empty."""
    if value is None:
        return None
    left, right = comparable(value), comparable(wanted)
    if left[0] != right[0]:
        return None
    if left[0] == 1 and not (math.isfinite(left[1]) and math.isfinite(right[1])):
        return None
    return left[1], right[1]


def equal(value: Any, wanted: Any) -> bool:
    """Same value; text without regard to case. A field that is empty equals nothing."""
    pair = _pair(value, wanted)
    return pair is not None and bool(pair[0] == pair[1])


def less(value: Any, wanted: Any) -> bool:
    """``value < wanted``; false for empty fields and for values of different kinds."""
    pair = _pair(value, wanted)
    return pair is not None and bool(pair[0] < pair[1])


def like(value: Any, pattern: str, *, by_case: bool = False) -> bool:
    """SQL's LIKE with ``%`` as the only wildcard; without regard to case unless ``by_case``."""
    expression = ".*".join(re.escape(part) for part in pattern.split("%"))
    flags = re.DOTALL | (re.NOFLAG if by_case else re.IGNORECASE)
    return value is not None and re.fullmatch(expression, str(value), flags) is not None


def _between(value: Any, wanted: Any) -> bool:
    low, high = wanted
    return (
        not less(value, low) and not less(high, value) and value is not None and _pair(value, low) is not None
    )


def _one_of(value: Any, wanted: Any) -> bool:
    return any(equal(value, item) for item in (wanted if isinstance(wanted, list) else [wanted]))


def _is(value: Any, wanted: Any) -> bool:
    if wanted is None or wanted in _EMPTY if not isinstance(wanted, list) else False:
        return value in (None, "")
    return _one_of(value, wanted)


COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": _is,
    "not_equal": lambda value, wanted: not _is(value, wanted),
    "in": _one_of,
    "not_in": lambda value, wanted: not _one_of(value, wanted),
    "contains": lambda value, wanted: like(value, f"%{wanted}%"),
    "not_contains": lambda value, wanted: not like(value, f"%{wanted}%"),
    "starts_with": lambda value, wanted: like(value, f"{wanted}%"),
    "ends_with": lambda value, wanted: like(value, f"%{wanted}"),
    "less_than": less,
    "greater_than": lambda value, wanted: less(wanted, value) if value is not None else False,
    "less_equal": lambda value, wanted: less(value, wanted) or equal(value, wanted),
    "greater_equal": lambda value, wanted: (
        (less(wanted, value) if value is not None else False) or equal(value, wanted)
    ),
    "between": _between,
    "not_between": lambda value, wanted: not _between(value, wanted),
}


def compile_criteria(criteria: dict[str, Any]) -> Predicate:
    """A predicate for Zoho's criteria shape.

    ``{"field": {"api_name": "Lead_Status"}, "comparator": "equal", "value": "Junk Lead"}`` or
    ``{"group_operator": "AND", "group": [...]}``, nested at will; comparators are the keys of
    ``COMPARATORS``. A list as value of ``equal`` means any of it, ``${EMPTY}`` an empty field.
    Raises ``ValueError``.
    """
    if not isinstance(criteria, dict):
        raise ValueError("criteria must be an object")
    if "group" in criteria:
        return _group(criteria)
    field, comparator = criteria.get("field"), str(criteria.get("comparator"))
    name = field.get("api_name") if isinstance(field, dict) else field or criteria.get("api_name")
    if not isinstance(name, str) or not name:
        raise ValueError('criteria needs "field": {"api_name": ...}')
    compare = COMPARATORS.get(comparator)
    if compare is None:
        raise ValueError(f"unknown comparator {comparator!r}; known: {', '.join(COMPARATORS)}")
    wanted = criteria.get("value")
    if comparator.endswith("between") and not (isinstance(wanted, list) and len(wanted) == 2):
        raise ValueError(f"{comparator} needs a list of two values")
    return lambda record: compare(record.get(name), wanted)


def _group(criteria: dict[str, Any]) -> Predicate:
    group, operator = criteria["group"], str(criteria.get("group_operator", "AND")).upper()
    if not isinstance(group, list) or not group or operator not in ("AND", "OR"):
        raise ValueError('a criteria group needs "group": [...] and "group_operator": "AND" or "OR"')
    parts = [compile_criteria(part) for part in group]
    combine = all if operator == "AND" else any
    return lambda record: combine(part(record) for part in parts)
