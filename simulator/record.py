"""A record, and what is left of it after its deletion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.clock import iso
from simulator.links import LinkKey

_NAMES = (
    "Full_Name",
    "Account_Name",
    "Deal_Name",
    "Campaign_Name",
    "Product_Name",
    "Subject",
    "Name",
    "Last_Name",
)


class Record:
    """One record. ``fields`` holds what was loaded, without the id and without links; times are seconds."""

    __slots__ = ("created", "fields", "id", "modified", "seq")

    def __init__(self, record_id: str, seq: int, now: float) -> None:
        self.id = record_id
        self.seq = seq
        self.fields: dict[str, Any] = {}
        self.created = now
        self.modified = now

    def get(self, name: str) -> Any:
        """A field's value or ``None``. ``Created_Time`` and ``Modified_Time`` are always there."""
        if name == "id":
            return self.id
        value = self.fields.get(name)
        if value is None and name == "Created_Time":
            return iso(self.created)
        if value is None and name == "Modified_Time":
            return iso(self.modified)
        return value

    def territories(self) -> list[str]:
        """Ids of the territories that the record belongs to (field ``Territories``)."""
        found = self.fields.get("Territories") or []
        return [str(item["id"] if isinstance(item, dict) else item) for item in found]

    def name(self) -> str | None:
        """What lists show for the record."""
        for field_name in _NAMES:
            if self.fields.get(field_name):
                return str(self.fields[field_name])
        return None


@dataclass(slots=True, eq=False)
class Tombstone:
    """A deleted record. It lies in the recycle bin, under ``bin_id``, until it is restored or ``record`` is
    ``None``: then it is gone for good.

    ``left_at``: when it was restored or became permanent. ``children``: what was deleted along with it;
    ``named_by``: fields of others that named it and were emptied (module, id, field, value);
    ``along``: whether it was itself. ``owner``: the record's field of that name.
    """

    id: str
    bin_id: str
    module: str
    deleted_at: float
    name: str | None
    record: Record | None
    links: list[tuple[LinkKey, str]]
    along: bool = False
    owner: Any = None
    left_at: float | None = None
    children: list[Tombstone] = field(default_factory=list)
    named_by: list[tuple[str, str, str, Any]] = field(default_factory=list)

    def type_at(self, moment: float) -> str:
        """``recycle`` or ``permanent``, as the deleted list said it at that moment (seconds)."""
        gone = self.record is None and self.left_at is not None and self.left_at <= moment
        return "permanent" if gone else "recycle"
