"""The recycle bin behind the Zoho port: the same tests for the adapter at the simulator and for the fake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
import requests

import simulator
from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.domain.recycle_bin import BinIds, batches, entries_of
from chalicelib.domain.zoho import deleted_list
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.zoho_port import Zoho
from tests.contract.zoho.kit import Bench
from tests.fake_zoho import FakeZoho

VERSIONS = ("v2", "v5", "v6", "v7", "v8")


class Place(Protocol):
    """An org with leads 1 to 4. `later`: scheduled work takes so many seconds from now on."""

    zoho: Zoho

    def advance(self, seconds: float) -> None: ...
    def later(self, seconds: float) -> None: ...
    def lag(self, seconds: float) -> None: ...
    def hide(self, record_id: str) -> None: ...


class Faked:
    """The fake org."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0
        self.fake = FakeZoho(lambda: self.at, ["1", "2", "3", "4"])
        self.zoho: Zoho = self.fake

    def advance(self, seconds: float) -> None:
        self.at += seconds

    def later(self, seconds: float) -> None:
        self.fake.bin_later = seconds

    def lag(self, seconds: float) -> None:
        self.fake.bin_lag = self.fake.list_lag = seconds

    def hide(self, record_id: str) -> None:
        self.fake.bin_unseen.add(record_id)


class Simulated:
    """The simulator, through the client of an org with this API version."""

    def __init__(self, server: simulator.Server, version: str) -> None:
        self.server = server
        self.bench = Bench(server.url)
        self.control("reset", {})
        self.control("records", {"Leads": [{"id": one, "Last_Name": f"L{one}"} for one in "1234"]})
        self.client: ZohoClient = self.bench.client(api_version=version)
        self.zoho: Zoho = self.client

    def control(self, name: str, body: object) -> None:
        requests.post(f"{self.server.url}/_sim/{name}", json=body, timeout=60).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self.server.url}/_sim/calls", timeout=60).json()
        return found

    def advance(self, seconds: float) -> None:
        self.control("clock", {"advance_seconds": seconds})

    def later(self, seconds: float) -> None:
        self.control("settings", {"bin_job_seconds": seconds, "bin_at_once": 0})

    def lag(self, seconds: float) -> None:
        self.control("settings", {"bin_lag_seconds": seconds, "deleted_lag_seconds": seconds})

    def hide(self, record_id: str) -> None:
        self.control("records", {"Leads": [{"id": record_id, "Owner": {"id": "77"}}]})
        self.control("settings", {"profile": "Standard"})


@pytest.fixture(scope="module")
def server() -> Iterator[simulator.Server]:
    with simulator.running(documents=False) as running:
        yield running


@pytest.fixture(params=["fake", *VERSIONS])
def place(request: pytest.FixtureRequest, server: simulator.Server) -> Place:
    return Faked() if request.param == "fake" else Simulated(server, request.param)


def deleted(place: Place, *ids: str) -> None:
    assert judge_call(
        CallKind.DELETE_RECORDS, place.zoho.delete_records("Leads", ids, False), ids
    ).verdict is (Verdict.ANSWERED)


def said(kind: CallKind, reply: Reply, *ids: str) -> dict[str, Verdict]:
    assert judge_call(kind, reply, ids).verdict is Verdict.ANSWERED, reply
    return {one: judged.verdict for one, judged in judge_items(kind, reply, ids).items()}


def there(place: Place) -> set[str | None]:
    reply = place.zoho.read("Leads", ["1", "2", "3", "4"])
    assert judge_call(CallKind.READ, reply).verdict is Verdict.ANSWERED
    return {item.id for item in reply.items}


def in_bin(place: Place) -> set[str]:
    reply = place.zoho.bin_entries(BinIds(("1", "2", "3", "4")))
    assert judge_call(CallKind.BIN_ENTRIES, reply).verdict is Verdict.ANSWERED
    return set(entries_of(reply.body))


def permanent(place: Place, since: float) -> dict[str, bool | None]:
    reply = place.zoho.permanently_deleted_since("Leads", since, 1)
    assert judge_call(CallKind.DELETED_LIST, reply).verdict is Verdict.ANSWERED
    return {one: entry.permanent for one, entry in deleted_list.entries_of(reply.body).items()}


def test_an_entry_has_the_id_of_its_record_the_module_and_the_time_in_zohos_clock(place: Place) -> None:
    place.advance(86_400)
    deleted(place, "1", "2")
    reply = place.zoho.bin_entries(BinIds(("2", "3")))
    assert {item.id for item in reply.items} == {"2"}
    (entry,) = entries_of(reply.body).values()
    assert (entry.id, entry.module) == ("2", "Leads")
    assert reply.date is not None
    assert entry.deleted_at is not None
    assert reply.date - 5 <= entry.deleted_at <= reply.date


def test_no_entry_is_an_empty_list_and_not_a_refusal(place: Place) -> None:
    reply = place.zoho.bin_entries(BinIds(("1",)))
    assert (reply.status, reply.items, entries_of(reply.body)) == (200, (), {})
    assert in_bin(place) == set()


def test_what_is_restored_is_there_again_and_no_longer_in_the_bin(place: Place) -> None:
    deleted(place, "1", "2")
    reply = place.zoho.restore_from_bin(BinIds(("2", "3")))
    assert reply.status == 207
    assert said(CallKind.RESTORE_FROM_BIN, reply, "2", "3") == {
        "2": Verdict.RESTORED,
        "3": Verdict.CHECK_GONE,
    }
    assert (there(place), in_bin(place)) == ({"2", "3", "4"}, {"1"})
    named = place.zoho.deleted_since("Leads", 0, 1)
    assert set(deleted_list.entries_of(named.body)) == {"1"}


def test_what_is_deleted_from_the_bin_is_gone_for_good_and_listed_so(place: Place) -> None:
    deleted(place, "1", "2")
    started = place.zoho.bin_entries(BinIds(("1",))).date
    assert started is not None
    assert permanent(place, started) == {}
    reply = place.zoho.delete_from_bin(BinIds(("3", "1")))
    assert said(CallKind.DELETE_FROM_BIN, reply, "1", "3") == {
        "1": Verdict.DELETED,
        "3": Verdict.CHECK_GONE,
    }
    assert (there(place), in_bin(place)) == ({"3", "4"}, {"2"})
    assert permanent(place, started) == {"1": True}
    every = place.zoho.deleted_since("Leads", started - 60, 1)
    kinds = {one: entry.permanent for one, entry in deleted_list.entries_of(every.body).items()}
    assert kinds == {"1": True, "2": False}


def test_both_are_safe_to_repeat(place: Place) -> None:
    deleted(place, "1", "2")
    for kind, send, one in (
        (CallKind.DELETE_FROM_BIN, place.zoho.delete_from_bin, "1"),
        (CallKind.RESTORE_FROM_BIN, place.zoho.restore_from_bin, "2"),
    ):
        send(BinIds((one,)))
        assert said(kind, send(BinIds((one,))), one) == {one: Verdict.CHECK_GONE}
    assert there(place) == {"2", "3", "4"}


def test_what_zoho_schedules_is_said_of_every_id_and_done_later(place: Place) -> None:
    deleted(place, "1", "2", "3")
    place.later(30)
    gone = place.zoho.delete_from_bin(BinIds(("1", "2")))
    back = place.zoho.restore_from_bin(BinIds(("3",)))
    assert (gone.status, back.status) == (202, 202)
    assert said(CallKind.DELETE_FROM_BIN, gone, "1", "2") == dict.fromkeys("12", Verdict.SCHEDULED)
    assert said(CallKind.RESTORE_FROM_BIN, back, "3") == {"3": Verdict.SCHEDULED}
    assert (there(place), in_bin(place)) == ({"4"}, {"1", "2", "3"})
    place.advance(31)
    assert (there(place), in_bin(place)) == ({"3", "4"}, set())


def test_lists_that_lag_show_nothing_until_they_have_caught_up(place: Place) -> None:
    place.lag(60)
    deleted(place, "1", "2")
    started = place.zoho.read("Leads", ["1"]).date
    assert started is not None
    assert (in_bin(place), permanent(place, started - 60)) == (set(), {})
    place.zoho.delete_from_bin(BinIds(("1",)))
    assert permanent(place, started - 60) == {}
    place.advance(61)
    assert "2" in in_bin(place)
    assert permanent(place, started - 60) == {"1": True}


def test_an_entry_that_the_user_does_not_see_is_none_and_stays_where_it_is(place: Place) -> None:
    place.hide("1")
    deleted(place, "1", "2")
    assert in_bin(place) == {"2"}
    for kind, send in (
        (CallKind.DELETE_FROM_BIN, place.zoho.delete_from_bin),
        (CallKind.RESTORE_FROM_BIN, place.zoho.restore_from_bin),
    ):
        assert said(kind, send(BinIds(("1",))), "1") == {"1": Verdict.CHECK_GONE}
    named = deleted_list.entries_of(place.zoho.deleted_since("Leads", 0, 1).body)
    assert named["1"].permanent is False


def test_a_child_waits_for_its_parent(server: simulator.Server) -> None:
    place = Simulated(server, "v7")
    place.control("records", {"Notes": [{"id": "9", "Parent_Id": {"id": "1"}}]})
    deleted(place, "1")
    fake = Faked()
    fake.fake.parents["9"] = "1"
    for one in ("1", "9"):
        fake.fake.to_bin(one, fake.at)
    for org in (place.zoho, fake.zoho):
        reply = org.restore_from_bin(BinIds(("9",)))
        judged = judge_items(CallKind.RESTORE_FROM_BIN, reply, ("9",))["9"]
        assert (judged.verdict, judged.code) == (Verdict.FAILED, "CANNOT_RESTORE_WITHOUT_PARENT")


@pytest.mark.parametrize("items", ["each", "one"])
def test_both_shapes_of_what_is_scheduled_are_understood(server: simulator.Server, items: str) -> None:
    place = Simulated(server, "v7")
    place.control("settings", {"bin_at_once": 1, "scheduled_items": items})
    deleted(place, "1", "2")
    ids = ("1", "2", "77")
    reply = place.zoho.delete_from_bin(BinIds(ids))
    assert said(CallKind.DELETE_FROM_BIN, reply, *ids) == dict.fromkeys(ids, Verdict.SCHEDULED)


def test_a_record_that_comes_back_under_another_id_is_not_called_restored(server: simulator.Server) -> None:
    place = Simulated(server, "v8")
    place.control("settings", {"restored_id": "new"})
    deleted(place, "1")
    reply = place.zoho.restore_from_bin(BinIds(("1",)))
    assert judge_call(CallKind.RESTORE_FROM_BIN, reply, ("1",)).verdict is Verdict.UNKNOWN
    assert (there(place), in_bin(place)) == ({"2", "3", "4"}, set())


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("NO_PERMISSION", Verdict.FAIL),
        ("AUTHORIZATION_FAILED", Verdict.FAIL),
        ("NOT_ALLOWED", Verdict.FAIL),
        ("INTERNAL_ERROR", Verdict.UNKNOWN),
        ("INTERNAL_SERVER_ERROR", Verdict.UNKNOWN),
    ],
)
def test_a_refused_purge_purges_nothing(server: simulator.Server, code: str, verdict: Verdict) -> None:
    place = Simulated(server, "v7")
    deleted(place, "1")
    place.control("settings", {"refuse": {"*.purge": code}})
    judged = judge_call(CallKind.DELETE_FROM_BIN, place.zoho.delete_from_bin(BinIds(("1",))), ("1",))
    assert (judged.verdict, judged.code) == (verdict, code)
    assert in_bin(place) == {"1"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_call_about_the_bin_goes_to_v8(server: simulator.Server, version: str) -> None:
    place = Simulated(server, version)
    deleted(place, "1", "2")
    before = len(place.calls())
    place.zoho.bin_entries(BinIds(("1",)))
    place.zoho.restore_from_bin(BinIds(("1",)))
    place.zoho.delete_from_bin(BinIds(("2",)))
    place.zoho.permanently_deleted_since("Leads", 0, 1)
    made = place.calls()[before:]
    assert [(call["method"], call["path"]) for call in made] == [
        ("GET", "/crm/v8/settings/recycle_bin"),
        ("POST", "/crm/v8/settings/recycle_bin/actions/restore"),
        ("DELETE", "/crm/v8/settings/recycle_bin"),
        ("GET", "/crm/v8/Leads/deleted"),
    ]
    assert {call["status"] for call in made} == {200}


@pytest.mark.parametrize(
    "answer",
    [
        {"recycle_bin": [{"id": "9"}]},
        {"recycle_bin": [{"id": "1"}], "info": {"more_records": True}},
        {"recycle_bin": "none"},
        {"data": []},
        {},
    ],
)
def test_a_list_of_other_entries_or_of_a_part_of_them_tells_nothing(
    server: simulator.Server, answer: dict[str, Any]
) -> None:
    place = Simulated(server, "v8")
    place.control("faults", [{"kind": "reply", "path": "recycle_bin", "status": 200, "body": answer}])
    reply = place.zoho.bin_entries(BinIds(("1", "2")))
    assert judge_call(CallKind.BIN_ENTRIES, reply).verdict is Verdict.RETRY
    assert entries_of(reply.body) == {}


@pytest.mark.parametrize(
    "ids", [(), ("1", "1"), ("x",), ("01",), ("1,2",), ("",), tuple(str(n) for n in range(1, 102))]
)
def test_neither_everything_nor_a_filter_nor_too_many_can_be_named(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        BinIds(ids)


def test_many_ids_are_cut_into_calls_of_a_hundred_each_named_once() -> None:
    ids = [str(n) for n in range(1, 251)]
    cut = [batch.values for batch in batches([*ids, "7", "1"])]
    assert [len(part) for part in cut] == [100, 100, 50]
    assert [one for part in cut for one in part] == ids
    assert list(batches([])) == []
