"""Which fields and related lists a module has: Zoho's own, those that were told, those that records show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from simulator.modules import ACTIVITIES, canonical
from simulator.standard_fields import STANDARD, SYSTEM

#: Types of fields that nobody described, told by their names.
_TYPED = {"email": ("email",), "phone": ("phone", "mobile", "fax")}
LOOKUPS = ("lookup", "multi_module_lookup")
#: A field that may point to records of any module, as the parent of a note may.
ANY = "*"
#: Types of which an encrypted field can be compared in COQL.
_NUMBERS = ("integer", "double", "currency", "bigint")

Field = dict[str, Any]


class Schema:
    """Metadata by module. What the control ``modules`` tells is merged into what Zoho has by itself."""

    def __init__(self) -> None:
        self.flags: dict[str, dict[str, Any]] = {}
        self.lists: dict[str, dict[str, dict[str, Any]]] = {}
        self._fields: dict[str, dict[str, Field]] = deepcopy(STANDARD)
        self._withheld: dict[str, frozenset[str]] = {}

    def tell(self, module: str, told: dict[str, Any]) -> None:
        """``{"fields": [...], "related_lists": [...]}`` and flags of the module, each in Zoho's shape."""
        module = canonical(module)
        for field in told.get("fields", []):
            self._fields.setdefault(module, {}).setdefault(field["api_name"], {}).update(field)
        for each in told.get("related_lists", []):
            self.lists.setdefault(module, {}).setdefault(each["api_name"], {}).update(each)
        flags = {name: value for name, value in told.items() if name not in ("fields", "related_lists")}
        self.flags.setdefault(module, {}).update(flags)
        self._withheld.clear()

    def fields(self, module: str, seen: Iterable[str] = ()) -> list[Field]:
        """The module's fields; ``seen``: names that its records have."""
        told = self._fields.get(canonical(module), {})
        names = dict.fromkeys([*told, *(name for name in seen if not name.startswith("$")), *SYSTEM])
        return [self.field(module, name) for name in names]

    def field(self, module: str, name: str) -> Field:
        """One field, in Zoho's shape but for what nobody told."""
        told = self._fields.get(canonical(module), {}).get(name) or SYSTEM.get(name, {})
        return {"api_name": name, "data_type": _type_by_name(name), "private": None, "crypt": None, **told}

    def type_of(self, module: str, name: str) -> str:
        """The field's data type."""
        return str(self.field(module, name)["data_type"])

    def withheld(self, module: str) -> frozenset[str]:
        """Personal fields that the API may not see."""
        module = canonical(module)
        if module not in self._withheld:
            names = (name for name, field in self._fields.get(module, {}).items() if _restricted(field))
            self._withheld[module] = frozenset(names)
        return self._withheld[module]

    def encrypted(self, module: str, name: str) -> bool:
        """Whether the field is encrypted and no number."""
        return bool(self.field(module, name)["crypt"]) and self.type_of(module, name) not in _NUMBERS

    def searched(self, module: str) -> bool:
        """Whether Search looks into the module."""
        return self.flags.get(canonical(module), {}).get("global_search_supported") is not False

    def served(self, module: str) -> bool:
        """Whether the API serves the module."""
        return self.flags.get(canonical(module), {}).get("api_supported") is not False

    def pointing(self, module: str, to: str) -> Iterator[str]:
        """The fields of ``module`` that can point to records of ``to``."""
        for name, field in self._fields.get(canonical(module), {}).items():
            if field.get("data_type") in LOOKUPS and {ANY, canonical(to)} & set(targets(field)):
                yield name

    def modules(self) -> list[str]:
        """The modules of which fields are known."""
        return list(self._fields)


def targets(field: Field) -> list[str]:
    """The modules that a lookup can point to."""
    lookup = field.get("lookup") or {}
    several = field.get("multi_module_lookup") or {}
    found = [lookup.get("module"), *several.get("modules", [])]
    return [canonical(each["api_name"] if isinstance(each, dict) else each) for each in found if each]


def parts_of(module: str) -> tuple[str, ...]:
    """The modules that a name stands for."""
    return ACTIVITIES if module == "Activities" else (canonical(module),)


def _type_by_name(name: str) -> str:
    lower = name.lower()
    found = (kind for kind, parts in _TYPED.items() if any(part in lower for part in parts))
    return next(found, "text")


def _restricted(field: Field) -> bool:
    private = field.get("private")
    return isinstance(private, dict) and private.get("restricted") is True
