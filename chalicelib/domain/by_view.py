"""A view's mass delete: where it stands, and what may be said of it.

A view is dynamic, and its mass delete is a job at Zoho that takes whatever the view holds when Zoho gets to
it. So the records are listed first (*frozen*), the job is started once, and what was listed is settled by its
ids. Silence proves nothing: a start without an answer is never sent again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.request import Freeze, Operation

#: A list or count older than this (seconds) is taken anew before the view's mass delete is sent.
FRESH_SECONDS = 30.0
#: How often an unfrozen view is counted, at most (a count may cost 50 credits).
MOST_COUNTS = 100
#: Looks at an unfrozen view whose start had no answer, at most.
MOST_LOOKS = 12
#: Pages of second readings: so many times the pages of the first one, and a few more for small views.
REREADS, REREAD_PAGES = 3, 100
#: Pages of the module's deleted list, which others fill too: these, and one more for so many listed ids.
DELETED_PAGES, IDS_A_DELETED_PAGE, PAGE = 60, 4, 200
#: The deleted list may lag: a further reading begins so long (seconds) before the newest entry seen.
LAG = 60.0
#: Clocks that differ by less than this (seconds) are taken for equal: Zoho tells whole seconds.
SAME_CLOCK = 2.0


class Phase(StrEnum):
    """What comes next."""

    BEGIN = "begin"  # decide whether the view is listed
    COUNT = "count"  # before each round of an unfrozen view; before listing what may be too long
    LIST = "list"
    CHECK = "check"  # the limits speak of the listed records
    LANE = "lane"
    REREAD = "reread"  # only what is in both readings may go
    START = "start"
    RUN = "run"
    WATCH = "watch"  # the start of a frozen view had no answer: as long as listed records go, wait
    SETTLE = "settle"  # what became of each listed record
    LOOK = "look"  # the start of an unfrozen view had no answer


#: Nothing of the view has been sent in these phases, unless a start is open or was lost.
BEFORE_START = frozenset(
    {Phase.BEGIN, Phase.COUNT, Phase.LIST, Phase.CHECK, Phase.LANE, Phase.REREAD, Phase.START}
)


class Goal(StrEnum):
    """What follows when the view was read again, or when each listed record has its outcome."""

    START = "start"  # the job, where nothing new is in the view
    BY_IDS = "by_ids"
    END = "end"  # the job has ended
    EMPTY = "empty"  # Zoho found nothing to delete
    TOO_OLD = "too_old"  # the job has run for longer than we wait


@dataclass(frozen=True, slots=True)
class ViewCounts:
    """What a look at an unfrozen view saw: records in it, and those that its module lost since then."""

    count: int | None
    deleted: int | None


@dataclass(frozen=True, slots=True)
class ViewProgress:
    """Where a view's deletion stands. Times are seconds since the epoch.

    `listable`: Zoho can list it. `for_holds`: it is listed because the module has holds. `page`: token of the
    page that is read next; `pages`: pages of this reading so far; `first_pages`: of the first reading;
    `reread_pages`: of all later ones; `restarts`: how often this reading began anew. `listed_from`,
    `listed_at`: when the first reading began, and when the newest one ended. `newcomers`: records that
    came into the view after it was listed. `goal`: what follows when the view was read again, or when each
    record has its outcome. `said`: the reason why the records go by ids, as operators see it.

    `before`, `counted_at`, `counts`: the count before this round, when it was taken, how many were taken.
    `round`, `total`, `deleted`, `failed`: the round of an unfrozen view, and sums over those that have ended.

    `open`: ledger number of a start without an answer. `intent_at`: when the newest start was sent. `lost`:
    it had no answer, or its job cannot be followed. `refused`, `asked`: the verdict on a start that Zoho
    refused for now, and its Retry-After, until the lane is left. `job_since`: when the job was started;
    `job_total`, `job_gone`: its own counts at its end; `job_failed`: Zoho ended it early.

    `since`, `deleted_page`, `deleted_pages`: where the reading of the deleted list stands, and its pages in
    all; `list_is_read`: to its end for now; `list_is_over`: it cannot be read further; `last_reading`: once
    more from its beginning, before what it does not name is unknown. `skew`: how far Zoho's clock is ahead of
    ours. `view_gone`: the code with which Zoho refused the second reading. `still_since`, `looks`, `seen`:
    since when nothing has changed, how many looks there were, and the last one.
    """

    phase: Phase = Phase.BEGIN
    listable: bool = True
    for_holds: bool = False
    page: str = ""
    pages: int = 0
    first_pages: int = 0
    reread_pages: int = 0
    restarts: int = 0
    listed_from: float = 0.0
    listed_at: float = 0.0
    newcomers: int = 0
    goal: Goal | None = None
    said: str = ""
    before: int | None = None
    counted_at: float = 0.0
    counts: int = 0
    round: int = 1
    total: int = 0
    deleted: int = 0
    failed: int = 0
    open: int | None = None
    intent_at: float = 0.0
    lost: bool = False
    refused: str = ""
    asked: float | None = None
    job_since: float = 0.0
    job_total: int = 0
    job_gone: int = 0
    job_failed: bool = False
    since: float = 0.0
    deleted_page: int = 1
    deleted_pages: int = 0
    list_is_read: bool = False
    list_is_over: bool = False
    last_reading: bool = False
    skew: float = 0.0
    view_gone: str = ""
    still_since: float = 0.0
    looks: int = 0
    seen: ViewCounts | None = None
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion: what differs from a fresh one."""
        told: dict[str, object] = {
            name: value for name in _KNOWN if (value := getattr(self, name)) != getattr(_FRESH, name)
        }
        if self.seen is not None:
            told["seen"] = asdict(self.seen)
        return told | {"phase": self.phase.value}


_KNOWN = dict.fromkeys(each.name for each in fields(ViewProgress))
_FRESH = ViewProgress()


def progress_of(deletion: Deletion) -> ViewProgress:
    """The stored progress, or a fresh one. What is not known here (an older version stored it) is left."""
    stored: dict[str, Any] = {k: v for k, v in deletion.progress.items() if k in _KNOWN}
    if not stored:
        return ViewProgress()
    phase = stored.get("phase", "")
    seen, goal = stored.get("seen"), stored.get("goal")
    known = phase in list(Phase)
    return ViewProgress(
        **{
            **stored,
            "phase": Phase(phase) if known else Phase.BEGIN,  # an older version's reading begins anew
            "goal": Goal(goal) if goal else None,
            "seen": ViewCounts(seen.get("count"), seen.get("deleted")) if seen else None,
        }
    )


def job_runs(deletion: Deletion) -> bool:
    """Does a job that Zoho has named run for it, as far as is known?"""
    by_view = deletion.request.operation is Operation.MASS_DELETE and not deletion.by_ids
    return by_view and progress_of(deletion).phase is Phase.RUN


def may_be_listed(deletion: Deletion, progress: ViewProgress) -> bool:
    """Is the view to be listed before anything of it is deleted, as far as is known?"""
    request = deletion.request
    return progress.listable and request.territory is None and request.freeze is not Freeze.NEVER


def has_to_be_listed(deletion: Deletion) -> bool:
    """Is it refused where it cannot be listed? What is to become permanent is known by its ids."""
    request = deletion.request
    return request.freeze in (Freeze.ALWAYS, Freeze.EXACT) or request.permanent_after is not None


def may_read_again(progress: ViewProgress) -> bool:
    """Is there budget for one more reading of the view before its job is started?"""
    return progress.reread_pages + progress.first_pages <= REREADS * progress.first_pages + REREAD_PAGES


def deleted_pages_left(deletion: Deletion, progress: ViewProgress) -> int:
    """Pages of the module's deleted list that may still be read for this deletion (2 credits each)."""
    most = DELETED_PAGES + -(-deletion.id_count // IDS_A_DELETED_PAGE)
    return max(most - progress.deleted_pages, 0)


def unlisted(deletion: Deletion, progress: ViewProgress) -> int:
    """At least so many records went with the job that had not been listed (contract section 3).

    What the job says it took, or deleted, beyond the listed ones. `deletion`: with every listed id settled.
    """
    taken = progress.job_total - deletion.id_count
    gone = progress.job_gone - deletion.counts.deleted - deletion.counts.unknown
    return max(taken, gone, 0)
