"""Records, links, territories and the recycle bin: plain data with indexes, no HTTP and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.links import LinkKey, Links
from simulator.modules import ACTIVITIES, DELETABLE, canonical
from simulator.record import Record, Tombstone
from simulator.views import View

_FIRST_ID = 3652397000020000001
_FIRST_VIEW = 3652397000000087501


@dataclass(slots=True)
class Module:
    """A module's records by id in the order they came, its views, deleted list and external-id indexes."""

    name: str
    records: dict[str, Record] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    deleted: dict[str, Tombstone] = field(default_factory=dict)
    external: dict[str, dict[str, str]] = field(default_factory=dict)


class Store:
    """Everything that Zoho stores. Deleting, counting a view and finding by id cost the same at any size."""

    def __init__(self) -> None:
        self.modules: dict[str, Module] = {}
        self.links = Links()
        self.territories: dict[str, str | None] = {}
        self.bin: dict[str, Tombstone] = {}
        self._seq = 0
        self._deleted_at = 0.0
        for name in DELETABLE:
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
        """Adds a record or merges into it. A list-valued field links; ``Territories`` is a plain field.

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
        stone = module.deleted.pop(record_id, None)
        if stone is not None:
            self.bin.pop(stone.bin_id, None)
        return record

    def _set(self, module: Module, record: Record, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name == "id":
                continue
            if isinstance(value, list) and name != "Territories":
                for related in value:
                    related_id = related["id"] if isinstance(related, dict) else related
                    self.links.add((module.name, record.id, canonical(name)), str(related_id))
                continue
            if name in module.external:
                _reindex(module.external[name], record, record.fields.get(name), value)
            record.fields[name] = value
        if "Territories" in values:
            for territory in record.territories():
                self.territories.setdefault(territory, None)

    # deleting

    def delete(self, module: Module, record: Record, now: float) -> Tombstone:
        """Moves the record to the recycle bin; its links and view memberships go with it."""
        del module.records[record.id]
        for view in module.views.values():
            view.members.pop(record.id, None)
        for name, index in module.external.items():
            _reindex(index, record, record.fields.get(name), None)
        links = self.links.take(module.name, record.id)
        now = self._deleted_at = max(
            now, self._deleted_at
        )  # keeps the deleted list in the order of its times
        bin_id = record.id if record.id not in self.bin else self.free_id()
        stone = Tombstone(record.id, bin_id, module.name, now, record.name(), record, links)
        module.deleted[record.id] = stone
        self.bin[bin_id] = stone
        return stone

    def purge(self, stone: Tombstone) -> None:
        """Out of the recycle bin, for good."""
        stone.record = None
        stone.links = []
        self.bin.pop(stone.bin_id, None)

    def restore(self, stone: Tombstone) -> None:
        """Back from the recycle bin, with its links. Raises ``ValueError`` for what was purged."""
        record = stone.record
        if record is None:
            raise ValueError("purged")
        module = self.module(stone.module)
        self.bin.pop(stone.bin_id, None)
        module.deleted.pop(stone.id, None)
        module.records[record.id] = record
        for name, index in module.external.items():
            _reindex(index, record, None, record.fields.get(name))
        for view in module.views.values():
            view.refresh(record)
        for key, related_id in stone.links:
            self._relink(key, related_id)

    def _relink(self, key: LinkKey, related_id: str) -> None:
        """Brings a link back; while one end still lies in the bin, the link waits there with it."""
        for name, record_id in ((key[0], key[1]), (key[2], related_id)):
            module = self.modules.get(name)
            stone = module.deleted.get(record_id) if module else None
            if stone is not None and stone.record is not None:
                stone.links.append((key, related_id))
                return
        if key[1] in self.module(key[0]).records:
            self.links.add(key, related_id)

    def by_external(self, module: Module, field_name: str, value: str) -> Record | None:
        """The record whose field holds this value; the field is indexed from its first use on."""
        index = module.external.get(field_name)
        if index is None:
            index = module.external[field_name] = {}
            for record in module.records.values():
                _reindex(index, record, None, record.fields.get(field_name))
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


def _reindex(index: dict[str, str], record: Record, old: Any, new: Any) -> None:
    if old is not None and index.get(str(old)) == record.id:
        del index[str(old)]
    if new is not None:
        index[str(new)] = record.id
