"""The results topic (SNS)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@dataclass(frozen=True)
class ResultsTopic:
    """Publishes result events."""

    arn: str
    client: Callable[[], SNSClient]

    def publish(self, message: str, attributes: Mapping[str, str]) -> None:
        """See messaging.Topic. Raises Unavailable where SNS did not take it."""
        named: Any = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        }
        try:
            self.client().publish(TopicArn=self.arn, Message=message, MessageAttributes=named)
        except ClientError as problem:
            raise Unavailable("topic", str(problem.response.get("Error", {}).get("Code"))) from problem
        except BotoCoreError as problem:
            raise Unavailable("topic", type(problem).__name__) from problem
