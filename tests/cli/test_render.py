"""Whatever the contract allows a document to be, it is shown: no null, no missing field ends in an error."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from rich.console import Console

from cli.bar import Bar
from cli.dashboard.sums import StageData, overview
from cli.following import command, progress
from cli.operating import holds, pausing, render
from cli.policies import _plan_words, _row
from tests.cli.anything import anything
from tests.cli.service import document

AT = datetime(2026, 11, 29, tzinfo=UTC)
Document = dict[str, Any]
slow = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


def fits(lines: list[str], width: int = 80) -> None:
    assert lines
    for line in lines:
        assert len(line) <= width, line
        assert "\n" not in line


@slow
@given(anything("OperatorsDeletion"))
def test_every_document_is_shown(shown: Document) -> None:
    fits(render.shown(shown))
    fits(render.listed([shown]))
    found = progress.tally([shown])
    assert progress.words(found, 1.0)
    assert command._ending([shown, shown], found)
    assert command._why(shown) is not None
    seen = StageData("local", AT, AT, [shown], [], [])
    assert overview(seen)["stage"] == "local"


@slow
@given(anything("Deletion"))
def test_every_document_of_a_link_is_shown(shown: Document) -> None:
    fits(render.shown(shown))
    assert command._ending([shown], progress.tally([shown]))


@slow
@given(anything("Hold"))
def test_every_hold_is_shown(hold: Document) -> None:
    assert holds._lines(hold)
    assert holds._until(hold)


@slow
@given(anything("Pause"))
def test_every_pause_is_shown(pause: Document) -> None:
    assert pausing.lines(pause, None)


@slow
@given(anything("StoredPolicy"))
def test_every_policy_is_shown(policy: Document) -> None:
    assert _row(policy)
    seen = StageData("local", AT, AT, [], [{**policy, "org": "default"}], [])
    assert overview(seen)["policies"]


@slow
@given(anything("Deletion"))
def test_every_plan_of_a_policy_is_said(shown: Document) -> None:
    codes = [each["code"] for each in shown["problems"]]
    words = _plan_words({"status": shown["status"], "problems": codes, **(shown["plan"] or {})})
    assert "None" not in words.partition(": ")[0]


@pytest.mark.parametrize("field", sorted(document("completed")))
def test_a_field_of_another_version_ends_nothing(field: str) -> None:
    """A newer or older service may leave a field out or send null."""
    whole = document("completed", approval={}, lane={}, job={}, plan={"new": 1}, new={"x": 1})
    for changed in ({k: v for k, v in whole.items() if k != field}, {**whole, field: None}):
        assert render.shown(changed)
        assert render.listed([changed])


def test_a_view_of_a_territory_without_a_count_is_said_not_to_be_known() -> None:
    plan: Document = {"would_delete": None, "first_ids": [], "calls": 1, "credits": 51}
    one = document("completed", dry_run=True, plan=plan)
    assert "  would delete an unknown number of records in 1 call, 51 credits" in render.shown(one)
    ending = command._ending([one], progress.tally([one]))
    assert ending[1] == "would delete an unknown number of records in 1 call, 51 credits"
    known = document("completed", dry_run=True, plan={**plan, "would_delete": 9})
    ending = command._ending([one, known], progress.tally([one, known]))
    assert ending[1:3] == [
        "would delete 9 records in 2 calls, 102 credits",
        "and how many the view holds is not known of 1 deletion",
    ]


def test_who_asked_why_and_who_approved_is_shown() -> None:
    approval = {
        "count": 1200,
        "asked_at": "2026-11-23T18:46:04.020Z",
        "expires_at": "2026-11-24T18:46:04.020Z",
    }
    given_at = {**approval, "approved_at": "2026-11-23T19:00:00.000Z"}
    ann, bob = "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/bob"
    shown = document(
        "running", approval=given_at, approved_by=bob, asked_by=ann, reason="audit 7", reference="t 1"
    )
    lines = render.shown(shown, 120)
    assert f"  asked by: {ann}" in lines
    assert "  reason: audit 7" in lines
    assert f"  1,200 records approved 2026-11-23 19:00:00Z by {bob}" in lines
    waiting = document("awaiting_approval", approval={**approval, "approved_at": None})
    assert render.shown(waiting)[-1].endswith("--count 1200")


@pytest.mark.parametrize(
    ("restored", "purged", "hint"), [(0, 0, True), (5, 3, True), (6, 3, False), (9, 0, False)]
)
def test_a_restore_is_proposed_only_where_something_can_come_back(
    restored: int, purged: int, *, hint: bool
) -> None:
    found: Document = {
        "restorable_until": "2027-01-27T18:46:08.260Z", "permanent_at": None,
        "restored": restored, "permanently_deleted": purged, "deletions": [],
    }  # fmt: skip
    counts = {"requested": 9, "deleted": 9}
    lines = render.shown(document("completed", recycle_bin=found, counts=counts))
    assert any("expunge restore" in line for line in lines) is hint


def test_nothing_that_somebody_wrote_is_cut_off() -> None:
    """An auditor reads the whole reason and the whole ARN, also in 80 columns."""
    ann = "arn:aws:sts::123456789012:assumed-role/data-protection-officers/ann.of.the.long.name@example.com"
    reason = "art. 17 request of 28 November, " * 7
    lines = render.shown(document("completed", asked_by=ann, reason=reason, reference="r" * 256))
    fits(lines)
    told = "".join("".join(lines).split())
    for text in (ann, reason, "r" * 256):
        assert "".join(text.split()) in told
    assert not [line for line in lines if line.endswith("...")]


def test_one_is_not_many() -> None:
    assert [render.many(n, "id") for n in (0, 1, 2, 1200, None)] == [
        "0 ids", "1 id", "2 ids", "1,200 ids", "unknown ids",
    ]  # fmt: skip


def test_a_bar_of_anything_is_drawn() -> None:
    plain = Bar(Console(file=io.StringIO()), None, lambda: 0.0)
    plain.at(0, 0, "")
