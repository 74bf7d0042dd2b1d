"""Reading: records, pages, counts, views, the deleted list."""

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

CRITERIA = {"comparator": "equal", "field": {"api_name": "Kind"}, "value": "x"}


def load(crm: Crm, count: int, **fields: Any) -> None:
    crm.control("records", {"Leads": [{"id": str(n), **fields} for n in range(1, count + 1)]})


def ids(body: Any) -> list[str]:
    return [item["id"] for item in body["data"]]


def test_fields_are_mandatory_from_v3(crm: Crm) -> None:
    load(crm, 1, Last_Name="A")
    assert codes(crm.get("Leads")) == ["REQUIRED_PARAM_MISSING"]
    assert crm.get("v2/Leads").json()["data"][0]["Last_Name"] == "A"
    assert crm.get("Leads?fields=Last_Name,Nothing").json()["data"] == [
        {"id": "1", "Last_Name": "A", "Nothing": None}
    ]
    assert codes(crm.get("Leads?fields=" + ",".join("abcdefghi" * 6))) == ["LIMIT_EXCEEDED"]


def test_pages_then_tokens(crm: Crm) -> None:
    load(crm, 5)
    first = crm.get("Leads?fields=id&per_page=2").json()
    assert (ids(first), first["info"]["more_records"]) == (["1", "2"], True)
    assert ids(crm.get("Leads?fields=id&per_page=2&page=3").json()) == ["5"]
    # Records that go away between two pages neither hide nor repeat others.
    crm.delete("Leads?ids=1,2,3")
    token = first["info"]["next_page_token"]
    second = crm.get(f"Leads?fields=id&per_page=2&page_token={token}").json()
    assert (ids(second), second["info"]["more_records"]) == (["4", "5"], False)
    assert codes(crm.get(f"Contacts?fields=id&page_token={token}")) == ["TOKEN_BOUND_DATA_MISMATCH"]
    assert codes(crm.get("Leads?fields=id&page_token=abc")) == ["INVALID_DATA"]
    crm.advance(86_400)
    crm.authorize()
    assert codes(crm.get(f"Leads?fields=id&page_token={token}")) == ["EXPIRED_VALUE"]


def test_a_view_is_walked_whole(crm: Crm) -> None:
    crm.control("generate", {"module": "Leads", "count": 1_000, "first_id": "1", "fields": {"Kind": "x"}})
    crm.control("views", {"module": "Leads", "cvid": "77", "criteria": CRITERIA})
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        body = crm.get(
            f"Leads?fields=id&cvid=77&per_page=150{'&page_token=' + token if token else ''}"
        ).json()
        found += ids(body)
        token = body["info"]["next_page_token"]
    assert found == [str(n) for n in range(1, 1_001)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=0", "INVALID_DATA"),
        ("per_page=201", "INVALID_DATA"),
        ("per_page=x", "INVALID_DATA"),
        ("page=11&per_page=200", "DISCRETE_PAGINATION_LIMIT_EXCEEDED"),
        ("cvid=404", "INVALID_DATA"),
        ("ids=x", "UNABLE_TO_PARSE_DATA_TYPE"),
        ("ids=" + ",".join(map(str, range(101))), "LIMIT_EXCEEDED"),
    ],
)
def test_refused(crm: Crm, query: str, code: str) -> None:
    assert codes(crm.get(f"Leads?fields=id&{query}")) == [code]


def test_converted_and_unapproved(crm: Crm) -> None:
    crm.control(
        "records", {"Leads": [{"id": "1"}, {"id": "2", "$converted": True}, {"id": "3", "$approved": False}]}
    )
    assert ids(crm.get("Leads?fields=id").json()) == ["1"]
    assert ids(crm.get("Leads?fields=id&converted=true").json()) == ["2"]
    assert ids(crm.get("Leads?fields=id&approved=false").json()) == ["3"]
    assert ids(crm.get("Leads?fields=id&ids=3,2,1,404&converted=both&approved=both").json()) == [
        "3",
        "2",
        "1",
    ]


def test_one_record(crm: Crm) -> None:
    load(crm, 1, Last_Name="A")
    record = crm.get("Leads/1").json()["data"][0]
    assert record["Created_Time"] == record["Modified_Time"] == "2023-11-14T22:13:20+00:00"
    assert crm.get("Leads/2").status_code == 204
    assert crm.get("Leads/2").content == b""
    assert codes(crm.get("Leads/x")) == ["INVALID_DATA"]
    assert crm.get("Contacts?fields=id").status_code == 204


def test_count(crm: Crm) -> None:
    load(crm, 3, Last_Name="Burns (old)", Email="b@example.com")
    crm.control("records", {"Leads": [{"id": "4", "Last_Name": "Kay", "Age": 40}]})
    crm.control("views", {"module": "Leads", "cvid": "77", "ids": ["1", "4", "404"]})

    def count(query: str) -> int:
        return int(crm.get(f"Leads/actions/count?{query}").json()["count"])

    assert count("") == 4
    assert count("cvid=77") == 2
    # equals behaves like contains for text, as at Zoho.
    assert count("criteria=(Last_Name:equals:burns)") == 3
    assert count("criteria=(Last_Name:equals:Burns \\(old\\))") == 3
    assert count("criteria=((Last_Name:starts_with:K)and(Age:greater_than:39))") == 1
    assert count("criteria=((Last_Name:starts_with:K)or(Email:contains:example))") == 4
    assert count("criteria=(id:in:1,2)") == 2
    assert count("email=b@example.com") == 3
    assert count("word=kay") == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Leads/actions/count?cvid=1&criteria=(a:equals:b)", "AMBIGUITY_DURING_PROCESSING"),
        ("Leads/actions/count?email=a&word=b", "AMBIGUITY_DURING_PROCESSING"),
        ("Leads/actions/count?criteria=(a:equals:b", "INVALID_QUERY"),
        ("Leads/actions/count?criteria=(a:is_like:b)", "INVALID_QUERY"),
        ("Leads/actions/count?cvid=404", "INVALID_DATA"),
        ("Activities/actions/count", "NOT_SUPPORTED"),
    ],
)
def test_count_refused(crm: Crm, path: str, code: str) -> None:
    response = crm.get(path)
    assert (response.status_code, codes(response)) == (400, [code])


def test_views(crm: Crm) -> None:
    crm.control("views", {"module": "Leads", "cvid": "77", "name": "Mine", "criteria": CRITERIA})
    body = crm.get("settings/custom_views?module=Leads").json()
    assert [(view["name"], view["system_defined"]) for view in body["custom_views"]] == [
        ("All", True),
        ("Mine", False),
    ]
    one = crm.get("settings/custom_views/77?module=Leads").json()["custom_views"][0]
    assert (one["id"], one["criteria"]) == ("77", CRITERIA)
    assert codes(crm.get("settings/custom_views/404?module=Leads")) == ["INVALID_DATA"]
    assert codes(crm.get("settings/custom_views")) == ["REQUIRED_PARAM_MISSING"]
    assert codes(crm.get("settings/custom_views?module=Nonsense")) == ["INVALID_MODULE"]


def test_a_view_follows_its_records(crm: Crm) -> None:
    criteria = {
        "group_operator": "and",
        "group": [CRITERIA, {**CRITERIA, "comparator": "not_in", "value": ["y"]}],
    }
    load(crm, 2, Kind="x")
    crm.control("views", {"module": "Leads", "cvid": "77", "criteria": criteria})
    crm.control("records", {"Leads": [{"id": "1", "Kind": "z"}, {"id": "3", "Kind": "X"}]})
    assert ids(crm.get("Leads?fields=id&cvid=77").json()) == ["2", "3"]
    crm.delete("Leads?ids=3")
    assert ids(crm.get("Leads?fields=id&cvid=77").json()) == ["2"]


def test_deleted_list(crm: Crm) -> None:
    load(crm, 3, Last_Name="A")
    crm.delete("Leads?ids=1,2")
    crm.advance(100)
    crm.delete("Leads?ids=3")
    crm.delete("v6/settings/recycle_bin?ids=1")
    body = crm.get("Leads/deleted?per_page=2").json()
    assert (ids(body), body["info"]["more_records"]) == (["1", "3"], True)
    assert body["data"][1]["deleted_time"] == "2023-11-14T22:15:00+00:00"
    assert body["data"][1]["display_name"] == "A"
    assert ids(crm.get("Leads/deleted?per_page=2&page=2").json()) == ["2"]
    assert ids(crm.get("Leads/deleted?type=permanent").json()) == ["1"]
    assert ids(crm.get("Leads/deleted?type=recycle").json()) == ["3", "2"]
    since = {"If-Modified-Since": "2023-11-15T00:15:00+02:00"}
    assert ids(crm.get("Leads/deleted", headers=since).json()) == ["1", "3"]
    assert crm.get("Contacts/deleted").status_code == 204
    assert codes(crm.get("Leads/deleted", headers={"If-Modified-Since": "yesterday"})) == ["INVALID_DATA"]
    assert codes(crm.get("Leads/deleted?type=some")) == ["PATTERN_NOT_MATCHED"]


def test_user_and_org(crm: Crm) -> None:
    assert crm.get("users?type=CurrentUser").json()["users"][0]["status"] == "active"
    assert crm.get("org").json()["org"][0]["company_name"] == "Zylker"
