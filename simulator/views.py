"""Custom views: which records they hold. The members are kept, so a count never walks through a module."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.criteria import Predicate, compile_criteria
from simulator.record import Record


class View:
    """A view of one module: everything (``system``), by criteria, or a fixed list of ids.

    Raises ``ValueError`` for criteria that Zoho would not understand.
    """

    def __init__(
        self,
        view_id: str,
        module: str,
        name: str,
        criteria: dict[str, Any] | None = None,
        ids: list[str] | None = None,
        *,
        system: bool = False,
    ) -> None:
        self.id = view_id
        self.module = module
        self.name = name
        self.system = system
        self.criteria = criteria
        self.members: dict[str, Record] = {}
        self._in_order = True
        self._ids = frozenset(ids) if ids is not None else None
        self._predicate: Predicate | None = compile_criteria(criteria) if criteria is not None else None

    def matches(self, record: Record) -> bool:
        """Whether the record belongs to the view."""
        if self._ids is not None and record.id not in self._ids:
            return False
        return self._predicate is None or self._predicate(record)

    def refresh(self, record: Record) -> None:
        """Takes a new, changed or restored record in or out."""
        if self.matches(record):
            last = next(reversed(self.members.values()), record)
            self._in_order = self._in_order and (record.id in self.members or last.seq <= record.seq)
            self.members[record.id] = record
        else:
            self.members.pop(record.id, None)

    def listed(self) -> Iterable[Record]:
        """Its records in the order they came: pages go by it, and a record may come into the view late."""
        if not self._in_order:
            self.members = dict(sorted(self.members.items(), key=lambda item: item[1].seq))
            self._in_order = True
        return self.members.values()

    def shown(self) -> dict[str, Any]:
        """The view as Zoho's custom view metadata shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "display_value": self.name,
            "system_name": "ALLVIEWS" if self.system else None,
            "system_defined": self.system,
            "default": self.system,
            "category": "public_views" if self.system else "created_by_me",
            "access_type": "public",
            "criteria": self.criteria,
            "module": {"api_name": self.module},
            "fields": [{"api_name": "id"}],
            "locked": False,
            "favorite": None,
            "last_accessed_time": None,
        }
