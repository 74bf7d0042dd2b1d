"""What came back from one call to Zoho, whatever its shape: the one form that verdicts are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CallKind(StrEnum):
    """The kinds of calls that the service makes. The first ten change Zoho."""

    DELETE_RECORDS = "delete_records"  # DELETE /{module}?ids=, at most 100
    DELETE_EXTERNAL = "delete_external"  # DELETE /{module}/{value} with X-EXTERNAL
    MASS_DELETE_IDS = "mass_delete_ids"  # POST .../actions/mass_delete {"ids"}, at most 500
    MASS_DELETE_VIEW = "mass_delete_view"  # POST .../actions/mass_delete {"cvid"}
    DELINK = "delink"  # DELETE /{module}/{id}/{related list}?ids=, at most 100
    DELETE_FROM_BIN = "delete_from_bin"  # DELETE /settings/recycle_bin?ids=, at most 100
    RESTORE_FROM_BIN = "restore_from_bin"  # POST /settings/recycle_bin/actions/restore {"ids"}
    UPDATE = "update"  # PUT /{module}/{id} with trigger: []: fields of one record, emptied or set
    DELETE_ATTACHMENT = "delete_attachment"  # DELETE /{module}/{id}/Attachments/{attachment id}
    DELETE_PHOTO = "delete_photo"  # DELETE /{module}/{id}/photo
    JOB_STATUS = "job_status"
    COUNT = "count"
    READ = "read"  # which of these ids are there?
    LIST = "list"  # GET /{module}?cvid=, a page of a custom view
    DELETED_LIST = "deleted_list"
    BIN_ENTRIES = "bin_entries"  # GET /settings/recycle_bin?ids=: which of these ids lie there, since when?
    METADATA = "metadata"  # GET /settings/modules, fields, related_lists
    SEARCH = "search"  # GET /{module}/search: records that hold a value, or a part of it
    SELECT = "select"  # POST /coql: records by exact values, with fields
    RELATED = "related"  # GET /{module}/{id}/{related list}
    RELATED_COUNT = "related_count"  # POST /{module}/{id}/actions/get_related_records_count
    TOKEN = "token"  # noqa: S105 -- the name of a kind of call, no secret


#: What changes Zoho: an answer that is lost may have been carried out.
DESTRUCTIVE = frozenset(
    {
        CallKind.DELETE_RECORDS,
        CallKind.DELETE_EXTERNAL,
        CallKind.MASS_DELETE_IDS,
        CallKind.MASS_DELETE_VIEW,
        CallKind.DELINK,
        CallKind.DELETE_FROM_BIN,
        CallKind.RESTORE_FROM_BIN,
        CallKind.UPDATE,
        CallKind.DELETE_ATTACHMENT,
        CallKind.DELETE_PHOTO,
    }
)

#: The most ids that Zoho takes in one call of each kind (Zoho CRM API v7: Delete Records, Mass Delete
#: Records, Delink related records).
BATCH_LIMIT = {
    CallKind.DELETE_RECORDS: 100,
    CallKind.DELETE_EXTERNAL: 1,
    CallKind.MASS_DELETE_IDS: 500,
    CallKind.DELINK: 100,
    CallKind.DELETE_FROM_BIN: 100,
    CallKind.RESTORE_FROM_BIN: 100,
    CallKind.BIN_ENTRIES: 100,
    CallKind.UPDATE: 1,
    CallKind.DELETE_ATTACHMENT: 1,
    CallKind.DELETE_PHOTO: 1,
    CallKind.READ: 100,
}


@dataclass(frozen=True, slots=True)
class Item:
    """One element of `data[]`, or a bare error object of the whole call.

    `id` is `details.id` as a string, whatever Zoho sent (string or integer); None where there is none.
    """

    code: str
    message: str = ""
    ok: bool = False
    id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one call.

    `status`: the HTTP status; None where no answer came. `sent`: False where the request certainly never
    reached Zoho's CRM (connection refused, name not found, no access token to be had), so that it may be sent
    again whatever it does; `status` and `error` are then the token endpoint's, if it answered.
    `items`: elements of `data[]`. `error`: the bare error object. `body`: the parsed JSON object, None for
    an empty, HTML or otherwise unreadable body. `retry_after`: seconds, where Zoho named them.
    `credits_left`: X-API-CREDITS-REMAINING, where given. `failure`: why no answer came, for the log.
    `date`: Zoho's own clock when it answered (the `Date` header), in seconds since the epoch; None where it
    is missing or unreadable.
    """

    status: int | None
    sent: bool = True
    items: tuple[Item, ...] = ()
    error: Item | None = None
    body: Mapping[str, object] | None = None
    retry_after: float | None = None
    credits_left: int | None = None
    failure: str = ""
    date: float | None = None
