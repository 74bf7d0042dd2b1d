"""Modules, Fields and Related Lists Metadata: Zoho's own, custom ones, and what records show."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

EMAIL = {"api_name": "Contact_Email", "data_type": "email"}


def named(crm: Crm, path: str) -> dict[str, dict[str, Any]]:
    (listed,) = (value for value in crm.get(f"v8/settings/{path}").json().values())
    return {each["api_name"]: each for each in listed}


def test_every_module_is_told_custom_ones_too(crm: Crm) -> None:
    crm.control("modules", {"Members": {"fields": [EMAIL]}})
    found = named(crm, "modules")
    assert {"Leads", "Contacts", "Notes", "Activities", "Members"} <= set(found)
    assert (found["Leads"]["generated_type"], found["Members"]["generated_type"]) == ("default", "custom")
    assert found["Leads"]["recycle_bin_on_delete"] is True
    assert found["Home"]["api_supported"] is False


def test_a_module_is_told_as_it_was_described(crm: Crm) -> None:
    crm.control("modules", {"Leads": {"global_search_supported": False, "deletable": False}})
    crm.control("settings", {"no_bin": ["Leads"]})
    lead = named(crm, "modules")["Leads"]
    assert (lead["global_search_supported"], lead["deletable"], lead["recycle_bin_on_delete"]) == (
        False,
        False,
        False,
    )


def test_fields_are_zohos_own_the_described_and_those_that_records_show(crm: Crm) -> None:
    crm.control("modules", {"Leads": {"fields": [{"api_name": "Email", "private": {"restricted": True}}]}})
    crm.control("records", {"Leads": [{"id": "1", "Billing_Email": "a", "$converted": True}]})
    found = named(crm, "fields?module=Leads")
    assert (found["Email"]["data_type"], found["Email"]["private"]) == ("email", {"restricted": True})
    assert (found["Mobile"]["data_type"], found["Billing_Email"]["data_type"]) == ("phone", "email")
    assert found["Last_Name"]["system_mandatory"] is True
    assert "$converted" not in found
    assert found["Created_Time"]["read_only"] is True
    assert "Owner" in named(crm, "fields?module=Solutions")
    assert named(crm, "fields?module=Deals")["Contact_Name"]["lookup"]["module"]["api_name"] == "Contacts"
    assert {"Who_Id", "Participants"} <= set(named(crm, "fields?module=Activities"))


def test_related_lists_are_what_points_to_the_module(crm: Crm) -> None:
    told = {"api_name": "Old", "module": None, "status": "scheduled_for_deletion"}
    crm.control("modules", {"Contacts": {"related_lists": [told]}})
    found = named(crm, "related_lists?module=Contacts")
    assert {"Notes", "Attachments", "Deals", "Cases", "Campaigns", "Products", "Invited_Events"} <= set(found)
    assert found["Invited_Events"]["module"]["api_name"] == "Events"
    assert (found["Old"]["module"], found["Old"]["status"]) == (None, "scheduled_for_deletion")
    assert found["Notes"]["href"] == "Contacts/{ENTITYID}/Notes"
    deals = named(crm, "related_lists?module=Deals")
    assert deals["Contact_Roles"]["module"]["api_name"] == "Contacts"


@pytest.mark.parametrize("path", ["fields", "related_lists"])
@pytest.mark.parametrize(
    ("query", "code"), [("", "REQUIRED_PARAM_MISSING"), ("?module=Nothing", "INVALID_MODULE")]
)
def test_refused(crm: Crm, path: str, query: str, code: str) -> None:
    answer = crm.get(f"settings/{path}{query}")
    assert (answer.status_code, codes(answer)) == (400, [code])


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("modules", "modules"),
        ("fields?module=Leads", "fields"),
        ("related_lists?module=Leads", "related_lists"),
    ],
)
def test_scopes_and_price(crm: Crm, path: str, group: str) -> None:
    for scope, status in ((f"ZohoCRM.settings.{group}.READ", 200), ("ZohoCRM.modules.ALL", 401)):
        crm.control("settings", {"scopes": [scope], "metadata_price": 7})
        before = crm.see("state")["credits"]["used"]
        assert crm.get(f"settings/{path}").status_code == status
        assert crm.see("state")["credits"]["used"] - before == (7 if status == 200 else 0)


def test_the_setting_refuse(crm: Crm) -> None:
    crm.control("settings", {"refuse": {"*.metadata": "NO_PERMISSION"}})
    assert codes(crm.get("settings/modules")) == ["NO_PERMISSION"]


@pytest.mark.parametrize(
    "body", [[], {"Members": []}, {"Members": {"fields": {}}}, {"Members": {"fields": [{}]}}, {"": {}}]
)
def test_what_is_no_metadata_is_refused_whole(crm: Crm, body: Any) -> None:
    answer = crm.http.post(f"{crm.server.url}/_sim/modules", json=body, timeout=60)
    assert answer.status_code == 400
    assert "Members" not in named(crm, "modules")
