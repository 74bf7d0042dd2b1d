"""What the overview reads, through the real operators' endpoints over a ledger in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import click
import pytest

from chalicelib.domain.deletion import Counts, moved
from chalicelib.domain.status import Status
from cli.dashboard.feed import Feed
from cli.http import RetryPolicy
from tests.app.test_operator import DELETIONS, NOWHERE, PAUSE, Office
from tests.fakes import LEADS, SOURCES


def answer(status: int, body: Any) -> Any:
    return SimpleNamespace(status_code=status, ok=status < 400, json=lambda: body, headers={})


class Api:
    """The API of an office. `asked`: every call, in order."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.asked: list[str] = []
        self.answers: list[int] = []  # statuses that come before the real answers
        self.gone: set[str] = set()
        self.lost_on_the_way = False  # whoever is asked about one deletion is not the service

    def call(self, method: str, path: str, query: dict[str, str] | None = None) -> Any:
        assert method == "GET"
        self.asked.append("one" if path.startswith("deletions/") else path)
        if self.answers:
            return answer(self.answers.pop(0), {})
        if path == "policies":
            return answer(200, {"policies": []})
        start, _, one = path.partition("/")
        if one and self.lost_on_the_way:
            return answer(404, {"message": "Not Found"})
        if one in self.gone:
            one = NOWHERE
        if one:
            reply = self.office.call("GET", DELETIONS + "/{id}", id=one)
        else:
            reply = self.office.call("GET", {"deletions": DELETIONS, "pause": PAUSE}[start], query=query)
        return answer(reply.status, reply.json)


def send(office: Office, count: int, first: int = 0) -> list[str]:
    return [
        office.send({**LEADS, "reference": f"t{n}"}, key=f"k{first + n}").json["id"] for n in range(count)
    ]


def feed(api: Api, **more: Any) -> Feed:
    def clock() -> datetime:
        api.office.now += 1
        return datetime.fromtimestamp(api.office.now, UTC)

    once = RetryPolicy(tries=1)
    return Feed(
        api, "test", more.pop("days", 7), more.pop("most", 2000), clock=clock, **{"retries": once, **more}
    )


def end(office: Office, one: str) -> None:
    deletion = moved(office.ledger.rows[one].deletion, Status.COMPLETED, office.now)
    office.ledger.rows[one].deletion = deletion
    office.change(one, status=Status.COMPLETED, counts=Counts(requested=2, deleted=2), calls=1)


def test_all_pages_once_then_only_what_may_have_changed() -> None:
    office = Office()
    ids = send(office, 120)
    api = Api(office)
    reading = feed(api)
    seen = reading.read()
    assert {each["id"] for each in seen.deletions} == set(ids)
    assert seen.whole
    assert api.asked.count("deletions") == 3
    assert seen.deletions[0]["calls"] == 0
    api.asked.clear()
    (new,) = send(office, 1, first=500)
    end(office, ids[0])
    seen = reading.read()
    assert api.asked.count("deletions") == 2
    assert api.asked.count("one") <= 60
    found = {each["id"]: each["status"] for each in seen.deletions}
    assert {each["id"]: each["calls"] for each in seen.deletions}[ids[0]] == 1
    assert len(found) == 121
    assert found[new] == "accepted"
    assert found[ids[0]] == "completed"


def test_what_ended_long_ago_is_not_read_again() -> None:
    office = Office()
    ids = send(office, 120)
    for one in ids:
        end(office, one)
    api = Api(office)
    reading = feed(api)
    reading.read()
    api.asked.clear()
    reading.read()
    assert (api.asked.count("deletions"), api.asked.count("one")) == (1, 0)


def test_what_is_no_longer_there_or_too_old_is_forgotten() -> None:
    office = Office()
    ids = send(office, 60)
    api = Api(office)
    reading = feed(api, days=1)
    reading.read()
    api.gone.add(ids[0])  # the oldest: not among the newest page
    assert ids[0] not in {each["id"] for each in reading.read().deletions}
    office.now += 86_400
    assert reading.read().deletions == []


def test_a_404_that_is_not_the_services_forgets_nothing() -> None:
    office = Office()
    ids = send(office, 60)
    api = Api(office)
    reading = feed(api, days=1)
    reading.read()
    api.lost_on_the_way = True
    assert ids[0] in {each["id"] for each in reading.read().deletions}


def test_more_than_most_is_said_to_be_a_part() -> None:
    office = Office()
    send(office, 120)
    seen = feed(Api(office), most=50).read()
    assert (len(seen.deletions), seen.whole) == (50, False)


def test_orgs_and_pauses() -> None:
    office = Office({**SOURCES, "operator": {"modules": ["Leads"], "orgs": ["eu"]}})
    office.send({**LEADS, "org": "eu"})
    office.call("PUT", PAUSE, {"paused": True, "org": "eu", "reason": "audit"})
    api = Api(office)
    seen = feed(api, orgs=("default", "us")).read()
    assert [each["org"] for each in seen.pauses if each["paused"]] == ["eu"]
    assert api.asked.count("policies") == 3


def test_out_of_reach_is_an_error_in_words() -> None:
    api = Api(Office())
    api.answers = [503]
    with pytest.raises(click.ClickException, match="HTTP 503"):
        feed(api).read()
    api.answers = [403]
    with pytest.raises(click.ClickException, match="allow your AWS identity execute-api:Invoke"):
        feed(api).check()


def test_a_busy_api_is_asked_again() -> None:
    api, slept = Api(Office()), list[float]()
    send(api.office, 1)
    api.answers = [429, 503]
    seen = feed(api, retries=RetryPolicy(tries=3, sleep=slept.append)).read()
    assert len(seen.deletions) == 1
    assert len(slept) == 2
