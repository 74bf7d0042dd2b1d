"""What operators read and set, in memory: the list by day, holds, pauses. A part of the fake ledger."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain import modules
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.evidence.operators import Entry
from chalicelib.domain.operators import Hold, Pause, SourceCancel


def _paused(org: str | None, source: str | None) -> str:
    return f"source {source}" if source else org or "*"


@dataclass
class FakeOrgs:
    """`pauses`: reason by org, `*` for all; `holds`: (org, module, record id) that are held for good."""

    pauses: dict[str, str] = field(default_factory=dict)
    holds_set: dict[tuple[str, str, str], Hold] = field(default_factory=dict)
    pauses_set: dict[str, Pause] = field(default_factory=dict)
    source_cancels: dict[str, SourceCancel] = field(default_factory=dict)
    noted: list[Entry] = field(default_factory=list)
    day_queries: int = 0
    gone: list[tuple[str, str, str, float]] = field(default_factory=list)
    guard_calls: list[str] = field(default_factory=list)

    def listed(self, day: str, before: tuple[str, str] | None, limit: int) -> Sequence[tuple[str, str]]:
        self.day_queries += 1
        rows: dict[str, Any] = self.rows  # type: ignore[attr-defined]  # whoever inherits it has rows
        keys = [(str(iso(row.deletion.created_at)), one) for one, row in rows.items()]
        keys = sorted((key for key in keys if key[0].startswith(day)), reverse=True)
        return [key for key in keys if before is None or key < before][:limit]

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        rows: dict[str, Any] = self.rows  # type: ignore[attr-defined]  # whoever inherits it has rows
        return {one: rows[one].deletion for one in deletion_ids if one in rows}

    def note(self, entry: Entry | None) -> None:
        """What was written with a change."""
        if entry is not None:
            self.noted.append(entry)

    def tell(self, entry: Entry) -> None:
        self.note(entry)

    def entries_of_operators(
        self, since: float, until: float, before: str | None, limit: int
    ) -> tuple[list[Entry], str | None]:
        found = [e for e in self.noted if since <= e.at < until and (before is None or e.id < before)]
        found.sort(key=lambda entry: entry.id, reverse=True)
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    def hold(self, org: str, module: str, record_id: str) -> Hold | None:
        found = (self.holds_set.get((org, name, record_id)) for name in modules.reached(module))
        return max((h for h in found if h), key=lambda h: h.until or math.inf, default=None)

    def own_hold(self, org: str, module: str, record_id: str) -> Hold | None:
        return self.holds_set.get((org, modules.identity(module), record_id))

    def set_hold(self, hold: Hold, noted: Entry | None = None) -> None:
        self.note(noted)
        self.holds_set[hold.org, modules.identity(hold.module), hold.record_id] = hold

    def remove_hold(
        self, org: str, module: str, record_id: str, noted: Callable[[Hold], Entry] | None = None
    ) -> Hold | None:
        found = self.holds_set.pop((org, modules.identity(module), record_id), None)
        self.note(noted(found) if found and noted else None)
        return found

    def holds(
        self, org: str, after: tuple[str, str] | None, limit: int
    ) -> tuple[Sequence[Hold], tuple[str, str] | None]:
        mine = sorted(key[1:] for key in self.holds_set if key[0] == org and (not after or key[1:] > after))
        found = mine[:limit]
        return [self.holds_set[org, *where] for where in found], found[-1] if len(found) == limit else None

    def pause(self, org: str | None, source: str | None = None) -> Pause:
        return self.pauses_set.get(_paused(org, source), Pause(org, paused=False, source=source))

    def set_pause(self, pause: Pause, noted: Entry | None = None) -> None:
        self.note(noted)
        name = _paused(pause.org, pause.source)
        self.pauses_set[name] = pause
        self.pauses.pop(name, None)
        if pause.paused:
            self.pauses[name] = pause.reason or "paused by an operator"

    def paused(self, org: str, source: str = "") -> str | None:
        return self.pauses.get("*") or self.pauses.get(org) or self.pauses.get(_paused(None, source or "-"))

    def set_source_cancel(self, cancel: SourceCancel, noted: Entry | None = None) -> None:
        self.note(noted)
        self.source_cancels[cancel.source] = cancel

    def source_cancel(self, source: str) -> SourceCancel | None:
        return self.source_cancels.get(source)

    def stopped(self, org: str, source: str) -> tuple[str | None, SourceCancel | None]:
        return self.paused(org, source), self.source_cancel(source)

    def held(self, org: str, module: str, ids: Sequence[str], now: float) -> set[str]:
        names = modules.reached(module)
        return {i for i in ids for n in names if self._protects(self.holds_set.get((org, n, i)), now)}

    def has_holds(self, org: str, module: str, now: float) -> bool:
        wanted = [(org, name) for name in modules.reached(module)]
        holds = [hold for key, hold in self.holds_set.items() if key[:2] in wanted]
        return any(self._protects(hold, now) for hold in holds)

    def _protects(self, hold: Hold | None, now: float) -> bool:
        return hold is not None and (hold.until is None or hold.until > now)

    def remember_deleted(self, org: str, scope: str, ids: Sequence[str], now: float, until: float) -> None:
        self.guard_calls.append("remember")
        self.gone += [(org, scope, one, now) for one in ids]

    def deleted_lately(self, org: str, scope: str, ids: Sequence[str], since: float, now: float) -> set[str]:
        self.guard_calls.append("recall")
        kept = {one for o, s, one, at in self.gone if (o, s) == (org, scope) and since <= at <= now}
        return kept & set(ids)
