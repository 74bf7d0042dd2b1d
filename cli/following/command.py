"""`expunge watch`: follows deletions to their end."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from cli import bar
from cli.bar import Bar
from cli.ends import FINAL, End, Interrupted, OutOfReach, of_statuses
from cli.following import progress
from cli.following.deletions import LinkedDeletion, from_words
from cli.operating import render
from cli.options import options
from cli.output import say, say_json

#: Seconds between two looks at a deletion, and how much longer for each one more that is watched.
EVERY, EACH = 1.0, 0.02
#: Looks in a row that may fail.
MOST_FAILURES = 10
#: Ended badly: how many are shown one by one.
MOST_SHOWN = 10

EXAMPLES = """\b
Examples:
  expunge watch del_01M8298QNC9R2FS46471MHPX7V
  expunge watch leads.csv.expunge              all that a send has accepted
  expunge watch "https://.../v1/deletions/del_...?token=..." --timeout 600

The exit code tells how it ended: 0 all completed, 4 not all gone, 5 a person
has to look, 6 not ended within --timeout."""


@click.command(epilog=EXAMPLES)
@click.argument("deletions", nargs=-1, required=True, metavar="ID|LINK|JOURNAL...")
@click.option("--timeout", type=float, help="Seconds to watch at most. Default: to the end.")
@options
def watch(deletions: tuple[str, ...], timeout: float | None, stage: str | None, as_json: bool) -> None:
    """Follow deletions until they have ended."""
    followed = from_words(deletions, stage)
    finish(followed, timeout, as_json=as_json, told={}, again=shlex.join(deletions))


def finish(
    deletions: Sequence[LinkedDeletion],
    timeout: float | None,
    *,
    as_json: bool,
    told: dict[str, Any],
    again: str,
    best: End = End.DONE,
) -> None:
    """Follow to the end, say what came of it and end the command. `told` goes into the JSON; `best`: the
    exit code where all have completed.
    """
    seen: dict[str, dict[str, Any]] = {}
    try:
        with bar.shown() as shown:
            _follow(deletions, seen, timeout, shown)
    except KeyboardInterrupt as interrupt:
        words = f"{_known(deletions, seen)}. The service goes on; to watch again: expunge watch"
        raise Interrupted(f"{words} {again or ' '.join(each.id for each in deletions)}") from interrupt
    except OutOfReach as problem:
        words = f"{problem.message}\n{_known(deletions, seen)}. The service goes on without being watched"
        raise OutOfReach(words) from problem
    found = [seen[each.id] for each in deletions]
    summed = progress.tally(found)
    code = of_statuses([each["status"] for each in found])
    if as_json:
        say_json({**told, "counts": summed.counts, "deletions": found})
    else:
        say(*_ending(found, summed))
    click.get_current_context().exit((best if code is End.DONE else code).value)


def _follow(
    deletions: Sequence[LinkedDeletion], seen: dict[str, dict[str, Any]], timeout: float | None, shown: Bar
) -> None:
    """Look at all of them until each has ended or the time is over."""
    limit = time.monotonic() + timeout if timeout is not None else float("inf")
    rate, failures = progress.Rate(), 0
    while True:
        try:
            for linked in deletions:
                if linked.id not in seen or seen[linked.id]["status"] not in FINAL:
                    seen[linked.id] = linked.document()
                    failures = 0
        except OutOfReach as problem:
            failures += 1
            if failures == MOST_FAILURES or time.monotonic() >= limit:
                raise
            shown.say(f"{problem.message}; looking again")
        if len(seen) == len(deletions):
            found = progress.tally(seen.values())
            speed = rate.at(time.monotonic(), found.done)
            words = progress.words(found, speed)
            shown.at(found.done or found.ended, found.requested or found.many, words)
            if found.ended == found.many or time.monotonic() >= limit:
                return
        time.sleep(min(EVERY + EACH * len(deletions), max(limit - time.monotonic(), 0.05), 10.0))


def _known(deletions: Sequence[LinkedDeletion], seen: dict[str, dict[str, Any]]) -> str:
    found = progress.tally(seen.values())
    return f"{found.ended} of {len(deletions)} had ended: {progress.became(found.counts)}"


def _ending(found: list[dict[str, Any]], summed: progress.Tally) -> list[str]:
    """How it ended, in lines."""
    statuses = Counter(each["status"] for each in found)
    lines = [", ".join(f"{many} {status}" for status, many in statuses.most_common())]
    # The map of an erasure stays its plan; once it has been done, what became of it is told.
    plans = [
        each["plan"]
        for each in found
        if each.get("plan") and (each.get("dry_run") or each["status"] not in FINAL)
    ]
    if plans:
        lines += _planned(plans)
    else:
        lines.append(f"{summed.requested:,} requested: {progress.became(summed.counts)}")
    bad = [each for each in found if each["status"] != "completed"]
    lines += [f"{each['id']} {each['status']}{_why(each)}" for each in bad[:MOST_SHOWN]]
    if len(bad) > MOST_SHOWN:
        lines.append(f"and {len(bad) - MOST_SHOWN} more")
    return lines


def _planned(plans: list[dict[str, Any]]) -> list[str]:
    """What dry runs found, together. What is not known of one of them is said, and is no 0."""
    if any("map_hash" in plan for plan in plans):  # of erasures: what was found, not what calls would take
        return [render.planned(plan) for plan in plans]
    would = "would_restore" if "would_restore" in plans[0] else "would_delete"
    names = (would, "calls", "credits")
    total: dict[str, Any] = {name: sum(plan.get(name) or 0 for plan in plans) for name in names}
    open_ends = sum(plan.get(would) is None for plan in plans)
    if open_ends == len(plans):
        return [render.planned({**total, would: None})]
    lines = [render.planned(total)]
    if open_ends:
        lines.append(f"and how many the view holds is not known of {render.many(open_ends, 'deletion')}")
    return lines


def _why(document: dict[str, Any]) -> str:
    codes = ", ".join(f"{each.get('code')} x{each.get('count')}" for each in document.get("problems") or ())
    approval = document.get("approval")
    if document["status"] == "awaiting_approval" and approval:
        found = (document.get("plan") or {}).get("map_hash")
        of_map = f" --map-hash {found}" if found else ""
        return f": expunge approve {document['id']} --count {approval.get('count')}{of_map}"
    waiting = document.get("waiting_for")
    waits = f"waits for {waiting}" if waiting else ""
    return f": {codes or waits}" if codes or waits else ""
