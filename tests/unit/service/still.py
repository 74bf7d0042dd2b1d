"""A slice of a deletion that nobody writes: for tests of what an executor decides, without a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.lane import Lane
from chalicelib.domain.outcomes import Chunk, recount, untouched
from chalicelib.domain.person.phones import NoPhones
from chalicelib.domain.quota import Full
from chalicelib.domain.request import Request
from chalicelib.service.engine.ahead import Ahead
from chalicelib.service.engine.step import Commit, Finish, Rest, Send, Step, TryAgain, Wait
from chalicelib.service.ports import Call
from tests.fake_zoho import FakeZoho

NOW = 1_000_000.0


@dataclass
class StillTable:
    """The table as an executor sees it. `others`: deletions by their ids, for whoever stands in a lane."""

    the_chunk: Chunk | None
    holds: set[str] = field(default_factory=set)
    pause: str | None = None
    open: list[Call] = field(default_factory=list)
    line: Lane | None = None
    others: dict[str, Deletion] = field(default_factory=dict)

    def get(self, deletion_id: str) -> Deletion | None:
        return self.others.get(deletion_id)

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        assert self.the_chunk is not None
        return self.the_chunk

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        return self.open

    def part(self, deletion_id: str, number: int) -> object:
        raise NotImplementedError

    def person_map(self, org: str) -> None:
        return None

    def lane(self, key: str) -> Lane:
        return self.line or Lane(key)

    def paused(self, org: str, source: str) -> str | None:
        return self.pause

    def held(self, org: str, module: str, ids: Sequence[str], now: float) -> set[str]:
        return self.holds & set(ids)

    def has_holds(self, org: str, module: str, now: float) -> bool:
        return bool(self.holds)


class StillSlice:
    """`ids`, `marks`: what is stored of the deletion; the org holds the records of `ids`, and no others."""

    until = NOW + 20
    now = NOW
    width = 10
    reserved = False
    round_limit = 50_000

    def __init__(self, request: Request, ids: tuple[str, ...] = (), marks: str = "") -> None:
        self.ahead = Ahead()
        self.timeouts = Timeouts()
        self.zoho = FakeZoho(lambda: NOW, ids)
        fresh = untouched(0, ids)
        chunk = replace(fresh, marks=marks or fresh.marks)
        self.ledger = StillTable(chunk if ids else None)
        counts = Counts(requested=len(ids), pending=len(ids))
        self.deletion = Deletion(
            id="del_1",
            request=request,
            source="crm",
            created_at=NOW,
            updated_at=NOW,
            expires_at=int(NOW) + 86_400,
            counts=recount(counts, fresh, chunk),
            id_count=len(ids),
            chunks=1 if ids else 0,
        )
        self.before: int | Full = 0

    def chunk(self, number: int) -> Chunk:
        return self.ledger.chunk(self.deletion.id, number)

    @property
    def phones(self) -> NoPhones:
        return NoPhones()

    def part(self, number: int) -> object:
        raise NotImplementedError

    def named(self, records: int) -> int | Full:
        return self.before

    def deleted_lately(self, ids: Sequence[str]) -> set[str]:
        return set()

    def report(self, event: str, **fields: object) -> None:
        raise AssertionError(event)


def wave(step: Step) -> Send:
    assert isinstance(step, Send)
    return step


def commit(step: Step) -> Commit:
    assert isinstance(step, Commit)
    return step


def then(step: Step) -> str:
    """How it goes on, in a few words: "again", "wait lane", "try read", "finish refused MAX_RECORDS"."""
    if isinstance(step, Send):
        return "send"
    match step.then:
        case Finish(status, why, _, problems):
            codes = sorted({*(p.code for p in problems), *([why] if why else [])})
            return " ".join(["finish", status.value if status else "as counted", *codes])
        case TryAgain(call=call):
            return f"try {call}"
        case Wait(waiting_for=what):
            return f"wait {what}"
        case Rest():
            return "rest"
        case _:
            return "again"
