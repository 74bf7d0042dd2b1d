"""What hangs on a record and is deleted with it: notes, attachments, tasks, by their lookup fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.record import Record


class Families:
    """Children by the record they hang on. ``fields``: by module, the lookup fields that make a child."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {module: tuple(names) for module, names in fields.items()}
        self._index: dict[tuple[str, str], dict[str, dict[str, None]]] = {}

    def of(self, parent: str, modules: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(module, id) of each record that names ``parent``; ``modules``: all modules by their names."""
        found: dict[tuple[str, str], None] = {}
        for module, names in self.fields.items():
            if module in modules:
                for name in names:
                    children = self._of_field(module, name, modules[module].records).get(parent)
                    if children:
                        found |= dict.fromkeys((module, child) for child in children)
        return list(found)

    def naming(self, parent: str, module: str, field: str, records: Mapping[str, Record]) -> list[str]:
        """Ids of the module's ``records`` whose ``field`` names ``parent``."""
        return [one for one in self._of_field(module, field, records).get(parent, {}) if one in records]

    def parents(self, module: str, record: Record) -> Iterator[str]:
        """Ids of the records that it hangs on."""
        return self.parents_by(record, self.fields.get(module, ()))

    @staticmethod
    def parents_by(record: Record, names: Sequence[str]) -> Iterator[str]:
        """Ids of the records that these lookup fields name."""
        for name in names:
            parent = lookup(record.fields.get(name))
            if parent is not None:
                yield parent

    def moved(self, module: str, record_id: str, name: str, old: Any, new: Any) -> None:
        """A field got another value."""
        index = self._index.get((module, name))
        if index is None:
            return
        before, after = lookup(old), lookup(new)
        if before is not None:
            index.get(before, {}).pop(record_id, None)
        if after is not None:
            index.setdefault(after, {})[record_id] = None

    def _of_field(self, module: str, name: str, records: Mapping[str, Record]) -> dict[str, dict[str, None]]:
        """The index of a field, made at its first use; an id stays in it while its record is deleted."""
        index = self._index.get((module, name))
        if index is None:
            index = self._index[module, name] = {}
            for record in records.values():
                self.moved(module, record.id, name, None, record.fields.get(name))
        return index


def lookup(value: Any) -> str | None:
    """The id in a lookup field's value: ``{"id": ...}`` or the id itself."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found else None
