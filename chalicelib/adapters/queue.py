"""The work queue (SQS): nudges to workers. A nudge that cannot be sent is no loss, the poll finds what is
due.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.groups import org_in

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: What SQS allows (seconds).
LONGEST_DELAY = 900
BATCH = 10
_CORRELATION = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _no_groups(_deletion_ids: Sequence[str]) -> Mapping[str, str]:
    """Nobody knows any."""
    return {}


@dataclass(frozen=True)
class WorkQueue:
    """Nudges over SQS. `report(event, **fields)` is told of a nudge that could not be sent; `correlation`
    says what is being worked on: the message carries it, so that the logs can be read from end to end.
    `groups`: the message groups of deletions by their ids, as far as they are known.
    """

    url: str
    client: Callable[[], SQSClient]
    report: Callable[..., None]
    correlation: Callable[[], str] = str
    groups: Callable[[Sequence[str]], Mapping[str, str]] = _no_groups

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        """See messaging.Nudges. The delay is rounded up: a nudge before its time would find nothing due."""
        seconds = min(LONGEST_DELAY, max(0, math.ceil(delay)))
        message: Any = self._message(deletion_id, self.groups([deletion_id]))
        try:
            self.client().send_message(QueueUrl=self.url, DelaySeconds=seconds, **message)
        except (BotoCoreError, ClientError) as problem:
            self.report("nudge_failed", deletion_id=deletion_id, reason=type(problem).__name__)

    def nudge_all(self, deletion_ids: Sequence[str]) -> Sequence[str]:
        """See messaging.Queue. Ten messages a call."""
        groups, failed = self.groups(deletion_ids), list[str]()
        for first in range(0, len(deletion_ids), BATCH):
            some = deletion_ids[first : first + BATCH]
            entries: Any = [{"Id": str(n), **self._message(one, groups)} for n, one in enumerate(some)]
            try:
                answer = self.client().send_message_batch(QueueUrl=self.url, Entries=entries)
                refused = {some[int(each["Id"])]: each["Code"] for each in answer.get("Failed", [])}
            except (BotoCoreError, ClientError) as problem:
                refused = dict.fromkeys(some, type(problem).__name__)
            for deletion_id, reason in refused.items():
                self.report("nudge_failed", deletion_id=deletion_id, reason=reason)
            failed += refused
        return failed

    def _message(self, deletion_id: str, groups: Mapping[str, str]) -> dict[str, str]:
        correlation = self.correlation()
        body = json.dumps({"deletion": deletion_id} | ({"correlation": correlation} if correlation else {}))
        group = groups.get(deletion_id)
        return {"MessageBody": body} | ({"MessageGroupId": group} if group else {})

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


def org_of(record: Mapping[str, Any]) -> str:
    """The org whose group a message of the queue belongs to; empty where it says none."""
    return org_in(str(record.get("attributes", {}).get("MessageGroupId", "")))


def _part(body: str, name: str) -> str:
    try:
        message = json.loads(body)
    except ValueError:
        return ""
    found = message.get(name) if isinstance(message, dict) else None
    return found if isinstance(found, str) else ""
