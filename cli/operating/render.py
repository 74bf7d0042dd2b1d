"""Documents as text that fits a terminal of 80 columns. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.following.progress import became

WIDTH = 80
Document = Mapping[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], width: int = WIDTH) -> list[str]:
    """Columns side by side, as wide as they need; the last one is cut where a line is longer than `width`."""
    held = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[at]) for row in held) for at in range(len(head) - 1)]
    lines = []
    for row in held:
        fixed = "  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=False))
        lines.append(cut(f"{fixed}  {row[-1]}".rstrip(), width))
    return lines


def cut(text: str, width: int) -> str:
    """The text, on one line, at most `width` long."""
    flat = " ".join(text.split("\n"))
    return flat if len(flat) <= width else flat[: width - 3] + "..."


def moment(text: str | None) -> str:
    """A time of a document, to the second."""
    return f"{text[:10]} {text[11:19]}Z" if text else "-"


def listed(documents: Sequence[Document]) -> list[str]:
    """The deletions of a list."""
    rows = [
        (
            each["id"],
            each["created_at"][5:16].replace("T", " "),
            each["status"],
            f"{_gone(each)} {each['module']}",
        )
        for each in documents
    ]
    return table(("deletion", "accepted", "status", "gone of"), rows)


def _gone(document: Document) -> str:
    if document["dry_run"]:
        return "dry run"
    counts = document["counts"]
    return f"{counts['deleted'] + counts['already_absent']}/{counts['requested']}"


def shown(document: Document, width: int = WIDTH) -> list[str]:
    """Everything that there is to say about one deletion, but for its link."""
    dry = " (dry run)" if document["dry_run"] else ""
    lines = [f"{document['id']}  {document['status']}{dry}"]
    lines.append(
        f"  {document['operation']} {document['module']}, org {document['org']}, from {document['source']}"
    )
    named = ("reference", "asked_by", "retry_of", "policy", "run", "waiting_for")
    lines += [
        cut(f"  {name.replace('_', ' ')}: {document[name]}", width) for name in named if document.get(name)
    ]
    ended = f", ended {moment(document['finished_at'])}" if document["finished_at"] else ""
    lines.append(f"  accepted {moment(document['created_at'])}{ended}")
    if document.get("job"):
        lines.append(f"  Zoho's job {document['job']['id']}: {document['job']['status']}")
    lines.append(f"  {document['counts']['requested']:,} requested: {became(document['counts'])}")
    lines += _plan(document["plan"], width) + _approval(document, width)
    for each in document["problems"]:
        words = f"{each['code']} x{each['count']}: {each['meaning']} {each['what_to_do']}"
        lines += textwrap.wrap(words, width, initial_indent="  ", subsequent_indent="    ")
    return lines


def _plan(plan: Document | None, width: int) -> list[str]:
    if plan is None:
        return []
    words = f"would delete {plan['would_delete']:,} in {plan['calls']:,} calls, {plan['credits']:,} credits"
    first = ", ".join(plan["first_ids"][:3])
    return [f"  {words}", *([cut(f"  the first: {first}", width)] if first else [])]


def _approval(document: Document, width: int) -> list[str]:
    approval = document.get("approval")
    if not approval or document["status"] != "awaiting_approval":
        return []
    until = moment(approval["expires_at"])
    words = f"expunge approve {document['id']} --count {approval['count']}"
    return [f"  {approval['count']:,} records wait for an approval until {until}:", cut(f"  {words}", width)]
