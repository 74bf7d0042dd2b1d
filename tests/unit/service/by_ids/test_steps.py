"""What the executor by ids decides, without a table: it reads a slice and answers a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from chalicelib.domain import by_ids
from chalicelib.domain.backoff import Patience
from chalicelib.domain.by_ids import IdsProgress
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.lane import Lane
from chalicelib.domain.outcomes import Chunk, Mark, untouched
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind, Item, Reply
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.by_ids import executor
from chalicelib.service.engine.ahead import Ahead
from chalicelib.service.engine.step import Again, Commit, Finish, Send, TryAgain
from chalicelib.service.ports import Call
from tests.fake_zoho import FakeZoho

NOW = 1_000_000.0
IDS = ("101", "102", "103")


@dataclass
class Reading:
    """The table as an executor sees it: one chunk, perhaps held ids, a pause, calls without an answer."""

    the_chunk: Chunk
    holds: set[str] = field(default_factory=set)
    pause: str | None = None
    open: list[Call] = field(default_factory=list)

    def get(self, deletion_id: str) -> Deletion | None:
        raise AssertionError(f"{deletion_id} is not asked for")

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        return self.the_chunk

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        return self.open

    def lane(self, key: str) -> Lane:
        raise AssertionError("a deletion by ids is in no lane")

    def paused(self, org: str, source: str) -> str | None:
        return self.pause

    def held(self, org: str, module: str, ids: Sequence[str], now: float) -> set[str]:
        return self.holds & set(ids)

    def has_holds(self, org: str, module: str, now: float) -> bool:
        return bool(self.holds)


class Here:
    """A slice of a deletion that nobody writes."""

    until = NOW + 20
    now = NOW
    width = 10
    reserved = False
    round_limit = 50_000

    def __init__(self, marks: str = "ppp", **progress: object) -> None:
        self.ahead = Ahead()
        self.patience = Patience()
        self.zoho = FakeZoho(lambda: NOW, list(IDS))
        self.chunks = replace(untouched(0, IDS), marks=marks)
        self.ledger = Reading(self.chunks)
        deletion = Deletion(
            id="del_1",
            request=Request(Operation.DELETE_RECORDS, "Leads", "default", ids=IDS),
            source="crm",
            created_at=NOW,
            updated_at=NOW,
            expires_at=int(NOW) + 86_400,
            limits=Limits(),
            counts=Counts(requested=3, pending=3),
            id_count=3,
            chunks=1,
        )
        stands = replace(by_ids.progress_of(deletion), checked=True, **progress)  # type: ignore[arg-type]
        self.deletion = replace(deletion, progress=stands.to_json())

    def chunk(self, number: int) -> Chunk:
        return self.chunks

    def named(self, records: int) -> int:
        return 0

    def deleted_lately(self, ids: Sequence[str]) -> set[str]:
        return set()

    def report(self, event: str, **fields: object) -> None:
        raise AssertionError(event)


def wave(work: Here) -> Send:
    step = executor.step(work)
    assert isinstance(step, Send)
    return step


def commit(work: Here) -> Commit:
    step = executor.step(work)
    assert isinstance(step, Commit)
    return step


def progress(step: Commit) -> IdsProgress:
    return by_ids.progress_of(step.deletion)


def deleted(work: Here, send: Send) -> Commit:
    """What is kept where Zoho deletes all that the one call names."""
    work.deletion = send.opened((1,))
    items = tuple(Item("SUCCESS", ok=True, id=one) for one in IDS)
    call = Call(1, send.calls[0].kind, send.calls[0].target, NOW)
    return send.judge([call], [Reply(200, items=items, body={"data": []})])


def test_what_is_pending_is_a_wave_whose_intents_show_in_the_deletion() -> None:
    work = Here()
    send = wave(work)
    assert [(each.kind, each.target) for each in send.calls] == [
        (CallKind.DELETE_RECORDS, {"chunk": 0, "positions": [0, 1, 2]})
    ]
    assert by_ids.progress_of(send.opened((7,))).open == (7,)
    assert (send.last, work.zoho.log) == (True, [])


def test_the_last_look_says_for_each_call_why_it_may_not_leave() -> None:
    work = Here(single=(0,))
    send = wave(work)
    assert send.last_look() == ["", ""]
    work.ledger.holds = {"101"}
    assert send.last_look() == ["", "a hold was set"]
    work.ledger.pause = "audit"
    assert send.last_look() == ["sending was paused"] * 2


def test_a_wave_that_settles_everything_ends_the_deletion_in_the_same_write() -> None:
    work = Here()
    step = deleted(work, wave(work))
    assert isinstance(step.then, Finish)
    assert (step.chunks[0].marks, step.gone, step.succeeded) == ("DDD", IDS, "send")
    assert progress(step).left == ()


def test_a_call_that_did_not_leave_settles_nothing_and_ends_no_clock() -> None:
    work = Here()
    send = wave(work)
    work.deletion = send.opened((1,))
    step = send.judge([Call(1, CallKind.DELETE_RECORDS, {}, NOW, NOW, {"verdict": "not_sent"})], [None])
    assert (step.chunks, step.succeeded, progress(step).open) == ((), None, ())
    assert isinstance(step.then, Again)


def test_an_intent_without_an_answer_makes_its_ids_sent_before_anything_else() -> None:
    work = Here(open=(4,))
    work.ledger.open = [Call(4, CallKind.DELETE_RECORDS, {"chunk": 0, "positions": [1]}, NOW)]
    step = commit(work)
    assert (step.chunks[0].marks, progress(step).open) == ("psp", ())
    assert [note.what for note in step.notes] == ["resumed"]


def test_only_locked_records_are_asked_for_again_by_their_own_clock() -> None:
    work = Here("DlD", slow_at=NOW - 5)
    then = commit(work).then
    assert isinstance(then, TryAgain)
    assert (then.call, then.verdict, then.tried_at) == ("locked", Verdict.RETRY_SLOWLY, NOW - 5)
    assert then.at_most == Patience().give_up


@pytest.mark.parametrize(("calls", "status"), [(0, Status.CANCELLED), (1, None)])
def test_a_cancel_ends_at_once_only_what_has_sent_nothing(calls: int, status: Status | None) -> None:
    work = Here()
    work.deletion = replace(work.deletion, cancelled_by="ann", calls=calls)
    then = commit(work).then
    assert (then.status if isinstance(then, Finish) else None) is status


def test_what_is_given_up_sends_nothing_more() -> None:
    step = executor.give_up(Here(), "send")
    assert isinstance(step, Commit)
    assert {Mark(mark) for mark in step.chunks[0].marks} == {Mark.FAILED}
