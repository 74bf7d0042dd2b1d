"""Documents as text that fits a terminal of 80 columns. Pure.

Whatever the contract lets be null, or a later version adds or leaves out, is shown as not known; whatever
came from elsewhere is cleaned (cli/output.py).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from cli.following.progress import became
from cli.operating.times import local
from cli.output import clean
from cli.table import WIDTH, flat, table, whole

UNKNOWN = "unknown"
Document = Mapping[str, Any]


def wrapped(line: str, width: int) -> list[str]:
    """The line, cleaned, as lines of at most `width`: nothing of it is left out."""
    text = flat(line)
    return textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False) or [text]


def many(count: Any, what: str = "", plural: str = "") -> str:
    """A number with the thing it counts, such as `1 id` or `1,200 ids`; `unknown` where it is not known."""
    words = what if count == 1 else plural or (what and f"{what}s")
    number = f"{count:,}" if isinstance(count, int) else UNKNOWN
    return f"{number} {words}".rstrip()


def moment(text: Any) -> str:
    """A time of a document, to the second, in UTC."""
    return clean(f"{text[:10]} {text[11:19]}Z") if isinstance(text, str) and text else "-"


def listed(documents: Sequence[Document], zone: tzinfo = UTC) -> list[str]:
    """The deletions of a list; times are of the zone."""
    rows = [
        (
            str(each.get("id")),
            whole(local(str(each.get("created_at")), zone)),
            str(each.get("status")),
            f"{_gone(each)} {each.get('module')}",
        )
        for each in documents
    ]
    return table(("deletion", "accepted", "status", "done"), rows)


def _gone(document: Document) -> str:
    if document.get("dry_run"):
        return "dry run"
    counts = document.get("counts") or {}
    done = ("deleted", "already_absent", "restored", "already_present")
    deleted = sum(counts.get(name) or 0 for name in done)
    return f"{deleted}/{counts.get('requested') or 0}"


#: Fields that are shown by their names where they are there, in this order.
_NAMED = ("reference", "reason", "asked_by", "retry_of", "restore_of", "permanent_of", "policy", "run",
          "waiting_for")  # fmt: skip


def shown(document: Document, width: int = WIDTH) -> list[str]:
    """Everything that there is to say about one deletion, but for its link."""
    said = document.get
    dry = " (dry run)" if said("dry_run") else ""
    lines = [f"{said('id')}  {said('status')}{dry}"]
    lines.append(f"  {said('operation')} {said('module')}, org {said('org')}, from {said('source')}")
    lines += [f"  {name.replace('_', ' ')}: {said(name)}" for name in _NAMED if said(name)]
    ended = f", ended {moment(said('finished_at'))}" if said("finished_at") else ""
    lines.append(f"  accepted {moment(said('created_at'))}{ended}")
    lines += _job(said("job")) + _lane(said("lane"))
    counts = said("counts") or {}
    lines.append(f"  {many(counts.get('requested'))} requested: {became(counts)}")
    lines = [
        part for line in [*lines, *_plan(said("plan")), *_approval(document)] for part in wrapped(line, width)
    ]
    long = _recycle_bin(document) + _verification(said("verification"))
    for each in said("problems") or ():
        long.append(
            f"{each.get('code')} x{each.get('count')}: {each.get('meaning')} {each.get('what_to_do')}"
        )
    for words in long:
        lines += textwrap.wrap(flat(words), width, initial_indent="  ", subsequent_indent="    ")
    return lines


def _recycle_bin(document: Document) -> list[str]:
    """Until when what it deleted can come back, and how; what was done about it."""
    found = document.get("recycle_bin")
    if not found:
        return []
    at = found.get("permanent_at")
    ends = f", deleted for good {moment(at)}" if at else ""
    lines = [f"can be restored until {moment(found.get('restorable_until'))}{ends}"]
    counts = document.get("counts") or {}
    gone = (found.get("restored") or 0) + (found.get("permanently_deleted") or 0)
    if (counts.get("deleted") or 0) > gone:
        lines.append(f"to bring it back: expunge restore {document.get('id')}")
    done = ", ".join(
        f"{found[name]:,} {name.replace('_', ' ')}"
        for name in ("restored", "permanently_deleted")
        if found.get(name)
    )
    lines += [f"of these {done}"] if done else []
    words = "{}: {} {}"
    made = found.get("deletions") or ()
    return lines + [words.format(e.get("operation"), e.get("id"), e.get("status")) for e in made]


def _verification(found: Document | None) -> list[str]:
    if not found:
        return []
    if "found_again" in found:
        again = many(found.get("found_again"), "record")
        return [f"{again} found again by {many(found.get('searches'), 'search', 'searches')}"]
    listed = found.get("listed_as_permanent")
    parts = [f"{found.get('gone')} gone", f"{found.get('not_in_recycle_bin')} not in the recycle bin"]
    parts.append(f"{UNKNOWN if listed is None else listed} listed as permanent")
    return [f"verified {many(found.get('records'), 'record')}: {', '.join(parts)}"]


def _job(job: Document | None) -> list[str]:
    return [f"  Zoho's job {job.get('id')}: {job.get('status') or UNKNOWN}"] if job else []


def _lane(lane: Document | None) -> list[str]:
    if not lane:
        return []
    about = lane.get("about_seconds")
    words = f", about {many(about, 'second')}" if about is not None else ""
    return [f"  in the line of mass deletes: {many(lane.get('ahead'))} ahead{words}"]


def planned(plan: Document, when: str = "") -> str:
    """What a dry run found. How many records a view with a territory holds cannot always be told."""
    if "map_hash" in plan:
        modules = ", ".join(
            f"{many(count)} in {name}" for name, count in (plan.get("by_module") or {}).items()
        )
        return f"found {many(plan.get('records'), 'record')} of the person{modules and f': {modules}'}"
    restores = "would_restore" in plan
    found = plan.get("would_restore" if restores else "would_delete")
    records = many(found, "record") if found is not None else "an unknown number of records"
    calls, costs = many(plan.get("calls"), "call"), many(plan.get("credits"), "credit")
    return f"would {'restore' if restores else 'delete'} {records}{when} in {calls}, {costs}"


def _plan(plan: Document | None) -> list[str]:
    if not plan:
        return []
    first = ", ".join(map(str, (plan.get("first_ids") or ())[:3]))
    return [f"  {planned(plan)}", *([f"  the first: {first}"] if first else [])]


def _approval(document: Document) -> list[str]:
    """Who approved it and when; where it waits for that, how to."""
    approval = document.get("approval")
    if not approval:
        return []
    if approval.get("approved_at"):
        by = f" by {document['approved_by']}" if document.get("approved_by") else ""
        return [f"  {many(approval.get('count'), 'record')} approved {moment(approval['approved_at'])}{by}"]
    if document.get("status") != "awaiting_approval":
        return []
    words = f"{many(approval.get('count'), 'record')} waiting for an approval"
    lines = [f"  {words} until {moment(approval.get('expires_at'))}:"]
    command = f"  expunge approve {document.get('id')} --count {approval.get('count')}"
    # Broken as a shell goes on, so that what is copied is one command.
    of_map = [f"    --map-hash {approval['map_hash']}"] if approval.get("map_hash") else []
    return [*lines, command + (" \\" if of_map else ""), *of_map]
