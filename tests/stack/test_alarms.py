"""The alarms of a deployed stage: its functions print what they watch, and CloudWatch rings them."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from local import package
from local.running import RunningStack
from tests.alarms import drive
from tests.alarms.emf import Datum, Watch, data, watches
from tests.stack.conftest import wait_for

pytestmark = pytest.mark.stack


def logged(stack: RunningStack, function: str) -> list[Datum]:
    logs, group = stack.client("logs"), f"/aws/lambda/{stack['functions'][function]}"
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return data("\n".join(event["message"] for page in pages for event in page["events"]))


def put(stack: RunningStack, datum: Datum) -> None:
    """What CloudWatch does with a printed line."""
    where = [{"Name": name, "Value": value} for name, value in sorted(datum.dimensions)]
    found: Any = {"MetricName": datum.metric, "Dimensions": where, "Values": list(datum.values)}
    stack.client("cloudwatch").put_metric_data(Namespace=datum.namespace, MetricData=[found])


def states(stack: RunningStack) -> dict[str, str]:
    pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    start = "expunge-local-"
    return {
        a["AlarmName"].removeprefix(start): a["StateValue"]
        for a in alarms
        if a["AlarmName"].startswith(start)
    }


def values(stack: RunningStack, function: str, watch: Watch) -> list[float]:
    return watch.of(logged(stack, function))


def rings(stack: RunningStack, name: str) -> bool:
    return states(stack)[name] == "ALARM"


def test_the_deployed_functions_print_what_alarms_watch(stack: RunningStack) -> None:
    """The stage's name reaches the metrics through the deployed environment."""
    known = watches(package.build("local").template(), "local")
    stack.wake("poll")
    stack.send(
        {"operation": "delete_records", "module": "Leads", "ids": ["1"]}, key="whsec_" + "A" * 43 + "="
    )
    for function, name in (("poll", "poll-silent"), ("poll", "oldest-due"), ("api", "unauthorized")):
        watch = known[name]
        wait_for(partial(values, stack, function, watch), what=f"{watch.metric} of {function}")


def lines(stack: RunningStack, deletion: str, *functions: str) -> list[dict[str, Any]]:
    """What these functions logged about a deletion, oldest first."""
    found = []
    for function in functions:
        group = f"/aws/lambda/{stack['functions'][function]}"
        pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        found += [e["message"] for page in pages for e in page["events"] if deletion in e["message"]]
    return [json.loads(text) for text in found if text.startswith("{")]


def test_one_id_leads_from_the_request_to_the_worker(stack: RunningStack) -> None:
    """Whoever finishes it: a worker that its message woke, or a poll that was quicker."""
    accepted = stack.send({"operation": "delete_records", "module": "Leads", "ids": ["77"]}).json()["id"]
    wait_for(partial(ended, stack, accepted), what=f"end of {accepted}")
    [first] = [each for each in lines(stack, accepted, "api") if each["message"] == "Accepted"]
    [last] = ended(stack, accepted)
    assert first["correlation_id"] != first["invocation"]
    assert last["correlation_id"] in (first["correlation_id"], accepted)
    if last["function"].endswith("-work"):
        assert last["correlation_id"] == first["correlation_id"]


def ended(stack: RunningStack, deletion: str) -> list[dict[str, Any]]:
    found = lines(stack, deletion, "work", "poll")
    return [each for each in found if each["message"] == "deletion_finished"]


def test_every_alarm_is_deployed_and_rings(stack: RunningStack) -> None:
    """CloudWatch here takes no silence for trouble, so the poll's says 0 instead."""
    known = watches(package.build("local").template(), "local")
    assert set(states(stack)) == set(known)
    for name, watch in known.items():
        scene = data(drive.printed(name, "local")) if name in drive.SCENES else []
        found = [d for d in scene if (d.namespace, d.metric) == watch.metric]
        if name == "poll-silent" or not found:
            value = 0.0 if name == "poll-silent" else watch.threshold
            found = [Datum(*watch.metric, watch.dimensions, (value,))]
        for datum in found:
            put(stack, datum)
        wait_for(partial(rings, stack, name), what=f"alarm {name}")


def test_the_dashboard_is_there(stack: RunningStack) -> None:
    body = stack.client("cloudwatch").get_dashboard(DashboardName="expunge-local")["DashboardBody"]
    assert "${" not in body
    assert "expunge-local-oldest-due" in body
