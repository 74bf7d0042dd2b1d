"""One row for each deletion, for an audit: what `expunge audit export` writes and the dashboard saves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TextIO

from cli import csv_out

COLUMNS = (
    "deletion", "requested_at", "finished_at", "status", "operation", "org", "module", "source", "asked_by",
    "approved_by", "reference", "reason", "requested", "deleted", "already_absent", "failed", "held",
    "unknown", "permanent_at", "receipt",
)  # fmt: skip


class Api(Protocol):
    """The part of operator_api.OperatorApi that is used."""

    def pages(self, path: str, name: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Everything that a list has under `name`, page after page."""


class Names(Protocol):
    """The part of stores.BucketStore that is used."""

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """The names that begin so, in order, those after `after`."""


@dataclass
class Strange:
    """Ids of deletions that have a receipt and no row among these (`found`): those from the id `first` on (""
    for that of the first row) and before `last`. A run by a policy has an id of the time for which it was
    due, so it may have its row on another day.
    """

    first: str
    last: str
    found: list[str] = field(default_factory=list)


def rows(
    api: Api, store: Names | None, query: Mapping[str, str], strange: Strange | None = None
) -> Iterator[dict[str, Any]]:
    """The deletions that the query of `GET deletions` means, oldest first. `store`: where their receipts are;
    None leaves that column empty. Raises ClickException where the API does not answer, ClientError where the
    store does not.
    """
    found = list(api.pages("deletions", "deletions", query))
    receipts = _receipts(store, [each["id"] for each in found], strange) if store else {}
    for each in reversed(found):
        recycle_bin = each.get("recycle_bin") or {}
        yield {
            **each["counts"],
            **each,
            "deletion": each["id"],
            "requested_at": each["created_at"],
            "permanent_at": recycle_bin.get("permanent_at"),
            "receipt": receipts.get(each["id"]),
        }


def _receipts(store: Names, ids: list[str], strange: Strange | None) -> dict[str, str]:
    """The newest receipt of each: names sort by the time of the request, as ids do."""
    begins = [*ids, *([strange.first] if strange and strange.first else [])]
    if not begins:
        return {}
    wanted, found, counts = set(ids), dict[str, str](), dict[str, int]()
    first, last = min(begins), max([*ids, *([strange.last] if strange else [])])
    for name in store.names("receipts/", after=f"receipts/{first}"):
        one, _, n = name.removeprefix("receipts/").removesuffix(".json").partition(".")
        if one > last:
            break
        if one in wanted:
            if int(n or 1) > counts.get(one, 0):
                found[one], counts[one] = name, int(n or 1)
        elif strange and strange.first <= one < strange.last:
            strange.found.append(one)
    return found


def write(found: Iterable[Mapping[str, Any]], sink: TextIO) -> None:
    """The rows as CSV, under their headings."""
    sink.write(csv_out.row(COLUMNS))
    sink.writelines(csv_out.row(each.get(name) for name in COLUMNS) for each in found)
