"""What a page of a view means, for whoever reads a view."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.engine.view_pages import ViewPage, view_page
from tests.fake_zoho import LOST, FakeZoho, error

IDS = [str(10**18 + n) for n in range(450)]
NO_NAME = "more records, and no name of their page"


def zoho_saying(answer: Reply) -> FakeZoho:
    zoho = FakeZoho(lambda: 0.0, IDS)
    zoho.script["view_ids"] = [answer]
    return zoho


def page(ids: list[str], info: Any) -> Reply:
    items = tuple(Item("", ok=True, id=one) for one in ids)
    return Reply(200, items=items, body={"data": [], "info": info}, date=7.0)


def test_a_view_is_read_to_its_end() -> None:
    zoho = FakeZoho(lambda: 0.0, IDS)
    found: list[str] = []
    token = None
    for size in (200, 200, 50):
        read = view_page(zoho, "Leads", "77", token)
        assert isinstance(read, ViewPage)
        assert len(read.ids) == size
        found += read.ids
        token = read.following
    assert (found, token) == (IDS, None)


def test_zohos_clock_comes_with_the_page() -> None:
    read = view_page(zoho_saying(page(IDS[:1], {"more_records": False})), "Leads", "77", None)
    assert read == ViewPage((IDS[0],), None, 7.0)


@pytest.mark.parametrize("code", ["EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH", "INVALID_DATA"])
def test_a_token_that_zoho_refuses_begins_the_reading_anew(code: str) -> None:
    read = view_page(zoho_saying(error(code)), "Leads", "77", "200")
    assert isinstance(read, Judgement)
    assert (read.verdict, read.code) == (Verdict.READ_ANEW, code)


@pytest.mark.parametrize("code", ["EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"])
def test_a_first_page_is_never_begun_anew_as_it_had_no_token(code: str) -> None:
    read = view_page(zoho_saying(error(code)), "Leads", "77", None)
    assert isinstance(read, Judgement)
    assert read.verdict is Verdict.RETRY


def test_a_view_that_is_gone_is_told_by_its_first_page() -> None:
    read = view_page(zoho_saying(error("INVALID_DATA")), "Leads", "77", None)
    assert isinstance(read, Judgement)
    assert read.verdict is Verdict.FAIL


@pytest.mark.parametrize("code", ["PAGINATION_LIMIT_EXCEEDED", "DISCRETE_PAGINATION_LIMIT_EXCEEDED"])
@pytest.mark.parametrize("token", [None, "200"])
def test_more_than_zoho_lists_ends_the_reading(code: str, token: str | None) -> None:
    read = view_page(zoho_saying(error(code)), "Leads", "77", token)
    assert isinstance(read, Judgement)
    assert read.verdict is Verdict.TOO_LONG


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (page(IDS[:200], {"more_records": True}), NO_NAME),
        (page(IDS[:200], {"more_records": True, "next_page_token": None}), NO_NAME),
        (page(IDS[:200], {"more_records": True, "next_page_token": ""}), NO_NAME),
        (page(IDS[:200], {"more_records": True, "next_page_token": 7}), NO_NAME),
        (page(IDS[:200], {"more_records": True, "next_page_token": "200"}), NO_NAME),
        (page([], {"more_records": True, "next_page_token": "400"}), "more records, and none on this page"),
        (page(IDS[:200], None), "it does not say whether there are more records"),
        (page(IDS[:200], {}), "it does not say whether there are more records"),
        (page(IDS[:200], {"more_records": "true"}), "it does not say whether there are more records"),
        (page(["007"], {"more_records": False}), "ids that cannot be ones"),
        (page([str(2**63)], {"more_records": False}), "ids that cannot be ones"),
    ],
)
def test_a_page_that_does_not_say_how_to_go_on_is_asked_for_again_and_never_taken_for_the_last(
    answer: Reply, why: str
) -> None:
    read = view_page(zoho_saying(answer), "Leads", "77", "200")
    assert read == Judgement(Verdict.RETRY, "UNEXPECTED_ANSWER", why)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (LOST, Verdict.RETRY),
        (error("TOO_MANY_REQUESTS", 429), Verdict.WAIT_CREDITS),
        (error("INVALID_TOKEN", 401), Verdict.WAIT_CREDENTIALS),
        (error("NO_PERMISSION", 403), Verdict.FAIL),
    ],
)
def test_any_other_trouble_is_what_it_is_for_every_call(answer: Reply, verdict: Verdict) -> None:
    read = view_page(zoho_saying(answer), "Leads", "77", "200")
    assert isinstance(read, Judgement)
    assert read.verdict is verdict
