"""The example company: what `make up` fills the simulator with, so that there is something to find."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from cli.sending import rounded
from simulator import company
from simulator.app import Simulator
from simulator.schema import LOOKUPS, Schema, targets

NOW = 1_790_000_000.0
#: Domains that nobody can own (RFC 2606).
RESERVED = ("example.com", "example.net", "example.org")


@pytest.fixture(scope="module")
def made() -> dict[str, list[dict[str, Any]]]:
    return dict(company.data(NOW)["records"])


def everything(made: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [row for rows in made.values() for row in rows]


def test_it_has_5000_records_over_eight_modules_and_is_loaded_in_a_moment() -> None:
    sim = Simulator(documents=False)
    began = time.process_time()
    loaded = sim.load(company.data(sim.clock.now()))
    assert time.process_time() - began < 5
    assert loaded == company.MODULES
    assert (len(loaded), sum(loaded.values())) == (8, 5_000)


def test_it_is_the_same_each_time_but_for_its_times_which_move_with_the_clock() -> None:
    def plain(now: float) -> str:
        return re.sub(r"\d{4}-\d\d-\d\d(T[0-9:+]+)?", "", json.dumps(company.data(now)))

    assert plain(NOW) == plain(NOW + 400 * 86_400)
    first, later = (company.data(NOW + days * 86_400)["records"]["Leads"][7] for days in (0, 1))
    assert first["Created_Time"][:10] < later["Created_Time"][:10]


def test_its_views_find_records_by_what_they_say() -> None:
    sim = Simulator(documents=False)
    sim.load(company.data(sim.clock.now()))
    for view in company.VIEWS:
        found = sim.state.store.module(view["module"]).views[view["cvid"]].members
        assert 50 < len(found) < 500, view["name"]


def test_whoever_is_pointed_to_is_there(made: dict[str, list[dict[str, Any]]]) -> None:
    schema, known = Schema(), {row["id"] for row in everything(made)}
    assert len(known) == 5_000
    for module, rows in made.items():
        for row in rows:
            for name, value in row.items():
                if isinstance(value, dict):
                    assert schema.type_of(module, name) in LOOKUPS
                    assert value["id"] in {
                        each["id"] for each in made[targets(schema.field(module, name))[0]]
                    }
            assert {each["participant"] for each in row.get("Participants", [])} <= known
            assert set(row.get("Contacts", [])) <= known


def test_no_address_of_it_can_be_anybodys(made: dict[str, list[dict[str, Any]]]) -> None:
    addresses = [row["Email"] for row in everything(made) if "Email" in row]
    assert len(addresses) > 2_900
    assert {each.lower().partition("@")[2] for each in addresses} <= set(RESERVED)
    numbers = [row[name] for row in everything(made) for name in ("Phone", "Mobile") if name in row]
    assert len(set(numbers)) == len(numbers) == 3_000
    assert all(re.fullmatch(r"\+44 (\d\d\d 49[68] 0\d{3}|20 7946 0\d{3})", each) for each in numbers)


def test_one_person_is_in_seven_modules_beside_somebody_whose_address_holds_hers(
    made: dict[str, list[dict[str, Any]]],
) -> None:
    contact = made["Contacts"][0]["id"]
    hers = {module for module, rows in made.items() if contact in json.dumps(rows)}
    address = "mira.lindqvist@example.com"
    hers |= {
        name for name, rows in made.items() if any(row.get("Email", "").lower() == address for row in rows)
    }
    assert hers == set(company.MODULES) - {"Accounts"}
    assert any(row["Email"] == "almira.lindqvist@example.com" for row in made["Contacts"])


def test_a_list_of_its_ids_is_not_taken_for_rounded(made: dict[str, list[dict[str, Any]]]) -> None:
    for rows in made.values():
        ids = [row["id"] for row in rows]
        assert rounded.suspicious(ids) == ([], "")
        assert rounded.suspicious(ids[:3]) == ([], "")
