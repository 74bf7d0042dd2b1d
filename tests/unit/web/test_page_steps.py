"""What the status page says can be done is what the service would allow, as commands that can be copied."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib.domain import children, commands
from chalicelib.domain.deletion import Approval, Child, Counts, Deletion, Plan, Problem
from chalicelib.domain.document import document
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.status import Status
from chalicelib.service.engine import waiting
from chalicelib.web import page_steps, page_view
from chalicelib.web.page_view import Stage
from cli.__main__ import main

NOW = 1_760_000_000.0
DAY = 86_400.0
ONE = "del_01M8298QNC9R2FS46471MHPX7V"
ANN, BOB = "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/bob"


def deletion(status: Status, operation: Operation = Operation.DELETE_RECORDS, **more: Any) -> Deletion:
    """A deletion of three records, as it stands two minutes after it was asked for."""
    asked = more.pop("request", {})
    request = Request(operation, "Leads", "default", ids=("1", "2", "3"), **asked)
    counts = {Status.COMPLETED: Counts(requested=3, deleted=3)}.get(status, Counts(requested=3, pending=3))
    given = {
        "status": status,
        "counts": counts,
        "id_count": 3,
        "chunks": 1,
        "started_at": NOW - 110,
        "sent_at": NOW - 100,
        "finished_at": NOW if status in (Status.COMPLETED, Status.FAILED) else None,
        **more,
    }
    return Deletion(ONE, request, "crm", NOW - 120, NOW, int(NOW + 400 * DAY), **given)


def commands_of(one: Deletion, stage: str = "", now: float = NOW) -> list[str]:
    return [text for step in page_steps.steps(one, stage, now) for text in step.commands]


def said(one: Deletion, now: float = NOW, stage: Stage = Stage()) -> dict[str, Any]:  # noqa: B008 -- frozen
    found: dict[str, Any] = json.loads(json.dumps(page_view.view(document(one), one, stage, now)))
    return found


def fact(view: dict[str, Any], label: str) -> str:
    return next(
        (
            each["text"]
            for part in ("people", "times", "asked")
            for each in view[part]
            if each["label"] == label
        ),
        "",
    )


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    "operation", [Operation.DELETE_RECORDS, Operation.RESTORE, Operation.DELETE_PERMANENTLY]
)
def test_a_command_is_offered_where_the_service_allows_it(status: Status, operation: Operation) -> None:
    approval = Approval(3, NOW - 60, NOW + DAY) if status is Status.AWAITING_APPROVAL else None
    for counts in (Counts(requested=3, pending=3), Counts(requested=3, deleted=1, failed=1, unknown=1)):
        one = deletion(status, operation, counts=counts, approval=approval)
        offered = {text.split()[1] for text in commands_of(one)}
        assert ("cancel" in offered) == (not one.is_final and not commands.not_cancellable(one))
        assert ("approve" in offered) == (not commands.not_approvable(one, commands.Given(3), NOW))
        assert ("resolve" in offered) == (not commands.not_resolvable(one))
        retried = not commands.not_retryable(one) and status is not Status.NEEDS_ATTENTION
        assert ("retry" in offered) == retried
        assert ("restore" in offered) == children.may_come_back(one)


def test_every_command_is_one_that_there_is() -> None:
    """Each with its options, as the command line reads them; --help keeps it from being carried out."""
    approval = Approval(3, NOW - 60, NOW + DAY)
    states = [
        deletion(Status.AWAITING_APPROVAL, approval=approval, waiting_for="approval"),
        deletion(Status.WAITING, waiting_for=waiting.PAUSE),
        deletion(Status.WAITING, waiting_for=waiting.CREDENTIALS),
        deletion(Status.NEEDS_ATTENTION, counts=Counts(requested=3, unknown=3)),
        deletion(Status.PARTIALLY_COMPLETED, counts=Counts(requested=3, deleted=2, failed=1)),
    ]
    told = [text for one in states for text in commands_of(one, "prod")]
    for one in states:
        receipt = page_steps.evidence(one, "prod")
        told += receipt.commands if receipt else ()
    assert len({text.split()[1] for text in told}) == 8
    for text in told:
        _, *words = text.split()
        done = CliRunner().invoke(main, [*words, "--help"])
        assert (done.exit_code, "No such option" in done.output) == (0, False), text
        assert text.endswith("--stage prod") or "verify" in text


def test_an_approval_says_how_by_whom_and_until_when() -> None:
    approval = Approval(1200, NOW - 60, NOW + DAY)
    view = said(deletion(Status.AWAITING_APPROVAL, approval=approval, waiting_for="approval", asked_by=ANN))
    approve, cancel = view["steps"]
    assert approve["commands"] == [f"expunge approve {ONE} --count 1200"]
    assert "Who asked for it cannot" in approve["says"]
    assert "2025-10-10T08:53:20.000Z" in approve["says"]
    assert cancel["commands"] == [f"expunge cancel {ONE}"]
    assert fact(view, "Asked for by") == ANN
    given = replace(approval, approved_at=NOW, by=BOB)
    view = said(deletion(Status.RUNNING, approval=given))
    assert fact(view, "Approved by") == BOB
    assert fact(view, "Asked for by") == "who used the source's key was not said"
    late = deletion(Status.AWAITING_APPROVAL, approval=approval)
    assert not [text for text in commands_of(late, now=NOW + 2 * DAY) if "approve" in text]


def test_it_says_until_when_one_can_restore_and_how() -> None:
    one = deletion(Status.COMPLETED)
    (step,) = said(one)["steps"]
    assert step["commands"] == [f"expunge restore {ONE}"]
    assert "then Zoho deletes it for good" in step["says"]
    assert commands_of(one, now=NOW + 61 * DAY) == []
    child = Child("del_c", Operation.DELETE_PERMANENTLY, Status.WAITING, 0, NOW + 14 * DAY)
    (step,) = said(replace(one, children=(child,)))["steps"]
    assert "Until 2025-10-23T08:53:20.000Z" in step["says"]
    assert "then it is deleted for good" in step["says"]
    assert commands_of(replace(one, children=(replace(child, done=3),))) == []
    assert commands_of(replace(one, children=(child,)), now=NOW + 15 * DAY) == []
    unlisted = deletion(Status.COMPLETED, Operation.MASS_DELETE, id_count=0, chunks=0)
    assert commands_of(unlisted) == [f"expunge restore {ONE} RECORD_ID"]


def test_a_dry_run_shows_its_plan_and_no_counts() -> None:
    one = deletion(
        Status.COMPLETED, counts=Counts(), request={"dry_run": True}, plan=Plan(2, ("1", "2"), 1, 3)
    )
    view = said(one)
    assert (view["counts"], view["bar"]["gone"]) == ([], True)
    assert (
        view["plan"]["says"]
        == "Would delete 2 records with 1 call to Zoho (3 API credits). Nothing was deleted."
    )
    assert "without `dry_run`" in view["steps"][0]["says"]
    refused = replace(one, status=Status.REFUSED, plan=None, finished_at=NOW)
    assert "would stop it" in said(refused)["meaning"]
    assert said(refused)["plan"]["says"].startswith("There is none")


def test_a_refused_run_speaks_of_its_policy() -> None:
    asked = {"policy": "old-leads", "run": "2026-11-22"}
    for code in ("MAX_RECORDS", "MAX_SHARE", "CANNOT_COUNT", "APPROVAL_EXPIRED"):
        one = deletion(
            Status.REFUSED,
            Operation.PURGE,
            request=asked,
            problems=(Problem(code, 9),),
            finished_at=NOW,
            put_by=ANN,
        )
        view = said(one)
        (problem,) = view["problems"]
        told = " ".join(
            [view["meaning"], problem["meaning"], problem["what_to_do"], *(s["says"] for s in view["steps"])]
        )
        assert "source" not in told
        assert "view" not in told
        assert "policy" in told
        assert fact(view, "Policy put by") == ANN
        assert fact(view, "Asked for by") == "nobody: its policy's schedule"


def test_a_meaning_speaks_of_what_the_operation_does() -> None:
    assert "Nothing was restored." in said(deletion(Status.FAILED, Operation.RESTORE))["meaning"]
    assert "delinked" in said(deletion(Status.CANCELLED, Operation.DELINK_RECORDS))["meaning"]
    assert "deleted for good" in said(deletion(Status.REFUSED, Operation.DELETE_PERMANENTLY))["meaning"]


def test_the_receipt_is_told_once_it_has_ended_and_where_there_is_evidence() -> None:
    one = deletion(Status.COMPLETED)
    (receipt,) = said(one, stage=Stage("prod"))["receipt"]
    assert receipt["commands"] == [
        f"expunge receipt {ONE} --output receipt-{ONE} --stage prod",
        f"expunge receipt verify receipt-{ONE}",
    ]
    assert said(one, stage=Stage("prod", evidence=False))["receipt"] == []
    assert said(deletion(Status.RUNNING))["receipt"] == []


def test_an_undo_window_says_when_it_ends() -> None:
    one = deletion(
        Status.WAITING, Operation.DELETE_PERMANENTLY, waiting_for="the undo window", not_before=NOW + DAY
    )
    view = said(one)
    assert fact(view, "Asked for by").startswith("nobody: it was asked for with the deletion")
    assert fact(view, "Not before") == "2025-10-10T08:53:20.000Z"
    assert "stays in the recycle bin" in view["steps"][0]["says"]


MAP = {
    "map_hash": "5f" * 32,
    "records": 3,
    "by_module": {"Contacts": 1, "Leads": 2},
    "goes_along": {"Notes": 2},
    "shared": [{"value": "/identity/phones/0", "shared_with": 8}],
    "out_of_reach": [{"code": "NO_SEARCH", "module": "X", "field": None, "meaning": "m"}],
}


def erasure(status: Status, **more: Any) -> Deletion:
    """The erasure of a person, with its map."""
    asked = {"request": more.pop("request", {})}
    one = deletion(status, Operation.ERASE_PERSON, erasure=MAP, **asked, **more)
    return replace(one, request=replace(one.request, module="*", ids=()))


def test_an_erasure_shows_its_map_and_is_approved_by_its_hash() -> None:
    approval = Approval(3, NOW - 60, NOW + DAY, map_hash=MAP["map_hash"])  # type: ignore[arg-type]  # JSON of any shape
    view = said(erasure(Status.AWAITING_APPROVAL, approval=approval, waiting_for="approval"))
    assert view["title"] == "Erase a person"
    assert "look at it and approve it" in view["meaning"]
    told = view["plan"]["says"]
    for words in (
        "3 records of the person: 1 in Contacts, 2 in Leads",
        "With them go: 2 Notes.",
        "others have too: /identity/phones/0 (8 records)",
        "1 place could not be searched, and the person may still be there: X.",
    ):
        assert words in told
    assert MAP["map_hash"] in told
    approve = view["steps"][0]
    assert approve["commands"] == [f"expunge approve {ONE} --count 3 --map-hash {MAP['map_hash']}"]
    assert "--shared" in approve["says"]
    assert "not what was unlinked or cleared" in approve["says"]
    assert fact(view, "Records") == "3 in the map"
    assert fact(view, "Module") == ""


def test_a_named_record_that_zoho_does_not_show_is_told_with_its_place_in_the_request() -> None:
    place = {"code": "NAMED_RECORD_NOT_SHOWN", "module": "Contacts", "field": "/identity/records/1"}
    reach = [{**place, "meaning": "m"}]
    told = said(replace(erasure(Status.AWAITING_APPROVAL), erasure={**MAP, "out_of_reach": reach}))["plan"][
        "says"
    ]
    assert "does not show 1 record that the request names (Contacts /identity/records/1)" in told
    assert "no proof that it is deleted" in told
    assert "could not be searched" not in told


def test_an_erasure_that_ended_can_be_restored_and_tells_what_was_found_again() -> None:
    again = {"found_again": 0, "searches": 2, "by_module": {}, "verified_at": "2025-10-09T08:53:20.000Z"}
    one = erasure(Status.COMPLETED, counts=Counts(requested=3, deleted=2, unlinked=1))
    view = said(replace(one, erasure={**MAP, "verification": again}))
    assert fact(view, "Verified") == "0 records found again by 2 searches, 2025-10-09T08:53:20.000Z"
    assert [step["commands"] for step in view["steps"]] == [[f"expunge restore {ONE}"]]
    assert {"unlinked", "cleared", "kept"} <= {each["key"] for each in view["counts"]}
    dry = said(erasure(Status.COMPLETED, counts=Counts(), request={"dry_run": True}))
    assert "Nothing was changed." in dry["plan"]["says"]
    assert dry["counts"] == []
    assert said(replace(erasure(Status.RUNNING), erasure={}))["plan"]["says"] == "Not known yet."
