"""python send_standardwebhooks.py URL: the key in KEY, the body on stdin; the public package signs."""

import os
import sys
import uuid
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from standardwebhooks import Webhook

body, now = sys.stdin.buffer.read(), datetime.now(UTC)
delivery = os.environ.get("DELIVERY") or f"msg_{uuid.uuid4()}"  # the same for the same event, however often
headers = {
    "Content-Type": "application/json",
    "webhook-id": delivery,
    "webhook-timestamp": str(int(now.timestamp())),
    "webhook-signature": Webhook(os.environ["KEY"]).sign(delivery, now, body.decode()),
}
try:
    answer = urlopen(Request(sys.argv[1], body, headers), timeout=30)
except HTTPError as refused:
    answer = refused
print(answer.read().decode(), answer.status, sep="\n")
