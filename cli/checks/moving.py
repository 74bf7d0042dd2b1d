"""What moves deletions forward: queues, topic, functions, the queue's consumer, schedules."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from cli.checks.check import ABSENT, CheckContext, CheckResult, Fault, code_of
from cli.operating.render import many

#: The functions of every stage; that of evidence only where it is on.
_FUNCTIONS = ("api", "work", "poll", "retention")


def queues(context: CheckContext) -> CheckResult:
    """The work queue and the two dead-letter queues."""
    result, counts, dead = CheckResult(), {}, ""
    for name in ("work", "work-dead", "schedule-dead"):
        found = _queue(context, result, context.part(name))
        if found is not None:
            counts[name] = int(found.get("ApproximateNumberOfMessages", 0))
            if name == "work":
                _redrive(context, result, found)
            dead = str(found["url"])
    if counts.get("work-dead"):
        result.fault(
            f"{counts['work-dead']} nudges failed five times and lie in {context.part('work-dead')}",
            f"look at the errors of {context.part('work')}, then run expunge redrive{context.option}",
        )
    if counts.get("schedule-dead"):
        result.fault(
            f"{counts['schedule-dead']} scheduled runs failed and lie in {context.part('schedule-dead')}",
            f"look at the logs of {' and '.join(context.scheduled)}; when the cause is gone:"
            f" {context.aws(f'sqs purge-queue --queue-url {dead}')}",
        )
    result.detail = ", ".join(f"{name} {count}" for name, count in counts.items())
    return result


def _queue(context: CheckContext, result: CheckResult, name: str) -> dict[str, Any] | None:
    client = context.client("sqs")
    try:
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        found: dict[str, Any] = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
            "Attributes"
        ]
    except ClientError as problem:
        if code_of(problem) not in ABSENT:
            raise
        result.fault(f"there is no queue {name}", context.repair)
        return None
    return {**found, "url": url}


def _redrive(context: CheckContext, result: CheckResult, found: dict[str, Any]) -> None:
    target = json.loads(found.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", "")
    if target.rpartition(":")[2] != context.part("work-dead"):
        result.fault(
            f"{context.part('work')} has no dead-letter queue {context.part('work-dead')}", context.repair
        )


def topic(context: CheckContext) -> CheckResult:
    """The topic of result events and those who hear it."""
    client, arn = context.client("sns"), context.setting("work", "EXPUNGE_TOPIC_ARN")
    try:
        client.get_topic_attributes(TopicArn=arn)
    except ClientError as problem:
        if code_of(problem) not in ABSENT and code_of(problem) != "InvalidParameter":
            raise
        result = CheckResult("not there")
        result.fault(f"there is no topic {context.part('results')}: no result event leaves", context.repair)
        return result
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    listed = [each for page in pages for each in page["Subscriptions"]]
    result = CheckResult(many(len(listed), "subscription"))
    for each in listed:
        _subscription(context, result, client, each)
    if not listed:
        words = f"sns subscribe --topic-arn {arn} --protocol sqs --notification-endpoint QUEUE_ARN"
        result.notes.append(Fault("nobody is subscribed to the result events", context.aws(words)))
    return result


def _subscription(context: CheckContext, result: CheckResult, client: Any, each: dict[str, Any]) -> None:
    who = f"{each['Protocol']} {each['Endpoint'].rpartition(':')[2]}"
    arn = each["SubscriptionArn"]
    if not arn.startswith("arn:"):  # "PendingConfirmation" stands in its place
        result.fault(f"subscription {who} was never confirmed", "follow the link that SNS sent to its owner")
        return
    if context.local and who.endswith("-local-events"):
        return  # the local stack's own ear; nobody's events are lost there
    found = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    if found.get("PendingConfirmation") == "true":
        result.fault(f"subscription {who} was never confirmed", "follow the link that SNS sent to its owner")
    elif not json.loads(found.get("RedrivePolicy") or "{}").get("deadLetterTargetArn"):
        policy = '\'{"deadLetterTargetArn": "QUEUE_ARN"}\''
        words = f"sns set-subscription-attributes --subscription-arn {arn} --attribute-name RedrivePolicy"
        result.fault(
            f"subscription {who} has no dead-letter queue: events that it cannot take are lost",
            context.aws(f"{words} --attribute-value {policy}"),
        )


def functions(context: CheckContext) -> CheckResult:
    """The stage's functions."""
    client, result, good = context.client("lambda"), CheckResult(), 0
    names = (*_FUNCTIONS, *(["evidence"] if context.evidence else []))
    for name in names:
        before = len(result.faults)
        _function(context, result, client, name)
        good += len(result.faults) == before
    result.detail = f"{good} of {len(names)} active"
    return result


def _function(context: CheckContext, result: CheckResult, client: Any, name: str) -> None:
    full = context.part(name)
    try:
        found = client.get_function_configuration(FunctionName=full)
    except ClientError as problem:
        if code_of(problem) not in ABSENT:
            raise
        result.fault(f"there is no function {full}", context.repair)
        return
    state = found.get("State", "Active")
    if state not in ("Active", "Inactive"):
        mend = "wait a minute and look again" if state == "Pending" else context.repair
        result.fault(f"function {full} is {state}: {found.get('StateReason', 'no reason given')}", mend)
    if found.get("LastUpdateStatus") == "Failed":
        why = found.get("LastUpdateStatusReason", "no reason given")
        result.fault(f"the last change of function {full} failed: {why}", context.repair)
    variables = found.get("Environment", {}).get("Variables", {})
    for variable, wanted in (("EXPUNGE_STAGE", context.target.stage), ("EXPUNGE_TABLE", context.part())):
        if variables.get(variable) != wanted:
            held = variables.get(variable, "not set")
            result.fault(f"function {full} has {variable}={held}, not {wanted}", context.repair)
    kept = client.get_function_concurrency(FunctionName=full).get("ReservedConcurrentExecutions")
    if kept == 0:
        words = f"lambda delete-function-concurrency --function-name {full}"
        result.fault(f"function {full} may not run: its reserved concurrency is 0", context.aws(words))


def consumer(context: CheckContext) -> CheckResult:
    """The work queue's messages reach the work function."""
    name = context.part("work")
    listed = context.client("lambda").list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    ours = [each for each in listed if each.get("EventSourceArn", "").rpartition(":")[2] == name]
    result = CheckResult(", ".join(str(each["State"]) for each in ours) or "none")
    if not ours:
        result.fault(
            f"queue {name} wakes nobody: function {name} has no event source mapping", context.repair
        )
    for each in ours:
        if each["State"] not in ("Enabled", "Enabling", "Creating", "Updating"):
            words = f"lambda update-event-source-mapping --uuid {each['UUID']} --enabled"
            what = f"the event source mapping of {name} is {each['State']}: only the poll moves deletions"
            result.fault(what, context.aws(words))
    return result


def schedules(context: CheckContext) -> CheckResult:
    """What a clock wakes. When it ran last is kept nowhere."""
    client, result, states = context.client("events"), CheckResult(), []
    for function, use in context.scheduled.items():
        found = context.client("lambda").get_function_configuration(FunctionName=context.part(function))
        names = client.list_rule_names_by_target(TargetArn=found["FunctionArn"])["RuleNames"]
        if not names:
            result.fault(f"function {context.part(function)} has no schedule: {use}", context.repair)
        for name in names:
            rule = client.describe_rule(Name=name)
            every = str(rule.get("ScheduleExpression", "")).removeprefix("rate(").removesuffix(")")
            states.append(f"{function} {every}")
            if rule["State"] != "ENABLED":
                what = f"the schedule of {context.part(function)} is disabled: {use}"
                result.fault(what, context.aws(f"events enable-rule --name {name}"))
    result.detail = ", ".join(states)
    return result
