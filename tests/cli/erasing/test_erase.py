"""`expunge erase`, `approve` of a map, `show --map` and `person-map`, against a service over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from cli import asking
from cli.erasing import command
from tests.cli.desk import Desk, opened

ONE = "del_01M8298QNC9R2FS46471MHPX7V"
HASH = "5f1c" * 16
ENTRY = {
    "module": "Contacts",
    "id": "3652397000000925128",
    "why": [{"field": "Email", "by": "email"}],
    "action": "delete",
    "keep_reason": None,
    "goes_along": {"Notes": 2},
    "shared_with": 0,
}
KEPT = {
    **ENTRY, "module": "Accounts", "id": "7", "action": "keep", "keep_reason": "company record",
    "goes_along": {}, "shared_with": 8,
}  # fmt: skip
PLAN = {
    "map_hash": HASH,
    "records": 2,
    "by_module": {"Accounts": 1, "Contacts": 1},
    "goes_along": {"Notes": 2},
    "shared": [{"value": "/identity/phones/0", "shared_with": 8}],
    "out_of_reach": [
        {"code": "RESTRICTED_FIELD", "module": "Leads", "field": "Passport", "meaning": "it is hidden"},
        {"code": "NO_RECORD", "module": "Leads", "field": "/identity/records/0", "meaning": "not shown"},
    ],
}
MAP = {"region": None, "max_shared": 5, "modules": {"Leads": {"action": "delete"}}}


@dataclass
class PeopleDesk(Desk):
    """Answers as the service does about one erasure. `documents`: what reading it shows, one after the other;
    `sent`: the bodies that came; `may`: the status of an approval.
    """

    documents: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    may: int = 202
    stored: dict[str, Any] | None = field(default_factory=lambda: dict(MAP))

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, Any]:
        path = target.partition("?")[0].partition("/v1/")[2]
        before = self.stored
        found = self._about_people(method, path, json.loads(body) if body[:1] == b"{" else None)
        if path == "operator/person-map" and "dry_run=true" in target:
            self.stored = before
        if found is None:
            return super().answer(method, target, headers, body)
        self.asked.append(f"{method} {target}")
        return found[0], {"Content-Type": "application/json"}, json.dumps(found[1])

    def _about_people(self, method: str, path: str, body: Any) -> tuple[int, Any] | None:
        link = {"links": {"self": f"{self.url}v1/deletions/{ONE}?token={'t' * 43}"}}
        if method == "POST" and path == "operator/deletions":
            self.sent = body
            return 202, {"id": ONE, "status": "accepted", **link}
        if path in (f"operator/deletions/{ONE}", f"deletions/{ONE}") and method == "GET":
            shown = self.documents.pop(0) if len(self.documents) > 1 else self.documents[0]
            return 200, {**shown, **link}
        if path == f"operator/deletions/{ONE}/map":
            return 200, {"map_hash": HASH, "entries": [KEPT, ENTRY], "out_of_reach": [], "next_cursor": None}
        if path == f"operator/deletions/{ONE}/approve":
            self.sent = body
            refused = {"error": {"code": "not_allowed", "message": "who asked cannot approve"}}
            return (self.may, {**self.documents[0], **link}) if self.may < 300 else (self.may, refused)
        return self._person_map(method, body) if path == "operator/person-map" else None

    def _person_map(self, method: str, body: Any) -> tuple[int, Any]:
        if self.stored is None:
            return 404, {"error": {"code": "not_found", "message": "there is nothing here"}}
        if method == "PUT" and "wrong" in body:
            fields = [{"path": "/wrong", "problem": "is not known"}]
            return 400, {"error": {"code": "invalid", "message": "not valid", "fields": fields}}
        self.stored = body if method == "PUT" else self.stored
        return 200, self.stored


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PeopleDesk]:
    with opened(tmp_path, kind=PeopleDesk) as made:
        assert isinstance(made, PeopleDesk)
        yield made


def document(status: str, plan: Any = PLAN, **more: Any) -> dict[str, Any]:
    counts = {"requested": 2, "deleted": 1 if status == "completed" else 0, "pending": 0}
    approval = {"count": 2, "expires_at": "2026-11-30T12:00:00.000Z", "warnings": ["a restore is not all"]}
    return {
        "id": ONE, "status": status, "operation": "erase_person", "module": "*", "org": "default",
        "source": "operator", "reference": "DSR-17", "dry_run": False, "counts": counts, "problems": [],
        "created_at": "2026-11-29T12:00:00.000Z", "finished_at": None, "plan": plan, "waiting_for": None,
        "approval": approval if status == "awaiting_approval" else None, **more,
    }  # fmt: skip


def test_an_erasure_shows_its_map_and_how_it_is_approved(desk: PeopleDesk) -> None:
    desk.documents = [document("running", None), document("awaiting_approval")]
    words = ("--email", "anna@example.com", "--phone", "+43 660 1234567", "--record", "Contacts/7")
    said = desk.said("erase", *words, "--reference", "DSR-17", "--permanent-after", "14d", code=6)
    assert desk.sent == {
        "operation": "erase_person",
        "identity": {
            "emails": ["anna@example.com"],
            "phones": ["+43 660 1234567"],
            "records": [{"module": "Contacts", "id": "7"}],
        },
        "dry_run": False,
        "reference": "DSR-17",
        "permanent_after": "P14D",
    }
    lines = said.splitlines()
    at = lines.index("delete  Contacts  3652397000000925128  Email (email)")
    assert lines[at + 1].strip() == "with 2 Notes"
    at = lines.index("keep    Accounts  7                    Email (email)")
    assert lines[at + 1].strip() == "company record; its value is shared with 8"
    assert "out of reach: Leads.Passport RESTRICTED_FIELD: it is hidden" in said
    assert "out of reach: Leads /identity/records/0 NO_RECORD: not shown" in said
    assert f"expunge approve {ONE} --count 2 --map-hash {HASH}" in said
    assert "note: a restore is not all" in said
    assert "anna@example.com" not in said


@pytest.mark.parametrize("looks", [1, 2, 3, 4])
@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_search_costs_is_told_once_on_standard_error_however_short_it_is(
    desk: PeopleDesk, looks: int, as_json: bool
) -> None:
    search = {"search": {"calls": 1051, "made": 7}}
    shown = [document("running", None, search=None), document("running", None, **search)]
    shown.append(document("waiting", None, waiting_for="api credits", **search))
    desk.documents = [*shown[: looks - 1], document("awaiting_approval", **search)]
    words = ("erase", "--email", "anna@example.com", *(["--json"] if as_json else []))
    done = desk.run(*words)
    assert done.exit_code == 6
    assert done.stderr.count("searching, 1,051 calls to Zoho at least\n") == 1
    assert "searching" not in done.stdout


def test_a_map_that_is_there_before_the_approval_is_asked_for_is_waited_on(desk: PeopleDesk) -> None:
    desk.documents = [document("running", None), document("running"), document("awaiting_approval")]
    said = desk.said("erase", "--email", "anna@example.com", code=6)
    assert f"expunge approve {ONE} --count 2 --map-hash {HASH}" in said


def test_an_erasure_that_needs_no_approval_is_followed_to_its_end(desk: PeopleDesk) -> None:
    desk.documents = [document("running"), document("completed")]
    said = desk.said("erase", "--email", "anna@example.com")
    assert f"its receipt, once it has ended: expunge receipt {ONE}" in said
    assert "1 completed" in said


def test_a_dry_run_ends_with_the_map(desk: PeopleDesk) -> None:
    desk.documents = [document("completed", dry_run=True)]
    told = desk.told("erase", "--email", "anna@example.com", "--dry-run")
    assert desk.sent["dry_run"] is True
    assert [each["id"] for each in told["map"]] == ["7", "3652397000000925128"]
    assert told["deletions"][0]["plan"]["map_hash"] == HASH


def test_a_dry_run_of_an_erasure_ends_with_what_was_found_and_no_cost_of_deletes(desk: PeopleDesk) -> None:
    desk.documents = [document("completed", dry_run=True)]
    said = desk.said("erase", "--email", "anna@example.com", "--dry-run")
    assert "found 2 records of the person: 1 in Accounts, 1 in Contacts" in said
    assert "unknown number" not in said


def test_who_watches_an_erasure_is_told_to_approve_its_map(desk: PeopleDesk) -> None:
    desk.documents = [document("awaiting_approval")]
    said = desk.said("watch", ONE, "--timeout", "0.1", code=6)
    assert f"expunge approve {ONE} --count 2 --map-hash {HASH}" in said


def test_an_erasure_that_was_done_is_told_by_what_became_of_it(desk: PeopleDesk) -> None:
    desk.documents = [document("completed")]
    said = desk.said("watch", ONE)
    assert "2 requested: " in said
    assert "found 2 records" not in said


def test_a_file_keeps_the_person_out_of_the_shell(desk: PeopleDesk, tmp_path: Path) -> None:
    desk.documents = [document("completed", dry_run=True)]
    file = tmp_path / "anna.json"
    file.write_text('{"emails": ["anna@example.com"]}')
    desk.said("erase", "--identity", str(file), "--dry-run")
    assert desk.sent["identity"] == {"emails": ["anna@example.com"]}


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text: save it as UTF-8"),
        (b"{'emails': ['anna@example.com']}", "is not JSON"),
        (b'["anna@example.com"]', "must hold an object"),
    ],
)
def test_a_file_that_names_nobody_is_told_without_what_it_holds(
    desk: PeopleDesk, tmp_path: Path, held: bytes, says: str
) -> None:
    file = tmp_path / "who.json"
    file.write_bytes(held)
    shown = desk.said("erase", "--identity", str(file), "--dry-run", code=2)
    assert f"{file}: {says}" in shown
    assert "['anna" not in shown
    assert '["anna@example.com"]' not in shown.replace('{"emails": ["anna@example.com"]}', "")
    assert not desk.sent


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "whom is it about? Give --email, --phone or --record"),
        (("--record", "Contacts"), "--record Contacts: must be MODULE/ID"),
        (("--identity", "none.json"), "none.json: No such file or directory"),
        (
            ("--identity", "none.json", "--email", "a@b"),
            "give --identity FILE, or --email, --phone and --record",
        ),
    ],
)
def test_what_names_nobody_is_told(desk: PeopleDesk, words: tuple[str, ...], says: str) -> None:
    assert says in desk.said("erase", *words, code=2)
    assert not desk.sent


def test_a_map_is_approved_with_its_hash_and_the_shared_values_that_are_meant(desk: PeopleDesk) -> None:
    desk.documents = [document("awaiting_approval")]
    words = ("--count", "2", "--map-hash", HASH, "--shared", "/identity/phones/0")
    desk.said("approve", ONE, *words)
    assert desk.sent == {"count": 2, "map_hash": HASH, "shared": ["/identity/phones/0"]}
    assert "--shared goes with --map-hash" in desk.said(
        "approve", ONE, "--count", "2", "--shared", "x", code=2
    )


@pytest.mark.parametrize(("typed", "approved"), [("n\n2\n", True), ("n\n3\n", False), ("n\n\n", False)])
def test_on_a_terminal_the_number_of_the_map_approves_it(
    desk: PeopleDesk, typed: str, approved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "on_a_terminal", lambda: True)
    monkeypatch.setattr(asking, "on_a_terminal", lambda: True)
    desk.documents = [document("awaiting_approval")] * 3 + [document("completed")]
    done = desk.run("erase", "--email", "anna@example.com", stdin=typed.encode())
    assert done.exit_code == (0 if approved else 6), done.output
    asked = [each for each in desk.asked if each.endswith("/approve")]
    assert bool(asked) is approved
    assert ("not approved: nothing is touched until it is" in done.output) is not approved


def test_who_asked_is_not_asked_to_approve(desk: PeopleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "on_a_terminal", lambda: True)
    desk.documents, desk.may = [document("awaiting_approval")], 403
    done = desk.run("erase", "--email", "anna@example.com")
    assert done.exit_code == 6
    assert "you asked for it, so somebody else approves it" in done.output


def test_who_looks_later_finds_the_map(desk: PeopleDesk) -> None:
    desk.documents = [document("awaiting_approval")]
    assert "delete  Contacts  3652397000000925128" in desk.said("show", ONE, "--map")
    assert [each["id"] for each in desk.told("show", ONE, "--map")["maps"][ONE]] == ["7", ENTRY["id"]]


def test_the_person_map_is_shown_changed_and_put(desk: PeopleDesk, tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(desk.said("person-map", "show"))
    assert yaml.safe_load(file.read_text()) == MAP
    assert "nothing changes" in desk.said("person-map", "apply", str(file))
    file.write_text(file.read_text().replace("action: delete", "action: unlink"))
    said = desk.said("person-map", "apply", str(file), "--dry-run")
    assert "-    action: delete" in said
    assert "+    action: unlink" in said
    assert desk.stored == MAP
    desk.said("person-map", "apply", str(file))
    assert desk.stored is not None
    assert desk.stored["modules"]["Leads"]["action"] == "unlink"


def test_a_person_map_that_is_refused_names_the_place(desk: PeopleDesk, tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_text("wrong: 1\n")
    assert f"{file}: /wrong: is not known" in desk.said("person-map", "apply", str(file), code=3)
    file.write_text("- 1\n")
    assert "must hold a map with modules" in desk.said("person-map", "apply", str(file), code=2)


def test_before_the_modules_were_read_the_next_step_is_named(desk: PeopleDesk) -> None:
    desk.stored = None
    said = desk.said("person-map", "show", code=3)
    assert "expunge erase --email somebody@example.com --dry-run reads them" in said


def test_a_person_map_that_the_service_refuses_is_not_said_to_be_stored_by_a_dry_run(
    desk: PeopleDesk, tmp_path: Path
) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(yaml.safe_dump({**MAP, "wrong": 1}))
    said = desk.said("person-map", "apply", str(file), "--dry-run", code=3)
    assert f"{file}: /wrong: is not known" in said
    assert "would be stored" not in said
    assert desk.asked[-1].endswith("person-map?org=default&dry_run=true")


@pytest.mark.parametrize(("typed", "code", "asked"), [("\n", 3, False), ("unknown\n", 0, True)])
def test_where_no_approval_is_needed_a_person_is_asked_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, *, asked: bool
) -> None:
    monkeypatch.setattr(asking, "on_a_terminal", lambda: True)
    sources = {"operator": {"modules": [], "operations": ["erase_person"], "erase_person_approval": False}}
    with opened(tmp_path, sources, kind=PeopleDesk) as desk:
        assert isinstance(desk, PeopleDesk)
        desk.documents = [document("completed")]
        said = desk.said("erase", "--email", "anna@example.com", code=code, stdin=typed.encode())
        assert "an unknown number of records are to be erased" in said
        assert "type unknown to go on" in said
        assert bool(desk.sent) == asked
        desk.sent.clear()
        desk.documents = [document("completed", dry_run=True)]
        assert "type unknown" not in desk.said("erase", "--email", "anna@example.com", "--dry-run")
