"""The map of an erasure as text that fits a terminal: what would be done with which record, and why. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.operating.render import many, wrapped
from cli.table import WIDTH, table

Found = Mapping[str, Any]

HEAD = ("action", "module", "record", "why")
#: Said each time, as no call of an API reaches them.
ELSEWHERE = (
    "nothing here reaches: names in free text (notes, descriptions, file names), guests of events by address"
    " alone, e-mails under records that stay and their cc addresses, users, lists of unsubscribed addresses,"
    " mailboxes, backups, exports, sandboxes, other systems. Look there by hand"
)


def lines(plan: Found, entries: Iterable[Found]) -> list[str]:
    """The map: an entry a line, what goes along, values that others share, and what is out of reach."""
    held = list(entries)
    told = _table(held) if held else ["no record of this person was found"]
    along = plan.get("goes_along") or {}
    if along:
        told.append("goes along: " + ", ".join(f"{count:,} {name}" for name, count in along.items()))
    for each in plan.get("shared") or ():
        words = (
            f"{each['value']} is a value of {many(each['shared_with'], 'record')}: more than one person's?"
        )
        told += wrapped(f"{words} What only it matches stays, unless it is approved as meant", WIDTH)
    for (code, meaning), places in _out_of_reach(plan).items():
        told += wrapped(f"out of reach: {', '.join(places)} {code}: {meaning}", WIDTH)
    return [*told, *wrapped(ELSEWHERE, WIDTH)]


def _out_of_reach(plan: Found) -> dict[tuple[str, str], list[str]]:
    """Where the person was not looked for, by the reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in plan.get("out_of_reach") or ():
        where, field = str(each["module"]), str(each.get("field") or "")
        where += f" {field}" if field.startswith("/") else f".{field}" if field else ""
        found.setdefault((each["code"], each["meaning"]), []).append(where)
    return found


def _table(entries: list[Found]) -> list[str]:
    """A line for each entry, and below it what else there is to say of it."""
    return table(
        HEAD, map(_row, entries), [["; ".join(said)] if (said := _notes(each)) else [] for each in entries]
    )


def _row(entry: Found) -> tuple[str, str, str, str]:
    why = ", ".join(f"{each['field']} ({each['by']})" for each in entry.get("why") or ())
    return str(entry["action"]), str(entry["module"]), str(entry["id"]), why


def _notes(entry: Found) -> list[str]:
    along, shared = entry.get("goes_along") or {}, entry.get("shared_with") or 0
    found = [str(entry["keep_reason"])] if entry.get("keep_reason") else []
    found += [f"with {', '.join(f'{count:,} {name}' for name, count in along.items())}"] if along else []
    return [*found, *([f"its value is shared with {shared:,}"] if shared else [])]


def approving(deletion: Found, stage: str | None, shared: Sequence[str] = ()) -> list[str]:
    """How the map is approved: by whom, until when, and with which command."""
    plan, approval = deletion["plan"], deletion.get("approval") or {}
    words = ["expunge", "approve", deletion["id"], "--count", str(plan["records"])]
    words += ["--map-hash", plan["map_hash"]]
    words += [part for value in shared for part in ("--shared", value)]
    words += ["--stage", stage] if stage else []
    told = [f"{many(plan['records'], 'record')} wait for an approval until {approval.get('expires_at')}:"]
    told += [f"  {shlex.join(words)}"]
    if plan.get("shared") and not shared:
        told += wrapped("  with --shared VALUE for each shared value that means this person", WIDTH)
    return [
        *told,
        *(line for each in approval.get("warnings") or () for line in wrapped(f"note: {each}", WIDTH)),
    ]
