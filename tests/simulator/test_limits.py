"""Credits and calls at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulator.crm import Crm, codes


def used(crm: Crm) -> int:
    return int(crm.see("state")["credits"]["used"])


@pytest.mark.parametrize(
    ("method", "path", "body", "price"),
    [
        ("DELETE", "Leads?ids=1", None, 1),
        ("DELETE", "Leads/1", None, 1),
        ("POST", "Leads/actions/mass_delete", {"ids": ["1"]}, 1),
        ("GET", "Leads/actions/mass_delete?job_id=1", None, 1),
        ("DELETE", "Campaigns/1/Contacts?ids=1", None, 1),
        ("GET", "Leads/actions/count", None, 50),
        ("GET", "Leads?fields=id", None, 1),
        ("GET", "Leads?fields=id&cvid=1", None, 3),
        ("GET", "Leads/deleted", None, 2),
        ("POST", "coql", {"select_query": "select id from Leads"}, 1),
        ("POST", "coql", {"select_query": "select id from Leads limit 201"}, 2),
        ("POST", "coql", {"select_query": "select id from Leads limit 1001"}, 3),
        ("GET", "Nonsense?fields=id", None, 0),
        ("GET", "Leads/1/2/3/4", None, 0),
    ],
)
def test_prices(crm: Crm, method: str, path: str, body: object, price: int) -> None:
    crm.call(method, path, json=body)
    assert used(crm) == price


def test_credits_come_back_after_a_day(crm: Crm) -> None:
    crm.control("settings", {"credits": 4, "token_seconds": 10**6})
    crm.authorize()
    assert "X-API-CREDITS-REMAINING" not in crm.get("org").headers
    assert "X-API-CREDITS-REMAINING" not in crm.get("org").headers
    crm.advance(3600)
    assert crm.get("org").headers["X-API-CREDITS-REMAINING"] == "1"
    assert crm.get("org").headers["X-API-CREDITS-REMAINING"] == "0"
    refused = crm.get("org")
    assert (refused.status_code, codes(refused)) == (429, ["TOO_MANY_REQUESTS"])
    crm.advance(86_400 - 3600)
    assert [crm.get("org").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("settings", "path", "refused"),
    [
        ({"concurrency": 3}, "org", True),
        ({"heavy_concurrency": 3}, "org", False),
        ({"heavy_concurrency": 3}, "Leads?fields=id&cvid=1", True),
    ],
)
def test_calls_at_the_same_time(crm: Crm, settings: dict[str, int], path: str, refused: bool) -> None:
    """Three calls are held at once by a latency; the fourth is one too many."""
    crm.control("settings", {**settings, "latency_ms": 400})
    barrier = threading.Barrier(4)

    def call() -> int:
        barrier.wait()
        return crm.get(path).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: call(), range(4)))
    assert statuses.count(429) == (1 if refused else 0)
    assert crm.see("state")["concurrency"]["running"] == 0


@pytest.mark.parametrize("code", ["TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED", "API_LIMIT_EXCEEDED"])
def test_a_limit_bears_the_name_that_is_set(crm: Crm, code: str) -> None:
    crm.control("settings", {"credits": 0, "limit_code": code})
    refused = crm.get("org")
    assert (refused.status_code, codes(refused)) == (429, [code])


@pytest.mark.parametrize("code", ["INVALID_TOKEN", "INVALID_OAUTHTOKEN"])
def test_a_dead_token_bears_the_name_that_is_set(crm: Crm, code: str) -> None:
    crm.control("settings", {"token_code": code})
    crm.advance(3600)
    refused = crm.get("org")
    assert (refused.status_code, codes(refused)) == (401, [code])
