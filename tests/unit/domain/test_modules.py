"""One name for each module, whichever of its names is given."""

from __future__ import annotations

import pytest

import simulator.modules as zoho
from chalicelib.domain import modules, recent
from chalicelib.domain.lane import lane_key
from chalicelib.domain.source import parse
from local.filling import new_key

#: Every name by which Zoho may reach a module's records, beside its API name.
OTHER_NAMES = {
    "Deals": ("Potentials",),
    "Events": ("Meetings",),
}


@pytest.mark.parametrize(("name", "other"), [(n, o) for n, all_of in OTHER_NAMES.items() for o in all_of])
def test_every_name_of_a_module_is_its_api_name(name: str, other: str) -> None:
    assert modules.canonical(other) == name
    assert modules.identity(other) == modules.identity(name)
    assert recent.scope(other, None) == recent.scope(name, None)
    assert lane_key("module", "o", other, "1") == lane_key("module", "o", name, "1")


@pytest.mark.parametrize("name", [*modules.STANDARD, "Potentials", "Meetings"])
@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase])
def test_zohos_own_modules_in_another_letter_case_are_refused_and_protected(
    name: str, change: type[str]
) -> None:
    other = change(name)
    assert f"must be written {modules.canonical(name)}" in modules.problem_of(other)
    assert modules.identity(other) == modules.identity(name)
    assert not modules.covers(modules.listed([name]), other)


def test_a_custom_module_keeps_its_case_and_is_protected_in_any() -> None:
    assert modules.canonical("My_Cars") == "My_Cars"
    assert modules.identity("MY_CARS") == modules.identity("My_Cars")


@pytest.mark.parametrize(
    ("written", "name"),
    [("SalesOrders", "Sales_Orders"), ("Services", "Services__s"), ("Price_books", "Price_Books")],
)
def test_names_that_zoho_may_read_as_its_own_are_protected_with_them(written: str, name: str) -> None:
    assert modules.identity(written) == modules.identity(name)


def test_activities_stands_for_tasks_events_and_calls() -> None:
    assert modules.parts("Activities") == ("Calls", "Events", "Tasks")
    assert not modules.covers(frozenset({"Tasks", "Events"}), "Activities")
    assert modules.covers(frozenset({"Tasks", "Events", "Calls"}), "Activities")
    assert set(modules.reached("Activities")) >= {"Tasks", "Events", "Calls"}
    assert {recent.scope(name, None) for name in ("Tasks", "Meetings", "Calls", "Activities")} == {
        "Activities"
    }


@pytest.mark.parametrize("width", ["org", "module", "view"])
def test_activities_is_in_the_lanes_of_all_three(width: str) -> None:
    lanes = {
        lane_key(width, "o", name, "7") for name in ("Calls", "Meetings", "Events", "Tasks", "Activities")
    }
    assert len(lanes) == 1
    assert (lane_key(width, "o", "Leads", "7") in lanes) is (width == "org")


def test_a_list_that_has_both_names_of_a_module_has_it_once() -> None:
    source = parse("crm", {"keys": [new_key()], "modules": ["Potentials", "Deals", "Leads", "Leads"]})
    assert source.modules == {"Deals", "Leads"}
    source = parse("crm", {"keys": [new_key()], "modules": ["Activities"]})
    assert source.modules == {"Activities", "Tasks", "Events", "Calls"}


@pytest.mark.parametrize("name", ["users", "Settings", "coql", "org", "a b", "", "9x", None, 5])
def test_what_cannot_be_a_module_is_refused_with_the_reason(name: object) -> None:
    assert modules.problem_of(name)


@pytest.mark.parametrize("name", [*modules.STANDARD, "Cars", "Potentials", "X__c"])
def test_whatever_may_be_a_module_is_not_refused(name: str) -> None:
    assert modules.problem_of(name) == ""


@pytest.mark.parametrize("name", [*modules.STANDARD, "Potentials", "Cars", "cArS", "Services", "Activities"])
def test_a_name_is_the_same_however_often_it_is_read(name: str) -> None:
    once = modules.canonical(name)
    assert modules.canonical(once) == once
    assert modules.identity(once) == modules.identity(name)


@pytest.mark.parametrize("other", zoho.ALIASES)
def test_every_name_by_which_zoho_serves_a_module_is_protected_with_it(other: str) -> None:
    assert modules.identity(other) == modules.identity(zoho.ALIASES[other])


def test_zohos_own_modules_and_what_activities_is_are_those_of_its_documents() -> None:
    assert set(modules.STANDARD) == {*zoho.DELETABLE, "Activities"}
    assert set(modules.PARTS) == set(zoho.ACTIVITIES)


@pytest.mark.parametrize("name", [*zoho.DELETABLE, *zoho.ALIASES, "Activities"])
def test_a_held_record_is_held_by_every_name_that_reaches_it(name: str) -> None:
    """Whatever two names share a module at Zoho, a hold by one is looked for by the other."""

    def at_zoho(one: str) -> set[str]:
        return set(zoho.ACTIVITIES) if one == "Activities" else {zoho.canonical(one)}

    for other in [*zoho.DELETABLE, *zoho.ALIASES, "Activities"]:
        if at_zoho(name) & at_zoho(other):
            assert modules.identity(other) in modules.reached(name), other
            assert recent.scope(other, None) == recent.scope(name, None), other
