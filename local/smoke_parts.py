"""What `make smoke` makes on a stage and takes away again: a source, a queue, a subscription."""

from __future__ import annotations

import secrets
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from cli import secret_log, sources
from cli.target import Target
from local.filling import admits, new_key
from local.settings import STAGE

#: What is left of a run that was killed may be this old (seconds) before another run removes it.
LEFT = 3600


@dataclass(frozen=True)
class Temporary:
    """The parts of one run, all of them called by its `name`, which says when it was made."""

    target: Target
    topic: str
    name: str = field(default_factory=lambda: f"smoke-{int(time.time())}-{secrets.token_hex(3)}")

    @property
    def queue(self) -> str:
        """The queue's name."""
        return f"expunge-{self.target.stage}-{self.name}"

    @property
    def _stage(self) -> str | None:
        return None if self.target.stage == STAGE else self.target.stage

    def make_source(self) -> str:
        """A source for an org of the same name, which has no secret; returns its key."""
        known, version = sources.read(self.target)
        key = new_key()
        entry = {
            "profile": "standard-webhooks",
            "keys": [key],
            "org": self.name,
            "modules": ["Leads"],
            "operations": ["delete_records"],
            "max_records": 1,
        }
        secret_log.change(self.target, self._stage, known, self.name, entry, version)
        return key

    def make_queue(self) -> str:
        """A queue that hears the stage's events; returns its URL."""
        sqs, sns = self.target.client("sqs"), self.target.client("sns")
        url = str(sqs.create_queue(QueueName=self.queue)["QueueUrl"])
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        policy = admits(self.topic, found["QueueArn"])
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=found["QueueArn"], Attributes=raw)
        return url

    def remove(self) -> None:
        """Takes all of it away, each part whatever becomes of the others; what is not there is no error."""
        with ExitStack() as parts:
            for away in (self._unsubscribed, self._without_queue, self._without_source):
                parts.callback(away)

    def _unsubscribed(self) -> None:
        sns = self.target.client("sns")
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self.topic)
        try:
            heard = [each for page in pages for each in page["Subscriptions"]]
        except sns.exceptions.NotFoundException:  # the topic has gone, and its subscriptions with it
            return
        for each in heard:
            if each["Endpoint"].rpartition(":")[2] == self.queue:
                sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])

    def _without_queue(self) -> None:
        sqs = self.target.client("sqs")
        for url in sqs.list_queues(QueueNamePrefix=self.queue).get("QueueUrls", []):
            sqs.delete_queue(QueueUrl=url)

    def _without_source(self) -> None:
        known, version = sources.read(self.target)
        if self.name in known:
            secret_log.change(self.target, self._stage, known, self.name, None, version)


def left_over(target: Target, topic: str) -> list[Temporary]:
    """What runs that were killed have left behind, a key among it."""
    found = []
    for name in sources.read(target)[0]:
        word, _, rest = name.partition("-")
        at = rest.partition("-")[0]
        if word == "smoke" and at.isdigit() and int(at) < time.time() - LEFT:
            found.append(Temporary(target, topic, name))
    return found
