"""What is kept for erasing people: parts of a deletion (`D#{id}` / `PART#{n}`), and of an org its person map
(`ORG#{org}` / `PERSON#MAP`) and its modules as Zoho told them last (`ORG#{org}` / `PERSON#MODULES`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb import codec, items, operators_log_items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.service.ports import Part

if TYPE_CHECKING:
    from chalicelib.domain.evidence.operators import Entry

_MAP, _MODULES = "PERSON#MAP", "PERSON#MODULES"


class PersonItems(Dynamo):
    """The parts of the ledger's ports that are about erasing people."""

    def part(self, deletion_id: str, number: int) -> Any:
        """See ports.Reads."""
        item = self.get_item(items.part_key(deletion_id, "PART", number))
        if item is None:
            raise Unreadable(deletion_id, f"part {number} is not there")
        with codec.readable(deletion_id, f"part {number}"):
            return codec.unpack(item["data"]["B"])

    def person_map(self, org: str) -> Mapping[str, Any] | None:
        """See ports.Reads."""
        found = self._of_org(org, _MAP)
        if found is not None and not isinstance(found, dict):
            raise Unreadable(f"org {org}", f"{_MAP}: no object")
        return found

    def org_modules(self, org: str) -> Sequence[Mapping[str, Any]] | None:
        """The org's modules (domain.person.metadata) as a worker read them last; None where none has, or
        where that cannot be read: a worker reads them anew.
        """
        with suppress(Unreadable):
            found = self._of_org(org, _MODULES)
            return found if isinstance(found, list) else None
        return None

    def put_person_map(self, org: str, person_map: Mapping[str, object], noted: Entry) -> None:
        """Keep the map that an operator has put, with its entry of the operators' log."""
        item = {
            **items.org_key(org, _MAP),
            "data": {"B": codec.pack(person_map)},
            "set_by": {"S": noted.by},
            "set_at": items.number(noted.at),
        }
        put = items.put(self.name, item)
        self.write_all([put, *operators_log_items.beside(self.name, noted)])

    def _of_org(self, org: str, name: str) -> Any:
        item = self.get_item(items.org_key(org, name))
        with codec.readable(f"org {org}", name):
            return None if item is None else codec.unpack(item["data"]["B"])


def from_part(deletion: Deletion, part: Part) -> items.Item:
    """A part of a deletion."""
    data = {"data": {"B": codec.pack(part.content)}, "expires_at": items.number(deletion.expires_at)}
    return {**items.part_key(deletion.id, "PART", part.number), **data}


def from_modules(org: str, modules: Sequence[Mapping[str, object]]) -> items.Item:
    """The modules of an org."""
    return {**items.org_key(org, _MODULES), "data": {"B": codec.pack(list(modules))}}
