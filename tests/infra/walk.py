"""Names in the template, and ways through it."""

from __future__ import annotations

from typing import Any

FUNCTIONS = {
    "api": "APIHandler",
    "work": "Work",
    "poll": "Poll",
    "retention": "Retention",
    "evidence": "WriteEvidence",
}
ROLES = {
    "api": "ApiHandlerRole",
    "work": "WorkRole",
    "poll": "PollRole",
    "retention": "RetentionRole",
    "evidence": "WriteEvidenceRole",
}
LOGS = {
    "api": "ApiLogs",
    "work": "WorkLogs",
    "poll": "PollLogs",
    "retention": "RetentionLogs",
    "evidence": "EvidenceLogs",
}
QUEUES = ("WorkQueue", "DeadLetterQueue", "ScheduleDeadLetterQueue")

NOTHING = {"Ref": "AWS::NoValue"}
OWN_KEY = {"Fn::If": ["CustomerKeyOn", {"Fn::GetAtt": ["Key", "Arn"]}, NOTHING]}


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def resolved(template: dict[str, Any], stage: str, value: Any) -> Any:
    """A value that may be a look-up in the stage's limits, or a parameter's default."""
    if isinstance(value, dict) and "Ref" in value:
        return template["Parameters"][value["Ref"]]["Default"]
    if isinstance(value, dict) and "Fn::FindInMap" in value:
        name, _, key = value["Fn::FindInMap"]
        return template["Mappings"][name][stage][key]
    return value
