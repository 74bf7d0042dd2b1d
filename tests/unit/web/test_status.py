"""Reading through a link: the document, its page, the outcome of each id, and 404 for any bad link."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.outcomes import Finding, Mark
from tests.fakes import LEADS, House


def accepted(house: House, **more: Any) -> str:
    answer = house.post(LEADS | more)
    assert answer.status == 202, answer.text
    return str(answer.json["links"]["self"])


def test_the_document() -> None:
    house = House()
    answer = house.get(accepted(house, reference="ticket 42"))
    assert answer.status == 200
    assert answer.headers["Vary"] == "Accept"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    shown = answer.json
    assert (shown["status"], shown["reference"], shown["source"]) == ("accepted", "ticket 42", "crm")
    assert shown["counts"] == {"requested": 2, "deleted": 0, "already_absent": 0, "failed": 0, "held": 0,
                               "unknown": 0, "pending": 2}  # fmt: skip


def test_any_bad_link_is_the_same_404() -> None:
    house = House()
    link = accepted(house)
    ghost = link.replace("/del_0", "/del_1")
    bad = [
        link[:-1],
        link + "A",
        link.partition("?")[0],
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        ghost,
    ]
    answers = {house.get(each).text for each in [*bad, "x/del_?token=x", "x/..?token=x"]}
    assert len(answers) == 1
    assert house.get(bad[0]).status == 404
    assert house.get(bad[0], "/records").text in answers


def test_a_link_made_with_an_older_key_or_one_newer_than_what_is_kept() -> None:
    house = House()
    link = accepted(house)
    house.links.held = {"new": "another-key-0123456789", "old": ["links-key-new-0123456789"]}
    assert house.get(link).status == 200
    house.links.held = {"new": "another-key-0123456789"}
    assert house.get(link).status == 404
    house.links.stored = {"new": "links-key-new-0123456789"}
    assert house.get(link).status == 200


def test_without_the_links_secret_nothing_is_answered_but_503() -> None:
    house = House()
    link = accepted(house)
    house.links.down = True
    assert house.get(link).status == 503


def test_outcomes_in_pages() -> None:
    house = House()
    ids = [str(n) for n in range(1, 1202)]
    house.sources.held = {"crm": {**house.sources.held["crm"], "max_records": 5000}}
    link = accepted(house, ids=ids)
    row = next(iter(house.ledger.rows.values()))
    findings = {0: Finding(Mark.DELETED), 1: Finding(Mark.FAILED, "RECORD_LOCKED", "the record is locked")}
    row.chunks[0] = row.chunks[0].with_findings(findings)
    first = house.get(link, "/records").json
    assert first["records"][:3] == [
        {"id": "1", "outcome": "deleted", "code": None, "message": None},
        {"id": "2", "outcome": "failed", "code": "RECORD_LOCKED", "message": "the record is locked"},
        {"id": "3", "outcome": "pending", "code": None, "message": None},
    ]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        found = house.get(link, "/records", cursor=cursor).json
        seen += [record["id"] for record in found["records"]]
        cursor = found["next_cursor"]
    assert seen == ids


@pytest.mark.parametrize("cursor", ["x", "-500", "1", "1e3", "5" * 10])
def test_cursors_that_are_not_ours(cursor: str) -> None:
    house = House()
    answer = house.get(accepted(house), "/records", cursor=cursor)
    assert answer.status == 400
    assert [field["path"] for field in answer.json["error"]["fields"]] == ["/cursor"]


def test_a_cursor_past_the_end_is_an_empty_page() -> None:
    house = House()
    found = house.get(accepted(house), "/records", cursor="999999500").json
    assert found == {"records": [], "next_cursor": None}


def test_a_views_job_has_no_records_but_a_note() -> None:
    house = House()
    link = house.post({"operation": "mass_delete", "module": "Leads", "cvid": "1"}).json["links"]["self"]
    found = house.get(link, "/records").json
    assert (found["records"], found["next_cursor"]) == ([], None)
    assert found["note"]
