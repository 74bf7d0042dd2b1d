"""What the use cases need of Zoho's recycle bin: a part of the Zoho port (service/ports.py)."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.recycle_bin import BinIds
from chalicelib.domain.zoho.reply import Reply


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
