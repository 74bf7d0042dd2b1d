"""From each phase of a view's deletion: what is read, and the step that it makes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.by_view import Goal, Phase, ViewCounts, ViewProgress, progress_of
from chalicelib.domain.deletion import Approval
from chalicelib.domain.lane import Lane
from chalicelib.domain.request import Freeze, Operation, Request, Territory
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine.step import Step
from chalicelib.service.engine.waiting import LANE as LANE_WAIT
from tests.fake_zoho import error
from tests.unit.service.still import NOW, StillSlice, commit

IDS = ("101", "102", "103")
BUSY = error("TOO_MANY_REQUESTS", 429)
#: The first page again: the token has ended.
EXPIRED = error("INVALID_DATA", message="page token")


@dataclass(frozen=True)
class Case:
    """From `phase`, with more of the progress (`at`), of the request (`asked`) and of the deletion (`of`);
    `view`: what the view holds, all of the listed ids if left out. `to`: the phase after it, "ids" where it
    goes by ids from here on; `how`: as `then` says it.
    """

    name: str
    phase: Phase
    to: str
    how: str
    at: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    of: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    marks: str = "ppp"
    listed: bool = True
    view: tuple[str, ...] = IDS
    replies: dict[str, list[Any]] = field(default_factory=dict)
    holds: bool = False
    line: Lane | None = None
    leaves_lane: bool = False
    notes: tuple[str, ...] = ()
    written: str = ""


def here(case: Case) -> StillSlice:
    request = Request(Operation.MASS_DELETE, "Leads", "default", cvid="5", **case.asked)
    work = StillSlice(request, IDS if case.listed else (), case.marks if case.listed else "")
    progress = replace(ViewProgress(phase=case.phase), **case.at)
    work.deletion = replace(
        work.deletion,
        frozen=case.listed,
        limits=replace(work.deletion.limits, **case.limits),
        progress=progress.to_json(),
        **case.of,
    )
    work.zoho.records = dict.fromkeys(case.view)
    work.zoho.script = {name: list(replies) for name, replies in case.replies.items()}
    work.ledger.holds = {"999"} if case.holds else set()
    work.ledger.line = case.line
    work.ledger.others = {"del_9": replace(work.deletion, id="del_9")}
    return work


def after(step: Step) -> str:
    """The phase after a step."""
    deletion = commit(step).deletion
    return "ids" if deletion.by_ids else progress_of(deletion).phase.value


UNLISTED: dict[str, Any] = {"listed": False}
NEVER: dict[str, Any] = {"listed": False, "asked": {"freeze": Freeze.NEVER}}
ANEW: dict[str, Any] = {"listed_at": NOW, "listed_from": NOW, "first_pages": 1}
STARTED: dict[str, Any] = {"intent_at": NOW, "listed_from": NOW - 60, "job_since": NOW - 10, "first_pages": 1}
JOB: dict[str, Any] = {"job_id": "77"}
OLD: dict[str, Any] = {**STARTED, "job_since": NOW - 10**7}


def job(status: str, total: int = 3, deleted: int = 3) -> Reply:
    told = {"Status": status, "Total_Count": total, "Deleted_Count": deleted, "Failed_Count": total - deleted}
    return Reply(200, body={"data": [told]})


def names(*ids: str, at: float = NOW) -> Reply:
    """A page of the deleted list, its last one."""
    when = "2001-09-09T01:46:40+00:00" if at >= 10**9 else "1970-01-12T13:46:40+00:00"
    data = [{"id": one, "deleted_time": when} for one in ids]
    return Reply(200, body={"data": data, "info": {"more_records": False}})


BEGIN = (
    Case("it is listed", Phase.BEGIN, "list", "again", **UNLISTED, leaves_lane=True),
    Case("it is not to be listed", Phase.BEGIN, "count", "again", **NEVER),
    Case("it may be longer than Zoho lists", Phase.BEGIN, "count", "again", **UNLISTED,
         limits={"max_records": 200_000}),
    Case("a territory cannot be listed", Phase.BEGIN, "count", "again", listed=False,
         asked={"territory": Territory("7")}),
    Case("it has to be listed and cannot be", Phase.BEGIN, "begin", "finish refused NOT_LISTABLE",
         listed=False,
         asked={"territory": Territory("7"), "freeze": Freeze.ALWAYS}),
    Case("it is cancelled", Phase.BEGIN, "begin", "finish cancelled", **UNLISTED, of={"cancelled_by": "ann"}),
)  # fmt: skip
COUNT = (
    Case("it is short enough to be listed", Phase.COUNT, "list", "again", **UNLISTED, leaves_lane=True),
    Case("it cannot be counted, so it is listed", Phase.COUNT, "list", "again", **UNLISTED, leaves_lane=True,
         replies={"count": [error("NOT_SUPPORTED")]}),
    Case("its count fits", Phase.COUNT, "lane", "again", **NEVER),
    Case("it is empty", Phase.COUNT, "count", "finish as counted", **NEVER, view=()),
    Case("it holds more than the limit", Phase.COUNT, "count", "finish refused MAX_RECORDS", **NEVER,
         limits={"max_records": 2}),
    Case("it needs an approval", Phase.COUNT, "count", "wait approval", **NEVER, limits={"approve_above": 2},
         leaves_lane=True, notes=("awaiting_approval",)),
    Case("nobody has approved it yet", Phase.COUNT, "count", "wait approval", **NEVER, leaves_lane=True,
         limits={"approve_above": 2},
         of={"status": Status.AWAITING_APPROVAL, "approval": Approval(3, NOW - 9, NOW + 9)}),
    Case("nobody approved it in time", Phase.COUNT, "count", "finish refused APPROVAL_EXPIRED", **NEVER,
         limits={"approve_above": 2},
         of={"status": Status.AWAITING_APPROVAL, "approval": Approval(3, NOW - 9, NOW)}),
    Case("it cools off", Phase.COUNT, "count", "wait cool-off", **NEVER, limits={"cool_off_seconds": 60},
         leaves_lane=True),
    Case("Zoho does not count now", Phase.COUNT, "count", "try count", **NEVER, replies={"count": [BUSY]}),
    Case("Zoho refuses to count", Phase.COUNT, "count", "finish failed NO_PERMISSION", **NEVER,
         replies={"count": [error("NO_PERMISSION", 403)]}),
    Case("it was counted as often as it may be", Phase.COUNT, "count", "finish failed BUSY", **NEVER,
         at={"counts": 100, "code": "BUSY"}),
    Case("its module has holds, so it is listed", Phase.COUNT, "list", "again", **NEVER, holds=True,
         leaves_lane=True),
    Case("a territory is not checked for holds", Phase.COUNT, "count", "finish refused HOLDS_WITH_TERRITORY",
         listed=False, asked={"territory": Territory("7"), "freeze": Freeze.NEVER}, holds=True),
    Case("a dry run tells its plan", Phase.COUNT, "count", "finish completed dry run", listed=False,
         asked={"freeze": Freeze.NEVER, "dry_run": True}),
)  # fmt: skip
LIST = (
    Case("the last page makes it frozen", Phase.LIST, "check", "again", **UNLISTED),
    Case("it holds one more than the limit", Phase.LIST, "list", "finish refused MAX_RECORDS", **UNLISTED,
         limits={"max_records": 2}),
    Case("Zoho gives no page now", Phase.LIST, "list", "try read", **UNLISTED, replies={"view_ids": [BUSY]}),
    Case("its token has ended", Phase.LIST, "list", "again", **UNLISTED, at={"page": "200", "pages": 1},
         replies={"view_ids": [EXPIRED]}, notes=("selection_restarted",)),
    Case("it began anew too often", Phase.LIST, "list", "finish failed INVALID_DATA", **UNLISTED,
         at={"page": "200", "restarts": 3}, replies={"view_ids": [EXPIRED]}),
    Case("Zoho refuses to list it", Phase.LIST, "list", "finish failed NO_PERMISSION", **UNLISTED,
         replies={"view_ids": [error("NO_PERMISSION", 403)]}),
)  # fmt: skip
CHECK = (
    Case("it may run as a job", Phase.CHECK, "lane", "again", at=ANEW),
    Case("it is empty", Phase.CHECK, "check", "finish as counted", at=ANEW, **UNLISTED),
    Case("exactly what was listed goes by ids", Phase.CHECK, "reread", "again", at=ANEW,
         asked={"freeze": Freeze.EXACT}, leaves_lane=True, notes=("by_ids",)),
    Case("the module has holds", Phase.CHECK, "reread", "again", at=ANEW, holds=True, leaves_lane=True,
         notes=("by_ids",)),
    Case("a dry run tells its plan", Phase.CHECK, "check", "finish completed dry run", at=ANEW,
         asked={"dry_run": True}),
    Case("a dry run with holds looks at each id", Phase.CHECK, "ids", "again", at=ANEW,
         asked={"dry_run": True}, holds=True, leaves_lane=True),
    Case("it takes too much of its module", Phase.CHECK, "check", "finish refused MAX_SHARE", at=ANEW,
         limits={"max_share": 0.5}),
    Case("the module cannot be counted now", Phase.CHECK, "check", "try count", at=ANEW,
         limits={"max_share": 0.5}, replies={"count": [BUSY]}),
    Case("it needs an approval", Phase.CHECK, "check", "wait approval", at=ANEW, limits={"approve_above": 2},
         leaves_lane=True, notes=("awaiting_approval",)),
)  # fmt: skip
LANE = (
    Case("its lane is free", Phase.LANE, "start", "again", at=ANEW),
    Case("another one runs", Phase.LANE, "lane", f"wait {LANE_WAIT}", at=ANEW,
         line=Lane("default", "del_9"), of={"lane": "default"}),
    Case("its line is not its own yet", Phase.LANE, "lane", f"wait {LANE_WAIT}", at=ANEW,
         line=Lane("default", None, ("del_9",)), of={"lane": "default"}),
    Case("the one that runs is not there any more", Phase.LANE, "start", "again", at=ANEW,
         line=Lane("default", "del_8"), of={"lane": "default"}),
    Case("it holds its lane already", Phase.LANE, "start", "again", at=ANEW, line=Lane("default", "del_1"),
         of={"lane": "default"}),
)  # fmt: skip
START = (
    Case("its list is old", Phase.START, "reread", "again", at={"listed_at": NOW - 31, "first_pages": 1}),
    Case("it was read again too often", Phase.START, "reread", "again", leaves_lane=True, notes=("by_ids",),
         at={"listed_at": NOW - 31, "first_pages": 1, "reread_pages": 200}),
    Case("a hold was set meanwhile", Phase.START, "reread", "again", at=ANEW, holds=True, leaves_lane=True,
         notes=("by_ids",)),
    Case("its count is old", Phase.START, "count", "again", **NEVER, at={"counted_at": NOW - 31}),
    Case("a hold was set on what is not listed", Phase.START, "list", "again", **NEVER, holds=True,
         at={"counted_at": NOW}, leaves_lane=True),
    Case("Zoho refused it for now", Phase.START, "lane", "try start", leaves_lane=True,
         at={**ANEW, "refused": "retry", "code": "ALREADY_SCHEDULED"}),
    Case("its worker ended before the answer", Phase.START, "watch", "again", notes=("outcome_unknown",),
         at={**ANEW, "open": 4, "intent_at": NOW}),
    Case("the same, not listed", Phase.START, "look", "again", **NEVER, notes=("outcome_unknown",),
         at={"open": 4, "intent_at": NOW}),
)  # fmt: skip
RUN = (
    Case("it runs", Phase.RUN, "run", "rest", at=STARTED, of=JOB,
         replies={"job_status": [job("RUNNING", 3, 1)]}),
    Case("it has ended", Phase.RUN, "settle", "again", at=STARTED, of=JOB, leaves_lane=True,
         notes=("job_ended",), replies={"job_status": [job("COMPLETED")]}),
    Case("Zoho ended it early", Phase.RUN, "settle", "again", at=STARTED, of=JOB, leaves_lane=True,
         notes=("job_ended",), replies={"job_status": [job("FAILED", 3, 1)]}),
    Case("Zoho does not know it", Phase.RUN, "watch", "again", at=STARTED, of=JOB,
         notes=("outcome_unknown",)),
    Case("Zoho does not tell of it", Phase.RUN, "watch", "again", at=STARTED, of=JOB,
         notes=("outcome_unknown",), replies={"job_status": [error("NO_PERMISSION", 403)]}),
    Case("Zoho does not tell now", Phase.RUN, "run", "try status", at=STARTED, of=JOB,
         replies={"job_status": [BUSY]}),
    Case("it has run for too long", Phase.RUN, "settle", "again", at=OLD, of=JOB, leaves_lane=True,
         replies={"job_status": [job("RUNNING", 3, 1)]}),
    Case("it has, and cannot be followed", Phase.RUN, "run", "finish as counted JOB_TOO_OLD", at=OLD, of=JOB,
         replies={"job_status": [BUSY]}, written="UUU"),
    Case("a view without a list has ended", Phase.RUN, "run", "finish as counted", **NEVER, of=JOB,
         at={**STARTED, "before": 3}, replies={"job_status": [job("COMPLETED")]}),
    Case("its job left some", Phase.RUN, "run", "finish as counted JOB_RECORD_FAILED", **NEVER, of=JOB,
         at={**STARTED, "before": 3}, replies={"job_status": [job("COMPLETED", 3, 1)]}),
    Case("its job failed before anything went", Phase.RUN, "run", "finish failed JOB_FAILED", **NEVER, of=JOB,
         at={**STARTED, "before": 3}, replies={"job_status": [job("FAILED", 3, 0)]}),
    Case("its job was full", Phase.RUN, "count", "again", **NEVER, of=JOB, notes=("round_finished",),
         at={**STARTED, "before": 60_000}, replies={"job_status": [job("COMPLETED", 50_000, 50_000)]}),
    Case("its job has run for too long", Phase.RUN, "run", "finish needs_attention JOB_TOO_OLD",
         **NEVER, of=JOB, at={**OLD, "before": 3}, replies={"job_status": [job("RUNNING", 3, 1)]}),
)  # fmt: skip
WATCH = (
    Case("some have gone", Phase.WATCH, "watch", "rest", at={**STARTED, "still_since": NOW - 10**6},
         written="Dpp", replies={"deleted_since": [names("101")]}),
    Case("all have gone", Phase.WATCH, "watch", "finish as counted", at=STARTED, written="DDD",
         replies={"deleted_since": [names(*IDS)]}),
    Case("nothing goes, for a while", Phase.WATCH, "watch", "rest", at={**STARTED, "still_since": NOW}),
    Case("nothing goes any more", Phase.WATCH, "reread", "again", leaves_lane=True, notes=("by_ids",),
         at={**STARTED, "still_since": NOW - 10**6}),
    Case("the deleted list cannot be read now", Phase.WATCH, "watch", "try read", at=STARTED,
         replies={"deleted_since": [BUSY]}),
    Case("nor read at all, and the first is not there", Phase.WATCH, "watch", "rest", written="gpp",
         at={**STARTED, "list_is_over": True, "still_since": NOW}, view=IDS[1:]),
    Case("nor can the records be read now", Phase.WATCH, "watch", "try read", replies={"read": [BUSY]},
         at={**STARTED, "list_is_over": True}),
)  # fmt: skip
SETTLE = (
    Case("the list names them", Phase.SETTLE, "settle", "again", at={**STARTED, "goal": "end"}, written="DDp",
         replies={"deleted_since": [names("101", "102")]}),
    Case("the list cannot be read now", Phase.SETTLE, "settle", "try read", at={**STARTED, "goal": "end"},
         replies={"deleted_since": [BUSY]}),
    Case("what it does not name is read", Phase.SETTLE, "settle", "again", written="FFF",
         at={**STARTED, "goal": "end", "list_is_read": True}),
    Case("records cannot be read now", Phase.SETTLE, "settle", "try read", replies={"read": [BUSY]},
         at={**STARTED, "goal": "end", "list_is_read": True}),
    Case("records may not be read", Phase.SETTLE, "settle", "again", written="UUU",
         at={**STARTED, "goal": "end", "list_is_read": True},
         replies={"read": [error("NO_PERMISSION", 403)]}),
    Case("what is in neither is asked for again", Phase.SETTLE, "settle", "try settle", marks="DDg",
         at={**STARTED, "goal": "end", "list_is_read": True}),
    Case("what is in neither at last is unknown", Phase.SETTLE, "settle", "finish as counted", marks="DDg",
         at={**STARTED, "goal": "end", "list_is_read": True, "last_reading": True}, written="DDU"),
    Case("all have their outcome", Phase.SETTLE, "settle", "finish as counted", marks="DAF",
         at={**STARTED, "goal": "end", "list_is_read": True}),
    Case("the job took as many as it takes at once", Phase.SETTLE, "reread", "again", marks="Dpp",
         leaves_lane=True, notes=("by_ids",),
         at={**STARTED, "goal": "end", "list_is_read": True, "job_total": 50_000, "job_gone": 50_000}),
    Case("nothing was sent, and it is not there", Phase.SETTLE, "settle", "again", marks="ppx", view=IDS[:2],
         at={**ANEW, "goal": "by_ids"}, written="ppA"),
    Case("what left the view has its outcome", Phase.SETTLE, "ids", "again", marks="ppF",
         at={**ANEW, "goal": "by_ids"}, leaves_lane=True),
)  # fmt: skip
LOOK = (
    Case("the first look", Phase.LOOK, "look", "rest", **NEVER, at={"intent_at": NOW - 9, "before": 3}),
    Case("nothing moves", Phase.LOOK, "look", "finish needs_attention OUTCOME_UNKNOWN", **NEVER,
         at={"intent_at": NOW - 9, "before": 3, "seen": {"count": 3, "deleted": 0}, "still_since": 0.0}),
    Case("it was looked at often enough", Phase.LOOK, "look", "finish needs_attention JOB_LOST",
         **NEVER, of=JOB, at={"intent_at": NOW - 9, "before": 3, "looks": 11}),
    Case("it cannot be counted now", Phase.LOOK, "look", "try count", **NEVER, at={"intent_at": NOW - 9},
         replies={"count": [BUSY]}),
    Case("the deleted list cannot be read now", Phase.LOOK, "look", "try read", **NEVER,
         at={"intent_at": NOW - 9}, replies={"deleted_since": [BUSY]}),
)  # fmt: skip
REREAD = (
    Case("nothing has changed", Phase.REREAD, "start", "again", at={**ANEW, "goal": "start"}),
    Case("the same, by ids", Phase.REREAD, "ids", "again", at={**ANEW, "goal": "by_ids"}, leaves_lane=True),
    Case("others came", Phase.REREAD, "ids", "again", at={**ANEW, "goal": "start"}, view=(*IDS, "104"),
         leaves_lane=True, notes=("by_ids",)),
    Case("one has left", Phase.REREAD, "settle", "again", at={**ANEW, "goal": "by_ids"}, view=IDS[:2],
         leaves_lane=True, written="ppx"),
    Case("the view cannot be read now", Phase.REREAD, "reread", "try read", at={**ANEW, "goal": "start"},
         replies={"view_ids": [BUSY]}),
    Case("its token has ended", Phase.REREAD, "reread", "again", replies={"view_ids": [EXPIRED]},
         at={**ANEW, "goal": "start", "page": "200"}),
    Case("the view is gone", Phase.REREAD, "settle", "again", leaves_lane=True, written="xxx",
         at={**ANEW, "goal": "by_ids"}, replies={"view_ids": [error("NO_PERMISSION", 403)]}),
)  # fmt: skip
ALL = (*BEGIN, *COUNT, *LIST, *CHECK, *LANE, *START, *RUN, *WATCH, *SETTLE, *LOOK, *REREAD)


def prepared(case: Case) -> Case:
    """Stored progress holds plain values; a case may name them so."""
    at = dict(case.at)
    if isinstance(at.get("goal"), str):
        at["goal"] = Goal(at["goal"])
    if isinstance(at.get("seen"), dict):
        at["seen"] = ViewCounts(**at["seen"])
    return replace(case, at=at)
