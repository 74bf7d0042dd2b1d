"""A stack of its own for a benchmark, and what the simulator knows of a run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from local import filling, stack
from local.running import RunningStack
from local.settings import Settings

FINAL = {"completed", "partially_completed", "failed", "refused", "cancelled", "needs_attention"}


@contextmanager
def running(directory: Path, **overrides: str) -> Iterator[RunningStack]:
    """A local stack in `directory`, with these settings of the stage, ended afterwards."""
    settings = Settings(directory, overrides={"EXPUNGE_SECRET_CACHE_SECONDS": "1", **overrides})
    described = stack.up(settings)
    try:
        yield RunningStack(described)
    finally:
        stack.down(settings)


def without_workers(running: RunningStack) -> None:
    """Switches the queue's consumer and the schedules off: work on what is accepted would take the same
    cores.
    """
    lambdas = running.client("lambda")
    for source in lambdas.list_event_source_mappings()["EventSourceMappings"]:
        lambdas.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    events = running.client("events")
    for rule in events.list_rules()["Rules"]:
        events.disable_rule(Name=rule["Name"])


class Zoho:
    """The simulator's controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def post(self, control: str, body: Any) -> None:
        """Raises RuntimeError with what the simulator did not like."""
        answer = self._session.post(f"{self.url}/_sim/{control}", json=body, timeout=120)
        if not answer.ok:
            raise RuntimeError(f"simulator: {control}: {answer.text[:300]}")

    def get(self, what: str) -> Any:
        """Calls, state or settings."""
        answer = self._session.get(f"{self.url}/_sim/{what}", timeout=300)
        answer.raise_for_status()
        return answer.json()

    def calls(self, *, deleting: bool = True) -> list[dict[str, Any]]:
        """The calls of the CRM so far, with `at` as seconds; `deleting`: of those only what deletes."""
        found = [call for call in self.get("calls") if call["path"].startswith("/crm/")]
        if deleting:
            found = [c for c in found if c["method"] == "DELETE" or c["path"].endswith("/mass_delete")]
        return [{**call, "at": datetime.fromisoformat(call["at"]).timestamp()} for call in found]


#: A day of benchmarks names more records than a source may by default.
NO_DAY = {"max_records_per_day": None}


def allow(
    running: RunningStack, concurrency: int, org_settings: dict[str, Any] | None = None, **limits: Any
) -> None:
    """Gives the sample source these limits and the org this concurrency and these settings."""
    secrets = running.client("secretsmanager")
    sources = {
        filling.SOURCE: {**filling.sources()[filling.SOURCE], "keys": running.keys, **NO_DAY, **limits}
    }
    secrets.put_secret_value(SecretId=running["sources_secret"], SecretString=json.dumps(sources))
    org = json.loads(secrets.get_secret_value(SecretId=running["zoho_secret"])["SecretString"])
    org |= {"concurrency": concurrency, **(org_settings or {})}
    secrets.put_secret_value(SecretId=running["zoho_secret"], SecretString=json.dumps(org))
    time.sleep(1.2)  # as long as functions keep secrets here: `running` sets it to a second


def finals(
    running: RunningStack, wanted: set[str], seconds: float
) -> dict[str, tuple[float, dict[str, Any]]]:
    """When (time.time()) each of these deletions' final event came out of the queue, and its data."""
    found: dict[str, tuple[float, dict[str, Any]]] = {}
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and not wanted <= found.keys():
        for event in running.events(wait_seconds=1):
            if event["type"].rpartition(".")[2] in FINAL:
                found.setdefault(event["subject"], (time.time(), event["data"]))
    return found
