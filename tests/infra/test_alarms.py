"""Alarms and dashboard of the packaged template: complete, told to somebody, and made from their list."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from infra import alarms
from infra.alarm_list import ALARMS
from tests.infra.walk import NOTHING, of_type

MISSING = {"notBreaching", "breaching", "ignore"}
#: What has to be watched, whatever else is.
NEEDED = {
    *("work-dead-letters", "schedule-dead-letters", "events-undelivered", "oldest-due", "failed-share"),
    *("unauthorized", "token-refused", "needs-attention", "poll-silent", "credits-low"),
    *("api-errors", "work-errors", "poll-errors", "retention-errors", "api-throttles", "work-throttles"),
}


def test_the_file_is_made_from_the_list() -> None:
    assert alarms.main(["--check"]) == 0
    assert {each.name for each in ALARMS} >= NEEDED
    assert len({each.name for each in ALARMS}) == len(ALARMS)


def test_every_alarm_tells_what_and_where_and_whom(resources: dict[str, Any]) -> None:
    found = of_type(resources, "AWS::CloudWatch::Alarm")
    assert len(found) == len(ALARMS)
    for each in found.values():
        name = each["AlarmName"]["Fn::Sub"]
        assert re.fullmatch(r"expunge-\$\{Stage\}-[a-z-]+", name)
        page = name.removeprefix("expunge-${Stage}-")
        assert each["AlarmDescription"]["Fn::Sub"].endswith(f". What to do: ${{Runbook}}#{page}")
        assert (
            each["AlarmActions"]
            == each["OKActions"]
            == [
                {"Fn::If": ["AlarmTopicGiven", {"Ref": "AlarmTopic"}, NOTHING]},
                {"Fn::If": ["AlarmEmailGiven", {"Ref": "AlarmsTopic"}, NOTHING]},
            ]
        )


def test_what_watches_evidence_is_there_where_evidence_is(resources: dict[str, Any]) -> None:
    """An alarm that stays as it was would ring for ever once nothing is measured any more."""
    alarms_of = {n: r for n, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    about = {n for n, r in alarms_of.items() if "evidence" in r["Properties"]["AlarmName"]["Fn::Sub"]}
    assert len(about) >= 3
    assert {n: r["Condition"] for n, r in alarms_of.items() if "Condition" in r} == dict.fromkeys(
        about, "EvidenceOn"
    )


def test_what_silence_means_is_said_and_periods_fit(resources: dict[str, Any]) -> None:
    """CloudWatch looks back one day at most; shorter than a minute costs more."""
    for each in of_type(resources, "AWS::CloudWatch::Alarm").values():
        assert each["TreatMissingData"] in MISSING
        assert each["Period"] % 60 == 0
        assert each["Period"] * each["EvaluationPeriods"] <= 86_400
        assert 1 <= each["DatapointsToAlarm"] <= each["EvaluationPeriods"]


def test_dimensions_are_few_and_have_few_values(resources: dict[str, Any]) -> None:
    for each in of_type(resources, "AWS::CloudWatch::Alarm").values():
        assert len(each["Dimensions"]) <= 2
        if each["Namespace"] == "Expunge":
            assert each["Dimensions"] == [
                {"Name": "service", "Value": "expunge"},
                {"Name": "stage", "Value": {"Fn::Sub": "${Stage}"}},
            ]


def test_limits_are_there_for_every_stage(template: dict[str, Any], stage: str) -> None:
    limits = template["Mappings"]["AlarmLimits"]
    assert stage in limits
    assert {frozenset(each) for each in limits.values()} == {frozenset(limits[stage])}
    assert all(value > 0 for value in limits[stage].values())


@pytest.mark.parametrize("given", ["${Stage}", "${AWS::Region}"])
def test_the_dashboard_shows_the_alarms_and_our_metrics(resources: dict[str, Any], given: str) -> None:
    (found,) = of_type(resources, "AWS::CloudWatch::Dashboard").values()
    assert found["DashboardName"] == {"Fn::Sub": "expunge-${Stage}"}
    assert given in found["DashboardBody"]["Fn::Sub"]
    body = json.loads(found["DashboardBody"]["Fn::Sub"])
    states, *graphs = body["widgets"]
    assert [arn.rpartition(":expunge-${Stage}-")[2] for arn in states["properties"]["alarms"]] == [
        each.name for each in ALARMS
    ]
    drawn = {row[1] for graph in graphs for row in graph["properties"]["metrics"]}
    assert drawn >= {"OldestDueSeconds", "FailedShare", "CreditsLeft", "LaneQueue", "Unauthorized"}
    for widget in body["widgets"]:
        assert widget["x"] + widget["width"] <= 24
