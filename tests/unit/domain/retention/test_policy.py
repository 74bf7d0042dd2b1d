from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.errors import NotValid
from chalicelib.domain.retention import policy as policies
from chalicelib.domain.retention.coql import Condition
from chalicelib.domain.retention.policy import Policy, check_times
from chalicelib.domain.retention.schedule import Cron, Rate
from chalicelib.domain.retention.spans import Span

GOOD: dict[str, Any] = {
    "name": "old-leads",
    "module": "Leads",
    "selection": {
        "field": "Created_Time",
        "older_than": "90d",
        "where": [{"field": "Lead_Status", "comparator": "equal", "value": "Junk Lead"}],
    },
    "schedule": {"cron": "0 3 * * *", "time_zone": "Europe/Vienna"},
    "limits": {"max_records": 2000, "max_share": 0.2},
}


def problems(document: object) -> dict[str, str]:
    with pytest.raises(NotValid) as caught:
        policies.parse(document)
    return {field.path: field.problem for field in caught.value.fields}


def changed(path: str, value: Any) -> dict[str, Any]:
    head, _, last = path.rpartition("/")
    document: dict[str, Any] = {**GOOD}
    if head:
        document[head] = {**GOOD[head], last: value}
    else:
        document[last] = value
    return document


def test_a_policy_is_read_with_its_defaults() -> None:
    read = policies.parse(GOOD)
    assert (read.name, read.org, read.module) == ("old-leads", "default", "Leads")
    assert read.selection.older_than == Span(90, "days")
    assert read.selection.where == (Condition("Lead_Status", "equal", "Junk Lead"),)
    assert read.schedule == Cron("0 3 * * *", "Europe/Vienna")
    assert (read.limits.max_records, read.limits.max_share, read.limits.approve_above) == (2000, 0.2, None)
    assert (read.wf_trigger, read.dry_run, read.enabled) == (None, False, True)


def test_what_was_read_can_be_read_again() -> None:
    read = policies.parse(GOOD)
    assert policies.parse(read.document) == read


def test_a_view_and_a_rate() -> None:
    document = {**GOOD, "selection": {"view": "77"}, "schedule": {"rate": "1 day"}}
    read = policies.parse(document, name="old-leads", org="default")
    assert read.selection.view == "77"
    assert read.schedule == Rate(86_400, "1 day")


def test_a_start_is_a_moment() -> None:
    document = changed("schedule", {"rate": "6h", "start": "1970-01-01T00:00:00Z"})
    assert "/schedule/start" in problems(document)
    document = changed("schedule", {"rate": "6h", "start": "2026-01-01T03:00:00+01:00"})
    assert policies.parse(document).schedule == Rate(21_600, "6 hours", 1767232800.0)


BROKEN: list[tuple[dict[str, Any], str]] = [
    (changed("name", "Old Leads"), "/name"),
    (changed("org", "a/b"), "/org"),
    (changed("module", "Leads; drop"), "/module"),
    (changed("module", 7), "/module"),
    (changed("enabled", "yes"), "/enabled"),
    (changed("wf_trigger", 1), "/wf_trigger"),
    (changed("colour", "red"), "/colour"),
    (changed("selection", None), "/selection"),
    (changed("selection", []), "/selection"),
    (changed("selection", {}), "/selection"),
    (changed("selection", {"view": "1", "field": "A"}), "/selection"),
    (changed("selection", {"view": 77}), "/selection/view"),
    (changed("selection", {"view": "1", "older_than": "1d"}), "/selection/older_than"),
    (changed("selection/older_than", "0 days"), "/selection/older_than"),
    (changed("selection/older_than", "-1 days"), "/selection/older_than"),
    (changed("selection/older_than", "101 years"), "/selection/older_than"),
    (changed("selection/older_than", 90), "/selection/older_than"),
    (changed("selection/field", "Custom"), "/selection/field_type"),
    (changed("selection/field_type", "day"), "/selection/field_type"),
    (changed("selection/where", {"field": "A"}), "/selection/where"),
    (changed("selection/where", ["A = 1"]), "/selection/where/0"),
    (changed("selection/where", [{"comparator": "equal", "value": 1}]), "/selection/where/0/field"),
    (changed("selection/where", [{"field": "A", "comparator": "is"}]), "/selection/where/0/comparator"),
    (
        changed("selection/where", [{"field": "A", "comparator": "equal", "value": "' or '1'='1"}]),
        "/selection/where/0/value",
    ),
    (
        changed("selection/where", [{"field": "A", "comparator": "between", "value": [1]}]),
        "/selection/where/0/value",
    ),
    (
        changed("selection/where", [{"field": "A", "comparator": "is_empty", "valeu": 1}] * 24),
        "/selection/where",
    ),
    (
        changed("selection/where", [{"field": "A", "comparator": "is_empty", "valeu": 1}]),
        "/selection/where/0/valeu",
    ),
    (changed("schedule", {}), "/schedule"),
    (changed("schedule", {"rate": "1 day", "cron": "* * * * *"}), "/schedule"),
    (changed("schedule", {"rate": "4 minutes"}), "/schedule/rate"),
    (changed("schedule", {"rate": "2 months"}), "/schedule/rate"),
    (changed("schedule", {"rate": "0 days"}), "/schedule/rate"),
    (changed("schedule", {"rate": "1 day", "time_zone": "Europe/Nowhere"}), "/schedule/time_zone"),
    (changed("schedule", {"rate": "1 day", "time_zone": 5}), "/schedule/time_zone"),
    (changed("schedule", {"cron": "0 3 * * *", "time_zone": "../x"}), "/schedule/time_zone"),
    (changed("schedule", {"rate": "1 day", "start": "2026-01-01T03:00:00"}), "/schedule/start"),
    (changed("limits/max_records", 0), "/limits/max_records"),
    (changed("limits/max_records", 1_000_001), "/limits/max_records"),
    (changed("limits/max_share", 2), "/limits/max_share"),
    (changed("limits/approve_above", -1), "/limits/approve_above"),
    (changed("limits/max_record", 1), "/limits/max_record"),
]


@pytest.mark.parametrize(
    ("document", "path"), BROKEN, ids=[path + str(n) for n, (_, path) in enumerate(BROKEN)]
)
def test_what_is_wrong_is_told_with_its_place(document: dict[str, Any], path: str) -> None:
    assert list(problems(document)) == [path]


def test_every_problem_is_told_at_once() -> None:
    assert set(problems({"name": "X", "selection": {"field": "A b"}})) >= {
        "/name",
        "/module",
        "/schedule",
        "/selection/field",
        "/selection/older_than",
    }


@pytest.mark.parametrize("document", [None, [], "text", 1])
def test_no_object_is_no_policy(document: object) -> None:
    assert problems(document)[""] == "must be an object"


def test_a_view_above_what_zoho_lists_is_refused() -> None:
    document = {**GOOD, "selection": {"view": "77"}, "limits": {"max_records": 100_001}}
    assert list(problems(document)) == ["/limits/max_records"]


def test_the_address_decides_the_name() -> None:
    with pytest.raises(NotValid):
        policies.parse(GOOD, name="other", org="default")
    with pytest.raises(NotValid):
        policies.parse({**GOOD, "org": "east"}, name="old-leads", org="default")


def test_times_that_make_no_sense() -> None:
    cron = policies.parse(GOOD)
    rate: Policy = policies.parse(changed("schedule", {"rate": "1 day", "start": "2036-01-01T00:00:00Z"}))
    assert check_times(cron, 0.0, None) == [("/schedule/cron", "never fires")]
    assert check_times(cron, 0.0, 10.0**9) == []
    assert check_times(rate, 1_700_000_000.0, 2_082_758_400.0)[0][0] == "/schedule/start"


def test_a_policy_has_its_modules_one_name_in_its_document_too() -> None:
    found = policies.parse({**GOOD, "module": "Potentials"})
    assert (found.module, found.document["module"]) == ("Deals", "Deals")


def test_what_policies_of_before_call_belts_is_understood_as_limits() -> None:
    before = {name: value for name, value in GOOD.items() if name != "limits"} | {"belts": GOOD["limits"]}
    assert policies.parse(before).limits == policies.parse(GOOD).limits
    too_many = {**before, "belts": {"max_records": 1_000_001}}
    assert list(problems(too_many)) == ["/belts/max_records"]


def test_a_policy_with_limits_under_both_names_is_refused() -> None:
    assert list(problems({**GOOD, "belts": GOOD["limits"]})) == ["/belts"]


@pytest.mark.parametrize(
    ("given", "seconds"), [("P14D", 14 * 86_400), ("PT0H", 0), ("PT12H", 43_200), (None, None)]
)
def test_a_policys_permanent_after_is_read_as_a_requests(given: str | None, seconds: int | None) -> None:
    assert policies.parse(changed("permanent_after", given)).permanent_after == seconds


@pytest.mark.parametrize("given", ["14d", "P60D", "P1W", "P1DT1H", "PT1440H1M", "", 14, True, ["P1D"]])
def test_any_other_permanent_after_of_a_policy_is_refused_in_its_place(given: object) -> None:
    assert set(problems(changed("permanent_after", given))) == {"/permanent_after"}
