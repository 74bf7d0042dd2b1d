"""How far deletions are, in numbers and words: counts together, rate, estimate. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.ends import FINAL

OUTCOMES = (
    "deleted", "already_absent", "unlinked", "cleared", "kept", "restored", "already_present", "skipped",
    "failed", "held", "unknown", "pending",
)  # fmt: skip
#: Seconds that the rate looks back.
WINDOW = 30.0
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Tally:
    """Several deletions together."""

    many: int
    ended: int
    counts: Mapping[str, int]
    waiting: tuple[str, ...]

    @property
    def requested(self) -> int:
        """Records that were asked for."""
        return self.counts["requested"]

    @property
    def done(self) -> int:
        """Records that are no longer pending."""
        return self.requested - self.counts["pending"]


def tally(documents: Iterable[Document]) -> Tally:
    """The documents together."""
    counts: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    many = ended = 0
    for each in documents:
        many += 1
        ended += each["status"] in FINAL
        counts.update({name: found for name, found in each["counts"].items() if found})
        if each["waiting_for"] and each["status"] not in FINAL:
            waiting[each["waiting_for"]] += 1
    whole = {name: counts[name] for name in ("requested", *OUTCOMES)}
    return Tally(many, ended, whole, tuple(what for what, _ in waiting.most_common(2)))


def became(counts: Mapping[str, int]) -> str:
    """Such as `4,998 deleted, 2 already absent`; what is 0 is left out."""
    words = [f"{counts[name]:,} {name.replace('_', ' ')}" for name in OUTCOMES if counts.get(name)]
    return ", ".join(words) or "nothing to do"


@dataclass
class Rate:
    """Records a second over the last half minute."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def at(self, now: float, done: int) -> float | None:
        """The rate once `done` records are done at `now`; None as long as it cannot be told."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] > WINDOW:
            self._seen.popleft()
        began, before = self._seen[0]
        return (done - before) / (now - began) if now - began >= 1 else None


def words(found: Tally, rate: float | None) -> str:
    """Progress as one line."""
    parts = [f"{found.ended} of {found.many} ended" if found.many > 1 else ""]
    parts.append(f"{found.done:,} of {found.requested:,} done" if found.requested else "")
    troubles = [
        f"{found.counts[name]:,} {name}" for name in ("failed", "held", "unknown") if found.counts[name]
    ]
    if rate:
        left = found.counts["pending"] / rate
        troubles.append(f"{rate:,.0f}/s" + (f", about {lasting(left)} left" if left >= 1 else ""))
    if found.waiting:
        troubles.append("waiting for " + " and ".join(found.waiting))
    return ", ".join(filter(None, parts + troubles)) or "not started yet"


def lasting(seconds: float) -> str:
    """A time to wait, such as 0:45 or 2:10:00."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
