"""Limits over time at intake: 429 with the time that it fits, 403 for what never can, replays as ever."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain import quota
from tests.fakes import LEADS, NOW, SOURCES, House, Reply


def house(**limits: Any) -> House:
    return House({**SOURCES, "crm": {**SOURCES["crm"], **limits}})


def ask(house: House, n: int, delivery: str, **more: Any) -> Reply:
    return house.post({**LEADS, "ids": [str(one) for one in range(1, n + 1)], **more}, delivery=delivery)


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({"max_records_per_day": 5}, quota.day_ends(NOW) - NOW),
        ({"max_records_per_hour": 5}, 3600 - NOW % 3600),
    ],
)
def test_what_passes_a_limit_is_429_and_fits_once_its_time_has_come(
    limits: dict[str, int], seconds: float
) -> None:
    service = house(**limits)
    assert ask(service, 5, "msg_1").status == 202
    refused = ask(service, 1, "msg_2")
    assert refused.status == 429
    assert refused.json["error"]["code"] == "limit_reached"
    assert [field["path"] for field in refused.json["error"]["fields"]] == ["/ids"]
    assert int(refused.headers["Retry-After"]) == seconds
    assert (len(service.ledger.rows), len(service.ledger.deliveries)) == (1, 1)
    service.now += seconds - 1
    assert ask(service, 1, "msg_2").status == 429
    service.now += 1
    assert ask(service, 1, "msg_2").status == 202


def test_a_replay_of_a_full_day_is_answered_as_then_and_another_body_is_409() -> None:
    service = house(max_records_per_day=5)
    first = ask(service, 5, "msg_1")
    again = ask(service, 5, "msg_1")
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ask(service, 4, "msg_1").status == 409


def test_a_request_larger_than_the_limit_itself_is_403() -> None:
    service = house(max_records_per_hour=5, max_records_per_day=8)
    refused = ask(service, 9, "msg_1")
    assert refused.status == 403
    assert [field["path"] for field in refused.json["error"]["fields"]] == ["/ids", "/ids"]


def test_a_dry_run_passes_a_full_day() -> None:
    service = house(max_records_per_day=5)
    ask(service, 5, "msg_1")
    assert ask(service, 5, "msg_2", dry_run=True).status == 202


def test_a_day_takes_twenty_times_the_largest_request_unless_the_entry_says_otherwise() -> None:
    service = house(max_records=1)
    assert [ask(service, 1, f"msg_{n}").status for n in range(21)] == [202] * 20 + [429]
