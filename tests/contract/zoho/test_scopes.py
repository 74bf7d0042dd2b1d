"""The scopes that `expunge setup` prints are enough for every call of the service, and none is idle."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

import simulator
from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.domain.recycle_bin import BinIds
from chalicelib.domain.request import REQUESTABLE, Operation
from chalicelib.domain.zoho.asking import By, SearchQuery, Selection, Where
from chalicelib.domain.zoho.reply import Reply
from cli import zoho_scopes
from simulator.modules import DELETABLE, scope_name
from simulator.settings import ALL_SCOPES
from tests.contract.zoho.kit import Bench

VIEW = "3652397000000538003"
CALLS: dict[str, Callable[[ZohoClient], Reply]] = {
    "delete_records": lambda crm: crm.delete_records("Leads", ["1"], wf_trigger=False),
    "delete_record": lambda crm: crm.delete_record("Leads", "1", wf_trigger=False),
    "delete_external": lambda crm: crm.delete_external("Leads", "External", "x", wf_trigger=False),
    "mass_delete_ids": lambda crm: crm.mass_delete_ids("Leads", ["1"]),
    "mass_delete_view": lambda crm: crm.mass_delete_view("Leads", VIEW, None),
    "delink": lambda crm: crm.delink("Campaigns", "1", "Leads", ["2"]),
    "delink_one": lambda crm: crm.delink_one("Campaigns", "1", "Leads", "2"),
    "job_status": lambda crm: crm.job_status("Leads", "1"),
    "count": lambda crm: crm.count("Leads", VIEW),
    "read": lambda crm: crm.read("Leads", ["1"]),
    "converted": lambda crm: crm.converted("Leads", ["1"]),
    "read_external": lambda crm: crm.read_external("Leads", "External", "x"),
    "view_ids": lambda crm: crm.view_ids("Leads", VIEW, None),
    "deleted_since": lambda crm: crm.deleted_since("Leads", 1_700_000_000, 1),
    "bin_entries": lambda crm: crm.bin_entries(BinIds(("1",))),
    "restore_from_bin": lambda crm: crm.restore_from_bin(BinIds(("1",))),
    "delete_from_bin": lambda crm: crm.delete_from_bin(BinIds(("1",))),
    "permanently_deleted_since": lambda crm: crm.permanently_deleted_since("Leads", 1_700_000_000, 1),
    "coql": lambda crm: crm.coql("select id from Leads where id = '1' limit 1"),
    "modules": lambda crm: crm.modules(),
    "fields": lambda crm: crm.fields("Leads"),
    "related_lists": lambda crm: crm.related_lists("Leads"),
    "search": lambda crm: crm.search("Leads", SearchQuery(By.EMAIL, "a@example.com"), 1),
    "select": lambda crm: crm.select(Selection("Leads", Where(("Email",), ("a@example.com",)))),
    "read_values": lambda crm: crm.read_values("Leads", ["1"], ["Email"]),
    "read_record": lambda crm: crm.read_record("Leads", "1"),
    "related": lambda crm: crm.related("Leads", "1", "Notes", 1),
    "related_counts": lambda crm: crm.related_counts("Leads", "1", ["Notes"]),
    "update": lambda crm: crm.update("Leads", "1", {"Email": None}),
    "delete_attachment": lambda crm: crm.delete_attachment("Leads", "1", "2"),
    "delete_photo": lambda crm: crm.delete_photo("Leads", "1"),
    "views": lambda crm: crm.views("Leads"),
    "view": lambda crm: crm.view("Leads", VIEW),
}
NEEDED = zoho_scopes.needed(zoho_scopes.uses(["Leads", "Campaigns"], REQUESTABLE, mass_delete_by_ids=False))
#: Zoho's newest API files ask it for a count; the simulator, as the pages do, does not.
NOT_SEEN_HERE = {"ZohoSearch.securesearch.READ"} | {s for s in NEEDED if "mass_delete.campaigns" in s}


@pytest.fixture(scope="module")
def server() -> Iterator[simulator.Server]:
    with simulator.running() as running:
        yield running


def refused(server: simulator.Server, scopes: list[str]) -> set[str]:
    """The calls that Zoho refuses to a token with these scopes."""
    for control, body in (("reset", {"documents": True}), ("settings", {"scopes": scopes})):
        requests.post(f"{server.url}/_sim/{control}", json=body, timeout=60).raise_for_status()
    crm = Bench(server.url).client()
    replies = {name: call(crm) for name, call in CALLS.items()}
    return {
        name for name, reply in replies.items() if reply.error and reply.error.code == "OAUTH_SCOPE_MISMATCH"
    }


def test_every_call_that_there_is_is_tried() -> None:
    public = {name for name in dir(ZohoClient) if not name.startswith("_")} - {"org"}
    assert public == set(CALLS)


OF_BIN = {"bin_entries", "restore_from_bin", "delete_from_bin"}
OF_PEOPLE = {"modules", "fields", "related_lists", "update"}
#: What erasing a person calls.
PEOPLE = OF_PEOPLE | {
    "search", "select", "read_values", "read_record", "related", "related_counts", "delete_attachment",
    "delete_photo", "delete_records", "delink", "read",
}  # fmt: skip


def test_they_are_enough(server: simulator.Server) -> None:
    assert refused(server, NEEDED) == OF_BIN | OF_PEOPLE


def test_erasing_a_person_needs_its_own_and_each_of_them(server: simulator.Server) -> None:
    scopes = zoho_scopes.ERASE_PERSON
    assert refused(server, list(scopes)) & PEOPLE == set()
    for scope in scopes:
        assert refused(server, [each for each in scopes if each != scope]) & PEOPLE, scope
    assert not zoho_scopes.missing(scopes, {*ALL_SCOPES})


def test_the_recycle_bin_needs_its_own_and_each_of_them(server: simulator.Server) -> None:
    back, gone = zoho_scopes.RESTORE, zoho_scopes.DELETE_PERMANENTLY
    assert refused(server, [*NEEDED, *back]) - OF_PEOPLE == {"delete_from_bin"}
    assert refused(server, [*NEEDED, *gone]) - OF_PEOPLE == {"restore_from_bin"}
    for scope in {*back, *gone}:
        left_out = refused(server, [*NEEDED, *({*back, *gone} - {scope})]) - OF_PEOPLE
        assert left_out <= OF_BIN
        assert left_out != set()
    assert not zoho_scopes.missing([*back, *gone], {"ZohoCRM.settings.recycle_bin.ALL"})
    assert not zoho_scopes.missing([*back, *gone], {"ZohoCRM.settings.ALL"})


def test_those_for_erasing_persons_are_asked_for_only_where_a_source_lists_it() -> None:
    few = {"mass_delete_by_ids": False}
    listed = frozenset(each for each in Operation if each.value == "erase_person") | {
        Operation.DELETE_RECORDS
    }
    without = zoho_scopes.needed(zoho_scopes.uses(["Deals"], {Operation.DELETE_RECORDS}, **few))
    assert not set(without) & {"ZohoCRM.modules.UPDATE", "ZohoCRM.settings.fields.READ"}
    assert not set(NEEDED) & {"ZohoCRM.modules.UPDATE", "ZohoCRM.settings.fields.READ"}
    asked = zoho_scopes.needed([zoho_scopes.Use("Deals", jobs=False, people=True)])
    assert set(zoho_scopes.ERASE_PERSON) <= set(asked)
    assert [use.people for use in zoho_scopes.uses(["Deals"], listed, **few)] == [len(listed) == 2]


def test_the_recycle_bins_are_asked_for_where_something_becomes_permanent() -> None:
    few = {"mass_delete_by_ids": False}
    operations = {Operation.DELETE_RECORDS}
    without = zoho_scopes.needed(zoho_scopes.uses(["Deals"], operations, **few))
    some = zoho_scopes.needed(zoho_scopes.uses(["Deals"], operations, permanent=True, **few))
    assert set(some) - set(without) == set(zoho_scopes.DELETE_PERMANENTLY)


def test_without_any_of_them_something_is_refused(server: simulator.Server) -> None:
    for scope in NEEDED:
        few = [each for each in NEEDED if each != scope]
        if scope in NOT_SEEN_HERE or "campaigns.READ" in scope:
            continue
        assert refused(server, few) - OF_BIN - OF_PEOPLE, scope


def test_without_views_none_for_mass_delete_is_asked() -> None:
    uses = zoho_scopes.uses(["Deals"], {Operation.DELETE_RECORDS}, mass_delete_by_ids=False)
    assert zoho_scopes.needed(uses) == [
        "ZohoCRM.modules.deals.DELETE", "ZohoCRM.modules.deals.READ", "ZohoCRM.coql.READ",
        "ZohoSearch.securesearch.READ",
    ]  # fmt: skip
    by_ids = zoho_scopes.uses(["Deals"], {Operation.DELETE_RECORDS}, mass_delete_by_ids=True)
    assert "ZohoCRM.mass_delete.deals.DELETE" in zoho_scopes.needed(by_ids)


@pytest.mark.parametrize("module", [*DELETABLE, "Activities", "Potentials", "Meetings", "My_Module"])
def test_modules_by_their_names_in_scopes(module: str) -> None:
    wanted = {"Potentials": "deals", "Meetings": "events"}.get(module) or scope_name(module)
    assert zoho_scopes.of_module(module) == wanted


@pytest.mark.parametrize(
    ("granted", "gaps"),
    [
        ({"ZohoCRM.modules.leads.DELETE"}, 0),
        ({"ZohoCRM.modules.leads.ALL"}, 0),
        ({"ZohoCRM.modules.DELETE"}, 0),
        ({"ZohoCRM.modules.ALL"}, 0),
        ({"ZohoCRM.modules.leads.READ"}, 1),
        ({"ZohoCRM.modules.contacts.DELETE"}, 1),
        ({"ZohoCRM.mass_delete.leads.DELETE"}, 1),
        (set(), 1),
    ],
)
def test_what_covers_a_scope(granted: set[str], gaps: int) -> None:
    assert len(zoho_scopes.missing(["ZohoCRM.modules.leads.DELETE"], granted)) == gaps


def test_scopes_in_a_token_answer() -> None:
    assert zoho_scopes.listed("A.b.C D.e.F,G.h.I") == frozenset({"A.b.C", "D.e.F", "G.h.I"})
    assert zoho_scopes.listed("") is None
    assert zoho_scopes.listed(None) is None
