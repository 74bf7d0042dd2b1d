"""The recycle bin of the fake Zoho org: what was deleted lies there, comes back, or goes for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from chalicelib.domain.recycle_bin import BinIds
from chalicelib.domain.zoho.reply import Item, Reply


def iso(seconds: float) -> str:
    """A time as Zoho writes it: whole seconds."""
    return _iso(int(seconds))


@lru_cache(maxsize=4096)  # thousands of records go in the same second
def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class FakeBin:
    """A part of FakeZoho. `bin` holds when each record was deleted, `purged` when it was, and when it went
    for good.

    `bin_lag`: how far (seconds) the bin's list is behind. `bin_unseen`: entries that the user
    does not see. `bin_later`: calls are SCHEDULED and carried out after so many seconds (None: at once).
    `parents`: records that cannot come back before the record they hang on.
    """

    clock: Callable[[], float]
    records: dict[str, None]
    deleted: list[tuple[str, float]]
    list_lag: float
    list_page: int

    def __init__(self) -> None:
        self.bin: dict[str, float] = {}
        self.purged: dict[str, tuple[float, float]] = {}
        self.left_bin: dict[str, tuple[float, float]] = {}
        self.came_back: set[tuple[str, float]] = set()
        self.bin_module = "Leads"
        self.bin_lag = 0.0
        self.bin_unseen: set[str] = set()
        self.bin_later: float | None = None
        self.parents: dict[str, str] = {}
        self._later: list[tuple[float, Callable[[], Any]]] = []

    def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
        raise NotImplementedError

    def to_bin(self, one: str, at: float) -> None:
        """A record that was deleted at `at`, by whomever."""
        self.records.pop(one, None)
        self.purged.pop(one, None)
        self.deleted.append((one, at))
        self.bin[one] = at

    def restore(self, one: str) -> None:
        """A record out of the bin and back among the others, by whomever. Raises KeyError where it is not in
        the bin.
        """
        self.left_bin[one] = (self.bin[one], self.clock())
        self.came_back.add((one, self.bin.pop(one)))
        self.records[one] = None

    def purge(self, one: str) -> None:
        """A record out of the bin for good, by whomever. Raises KeyError where it is not in the bin."""
        self.left_bin[one] = (self.bin[one], self.clock())
        self.purged[one] = (self.bin.pop(one), self.clock())

    def _run_bin(self) -> None:
        due = [work for at, work in self._later if at <= self.clock()]
        self._later = [pair for pair in self._later if pair[0] > self.clock()]
        for work in due:
            work()

    def _shown_at(self, one: str) -> float | None:
        """The time of the entry that the bin's list shows, which may have left the bin meanwhile."""
        moment = self.clock() - self.bin_lag
        if one in self.bin_unseen:
            return None
        if one in self.bin and self.bin[one] <= moment:
            return self.bin[one]
        at, left_at = self.left_bin.get(one, (0.0, 0.0))
        return at if left_at > moment >= at else None

    def bin_entries(self, ids: BinIds) -> Reply:
        """The entries of the ids that are in the bin, seen, and shown by now."""

        def work() -> Reply:
            found = [(one, at) for one in ids.values if (at := self._shown_at(one)) is not None]
            rows = [
                {"id": one, "deleted_time": iso(at), "module": {"api_name": self.module_of(one)}}
                for one, at in found
            ]
            items = tuple(Item("", ok=True, id=one) for one, _ in found)
            return Reply(200, items=items, body={"recycle_bin": rows})

        return self._do("bin_entries", list(ids.values), work)

    def module_of(self, one: str) -> str:
        """The module that the bin names for the record."""
        del one
        return self.bin_module

    def restore_from_bin(self, ids: BinIds) -> Reply:
        """Each id back among the records, an error for what is not in the bin."""
        return self._do("restore_from_bin", list(ids.values), lambda: self._each(ids, self._restored))

    def delete_from_bin(self, ids: BinIds) -> Reply:
        """Each id gone for good, an error for what is not in the bin."""
        return self._do("delete_from_bin", list(ids.values), lambda: self._each(ids, self._purged))

    def _each(self, ids: BinIds, one: Callable[[str], Item]) -> Reply:
        if self.bin_later is not None:
            ends = self.clock() + self.bin_later
            self._later.append((ends, lambda: [one(each) for each in ids.values]))
            return Reply(202, items=(Item("SCHEDULED", "scheduled", ok=True),), body={"recycle_bin": []})
        items = [one(each) for each in ids.values]
        good = sum(item.ok for item in items)
        status = 200 if good == len(items) else 207 if good else 400
        return Reply(status, items=tuple(reversed(items)), body={"recycle_bin": []})

    def _restored(self, one: str) -> Item:
        if one not in self.bin or one in self.bin_unseen:
            return Item("INVALID_DATA", "the id given seems to be invalid", id=one)
        if self.parents.get(one) in self.bin:
            return Item("CANNOT_RESTORE_WITHOUT_PARENT", "the parent is in the recycle bin", id=one)
        self.restore(one)
        return Item("SUCCESS", "record restored", ok=True, id=one)

    def _purged(self, one: str) -> Item:
        if one not in self.bin or one in self.bin_unseen:
            return Item("INVALID_DATA", "the id given seems to be invalid", id=one)
        self.purge(one)
        return Item("SUCCESS", "record deleted", ok=True, id=one)

    def deleted_since(self, module: str, since: float, page: int) -> Reply:
        """What was deleted since then and did not come back, whether it can or not."""

        def work() -> Reply:
            gone = [
                (one, at) for one, at in self.deleted if at >= int(since) and (one, at) not in self.came_back
            ]
            return self._page(gone, page)

        return self._do("deleted_since", since, work)

    def permanently_deleted_since(self, module: str, since: float, page: int) -> Reply:
        """What became permanent since then."""

        def work() -> Reply:
            gone = [(one, at) for one, (_, at) in self.purged.items() if at >= int(since)]
            return self._page(gone, page)

        return self._do("permanently_deleted_since", since, work)

    def _page(self, gone: list[tuple[str, float]], page: int) -> Reply:
        shown = [pair for pair in gone if pair[1] + self.list_lag <= self.clock()]
        start = (page - 1) * self.list_page
        rows = [
            {
                "id": one,
                "deleted_time": iso(self.purged[one][0] if one in self.purged else at),
                "type": "permanent" if one in self.purged else "recycle",
            }
            for one, at in shown[start : start + self.list_page]
        ]
        return Reply(200, body={"data": rows, "info": {"more_records": start + self.list_page < len(shown)}})
