"""The work queue (SQS): nudges to workers. A nudge that cannot be sent is no loss, the poll finds what is
due.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: What SQS allows (seconds).
LONGEST_DELAY = 900
_CORRELATION = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class WorkQueue:
    """Nudges over SQS. `report(event, **fields)` is told of a nudge that could not be sent; `correlation`
    says what is being worked on: the message carries it, so that the logs can be read from end to end.
    """

    url: str
    client: Callable[[], SQSClient]
    report: Callable[..., None]
    correlation: Callable[[], str] = str

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        """See messaging.Nudges. The delay is rounded up: a nudge before its time would find nothing due."""
        seconds = min(LONGEST_DELAY, max(0, math.ceil(delay)))
        correlation = self.correlation()
        body = json.dumps({"deletion": deletion_id} | ({"correlation": correlation} if correlation else {}))
        try:
            self.client().send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=seconds)
        except (BotoCoreError, ClientError) as problem:
            self.report("nudge_failed", deletion_id=deletion_id, reason=type(problem).__name__)

    def waiting(self) -> int:
        """See messaging.Queue."""
        try:
            found = self.client().get_queue_attributes(
                QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        except (BotoCoreError, ClientError) as problem:
            self.report("backlog_unknown", reason=type(problem).__name__)
            return 0
        return int(found["Attributes"]["ApproximateNumberOfMessages"])


def deletion_of(body: str) -> str | None:
    """The deletion that a message of the queue names; None for a message that is not a nudge."""
    found = _part(body, "deletion")
    return found if found.startswith("del_") else None


def correlation_of(body: str) -> str:
    """The id that a message carries for the logs; empty where it has none that could be one."""
    found = _part(body, "correlation")
    return found if _CORRELATION.fullmatch(found) else ""


def _part(body: str, name: str) -> str:
    try:
        message = json.loads(body)
    except ValueError:
        return ""
    found = message.get(name) if isinstance(message, dict) else None
    return found if isinstance(found, str) else ""
