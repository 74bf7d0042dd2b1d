"""An HTTPS endpoint for Expunge's events: python https_subscriber.py TOPIC_ARN STATE_FILE [PORT]

Listens on 127.0.0.1 in plain HTTP: put it behind what ends TLS for you, with a certificate that a public
authority signed, as SNS takes no other. Then subscribe that address:

    aws sns subscribe --topic-arn TOPIC_ARN --protocol https --notification-endpoint https://hooks.example.com/expunge

and give the subscription a dead-letter queue as queue.yaml does: SNS gives an endpoint up after an hour.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from newest import Newest, read_event
from sns_message import NotFromSns, SnsMessages

MOST_BYTES = 1024 * 1024  # an event of 256 KiB with every character escaped
READ_SECONDS = 10.0


@dataclass
class Subscriber:
    """What is done with a request's body. `act` raises to have the event again later."""

    messages: SnsMessages
    newest: Newest
    act: Callable[[dict[str, Any]], None]

    def __call__(self, body: bytes) -> tuple[int, str]:
        """Status, and words for the log. For SNS 2xx is done, 5xx is worth another try, and 4xx is not."""
        try:
            message = self.messages.verified(body)
            if message["Type"] == "SubscriptionConfirmation":
                self.messages.confirm(message)
                return 200, "subscribed"
            if message["Type"] == "UnsubscribeConfirmation":
                return 200, "unsubscribed; nothing was done about it"
            event = read_event(message["Message"])
        except NotFromSns as problem:
            return 403, str(problem)
        except OSError as problem:
            return 503, f"SNS's host: {type(problem).__name__}"
        except ValueError as problem:
            return 400, str(problem)
        try:
            with self.newest.taking(event) as news:
                if news:
                    self.act(event)
        except Exception as problem:  # noqa: BLE001 - whatever it was, SNS sends the event again
            return 503, f"{event['id']}: {problem!r}"
        return 200, f"{event['id']}: {'taken' if news else 'known'}"


def server(subscriber: Callable[[bytes], tuple[int, str]], port: int = 0) -> ThreadingHTTPServer:
    """A server on 127.0.0.1; port 0 is any free one. Answers hold a status and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        timeout = READ_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
                status, words = 413, "no length, or too long"
                self.close_connection = True
            else:
                status, words = subscriber(self.rfile.read(int(length)))
            self.log_message("%s %s", status, words)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, *_: Any) -> None:
            """One line a request is enough."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    """Runs until it is stopped, and prints what is news."""
    topic_arn, state_file, *port = sys.argv[1:]

    def act(event: dict[str, Any]) -> None:
        print(event["subject"], event["data"]["status"], flush=True)

    subscriber = Subscriber(SnsMessages(topic_arn), Newest(Path(state_file)), act)
    server(subscriber, int(port[0]) if port else 8080).serve_forever()


if __name__ == "__main__":
    main()
