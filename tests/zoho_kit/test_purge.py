"""zoho/scheduled_purge.dg against the simulator's COQL and Expunge's door."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

import simulator
from local.filling import new_key
from simulator import SimClock
from tests.fakes import NOW, House
from tests.simulator.crm import Crm
from tests.zoho_kit import kit
from tests.zoho_kit.builtins import Request, World

KEY = new_key()
FLAGGED = [str(410405000003000000 + n) for n in range(450)]


@pytest.fixture
def crm() -> Iterator[Crm]:
    with simulator.running(clock=SimClock(lambda: NOW)) as server:
        found = Crm(server)
        records = [{"id": each, "Last_Name": "x", "Deletion_Requested": True} for each in FLAGGED]
        others = [{"id": "9", "Deletion_Requested": False}, {"id": "8", "Last_Name": "never asked"}]
        found.control("reset")
        found.control("records", {"Leads": [*records, *others]})
        found.authorize()
        yield found
        found.http.close()


def world(crm: Crm, house: House) -> World:
    to_house = kit.to_house(house)

    def send(request: Request) -> tuple[int, str]:
        if request.connection is None:
            return to_house(request)
        assert request.connection == "expunge_read"  # Zoho adds the connection's token
        headers = {**request.headers, "Authorization": str(crm.http.headers["Authorization"])}
        answer = requests.post(request.url, request.body.encode(), headers=headers, timeout=60)
        return answer.status_code, answer.text

    return kit.world(send, lambda: house.now, kit.key_text(KEY))


def purge(crm: Crm, house: House, **changed: str) -> World:
    found = world(crm, house)
    kit.script("scheduled_purge.dg", api=f"{crm.server.url}/crm/v7/", **changed)(found)
    return found


def asked(house: House) -> list[list[str]]:
    """The ids of each deletion, in the order they were accepted."""
    return [
        [each for chunk in row.chunks.values() for each in chunk.ids] for row in house.ledger.rows.values()
    ]


def test_everything_flagged_is_asked_for_once_in_chunks_of_the_limit(crm: Crm) -> None:
    house = House(kit.sources(KEY))
    said = purge(crm, house).said
    assert [len(ids) for ids in asked(house)] == [200, 200, 50]
    assert sorted(each for ids in asked(house) for each in ids) == FLAGGED
    assert all("accepted as del_" in line for line in said)
    house.now += 3600
    purge(crm, house)  # the same day: the same deliveries
    assert len(house.ledger.rows) == 3
    house.now += 86_400
    purge(crm, house)  # another day, and they are still there: asked for again
    assert len(house.ledger.rows) == 6


def test_nothing_flagged_is_nothing_sent(crm: Crm) -> None:
    house = House(kit.sources(KEY))
    crm.control("records", {"Leads": [{"id": each, "Deletion_Requested": False} for each in FLAGGED]})
    found = purge(crm, house)
    assert [sent.connection for sent in found.sent] == ["expunge_read"]
    assert found.said == ["expunge: Zoho answered 204"]


def test_above_the_sources_limit_is_refused_and_stops(crm: Crm) -> None:
    house = House({kit.SOURCE: {**kit.sources(KEY)[kit.SOURCE], "max_records": 100}})
    found = purge(crm, house)
    assert (len([sent for sent in found.sent if sent.connection is None]), house.ledger.rows) == (1, {})
    assert found.said[0].endswith("answer 403")
    purge(crm, house, most="100")
    assert [len(ids) for ids in asked(house)] == [100, 100, 100, 100, 50]


def test_a_run_is_bounded(crm: Crm) -> None:
    house = House(kit.sources(KEY))
    purge(crm, house, most="20")
    assert [len(ids) for ids in asked(house)] == [20] * 10


def test_a_broken_answer_of_zohos_sends_nothing(crm: Crm) -> None:
    house = House(kit.sources(KEY))
    crm.control("faults", [{"kind": "reply", "path": "/coql", "status": 500, "body": "{}"}])
    found = purge(crm, house)
    assert found.said == ["expunge: Zoho answered 500"]
    assert house.ledger.rows == {}


def test_as_it_comes_it_stays_within_the_default_limit() -> None:
    found = json.loads(kit.text("scheduled_purge.dg").split("most = ")[1].split(";")[0])
    assert found <= 500  # max_records of a source, and below COQL's 2,000


def test_without_a_key_nothing_is_sent() -> None:
    found = kit.world(kit.answering([]), lambda: NOW, "")
    kit.script("scheduled_purge.dg")(found)
    assert found.sent == []
    assert "not sent" in found.said[0]
