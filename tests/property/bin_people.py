"""What people do about what was deleted, in Zoho and as operators, and the witness of it: for each record
that is gone for good, who put it into the recycle bin.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_bytes
from urllib.parse import unquote

from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import NotAllowed, Unavailable, WrongState
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.request import Operation
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.operators import undo
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.undo import Asked
from simulator.record import Tombstone
from tests.property.live import LiveStage

ANN = "arn:aws:sts::1:assumed-role/ops/ann"
BIN = "/settings/recycle_bin"
#: Who is quicker than Zoho's clock shows cannot be told from the deletion itself.
APART = 10.0


@dataclass
class People:
    """`deleted`, `purged`: what people deleted and purged themselves, with when it had been deleted."""

    stage: LiveStage
    deleted: set[tuple[str, float]] = field(default_factory=set)
    purged: set[tuple[str, float]] = field(default_factory=set)

    # --- in Zoho -------------------------------------------------------------------------------------------

    def in_bin(self) -> list[Tombstone]:
        return list(self.stage.server.sim.state.store.bin.values())

    def restore(self, which: int) -> None:
        found = self.in_bin()
        if found:
            self.stage.server.sim.state.store.restore(found[which % len(found)], self.stage.now)

    def purge(self, which: int) -> None:
        found = self.in_bin()
        if found:
            stone = found[which % len(found)]
            self.purged.add((stone.id, stone.deleted_at))
            self.stage.server.sim.state.store.purge(stone, self.stage.now)

    def delete(self, module: str, record: str) -> None:
        store = self.stage.server.sim.state.store
        there = store.module(module).records.get(record)
        if there is not None:
            self.stage.now += APART
            self.deleted.add((record, store.delete(store.module(module), there, self.stage.now).deleted_at))
            self.stage.now += APART

    # --- as operators --------------------------------------------------------------------------------------

    def ask(self, which: int, ids: tuple[str, ...] | None, *, restore: bool) -> None:
        """A restore, or a permanent deletion now, of what has ended; refused where nothing can come of it."""
        one = self.stage.accepted[which % len(self.stage.accepted)]
        acceptance = Acceptance(self.stage.ledger, self.stage.queue, token_bytes, "test", 400)
        outside = Operators(self.stage.ledger, self.stage.queue, acceptance)
        with suppress(WrongState, NotAllowed, Unavailable):
            if restore:
                undo.restore(outside, one, Asked(ids), Caller(ANN, self.stage.now))
            else:
                undo.delete_permanently(outside, one, Asked(), Caller(ANN, self.stage.now))

    def children(self) -> list[str]:
        """The deletions about the bin that what was accepted names; they are accepted themselves."""
        deletions = [self.stage.ledger.get(one) for one in self.stage.accepted]
        return [child.id for each in deletions if each is not None for child in each.children]

    # --- what must hold ------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Each record that is gone for good, and that no person purged, was deleted by a deletion that was to
        be made permanent, and by nobody else since; nothing was ever purged or restored but by ids.
        """
        store = self.stage.server.sim.state.store
        gone = [stone for module in store.modules.values() for stone in module.permanent.values()]
        ours = [stone for stone in gone if (stone.id, stone.deleted_at) not in self.purged]
        taken = self._taken()
        for stone in ours:
            assert (stone.id, stone.deleted_at) not in self.deleted, f"{stone.id} was deleted by a person"
            assert stone.id in taken, f"{stone.id} was to stay in the bin"
            windows = taken[stone.id]
            assert any(first - 2 <= stone.deleted_at <= last + 2 for first, last in windows), (stone, windows)
        self._by_ids_alone()

    def _taken(self) -> dict[str, list[tuple[float, float]]]:
        """The records that parents of permanent deletions deleted, each with when they were at it."""
        found: dict[str, list[tuple[float, float]]] = {}
        for one in self.children():
            child = self.stage.ledger.get(one)
            assert child is not None
            if child.request.operation is not Operation.DELETE_PERMANENTLY:
                continue
            parent = self.stage.ledger.get(str(child.request.parent))
            assert parent is not None
            for number in range(parent.chunks):
                chunk = self.stage.ledger.chunk(parent.id, number)
                for position in chunk.at(Mark.DELETED):
                    record = chunk.records.get(position, chunk.ids[position])
                    ended = parent.finished_at or self.stage.now
                    found.setdefault(record, []).append((parent.created_at, ended))
        return found

    def _by_ids_alone(self) -> None:
        for call in self.stage.server.sim.state.journal.calls:
            if BIN in call["path"] and call["method"] != "GET":
                asked = unquote(f"{call['path']} {call['query']} {call['body'] or ''}")
                assert "filter" not in asked, asked
                assert "restore_all" not in asked, asked
                assert not call["path"].endswith("/empty"), asked
                assert "ids" in asked, asked
