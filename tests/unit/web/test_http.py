"""Events of API Gateway as requests."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.web.http import from_event, public_url
from tests.fakes import CRM, event


@given(body=st.binary(max_size=60))
def test_bodies_in_base64_are_the_bytes_that_were_sent(body: bytes) -> None:
    found = event(CRM, {}, {}, base64.b64encode(body).decode(), base64=True)
    assert from_event(found).body == body


@given(text=st.text(max_size=60))
def test_text_bodies_are_utf_8(text: str) -> None:
    assert from_event(event(CRM, {}, {}, text)).body == text.encode()


def test_what_cannot_be_decoded_is_empty_and_matches_no_signature() -> None:
    assert from_event(event(CRM, {}, {}, "a", base64=True)).body == b""
    assert from_event(event(CRM, {}, {}, "\ud800")).body == b"\xed\xa0\x80"
    assert from_event(event(CRM, {}, {}, None)).body == b""


def test_headers_are_lower_cased_and_repeated_ones_joined() -> None:
    found = event(CRM, {}, {"Content-Type": "Application/JSON ; charset=utf-8"})
    found["multiValueHeaders"] |= {"Webhook-Id": ["a", "b"], "webhook-id": ["c"]}
    request = from_event(found)
    assert request.headers["webhook-id"] == "a, b, c"
    assert request.media_type == "application/json"


def test_an_event_with_single_headers_only() -> None:
    found = event(CRM, {}, {"Webhook-Id": "a"})
    found["multiValueHeaders"] = None
    assert from_event(found).headers == {"webhook-id": "a"}
    assert from_event(found | {"headers": None}).headers == {}


def test_an_empty_event_is_a_request_that_nothing_accepts() -> None:
    request = from_event({})
    assert (request.method, request.body, request.media_type) == ("", b"", "")
    assert request.request_id


ANN = "arn:aws:sts::123456789012:assumed-role/ops/ann"


def by_iam(arn: object = ANN, **changes: object) -> dict[str, Any]:
    made = event("/v1/operator/holds", {}, {}, method="GET")
    context = {**made["requestContext"], "identity": {"userArn": arn}, **changes}
    return {**made, "requestContext": context}


@pytest.mark.parametrize(
    "arn", [ANN, "arn:aws:iam::1:user/ann", "arn:aws-cn:iam::1:root", "arn:aws-us-gov:iam::1:user/x"]
)
def test_whom_iam_let_through_api_gateway_is_the_caller(arn: str) -> None:
    assert from_event(by_iam(arn)).caller == arn


@pytest.mark.parametrize(
    "sent",
    [
        {"requestContext": {"identity": {"userArn": ANN}}},
        by_iam() | {"httpMethod": "DELETE"},
        by_iam() | {"resource": "/v1/operator/pause"},
        by_iam() | {"resource": None},
        by_iam(requestId=None),
        by_iam(apiId=""),
        by_iam(stage=None),
        by_iam(stage="test-invoke-stage"),
        by_iam(None),
        by_iam("ann"),
        by_iam("arn:aws:iam::1:user/ann\nx"),
        by_iam("arn:aws:s3:::bucket"),
        by_iam({"arn": ANN}),
    ],
)
def test_an_event_that_api_gateway_cannot_have_made_names_no_caller(sent: dict[str, Any]) -> None:
    assert from_event(sent).caller == ""


def test_who_asks_for_html() -> None:
    for accept, html in {
        "text/html,application/xhtml+xml,*/*;q=0.8": True,
        "Text/HTML;q=0.9": True,
        "*/*": False,
        "application/json": False,
        "text/htmlx": False,
        "": False,
    }.items():
        assert from_event(event(CRM, {}, {"Accept": accept})).accepts_html() is html


def test_the_public_address_never_comes_from_the_host_header() -> None:
    request = from_event(event(CRM, {}, {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}))
    assert public_url(request, "") == "https://abc.execute-api.us-east-1.amazonaws.com/api/"
    local = "http://127.0.0.1:4566/_aws/execute-api/{apiId}/{stage}/"
    assert public_url(request, local) == "http://127.0.0.1:4566/_aws/execute-api/abc/api/"


DOMAIN = "erase.example.com"
ROUTES = {
    "/v1/sources/{source}/deletions": "/v1/sources/crm-workflow/deletions",
    "/v1/operator/deletions/{id}/cancel": "/v1/operator/deletions/del_01/cancel",
    "/v1/operator/orgs/{org}/holds/{module}/{record}": "/v1/operator/orgs/v1/holds/sources/{record}",
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("domain", "before"),
    [
        ("abc.execute-api.us-east-1.amazonaws.com", "/prod"),
        (DOMAIN, ""),
        (DOMAIN, "/expunge"),
        (DOMAIN, "/teams/crm"),
        (DOMAIN, "/v1"),
        (DOMAIN, "/prod"),
        (DOMAIN, "/v1/sources"),
    ],
)
def test_links_lead_where_the_request_came_in(route: str, domain: str, before: str) -> None:
    called = before + ROUTES[route]
    context = {"resourcePath": route, "path": called, "domainName": domain, "stage": "prod", "apiId": "abc"}
    assert public_url(from_event({"requestContext": context}), "") == f"https://{domain}{before}/"


def test_a_trailing_slash_is_no_part_of_the_base_path() -> None:
    called = {"resourcePath": "/v1/sources/{source}/deletions", "path": "/expunge/v1/sources/crm/deletions/"}
    request = from_event({"requestContext": {**called, "domainName": DOMAIN, "stage": "prod"}})
    assert public_url(request, "") == f"https://{DOMAIN}/expunge/"


@pytest.mark.parametrize("path", [None, "", "/", "/deletions", "/prod/v2/sources/crm/deletions"])
def test_without_a_path_that_fits_the_route_the_stage_is_named(path: str | None) -> None:
    context = {"resourcePath": "/v1/sources/{source}/deletions", "path": path, "domainName": DOMAIN}
    assert (
        public_url(from_event({"requestContext": {**context, "stage": "prod"}}), "")
        == f"https://{DOMAIN}/prod/"
    )
