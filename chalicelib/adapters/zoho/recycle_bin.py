"""Zoho's recycle bin over HTTP: the part of the Zoho port that is service/zoho_port.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.adapters.zoho import reading
from chalicelib.adapters.zoho.access import Access
from chalicelib.adapters.zoho.request import Ask, body, target
from chalicelib.domain.recycle_bin import BinIds
from chalicelib.domain.zoho.reply import Reply

#: Whatever the org's own version is: v2 to v5 have no bin, and v6 and v7 cannot restore.
VERSION = "v8"
_BIN = ("settings", "recycle_bin")
_CONTAINER = "recycle_bin"
#: More than the ids of a call, so that one page holds all that may be asked for.
_PAGE = "200"


class BinCalls:
    """The calls about the bin of one org, for one slice of work: none lasts past `deadline`."""

    def __init__(self, access: Access, deadline: float) -> None:
        self._access = access
        self._deadline = deadline

    def bin_entries(self, ids: BinIds) -> Reply:
        """GET /settings/recycle_bin?ids=...: an item (ok, id) for each of the ids that lies in the bin."""
        query = {"ids": ",".join(ids.values), "page": "1", "per_page": _PAGE}
        reply = reading.records(self._ask_bin("GET", _BIN, query), _CONTAINER)
        if reply.status != 200 or reply.body is None:
            return reply
        if reading.usable(reply, ids.values) and not reading.continues(reply):
            return reply
        return replace(reading.unusable(reply), failure="not the entries that were asked for")

    def restore_from_bin(self, ids: BinIds) -> Reply:
        """POST /settings/recycle_bin/actions/restore with the ids; the items of the answer are Zoho's."""
        return self._ask_bin("POST", (*_BIN, "actions", "restore"), value={"ids": list(ids.values)})

    def delete_from_bin(self, ids: BinIds) -> Reply:
        """DELETE /settings/recycle_bin?ids=..., for good; the items of the answer are Zoho's."""
        return self._ask_bin("DELETE", _BIN, {"ids": ",".join(ids.values)})

    def permanently_deleted_since(self, module: str, since: float, page: int) -> Reply:
        """GET /{module}/deleted?type=permanent&per_page=200 with If-Modified-Since: body as Zoho's, 204 as
        an empty list.
        """
        where = target(VERSION, (module, "deleted"), reading.deleted_page("permanent", page))
        return reading.records(
            self._access.send(Ask("GET", where, reading.modified_since(since)), self._deadline)
        )

    def _ask_bin(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        value: Mapping[str, Any] | None = None,
    ) -> Reply:
        content = body(value) if value is not None else None
        ask = Ask(method, target(VERSION, path, query), {}, content, _CONTAINER)
        return self._access.send(ask, self._deadline)
