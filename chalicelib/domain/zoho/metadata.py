"""What Zoho tells of an org's modules, their fields and their related lists. Pure.

Sources: Zoho CRM API v7 and v8, Modules, Fields and Related Lists Metadata. What Zoho leaves out, or says in
a shape that nobody knows, is read as what makes us look rather than look away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: Data types of fields in which a person is found directly, and of those that point to other records.
EMAIL, PHONE = "email", "phone"
LOOKUPS = frozenset({"lookup", "multi_module_lookup", "multiselectlookup"})
PHOTO = "profileimage"


@dataclass(frozen=True, slots=True)
class ModuleInfo:
    """A module. `name`: its API name as Zoho writes it. `kind`: Zoho's `generated_type` (default, custom,
    web, linking, subform and others), "" where it is not told.

    `served`: whether the API serves it and the user may see it. `deletable`, `searched` (the module takes
    part in Zoho's search): False only where Zoho says so. `keeps_deleted`: whether a delete goes to the
    recycle bin, None where that is not told.
    """

    name: str
    kind: str = ""
    served: bool = True
    deletable: bool = True
    searched: bool = True
    keeps_deleted: bool | None = None


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field. `type`: Zoho's `data_type` (email, phone, text, lookup, profileimage, fileupload and others).

    `points_to`: API names of the modules that a lookup can point to; empty for other fields, and for a
    lookup of which Zoho does not tell. `restricted`: a personal field that is withheld from the API.
    `sensitivity`: Low or High for a personal field, "" for others. `encrypted`: COQL compares it with null
    only. `searchable`: False only where Zoho says so. `required`, `read_only`: it cannot be emptied.
    """

    name: str
    type: str
    points_to: tuple[str, ...] = ()
    restricted: bool = False
    sensitivity: str = ""
    encrypted: bool = False
    searchable: bool = True
    required: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class RelatedListInfo:
    """A related list of a module. `name`: its API name, the last part of the path of its calls. `module`: the
    API name of the module whose records it lists, "" where it is none (Emails, Notes of some orgs).
    `hidden`: the user does not see it; the API serves it all the same.
    """

    name: str
    module: str = ""
    type: str = ""
    hidden: bool = False


def modules_of(body: Mapping[str, object] | None) -> tuple[ModuleInfo, ...]:
    """The modules of a METADATA answer; those without an API name are left out."""
    return tuple(
        ModuleInfo(
            _text(each.get("api_name")),
            _text(each.get("generated_type")),
            served=each.get("api_supported") is not False and each.get("viewable") is not False,
            deletable=each.get("deletable") is not False,
            searched=each.get("global_search_supported") is not False,
            keeps_deleted=_truth(each.get("recycle_bin_on_delete")),
        )
        for each in _listed(body, "modules")
    )


def fields_of(body: Mapping[str, object] | None) -> tuple[FieldInfo, ...]:
    """The fields of a METADATA answer; those without an API name are left out."""
    return tuple(_field(each) for each in _listed(body, "fields"))


def related_lists_of(body: Mapping[str, object] | None) -> tuple[RelatedListInfo, ...]:
    """The related lists of a METADATA answer, without those that are about to be deleted."""
    return tuple(
        RelatedListInfo(
            _text(each.get("api_name")),
            _module(each.get("module")),
            _text(each.get("type")),
            hidden=each.get("status") == "user_hidden",
        )
        for each in _listed(body, "related_lists")
        if each.get("status") != "scheduled_for_deletion"
    )


def _field(told: Mapping[str, object]) -> FieldInfo:
    private = told.get("private")
    personal = private if isinstance(private, Mapping) else {}
    return FieldInfo(
        _text(told.get("api_name")),
        _text(told.get("data_type")),
        _points_to(told),
        # A shape that is not known may withhold the field as well: then it is named, not taken for readable.
        restricted=_withheld(private, personal),
        sensitivity=_text(personal.get("type")),
        encrypted=bool(told.get("crypt")),
        searchable=told.get("searchable") is not False,
        required=told.get("system_mandatory") is True,
        read_only=told.get("read_only") is True or told.get("field_read_only") is True,
    )


def _withheld(private: object, personal: Mapping[str, object]) -> bool:
    if private is None or private is False:
        return False
    return personal.get("restricted") is not False


def _points_to(told: Mapping[str, object]) -> tuple[str, ...]:
    """Modules that a lookup can point to, in whichever of Zoho's shapes they are told."""
    found: dict[str, None] = {}
    for key in ("lookup", "multiselectlookup", "multi_module_lookup"):
        value = told.get(key)
        if isinstance(value, Mapping):
            several = value.get("modules")
            for each in (value.get("module"), value.get("connected_module"), *_parts(several)):
                found[_module(each)] = None
    for each in _parts(told.get("associated_modules")):
        found[_module(each)] = None
    return tuple(name for name in found if name)


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for each in value:
            yield each.get("module", each) if isinstance(each, Mapping) else each


def _listed(body: Mapping[str, object] | None, container: str) -> Iterator[Mapping[str, object]]:
    listed = (body or {}).get(container)
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping) and _text(each.get("api_name")):
            yield each


def _module(told: object) -> str:
    """A module's API name, told as a text or as an object."""
    return _text(told.get("api_name") if isinstance(told, Mapping) else told)


def _text(told: object) -> str:
    return told if isinstance(told, str) else ""


def _truth(told: object) -> bool | None:
    return told if isinstance(told, bool) else None
