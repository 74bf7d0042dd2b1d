"""The operators' log: no change that a person makes is without its entry."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import forgetting
from chalicelib.domain.deletion import Counts
from chalicelib.domain.evidence.operators import Entry, What, sealed
from chalicelib.domain.status import Status
from chalicelib.service.operators import log
from chalicelib.service.ports import Change
from chalicelib.web import links, operator_routes
from tests.app.test_dry_run import CASES, LOG, POLICY, Both, Case
from tests.app.test_dry_run import names as case_names
from tests.app.test_openapi import fits
from tests.app.test_operator import ARN as ANN
from tests.app.test_operator import DELETIONS, HOLD, PAUSE, Office, problems
from tests.app.test_undo import BEN, ended
from tests.fakes import LEADS, LINK_KEYS, NOW, Reply

#: What makes a deletion is told by that one's own log: the asker stands in its first entry.
TOLD_ELSEWHERE = {("POST", DELETIONS)}


def asked(both: Both, case: Case) -> tuple[Reply, list[Entry], bool]:
    """The answer, the new entries, and whether the call changed anything that is stored."""
    ledgers = (both.office.ledger, both.policies.ledger)
    before = [len(ledger.noted) for ledger in ledgers]
    state = _stored(both)
    reply = case.ask(both)
    new = [e for ledger, n in zip(ledgers, before, strict=True) for e in ledger.noted[n:]]
    return reply, new, _stored(both) != state


def _stored(both: Both) -> Any:
    ledgers, _, _, policies = both.everything()
    return ledgers, policies


@pytest.mark.parametrize("case", CASES, ids=case_names)
def test_each_call_that_changes_something_leaves_one_entry_and_no_other_call_any(case: Case) -> None:
    reply, new, changed = asked(Both(), case)
    assert changed <= (reply.status < 300)
    if (case.method, case.route) in TOLD_ELSEWHERE or not changed:
        assert new == []
        return
    [entry] = new
    assert (entry.by, entry.at) == (ANN.replace("/ann", "/ops"), NOW)
    assert len(entry.seed) == 32


def test_every_route_that_changes_something_is_walked_and_every_word_of_the_log_is_used() -> None:
    every = {(m, route) for route, methods in operator_routes.ALL.items() for m in methods if m != "GET"}
    made: set[str] = set()
    told: set[tuple[str, str]] = set()
    for case in CASES:
        for entry in asked(Both(), case)[1]:
            made.add(entry.what)
            told.add((case.method, case.route))
    assert told == every - TOLD_ELSEWHERE
    assert made == set(What)


def test_a_change_tells_before_and_after() -> None:
    office = Office()
    record: Any = {"module": "Leads", "record_id": "7"}
    office.call("PUT", HOLD, {"reason": "audit"}, **record)
    office.call("PUT", HOLD, {"reason": "court"}, **record)
    office.call("DELETE", HOLD, **record)
    office.call("PUT", PAUSE, {"paused": True, "reason": "quiet", "org": "eu"})
    office.call("PUT", PAUSE, {"paused": False, "source": "crm"})
    found = [(e.what, e.target, e.before, e.after) for e in office.ledger.noted]
    audit, court = ({"reason": why, "until": None, "set_by": ANN} for why in ("audit", "court"))
    assert found == [
        (What.HOLD_SET, "default/Leads/7", None, audit),
        (What.HOLD_SET, "default/Leads/7", audit, court),
        (What.HOLD_REMOVED, "default/Leads/7", court, None),
        (
            What.PAUSE_SET,
            "org/eu",
            {"paused": False, "reason": None},
            {"paused": True, "reason": "quiet"},
        ),
        (
            What.PAUSE_ENDED,
            "source/crm",
            {"paused": False, "reason": None},
            {"paused": False, "reason": None},
        ),
    ]


def test_an_entry_about_a_deletion_names_what_was_made_of_it_and_nothing_personal() -> None:
    office = Office()
    one = ended(office)
    restored = office.on(one, "restore", {"reason": "CANARY for Anna"}).json["id"]
    final = office.on(one, "delete_permanently", arn=BEN)
    assert final.status == 202, final.text
    first, second = office.ledger.noted
    assert (first.what, first.target, first.before) == (What.DELETION_RESTORED, one, {"status": "completed"})
    assert first.after == {"deletion": restored, "records": 2, "dry_run": False}
    assert (second.what, second.by, second.after["deletion"]) == (
        What.DELETION_PERMANENT,
        BEN,
        final.json["id"],
    )
    for entry in office.ledger.noted:
        assert b"CANARY" not in sealed(entry)
        assert entry.seed.encode() not in sealed(entry)


def test_a_command_that_waits_already_is_told_once() -> None:
    office = Office()
    one = office.send(LEADS).json["id"]
    office.on(one, "cancel")
    office.on(one, "cancel", arn=BEN)
    [entry] = office.ledger.noted
    assert (entry.what, entry.target, entry.by) == (What.DELETION_CANCELLED, one, ANN)


def pages(office: Office, **query: str) -> list[list[str]]:
    found: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        reply = office.call("GET", LOG, query={**query, **({"cursor": cursor} if cursor else {})})
        assert reply.status == 200, reply.text
        fits(reply, LOG, "get")
        found.append([each["target"] for each in reply.json["entries"]])
        cursor = reply.json["next_cursor"]
    return found


def test_the_log_is_read_newest_first_page_by_page() -> None:
    office = Office()
    for n in range(205):
        office.now = NOW + n
        office.call("PUT", PAUSE, {"paused": True, "org": f"o{n}"})
    found = pages(office)
    assert [len(page) for page in found] == [100, 100, 5]
    assert [target for page in found for target in page] == [f"org/o{n}" for n in reversed(range(205))]


def test_since_is_inclusive_and_until_exclusive() -> None:
    office = Office()
    for n in range(4):
        office.now = NOW + n * 60
        office.call("PUT", PAUSE, {"paused": True, "org": f"o{n}"})
    entries = office.call("GET", LOG).json["entries"]
    assert [e["target"] for e in entries] == ["org/o3", "org/o2", "org/o1", "org/o0"]
    assert set(entries[0]) == {"id", "at", "by", "what", "target", "before", "after"}
    assert pages(office, since=entries[2]["at"], until=entries[0]["at"]) == [["org/o2", "org/o1"]]
    office.now = NOW + 40 * 86_400
    assert pages(office) == [[]], "without since it goes back 30 days"
    assert pages(office, until=entries[1]["at"]) == [["org/o1", "org/o0"]]


class Asked:
    """A log without entries. `months`: how many were asked for, as the table has a part for each."""

    months = 0

    def tell(self, entry: Entry) -> None:
        raise AssertionError("nothing is told")

    def entries_of_operators(
        self, since: float, until: float, before: str | None, limit: int
    ) -> tuple[list[Entry], None]:
        self.months = round((until - since) / (365 / 12 * 86_400)) + 1
        return [], None


@pytest.mark.parametrize(("since", "until"), [(0.0, None), (0.0, NOW), (1.0, NOW + 10**9), (-1e9, 1.0)])
def test_however_long_a_time_is_asked_for_only_what_is_kept_is_read(
    since: float, until: float | None
) -> None:
    kept = Asked()
    assert log.page(kept, since, until, None, NOW) == ([], None)
    assert kept.months <= 16


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"since": "yesterday"}, "/since"),
        ({"until": "2026-01-01T00:00:00"}, "/until"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "/until"),
        ({"cursor": "x"}, "/cursor"),
        ({"cursor": "WyJkZWxfMSJd"}, "/cursor"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query: dict[str, str], path: str) -> None:
    assert problems(Office().call("GET", LOG, query=query)) == [path]


def tell(office: Office, **body: Any) -> Reply:
    return office.call("POST", LOG, {"what": "source.changed", "target": "crm", **body})


def test_a_command_tells_what_it_changed_in_a_secret() -> None:
    office = Office()
    told = tell(office, before={"max_records": 500}, after={"max_records": 200})
    fits(told, LOG)
    assert told.status == 200
    assert (told.json["by"], told.json["what"], told.json["target"]) == (ANN, "source.changed", "crm")
    assert office.call("GET", LOG).json["entries"] == [told.json]
    assert tell(office).json["after"] is None
    long = "A_Module_With_A_Name_That_Is_Very_Long_Indeed"
    version = "8f6b0e1e-9f2c-4a57-9f38-0c9a4b7d1c11"
    assert tell(office, after={"modules": [long], "version": version}).status == 200


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"after": {"keys": ["a"]}}, "/after/keys"),
        ({"before": {"note": "it was whsec_Zm9v"}}, "/before/note"),
        ({"after": {"new": [{"key": "q7Wc2kPz9mLr4TxB8sNd6VfH3jGy5Ea1Qo"}]}}, "/after/new/0/key"),
        ({"after": {"q7Wc2kPz9mLr4TxB8sNd6VfH3jGy5Ea1Qo": 1}}, "/after"),
        ({"after": "x" * 8_000}, "/after"),
        ({"what": "hold.set"}, "/what"),
        ({"target": "../x"}, "/target"),
        ({"by": "me"}, "/by"),
    ],
)
def test_no_key_and_nothing_else_gets_into_the_log_by_a_call(body: dict[str, Any], path: str) -> None:
    office = Office()
    reply = tell(office, **body)
    assert problems(reply) == [path]
    assert "q7Wc2k" not in json.dumps(reply.json["error"]["fields"]) or path == "/after"
    assert office.ledger.noted == []


def test_a_policy_tells_its_documents() -> None:
    both = Both()
    put = Case("PUT", POLICY, {"module": "Leads"}, params=(("name", "old"),))
    assert put.ask(both).status == 400
    [entry] = both.policies.ledger.noted
    assert (entry.what, entry.target, entry.before) == (What.POLICY_PUT, "default/old", None)
    assert entry.after["module"] == "Leads"


def test_a_forgotten_deletion_is_still_found_by_its_reference_and_replays_without_it() -> None:
    office = Office()
    one = office.send({**LEADS, "reference": "DSR-17"}).json["id"]
    ended_at = {"status": Status.COMPLETED, "finished_at": NOW, "counts": Counts(requested=2, deleted=2)}
    office.change(one, **ended_at)
    assert office.on(one, "forget").status == 202
    [entry] = office.ledger.noted
    assert (entry.what, entry.target, entry.by) == (What.DELETION_FORGOTTEN, one, ANN)
    key = links.keys_from(LINK_KEYS)[0]
    kept = office.ledger.rows[one]
    gone = forgetting.deletion_without(kept.deletion, forgetting.Scope.ALL, NOW, "")
    kept.deletion = replace(gone, reference_digest=links.reference_digest("DSR-17", key))
    for reference, found in (("DSR-17", [one]), ("DSR-18", [])):
        listed = office.call("GET", DELETIONS, query={"reference": reference}).json["deletions"]
        assert [(each["id"], each["reference"]) for each in listed] == [(each, None) for each in found]


def test_what_is_under_way_or_needs_attention_is_not_forgotten() -> None:
    both = Both()
    for one in (both.new, both.stuck, both.large):
        reply = both.office.on(one, "forget")
        assert reply.status == 409, reply.text
    assert both.office.on(both.new, "forget", {"x": 1}).status == 400


def test_nothing_is_made_of_a_deletion_that_is_being_forgotten() -> None:
    both = Both()
    office = both.office
    assert office.on(both.failed, "forget").status == 202
    claim = office.ledger.claim(both.failed, NOW, NOW + 60)
    assert claim is not None
    asked = replace(claim.deletion, forget_by=ANN)
    office.ledger.save(claim, Change(asked, NOW, 0.0, commands_done=1))
    for what in ("retry", "restore", "delete_permanently"):
        assert office.on(both.failed, what, arn=BEN).status == 409, what
