"""write_back.py against the simulator: the outcome lands in the record that the reference names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from write_back import Later, WriteBack, Zoho, result

import simulator
from simulator import SimClock
from tests.examples.events import event
from tests.simulator.crm import CREDENTIALS, Crm

CASE = "3652397000000111001"
LOCKED = {
    "code": "RECORD_LOCKED",
    "count": 1,
    "meaning": "It is locked.",
    "what_to_do": "Unlock it, then retry.",
}


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    monkeypatch.setenv("no_proxy", "*")
    with simulator.running(clock=SimClock(lambda: 1_700_000_000.0)) as server:
        found = Crm(server)
        found.control("reset")
        found.control("records", {"Cases": [{"id": CASE}], "Leads": [{"id": "5"}]})
        found.control("settings", {"scopes": ["ZohoCRM.modules.cases.UPDATE"]})
        yield found
        found.http.close()


@pytest.fixture
def act(crm: Crm) -> WriteBack:
    credentials = {name: value for name, value in CREDENTIALS.items() if name != "grant_type"}
    return WriteBack(Zoho(crm.server.url, crm.server.url, credentials))


def record(crm: Crm, module: str = "Cases") -> dict[str, Any]:
    (found,) = crm.http.get(f"{crm.server.url}/_sim/records?module={module}", timeout=60).json()
    return dict(found)


def puts(crm: Crm) -> list[dict[str, Any]]:
    return [call for call in crm.see("calls") if call["method"] == "PUT"]


def about(reference: str | None, status: str = "partially_completed") -> dict[str, Any]:
    return event(status=status, reference=reference, problems=[LOCKED])


def test_it_says_what_became_of_it(crm: Crm, act: WriteBack) -> None:
    act(about(f"Cases/{CASE}"))
    found = record(crm)
    assert found["Deletion_Status"] == "partially_completed"
    assert found["Deletion_Result"] == "2 of 3 deleted, 1 failed; RECORD_LOCKED (1): Unlock it, then retry."


@pytest.mark.parametrize(
    "reference", [None, "", "ticket 42", "Leads/5", "Cases/5/6", f"cases/{CASE}", "Cases/"]
)
def test_other_references_touch_nothing(crm: Crm, act: WriteBack, reference: str | None) -> None:
    act(about(reference))
    assert puts(crm) == []


def test_one_token_for_many_and_a_new_one_when_it_has_expired(crm: Crm, act: WriteBack) -> None:
    before = crm.see("state")["tokens"]["granted"]
    for _ in range(3):
        act(about(f"Cases/{CASE}"))
    assert crm.see("state")["tokens"]["granted"] == before + 1
    crm.advance(3601)
    act(about(f"Cases/{CASE}", "completed"))
    assert crm.see("state")["tokens"]["granted"] == before + 2
    assert record(crm)["Deletion_Status"] == "completed"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reply", "method": "PUT", "status": 500},
        {"kind": "reply", "method": "PUT", "status": 200, "body": "<html>down</html>"},
        {"kind": "reply", "method": "PUT", "status": 429},
        {"kind": "drop_before", "method": "PUT"},
        {"kind": "reply", "path": "/oauth/", "status": 200, "body": {"error": "Access Denied"}},
    ],
)
def test_what_zoho_cannot_take_now_comes_again(crm: Crm, act: WriteBack, fault: dict[str, Any]) -> None:
    crm.control("faults", [fault])
    with pytest.raises(Later):
        act(about(f"Cases/{CASE}"))
    act(about(f"Cases/{CASE}"))
    assert record(crm)["Deletion_Status"] == "partially_completed"


def test_a_record_that_is_gone_is_not_tried_for_ever(crm: Crm, act: WriteBack, capsys: Any) -> None:
    act(about("Cases/404"))
    assert "INVALID_DATA" in capsys.readouterr().out


def test_without_the_scope_it_comes_again(crm: Crm, act: WriteBack) -> None:
    crm.control("settings", {"scopes": ["ZohoCRM.modules.cases.READ"]})
    with pytest.raises(Later, match="OAUTH_SCOPE_MISMATCH"):
        act(about(f"Cases/{CASE}"))


def test_nothing_it_writes_can_fire_a_workflow(crm: Crm, act: WriteBack) -> None:
    act(about(f"Cases/{CASE}"))
    (call,) = puts(crm)
    assert '"trigger": []' in call["body"]


def test_a_result_fits_the_field() -> None:
    assert len(result(event(problems=[LOCKED] * 50)["data"])) == 255
