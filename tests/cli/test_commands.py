"""What operators ask for: a dry run asks the service itself, and several deletions go by one journal."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.deletion import Approval, Counts, Plan
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.service.ports import Change
from cli.operating import pausing
from tests.cli.desk import ANN, Desk, opened
from tests.fakes import SOURCES

POLICY = """policies:
  - name: old-leads
    module: Leads
    selection: {field: Created_Time, older_than: 90d}
    schedule: {rate: 1 day}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


def sent(desk: Desk, *ids: str) -> str:
    return str(desk.told("send", "Leads", *ids, "--source", "crm")["requests"][0]["id"])


def change(desk: Desk, one: str, marks: dict[int, Finding] | None = None, **changes: Any) -> None:
    ledger = desk.house.ledger
    claim = ledger.claim(one, 9e9, 9e9 + 60)
    assert claim is not None
    chunks = (ledger.chunk(one, 0).with_findings(marks),) if marks else ()
    ledger.save(claim, Change(replace(claim.deletion, **changes), 9e9, 0.0, chunks=chunks))


def everything(desk: Desk) -> Any:
    return deepcopy((vars(desk.house.ledger), desk.store.kept, desk.house.nudges.ids, desk.house.notes))


def fail(desk: Desk, one: str) -> None:
    change(
        desk,
        one,
        {0: Finding(Mark.FAILED, "RECORD_LOCKED"), 1: Finding(Mark.UNKNOWN)},
        status=Status.NEEDS_ATTENTION,
        counts=Counts(requested=2, failed=1, unknown=1),
        finished_at=1.0,
    )


def test_a_dry_run_asks_the_service_and_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    new, stuck, large = sent(desk, "1"), sent(desk, "2", "3"), sent(desk, "4", "5")
    fail(desk, stuck)
    change(desk, large, status=Status.AWAITING_APPROVAL, approval=Approval(2, 1.0, 9e9), asked_by=None)
    desk.said("holds", "set", "Leads", "7", "--reason", "audit")
    file = tmp_path / "policies.yaml"
    file.write_text(POLICY)
    before = everything(desk)
    for words, says in (
        (["cancel", new], f"{new} would be cancelled: 1 of 1 record not processed yet"),
        (["retry", stuck], f"{stuck} would be retried for 2 ids"),
        (["approve", large, "--count", "2"], f"{large} would be approved for 2 records"),
        (["resolve", stuck, "--outcome", "done"], "would be resolved: 1 unknown record counted as done"),
        (["holds", "set", "Leads", "8", "--reason", "why"], "would be held: Leads/8 of default"),
        (["holds", "remove", "Leads", "7"], "would be no longer held: Leads/7"),
        (["pause", "--reason", "why"], "all orgs: would be paused"),
        (["pause", "--org", "second"], "org second: would be paused"),
        (["resume"], "all orgs: would be not paused"),
    ):
        desk.asked.clear()
        assert says in desk.said(*words, "--dry-run")
        assert any("dry_run=true" in each for each in desk.asked), desk.asked
        assert everything(desk) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["retry", "{new}"], "has not ended"),
        (["approve", "{new}", "--count", "1"], "does not wait for an approval"),
        (["resolve", "{new}", "--outcome", "done"], "does not need attention"),
        (["holds", "remove", "Leads", "8"], "there is nothing here"),
        (["holds", "set", "Leads", "8", "--reason", "x", "--until", "2001-01-01T00:00:00Z"], "over already"),
        (["policies", "remove", "nobody"], "there is nothing here"),
        (["policies", "run", "nobody"], "there is nothing here"),
    ],
)
def test_a_dry_run_refuses_what_the_call_refuses(desk: Desk, words: list[str], says: str) -> None:
    new = sent(desk, "1")
    given = [each.format(new=new) for each in words]
    tried, done = desk.said(*given, "--dry-run", code=3), desk.said(*given, code=3)
    assert says in tried
    assert tried.partition(": HTTP")[2] == done.partition(": HTTP")[2]


def test_a_whole_send_is_cancelled_and_retried_by_its_journal(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("Id\n" + "".join(f"{n}\n" for n in range(1, 7)))
    found = desk.told("send", "Leads", "--ids", str(file), "--chunk", "2", "--source", "crm")
    first, second, third = (each["id"] for each in found["requests"])
    change(desk, second, status=Status.COMPLETED)
    fail(desk, third)
    tried = desk.said("retry", str(file), "--dry-run")
    assert f"{third} would be retried for 2 ids" in tried
    assert f"{first}: HTTP 409" in tried
    made = desk.told("retry", f"{file}.expunge")
    assert [each["retry_of"] for each in made["deletions"]] == [third]
    assert [each["deletion"] for each in made["refused"]] == [first, second]
    again = desk.said("retry", str(file), "--dry-run")
    assert f"{third} is retried already: {made['deletions'][0]['id']}" in again
    stopped = desk.told("cancel", str(file))
    assert [each["deletion"]["id"] for each in stopped["deletions"]] == [first, third]
    assert desk.house.ledger.rows[first].commands[0]["by"] == ANN
    change(desk, first, status=Status.CANCELLED)
    change(desk, third, status=Status.CANCELLED)
    assert desk.said("cancel", str(file), code=3).count("it has ended already") == 3


def test_several_are_named_at_once_and_each_once(desk: Desk) -> None:
    one, other = sent(desk, "1"), sent(desk, "2")
    lines = desk.said("cancel", one, other, one).splitlines()
    assert [line.split()[0] for line in lines] == [one, other]


def test_a_dry_run_of_a_policy_tells_what_would_go(desk: Desk, tmp_path: Path) -> None:
    """Somebody has to do the work: the first look at the dry run ends it."""
    file = tmp_path / "policies.yaml"
    file.write_text(POLICY)
    desk.when_read = lambda one: change(desk, one, status=Status.COMPLETED, plan=Plan(1200, ("7",), 1, 3))
    assert "1 would be stored" in desk.said("policies", "apply", str(file), "--dry-run")
    assert desk.store.kept == {}
    assert any(each.startswith("PUT") and "dry_run=true" in each for each in desk.asked)
    assert "1 stored" in desk.said("policies", "apply", str(file))
    tried = desk.said("policies", "run", "old-leads", "--dry-run")
    assert "default/old-leads: would delete 1,200 records today, in 1 call, 3 credits" in tried
    assert desk.told("policies", "run", "old-leads", "--dry-run")["plan"]["would_delete"] == 1200
    desk.when_read = lambda one: change(desk, one, status=Status.FAILED)
    assert "a run today" in desk.said("policies", "run", "old-leads", "--dry-run", code=4)
    before = everything(desk)
    assert "would be removed" in desk.said("policies", "remove", "old-leads", "--dry-run")
    assert everything(desk) == before


def test_what_an_operator_sends_with_a_sources_key_bears_their_arn(desk: Desk) -> None:
    one = sent(desk, "1")
    shown = desk.house.ledger.rows[one].deletion
    assert (shown.source, shown.asked_by) == ("crm", ANN)


def test_a_second_source_does_not_end_the_first_command(tmp_path: Path) -> None:
    two = {"crm-workflow": SOURCES["crm"], "a-program": SOURCES["crm"]}
    with opened(tmp_path, two) as desk:
        one = str(desk.told("send", "Leads", "1")["requests"][0]["id"])
        assert desk.house.ledger.rows[one].deletion.source == "crm-workflow"
    with opened(tmp_path, {"b": SOURCES["crm"], "a": SOURCES["crm"]}) as desk:
        assert "add --source a, or set EXPUNGE_SOURCE (there are: a, b)" in desk.said(
            "send", "Leads", "1", code=2
        )
    with opened(tmp_path, {"operator": {}}) as desk:
        assert "expunge keys new NAME" in desk.said("send", "Leads", "1", code=2)


def test_who_looks_for_a_pause_of_all_orgs_is_told_where_the_others_are(desk: Desk) -> None:
    desk.said("pause", "--source", "crm", "--reason", "wild")
    shown = desk.said("pause", "--status")
    assert "all orgs: not paused" in shown
    assert pausing.OTHERS in shown
    assert pausing.OTHERS not in desk.said("pause", "--status", "--source", "crm")
