"""People in the fake Zoho org: modules with fields and values, searches that lag, what belongs to records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.zoho.asking import MOST_PAGES, PAGE, By, SearchQuery, Selection
from chalicelib.domain.zoho.metadata import EMAIL, PHONE, FieldInfo, ModuleInfo, RelatedListInfo
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.domain.zoho.rows import lookup_id


@dataclass
class FakeModule:
    """A module with what its metadata says, and the values of its records by id."""

    info: ModuleInfo
    fields: tuple[FieldInfo, ...] = ()
    related_lists: tuple[RelatedListInfo, ...] = ()
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of_type(self, kind: str) -> list[str]:
        return [each.name for each in self.fields if each.type == kind and not each.restricted]

    def named(self, name: str) -> FieldInfo:
        return next((each for each in self.fields if each.name == name), FieldInfo(name, "text"))


class FakePeople:
    """A part of FakeZoho. `people`: modules by name. `belongs`: ids in a related list, by (module, record id,
    list). A record is there while its id is among `records` and all records of `along` that it goes with are.

    `unsearched`: ids that Search does not show yet; `unqueried`: ids that COQL does not show (converted ones
    perhaps). `frozen`: fields that no update changes, though Zoho says that it did. `parents`: whose a note
    or an attachment is where that is not the record under which it is listed, "" where it is not shown.
    """

    records: dict[str, None]

    def __init__(self) -> None:
        self.people: dict[str, FakeModule] = {}
        self.belongs: dict[tuple[str, str, str], list[str]] = {}
        self.along: dict[str, str] = {}
        self.photos: set[str] = set()
        self.unsearched: set[str] = set()
        self.unqueried: set[str] = set()
        self.frozen: set[str] = set()
        self.parents: dict[str, str] = {}

    def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
        raise NotImplementedError

    def add_module(self, name: str, *fields: FieldInfo, lists: Sequence[str] = (), **info: Any) -> None:
        """A module with these fields and an owner; related lists are those of the module of the same name."""
        related = tuple(RelatedListInfo(each, each) for each in lists)
        self.people[name] = FakeModule(
            ModuleInfo(name, **info), (*fields, FieldInfo("Owner", "ownerlookup")), related
        )

    def add_person(self, module: str, record_id: str, **values: Any) -> None:
        """A record with these values."""
        self.people[module].values[record_id] = values
        self.records[record_id] = None

    def there(self, record_id: str) -> bool:
        """Is the record there, and not gone along with another one?"""
        parent = self.along.get(record_id)
        return record_id in self.records and (parent is None or self.there(parent))

    def values_of(self, module: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The records that are there, as reads show them: restricted fields are withheld."""
        found = self.people[module]
        withheld = {each.name for each in found.fields if each.restricted}
        for one, values in found.values.items():
            if self.there(one):
                yield one, {name: None if name in withheld else value for name, value in values.items()}

    def _on(self, name: str, module: str, what: Any, work: Callable[[FakeModule], Reply]) -> Reply:
        def checked() -> Reply:
            found = self.people.get(module)
            if found is None or not found.info.served:
                text = "The module name given seems to be invalid"
                return Reply(400, error=Item("INVALID_MODULE", text), body={"code": "INVALID_MODULE"})
            return work(found)

        return self._do(name, what, checked)

    def modules(self) -> Reply:
        rows = [_module_row(each.info) for each in self.people.values()]
        return self._do("modules", None, lambda: Reply(200, body={"modules": rows}))

    def fields(self, module: str) -> Reply:
        return self._on("fields", module, module, lambda m: Reply(200, body={"fields": _field_rows(m)}))

    def related_lists(self, module: str) -> Reply:
        def work(found: FakeModule) -> Reply:
            rows = [{"api_name": e.name, "module": {"api_name": e.module}} for e in found.related_lists]
            return Reply(200, body={"related_lists": rows})

        return self._on("related_lists", module, module, work)

    def search(self, module: str, search: SearchQuery, page: int) -> Reply:
        def work(found: FakeModule) -> Reply:
            if not found.info.searched:
                return Reply(400, error=Item("NOT_SUPPORTED", "not supported for search"), body={"code": ""})
            if page > MOST_PAGES:
                return Reply(400, error=Item("LIMIT_REACHED", "the limit is reached"), body={"code": ""})
            names = {
                By.EMAIL: found.of_type(EMAIL),
                By.PHONE: found.of_type(PHONE),
                By.WORD: [each.name for each in found.fields],
                By.FIELD: [search.field],
            }[search.by]
            hits = [
                (one, values)
                for one, values in self.values_of(module)
                if one not in self.unsearched
                and any(search.value.lower() in str(values.get(name) or "").lower() for name in names)
            ]
            return _page(hits, page)

        return self._on("search", module, (module, search, page), work)

    def select(self, selection: Selection) -> Reply:
        selection.text()
        where = selection.where

        def work(found: FakeModule) -> Reply:
            asked = [found.named(name) for name in where.fields]
            if any(each.encrypted or each.restricted for each in asked):
                return Reply(400, error=Item("INVALID_QUERY", "invalid query formed"), body={"code": ""})
            behind = int(selection.after or 0)
            hits = [
                (one, values)
                for one, values in sorted(self.values_of(selection.module), key=lambda pair: int(pair[0]))
                if int(one) > behind and one not in self.unqueried
                if any(_meets(values.get(name), where.values, where.like) for name in where.fields)
            ]
            return _page(hits, 1)

        return self._on("select", selection.module, selection, work)

    def read_values(self, module: str, ids: Sequence[str], columns: Sequence[str]) -> Reply:
        def work(_: FakeModule) -> Reply:
            found = [(one, values) for one, values in self.values_of(module) if one in ids]
            return _page([(one, {name: values.get(name) for name in columns}) for one, values in found], 1)

        if module == "Notes":
            return self._do("read_values", (module, list(ids)), lambda: self._notes(ids, columns))
        return self._on("read_values", module, (module, list(ids)), work)

    def read_record(self, module: str, record_id: str) -> Reply:
        def work(_: FakeModule) -> Reply:
            return _page([pair for pair in self.values_of(module) if pair[0] == record_id], 1)

        return self._on("read_record", module, (module, record_id), work)

    def _listed(self, module: str, record_id: str, name: str) -> list[str]:
        found = self.belongs.get((module, record_id, name), [])
        return [one for one in found if one not in self.along or self.there(one)]

    def parent_of(self, child: str) -> dict[str, str] | None:
        """The record that a note or an attachment names as its own, as its field `Parent_Id` tells it."""
        if child in self.parents:
            parent = self.parents[child]
            return {"id": parent} if parent else None
        found = [
            key[1]
            for key, held in self.belongs.items()
            if key[2] in ("Notes", "Attachments") and child in held
        ]
        return {"id": found[0]} if found else None

    def _notes(self, ids: Sequence[str], columns: Sequence[str]) -> Reply:
        named = [key for key in self.belongs if key[2] == "Notes"]
        there = {one for key in named for one in self._listed(*key)}
        own = self.people["Notes"].values if "Notes" in self.people else {}
        told = {one: {**own.get(one, {}), "Parent_Id": self.parent_of(one)} for one in ids if one in there}
        return _page([(one, {name: has.get(name) for name in columns}) for one, has in told.items()], 1)

    def related(
        self, module: str, record_id: str, related_list: str, page: int, columns: Sequence[str] = ()
    ) -> Reply:
        def work(_: FakeModule) -> Reply:
            listed = self._listed(module, record_id, related_list)
            told = {"Parent_Id"} & set(columns)
            return _page([(one, {name: self.parent_of(one) for name in told}) for one in listed], page)

        return self._on("related", module, (module, record_id, related_list, page), work)

    def related_counts(self, module: str, record_id: str, related_lists: Sequence[str]) -> Reply:
        def work(_: FakeModule) -> Reply:
            rows = [
                {"related_list": {"api_name": name}, "count": len(self._listed(module, record_id, name))}
                for name in related_lists
            ]
            return Reply(200, body={"get_related_records_count": rows})

        return self._on("related_counts", module, (module, record_id, list(related_lists)), work)

    def update(self, module: str, record_id: str, values: Mapping[str, object]) -> Reply:
        def work(found: FakeModule) -> Reply:
            if record_id not in found.values or not self.there(record_id):
                text = "the id given seems to be invalid"
                error = Item("INVALID_DATA", text, details={"resource_path_index": 1})
                return Reply(400, error=error, body={"code": "INVALID_DATA"})
            for name, value in values.items():
                if value is None and found.named(name).required:
                    missing = Item("MANDATORY_NOT_FOUND", "required field not found", id=None)
                    return Reply(400, items=(missing,), body={"data": []})
            found.values[record_id] |= {n: v for n, v in values.items() if n not in self.frozen}
            done = Item("SUCCESS", "record updated", ok=True, id=record_id)
            return Reply(200, items=(done,), body={"data": []})

        return self._on("update", module, (module, record_id, dict(values)), work)

    def delete_attachment(self, module: str, record_id: str, attachment_id: str) -> Reply:
        def work(_: FakeModule) -> Reply:
            listed = self.belongs.get((module, record_id, "Attachments"), [])
            if attachment_id not in listed:
                error = Item("INVALID_DATA", "record not deleted", details={"resource_path_index": 3})
                return Reply(400, error=error, body={"code": "INVALID_DATA"})
            listed.remove(attachment_id)
            done = Item("SUCCESS", "record deleted", ok=True, id=attachment_id)
            return Reply(200, items=(done,), body={"data": []})

        return self._on("delete_attachment", module, (module, record_id, attachment_id), work)

    def delete_photo(self, module: str, record_id: str) -> Reply:
        def work(_: FakeModule) -> Reply:
            self.photos.discard(record_id)
            for name in self.people[module].of_type("profileimage"):
                self.people[module].values.get(record_id, {})[name] = None
            return Reply(200, items=(Item("SUCCESS", "Photo deleted successfully", ok=True),), body={})

        return self._on("delete_photo", module, (module, record_id), work)


def _meets(value: object, wanted: Sequence[str], like: bool) -> bool:
    text = str(lookup_id(value) or "") if isinstance(value, Mapping) else str(value or "")
    if not like:
        return text.lower() in {each.lower() for each in wanted}
    return any(
        re.fullmatch(".*".join(map(re.escape, each.split("%"))), text, re.IGNORECASE) for each in wanted
    )


def _page(hits: Sequence[tuple[str, Mapping[str, Any]]], page: int) -> Reply:
    some = hits[(page - 1) * PAGE : page * PAGE]
    info = {"more_records": len(hits) > page * PAGE, "page": page}
    items = tuple(Item("", ok=True, id=one) for one, _ in some)
    return Reply(200, items=items, body={"data": [{"id": o, **v} for o, v in some], "info": info})


def _module_row(info: ModuleInfo) -> dict[str, Any]:
    return {
        "api_name": info.name, "generated_type": info.kind, "api_supported": info.served, "viewable": True,
        "deletable": info.deletable, "global_search_supported": info.searched,
        "recycle_bin_on_delete": info.keeps_deleted,
    }  # fmt: skip


def _field_rows(found: FakeModule) -> list[dict[str, Any]]:
    return [
        {
            "api_name": each.name,
            "data_type": each.type,
            "private": {"restricted": each.restricted, "type": each.sensitivity or "Low"}
            if each.restricted or each.sensitivity
            else None,
            "crypt": {"mode": "encryption"} if each.encrypted else None,
            "searchable": each.searchable,
            "system_mandatory": each.required,
            "read_only": each.read_only,
            "lookup": {"module": {"api_name": each.points_to[0]}} if each.points_to else {},
            "associated_modules": [{"module": name} for name in each.points_to[1:]],
        }
        for each in found.fields
    ]
