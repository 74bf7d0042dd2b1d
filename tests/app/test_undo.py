"""Undo and permanent deletion through the endpoints, over a ledger in memory."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.document import document
from chalicelib.domain.errors import NotAllowed, NotValid
from chalicelib.domain.permit import permit
from chalicelib.domain.request import Operation
from chalicelib.domain.source import parse
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.service.ports import Call, Change
from chalicelib.web import page_status, request_body
from chalicelib.web.page_view import Stage, view
from tests.app.test_operator import DELETIONS, Office, refused
from tests.fakes import LEADS, SOURCES

BEN = "arn:aws:iam::123456789012:user/ben"


def ended(office: Office, marks: str = "DD", status: Status = Status.COMPLETED) -> str:
    """A deletion of two leads that a worker has ended."""
    one: str = office.send(LEADS).json["id"]
    claim = office.ledger.claim(one, office.now, office.now + 60)
    assert claim is not None
    chunk = replace(office.ledger.chunk(one, 0), marks=marks)
    answer = {"verdict": "answered", "marks": [[p, m, ""] for p, m in enumerate(marks)]}
    target = {"chunk": 0, "positions": [0, 1]}
    call = Call(1, CallKind.DELETE_RECORDS, target, office.now, office.now + 1, answer)
    gone = marks.count("D")
    deletion = replace(
        claim.deletion,
        status=status,
        counts=Counts(requested=2, deleted=gone, failed=2 - gone),
        calls=1,
        sent_at=office.now,
        finished_at=office.now + 1,
    )
    office.ledger.save(claim, Change(deletion, office.now, 0.0, chunks=(chunk,), calls=(call,)))
    return one


def test_a_restore_is_answered_with_the_deletion_that_does_it_and_named_by_its_parent() -> None:
    office = Office()
    one = ended(office)
    made = office.on(one, "restore", {"reason": "wrong ones"})
    assert made.status == 202, made.text
    shown = made.json
    assert (shown["operation"], shown["restore_of"], shown["source"]) == ("restore", one, "operator")
    assert shown["counts"] == {
        "requested": 2, "restored": 0, "already_present": 0, "skipped": 0,
        "failed": 0, "held": 0, "unknown": 0, "pending": 2,
    }  # fmt: skip
    assert shown["reason"] == "wrong ones"
    parent = office.call("GET", f"{DELETIONS}/{{id}}", id=one).json["recycle_bin"]
    assert parent["deletions"] == [{"id": shown["id"], "operation": "restore", "status": "accepted"}]
    assert parent["permanent_at"] is None
    [listed] = [d for d in office.call("GET", DELETIONS).json["deletions"] if d["id"] == one]
    assert listed["recycle_bin"] == parent


def test_a_dry_run_of_a_restore_stores_nothing() -> None:
    office = Office()
    one = ended(office)
    told = office.call("POST", f"{DELETIONS}/{{id}}/restore", {}, query={"dry_run": "true"}, id=one)
    assert (told.status, told.json["id"], told.json["operation"]) == (200, None, "restore")
    assert len(office.ledger.rows) == 1


def test_a_restore_that_cannot_be_is_refused() -> None:
    office = Office()
    refused(office.on(office.send(LEADS).json["id"], "restore"), 409, "conflict", "has not ended")
    office = Office()
    one = ended(office, "FF", Status.FAILED)
    refused(office.on(one, "restore"), 409, "conflict", "nothing")
    office = Office()
    one = ended(office)
    refused(office.on(one, "restore", {"ids": ["999"]}), 409, "conflict", "none of these ids")
    assert office.on(one, "restore", {"ids": []}).status == 400
    assert office.on(one, "restore", {"ids": ["a b"]}).status == 400
    assert office.on(one, "restore", {"ids": ["ERP-1"]}).status == 400
    assert office.on(one, "restore", {"id": "1"}).status == 400
    office.now += 61 * 86_400
    refused(office.on(one, "restore"), 409, "conflict", "60 days")


def test_who_asked_for_a_deletion_does_not_make_it_permanent() -> None:
    office = Office()
    one = ended(office)
    refused(office.on(one, "delete_permanently"), 403, "not_allowed", "who asked")
    dry = office.on(one, "delete_permanently", {"dry_run": True})
    assert (dry.status, dry.json["dry_run"]) == (202, True)
    made = office.call("POST", f"{DELETIONS}/{{id}}/delete_permanently", {}, arn=BEN, id=one)
    assert made.status == 202, made.text
    assert (made.json["operation"], made.json["permanent_of"]) == ("delete_permanently", one)
    assert made.json["verification"] is None
    again = office.call("POST", f"{DELETIONS}/{{id}}/delete_permanently", {}, arn=BEN, id=one)
    refused(again, 409, "conflict", "under way")


def test_the_page_of_a_restore_and_of_its_parent_are_shown() -> None:
    office = Office()
    one = ended(office)
    made = office.on(one, "restore").json["id"]
    for deletion_id, words in ((made, "Restore from the recycle bin"), (one, f"expunge restore {one}")):
        stored = office.ledger.get(deletion_id)
        assert stored is not None
        text = page_status.render(view(document(stored), stored, Stage(), office.now), "nonce")
        assert words in text
    row = office.ledger.rows[made].deletion
    restore = page_status.render(view(document(row), row, Stage(), office.now), "nonce")
    assert 'id="count-restored"' in restore
    assert 'id="count-deleted"' not in restore


def body(**more: object) -> bytes:
    return json.dumps({"operation": "delete_records", "module": "Leads", "ids": ["1"], **more}).encode()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT0H", 0), ("PT12H", 43_200), ("P14D", 14 * 86_400), ("P59D", 59 * 86_400), ("PT1416H", 59 * 86_400)],
)
def test_a_permanent_after_is_whole_hours_or_days(text: str, seconds: int) -> None:
    request = request_body.request_from_json(body(permanent_after=text), "default", 10)
    assert request.permanent_after == seconds


@pytest.mark.parametrize(
    "text",
    ["P60D", "PT1417H", "P1W", "P1DT1H", "PT30M", "P-1D", "14d", "", "P01D", "p1d", "P1.5D", "P١D", 14],
)
def test_any_other_permanent_after_is_refused_in_its_place(text: object) -> None:
    with pytest.raises(NotValid) as refusal:
        request_body.request_from_json(body(permanent_after=text), "default", 10)
    assert [field.path for field in refusal.value.fields] == ["/permanent_after"]


def test_a_view_that_is_never_frozen_cannot_become_permanent() -> None:
    view = body(operation="mass_delete", cvid="5", freeze="never", permanent_after="P1D")
    with pytest.raises(NotValid) as refusal:
        request_body.request_from_json(view.replace(b'"ids": ["1"], ', b""), "default", 10)
    assert [field.path for field in refusal.value.fields] == ["/permanent_after"]
    delink = body(operation="delink_records", record_id="1", related_list="X", permanent_after="P1D")
    with pytest.raises(NotValid):
        request_body.request_from_json(delink, "default", 10)


@pytest.mark.parametrize(
    ("least", "asked", "may"),
    [(None, "P59D", False), (0, "PT0H", True), (7, "P7D", True), (7, "PT167H", False), (7, None, True)],
)
def test_a_source_may_ask_from_its_shortest_on(least: int | None, asked: str | None, may: bool) -> None:
    entry = {**SOURCES["crm"], "permanent_min_days": least}
    source = parse("crm", entry)
    given = {} if asked is None else {"permanent_after": asked}
    request = request_body.request_from_json(body(**given), "default", 10)
    assert request.operation is Operation.DELETE_RECORDS
    if may:
        permit(source, request, 1)
        return
    with pytest.raises(NotAllowed) as refusal:
        permit(source, request, 1)
    assert [field.path for field in refusal.value.fields] == ["/permanent_after"]
