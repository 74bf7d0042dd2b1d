"""What Lambda calls without an HTTP request: work, poll, retention and evidence, free of Chalice.

The packaged template names these four as handlers. app.py has the same functions for `chalice local` and its
tests, and hands over to what they call. Each imports only what it needs, when it is first called: a cold
start waits for nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from chalicelib import bootstrap, observability


@observability.invocation
def work(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Moves forward the deletions that the messages of a batch name."""
    return work_batch(event, context)


@observability.invocation
def poll(_event: Mapping[str, Any], context: Any) -> dict[str, float]:
    """Moves forward what is due, whether or not a message came."""
    return poll_once(context)


@observability.invocation
def retention(_event: Mapping[str, Any], context: Any) -> dict[str, int]:
    """Starts the retention runs that are due."""
    return start_due_runs(context)


@observability.invocation
def evidence(_event: Mapping[str, Any], context: Any) -> dict[str, float]:
    """Writes receipts for what has ended, and the head that names them."""
    return write_evidence(context)


def work_batch(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """A batch of the work queue: {"Records": [{"messageId", "body", "attributes"}]}; answers which messages
    failed.
    """
    from chalicelib.adapters.queue import correlation_of, deletion_of, org_of
    from chalicelib.service.engine.work import Nudge
    from chalicelib.service.engine.work import work as work_on

    deps = bootstrap.deps_until(context)
    nudges = [
        Nudge(
            record["messageId"], deletion_of(record["body"]), correlation_of(record["body"]), org_of(record)
        )
        for record in event["Records"]
    ]
    failed = work_on(deps, nudges, until=deps.ends_at - deps.slice_seconds)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def poll_once(context: Any) -> dict[str, float]:
    """One tick of the schedule; answers what it did. Raises NotForgotten after all else is done and told."""
    from chalicelib.service.engine.poll import NotForgotten
    from chalicelib.service.engine.poll import poll as poll_due

    # The poll has no way to the records files, which may be there where no evidence is written any more.
    deps = replace(bootstrap.deps_until(context), forgets=False)
    polled = poll_due(deps, until=deps.ends_at - deps.slice_seconds)
    deps.measure("PollCompleted", 1)
    deps.measure("Due", polled.due)
    deps.measure("OldestDueSeconds", polled.oldest)
    if polled.not_forgotten:
        raise NotForgotten
    return asdict(polled)


def start_due_runs(context: Any) -> dict[str, int]:
    """One tick of the schedule; answers what became of the policies that were due."""
    from chalicelib.service.retention.retain import retain

    del context
    return asdict(retain(bootstrap.retention(), time.time()))


def write_evidence(context: Any) -> dict[str, float]:
    """One tick of the schedule; answers what was written."""
    from chalicelib.service.evidence.minute import write

    tools = bootstrap.evidence()
    ends = time.time() + context.get_remaining_time_in_millis() / 1000
    done = write(tools, until=ends - bootstrap.EVIDENCE_SPARE_SECONDS, lease_until=ends)
    tools.measure("EvidenceOldestSeconds", tools.book.oldest(time.time()))
    return asdict(done)
