"""Modules with their records and views, links and territories: plain data with indexes, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.families import Families
from simulator.links import Links
from simulator.modules import ACTIVITIES, BELONGINGS, DELETABLE, canonical
from simulator.record import Record, Tombstone
from simulator.views import View

_FIRST_ID = 3652397000020000001
_FIRST_VIEW = 3652397000000087501
#: Fields whose value is a list of its own; any other list links.
PLAIN_LISTS = frozenset({"Territories", "Participants"})


@dataclass(slots=True)
class Module:
    """A module's records by id in the order they came, its views, deleted list and external-id indexes.

    ``deleted`` holds what was deleted and did not come back, in the order of the deletions; ``permanent``
    those of them that are gone for good, in the order in which they went; ``restored`` what came back.
    ``seen``: names of fields that its records have had.
    """

    name: str
    records: dict[str, Record] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    deleted: dict[str, Tombstone] = field(default_factory=dict)
    permanent: dict[str, Tombstone] = field(default_factory=dict)
    restored: dict[str, Tombstone] = field(default_factory=dict)
    external: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: dict[str, None] = field(default_factory=dict)


class Contents:
    """What Zoho stores but for the way into the recycle bin and back. Counting a view and finding by id cost
    the same at any size.
    """

    def __init__(self) -> None:
        self.modules: dict[str, Module] = {}
        self.links = Links()
        self.territories: dict[str, str | None] = {}
        self.bin: dict[str, Tombstone] = {}
        self.left_bin: dict[str, Tombstone] = {}
        self.families = Families({})
        self.without_bin: frozenset[str] = frozenset()
        self.deletable: frozenset[str] = frozenset()
        self.on_delete: Callable[[Tombstone, float], None] | None = None
        self._seq = 0
        self._deleted_at = 0.0
        for name in (*DELETABLE, *BELONGINGS):
            self.module(name)

    # modules and views

    def module(self, name: str) -> Module:
        """The module, made with its "All" view when it is not there yet."""
        name = canonical(name)
        found = self.modules.get(name)
        if found is None:
            found = self.modules[name] = Module(name)
            everything = View(str(_FIRST_VIEW + 10 * len(self.modules)), name, "All", system=True)
            everything.members = found.records
            found.views[everything.id] = everything
        return found

    def find_module(self, name: str) -> Module | None:
        """The module, or ``None`` when Zoho has none of this name."""
        return self.modules.get(canonical(name))

    def parts(self, name: str) -> list[Module]:
        """The modules that hold ``name``'s records: Activities are Tasks, Events and Calls together."""
        return [self.module(part) for part in (ACTIVITIES if name == "Activities" else (name,))]

    def find(self, name: str, record_id: str) -> tuple[Module, Record] | None:
        """A record and the module it lies in."""
        for module in self.parts(name):
            record = module.records.get(record_id)
            if record is not None:
                return module, record
        return None

    def find_view(self, name: str, cvid: str) -> View | None:
        """A custom view of the module."""
        module = self.find_module(name)
        return module.views.get(cvid) if module else None

    def add_view(self, view: View) -> None:
        """Adds or replaces a view; its members are found once here and kept up to date from then on."""
        module = self.module(view.module)
        view.members = {record.id: record for record in module.records.values() if view.matches(record)}
        module.views[view.id] = view

    def free_id(self) -> str:
        """An id that no record has yet."""
        self._seq += 1
        return str(_FIRST_ID + self._seq)

    # records

    def upsert(self, name: str, values: dict[str, Any], now: float) -> Record:
        """Adds a record or merges into it. A list-valued field links, but for ``PLAIN_LISTS``.

        Raises ``ValueError`` for an id that is not digits.
        """
        module = self.module(name)
        record_id = str(values.get("id") or self.free_id())
        if not record_id.isascii() or not record_id.isdigit():
            raise ValueError(f"{name}: id {record_id!r} is not a string of digits")
        record = module.records.get(record_id)
        if record is None:
            record = self._new(module, record_id, now)
        self._set(module, record, values)
        record.modified = now
        for view in module.views.values():
            if not view.system:
                view.refresh(record)
        return record

    def _new(self, module: Module, record_id: str, now: float) -> Record:
        self._seq += 1
        record = module.records[record_id] = Record(record_id, self._seq, now)
        module.permanent.pop(record_id, None)
        stone = module.deleted.pop(record_id, None)
        if stone is not None:
            self.bin.pop(stone.bin_id, None)
        return record

    def _set(self, module: Module, record: Record, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name == "id":
                continue
            if isinstance(value, list) and name not in PLAIN_LISTS:
                for related in value:
                    related_id = related["id"] if isinstance(related, dict) else related
                    self.links.add((module.name, record.id, canonical(name)), str(related_id))
                continue
            if name in module.external:
                reindex(module.external[name], record, record.fields.get(name), value)
            self.families.moved(module.name, record.id, name, record.fields.get(name), value)
            record.fields[name] = value
            module.seen[name] = None
        if "Territories" in values:
            for territory in record.territories():
                self.territories.setdefault(territory, None)

    def by_external(self, module: Module, field_name: str, value: str) -> Record | None:
        """The record whose field holds this value; the field is indexed from its first use on."""
        index = module.external.get(field_name)
        if index is None:
            index = module.external[field_name] = {}
            for record in module.records.values():
                reindex(index, record, None, record.fields.get(field_name))
        record_id = index.get(value)
        return module.records.get(record_id) if record_id else None

    def within(self, territory: str, include_child: bool) -> set[str]:
        """Ids of the territory and, if wanted, of all territories below it."""
        found = {territory}
        while include_child:
            more = {child for child, parent in self.territories.items() if parent in found} - found
            if not more:
                break
            found |= more
        return found

    def all_records(self, name: str) -> Iterator[Record]:
        """The module's records in the order they came; Activities one module after the other."""
        for module in self.parts(name):
            yield from module.records.values()


def reindex(index: dict[str, str], record: Record, old: Any, new: Any) -> None:
    """Takes a record out of an index under its old value and in under its new one; ``None``: no value."""
    if old is not None and index.get(str(old)) == record.id:
        del index[str(old)]
    if new is not None:
        index[str(new)] = record.id
