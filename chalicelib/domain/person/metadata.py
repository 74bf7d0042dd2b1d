"""What of an org's modules and fields decides where a person may be, as it is stored while an erasure goes
on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.domain import modules
from chalicelib.domain.zoho.metadata import EMAIL, PHONE, PHOTO, FieldInfo, ModuleInfo

#: Lookups that COQL compares by id; others are read from the side of the record that they lead to.
LOOKUPS = frozenset({"lookup", "multi_module_lookup"})
_TYPES = LOOKUPS | {EMAIL, PHONE, PHOTO}
#: Kinds of modules whose records stand for themselves; others hold parts of records, such as subforms' rows.
_KINDS = frozenset({"default", "custom", ""})
#: What Zoho lists among modules and is none for a search: `Activities` is Tasks, Events and Calls once more.
_LEFT_OUT = frozenset({"Activities", "Attachments", "Notes"})


@dataclass(frozen=True, slots=True)
class FieldOf:
    """A field that a person can be found by, that leads to another record, or that holds a photo.

    `to`: the modules that a lookup leads to, empty where Zoho does not tell. `restricted`: withheld from the
    API. `encrypted`: COQL cannot compare it; Search can where it is `searchable`. `fixed`: it cannot be
    emptied.
    """

    name: str
    type: str
    to: tuple[str, ...] = ()
    restricted: bool = False
    encrypted: bool = False
    searchable: bool = True
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """A module with those of its fields that matter. `readable`: the API serves it and the user may see it.

    `searched`: Zoho's Search takes it. `custom`: the org made it. `part`: it holds parts of other records;
    `linking`: each of these ties two records together, and can be asked for by them. `binned`: what is
    deleted goes to the recycle bin; False only where Zoho says so.
    """

    name: str
    custom: bool = False
    readable: bool = True
    searched: bool = True
    part: bool = False
    linking: bool = False
    binned: bool = True
    fields: tuple[FieldOf, ...] = ()

    def of_type(self, *types: str) -> tuple[FieldOf, ...]:
        """Its fields of these types."""
        return tuple(each for each in self.fields if each.type in types)

    @property
    def identifying(self) -> tuple[FieldOf, ...]:
        """The fields by which a person is found."""
        return self.of_type(EMAIL, PHONE)

    @property
    def lookups(self) -> tuple[FieldOf, ...]:
        """The fields that lead to other records."""
        return self.of_type(*LOOKUPS)

    @property
    def photo(self) -> str:
        """The field of its records' photo, "" where it has none."""
        return next((each.name for each in self.of_type(PHOTO)), "")

    def to_json(self) -> dict[str, object]:
        """As it is stored; that its deletes go to the recycle bin is left out."""
        shown = asdict(self)
        if self.binned:
            del shown["binned"]
        return shown


def module_of(stored: Mapping[str, Any]) -> Module:
    """The module that `to_json` wrote. Raises TypeError or KeyError for anything else."""
    fields = tuple(FieldOf(**{**each, "to": tuple(each["to"])}) for each in stored["fields"])
    return Module(**{**stored, "fields": fields})


def modules_in(part: Any) -> dict[str, Module]:
    """The modules by name in what was stored of an org. Raises as `module_of`, or AttributeError."""
    return by_name(module_of(each) for each in part["modules"])


def listed(found: Iterable[ModuleInfo]) -> list[Module]:
    """The modules in which a person may be, sorted, without their fields."""
    known: dict[str, Module] = {}
    for each in found:
        name = modules.canonical(each.name)
        if modules.problem_of(name) or name in _LEFT_OUT:
            continue
        known[name] = Module(
            name,
            custom=each.kind == "custom",
            readable=each.served,
            searched=each.searched,
            part=each.kind not in _KINDS,
            linking=each.kind == "linking",
            binned=each.keeps_deleted is not False,
        )
    return [known[name] for name in sorted(known)]


def fields_that_matter(found: Sequence[FieldInfo]) -> tuple[FieldOf, ...]:
    """Of a module's fields those that are looked at, sorted."""
    kept = [
        FieldOf(
            each.name,
            each.type,
            tuple(sorted(map(modules.canonical, each.points_to))),
            each.restricted,
            each.encrypted,
            each.searchable,
            fixed=each.required or each.read_only,
        )
        for each in found
        if each.type in _TYPES and modules.NAME.fullmatch(each.name)
    ]
    return tuple(sorted(kept, key=lambda each: each.name))


def by_name(found: Iterable[Module]) -> dict[str, Module]:
    """The modules by their names."""
    return {each.name: each for each in found}
