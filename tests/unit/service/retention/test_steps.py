"""What the executor of a policy's run decides, without a table: it reads pages and answers a step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.domain.outcomes import Mark
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.retention.by_policy import RunProgress, progress_of
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.engine.step import TryAgain
from chalicelib.service.retention import executor
from tests.fake_zoho import error
from tests.unit.service.still import StillSlice, commit, then

IDS = ("101", "102", "103")
VIEW = {"view": "5"}
FIELD = {"field": "Created_Time", "older_than": "90 days"}
BUSY = error("TOO_MANY_REQUESTS", 429)


def page(*ids: str, more: bool = True, token: str | None = "next") -> Reply:
    """A page of a view, or of a query."""
    info = {"more_records": more, "next_page_token": token if more else None}
    found = tuple(Item("", ok=True, id=one) for one in ids)
    return Reply(200, items=found, body={"data": [], "info": info})


@dataclass(frozen=True)
class Case:
    """What is selected, what Zoho says (the records of IDS are there), and the step: `kept`: the ids that it
    stores; `how`: as `then` says it.
    """

    name: str
    how: str
    selection: dict[str, Any] = field(default_factory=lambda: VIEW)
    at: RunProgress = field(default_factory=RunProgress)
    of: dict[str, Any] = field(default_factory=dict)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    most: int = 500
    kept: tuple[str, ...] = ()
    frozen: bool = False
    notes: tuple[str, ...] = ()


def here(case: Case) -> StillSlice:
    request = Request(
        Operation.PURGE, "Leads", "default", policy="old-leads", run="1", selection=case.selection
    )
    work = StillSlice(request)
    work.deletion = replace(
        work.deletion,
        limits=replace(work.deletion.limits, max_records=case.most),
        progress=case.at.to_json(),
        **case.of,
    )
    work.zoho.records = dict.fromkeys(IDS)
    work.zoho.script = {name: list(replies) for name, replies in case.replies.items()}
    return work


CASES = (
    Case("a view is read to its end", "again", kept=IDS, frozen=True),
    Case("a query is read to its end", "again", FIELD, kept=IDS, frozen=True),
    Case("nothing is selected", "again", replies={"view_ids": [page(more=False)]}, frozen=True),
    Case(
        "Zoho gives a page, and then none for now",
        "try read",
        replies={"view_ids": [page("101"), BUSY]},
        kept=("101",),
    ),
    Case("Zoho gives none for now", "try read", replies={"view_ids": [BUSY]}),
    Case("a query is refused for now", "try read", FIELD, replies={"coql": [BUSY]}),
    Case(
        "the page's token has ended",
        "again",
        at=RunProgress(token="200"),
        replies={"view_ids": [error("INVALID_DATA")]},
        notes=("selection_restarted",),
    ),
    Case(
        "it has ended too often",
        "finish failed INVALID_DATA",
        at=RunProgress(token="200", restarts=3),
        replies={"view_ids": [error("INVALID_DATA"), error("INVALID_DATA")]},
    ),
    Case("there is no such view", "finish failed VIEW_NOT_FOUND",
         replies={"view_ids": [error("INVALID_DATA")]}),
    Case("the view may not be read", "finish failed NO_PERMISSION",
         replies={"view_ids": [error("NO_PERMISSION", 403)]}),
    Case("it selects more than its limit", "finish refused MAX_RECORDS", most=2),
    Case("its limit was reached by pages before", "finish refused MAX_RECORDS", most=2,
         replies={"view_ids": [page("101"), page("102", "103", token="after")]}),
    Case("it is cancelled", "finish cancelled", of={"cancelled_by": "ann"}),
    Case("the run before still goes on", "finish refused PREVIOUS_RUN_ACTIVE",
         at=RunProgress(refuse="PREVIOUS_RUN_ACTIVE")),
    Case("its policy cannot be read any more", "finish failed POLICY_BROKEN",
         at=RunProgress(refuse="POLICY_BROKEN")),
    Case("its selection cannot be read", "finish failed POLICY_BROKEN", {"field": 7}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_was_read_decides_the_next_step(case: Case) -> None:
    work = here(case)
    step = commit(executor.step(work))
    stored = tuple(one for chunk in step.new_chunks for one in chunk.ids)
    told = (then(step), stored, step.deletion.frozen, tuple(note.what for note in step.notes))
    assert told == (case.how, case.kept, case.frozen, case.notes)
    assert step.deletion.by_ids is case.frozen
    assert {mark for chunk in step.new_chunks for mark in chunk.marks} <= {Mark.PENDING.value}


def test_nothing_that_deletes_is_called_while_it_selects() -> None:
    for case in CASES:
        work = here(case)
        executor.step(work)
        assert {name for name, _ in work.zoho.log} <= {"view_ids", "coql", "converted"}, case.name


def test_where_the_reading_goes_on_is_stored_with_the_ids_before_it() -> None:
    step = commit(executor.step(here(CASES[3])))
    assert progress_of(step.deletion).token == "next"
    assert (step.deletion.id_count, step.deletion.counts.pending) == (1, 1)
    assert isinstance(step.then, TryAgain)


def test_leads_that_were_converted_are_left_out_and_said_to_be() -> None:
    work = here(Case("", "", FIELD))
    work.zoho.were_converted = {"102"}
    step = commit(executor.step(work))
    assert [chunk.ids for chunk in step.new_chunks] == [("101", "103")]
    assert [(p.code, p.count) for p in step.deletion.problems] == [("CONVERTED_LEFT_OUT", 1)]


def test_ids_that_were_not_asked_for_are_no_page() -> None:
    work = here(Case("", "", FIELD, at=RunProgress(last="200")))
    work.zoho.script = {"coql": [page("150", more=False)]}
    step = commit(executor.step(work))
    assert (then(step), step.new_chunks) == ("try read", ())


@pytest.mark.parametrize(("code", "said"), [("TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"), ("", "GAVE_UP")])
def test_a_selection_that_could_not_be_read_has_failed_and_deleted_nothing(code: str, said: str) -> None:
    work = here(Case("", "", at=RunProgress(code=code), of={"id_count": 3, "chunks": 1}))
    step = commit(executor.give_up(work, executor.READ))
    assert then(step) == f"finish failed {said}"
    assert (step.deletion.id_count, step.deletion.counts.requested) == (0, 0)


def test_page_comes_after_page_and_what_stands_in_its_way_is_remembered() -> None:
    deletion = here(CASES[0]).deletion
    assert executor.wanted(deletion) == 1
    assert progress_of(executor.blamed(deletion, "PAUSED")).code == "PAUSED"
