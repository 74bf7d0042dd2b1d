"""One org's Zoho CRM over HTTP: the Zoho port. What an answer means is not decided here
(domain/zoho).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.adapters.zoho import reading
from chalicelib.adapters.zoho.access import Access
from chalicelib.adapters.zoho.people import PersonCalls
from chalicelib.adapters.zoho.recycle_bin import BinCalls
from chalicelib.adapters.zoho.request import Ask, body, digits, external, target
from chalicelib.domain.request import Territory
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind, Item, Reply
from chalicelib.service.zoho_port import Org


class ZohoClient(BinCalls, PersonCalls):
    """The calls of one org, for one slice of work: none lasts past `deadline` (seconds since the epoch).

    Threads may share it. Methods raise ValueError for what may never be sent (no ids, too many, a path that
    would not stay the same); whatever Zoho or the network does is in the Reply.
    """

    def __init__(self, access: Access, deadline: float) -> None:
        super().__init__(access, deadline)
        self.org: Org = access.link.org

    def delete_records(self, module: str, ids: Sequence[str], wf_trigger: bool) -> Reply:
        """DELETE /{module}?ids=...&wf_trigger=..., 1 to 100 ids."""
        listed = digits(tuple(ids), BATCH_LIMIT[CallKind.DELETE_RECORDS])
        return self._send("DELETE", (module,), {"ids": listed, "wf_trigger": _boolean(wf_trigger)})

    def delete_record(self, module: str, record_id: str, wf_trigger: bool) -> Reply:
        """DELETE /{module}/{record_id}: one record by its path."""
        return self._send("DELETE", (module, digits((record_id,), 1)), {"wf_trigger": _boolean(wf_trigger)})

    def delete_external(self, module: str, field_name: str, value: str, wf_trigger: bool) -> Reply:
        """DELETE /{module}/{value} with X-EXTERNAL: {module}.{field_name}."""
        query = {"wf_trigger": _boolean(wf_trigger)}
        return self._send("DELETE", (module, value), query, headers=external(module, field_name))

    def mass_delete_ids(self, module: str, ids: Sequence[str]) -> Reply:
        """POST /{module}/actions/mass_delete with 1 to 500 ids."""
        digits(tuple(ids), BATCH_LIMIT[CallKind.MASS_DELETE_IDS])
        return self._send("POST", (module, "actions", "mass_delete"), value={"ids": list(ids)})

    def mass_delete_view(self, module: str, cvid: str, territory: Territory | None) -> Reply:
        """POST /{module}/actions/mass_delete with a custom view: schedules a job."""
        value: dict[str, object] = {"cvid": cvid}
        if territory is not None:
            value["territory"] = {"id": territory.id, "include_child": territory.include_child}
        return self._send("POST", (module, "actions", "mass_delete"), value=value)

    def delink(self, module: str, record_id: str, related_list: str, ids: Sequence[str]) -> Reply:
        """DELETE /{module}/{record_id}/{related_list}?ids=..., 1 to 100 ids."""
        listed = digits(tuple(ids), BATCH_LIMIT[CallKind.DELINK])
        return self._send("DELETE", (module, record_id, related_list), {"ids": listed})

    def delink_one(self, module: str, record_id: str, related_list: str, related_id: str) -> Reply:
        """DELETE /{module}/{record_id}/{related_list}/{related_id}."""
        return self._send("DELETE", (module, record_id, related_list, digits((related_id,), 1)))

    def job_status(self, module: str, job_id: str) -> Reply:
        """GET /{module}/actions/mass_delete?job_id=..."""
        return self._send("GET", (module, "actions", "mass_delete"), {"job_id": job_id})

    def count(self, module: str, cvid: str | None = None) -> Reply:
        """GET /{module}/actions/count; body {"count": n}."""
        return self._send("GET", (module, "actions", "count"), {"cvid": cvid} if cvid else None)

    def read(self, module: str, ids: Sequence[str]) -> Reply:
        """Which of 1 to 100 ids are there: `items` holds one per record found (ok, id); status 200 also for
        none.

        Converted and unapproved records count as there. Where Zoho cannot give records by ids, COQL is
        asked.
        """
        listed = digits(tuple(ids), BATCH_LIMIT[CallKind.READ])
        query = {"ids": listed, "fields": "id", "converted": "both", "approved": "both"}
        reply = reading.records(self._send("GET", (module,), query))
        if reading.usable(reply, ids):
            return reply
        if not reading.refused(reply):
            return reply
        return self._read_by_query(module, ids)

    def _read_by_query(self, module: str, ids: Sequence[str]) -> Reply:
        found: tuple[Item, ...] = ()
        reply = Reply(status=None, sent=False, failure="nothing to read")
        for start in range(0, len(ids), reading.IN_LIST):
            some = ids[start : start + reading.IN_LIST]
            reply = self.coql(reading.select_ids(module, some))
            if not reading.usable(reply, some):
                return reading.unusable(reply)
            found += reply.items
        return replace(reply, items=found, body={"data": []})

    def converted(self, module: str, ids: Sequence[str]) -> Reply:
        """Which of 1 to 100 leads are converted: `items` holds one per converted one (ok, id); none where
        Zoho cannot tell by ids.

        Get Records leaves converted leads out unless it is asked for them; `converted=true` gives no others.
        COQL does not tell: there are orgs in which it refuses Converted__s.
        """
        listed = digits(tuple(ids), BATCH_LIMIT[CallKind.READ])
        query = {"ids": listed, "fields": "id", "converted": "true", "approved": "both"}
        reply = reading.records(self._send("GET", (module,), query))
        heeded = reading.usable(reply, ids) or not reading.refused(reply)
        return reply if heeded else replace(reply, status=200, items=(), error=None, body={"data": []})

    def read_external(self, module: str, field_name: str, value: str) -> Reply:
        """As `read`, for one external id: `items` is empty where there is no such record.

        A refusal is not taken for absence: it may be the field that is not an external one. COQL decides
        then.
        """
        headers = external(module, field_name)
        reply = reading.records(self._send("GET", (module, value), {"fields": "id"}, headers=headers))
        if reply.status == 200 or not reading.refused(reply):
            return reply
        return self.coql(reading.select_one(module, field_name, value))

    def view_ids(self, module: str, cvid: str, page_token: str | None, per_page: int = 200) -> Reply:
        """GET /{module}?fields=id&cvid=...: one page; body as Zoho's, items one per record.

        `info.next_page_token` is there wherever there is a next page: API versions without one count pages.
        """
        query = {"fields": "id", "cvid": cvid, "per_page": str(per_page), **reading.page_of(page_token)}
        return reading.with_next_page(reading.records(self._send("GET", (module,), query)), page_token)

    def deleted_since(self, module: str, since: float, page: int) -> Reply:
        """GET /{module}/deleted?type=all&per_page=200 with If-Modified-Since: body as Zoho's, 204 as an
        empty list.
        """
        query, headers = reading.deleted_page("all", page), reading.modified_since(since)
        return reading.records(self._send("GET", (module, "deleted"), query, headers=headers))

    def coql(self, select_query: str) -> Reply:
        """POST /coql: rows as `items` (ok, id)."""
        return reading.records(self._send("POST", ("coql",), value={"select_query": select_query}))

    def views(self, module: str) -> Reply:
        """GET /settings/custom_views?module=...: body as Zoho's."""
        return self._send("GET", ("settings", "custom_views"), {"module": module}, container="custom_views")

    def view(self, module: str, cvid: str) -> Reply:
        """GET /settings/custom_views/{cvid}?module=...: body as Zoho's."""
        path = ("settings", "custom_views", digits((cvid,), 1))
        return self._send("GET", path, {"module": module}, container="custom_views")

    def _send(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        *,
        value: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        container: str = "data",
    ) -> Reply:
        ask = Ask(
            method,
            target(self.org.api_version, path, query),
            headers or {},
            body(value) if value is not None else None,
            container,
        )
        return self._access.send(ask, self._deadline)


def _boolean(value: bool) -> str:
    return "true" if value else "false"
