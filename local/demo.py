"""`make demo`: the main job from nothing to results, with the sample requests of Zoho's own documentation."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from cli.operator_api import OperatorApi
from local import demo_erasure, stack
from local.demo_erasure import Erased
from local.failure import Failure
from local.running import RunningStack
from local.say import console, line
from local.settings import Settings

WAIT_SECONDS = 120.0  # for all results together
PLAIN_WIDTH = 100  # columns of the table where no terminal tells its own
WAKE_SECONDS = 5.0  # the schedule wakes the poll every minute; the demo does not want to wait for it
FINAL = {"completed", "partially_completed", "failed", "refused", "cancelled", "needs_attention"}
OUTCOMES = (
    "deleted", "already_absent", "unlinked", "cleared", "kept", "restored", "already_present", "skipped",
    "failed", "held", "unknown", "pending",
)  # fmt: skip


@dataclass
class Job:
    """One request of the demo, how it should end, and what came of it."""

    title: str
    body: dict[str, Any]
    expected: dict[str, int]  # counts that must be exactly so; empty: something must have been deleted
    after: str | None = None  # title of the job that must have ended before this one is sent
    restores: str | None = None  # title of the job whose records an operator brings back
    for_good: bool = False  # what counts is the permanent deletion that follows
    id: str = ""
    sent_at: float = 0.0
    seconds: float = 0.0
    final: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it ended as it should, with counts that add up."""
        data = self.final.get("data", {})
        counts = data.get("counts", {})
        summed = sum(counts.get(name, 0) for name in OUTCOMES)
        if data.get("status") != "completed" or counts["requested"] != summed:
            return False
        if self.for_good and data["verification"]["listed_as_permanent"] != counts["requested"]:
            return False
        return (
            all(counts[n] == v for n, v in self.expected.items()) if self.expected else counts["deleted"] > 0
        )


def jobs() -> list[Job]:
    """The documentation's sample requests: Delete Records (twice), Mass Delete Records, Delink; then what was
    deleted is restored, and deleted for good.
    """
    leads = ["410405000002264040", "410405000002264025"]
    delete = {"operation": "delete_records", "module": "Leads", "ids": leads, "wf_trigger": True}
    territory = {"id": "3652397000007622003", "include_child": True}
    view = {
        "operation": "mass_delete",
        "module": "Leads",
        "cvid": "3652397000000538003",
        "territory": territory,
    }
    delink = {
        "operation": "delink_records",
        "module": "Campaigns",
        "record_id": "3652397000000327001",
        "related_list": "Contacts",
        "ids": ["3652397000000925128", "3652397000000649013"],
    }
    first, back = "delete two Leads", "restore these Leads"
    again = "delete the same Leads again"
    for_good = {**delete, "permanent_after": "PT0H"}
    return [
        Job(first, delete, {"requested": 2, "deleted": 2}),
        Job("mass delete a view's Leads", view, {}),
        Job("delink two Contacts", delink, {"requested": 2, "deleted": 2}),
        Job(again, delete, {"requested": 2, "already_absent": 2}, after=first),
        Job(back, {}, {"requested": 2, "restored": 2}, after=again, restores=first),
        Job("delete them for good", for_good, {"requested": 2, "deleted": 2}, after=back, for_good=True),
    ]


def demo(settings: Settings) -> int:
    """Starts a stack of its own, runs the jobs and stops everything; 0 only if each ended as it should."""
    own = replace(settings, directory=settings.directory / "demo", company=False)
    began = time.monotonic()
    running = RunningStack(stack.up(own))
    try:
        demo_erasure.fill(running)
        done = jobs()
        _run(running, done)
        erased = demo_erasure.run(running, _operator(running))
        _show(done, erased)
    finally:
        stack.down(own)
    bad = [job.title for job in done if not job.good] + ([] if erased.good else [demo_erasure.TITLE])
    line(f"everything stopped after {time.monotonic() - began:.0f} s")
    if bad:
        raise Failure(f"not as it should be: {', '.join(bad)}")
    line(f"all {len(done) + 1} requests ended as they should")
    return 0


def _run(running: RunningStack, todo: list[Job]) -> None:
    """Sends every job when its turn has come and waits for the final events."""
    limit = time.monotonic() + WAIT_SECONDS
    wake_at = time.monotonic() + WAKE_SECONDS
    with console.status("sending"):
        while time.monotonic() < limit and any(not job.final for job in todo):
            for job in _due(todo):
                _send(running, job, todo)
            for event in running.events(wait_seconds=1):
                _hear(event, todo)
            if time.monotonic() > wake_at:
                running.wake("poll")
                wake_at = time.monotonic() + WAKE_SECONDS


def _due(todo: list[Job]) -> Iterator[Job]:
    ended = {job.title for job in todo if job.final}
    return (job for job in todo if not job.id and (job.after is None or job.after in ended))


def _send(running: RunningStack, job: Job, todo: list[Job]) -> None:
    if job.restores:
        parent = next(each.id for each in todo if each.title == job.restores)
        answer = _operator(running).call("POST", f"deletions/{parent}/restore", {}, {"reason": job.title})
    else:
        answer = running.send({**job.body, "reference": job.title})
    if answer.status_code != 202:
        raise Failure(f"{job.title}: answered {answer.status_code} {answer.text[:300]}")
    job.id, job.sent_at = answer.json()["id"], time.monotonic()
    line(f"  {job.title}: sent, answered 202 {job.id}")


def _operator(running: RunningStack) -> OperatorApi:
    return OperatorApi(running["api_url"], running["region"], running.aws.session().get_credentials())


def _hear(event: dict[str, Any], todo: list[Job]) -> None:
    """Notes one event; the same one may come twice, and late ones out of order."""
    about = event["data"].get("permanent_of")
    meant = (each for each in todo if each.id == (about if each.for_good else event["subject"]))
    job = next((each for each in meant if each.id), None)
    if job is None or job.final:
        return
    status = event["type"].rpartition(".")[2]
    seconds = time.monotonic() - job.sent_at
    line(f"  {job.title}: {status} ({seconds:.1f} s)")
    if status in FINAL:
        job.final, job.seconds = event, seconds


def _show(done: list[Job], erased: Erased) -> None:
    """The table of outcomes, then every final event as one line of JSON, on standard output."""
    table = Table(title="What came of it", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("request", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("requested", justify="right")
    table.add_column("of these")
    table.add_column("seconds", justify="right")
    table.add_column("as it should")
    for job in done:
        data = job.final.get("data", {"status": "no event", "counts": {}})
        counts = data["counts"]
        became = [f"{counts[name]} {name.replace('_', ' ')}" for name in OUTCOMES if counts.get(name)]
        asked = str(counts.get("requested", "-"))
        ended = "yes" if job.good else "NO"
        table.add_row(job.title, data["status"], asked, ", ".join(became), f"{job.seconds:.1f}", ended)
    asked = str(erased.document.get("counts", {}).get("requested", "-"))
    ended, status = "yes" if erased.good else "NO", str(erased.document.get("status", "no end"))
    table.add_row(demo_erasure.TITLE, status, asked, erased.words, f"{erased.seconds:.1f}", ended)
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(table)
    for job in done:
        if job.final:
            print(json.dumps(job.final, separators=(",", ":")), flush=True)
