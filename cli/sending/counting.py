"""How many records a view holds, for the question on a terminal: a dry run through the same channel tells."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from click import ClickException

from cli import http
from cli.ends import FINAL
from cli.sending.channels import Channel
from cli.sending.request import Body

#: How long the answer is waited for, and how often it is looked for (seconds).
LONGEST_WAIT, EVERY = 60.0, 0.5


def records_of(channel: Channel, request: Body) -> int | None:
    """The records that the request would delete by now; None where that cannot be learned."""
    body = json.dumps({**request, "dry_run": True}, sort_keys=True).encode()
    try:
        made = http.good(channel.send(f"count-{secrets.token_hex(12)}", body))
        ended = _ended(str(made["links"]["self"]))
    except ClickException:
        return None
    plan: dict[str, Any] = ended.get("plan") or {}
    found = plan.get("would_delete")
    return found if isinstance(found, int) else None


def _ended(link: str) -> dict[str, Any]:
    limit = time.monotonic() + LONGEST_WAIT
    while True:
        shown = http.good(http.exchange("GET", link, headers={"Accept": "application/json"}))
        if shown["status"] in FINAL or time.monotonic() > limit:
            return shown
        time.sleep(EVERY)
