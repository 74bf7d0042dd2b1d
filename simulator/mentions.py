"""Fields of other records that name a deleted one: lookups, and participants of events."""

from __future__ import annotations

from simulator.record import Record, Tombstone
from simulator.schema import Schema
from simulator.store import Store

_EVENTS, _PARTICIPANTS = "Events", "Participants"


def empty(store: Store, schema: Schema, stone: Tombstone, now: float) -> None:
    """Takes the deleted record out of the fields that name it, and notes them for its restore."""
    for module in schema.modules():
        if module not in store.modules:
            continue
        records = store.module(module).records
        for field in schema.pointing(module, stone.module):
            for other in store.families.naming(stone.id, module, field, records):
                _note(stone, module, records[other], field)
                store.upsert(module, {"id": other, field: None}, now)
    for event in list(store.module(_EVENTS).records.values()):
        listed = event.fields.get(_PARTICIPANTS) or []
        left = [each for each in listed if each.get("participant") != stone.id]
        if len(left) != len(listed):
            _note(stone, _EVENTS, event, _PARTICIPANTS)
            store.upsert(_EVENTS, {"id": event.id, _PARTICIPANTS: left}, now)
    for child in stone.children:
        empty(store, schema, child, now)


def _note(stone: Tombstone, module: str, record: Record, field: str) -> None:
    stone.named_by.append((module, record.id, field, record.fields.get(field)))


def bring_back(store: Store, stone: Tombstone, now: float) -> None:
    """Gives the fields that were emptied their value again, where they are empty still."""
    for module, record_id, field, value in stone.named_by:
        record = store.module(module).records.get(record_id)
        if record is not None and (field == _PARTICIPANTS or record.fields.get(field) is None):
            store.upsert(module, {"id": record_id, field: value}, now)
    stone.named_by = []
    for child in stone.children:
        bring_back(store, child, now)
