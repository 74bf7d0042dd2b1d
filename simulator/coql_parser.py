"""The grammar of COQL, as far as the simulator answers it: select, from, where, order by, limit, offset."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from simulator.criteria import COMPARATORS, Predicate, like
from simulator.record import Record

CRITERIA_LIMIT = 25
BRACKETS_LIMIT = 200  # in all; no query of 25 criteria needs as many
_TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|(<=|>=|!=|<>|[=<>(),])|([A-Za-z0-9_.$+:%-]+))")
_OPERATORS = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less_than",
    "<=": "less_equal",
    ">": "greater_than",
    ">=": "greater_equal",
}


class CoqlError(Exception):
    """A query that Zoho refuses, with its code, message and details."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details or {}


@dataclass(slots=True)
class Query:
    """A query that was read. ``fields`` without repeats; ``where`` is ``None`` when everything is wanted."""

    fields: list[str]
    module: str
    counted: bool
    where: Predicate | None = None
    order_by: list[tuple[str, bool]] = field(default_factory=list)
    limit: int = 200
    offset: int = 0
    compared: list[tuple[str, str]] = field(default_factory=list)


def parse(text: str, version: int, *, by_case: bool = False) -> Query:
    """Reads a query; ``by_case``: letter case counts.

    Raises ``CoqlError``: ``SYNTAX_ERROR``, ``LIMIT_EXCEEDED``, ``DUPLICATE_DATA``.
    """
    return _Parser(_tokens(text), version, by_case).query()


def _syntax(near: str) -> CoqlError:
    return CoqlError("SYNTAX_ERROR", "error occured while parsing the query", {"near": near})


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _syntax(text[at : at + 20])
        found.append(match.group(1) or match.group(2) or match.group(3))
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the words of a query."""

    def __init__(self, tokens: list[str], version: int, by_case: bool) -> None:
        self._tokens = tokens
        self._by_case = by_case
        self._compared: list[tuple[str, str]] = []
        self._version = version
        self._at = 0
        self._criteria = 0
        self._depth = 0

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise _syntax("end of query")
        self._at += 1
        return token

    def _word(self, *words: str) -> bool:
        """Takes these words if they come next."""
        following = [token.lower() for token in self._tokens[self._at : self._at + len(words)]]
        if following != list(words):
            return False
        self._at += len(words)
        return True

    def _expect(self, word: str) -> None:
        if not self._word(word):
            raise _syntax(self._peek() or "end of query")

    def _name(self) -> str:
        token = self._next()
        if not re.fullmatch(r"[A-Za-z$][A-Za-z0-9_.$]*", token):
            raise _syntax(token)
        return token

    def query(self) -> Query:
        self._expect("select")
        fields, counted = self._fields()
        self._expect("from")
        found = Query(fields, self._name(), counted)
        if self._word("where"):
            found.where = self._condition()
        if self._word("order", "by"):
            found.order_by = self._order()
        if self._word("limit"):
            found.limit = self._number()
            if self._word(","):
                found.offset, found.limit = found.limit, self._number()
        if self._word("offset"):
            found.offset = self._number()
        if self._peek():
            raise _syntax(self._peek())
        found.compared = self._compared
        return found

    def _fields(self) -> tuple[list[str], bool]:
        if self._version >= 4 and self._word("count", "(", "id", ")"):
            return ["id"], True
        fields = [self._name()]
        while self._word(","):
            fields.append(self._name())
        if len(set(fields)) < len(fields):
            raise CoqlError("DUPLICATE_DATA", "duplicate columns in the query")
        if len(fields) > 50:
            raise CoqlError("LIMIT_EXCEEDED", "more than 50 columns in the query", {"limit": 50})
        return fields, False

    def _order(self) -> list[tuple[str, bool]]:
        found = []
        while True:
            name = self._name()
            descending = self._word("desc")
            if not descending:
                self._word("asc")
            found.append((name, descending))
            if not self._word(","):
                return found

    def _number(self) -> int:
        token = self._next()
        if not token.isascii() or not token.isdigit():
            raise _syntax(token)
        return int(token)

    def _condition(self) -> Predicate:
        """One or two terms; more have to be bracketed in pairs."""
        left = self._term()
        either = self._word("or")
        if not either and not self._word("and"):
            return left
        right = self._term()
        if self._peek().lower() in ("and", "or"):
            raise _syntax(self._peek())
        if either:
            return lambda record: left(record) or right(record)
        return lambda record: left(record) and right(record)

    def _term(self) -> Predicate:
        if self._word("("):
            self._depth += 1
            if self._depth > BRACKETS_LIMIT:
                raise _syntax("(")
            found = self._condition()
            self._expect(")")
            return found
        self._criteria += 1
        if self._criteria > CRITERIA_LIMIT:
            raise CoqlError("LIMIT_EXCEEDED", "more than 25 criteria in the query", {"limit": CRITERIA_LIMIT})
        return self._comparison(self._name())

    def _comparison(self, name: str) -> Predicate:
        if self._word("is"):
            empty = not self._word("not")
            self._expect("null")
            self._compared.append((name, "null"))
            return lambda record: (record.get(name) in (None, "")) is empty
        self._compared.append((name, "value"))
        wanted = not self._word("not")
        if self._word("like"):
            return self._like(name, wanted=wanted)
        if self._word("in"):
            return self._compare(name, "in" if wanted else "not_in", self._list())
        if self._word("between"):
            return self._compare(name, "between" if wanted else "not_between", self._range())
        operator = self._next()
        if operator not in _OPERATORS or not wanted:
            raise _syntax(operator)
        return self._compare(name, _OPERATORS[operator], self._value())

    def _like(self, name: str, *, wanted: bool) -> Predicate:
        pattern = str(self._value())
        by_case = self._by_case
        return lambda record: like(record.get(name), pattern, by_case=by_case) is wanted

    def _range(self) -> list[Any]:
        low = self._value()
        self._expect("and")
        return [low, self._value()]

    def _list(self) -> list[Any]:
        self._expect("(")
        found = [self._value()]
        while self._word(","):
            found.append(self._value())
        self._expect(")")
        most = 50 if self._version < 4 else 100
        if len(found) > most:
            raise CoqlError("LIMIT_EXCEEDED", f"more than {most} values in a list", {"limit": most})
        return found

    def _value(self) -> Any:
        token = self._next()
        if token.startswith("'"):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lower() in ("true", "false"):
            return token.lower() == "true"
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", token) or re.fullmatch(
            r"[0-9]{4}-[0-9-]+[0-9T:+.Z-]*", token
        ):
            return token
        raise _syntax(token)

    def _compare(self, name: str, comparator: str, wanted: Any) -> Predicate:
        compare = COMPARATORS[comparator]
        exact = self._by_case and comparator in ("equal", "in")
        several = wanted if isinstance(wanted, list) else [wanted]

        def predicate(record: Record) -> bool:
            value = record.get(name)
            return compare(value, wanted) and (not exact or not isinstance(value, str) or value in several)

        return predicate
