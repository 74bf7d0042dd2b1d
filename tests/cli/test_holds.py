"""`expunge holds set` asks Zoho, here the simulator, whether there is what it is to hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import simulator
from simulator.server import Server
from tests.cli.desk import Desk, opened

TASK, DEAL = "3652397000000111001", "3652397000000222001"
LOST = "3652397000000999009"


@dataclass
class Both:
    desk: Desk
    server: Server

    def held(self) -> set[tuple[str, str]]:
        """(module, record) of what is held."""
        return {(hold.module, hold.record_id) for hold in self.desk.house.ledger.holds_set.values()}


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with opened(tmp_path) as desk, simulator.running(documents=False) as server:
        server.sim.load({"Tasks": [{"id": TASK}], "Deals": [{"id": DEAL}], "Cars": [{"id": LOST[:-1] + "1"}]})
        given = {"client_id": "1000.CLIENT", "client_secret": "secret", "refresh_token": "1000.refresh"}
        desk.zoho = {**given, "accounts_url": server.url, "api_url": server.url}
        yield Both(desk, server)


def test_what_zoho_has_is_held_by_its_modules_one_name(both: Both) -> None:
    said = both.desk.said("holds", "set", "Potentials", DEAL, "--reason", "audit")
    assert f"held: Deals/{DEAL}" in said
    assert "not asked" not in said
    assert both.desk.told("holds", "set", "Activities", TASK, "--reason", "audit")["checked"] is True
    assert both.held() == {("Deals", DEAL), ("Activities", TASK)}


@pytest.mark.parametrize(
    ("module", "records", "says"),
    [
        ("Deals", [DEAL, LOST], f"there is no such record in Deals: {LOST}"),
        ("Leads", [DEAL], f"there is no such record in Leads: {DEAL}"),
        ("Activities", [LOST], "no such record in Activities"),
        ("Cart", [LOST], "Zoho knows no module Cart"),
        ("cars", [LOST[:-1] + "1"], "Zoho knows no module cars"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_what_zoho_does_not_have_is_held_by_force_only(
    both: Both, module: str, records: list[str], says: str, more: list[str]
) -> None:
    words = ["holds", "set", module, *records, "--reason", "audit"]
    refused = both.desk.said(*words, *more, code=3)
    assert says in refused
    assert "--force" in refused
    assert both.held() == set()
    forced = both.desk.told(*words, "--force")
    assert forced["checked"] is False
    assert {record for _, record in both.held()} == set(records)


@pytest.mark.parametrize(
    ("records", "says"),
    [
        (["4.10405E+17"], "was rounded by a spreadsheet"),
        (["410,405,000,002,264,040"], "written as a number with separators"),
        (["410405000002264000"], "has only zeros after its first 15 digits"),
        ([DEAL, "410405000002264000"], "has only zeros after its first 15 digits"),
    ],
)
def test_a_hold_of_a_rounded_id_would_be_another_records_and_is_refused(
    both: Both, records: list[str], says: str
) -> None:
    both.desk.zoho = None
    refused = both.desk.said("holds", "set", "Deals", *records, "--reason", "audit", code=3)
    assert says in refused
    assert "nothing was held" in refused
    assert both.held() == set()


@pytest.mark.parametrize("module", ["leads", "DEALS", "users", "a-b"])
def test_a_name_that_cannot_be_a_module_ends_the_command(both: Both, module: str) -> None:
    assert "MODULE" in both.desk.said("holds", "set", module, DEAL, "--reason", "x", "--force", code=2)
    assert both.held() == set()


@pytest.mark.parametrize("trouble", ["secret", "filled", "token", "answer"])
def test_where_zoho_cannot_be_asked_the_record_is_held_and_that_is_said(both: Both, trouble: str) -> None:
    if trouble == "secret":
        both.desk.zoho = None
    elif trouble == "filled":
        both.desk.zoho = {"client_id": "x"}
    elif trouble == "token":
        both.desk.zoho = {**(both.desk.zoho or {}), "refresh_token": "1000.revoked"}
    else:
        both.server.sim.state.settings.scopes = ["ZohoCRM.org.READ"]
    said = both.desk.said("holds", "set", "Deals", DEAL, "--reason", "audit")
    assert f"held: Deals/{DEAL}" in said
    assert "Zoho was not asked" in said
    assert both.held() == {("Deals", DEAL)}


def test_more_records_than_one_call_takes_are_all_asked_for(both: Both) -> None:
    many = [str(10**18 + n) for n in range(1, 231)]
    both.server.sim.load({"Leads": [{"id": one} for one in many[:-1]]})
    refused = both.desk.said("holds", "set", "Leads", *many, "--reason", "audit", code=3)
    assert f"no such record in Leads: {many[-1]};" in refused
    assert both.held() == set()


def test_a_new_source_names_modules_as_zoho_writes_them(both: Both) -> None:
    words = ["keys", "new", "shop", "--module"]
    assert "Zoho knows no module Lead" in both.desk.said(*words, "Lead", code=3)
    assert "must be written Leads" in both.desk.said(*words, "leads", "--force", code=3)
    assert "shop: new key" in both.desk.said(*words, "Cars", "--module", "Potentials")


@pytest.mark.parametrize(
    ("until", "more", "ends"),
    [
        ("2099-06-30", [], "2099-06-30 00:00:00Z"),
        ("2099-06-30", ["--time-zone", "Europe/Vienna"], "2099-06-29 22:00:00Z"),
        ("2099-06-30T12:00:00+02:00", [], "2099-06-30 10:00:00Z"),
        ("2099-06-30T12:00:00Z", [], "2099-06-30 12:00:00Z"),
    ],
)
def test_a_hold_ends_on_a_day_or_at_a_time_in_the_zone_that_is_named(
    both: Both, until: str, more: list[str], ends: str
) -> None:
    said = both.desk.said("holds", "set", "Deals", DEAL, "--reason", "audit", "--until", until, *more)
    assert f"until {ends}" in said


@pytest.mark.parametrize("until", ["7d", "soon", "2099-06-31"])
def test_what_is_no_day_and_no_time_holds_nothing(both: Both, until: str) -> None:
    said = both.desk.said("holds", "set", "Deals", DEAL, "--reason", "audit", "--until", until, code=2)
    assert f"--until {until}: give a" in said
    assert both.held() == set()
