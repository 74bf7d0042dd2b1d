"""COQL: what it selects and what it refuses."""

import pytest

from tests.simulator.crm import Crm, codes

RECORDS = [
    {"id": "1", "Last_Name": "Adams", "Age": 30, "Active": True, "Since": "2024-01-01T00:00:00+00:00"},
    {"id": "2", "Last_Name": "Burns", "Age": 40, "Active": False, "Since": "2025-01-01T00:00:00+02:00"},
    {"id": "3", "Last_Name": "O'Hara", "Age": 50, "Active": True, "Since": None},
    {"id": "10", "Last_Name": "Zed", "Age": None, "Owner": {"id": "99"}, "Since": "2024-12-31"},
]


@pytest.fixture
def people(crm: Crm) -> Crm:
    crm.control("records", {"Leads": RECORDS})
    return crm


def select(crm: Crm, rest: str) -> list[str]:
    response = crm.coql(f"select id from Leads {rest}")
    if response.status_code == 204:
        return []
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["data"]]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Last_Name = 'Adams'", ["1"]),
        ("Last_Name != 'Adams'", ["2", "3", "10"]),
        ("Last_Name = 'O\\'Hara'", ["3"]),
        ("id > 2", ["3", "10"]),
        ("id > '2'", ["3", "10"]),
        ("Age >= 40", ["2", "3"]),
        ("Age < 40", ["1"]),
        ("Age between 30 and 40", ["1", "2"]),
        ("Age not between 30 and 40", ["3", "10"]),
        ("Age is null", ["10"]),
        ("Age is not null", ["1", "2", "3"]),
        ("id in (1, '10')", ["1", "10"]),
        ("id not in (1,2,3)", ["10"]),
        ("Last_Name like 'b%'", ["2"]),
        ("Last_Name not like '%a%'", ["2", "10"]),
        ("Active = true", ["1", "3"]),
        ("Owner = 99", ["10"]),
        ("Since < '2024-12-31T22:30:00+00:00'", ["1", "2", "10"]),
        ("Since > 2024-06-01", ["2", "10"]),
        ("Created_Time <= '2023-11-14T22:13:20+00:00'", ["1", "2", "3", "10"]),
        ("Age > 30 and Active = true", ["3"]),
        ("(Age > 30 and Active = true) or id = 1", ["1", "3"]),
        ("((Age > 30) and (Active = true or Active = false)) and (id != 3)", ["2"]),
        ("Nothing = 'x'", []),
    ],
)
def test_where(people: Crm, where: str, found: list[str]) -> None:
    assert select(people, f"where {where}") == found


def test_order_limit_offset(people: Crm) -> None:
    assert select(people, "order by id desc") == ["10", "3", "2", "1"]
    assert select(people, "order by Age") == ["10", "1", "2", "3"]
    assert select(people, "where id > 0 order by Active desc, id desc limit 2") == ["3", "1"]
    assert select(people, "limit 2 offset 1") == ["2", "3"]
    body = people.coql("SELECT id, Last_Name FROM Leads WHERE id > 0 LIMIT 2").json()
    assert body["data"][1] == {"id": "2", "Last_Name": "Burns"}
    assert body["info"] == {"count": 2, "more_records": True}


def test_count(people: Crm) -> None:
    body = people.coql("select count(id) from Leads where Age > 30").json()
    assert body["data"] == [{"count": 2}]
    assert codes(people.coql("select count(id) from Leads where Age > 30", "v3")) == ["SYNTAX_ERROR"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "SYNTAX_ERROR"),
        ("delete from Leads", "SYNTAX_ERROR"),
        ("select id from Leads where", "SYNTAX_ERROR"),
        ("select id from Leads where id", "SYNTAX_ERROR"),
        ("select id from Leads where id = ", "SYNTAX_ERROR"),
        ("select id from Leads where id = abc", "SYNTAX_ERROR"),
        ("select id from Leads where id not = 1", "SYNTAX_ERROR"),
        ("select id from Leads where id = 'abc", "SYNTAX_ERROR"),
        ("select id from Leads where (id = 1", "SYNTAX_ERROR"),
        ("select id from Leads where id = 1 and id = 2 and id = 3", "SYNTAX_ERROR"),
        ("select id from Leads limit x", "SYNTAX_ERROR"),
        ("select id from Leads limit 1; drop", "SYNTAX_ERROR"),
        ("select id, id from Leads", "DUPLICATE_DATA"),
        ("select id from Nonsense", "INVALID_QUERY"),
        ("select id from Leads limit 2001", "LIMIT_EXCEEDED"),
        ("select id from Leads limit 1 offset 100001", "LIMIT_EXCEEDED"),
        ("select id from Leads where id in (" + ",".join(["1"] * 101) + ")", "LIMIT_EXCEEDED"),
        ("select id from Leads where " + "(" * 25 + "id = 1" + " or id = 1)" * 25, "LIMIT_EXCEEDED"),
    ],
)
def test_refused(people: Crm, query: str, code: str) -> None:
    response = people.coql(query)
    assert (response.status_code, codes(response)) == (400, [code])


def test_version_limits(people: Crm) -> None:
    assert people.coql("select id from Leads limit 200", "v2").status_code == 200
    assert codes(people.coql("select id from Leads limit 201", "v3")) == ["LIMIT_EXCEEDED"]
    assert codes(people.coql("select id from Leads where id in (" + ",".join(["1"] * 51) + ")", "v2")) == [
        "LIMIT_EXCEEDED"
    ]


@pytest.mark.parametrize("body", [{}, [], {"select_query": 1}])
def test_bodies(people: Crm, body: object) -> None:
    assert people.post("coql", body).status_code == 400
