"""What to do about an id that is, or was, in Zoho's recycle bin: purge it, restore it, or leave it. Pure.

An id is restored or purged only where reading shows that its own deletion put it into the bin: the time of
its entry, in Zoho's clock, lies within that deletion's time. Whatever anybody else deleted, restored or
deleted again is left alone, with a code that says so. Zoho's answer alone is never enough: `deleted` and
`restored` are said only of what was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.modules import ACTIVITIES, PARTS, identity
from chalicelib.domain.recycle_bin import BinEntry
from chalicelib.domain.zoho.deleted_list import Deleted

#: Seconds by which an entry's time may lie outside: Zoho tells whole seconds only.
MARGIN = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """When an id may have been deleted by the deletion it belongs to: from that deletion's first call to this
    id's own answer (a job's: to its end). Seconds since the epoch, Zoho's clock (`in_zohos_clock`).
    """

    first: float
    last: float

    def code(self, at: float) -> str:
        """Why an entry of this time was deleted by somebody else; "" where it was not."""
        if at < self.first - MARGIN:
            return "DELETED_BEFORE"
        return "DELETED_AGAIN" if at > self.last + MARGIN else ""


def in_zohos_clock(at: float, answered_at: float, date: float | None) -> float:
    """Our time `at` in Zoho's clock, by an answer that came at our time `answered_at` and bore Zoho's `date`;
    `at` itself where it bore none.
    """
    return at if date is None else at + date - answered_at


class Listed(StrEnum):
    """What the module's deleted list says of an id."""

    PERMANENT = "permanent"
    RECYCLABLE = "recyclable"
    NOT_NAMED = "not_named"  # the list was read to its end and does not name it
    UNREAD = "unread"  # not read, or not to its end


def listed_as(entry: Deleted | None, *, whole: bool) -> Listed:
    """What the pages say; `whole`: they were read to the last one."""
    if entry is None or entry.permanent is None:
        return Listed.NOT_NAMED if whole else Listed.UNREAD
    return Listed.PERMANENT if entry.permanent else Listed.RECYCLABLE


@dataclass(frozen=True, slots=True)
class BinReading:
    """What reading showed of an id: is the record there, its entry in the bin, and the deleted list.

    `listed_at`: the time that the deleted list names, where it was read. The bin's list may lag: it can show
    the entry of a deletion that was undone, while somebody deleted the record again. The deleted list tells,
    where it lags less; what neither shows yet cannot be known.
    """

    there: bool
    entry: BinEntry | None
    listed: Listed = Listed.UNREAD
    listed_at: float | None = None


class Attempt(StrEnum):
    """What came of our calls for an id so far. LOST stays so until Zoho says that it is done or scheduled."""

    NONE = "none"  # no call, or none that reached Zoho
    NOT_FOUND = "not_found"  # Zoho said that the id does not lie in the bin (CHECK_GONE)
    LOST = "lost"  # a call may have been carried out
    SCHEDULED = "scheduled"
    DONE = "done"  # Zoho said that it is done


_MINE = frozenset({Attempt.LOST, Attempt.SCHEDULED, Attempt.DONE})
_SAID = frozenset({Attempt.SCHEDULED, Attempt.DONE})


class Ruling(StrEnum):
    """What is to be done about an id, or what became of it."""

    SEND = "send"  # call for it now; where no call is made any more: failed, or unknown after a LOST one
    ASK_AGAIN = "ask_again"  # what was read does not agree yet: lists lag
    DELETED = "deleted"
    RESTORED = "restored"
    ALREADY_ABSENT = "already_absent"
    ALREADY_PRESENT = "already_present"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judged:
    """The ruling, with the code of a skip or a failure."""

    ruling: Ruling
    code: str = ""


_ASK_AGAIN = Judged(Ruling.ASK_AGAIN)


def of_module(entry: BinEntry | None, module: str) -> BinEntry | None:
    """The entry, where its module is this one or Zoho told none. A record of another module is not meant."""
    if entry is None or not entry.module:
        return entry
    names = PARTS if module == ACTIVITIES else (module,)
    return entry if identity(entry.module) in {identity(name) for name in names} else None


def judge_purge(window: Window, seen: BinReading, attempt: Attempt, *, last_look: bool) -> Judged:
    """What is to become of an id that is to be deleted for good. `last_look`: the give-up time is over."""
    if attempt in _SAID and (seen.there or seen.entry is not None):
        return _open(Ruling.UNKNOWN, last_look)
    if seen.there:
        return _skipped("RESTORED_SINCE")
    if seen.entry is not None:
        return _by_entry(window, seen, seen.entry, attempt, last_look)
    if seen.listed is Listed.PERMANENT:
        return Judged(Ruling.DELETED if attempt in _MINE else Ruling.ALREADY_ABSENT)
    if seen.listed is Listed.UNREAD and attempt in _MINE:
        return Judged(Ruling.DELETED)
    if seen.listed is Listed.RECYCLABLE and attempt not in _MINE:
        return _open(Ruling.FAILED, last_look, "BIN_NOT_VISIBLE")
    return _open(Ruling.UNKNOWN, last_look)


def judge_restore(window: Window, seen: BinReading, attempt: Attempt, *, last_look: bool) -> Judged:
    """What is to become of an id that is to be restored. `last_look`: the give-up time is over."""
    if seen.there:
        return Judged(Ruling.RESTORED if attempt in _MINE else Ruling.ALREADY_PRESENT)
    if seen.entry is not None:
        return _by_entry(window, seen, seen.entry, attempt, last_look)
    if seen.listed is Listed.PERMANENT and attempt not in _SAID:
        return Judged(Ruling.FAILED, "NOT_IN_RECYCLE_BIN")
    hidden = seen.listed is Listed.RECYCLABLE and attempt not in _MINE
    return _open(Ruling.FAILED, last_look, "BIN_NOT_VISIBLE" if hidden else "NOT_IN_RECYCLE_BIN")


def _by_entry(window: Window, seen: BinReading, entry: BinEntry, attempt: Attempt, last_look: bool) -> Judged:
    """The time of the bin's entry decides who deleted the record."""
    if entry.deleted_at is None:
        return _open(Ruling.UNKNOWN, last_look)
    foreign = window.code(entry.deleted_at)
    if seen.listed is Listed.RECYCLABLE and seen.listed_at is not None:
        elsewhere = window.code(seen.listed_at)
        if elsewhere == "DELETED_AGAIN":
            return _skipped(elsewhere)
        if foreign and not elsewhere and not last_look:
            return _ASK_AGAIN  # the bin shows an older deletion than the deleted list
    if foreign:
        return _skipped(foreign)
    if attempt in (Attempt.NONE, Attempt.LOST) and seen.listed is not Listed.PERMANENT:
        return Judged(Ruling.SEND)
    return _open(Ruling.UNKNOWN, last_look)  # elsewhere it is gone from the bin, or will be


def _open(ends_as: Ruling, last_look: bool, code: str = "") -> Judged:
    return Judged(ends_as, code) if last_look else _ASK_AGAIN


def _skipped(code: str) -> Judged:
    return Judged(Ruling.SKIPPED, code)
