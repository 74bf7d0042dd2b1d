"""Reads Expunge's events from the queue of queue.yaml: python sqs_consumer.py QUEUE_URL STATE_FILE

Prints one line for each event that is news. Put your own work into `act`. A message that cannot be worked on
stays in the queue, comes again after the queue's visibility timeout, and lies in the dead-letter queue after
the template's `Tries`; its neighbours are not held up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from newest import Newest, read_event

Act = Callable[[dict[str, Any]], None]


def act(event: dict[str, Any]) -> None:
    """What to do with the newest state of a deletion. Raise to have it again later."""
    data, counts = event["data"], event["data"]["counts"]
    became = "restored" if data["operation"] == "restore" else "deleted"
    print(event["subject"], data["status"], f"{counts[became]} of {counts['requested']} {became}", flush=True)


def drain(sqs: Any, queue_url: str, newest: Newest, act: Act, wait_seconds: int = 20) -> int:
    """Works on up to ten messages, waiting for the first; how many were done with.

    `sqs` is boto3's client. Deleting comes last: what fails before it comes again.
    """
    answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds)
    done = 0
    for message in answer.get("Messages", []):
        try:
            event = read_event(message["Body"])
            with newest.taking(event) as news:
                if news:
                    act(event)
        except Exception as problem:  # noqa: BLE001 - one bad message must not stop the others
            print(f"{message['MessageId']}: {problem!r}: left in the queue", file=sys.stderr, flush=True)
            continue
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        done += 1
    return done


def main() -> None:
    """Runs until it is stopped; region, credentials and endpoint come from the environment."""
    import boto3

    queue_url, state_file = sys.argv[1:]
    newest = Newest(Path(state_file))
    sqs = boto3.client("sqs")
    while True:
        drain(sqs, queue_url, newest, act)


if __name__ == "__main__":
    main()
