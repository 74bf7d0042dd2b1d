"""Every alarm of the packaged template rings for what it is about, on the very metric that it watches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from chalicelib import bootstrap, observability
from infra.alarm_list import ALARMS
from local import package
from local.settings import ROOT
from tests.alarms import drive
from tests.alarms.emf import data, text, watches

STAGES = ("local", "dev", "prod")
NAMES = sorted(each.name for each in ALARMS)
#: AWS's own metrics as AWS documents them: the dimensions, and how many values a quiet stage has.
AWS = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName"},
    ("AWS/SNS", "NumberOfNotificationsFailed"): {"TopicName"},
    ("AWS/ApiGateway", "5XXError"): {"ApiName", "Stage"},
    ("AWS/Lambda", "Errors"): {"FunctionName"},
    ("AWS/Lambda", "Throttles"): {"FunctionName"},
}


@cache
def template(stage: str) -> dict[str, Any]:
    """The packaged template; made when a test asks for it, not while tests are collected."""
    return package.build(stage).template()


@pytest.mark.parametrize("stage", STAGES)
def test_the_alarms_of_the_template_are_those_of_the_list(stage: str) -> None:
    assert sorted(watches(template(stage), stage)) == NAMES


def named(made: dict[str, Any], stage: str) -> dict[str, set[str]]:
    """What the template's own resources are called, by the dimension that AWS reports them under."""
    found: dict[str, set[str]] = {"Stage": {stage}}
    names = {
        "AWS::SQS::Queue": ("QueueName", "QueueName"),
        "AWS::SNS::Topic": ("TopicName", "TopicName"),
        "AWS::Serverless::Function": ("FunctionName", "FunctionName"),
    }
    for resource in made["Resources"].values():
        its = resource.get("Properties", {})
        if resource["Type"] in names:
            dimension, name = names[resource["Type"]]
            found.setdefault(dimension, set()).add(text(its[name], stage))
        if resource["Type"] == "AWS::Serverless::Api":
            assert its["StageName"] == stage
            assert "Name" not in its  # so that its name is the title of its document
            found["ApiName"] = {its["DefinitionBody"]["info"]["title"]}
    return found


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_rings_for_what_it_is_about(name: str, stage: str) -> None:
    watch = watches(template(stage), stage)[name]
    namespace, _ = watch.metric
    if namespace.startswith("AWS/"):
        assert name not in drive.SCENES
        assert AWS[watch.metric] == {dimension for dimension, _ in watch.dimensions}
        ours = named(template(stage), stage)
        assert all(value in ours[dimension] for dimension, value in watch.dimensions)
        assert watch.rings([watch.threshold])
        assert not watch.rings([0.0])
        return
    values = watch.of(data(drive.printed(name, stage)))
    assert values, f"{name}: no scene of it prints {watch.metric} with {sorted(watch.dimensions)}"
    if watch.properties["TreatMissingData"] == "breaching":
        assert not watch.rings(values)
        assert watch.rings([])
    else:
        assert watch.rings(values)
        assert not watch.rings([])


def test_no_scene_is_left_over() -> None:
    assert set(drive.SCENES) <= set(NAMES)


def test_a_stage_is_told_from_another_one() -> None:
    """The dimension comes from the environment, before anything else is known."""
    code = "from chalicelib import observability as o; o.invocation(lambda *_: o.count('Seen'))({}, None)"
    env = {**os.environ, "EXPUNGE_STAGE": "prod"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    [datum] = data(done.stdout)
    assert datum.namespace == "Expunge"
    assert datum.dimensions == frozenset({("service", "expunge"), ("stage", "prod")})


@pytest.mark.parametrize("name", sorted(drive.SCENES))
def test_metrics_hold_no_ids(name: str) -> None:
    """Few dimensions with few values, and no property beside the metrics."""
    for line in drive.printed(name, "prod").splitlines():
        shown = json.loads(line)
        if "_aws" in shown:
            metrics = {m["Name"] for d in shown["_aws"]["CloudWatchMetrics"] for m in d["Metrics"]}
            assert set(shown) == {"_aws", "service", "stage", *metrics}


def test_the_functions_are_wired_as_in_the_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings = {"STAGE": "dev", "TABLE": "t", "WORK_QUEUE_URL": "http://127.0.0.1:1/q", "TOPIC_ARN": "arn"}
    for setting, value in settings.items():
        monkeypatch.setenv(f"EXPUNGE_{setting}", value)
    caches = (bootstrap.config, bootstrap.table, bootstrap.nudges, bootstrap.deps, bootstrap.policy_table)
    for each in (*caches, bootstrap.retention):
        each.cache_clear()
    try:
        deps: Any = bootstrap.deps()
        assert deps.report == deps.zoho._tools.report == bootstrap.retention().report == observability.note
        assert (deps.measure, deps.about) == (observability.measure, observability.about)
        assert deps.nudges.correlation == observability.correlation
    finally:
        for each in (*caches, bootstrap.retention):
            each.cache_clear()
