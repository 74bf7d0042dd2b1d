"""Zoho's search criteria in a URL: ``((Last_Name:equals:Burns)and(Company:starts_with:Z))``."""

from __future__ import annotations

from simulator.criteria import COMPARATORS, Predicate, compile_criteria
from simulator.record import Record

CRITERIA_LIMIT = 10
TEXT_LIMIT = 4_000
#: Fields of these types, told by their names: the simulator knows no field metadata.
_TYPED = {"email": ("email",), "phone": ("phone", "mobile", "fax")}
_NAMES = {"equals": "equal", "not_equal": "not_equal"}


def parse_search(kind: str, text: str) -> Predicate:
    """A predicate for ``criteria``, ``email``, ``phone`` or ``word``. Raises ``ValueError``.

    As at Zoho, ``equals`` behaves like contains for text here, so a count by criteria is no exact delete set.
    """
    if len(text) > TEXT_LIMIT or "(" * 50 in text:
        raise ValueError("too long, or nested too deep")
    if kind == "criteria":
        reader = _Reader(text)
        predicate = reader.group()
        reader.end()
        return predicate
    return lambda record: _anywhere(record, kind, text.lower())


def _anywhere(record: Record, kind: str, text: str) -> bool:
    for name, value in record.fields.items():
        wanted = kind == "word" or any(part in name.lower() for part in _TYPED[kind])
        if wanted and text in str(value).lower():
            return True
    return False


class _Reader:
    """Reads nested groups; a backslash takes the next character as it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._criteria = 0

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
