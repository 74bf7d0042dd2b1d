"""What a function printed, as CloudWatch reads it; and an alarm of the template, as CloudWatch asks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import mean
from typing import Any

from tests.infra.walk import resolved

STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": mean,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}


@dataclass(frozen=True, slots=True)
class Datum:
    """One metric of one printed line: a metric is its namespace, its name and exactly these dimensions."""

    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]]
    values: tuple[float, ...]


def data(printed: str) -> list[Datum]:
    """The metrics in what was printed: lines in CloudWatch's embedded metric format among others."""
    found = []
    for text in printed.splitlines():
        line = _object(text)
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive["Dimensions"]:
                where = frozenset((name, line[name]) for name in names)
                for metric in directive["Metrics"]:
                    values = line[metric["Name"]]
                    values = values if isinstance(values, list) else [values]
                    found.append(Datum(directive["Namespace"], metric["Name"], where, tuple(values)))
    return found


def _object(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


@dataclass(frozen=True, slots=True)
class Watch:
    """An alarm of the packaged template of `stage`."""

    name: str
    properties: dict[str, Any]
    dimensions: frozenset[tuple[str, str]]
    threshold: float

    @property
    def metric(self) -> tuple[str, str]:
        return self.properties["Namespace"], self.properties["MetricName"]

    def of(self, found: Iterable[Datum]) -> list[float]:
        """The values of exactly the metric that it watches."""
        mine = [
            d for d in found if (d.namespace, d.metric) == self.metric and d.dimensions == self.dimensions
        ]
        return [value for datum in mine for value in datum.values]

    def rings(self, values: list[float]) -> bool:
        """Is one period with these values bad? Silence is what the alarm says that it is."""
        if not values:
            return bool(self.properties["TreatMissingData"] == "breaching")
        value = STATISTICS[self.properties["Statistic"]](values)
        return COMPARISONS[self.properties["ComparisonOperator"]](value, self.threshold)


def text(value: Any, stage: str) -> str:
    """A string of the template: as it is, or with the stage put in."""
    return str(value["Fn::Sub"]).replace("${Stage}", stage) if isinstance(value, dict) else str(value)


def watches(template: dict[str, Any], stage: str) -> dict[str, Watch]:
    """Every alarm of the template by the end of its name, which is its page."""
    found = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            its = resource["Properties"]
            name = text(its["AlarmName"], stage).removeprefix(f"expunge-{stage}-")
            where = frozenset((each["Name"], text(each["Value"], stage)) for each in its["Dimensions"])
            found[name] = Watch(name, its, where, float(resolved(template, stage, its["Threshold"])))
    return found
