"""Zoho's search criteria in a URL: ``((Last_Name:equals:Burns)and(Company:starts_with:Z))``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.criteria import COMPARATORS, Predicate, compile_criteria
from simulator.record import Record

CRITERIA_LIMIT = 10
TEXT_LIMIT = 4_000
_NAMES = {"equals": "equal", "not_equal": "not_equal"}


@dataclass(frozen=True, slots=True)
class How:
    """How a search looks: ``type_of`` tells a field's data type by its name, ``blind`` are the fields that it
    leaves out; ``parts``: a part of a value is enough; ``digits``: of phone numbers only these are compared.
    """

    type_of: Callable[[str], str]
    blind: frozenset[str] = frozenset()
    parts: bool = True
    digits: bool = False


@dataclass(slots=True)
class Search:
    """A search that was read: a predicate, and the conditions (field, comparator) of criteria."""

    matches: Predicate
    compared: list[tuple[str, str]] = field(default_factory=list)


def parse_search(kind: str, text: str, how: How) -> Search:
    """A search for ``criteria``, ``email``, ``phone`` or ``word``. Raises ``ValueError``.

    As at Zoho, ``equals`` behaves like contains for text here, so a count by criteria is no exact delete set.
    """
    if len(text) > TEXT_LIMIT or "(" * 50 in text:
        raise ValueError("too long, or nested too deep")
    if kind == "criteria":
        reader = _Reader(text)
        predicate = reader.group()
        reader.end()
        return Search(predicate, reader.compared)
    return Search(lambda record: _anywhere(record, kind, _plain(text, kind, how), how))


def _anywhere(record: Record, kind: str, text: str, how: How) -> bool:
    for name, value in record.fields.items():
        if name in how.blind or (kind != "word" and how.type_of(name) != kind):
            continue
        held = _plain(str(value), kind, how)
        if text and (text in held if how.parts else text == held):
            return True
    return False


def _plain(text: str, kind: str, how: How) -> str:
    """The text as it is compared: without regard to case, ``-`` and ``_`` alike (OpenAPI files)."""
    if kind == "phone" and how.digits:
        return "".join(letter for letter in text if letter.isdigit())
    return text.lower().replace("_", "-")


class _Reader:
    """Reads nested groups; a backslash takes the next character as it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._criteria = 0
        self.compared: list[tuple[str, str]] = []

    def end(self) -> None:
        if self._at != len(self._text):
            raise ValueError("text after the last bracket")

    def group(self) -> Predicate:
        """``( ... )`` and what follows with ``and`` or ``or``."""
        found = self._bracket()
        while self._text[self._at :].lower().startswith(("and(", "or(")):
            either = self._text[self._at].lower() == "o"
            self._at += 2 if either else 3
            found = _joined(found, self._bracket(), either)
        return found

    def _bracket(self) -> Predicate:
        self._take("(")
        nested = self._text[self._at : self._at + 1] == "("
        found = self.group() if nested else self._criterion()
        self._take(")")
        return found

    def _take(self, wanted: str) -> None:
        if self._text[self._at : self._at + 1] != wanted:
            raise ValueError(f"expected {wanted} at {self._at}")
        self._at += 1

    def _criterion(self) -> Predicate:
        self._criteria += 1
        parts: list[str] = []
        word = ""
        while self._at < len(self._text) and self._text[self._at] != ")":
            letter = self._text[self._at]
            if letter == "\\":
                self._at += 1
                letter = self._text[self._at : self._at + 1]
            elif letter == ":" and len(parts) < 2:
                parts.append(word)
                word, letter = "", ""
            word += letter
            self._at += 1
        if len(parts) != 2 or self._criteria > CRITERIA_LIMIT:
            raise ValueError("a criterion is (field:comparator:value)")
        self.compared.append((parts[0], parts[1]))
        return _criterion(parts[0], parts[1], word)


def _criterion(field: str, comparator: str, text: str) -> Predicate:
    name = _NAMES.get(comparator, comparator)
    if name not in COMPARATORS:
        raise ValueError(f"unknown comparator {comparator}")
    value = text.split(",") if name in ("in", "not_in", "between", "not_between") else text
    if comparator == "equals" and field != "id" and not text[:1].isdigit() and text not in ("true", "false"):
        name = "contains"
    return compile_criteria({"field": {"api_name": field}, "comparator": name, "value": value})


def _joined(left: Predicate, right: Predicate, either: bool) -> Predicate:
    if either:
        return lambda record: left(record) or right(record)
    return lambda record: left(record) and right(record)
