"""`make soak`: thousands of requests while Zoho fails and workers die; nothing is lost or wrongly deleted.

Starts a local stack of its own, with the give-up time that the public contract names for this run, and stops
it. Exit code 0 only where every request is accepted and nothing happened of what NEVER names.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local import stack
from local.running import RunningStack
from local.say import console, line
from local.settings import Settings, from_environment
from tests.soak import load
from tests.soak.chaos import Chaos
from tests.soak.load import Delivery, Load

FINAL = {"completed", "partially_completed", "failed", "refused", "cancelled", "needs_attention"}
SENDERS = 6
WAKE_EVERY = 5.0
GIVE_UP = "300"


@dataclass
class Score:
    """What has happened so far. Threads add to it under its lock."""

    accepted: dict[str, Delivery] = field(default_factory=dict)
    final: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    curve: list[tuple[float, int, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answered_late: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: dict[str, Any]) -> None:
        with self.lock:
            self.events[event["id"]] += 1
            if event["type"].rpartition(".")[2] in FINAL:
                self.final[event["subject"]] = event["data"]


def send(running: RunningStack, plan: Load, delivery: Delivery, score: Score, chance: random.Random) -> None:
    """Sends one delivery until it is accepted, and some of them once more."""
    again = chance.random() < load.SHARE_REPEATED
    for _ in range(60):
        answer: requests.Response | None = None
        with suppress(requests.RequestException):
            answer = running.send(
                delivery.body,
                delivery=delivery.delivery,
                key=plan.keys[delivery.source],
                source=delivery.source,
            )
        if answer is not None and answer.status_code == 202:
            with score.lock:
                score.accepted[answer.json()["id"]] = delivery
            if not again:
                return
            again = False
            continue
        if answer is not None and answer.status_code < 500 and answer.status_code != 429:
            score.refused.append(f"{delivery.delivery}: {answer.status_code} {answer.text[:200]}")
            return
        score.answered_late += 1
        time.sleep(1)
    score.refused.append(f"{delivery.delivery}: never accepted")


def listen(running: RunningStack, score: Score, stop: threading.Event) -> None:
    """Hears result events until it is told to stop and nothing more comes."""
    while True:
        heard: list[dict[str, Any]] = []
        with suppress(Exception):  # a busy local AWS is asked again
            heard = running.events(wait_seconds=1)
        for event in heard:
            score.hear(event)
        if stop.is_set() and not heard:
            return


def wake(running: RunningStack, stop: threading.Event) -> None:
    """Does what the schedule does every minute, only more often."""
    while not stop.wait(WAKE_EVERY):
        with suppress(Exception):  # a killed poll is woken again
            running.wake("poll")


def run(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """The whole run on a stack that is up; returns the report."""
    running = RunningStack.read(settings.stack_file)
    plan, score, chance = load.make(options.requests, options.seed), Score(), random.Random(options.seed)
    load.prepare(running, plan)
    outage = (options.outage_at, options.outage_seconds)
    chaos = Chaos(settings, running, *outage, options.kill_every, chance)
    heard_all, began = threading.Event(), time.monotonic()
    threads = [
        threading.Thread(target=chaos.run, args=(began,), daemon=True),
        threading.Thread(target=listen, args=(running, score, heard_all), daemon=True),
        threading.Thread(target=wake, args=(running, heard_all), daemon=True),
    ]
    for thread in threads:
        thread.start()
    with ThreadPoolExecutor(SENDERS) as senders:
        for delivery in plan.deliveries:
            senders.submit(send, running, plan, delivery, score, random.Random(delivery.delivery))
        _watch(options, score, chaos, began)
    chaos.stop.set()
    heard_all.set()
    for thread in threads:
        thread.join(60)
    return _report(running, plan, score, chaos, time.monotonic() - began)


def _watch(options: argparse.Namespace, score: Score, chaos: Chaos, began: float) -> None:
    """Draws the bar until every request is final or the time is over."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, refresh_per_second=2) as bars:
        accepted = bars.add_task("accepted", total=options.requests)
        finished = bars.add_task("finished", total=options.requests)
        while (now := time.monotonic() - began) < options.seconds:
            done = len(score.final)
            score.curve.append((round(now, 1), len(score.accepted), done))
            bars.update(accepted, completed=len(score.accepted))
            bars.update(finished, completed=done)
            if len(score.accepted) + len(score.refused) >= options.requests and done >= len(score.accepted):
                return
            if now > options.outage_at + options.outage_seconds + 30 and done > 0.98 * options.requests:
                chaos.stop.set()  # the last ones shall not wait for the next worker to be killed
            time.sleep(1)


def ended(data: dict[str, Any]) -> str:
    """How a deletion ended and why: "failed delete_records: 12 NO_ANSWER"."""
    why = ", ".join(f"{problem['count']} {problem['code']}" for problem in data["problems"])
    return f"{data['status']} {data['operation']}: {why}"


def as_the_records(delivery: Delivery, data: dict[str, Any], left: set[str]) -> bool:
    """Do a deletion's counts agree with Zoho's records? What is said to be gone is gone, and what is said to
    have failed is there; of unknown ones either may be so. Nobody else asks for a delivery's records.
    """
    counts = data["counts"]
    said = int(counts["deleted"]) + int(counts["already_absent"])
    gone = sum(one not in left for one in delivery.ids)
    return not delivery.ids or said <= gone <= said + int(counts["unknown"])


#: What may not happen once, whatever Zoho and the workers do.
NEVER = (
    "lost", "records wrongly deleted", "records there though completed", "counts not as the records",
    "view jobs started twice",
)  # fmt: skip


def _report(running: RunningStack, plan: Load, score: Score, chaos: Chaos, seconds: float) -> dict[str, Any]:
    left = load.remaining(running, "Leads")
    all_leads = {str(load.FIRST_LEAD + n) for n in range(plan.leads + load.KEPT)}
    gone = all_leads - left
    may_go = {one for delivery in score.accepted.values() for one in delivery.ids}
    completed = [score.accepted[d] for d, data in score.final.items() if data["status"] == "completed"]
    still_there = sum(one in left for delivery in completed for one in delivery.ids)
    final = [(score.accepted[d], data) for d, data in score.final.items() if d in score.accepted]
    starts = [c for c in load.calls(running) if c["method"] == "POST" and "mass_delete" in c["path"]]
    calls = len(load.calls(running))
    jobs = Counter(json.loads(c["body"])["cvid"] for c in starts if c["status"] == 200)
    return {
        "seconds": round(seconds),
        "requests": len(plan.deliveries),
        "sources": len(load.SOURCES),
        "accepted": len(score.accepted),
        "final": len(score.final.keys() & score.accepted.keys()),
        "lost": len(score.accepted.keys() - score.final.keys()),
        "lost ids": sorted(score.accepted.keys() - score.final.keys())[:20],
        "not accepted": score.refused[:20],
        "statuses": dict(Counter(data["status"] for data in score.final.values())),
        "not completed": sorted(ended(data) for _, data in final if data["status"] != "completed"),
        "counts not as the records": sum(not as_the_records(each, data, left) for each, data in final),
        "events": sum(score.events.values()),
        "events duplicated by id": sum(n - 1 for n in score.events.values()),
        "records deleted": len(gone),
        "records wrongly deleted": len(gone - may_go),
        "records there though completed": still_there,
        "view jobs started twice": sum(n - 1 for n in jobs.values()),
        "Zoho calls": calls,
        "workers killed": chaos.killed,
        "Zoho outage": [round(at) for at in chaos.outages[0]] if chaos.outages else None,
        "curve": score.curve,
    }


def main(arguments: list[str]) -> int:
    """Runs the soak; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=590, help="the run ends then, whatever is open")
    parser.add_argument("--outage-at", type=float, default=60, help="seconds after the start")
    parser.add_argument("--outage-seconds", type=float, default=60)
    parser.add_argument("--kill-every", type=float, default=10, help="seconds; 0 kills nobody")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write the report to this file, as JSON")
    options = parser.parse_args(arguments)
    overrides = {"EXPUNGE_GIVE_UP_SECONDS": GIVE_UP, **from_environment(os.environ).overrides}
    own = from_environment()
    settings = replace(own, directory=own.directory / "soak", overrides=overrides)
    stack.up(settings)
    try:
        report = run(settings, options)
    finally:
        stack.down(settings)
    if options.report:
        options.report.write_text(json.dumps(report) + "\n", encoding="utf-8")
    for name, value in report.items():
        if name != "curve":
            line(f"  {name}: {value}")
    bad = any(report[name] for name in NEVER) or report["accepted"] < options.requests
    line("NOT AS IT SHOULD BE" if bad else "nothing lost, nothing wrongly deleted")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
