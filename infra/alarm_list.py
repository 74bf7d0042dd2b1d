"""The alarms: what each watches, from which value on it rings, and what silence means to it.

Each has a page of its own name in docs/OPERATIONS.md. `infra/alarms.py` makes infra/alarms.json from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: Silence is good: the metric is only there when something happened.
QUIET = "notBreaching"
#: Silence is the trouble itself.
DEAD = "breaching"
#: Silence says nothing: the alarm stays as it was (another alarm rings for the silence).
UNKNOWN = "ignore"

#: CloudWatch's words for "this much or more", "more than this" and "less than this".
AT_LEAST, MORE, LESS = "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"

EXPUNGE = "Expunge"
MINUTE, HOUR = 60, 3600

Dimensions = dict[str, str]
_OURS: Dimensions = {"service": "expunge", "stage": "${Stage}"}
_EVIDENCE = "EvidenceOn"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm. `name` is the end of its own (`expunge-{stage}-{name}`) and its page; `threshold` is a
    number, one for each stage, or the name of the template's parameter that has it; it rings after `bad` of
    the last `of` periods (seconds) were bad. `only`: the template's condition under which there is
    anything to watch; empty: always.
    """

    name: str
    says: str
    metric: str
    threshold: float | dict[str, float] | str
    statistic: str = "Sum"
    compare: str = AT_LEAST
    period: int = 5 * MINUTE
    bad: int = 1
    of: int = 1
    missing: str = QUIET
    namespace: str = EXPUNGE
    dimensions: Dimensions = field(default_factory=lambda: _OURS)
    only: str = ""


def _queue(name: str, says: str, queue: str) -> Alarm:
    """A dead-letter queue that holds something. SQS reports nothing of a queue that has long been empty."""
    metric = "ApproximateNumberOfMessagesVisible"
    where = {"QueueName": f"expunge-${{Stage}}-{queue}"}
    return Alarm(name, says, metric, 1, "Maximum", namespace="AWS/SQS", dimensions=where)


def _function(function: str, metric: str, says: str, *, bad: int, of: int, only: str = "") -> Alarm:
    where = {"FunctionName": f"expunge-${{Stage}}-{function}"}
    name = f"{function}-{metric.lower()}"
    return Alarm(name, says, metric, 1, bad=bad, of=of, namespace="AWS/Lambda", dimensions=where, only=only)


ALARMS = (
    _queue("work-dead-letters", "Workers failed five times on a message", "work-dead"),
    _queue("schedule-dead-letters", "A scheduled run failed and its retry too", "schedule-dead"),
    Alarm(
        "oldest-due",
        "A deletion is due and nobody takes it",
        "OldestDueSeconds",
        {"local": 60, "dev": 900, "prod": 600},
        "Maximum",
        bad=2,
        of=2,
        missing=UNKNOWN,
    ),
    Alarm(
        "long-wait",
        "A deletion has been waiting for very long",
        "WaitingSeconds",
        {"local": 120, "dev": 259_200, "prod": 172_800},
        "Maximum",
        period=HOUR,
    ),
    Alarm(
        "failed-share",
        "Many of the deletions that ended have failed",
        "FailedShare",
        {"local": 0.5, "dev": 0.5, "prod": 0.2},
        "Average",
        compare=MORE,
        period=HOUR,
    ),
    Alarm("needs-attention", "A deletion ended whose outcome a person must find out", "NeedsAttention", 1),
    Alarm(
        "unauthorized",
        "Many requests could not be verified",
        "Unauthorized",
        {"local": 20, "dev": 50, "prod": 100},
    ),
    Alarm(
        "accepted-records",
        "Unusually many records were asked for in an hour",
        "AcceptedRecords",
        "AcceptedRecordsAnHour",
        period=HOUR,
    ),
    Alarm(
        "limit-reached",
        "A source would have named more records than it may",
        "LimitReached",
        1,
        period=HOUR,
    ),
    Alarm(
        "token-refused",
        "Zoho gives no access token",
        "token_refused",
        2,
        period=15 * MINUTE,
    ),
    Alarm(
        "secret-unusable",
        "The secret of a Zoho org is missing or malformed",
        "secret_unusable",
        1,
        period=15 * MINUTE,
    ),
    Alarm(
        "credits-low",
        "Zoho says that few API credits are left",
        "CreditsLeft",
        {"local": 100, "dev": 500, "prod": 1000},
        "Minimum",
        compare=LESS,
        period=15 * MINUTE,
    ),
    Alarm(
        "poll-silent",
        "The poll, which finds what is due, does not run to its end",
        "PollCompleted",
        1,
        compare=LESS,
        bad=2,
        of=2,
        missing=DEAD,
    ),
    Alarm("advance-broken", "A mistake of ours keeps a deletion from moving", "advance_broken", 1),
    Alarm("set-aside", "A deletion cannot be read and was set aside", "set_aside", 1),
    Alarm(
        "permanent-not-made",
        "Records that were to be deleted for good will stay in the recycle bin",
        "permanent_not_made",
        1,
    ),
    Alarm("events-stuck", "Result events cannot be published", "publish_failed", 1, bad=3, of=3),
    Alarm(
        "events-undelivered",
        "A subscriber of the result events did not take them",
        "NumberOfNotificationsFailed",
        1,
        namespace="AWS/SNS",
        dimensions={"TopicName": "expunge-${Stage}-results"},
    ),
    Alarm(
        "retention-broken",
        "A retention policy cannot be run as it is stored",
        "retention_broken",
        1,
        period=HOUR,
    ),
    Alarm(
        "evidence-late",
        "A deletion has ended and has no receipt yet",
        "EvidenceOldestSeconds",
        {"local": 300, "dev": 900, "prod": 600},
        "Maximum",
        bad=2,
        of=2,
        missing=UNKNOWN,
        only=_EVIDENCE,
    ),
    Alarm(
        "evidence-broken",
        "A mistake of ours, or of somebody in the bucket, keeps evidence from being written",
        "evidence_broken",
        1,
        only=_EVIDENCE,
    ),
    Alarm(
        "api-refuses",
        "The API answers 503: senders have to try again",
        "5XXError",
        5,
        namespace="AWS/ApiGateway",
        dimensions={"ApiName": "expunge", "Stage": "${Stage}"},
    ),
    _function("api", "Errors", "The api function fails", bad=1, of=1),
    _function("work", "Errors", "The work function fails", bad=2, of=3),
    _function("poll", "Errors", "The poll function fails", bad=2, of=3),
    _function("retention", "Errors", "The retention function fails", bad=2, of=3),
    _function("evidence", "Errors", "The evidence function fails", bad=2, of=3, only=_EVIDENCE),
    _function("api", "Throttles", "The api function has no executions left", bad=1, of=1),
    _function("work", "Throttles", "The work function has no executions left", bad=3, of=3),
)
