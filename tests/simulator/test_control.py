"""The controls: loading, resetting, looking, and bad input."""

from pathlib import Path
from typing import Any

import pytest

from simulator import Server, Settings
from simulator.seeds import documents as documents_data
from tests.simulator.crm import Crm, codes

README = Path(__file__).parents[2] / "simulator" / "README.md"


def post(crm: Crm, name: str, body: Any) -> Any:
    return crm.http.post(f"{crm.server.url}/_sim/{name}", json=body, timeout=60)


def test_records_merge(crm: Crm) -> None:
    crm.control("records", {"Leads": [{"id": "1", "Last_Name": "A", "City": "X"}]})
    assert crm.control("records", {"Leads": [{"id": "1", "Last_Name": "B"}], "Mine": [{}]}) == {
        "loaded": {"Leads": 1, "Mine": 1}
    }
    record = crm.see("records?module=Leads")[0]
    assert (record["Last_Name"], record["City"]) == ("B", "X")
    assert len(crm.see("records?module=Mine")[0]["id"]) == 19


def test_every_module_has_an_all_view_from_the_start(crm: Crm) -> None:
    crm.control("records", {"Mine": [{"id": "1"}]})
    state = crm.see("state")
    assert {view["module"] for view in state["views"] if view["name"] == "All"} == set(state["records"])
    assert len({view["id"] for view in state["views"]}) == len(state["views"])
    cvid = next(view["id"] for view in state["views"] if view["module"] == "Mine")
    assert crm.get(f"Mine/actions/count?cvid={cvid}").json() == {"count": 1}


def test_reset_forgets_everything(documents: Crm) -> None:
    documents.control("settings", {"concurrency": 1})
    documents.control("faults", [{"kind": "slow", "seconds": 1, "path": "nothing"}])
    documents.advance(100)
    documents.control("reset")
    state = documents.see("state")
    assert not any(state["records"].values())
    assert {view["name"] for view in state["views"]} == {"All"}
    assert (state["jobs"], state["links"], state["faults"], state["territories"]) == ([], {}, [], {})
    assert state["tokens"] == {"live": 0, "granted": 0, "refused": 0}
    assert (state["credits"]["used"], state["now"]) == (0, "2023-11-14T22:13:20.000Z")
    assert documents.see("calls") == []
    assert documents.see("settings") == Settings().shown()
    assert documents.get("org").status_code == 401
    documents.control("reset", {"documents": True})
    assert documents.see("state")["links"] == {
        "Campaigns/3652397000000327001/Contacts": ["3652397000000925128", "3652397000000649013"]
    }


def test_calls(crm: Crm) -> None:
    crm.control("records", {"Leads": [{"id": "1"}]})
    crm.advance(1.5)
    crm.delete("Leads?ids=1%2C2&wf_trigger=False")
    crm.post("Leads/actions/mass_delete", {"ids": ["9"]})
    first, *_, delete, mass = crm.see("calls")
    assert (first["method"], first["path"], first["status"]) == ("POST", "/oauth/v2/token", 200)
    assert "grant_type=refresh_token" in first["body"]
    assert delete == {
        "n": mass["n"] - 1,
        "at": "2023-11-14T22:13:21.500Z",
        "method": "DELETE",
        "path": "/crm/v7/Leads",
        "query": "ids=1%2C2&wf_trigger=False",
        "body": None,
        "status": 207,
    }
    assert (mass["body"], mass["status"]) == ('{"ids": ["9"]}', 400)
    assert crm.see(f"calls?since={delete['n']}") == [mass]


def test_state_shows_what_is_left(documents: Crm) -> None:
    documents.get("org")
    state = documents.see("state")
    assert state["records"]["Leads"] == len(documents_data()["records"]["Leads"])
    assert state["views"][1] == {
        "id": "3652397000000538003",
        "module": "Leads",
        "name": "Junk Leads",
        "records": 12,
    }
    assert state["jobs"][0]["id"] == "3652397000009565021"
    assert state["credits"]["used"] == 1
    assert state["tokens"]["granted"] == 1


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("records", []),
        ("records", {"Leads": {}}),
        ("records", {"Leads": ["1"]}),
        ("records", {"Leads": [{"id": 1}]}),
        ("records", {"Leads": [{"id": "a"}]}),
        ("records", {"Leads": [{"id": ""}]}),
        ("records", {"Leads": [{"id": "1", "Contacts": [None]}]}),
        ("records", {"Leads": [{"id": "1", "Contacts": [{"x": 1}]}]}),
        ("records", {"Leads": [{"id": "1", "Territories": "5"}]}),
        ("records", {"Leads": [{"id": "1", "$delete_error": 5}]}),
        ("records", {"": [{"id": "1"}]}),
        ("generate", {"module": "Leads", "count": 0}),
        ("generate", {"module": "Leads", "count": 1, "first_id": 1}),
        ("generate", {"count": 1}),
        ("views", {"module": "Leads"}),
        ("views", {"module": "Leads", "cvid": 7, "ids": []}),
        ("views", {"module": "Leads", "cvid": "7", "ids": [1]}),
        ("views", {"module": "Leads", "cvid": "7", "ids": [], "criteria": {}}),
        ("views", {"module": "Leads", "cvid": "7", "criteria": {}}),
        ("views", {"module": "Leads", "cvid": "7", "criteria": {"field": "a", "comparator": "is"}}),
        ("views", {"module": "Leads", "cvid": "7", "criteria": {"group": [], "group_operator": "AND"}}),
        ("views", {"module": "Leads", "cvid": "7", "ids": [], "critera": {}}),
        ("views", "Leads"),
        ("territories", [{"parent": "1"}]),
        ("clock", {}),
        ("clock", {"advance_seconds": -1}),
        ("clock", {"advance_seconds": "1"}),
        ("clock", {"advance_seconds": 1e308}),
        ("settings", {"concurency": 1}),
        ("settings", {"concurrency": "1"}),
        ("settings", {"concurrency": True}),
        ("settings", {"concurrency": 1.5}),
        ("settings", {"latency_ms": -1}),
        ("settings", {"job_records_per_second": 0}),
        ("settings", {"over_limit": "second"}),
        ("settings", {"scopes": [1]}),
        ("settings", {"refuse": {"Leads": "NO_PERMISSION"}}),
        ("settings", {"refuse": {"Leads.delete": "NO_SUCH_CODE"}}),
        ("settings", {"wrap_refusals": 1}),
    ],
)
def test_bad_input_is_a_clear_400(crm: Crm, name: str, body: Any) -> None:
    response = post(crm, name, body)
    assert response.status_code == 400
    assert len(response.json()["error"]) > 10
    assert not any(crm.see("state")["records"].values())


def test_other_bad_input(crm: Crm) -> None:
    assert crm.http.post(crm.server.url + "/_sim/records", data="{", timeout=60).status_code == 400
    assert crm.http.post(crm.server.url + "/_sim/nothing", timeout=60).status_code == 404
    assert crm.http.get(crm.server.url + "/_sim/reset", timeout=60).status_code == 405
    assert crm.http.get(crm.server.url + "/_sim/calls?since=x", timeout=60).status_code == 400
    assert crm.http.get(crm.server.url + "/_sim/records", timeout=60).status_code == 400


def test_a_mistake_of_the_simulators_own_is_a_500(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    crm = Crm(server)
    monkeypatch.setattr(server.sim.state.store, "find_module", None)
    assert codes(crm.delete("Leads?ids=1")) == ["INTERNAL_ERROR"]
    assert crm.see("calls")[-1]["status"] == 500
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("name", Settings().shown())
def test_the_readme_names_every_setting(name: str) -> None:
    assert f"`{name}`" in README.read_text("utf-8")
