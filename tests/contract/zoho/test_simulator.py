"""The client and the simulator agree: every operation, its outcomes and refusals, judged by the table."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

import simulator
from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.domain.request import Territory
from chalicelib.domain.zoho.judge_call import counted, judge_call, started_job
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.judge_job import JobState, judge_job
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import Verdict
from tests.contract.zoho.kit import Bench

VIEW = "3652397000000538003"


class World:
    """One simulator and what a test needs of it."""

    def __init__(self, server: simulator.Server) -> None:
        self.server = server
        self.bench = Bench(server.url)

    def control(self, name: str, body: object) -> None:
        requests.post(f"{self.server.url}/_sim/{name}", json=body, timeout=60).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self.server.url}/_sim/calls", timeout=60).json()
        return found

    def crm(self, **more: Any) -> ZohoClient:
        return self.bench.client(**more)


@pytest.fixture(scope="module")
def server() -> Iterator[simulator.Server]:
    with simulator.running() as running:
        yield running


@pytest.fixture
def world(server: simulator.Server) -> World:
    world = World(server)
    world.control("reset", {})
    return world


def listed(reply: Reply, container: str) -> Any:
    """What the answer lists."""
    return (reply.body or {})[container]


def leads(*ids: str, **fields: object) -> dict[str, object]:
    return {"Leads": [{"id": one, "Last_Name": f"L{one}", **fields} for one in ids]}


def verdicts(kind: CallKind, reply: Reply, ids: list[str]) -> dict[str, Verdict]:
    assert judge_call(kind, reply, ids).verdict is Verdict.ANSWERED, reply
    return {one: said.verdict for one, said in judge_items(kind, reply, ids).items()}


def there(reply: Reply) -> set[str | None]:
    assert judge_call(CallKind.READ, reply).verdict is Verdict.ANSWERED, reply
    return {item.id for item in reply.items}


@pytest.mark.parametrize("version", ["v2", "v3", "v4", "v5", "v6", "v7", "v8"])
def test_delete_many(world: World, version: str) -> None:
    world.control("records", leads("101", "102"))
    world.control("records", leads("103", Locked__s=True))
    world.control("records", leads("104", **{"$approved": False}))
    ids = ["104", "999", "101", "103", "102"]
    reply = world.crm(api_version=version).delete_records("Leads", ids, wf_trigger=False)
    assert reply.status == 207
    assert verdicts(CallKind.DELETE_RECORDS, reply, ids) == {
        "101": Verdict.DELETED,
        "102": Verdict.DELETED,
        "103": Verdict.RETRY_SLOWLY,
        "104": Verdict.RETRY_SLOWLY,
        "999": Verdict.CHECK_GONE,
    }


def test_delete_one_by_path(world: World) -> None:
    world.control("records", leads("101"))
    crm = world.crm()
    assert verdicts(CallKind.DELETE_RECORDS, crm.delete_record("Leads", "101", False), ["101"]) == {
        "101": Verdict.DELETED
    }
    assert verdicts(CallKind.DELETE_RECORDS, crm.delete_record("Leads", "101", False), ["101"]) == {
        "101": Verdict.CHECK_GONE
    }


@pytest.mark.parametrize("value", ["plain", "a/b", "50%25", "x?y=z", "%2e%2e", "...", "a'b\\c"])
def test_external_ids(world: World, value: str) -> None:
    world.control("records", leads("101", External=value))
    crm = world.crm()
    assert there(crm.read_external("Leads", "External", value)) == {"101"}
    reply = crm.delete_external("Leads", "External", value, wf_trigger=False)
    assert verdicts(CallKind.DELETE_EXTERNAL, reply, [value]) == {value: Verdict.DELETED}
    assert there(crm.read_external("Leads", "External", value)) == set()
    again = crm.delete_external("Leads", "External", value, wf_trigger=False)
    assert verdicts(CallKind.DELETE_EXTERNAL, again, [value]) == {value: Verdict.CHECK_GONE}


def test_mass_delete_by_ids(world: World) -> None:
    world.control("records", leads("101", "102"))
    reply = world.crm().mass_delete_ids("Leads", ["999", "102", "101"])
    assert verdicts(CallKind.MASS_DELETE_IDS, reply, ["101", "102", "999"]) == {
        "101": Verdict.DELETED,
        "102": Verdict.DELETED,
        "999": Verdict.CHECK_GONE,
    }


def test_a_view_is_a_job(world: World) -> None:
    world.control("records", leads("101", "102", "103"))
    world.control("views", {"module": "Leads", "cvid": VIEW, "ids": ["101", "102"]})
    crm = world.crm()
    assert counted(crm.count("Leads", VIEW)) == 2
    assert there(crm.view_ids("Leads", VIEW, None)) == {"101", "102"}
    reply = crm.mass_delete_view("Leads", VIEW, None)
    assert judge_call(CallKind.MASS_DELETE_VIEW, reply).verdict is Verdict.STARTED
    job = started_job(reply)
    assert job is not None
    assert judge_job(crm.job_status("Leads", job)).state is JobState.RUNNING
    again = crm.mass_delete_view("Leads", VIEW, None)
    assert judge_call(CallKind.MASS_DELETE_VIEW, again).verdict is Verdict.WAIT_LANE
    world.control("clock", {"advance_seconds": 60})
    report = judge_job(crm.job_status("Leads", job))
    assert (report.state, report.total, report.deleted, report.failed) == (JobState.COMPLETED, 2, 2, 0)
    empty = crm.mass_delete_view("Leads", VIEW, None)
    assert judge_call(CallKind.MASS_DELETE_VIEW, empty).verdict is Verdict.NOTHING
    assert there(crm.read("Leads", ["101", "103"])) == {"103"}
    gone = crm.deleted_since("Leads", 0, 1)
    assert {row["id"] for row in listed(gone, "data")} == {"101", "102"}


def test_refusals_of_a_view(world: World) -> None:
    crm = world.crm()
    missing = judge_call(CallKind.MASS_DELETE_VIEW, crm.mass_delete_view("Leads", "404", Territory("1")))
    assert (missing.verdict, missing.code) == (Verdict.FAIL, "INVALID_DATA")
    module = judge_call(CallKind.MASS_DELETE_VIEW, crm.mass_delete_view("Nothing", VIEW, None))
    assert (module.verdict, module.code) == (Verdict.FAIL, "INVALID_MODULE")
    assert judge_call(CallKind.COUNT, crm.count("Leads", "404")).verdict is Verdict.FAIL
    assert judge_job(crm.job_status("Leads", "404")).state is JobState.GONE
    world.control("settings", {"edition": "Professional"})
    world.control("views", {"module": "Leads", "cvid": VIEW, "ids": []})
    edition = judge_call(CallKind.MASS_DELETE_VIEW, crm.mass_delete_view("Leads", VIEW, None))
    assert (edition.verdict, edition.code) == (Verdict.FAIL, "NOT_IN_EDITION")


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("status", "setting"), [(400, "first"), (400, "LIMIT_EXCEEDED"), (400, "RECORD_LIMIT_EXCEEDED")]
)
def test_settings_of_zohos_that_nobody_knows(world: World, wrapped: bool, status: int, setting: str) -> None:
    limit = {"job_limit": 1, "over_limit": setting, "wrap_refusals": wrapped, "already_scheduled_status": 202}
    world.control("settings", limit)
    world.control("records", leads("101", "102"))
    world.control("views", {"module": "Leads", "cvid": VIEW, "ids": ["101", "102"]})
    crm = world.crm()
    judged = judge_call(CallKind.MASS_DELETE_VIEW, crm.mass_delete_view("Leads", VIEW, None))
    if setting == "first":
        assert judged.verdict is Verdict.STARTED
        again = judge_call(CallKind.MASS_DELETE_VIEW, crm.mass_delete_view("Leads", VIEW, None))
        assert again.verdict is Verdict.WAIT_LANE
    else:
        assert (judged.verdict, judged.code) == (Verdict.FAIL, setting)


def test_delink(world: World) -> None:
    world.control(
        "records",
        {"Contacts": [{"id": "3"}, {"id": "4"}], "Campaigns": [{"id": "2", "Contacts": ["3", "4"]}]},
    )
    crm = world.crm()
    reply = crm.delink("Campaigns", "2", "Contacts", ["9", "3"])
    assert verdicts(CallKind.DELINK, reply, ["3", "9"]) == {"3": Verdict.DELETED, "9": Verdict.ABSENT}
    one = crm.delink_one("Campaigns", "2", "Contacts", "4")
    assert verdicts(CallKind.DELINK, one, ["4"]) == {"4": Verdict.DELETED}
    again = crm.delink_one("Campaigns", "2", "Contacts", "4")
    assert verdicts(CallKind.DELINK, again, ["4"]) == {"4": Verdict.ABSENT}
    for ids in (["3"], ["3", "4"]):
        assert (
            judge_call(CallKind.DELINK, crm.delink("Campaigns", "99", "Contacts", ids), ids).verdict
            is Verdict.FAIL
        )
    nowhere = judge_call(CallKind.DELINK, crm.delink("Campaigns", "2", "Nothing", ["3"]), ["3"])
    assert nowhere.verdict is Verdict.FAIL


def test_reading_sees_converted_and_unapproved_records(world: World) -> None:
    world.control("records", leads("101", **{"$converted": True}))
    world.control("records", leads("102", **{"$approved": False}))
    assert there(world.crm().read("Leads", ["101", "102", "103"])) == {"101", "102"}
    assert there(world.crm().read("Leads", ["103"])) == set()


@pytest.mark.parametrize(
    "refusal",
    [
        {
            "status": 400,
            "body": {"code": "INVALID_REQUEST_METHOD", "status": "error", "details": {}, "message": ""},
        },
        {
            "status": 404,
            "body": {"code": "INVALID_URL_PATTERN", "status": "error", "details": {}, "message": ""},
        },
        {"status": 200, "body": {"data": [{"id": "55"}]}},
        {"status": 200, "body": "<html>"},
    ],
)
def test_where_records_cannot_be_read_by_ids_a_query_is_asked(
    world: World, refusal: dict[str, object]
) -> None:
    ids = [str(n) for n in range(100, 200)]
    world.control("records", leads(*ids[:80]))
    world.control("faults", [{"kind": "reply", "method": "GET", "path": "/Leads", "times": 1, **refusal}])
    assert there(world.crm().read("Leads", ids)) == set(ids[:80])
    assert len([call for call in world.calls() if call["path"].endswith("/coql")]) == 2


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_read_that_failed_otherwise_asks_nothing_else(world: World, status: int) -> None:
    body = {"code": "INTERNAL_ERROR", "status": "error", "details": {}, "message": ""}
    world.control(
        "faults", [{"kind": "reply", "method": "GET", "path": "/Leads", "status": status, "body": body}]
    )
    reply = world.crm().read("Leads", ["101"])
    assert reply.status == status
    assert not [call for call in world.calls() if call["path"].endswith("/coql")]


@pytest.mark.parametrize("version", ["v2", "v7"])
def test_a_view_is_read_in_pages(world: World, version: str) -> None:
    ids = [str(n) for n in range(1000, 1450)]
    world.control("records", leads(*ids))
    world.control("views", {"module": "Leads", "cvid": VIEW, "ids": ids})
    crm = world.crm(api_version=version)
    found: list[str | None] = []
    token: str | None = None
    for _ in range(3):
        page = crm.view_ids("Leads", VIEW, token)
        found += [item.id for item in page.items]
        token = listed(page, "info").get("next_page_token")
    assert sorted(found, key=str) == ids
    assert token is None


def test_views_are_described(world: World) -> None:
    world.control("views", {"module": "Leads", "cvid": VIEW, "ids": []})
    crm = world.crm()
    assert VIEW in {each["id"] for each in listed(crm.views("Leads"), "custom_views")}
    assert [each["id"] for each in listed(crm.view("Leads", VIEW), "custom_views")] == [VIEW]


# --- tokens ---


def test_an_expired_token_is_renewed_in_the_middle(world: World) -> None:
    world.control("records", leads("101"))
    crm = world.crm()
    assert counted(crm.count("Leads")) == 1
    world.control("faults", [{"kind": "expired_token", "times": 1}])
    assert counted(crm.count("Leads")) == 1


def test_fifty_cold_workers_cause_one_refresh_at_zoho(world: World) -> None:
    world.bench.nap = lambda seconds: time.sleep(seconds / 10)
    workers = [world.bench.orgs(f"worker-{n}") for n in range(50)]
    with ThreadPoolExecutor(50) as pool:
        counts = [
            pool.submit(lambda orgs: orgs("default", world.bench.clock() + 20).count("Leads").status, orgs)
            for orgs in workers
        ]
    assert {count.result() for count in counts} <= {200, 429}
    asked = [call for call in world.calls() if call["path"] == "/oauth/v2/token"]
    assert [call["status"] for call in asked] == [200]


def test_a_day_of_traffic_stays_far_from_the_token_limits(world: World) -> None:
    workers = [world.bench.orgs(f"worker-{n}") for n in range(5)]
    for _ in range(24 * 12):
        for orgs in workers:
            assert orgs("default", world.bench.clock() + 20).job_status("Leads", "1").status == 400
        world.control("clock", {"advance_seconds": 300})
        world.bench.clock.ahead += 300
    asked = [call for call in world.calls() if call["path"] == "/oauth/v2/token"]
    assert 24 <= len(asked) <= 30
    assert {call["status"] for call in asked} == {200}


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ({"client_id": "wrong"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"refresh_token": "1000.revoked"}, "invalid_code"),
    ],
)
def test_refused_credentials_wait(world: World, secret: dict[str, str], code: str) -> None:
    reply = world.crm(**secret).count("Leads")
    judged = judge_call(CallKind.COUNT, reply)
    assert (judged.verdict, judged.code) == (Verdict.WAIT_CREDENTIALS, code)


@pytest.mark.parametrize("status", [200, 400])
def test_a_throttled_token_endpoint_waits(world: World, status: int) -> None:
    world.control("settings", {"tokens_per_window": 0, "throttle_status": status})
    reply = world.crm().mass_delete_view("Leads", VIEW, None)
    judged = judge_call(CallKind.MASS_DELETE_VIEW, reply)
    assert (judged.verdict, reply.sent, reply.retry_after) == (Verdict.WAIT_TOKEN, False, 600.0)


def test_a_missing_scope_fails_at_once(world: World) -> None:
    world.control("settings", {"scopes": ["ZohoCRM.modules.READ"]})
    judged = judge_call(
        CallKind.DELETE_RECORDS, world.crm().delete_records("Leads", ["1"], wf_trigger=False), ["1"]
    )
    assert (judged.verdict, judged.code) == (Verdict.FAIL, "OAUTH_SCOPE_MISMATCH")


def test_a_lost_answer_is_unknown_and_sent_once(world: World) -> None:
    world.control("records", leads("101"))
    crm = world.crm()
    counted(crm.count("Leads"))
    for kind, ids in (("drop_before", {"101"}), ("drop_after", set())):
        world.control("faults", [{"kind": kind, "method": "DELETE", "times": 1}])
        reply = crm.delete_records("Leads", ["101"], wf_trigger=False)
        assert judge_call(CallKind.DELETE_RECORDS, reply, ["101"]).verdict is Verdict.UNKNOWN
        assert there(crm.read("Leads", ["101"])) == ids
    assert len([call for call in world.calls() if call["method"] == "DELETE"]) == 2


def test_the_simulators_clock_is_told_with_every_answer(world: World) -> None:
    before = world.bench.clock()
    world.control("clock", {"advance_seconds": 3_600})
    for reply in (world.crm().count("Leads"), world.crm().view_ids("Leads", "404", None)):
        assert reply.date is not None
        assert 3_595 < reply.date - before < 3_700


def test_converted_leads_are_told_apart_by_their_ids(world: World) -> None:
    world.control("records", {"Leads": [{"id": "1"}, {"id": "2", "$converted": True}, {"id": "3"}]})
    assert there(world.crm().converted("Leads", ["1", "2", "3", "404"])) == {"2"}
    assert there(world.crm().converted("Leads", ["1"])) == set()
    assert world.crm().converted("Nothing", ["1"]).error is not None
