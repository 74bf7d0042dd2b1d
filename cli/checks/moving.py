"""What moves deletions forward: queues, topic, functions, the queue's consumer, schedules."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from cli.checks.look import ABSENT, Fault, Look, Seen, code_of
from cli.stage import FUNCTIONS

_SCHEDULED = {"poll": "what lost its nudge is never found", "retention": "no policy runs by itself"}


def queues(look: Look) -> Seen:
    """The work queue and the two dead-letter queues."""
    seen, counts, dead = Seen(), {}, ""
    for name in ("work", "work-dead", "schedule-dead"):
        found = _queue(look, seen, look.part(name))
        if found is not None:
            counts[name] = int(found.get("ApproximateNumberOfMessages", 0))
            if name == "work":
                _redrive(look, seen, found)
            dead = str(found["url"])
    if counts.get("work-dead"):
        seen.fault(
            f"{counts['work-dead']} nudges failed five times and lie in {look.part('work-dead')}",
            f"look at the errors of {look.part('work')}, then run expunge redrive{look.option}",
        )
    if counts.get("schedule-dead"):
        seen.fault(
            f"{counts['schedule-dead']} scheduled runs failed and lie in {look.part('schedule-dead')}",
            f"look at the logs of poll and retention; when the cause is gone:"
            f" {look.aws(f'sqs purge-queue --queue-url {dead}')}",
        )
    seen.detail = ", ".join(f"{name} {count}" for name, count in counts.items())
    return seen


def _queue(look: Look, seen: Seen, name: str) -> dict[str, Any] | None:
    client = look.client("sqs")
    try:
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        found: dict[str, Any] = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
            "Attributes"
        ]
    except ClientError as problem:
        if code_of(problem) not in ABSENT:
            raise
        seen.fault(f"there is no queue {name}", look.repair)
        return None
    return {**found, "url": url}


def _redrive(look: Look, seen: Seen, found: dict[str, Any]) -> None:
    target = json.loads(found.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", "")
    if target.rpartition(":")[2] != look.part("work-dead"):
        seen.fault(f"{look.part('work')} has no dead-letter queue {look.part('work-dead')}", look.repair)


def topic(look: Look) -> Seen:
    """The topic of result events and those who hear it."""
    client, arn = look.client("sns"), look.setting("work", "EXPUNGE_TOPIC_ARN")
    try:
        client.get_topic_attributes(TopicArn=arn)
    except ClientError as problem:
        if code_of(problem) not in ABSENT and code_of(problem) != "InvalidParameter":
            raise
        seen = Seen("not there")
        seen.fault(f"there is no topic {look.part('results')}: no result event leaves", look.repair)
        return seen
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    listed = [each for page in pages for each in page["Subscriptions"]]
    seen = Seen(f"{len(listed)} subscriptions")
    for each in listed:
        _subscription(look, seen, client, each)
    if not listed:
        words = f"sns subscribe --topic-arn {arn} --protocol sqs --notification-endpoint QUEUE_ARN"
        seen.notes.append(Fault("nobody is subscribed to the result events", look.aws(words)))
    return seen


def _subscription(look: Look, seen: Seen, client: Any, each: dict[str, Any]) -> None:
    who = f"{each['Protocol']} {each['Endpoint'].rpartition(':')[2]}"
    arn = each["SubscriptionArn"]
    if not arn.startswith("arn:"):  # "PendingConfirmation" stands in its place
        seen.fault(f"subscription {who} was never confirmed", "follow the link that SNS sent to its owner")
        return
    if look.local and who.endswith("-local-events"):
        return  # the local stack's own ear; nobody's events are lost there
    found = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    if found.get("PendingConfirmation") == "true":
        seen.fault(f"subscription {who} was never confirmed", "follow the link that SNS sent to its owner")
    elif not json.loads(found.get("RedrivePolicy") or "{}").get("deadLetterTargetArn"):
        policy = '\'{"deadLetterTargetArn": "QUEUE_ARN"}\''
        words = f"sns set-subscription-attributes --subscription-arn {arn} --attribute-name RedrivePolicy"
        seen.fault(
            f"subscription {who} has no dead-letter queue: events that it cannot take are lost",
            look.aws(f"{words} --attribute-value {policy}"),
        )


def functions(look: Look) -> Seen:
    """The four functions."""
    client, seen, good = look.client("lambda"), Seen(), 0
    for name in FUNCTIONS:
        before = len(seen.faults)
        _function(look, seen, client, name)
        good += len(seen.faults) == before
    seen.detail = f"{good} of {len(FUNCTIONS)} active"
    return seen


def _function(look: Look, seen: Seen, client: Any, name: str) -> None:
    full = look.part(name)
    try:
        found = client.get_function_configuration(FunctionName=full)
    except ClientError as problem:
        if code_of(problem) not in ABSENT:
            raise
        seen.fault(f"there is no function {full}", look.repair)
        return
    state = found.get("State", "Active")
    if state not in ("Active", "Inactive"):
        mend = "wait a minute and look again" if state == "Pending" else look.repair
        seen.fault(f"function {full} is {state}: {found.get('StateReason', 'no reason given')}", mend)
    if found.get("LastUpdateStatus") == "Failed":
        why = found.get("LastUpdateStatusReason", "no reason given")
        seen.fault(f"the last change of function {full} failed: {why}", look.repair)
    variables = found.get("Environment", {}).get("Variables", {})
    for variable, wanted in (("EXPUNGE_STAGE", look.place.stage), ("EXPUNGE_TABLE", look.part())):
        if variables.get(variable) != wanted:
            held = variables.get(variable, "not set")
            seen.fault(f"function {full} has {variable}={held}, not {wanted}", look.repair)
    kept = client.get_function_concurrency(FunctionName=full).get("ReservedConcurrentExecutions")
    if kept == 0:
        words = f"lambda delete-function-concurrency --function-name {full}"
        seen.fault(f"function {full} may not run: its reserved concurrency is 0", look.aws(words))


def consumer(look: Look) -> Seen:
    """The work queue's messages reach the work function."""
    name = look.part("work")
    listed = look.client("lambda").list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    ours = [each for each in listed if each.get("EventSourceArn", "").rpartition(":")[2] == name]
    seen = Seen(", ".join(str(each["State"]) for each in ours) or "none")
    if not ours:
        seen.fault(f"queue {name} wakes nobody: function {name} has no event source mapping", look.repair)
    for each in ours:
        if each["State"] not in ("Enabled", "Enabling", "Creating", "Updating"):
            words = f"lambda update-event-source-mapping --uuid {each['UUID']} --enabled"
            what = f"the event source mapping of {name} is {each['State']}: only the poll moves deletions"
            seen.fault(what, look.aws(words))
    return seen


def schedules(look: Look) -> Seen:
    """The schedules of poll and retention. When they ran last is kept nowhere."""
    client, seen, states = look.client("events"), Seen(), []
    for function, use in _SCHEDULED.items():
        found = look.client("lambda").get_function_configuration(FunctionName=look.part(function))
        names = client.list_rule_names_by_target(TargetArn=found["FunctionArn"])["RuleNames"]
        if not names:
            seen.fault(f"function {look.part(function)} has no schedule: {use}", look.repair)
        for name in names:
            rule = client.describe_rule(Name=name)
            states.append(f"{function} {rule.get('ScheduleExpression', '')}")
            if rule["State"] != "ENABLED":
                what = f"the schedule of {look.part(function)} is disabled: {use}"
                seen.fault(what, look.aws(f"events enable-rule --name {name}"))
    seen.detail = ", ".join(states)
    return seen
