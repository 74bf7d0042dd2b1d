"""What the use cases need of Zoho: one org's CRM, and its recycle bin. Tests have small fakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.domain.recycle_bin import BinIds
from chalicelib.domain.request import Territory
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.person_port import PersonCalls


@dataclass(frozen=True, slots=True)
class Org:
    """What the service knows of one Zoho org, from the secret `expunge/{stage}/zoho/{org}` (contract section
    6).
    """

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    accounts_url: str
    api_url: str
    data_center: str = "us"
    environment: str = "production"
    api_version: str = "v7"
    concurrency: int = 10
    lane: str = "org"
    keep_credits: int = 0


class RecycleBin(Protocol):
    """The calls about the bin, always under /crm/v8: v2 to v5 have none, v6 and v7 cannot restore.

    No method raises for what Zoho or the network does: it is all in the Reply, whose `date` is Zoho's clock.
    What changes the bin is given as `BinIds`: by ids, never by a filter, never everything.
    """

    def bin_entries(self, ids: BinIds) -> Reply:
        """GET /settings/recycle_bin?ids=: which of the ids lie in the bin (CallKind.BIN_ENTRIES).

        Status 200 also for none; domain.recycle_bin.entries_of(body) has the entries with their times. An
        answer that holds others than asked for, or not all of them, is none: its body is dropped.
        """

    def restore_from_bin(self, ids: BinIds) -> Reply:
        """POST /settings/recycle_bin/actions/restore: back into their modules (CallKind.RESTORE_FROM_BIN)."""

    def delete_from_bin(self, ids: BinIds) -> Reply:
        """DELETE /settings/recycle_bin?ids=: out of the bin, for good (CallKind.DELETE_FROM_BIN)."""

    def permanently_deleted_since(self, module: str, since: float, page: int) -> Reply:
        """GET /{module}/deleted?type=permanent with If-Modified-Since (CallKind.DELETED_LIST), 200 a page
        from page 1 on: body as Zoho's, 204 as an empty list; domain.deleted_list reads it.

        Which time Zoho compares, that of the deletion or that of its becoming permanent, no page tells.
        """


class Zoho(RecycleBin, PersonCalls, Protocol):
    """One org's Zoho CRM. No method raises for what Zoho or the network does: it is all in the Reply.

    `timeout`s are the adapter's; a call never lasts longer than the deadline it was built with.
    """

    org: Org

    def delete_records(self, module: str, ids: Sequence[str], wf_trigger: bool) -> Reply:
        """DELETE /{module}?ids=...&wf_trigger=..., 1 to 100 ids."""

    def delete_external(self, module: str, field_name: str, value: str, wf_trigger: bool) -> Reply:
        """DELETE /{module}/{value} with X-EXTERNAL: {module}.{field_name}."""

    def mass_delete_ids(self, module: str, ids: Sequence[str]) -> Reply:
        """POST /{module}/actions/mass_delete with 1 to 500 ids."""

    def mass_delete_view(self, module: str, cvid: str, territory: Territory | None) -> Reply:
        """POST /{module}/actions/mass_delete with a custom view: schedules a job."""

    def delink(self, module: str, record_id: str, related_list: str, ids: Sequence[str]) -> Reply:
        """DELETE /{module}/{record_id}/{related_list}?ids=..., 1 to 100 ids."""

    def job_status(self, module: str, job_id: str) -> Reply:
        """GET /{module}/actions/mass_delete?job_id=..."""

    def count(self, module: str, cvid: str | None = None) -> Reply:
        """GET /{module}/actions/count; body {"count": n}."""

    def read(self, module: str, ids: Sequence[str]) -> Reply:
        """Which of 1 to 100 ids are there: `items` holds one per record found (ok, id); status 200 also for
        none.

        Converted and unapproved records count as there.
        """

    def converted(self, module: str, ids: Sequence[str]) -> Reply:
        """Which of 1 to 100 leads are converted: `items` holds one per converted one (ok, id); none where
        Zoho cannot tell by ids.
        """

    def read_external(self, module: str, field_name: str, value: str) -> Reply:
        """As `read`, for one external id: `items` is empty where there is no such record."""

    def view_ids(self, module: str, cvid: str, page_token: str | None, per_page: int = 200) -> Reply:
        """GET /{module}?fields=id&cvid=...: one page; body as Zoho's, items one per record."""

    def coql(self, select_query: str) -> Reply:
        """POST /coql: items one per row, which must hold the id; body as Zoho's."""

    def deleted_since(self, module: str, since: float, page: int) -> Reply:
        """GET /{module}/deleted?type=all&per_page=200 with If-Modified-Since: body as Zoho's, 204 as an empty
        list.
        """


class ZohoFactory(Protocol):
    """Gives clients of Zoho."""

    def __call__(self, org: str, deadline: float) -> Zoho:
        """The client of `org`, whose calls end by `deadline`. Raises SecretUnusable for a missing or bad
        secret.
        """
