"""The functions and the API of the packaged template: bounded, traced, set up for their stage."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local.settings import from_environment
from tests.infra.walk import FUNCTIONS, LOGS, ROLES, resolved


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_bounded_and_traced(resources: dict[str, Any], stage: str, function: str) -> None:
    found = resources[FUNCTIONS[function]]["Properties"]
    assert found["MemorySize"] >= 512
    # On a machine that is busy with many cold starts an answer comes late; it need not be a 502.
    api = 29 if stage == "local" else 10
    assert found["Timeout"] == (api if function == "api" else 60)
    assert found["Tracing"] == "Active"
    assert found["LoggingConfig"] == {"LogGroup": {"Ref": LOGS[function]}}
    if stage != "local":
        assert found["Architectures"] == ["arm64"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_get_the_settings_of_their_stage(
    resources: dict[str, Any], stage: str, function: str
) -> None:
    variables = resources[FUNCTIONS[function]]["Properties"]["Environment"]["Variables"]
    expected: dict[str, Any] = {
        "EXPUNGE_STAGE": {"Ref": "Stage"},
        "EXPUNGE_TABLE": {"Ref": "Table"},
        "EXPUNGE_WORK_QUEUE_URL": {"Ref": "WorkQueue"},
        "EXPUNGE_MAX_WAIT_SECONDS": "5" if stage == "local" else "900",
        "EXPUNGE_GIVE_UP_SECONDS": "60" if stage == "local" else "86400",
        "EXPUNGE_SECRET_CACHE_SECONDS": "30" if stage == "local" else "300",
        "EXPUNGE_KEEP_DAYS": "400",
        "EXPUNGE_FORGET_DAYS": "30",
        "EXPUNGE_SLICE_SECONDS": "20",
        "EXPUNGE_JOB_MAX_AGE_SECONDS": "300" if stage == "local" else "259200",
        "EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS": "true" if stage == "local" else "false",
        "POWERTOOLS_SERVICE_NAME": "expunge",
        "POWERTOOLS_METRICS_NAMESPACE": "Expunge",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    if function == "api":
        expected["EXPUNGE_PUBLIC_URL"] = {"Ref": "PublicUrl"}
        expected["EXPUNGE_FOUR_EYES"] = {"Ref": "FourEyes"}
    if function == "work":
        workers = {"Fn::FindInMap": ["Limits", {"Ref": "Stage"}, "WorkConcurrency"]}
        expected["EXPUNGE_WORKERS"] = {"Fn::Sub": ["${Workers}", {"Workers": workers}]}
    publishing = ("work", "poll", "evidence")
    if function in publishing:
        expected["EXPUNGE_TOPIC_ARN"] = {"Ref": "ResultsTopic"}
    if function in (*publishing, "api"):  # its pages tell of receipts where there are any
        expected["EXPUNGE_EVIDENCE"] = {"Ref": "Evidence"}
    assert {name: variables.get(name) for name in expected} == expected
    assert ("EXPUNGE_TOPIC_ARN" in variables) == (function in publishing)
    assert ("EXPUNGE_EVIDENCE_LOCK" in variables) == (function == "evidence")


def test_only_work_and_poll_may_feed_their_own_queue(resources: dict[str, Any]) -> None:
    loops = {n: resources[c]["Properties"].get("RecursiveLoop") for n, c in FUNCTIONS.items()}
    assert loops == {"api": None, "work": "Allow", "poll": "Allow", "retention": None, "evidence": None}


def test_the_queue_wakes_work_in_batches_that_may_fail_in_part(
    template: dict[str, Any], resources: dict[str, Any], stage: str
) -> None:
    (event,) = resources["Work"]["Properties"]["Events"].values()
    found = event["Properties"]
    assert event["Type"] == "SQS"
    assert found["Queue"] == {"Fn::Sub": "${WorkQueue.Arn}"}
    assert found["BatchSize"] == 1  # who comes next is not kept by who came before, each has a worker
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert resolved(template, stage, found["ScalingConfig"]["MaximumConcurrency"]) >= 2


@pytest.mark.parametrize(
    ("function", "rate"),
    [
        ("Poll", "rate(1 minute)"),
        ("Retention", "rate(5 minutes)"),
        ("WriteEvidence", "rate(1 minute)"),
    ],
)
def test_schedules_and_where_their_lost_runs_go(resources: dict[str, Any], function: str, rate: str) -> None:
    found = resources[function]["Properties"]
    (event,) = found["Events"].values()
    assert (event["Type"], event["Properties"]["Schedule"]) == ("Schedule", rate)
    # The alarm on that queue says that a retry failed too.
    assert found["EventInvokeConfig"]["MaximumRetryAttempts"] == 1
    assert found["EventInvokeConfig"]["MaximumEventAgeInSeconds"] >= 120
    failure = found["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert failure == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["ScheduleDeadLetterQueue", "Arn"]}}


def test_the_api_is_throttled_and_traced(
    template: dict[str, Any], resources: dict[str, Any], stage: str
) -> None:
    api = resources["RestAPI"]["Properties"]
    (settings,) = api["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert 0 < resolved(template, stage, settings["ThrottlingRateLimit"]) <= 500
    assert 0 < resolved(template, stage, settings["ThrottlingBurstLimit"]) <= 1000
    assert api["TracingEnabled"] is True
    assert api["EndpointConfiguration"] == "REGIONAL"


def test_no_function_waits_for_the_api_that_it_stands_behind(resources: dict[str, Any]) -> None:
    """The API needs its function first: naming the API there is a circle that cfn-lint does not see."""
    for name in (*FUNCTIONS.values(), *ROLES.values()):
        assert "RestAPI" not in json.dumps(resources[name])


def test_read_links_start_with_https_but_on_this_machine(template: dict[str, Any]) -> None:
    pattern = template["Parameters"]["PublicUrl"]["AllowedPattern"]
    local = "http://127.0.0.1:4566/_aws/execute-api/{apiId}/{stage}/"
    for good in ("", "https://delete.example.com/", "https://delete.example.com/crm/", local):
        assert re.fullmatch(pattern, good)
    for bad in (
        "http://delete.example.com/",
        "http://127.0.0.1.example.com/",
        "https://a@b/",
        "https://a/?b",
    ):
        assert not re.fullmatch(pattern, bad)


def test_what_the_deployment_sets_is_not_replaced_by_the_environment_of_make_up(
    resources: dict[str, Any],
) -> None:
    variables = [resources[name]["Properties"]["Environment"]["Variables"] for name in FUNCTIONS.values()]
    own = {name for each in variables for name, value in each.items() if isinstance(value, dict)}
    assert {"EXPUNGE_TABLE", "EXPUNGE_EVIDENCE_BUCKET", "EXPUNGE_EVIDENCE_KEY"} <= own
    assert from_environment(dict.fromkeys(own, "elsewhere")).overrides == {}
    assert from_environment({"EXPUNGE_KEEP_DAYS": "30"}).overrides == {"EXPUNGE_KEEP_DAYS": "30"}
