"""Finding a person, and clearing what stays, over HTTP: the part of the Zoho port that is
service/person_port.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.adapters.zoho import reading
from chalicelib.adapters.zoho.access import Access
from chalicelib.adapters.zoho.request import Ask, body, digits, target
from chalicelib.domain.zoho.asking import MOST_COLUMNS, MOST_COUNTED, PAGE, SearchQuery, Selection
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind, Reply

#: The last version in which one Search finds converted and unapproved records beside the others.
SEARCH_VERSION = "v7"
#: Of all other calls, whatever the org's own version is.
VERSION = "v8"
_COUNTS = "get_related_records_count"


class PersonCalls:
    """The calls about a person of one org, for one slice of work: none lasts past `deadline`."""

    _access: Access
    _deadline: float

    def modules(self) -> Reply:
        """GET /settings/modules: body as Zoho's. A list without modules is no answer."""
        return self._metadata("modules", {}, empty=False)

    def fields(self, module: str) -> Reply:
        """GET /settings/fields?module=: body as Zoho's, 204 as an empty list."""
        return self._metadata("fields", {"module": module}, empty=True)

    def related_lists(self, module: str) -> Reply:
        """GET /settings/related_lists?module=: body as Zoho's, 204 as an empty list."""
        return self._metadata("related_lists", {"module": module}, empty=True)

    def search(self, module: str, search: SearchQuery, page: int) -> Reply:
        """GET /{module}/search with converted=both and approved=both: a page of 200, of at most 10."""
        query = {**search.query(), "converted": "both", "approved": "both"}
        if search.columns:
            query["fields"] = ",".join(dict.fromkeys(("id", *search.columns)))
        query |= {"page": str(page), "per_page": str(PAGE)}
        return reading.records(self._ask_people("GET", (module, "search"), query, version=SEARCH_VERSION))

    def select(self, selection: Selection) -> Reply:
        """POST /coql: an item (ok, id) a row, the rows in the body as Zoho's."""
        return reading.records(self._ask_people("POST", ("coql",), value={"select_query": selection.text()}))

    def read_values(self, module: str, ids: Sequence[str], columns: Sequence[str]) -> Reply:
        """GET /{module}?ids=&fields=: those of 1 to 100 ids that are there, with 1 to 49 fields."""
        if not 1 <= len(columns) <= MOST_COLUMNS:
            raise ValueError(f"1 to {MOST_COLUMNS} fields are read at once")
        query = {
            "ids": digits(tuple(ids), BATCH_LIMIT[CallKind.READ]),
            "fields": ",".join(dict.fromkeys(("id", *columns))),
            "converted": "both",
            "approved": "both",
        }
        return self._those(reading.records(self._ask_people("GET", (module,), query)), ids)

    def read_record(self, module: str, record_id: str) -> Reply:
        """GET /{module}/{record_id}: one row with all fields, or none."""
        path = (module, digits((record_id,), 1))
        return self._those(reading.records(self._ask_people("GET", path)), (record_id,))

    def related(
        self, module: str, record_id: str, related_list: str, page: int, columns: Sequence[str] = ()
    ) -> Reply:
        """GET /{module}/{record_id}/{related_list}?fields=id,...: a page of 200."""
        path = (module, digits((record_id,), 1), related_list)
        query = {
            "fields": ",".join(dict.fromkeys(("id", *columns))),
            "page": str(page),
            "per_page": str(PAGE),
        }
        return reading.records(self._ask_people("GET", path, query))

    def related_counts(self, module: str, record_id: str, related_lists: Sequence[str]) -> Reply:
        """POST /{module}/{record_id}/actions/get_related_records_count, 1 to 20 lists: body as Zoho's."""
        if not 1 <= len(related_lists) <= MOST_COUNTED:
            raise ValueError(f"1 to {MOST_COUNTED} related lists are counted at once")
        path = (module, digits((record_id,), 1), "actions", _COUNTS)
        value = {_COUNTS: [{"related_list": {"api_name": name}} for name in related_lists]}
        reply = self._ask_people("POST", path, value=value, container=_COUNTS)
        # Some lists counted and others refused (207), or each refused for itself (400): both are answers.
        told = reply.body.get(_COUNTS) if reply.body else None
        if reply.status in (200, 207, 400) and reply.error is None and isinstance(told, list):
            return replace(reply, status=200, items=())
        return replace(reply, status=200, items=(), body=None) if reply.status in (200, 204) else reply

    def update(self, module: str, record_id: str, values: Mapping[str, object]) -> Reply:
        """PUT /{module}/{record_id} with `trigger: []`: no workflow of Zoho's runs for it."""
        if not values or "id" in values:
            raise ValueError("an update names fields, and not the id")
        path = (module, digits((record_id,), 1))
        value = {"data": [{"id": record_id, **values}], "trigger": []}
        return self._ask_people("PUT", path, value=value)

    def delete_attachment(self, module: str, record_id: str, attachment_id: str) -> Reply:
        """DELETE /{module}/{record_id}/Attachments/{attachment_id}."""
        path = (module, digits((record_id,), 1), "Attachments", digits((attachment_id,), 1))
        return self._ask_people("DELETE", path)

    def delete_photo(self, module: str, record_id: str) -> Reply:
        """DELETE /{module}/{record_id}/photo."""
        return self._ask_people("DELETE", (module, digits((record_id,), 1), "photo"))

    def _metadata(self, name: str, query: Mapping[str, str], *, empty: bool) -> Reply:
        reply = self._ask_people("GET", ("settings", name), query, container=name)
        return reading.described(reply, name, empty=empty)

    @staticmethod
    def _those(reply: Reply, ids: Sequence[str]) -> Reply:
        """The reply, but for one that holds others than asked for, or not all of them: that is none."""
        if reply.status != 200 or reply.body is None:
            return reply
        if reading.usable(reply, ids) and not reading.continues(reply):
            return reply
        return replace(reading.unusable(reply), failure="not the records that were asked for")

    def _ask_people(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        *,
        value: Mapping[str, Any] | None = None,
        version: str = VERSION,
        container: str = "data",
    ) -> Reply:
        content = body(value) if value is not None else None
        ask = Ask(method, target(version, path, query or None), {}, content, container)
        return self._access.send(ask, self._deadline)
