"""What goes over the wire: methods, paths, queries, headers and bodies as Zoho's pages have them."""

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.domain.request import Territory
from tests.contract.zoho.kit import Bench, SmallServer

Call = Callable[[ZohoClient], object]

WIRE: list[tuple[Call, str, str]] = [
    (
        lambda z: z.delete_records("Leads", ["1", "2"], False),
        "DELETE",
        "/crm/v7/Leads?ids=1,2&wf_trigger=false",
    ),
    (lambda z: z.delete_records("Leads", ["1"], True), "DELETE", "/crm/v7/Leads?ids=1&wf_trigger=true"),
    (lambda z: z.delete_record("Leads", "1", False), "DELETE", "/crm/v7/Leads/1?wf_trigger=false"),
    (
        lambda z: z.delete_external("Leads", "External", "a b/c?d%e#", False),
        "DELETE",
        "/crm/v7/Leads/a%20b%2Fc%3Fd%25e%23?wf_trigger=false",
    ),
    (lambda z: z.mass_delete_ids("Leads", ["1", "2"]), "POST", "/crm/v7/Leads/actions/mass_delete"),
    (lambda z: z.mass_delete_view("Leads", "9", None), "POST", "/crm/v7/Leads/actions/mass_delete"),
    (lambda z: z.job_status("Leads", "9"), "GET", "/crm/v7/Leads/actions/mass_delete?job_id=9"),
    (
        lambda z: z.delink("Campaigns", "1", "Contacts", ["2", "3"]),
        "DELETE",
        "/crm/v7/Campaigns/1/Contacts?ids=2,3",
    ),
    (lambda z: z.delink_one("Campaigns", "1", "Contacts", "2"), "DELETE", "/crm/v7/Campaigns/1/Contacts/2"),
    (lambda z: z.count("Leads"), "GET", "/crm/v7/Leads/actions/count"),
    (lambda z: z.count("Leads", "9"), "GET", "/crm/v7/Leads/actions/count?cvid=9"),
    (lambda z: z.view_ids("Leads", "9", None), "GET", "/crm/v7/Leads?fields=id&cvid=9&per_page=200"),
    (
        lambda z: z.view_ids("Leads", "9", "a+b", 50),
        "GET",
        "/crm/v7/Leads?fields=id&cvid=9&per_page=50&page_token=a%2Bb",
    ),
    (lambda z: z.deleted_since("Leads", 0, 2), "GET", "/crm/v7/Leads/deleted?type=all&page=2&per_page=200"),
    (lambda z: z.views("Leads"), "GET", "/crm/v7/settings/custom_views?module=Leads"),
    (lambda z: z.view("Leads", "9"), "GET", "/crm/v7/settings/custom_views/9?module=Leads"),
    (lambda z: z.coql("select id from Leads"), "POST", "/crm/v7/coql"),
]


@pytest.mark.parametrize(("call", "method", "target"), WIRE, ids=[each[2] for each in WIRE])
def test_method_path_and_query(
    bench: Bench, server: SmallServer, call: Call, method: str, target: str
) -> None:
    call(bench.client())
    (seen,) = server.crm
    assert (seen.method, seen.target) == (method, target)
    assert seen.headers["authorization"] == "Zoho-oauthtoken 1000.t1"


def test_ids_in_bodies_are_strings_and_the_territory_is_zohos_object(
    bench: Bench, server: SmallServer
) -> None:
    client = bench.client()
    client.mass_delete_ids("Leads", ["3652397000006064023"])
    client.mass_delete_view("Leads", "9", Territory("7", include_child=True))
    client.mass_delete_view("Leads", "9", None)
    assert [json.loads(seen.body) for seen in server.crm] == [
        {"ids": ["3652397000006064023"]},
        {"cvid": "9", "territory": {"id": "7", "include_child": True}},
        {"cvid": "9"},
    ]
    assert {seen.headers["content-type"] for seen in server.crm} == {"application/json"}


def test_headers_of_external_ids_and_of_the_deleted_list(bench: Bench, server: SmallServer) -> None:
    client = bench.client()
    client.delete_external("Leads", "External", "x", False)
    client.deleted_since("Leads", 1_700_000_000.9, 1)
    assert server.crm[0].headers["x-external"] == "Leads.External"
    assert server.crm[1].headers["if-modified-since"] == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize("version", ["v2", "v3", "v4", "v5", "v6", "v7", "v8"])
def test_the_version_is_the_orgs(bench: Bench, server: SmallServer, version: str) -> None:
    bench.client(api_version=version).count("Leads")
    assert server.crm[0].target == f"/crm/{version}/Leads/actions/count"


def test_the_token_request_keeps_credentials_out_of_the_address(bench: Bench, server: SmallServer) -> None:
    bench.client().count("Leads")
    asked = server.seen[0]
    assert (asked.method, asked.target) == ("POST", "/oauth/v2/token")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (
        asked.body == b"grant_type=refresh_token&client_id=1000.X&client_secret=s3cret&refresh_token=1000.Y"
    )
    assert "authorization" not in asked.headers


NEVER: list[Call] = [
    lambda z: z.delete_external("Leads", "External", ".", False),
    lambda z: z.delete_external("Leads", "External", "..", False),
    lambda z: z.delete_external("Leads", "External", "", False),
    lambda z: z.delete_records("..", ["1"], False),
    lambda z: z.delete_records("Leads", [], False),
    lambda z: z.delete_records("Leads", ["1"] * 101, False),
    lambda z: z.delete_records("Leads", ["1,2"], False),
    lambda z: z.delete_records("Leads", ["٣"], False),
    lambda z: z.delete_record("Leads", "..", False),
    lambda z: z.mass_delete_ids("Leads", []),
    lambda z: z.mass_delete_ids("Leads", ["1"] * 501),
    lambda z: z.delink("Campaigns", "..", "Contacts", ["1"]),
    lambda z: z.delink("Campaigns", "1", ".", ["1"]),
    lambda z: z.delink_one("Campaigns", "1", "Contacts", "a"),
    lambda z: z.read("Leads", ["x"]),
]


@pytest.mark.parametrize("call", NEVER)
def test_what_may_never_be_sent_is_not(bench: Bench, server: SmallServer, call: Call) -> None:
    with pytest.raises(ValueError):
        call(bench.client())
    assert server.seen == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.text(min_size=1, max_size=30).filter(lambda text: max(text) < "\ud800" or max(text) > "\udfff")
)
def test_no_value_leads_a_request_off_its_path(bench: Bench, server: SmallServer, value: str) -> None:
    client = bench.client()
    server.seen.clear()
    if value in (".", ".."):
        return
    client.delete_external("Leads", "External", value, False)
    (seen,) = server.crm
    path, _, query = seen.target.partition("?")
    assert path.startswith("/crm/v7/Leads/")
    assert path.count("/") == 4
    assert query == "wf_trigger=false"


@pytest.mark.parametrize(
    "value", ["...", "a/..", "../x", "..%2f", "%2e%2e", "%2E", "\\..\\", ";..", ".%00", "~", "a//b"]
)
def test_dots_and_slashes_stay_one_segment(bench: Bench, server: SmallServer, value: str) -> None:
    bench.client().delete_external("Leads", "External", value, False)
    path = server.crm[0].target.split("?")[0]
    assert path.count("/") == 4
    assert path.rsplit("/", 1)[1] not in ("", ".", "..")
