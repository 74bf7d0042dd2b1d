"""What finding and erasing a person needs of Zoho: a part of the Zoho port (service/zoho_port.py).

What belongs to records also goes by calls that the port has had before: `delink` takes a contact's role off a
deal (list `Contact_Roles`) and a member off a campaign (`Leads`, `Contacts`), `delete_records` takes Notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chalicelib.domain.zoho.asking import SearchQuery, Selection
from chalicelib.domain.zoho.reply import Reply


class PersonCalls(Protocol):
    """Reads (their kinds change nothing, and may be repeated at will), then what changes a record.

    Search goes under /crm/v7, which can ask for converted and unapproved records at once; all others under
    /crm/v8: what an org's `api_version` is set to does not matter here. No method raises for what Zoho or the
    network does: it is all in the Reply, to be judged with the CallKind named here. ValueError is for what
    may never be sent. Lists: status 200 also for none, `items` one (ok, id) a record, the body as Zoho's;
    `domain.zoho.rows.listed(body)` has rows and `more`. An answer that lists no records in the shape promised
    is none: its body is dropped, and it judges as RETRY.
    """

    def modules(self) -> Reply:
        """GET /settings/modules (METADATA): domain.zoho.metadata.modules_of(body)."""

    def fields(self, module: str) -> Reply:
        """GET /settings/fields?module= (METADATA): domain.zoho.metadata.fields_of(body).

        A module of which Zoho tells no field cannot be looked through, and has to be named.
        """

    def related_lists(self, module: str) -> Reply:
        """GET /settings/related_lists?module= (METADATA): domain.zoho.metadata.related_lists_of(body)."""

    def search(self, module: str, search: SearchQuery, page: int) -> Reply:
        """GET /{module}/search with converted=both and approved=both (SEARCH), 200 a page from page 1 on.

        The verdict TOO_LONG where Zoho gives no more (after 2,000 records, page 10): others may be there.
        """

    def select(self, selection: Selection) -> Reply:
        """POST /coql (SELECT): at most 200 rows in the order of ids; go on behind the last while `more`."""

    def read_values(self, module: str, ids: Sequence[str], columns: Sequence[str]) -> Reply:
        """GET /{module}?ids=&fields= (READ): which of 1 to 100 ids are there, with these fields (1 to 49),
        converted and unapproved ones too. An answer that holds others than asked for is none.
        """

    def read_record(self, module: str, record_id: str) -> Reply:
        """GET /{module}/{record_id} (READ): one record with all of its fields, subforms and participants; no
        row where it is not there.
        """

    def related(
        self, module: str, record_id: str, related_list: str, page: int, columns: Sequence[str] = ()
    ) -> Reply:
        """GET /{module}/{record_id}/{related_list}?fields=id,... (RELATED), 200 a page from page 1 on, with
        `columns` beside the id.
        """

    def related_counts(self, module: str, record_id: str, related_lists: Sequence[str]) -> Reply:
        """POST /{module}/{record_id}/actions/get_related_records_count with 1 to 20 lists (RELATED_COUNT, 2
        credits): domain.zoho.rows.counts(body). Zoho refuses it for converted leads.
        """

    def update(self, module: str, record_id: str, values: Mapping[str, object]) -> Reply:
        """PUT /{module}/{record_id} with `trigger: []` (UPDATE): None empties a field, also a lookup; a list
        such as Participants stands as it is given. Judged for `[record_id]`: CHANGED, CHECK_GONE (read it),
        FAILED, RETRY_SLOWLY, REPEAT. By id it may be repeated.
        """

    def delete_attachment(self, module: str, record_id: str, attachment_id: str) -> Reply:
        """DELETE /{module}/{record_id}/Attachments/{attachment_id} (DELETE_ATTACHMENT). Judged for
        `[attachment_id]`: DELETED, or CHECK_GONE (`related` tells whether it is there).
        """

    def delete_photo(self, module: str, record_id: str) -> Reply:
        """DELETE /{module}/{record_id}/photo (DELETE_PHOTO). Judged for `[record_id]`: DELETED, or CHECK_GONE
        (the record's field of type `profileimage` tells whether there is one).
        """
