"""What the executor by ids decides, without a table: it reads a slice and answers a step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain import by_ids
from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.by_ids import IdsProgress
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind, Item, Reply
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.by_ids import executor
from chalicelib.service.engine.step import Again, Commit, Finish, Send, TryAgain
from chalicelib.service.ports import Call
from tests.unit.service.still import NOW, StillSlice, commit, wave

IDS = ("101", "102", "103")


def here(marks: str = "ppp", **progress: object) -> StillSlice:
    work = StillSlice(Request(Operation.DELETE_RECORDS, "Leads", "default", ids=IDS), IDS, marks)
    stands = replace(by_ids.progress_of(work.deletion), checked=True, **progress)  # type: ignore[arg-type]  # fields of the progress by their names
    work.deletion = replace(work.deletion, progress=stands.to_json())
    return work


def progress(step: Commit) -> IdsProgress:
    return by_ids.progress_of(step.deletion)


def deleted(work: StillSlice, send: Send) -> Commit:
    """What is kept where Zoho deletes all that the one call names."""
    work.deletion = send.opened((1,))
    items = tuple(Item("SUCCESS", ok=True, id=one) for one in IDS)
    call = Call(1, send.calls[0].kind, send.calls[0].target, NOW)
    return send.judge([call], [Reply(200, items=items, body={"data": []})])


def test_what_is_pending_is_a_wave_whose_intents_show_in_the_deletion() -> None:
    work = here()
    send = wave(executor.step(work))
    assert [(each.kind, each.target) for each in send.calls] == [
        (CallKind.DELETE_RECORDS, {"chunk": 0, "positions": [0, 1, 2]})
    ]
    assert by_ids.progress_of(send.opened((7,))).open == (7,)
    assert (send.last, work.zoho.log) == (True, [])


def test_the_last_look_says_for_each_call_why_it_may_not_leave() -> None:
    work = here(single=(0,))
    send = wave(executor.step(work))
    assert send.last_look() == ["", ""]
    work.ledger.holds = {"101"}
    assert send.last_look() == ["", "a hold was set"]


def test_a_wave_that_settles_everything_ends_the_deletion_in_the_same_write() -> None:
    work = here()
    step = deleted(work, wave(executor.step(work)))
    assert isinstance(step.then, Finish)
    assert (step.chunks[0].marks, step.gone, step.succeeded) == ("DDD", IDS, "send")
    assert progress(step).left == ()


def test_a_call_that_did_not_leave_settles_nothing_and_ends_no_clock() -> None:
    work = here()
    send = wave(executor.step(work))
    work.deletion = send.opened((1,))
    step = send.judge([Call(1, CallKind.DELETE_RECORDS, {}, NOW, NOW, {"verdict": "not_sent"})], [None])
    assert (step.chunks, step.succeeded, progress(step).open) == ((), None, ())
    assert isinstance(step.then, Again)


def test_an_intent_without_an_answer_makes_its_ids_sent_before_anything_else() -> None:
    work = here(open=(4,))
    work.ledger.open = [Call(4, CallKind.DELETE_RECORDS, {"chunk": 0, "positions": [1]}, NOW)]
    step = commit(executor.step(work))
    assert (step.chunks[0].marks, progress(step).open) == ("psp", ())
    assert [note.what for note in step.notes] == ["resumed"]


def test_only_locked_records_are_asked_for_again_by_their_own_clock() -> None:
    work = here("DlD", slow_at=NOW - 5)
    then = commit(executor.step(work)).then
    assert isinstance(then, TryAgain)
    assert (then.call, then.verdict, then.tried_at) == ("locked", Verdict.RETRY_SLOWLY, NOW - 5)
    assert then.at_most == Timeouts().give_up


@pytest.mark.parametrize(("calls", "status"), [(0, Status.CANCELLED), (1, None)])
def test_a_cancel_ends_at_once_only_what_has_sent_nothing(calls: int, status: Status | None) -> None:
    work = here()
    work.deletion = replace(work.deletion, cancelled_by="ann", calls=calls)
    then = commit(executor.step(work)).then
    assert (then.status if isinstance(then, Finish) else None) is status


def test_what_is_given_up_sends_nothing_more() -> None:
    step = executor.give_up(here(), "send")
    assert isinstance(step, Commit)
    assert {Mark(mark) for mark in step.chunks[0].marks} == {Mark.FAILED}
