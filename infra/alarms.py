"""Makes infra/alarms.json from the list of alarms: the alarms themselves and the dashboard.

python -m infra.alarms            writes it
python -m infra.alarms --check    fails when it is stale
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra.alarm_list import ALARMS, EXPUNGE, Alarm

TARGET = Path(__file__).with_name("alarms.json")
WIDTH = 110
#: The graphs of the dashboard: a title, how values are added up, and our metrics that are drawn together.
GRAPHS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Requests", "Sum", ("Accepted", "Replayed", "Unauthorized")),
    ("Deletions that ended", "Sum", ("deletion_finished", "NeedsAttention")),
    ("Share that failed", "Average", ("FailedShare",)),
    ("Due and not taken (seconds)", "Maximum", ("OldestDueSeconds",)),
    ("Longest wait (seconds)", "Maximum", ("WaitingSeconds",)),
    ("Due; waiting in the longest lane", "Maximum", ("Due", "LaneQueue")),
    ("API credits left", "Minimum", ("CreditsLeft",)),
    ("Trouble", "Sum", ("advance_failed", "advance_broken", "token_refused", "publish_failed", "stuck")),
)


def document() -> dict[str, Any]:
    """The part of the template that is made here."""
    by_stage = {a.name: a.threshold for a in ALARMS if isinstance(a.threshold, dict)}
    stages = sorted({stage for each in by_stage.values() for stage in each})
    limits = {s: {_title(n): each[s] for n, each in by_stage.items()} for s in stages}
    found: dict[str, Any] = {f"{_title(each.name)}Alarm": _alarm(each) for each in ALARMS}
    found["Dashboard"] = {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Fn::Sub": "expunge-${Stage}"},
            "DashboardBody": {"Fn::Sub": json.dumps(_dashboard(), separators=(",", ":"))},
        },
    }
    return {"Mappings": {"AlarmLimits": limits}, "Resources": found}


def _title(name: str) -> str:
    """`oldest-due` as part of a logical id: OldestDue."""
    return "".join(word.capitalize() for word in name.split("-"))


def _alarm(each: Alarm) -> dict[str, Any]:
    threshold: Any = each.threshold
    if isinstance(threshold, dict):
        threshold = {"Fn::FindInMap": ["AlarmLimits", {"Ref": "Stage"}, _title(each.name)]}
    elif isinstance(threshold, str):
        threshold = {"Ref": threshold}
    actions = [
        {"Fn::If": ["AlarmTopicGiven", {"Ref": "AlarmTopic"}, {"Ref": "AWS::NoValue"}]},
        {"Fn::If": ["AlarmEmailGiven", {"Ref": "AlarmsTopic"}, {"Ref": "AWS::NoValue"}]},
    ]
    return {
        "Type": "AWS::CloudWatch::Alarm",
        **({"Condition": each.only} if each.only else {}),
        "Properties": {
            "AlarmName": {"Fn::Sub": f"expunge-${{Stage}}-{each.name}"},
            "AlarmDescription": {"Fn::Sub": f"{each.says}. What to do: ${{Runbook}}#{each.name}"},
            "Namespace": each.namespace,
            "MetricName": each.metric,
            "Dimensions": [{"Name": name, "Value": _sub(value)} for name, value in each.dimensions.items()],
            "Statistic": each.statistic,
            "Period": each.period,
            "EvaluationPeriods": each.of,
            "DatapointsToAlarm": each.bad,
            "ComparisonOperator": each.compare,
            "Threshold": threshold,
            "TreatMissingData": each.missing,
            "AlarmActions": actions,
            "OKActions": actions,
        },
    }


def _sub(value: str) -> Any:
    return {"Fn::Sub": value} if "${" in value else value


def _dashboard() -> dict[str, Any]:
    """First the alarms, then a graph for each group of our metrics, two in a row."""
    where = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:expunge-${Stage}-"
    states = {"title": "Alarms", "alarms": [f"{where}{each.name}" for each in ALARMS]}
    widgets: list[dict[str, Any]] = [
        {"type": "alarm", "x": 0, "y": 0, "width": 24, "height": 5, "properties": states}
    ]
    for number, (title, statistic, metrics) in enumerate(GRAPHS):
        place = {"x": number % 2 * 12, "y": 5 + number // 2 * 6, "width": 12, "height": 6}
        widgets.append({"type": "metric", **place, "properties": _graph(title, statistic, metrics)})
    return {"widgets": widgets}


def _graph(title: str, statistic: str, metrics: Iterable[str]) -> dict[str, Any]:
    rows = [[EXPUNGE, metric, "service", "expunge", "stage", "${Stage}"] for metric in metrics]
    return {"title": title, "region": "${AWS::Region}", "stat": statistic, "period": 300, "metrics": rows}


def text(value: Any, indent: int = 0, before: int = 0) -> str:
    """JSON in which whatever fits into a line stands in one; `before`: what stands on the line already."""
    short = json.dumps(value)
    if not isinstance(value, dict | list) or not value:
        return short
    if indent > 2 and indent + before + len(short) < WIDTH:
        return short
    space, deeper = " " * indent, " " * (indent + 2)
    if isinstance(value, list):
        return "[\n" + ",\n".join(deeper + text(each, indent + 2) for each in value) + f"\n{space}]"
    lines = [f"{deeper}{json.dumps(n)}: {text(each, indent + 2, len(n) + 4)}" for n, each in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{space}}}"


def main(arguments: list[str]) -> int:
    """Writes the file, or with --check says whether it is as it would be written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where it is stale")
    made = text(document()) + "\n"
    if not parser.parse_args(arguments).check:
        TARGET.write_text(made, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == made:
        return 0
    sys.stderr.write("infra/alarms.json is stale: run python -m infra.alarms\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
