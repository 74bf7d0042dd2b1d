"""Whatever people do in the recycle bin meanwhile, whatever answers are lost: only what the deletion itself
put there goes for good or comes back, a restored record is never purged, and what is said of it is so.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import WrongState
from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.reply import Item
from chalicelib.service.operators import undo
from chalicelib.service.operators.undo import Asked
from tests.fake_zoho import LOST, FakeZoho, lose
from tests.unit.service.bin.test_restore import BEN, operators
from tests.unit.service.world import World

MINE = ("1", "2", "3")
ALL = (*MINE, "8", "9")
WINDOW = 300

ids = st.sampled_from(ALL)
events = st.one_of(
    st.tuples(st.sampled_from(["restore", "delete", "again", "purge", "hold", "release"]), ids),
    st.tuples(st.just("wait"), st.sampled_from([1, 3, 30, 200])),
    st.tuples(
        st.sampled_from(["lose", "lost"]), st.sampled_from(["delete_from_bin", "restore_from_bin", "read"])
    ),
    st.tuples(st.just("undo"), st.sampled_from([None, ("1",), ("2", "8")])),
    st.tuples(st.just("lag"), st.sampled_from([0, 5, 20])),
    st.tuples(st.just("later"), st.sampled_from([None, 10])),
)


class WatchedZoho(FakeZoho):
    """A Zoho that looks at each record that our calls take out of the bin, at that very moment.

    `began`, `ended`: when the deletion ran that put MINE there.
    """

    began = ended = 0.0

    def _purged(self, one: str) -> Item:
        return self._looked(one, super()._purged)

    def _restored(self, one: str) -> Item:
        return self._looked(one, super()._restored)

    def _looked(self, one: str, do: Callable[[str], Item]) -> Item:
        there = self.bin.get(one)
        item = do(one)
        if item.ok:
            assert one in MINE, f"{one} was never deleted by it"
            assert there is not None
            assert self.began - 3 <= there <= self.ended + 3, f"{one} was deleted by somebody else"
        return item


class History(World):
    """A deletion that has ended, and what people and Zoho do after it."""

    def __init__(self) -> None:
        super().__init__()
        self.watched = WatchedZoho(lambda: self.now, ALL)
        self.zoho = self.watched
        self.parent = self.accept(ids=MINE, permanent_after=WINDOW)
        self.watched.began = self.now
        while not self.get(self.parent).is_final:
            self.step(self.parent)
            self.now += 1
        self.watched.ended = self.now

    def do(self, what: str, of: Any) -> None:
        """One thing that happens."""
        getattr(self, what)(of)

    def restore(self, one: str) -> None:
        if one in self.zoho.bin:
            self.zoho.restore(one)

    def delete(self, one: str) -> None:
        """Somebody who is quicker than Zoho's clock shows cannot be told from the deletion itself."""
        if one in self.zoho.records:
            self.now += 10
            self.zoho.to_bin(one, self.now)

    def again(self, one: str) -> None:
        """Restored, and deleted by somebody else."""
        self.restore(one)
        self.delete(one)

    def purge(self, one: str) -> None:
        if one in self.zoho.bin:
            self.zoho.purge(one)

    def release(self, one: str) -> None:
        self.ledger.remove_hold("default", "Leads", one)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def lose(self, call: str) -> None:
        self.zoho.script.setdefault(call, []).append(lose)

    def lost(self, call: str) -> None:
        self.zoho.script.setdefault(call, []).append(LOST)

    def lag(self, seconds: float) -> None:
        self.zoho.list_lag = self.zoho.bin_lag = seconds

    def later(self, seconds: float | None) -> None:
        self.zoho.bin_later = seconds

    def undo(self, named: tuple[str, ...] | None) -> None:
        with suppress(WrongState):
            undo.restore(operators(self), self.parent, Asked(named), Caller(BEN, self.now))

    def work(self) -> None:
        for one in self.ledger.due(self.now, 50):
            self.step(one)


@settings(max_examples=60, deadline=None)
@given(st.lists(events, max_size=14))
def test_only_what_it_deleted_goes_or_comes_back(story: list[tuple[str, Any]]) -> None:
    history = History()
    for what, of in story:
        history.do(what, of)
        history.work()
    history.zoho.script.clear()
    history.zoho.list_lag = history.zoho.bin_lag = 0
    history.settle()
    for row in history.ledger.rows.values():
        deletion = row.deletion
        assert deletion.is_final
        if deletion.request.operation is not Operation.DELETE_PERMANENTLY:
            continue
        for chunk in row.chunks.values():
            for record, mark in zip(chunk.ids, chunk.marks, strict=True):
                if mark == "D":
                    assert record in history.zoho.purged
        counts = deletion.counts
        told = counts.deleted + counts.already_absent + counts.skipped + counts.held
        assert counts.requested == told + counts.failed + counts.unknown + counts.pending
