"""The dead-letter queue (SQS): messages that failed five times. Read by operators, never by the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.adapters.queue import deletion_of
from chalicelib.service.messaging import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class DeadLetterQueue:
    """See messaging.DeadLetters. boto3's errors pass: an operator is told what AWS said."""

    url: str
    client: SQSClient

    def receive(self) -> list[DeadLetter]:
        """See messaging.DeadLetters."""
        answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        return [
            DeadLetter(message["ReceiptHandle"], deletion_of(message["Body"]))
            for message in answer.get("Messages", [])
        ]

    def remove(self, letter: DeadLetter) -> None:
        """See messaging.DeadLetters."""
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=letter.handle)

    def release(self, letter: DeadLetter) -> None:
        """See messaging.DeadLetters."""
        self.client.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=letter.handle, VisibilityTimeout=0
        )
