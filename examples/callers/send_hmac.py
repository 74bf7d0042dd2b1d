"""python send_hmac.py URL: the key in KEY, the body on standard input. The standard library is enough."""

import base64
import hmac
import os
import sys
import time
import uuid
from urllib.error import HTTPError
from urllib.request import Request, urlopen

body, now = sys.stdin.buffer.read(), int(time.time())
delivery = os.environ.get("DELIVERY") or f"msg_{uuid.uuid4()}"  # the same for the same event, however often
key = base64.b64decode(os.environ["KEY"].removeprefix("whsec_"))
signature = hmac.digest(key, f"{delivery}.{now}.".encode() + body, "sha256")
headers = {
    "Content-Type": "application/json",
    "webhook-id": delivery,
    "webhook-timestamp": str(now),
    "webhook-signature": "v1," + base64.b64encode(signature).decode(),
}
try:
    answer = urlopen(Request(sys.argv[1], body, headers), timeout=30)
except HTTPError as refused:
    answer = refused
print(answer.read().decode(), answer.status, sep="\n")
