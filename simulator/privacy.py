"""Personal and encrypted fields: what an answer withholds, and which conditions Zoho refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator import errors
from simulator.criteria import Predicate
from simulator.http import Answer
from simulator.privacy_states import STATES
from simulator.record import Record
from simulator.schema import parts_of
from simulator.state import State

_IN_GDPR = "the field in restricted in GDPR"


def shown(state: State, module: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the values of restricted fields: null, or not there at all (``restricted_read``)."""
    hidden = withheld(state, module)
    if not hidden:
        return rows
    if state.settings.restricted_read == "absent":
        return [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    return [{name: None if name in hidden else value for name, value in row.items()} for row in rows]


def read_refusal(state: State, module: str, fields: Iterable[str] | None) -> Answer | None:
    """Why a read of these fields is refused: it names a restricted one (``restricted_read``)."""
    if state.settings.restricted_read != "INVALID_QUERY":
        return None
    named = withheld(state, module) & set(fields or ())
    return _invalid_query(min(named), _IN_GDPR) if named else None


def withheld(state: State, module: str) -> frozenset[str]:
    """The restricted fields of the module, of its parts for Activities."""
    return frozenset().union(*(state.schema.withheld(part) for part in parts_of(module)))


def query_refusal(state: State, module: str, compared: Iterable[tuple[str, str]]) -> Answer | None:
    """Why a COQL query with these conditions (field, comparator) is refused: an encrypted field that is no
    number takes tests for null only (Data Encryption), a restricted one none (``restricted_query``).
    """
    hidden = withheld(state, module)
    for name, comparator in compared:
        if comparator != "null" and any(state.schema.encrypted(part, name) for part in parts_of(module)):
            return _invalid_query(name, "the field is encrypted")
        if name in hidden and state.settings.restricted_query == "INVALID_QUERY":
            return _invalid_query(name, _IN_GDPR)
    return None


def criteria_refusal(state: State, module: str, compared: Iterable[tuple[str, str]]) -> Answer | None:
    """The same for the criteria of Search, where an encrypted field takes ``equals``."""
    hidden = withheld(state, module)
    for name, comparator in compared:
        if comparator != "equals" and any(state.schema.encrypted(part, name) for part in parts_of(module)):
            return _invalid_query(name, "the field is encrypted")
        if name in hidden and state.settings.restricted_query == "INVALID_QUERY":
            return _invalid_query(name, _IN_GDPR)
    return None


def _invalid_query(name: str, text: str) -> Answer:
    return errors.refusal(400, "INVALID_QUERY", text, {"column_name": name})


def blind(state: State, module: str) -> frozenset[str]:
    """Fields that a search for an email address, a phone number or a word does not look into."""
    hidden = frozenset() if state.settings.restricted_searched else withheld(state, module)
    if state.settings.encrypted_searched:
        return hidden
    names = [
        field["api_name"]
        for part in parts_of(module)
        for field in state.schema.fields(part)
        if state.schema.encrypted(part, field["api_name"])
    ]
    return hidden | frozenset(names)


class _Veiled(Record):
    """A record as a condition sees it whose restricted fields are empty."""

    __slots__ = ("_hidden", "_of")

    def __init__(self, of: Record, hidden: frozenset[str]) -> None:
        super().__init__(of.id, of.seq, of.created)
        self._of, self._hidden = of, hidden

    def get(self, name: str) -> Any:
        return None if name in self._hidden else self._of.get(name)


def seen_by(state: State, module: str, matches: Predicate) -> Predicate:
    """The condition as it sees restricted fields: as they are, or empty (``restricted_query``)."""
    hidden = withheld(state, module)
    if not hidden or state.settings.restricted_query != "null":
        return matches
    return lambda record: matches(_Veiled(record, hidden))


def hides(names: Iterable[str], record: Record) -> bool:
    """Whether the record is in one of these states."""
    return any(record.fields.get(STATES[name][0]) is STATES[name][1] for name in names)
