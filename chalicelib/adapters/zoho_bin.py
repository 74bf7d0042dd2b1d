"""Zoho's recycle bin: list and purge (API v6 on), restore (v8). No deletion uses it; operators' tools may."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from chalicelib.adapters.zoho_access import Access
from chalicelib.adapters.zoho_request import Ask, body, digits, target
from chalicelib.domain.reply import Reply

_BIN = ("settings", "recycle_bin")
_CONTAINER = "recycle_bin"
#: The most ids of one call.
LIMIT = 100


class RecycleBin:
    """The recycle bin of one org; ids are those of the bin's own entries. Replies as of the Zoho port.

    Answers list their items in `recycle_bin`; up to 1,000 records go at once, more (and all by filter) later.
    """

    def __init__(self, access: Access, deadline: float) -> None:
        self._access = access
        self._deadline = deadline

    def entries(self, page: int = 1, filters: Mapping[str, object] | None = None) -> Reply:
        """GET /settings/recycle_bin: 200 entries a page; 204 without a body where it is empty."""
        query = {"page": str(page), "per_page": "200", **_filters(filters)}
        return self._send("GET", _BIN, query)

    def purge(self, ids: Sequence[str]) -> Reply:
        """DELETE /settings/recycle_bin?ids=..., 1 to 100 entries, for good."""
        return self._send("DELETE", _BIN, {"ids": digits(tuple(ids), LIMIT)})

    def purge_by(self, filters: Mapping[str, object]) -> Reply:
        """DELETE /settings/recycle_bin?filters=...: scheduled at Zoho, without a job id."""
        return self._send("DELETE", _BIN, _filters(filters))

    def restore(self, ids: Sequence[str]) -> Reply:
        """POST /settings/recycle_bin/actions/restore, 1 to 100 entries."""
        digits(tuple(ids), LIMIT)
        return self._send("POST", (*_BIN, "actions", "restore"), value={"ids": list(ids)})

    def _send(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        value: Mapping[str, object] | None = None,
    ) -> Reply:
        where = target(self._access.link.org.api_version, path, query)
        ask = Ask(method, where, {}, body(value) if value is not None else None, _CONTAINER)
        return self._access.send(ask, self._deadline)


def _filters(filters: Mapping[str, object] | None) -> dict[str, str]:
    return {"filters": json.dumps(filters, separators=(",", ":"))} if filters else {}
