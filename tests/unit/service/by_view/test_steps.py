"""What the executor of views decides, without a table: from each phase, by what it reads, one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain import by_ids
from chalicelib.domain.by_view import Phase, progress_of
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.service.by_view import executor
from chalicelib.service.engine.step import Commit, TryAgain
from chalicelib.service.ports import Call
from tests.fake_zoho import LOST, error, lose
from tests.unit.service.by_view.view_cases import (
    ALL,
    ANEW,
    BUSY,
    JOB,
    NEVER,
    OLD,
    STARTED,
    UNLISTED,
    Case,
    after,
    here,
    job,
    prepared,
)
from tests.unit.service.still import NOW, StillSlice, commit, then, wave


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.phase.value}: {case.name}")
def test_from_each_phase_what_was_read_decides_the_next_step(case: Case) -> None:
    work = here(prepared(case))
    step = commit(executor.step(work))
    told = (after(step), then(step), step.leave_lane, tuple(note.what for note in step.notes))
    assert told == (case.to, case.how, case.leaves_lane, case.notes)
    assert "".join(chunk.marks for chunk in step.chunks) == case.written
    assert not [name for name in ("mass_delete_view", "delete_records") if work.zoho.sent(name)]


def test_every_phase_has_cases() -> None:
    assert {case.phase for case in ALL} == set(Phase) == set(executor.PHASES)


# --- the start: the one call that changes Zoho ----------------------------------------------------


def ready(**more: Any) -> StillSlice:
    return here(Case("", Phase.START, "", "", at=ANEW, **more))


def judged(work: StillSlice, reply: Reply | None) -> Commit:
    """What is kept of the start whose answer is `reply`."""
    send = wave(executor.step(work))
    work.deletion = send.opened((4,))
    assert progress_of(work.deletion).open == 4
    return send.judge([Call(4, CallKind.MASS_DELETE_VIEW, send.calls[0].target, NOW)], [reply])


def test_a_start_names_the_view_and_how_many_were_listed() -> None:
    work = ready()
    send = wave(executor.step(work))
    assert [(each.kind, each.target) for each in send.calls] == [
        (CallKind.MASS_DELETE_VIEW, {"cvid": "5", "round": 1, "count_before": 3})
    ]
    assert send.calls[0].make(work.zoho).status == 200
    assert work.zoho.sent("mass_delete_view") == ["5"]


def test_directly_before_the_start_a_hold_keeps_it_back() -> None:
    work = ready()
    send = wave(executor.step(work))
    assert list(send.last_look()) == [""]
    work.ledger.holds = {"999"}
    assert list(send.last_look()) == ["the module has holds"]


@pytest.mark.parametrize(
    ("reply", "phase", "how"),
    [
        (lambda zoho: zoho.mass_delete_view("Leads", "5", None), "run", "rest"),
        (lambda _: LOST, "watch", "again"),
        (lambda _: error("NO_RECORDS_FOUND"), "settle", "again"),
        (lambda _: error("NO_PERMISSION", 403), "start", "finish as counted NO_PERMISSION"),
        (lambda _: error("NOT_IN_EDITION", 403), "reread", "again"),
        (lambda _: error("ALREADY_SCHEDULED"), "start", "try start"),
        (lambda _: error("API_CREDITS_EXCEEDED", 429), "start", "try start"),
        (lambda _: error("INTERNAL_ERROR", 500), "watch", "again"),
        (lambda _: None, "start", "again"),
    ],
    ids=["started", "lost", "nothing", "refused", "edition", "busy", "credits", "5xx", "not sent"],
)
def test_what_zoho_answers_to_the_start_decides(
    reply: Callable[[Any], Reply | None], phase: str, how: str
) -> None:
    work = ready()
    step = judged(work, reply(work.zoho))
    assert (after(step), then(step)) == (phase, how)
    assert progress_of(step.deletion).open is None or step.deletion.by_ids
    assert [call.n for call in step.calls] == [4]


def test_the_answer_of_a_start_that_was_lost_is_never_followed_by_another_start() -> None:
    work = ready()
    step = judged(work, lose(lambda: work.zoho.mass_delete_view("Leads", "5", None)))
    assert [p.code for p in step.deletion.problems] == ["START_LOST"]
    assert step.regardless
    work.deletion = step.deletion
    assert then(executor.step(work)) == "rest"


# --- the clock of a call has run out --------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "call", "how", "written"),
    [
        (Case("nothing was sent", Phase.LIST, "", "", at={"code": "BUSY"}, **UNLISTED), "read",
         "finish failed BUSY", ""),
        (Case("nothing was sent of a list", Phase.LANE, "", "", at=ANEW), "start",
         "finish as counted GAVE_UP", "FFF"),
        (Case("its worker ended", Phase.START, "", "", at={**ANEW, "open": 4, "intent_at": NOW}), "start",
         "again", ""),
        (Case("cancelled", Phase.LANE, "", "", at=ANEW, of={"cancelled_by": "ann"}), "start",
         "finish cancelled", ""),
        (Case("a job that was lost", Phase.WATCH, "", "", at=STARTED, of=JOB), "read",
         "finish as counted JOB_LOST", "UUU"),
        (Case("no list", Phase.LOOK, "", "", at={"intent_at": NOW, "before": 3}, **NEVER), "count",
         "finish needs_attention OUTCOME_UNKNOWN", ""),
        (Case("the list lags", Phase.SETTLE, "", "", at={**STARTED, "goal": "end"}, marks="DDg"), "settle",
         "again", ""),
        (Case("it lags still", Phase.SETTLE, "", "", at={**STARTED, "goal": "end", "last_reading": True},
              marks="DDg"), "settle", "finish as counted", "DDU"),
        (Case("it goes by ids", Phase.SETTLE, "", "", at={**ANEW, "goal": "by_ids"}, marks="ppx"), "read",
         "again", "ppF"),
    ],
    ids=lambda value: value.name if isinstance(value, Case) else None,
)  # fmt: skip
def test_what_is_given_up_says_only_what_is_known(case: Case, call: str, how: str, written: str) -> None:
    step = commit(executor.give_up(here(prepared(case)), call))
    assert (then(step), "".join(chunk.marks for chunk in step.chunks)) == (how, written)


# --- what the others rely on ----------------------------------------------------------------------


def test_what_stands_in_its_way_is_remembered() -> None:
    work = ready()
    assert progress_of(executor.blamed(work.deletion, "PAUSED")).code == "PAUSED"


@pytest.mark.parametrize(("phase", "calls"), [(Phase.LIST, 1), (Phase.SETTLE, 25)])
def test_only_reads_that_settle_a_list_are_made_at_the_same_time(phase: Phase, calls: int) -> None:
    assert executor.wanted(here(Case("", phase, "", "")).deletion) == calls


def test_by_ids_it_goes_on_with_every_chunk_and_meets_the_limits_no_second_time() -> None:
    work = here(prepared(Case("", Phase.REREAD, "", "", at={**ANEW, "goal": "by_ids"})))
    stands = by_ids.progress_of(commit(executor.step(work)).deletion)
    assert (stands.left, stands.checked) == ((0,), True)


def test_what_the_job_took_beyond_the_list_is_told() -> None:
    at = {**STARTED, "goal": "end", "list_is_read": True, "job_total": 5, "job_gone": 5}
    step = commit(executor.step(here(prepared(Case("", Phase.SETTLE, "", "", at=at, marks="DDD")))))
    assert step.deletion.unlisted == 2


def test_a_job_that_runs_too_long_never_unsays_what_it_deleted() -> None:
    at = {**OLD, "before": 3}
    case = Case("", Phase.RUN, "", "", of=JOB, at=at, replies={"job_status": [job("RUNNING", 3, 1)]}, **NEVER)
    counts = commit(executor.step(here(case))).deletion.counts
    assert (counts.deleted, counts.unknown, counts.pending) == (1, 2, 0)


def test_a_try_at_a_jobs_status_is_no_failure_of_ours() -> None:
    case = Case("", Phase.RUN, "", "", at=STARTED, of=JOB, replies={"job_status": [BUSY]})
    how = commit(executor.step(here(case))).then
    assert isinstance(how, TryAgain)
    assert not how.blame
