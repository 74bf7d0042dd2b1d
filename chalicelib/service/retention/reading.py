"""One page of what a policy selects: of a custom view, or of a query over fields."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain import modules
from chalicelib.domain.ids import is_record_id
from chalicelib.domain.retention import coql
from chalicelib.domain.retention.by_policy import RunProgress
from chalicelib.domain.retention.selection import Selection
from chalicelib.domain.retention.zones import UTC_NAME
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.engine import view_pages
from chalicelib.service.engine.step import Slice
from chalicelib.service.zoho_port import Zoho

#: Rows of a query's page: what Zoho takes from v4 on, and before.
ROWS, ROWS_OF_OLD = 2000, 200
_OLD = frozenset({"v2", "v3"})
#: The one module with records that were converted, and how many of them are asked for in one call.
LEADS = "Leads"
_AT_ONCE = BATCH_LIMIT[CallKind.READ]


@dataclass(frozen=True, slots=True)
class SelectionPage:
    """Ids in the order that Zoho gives them, where the reading stands then, and whether that was all."""

    ids: tuple[str, ...]
    then: RunProgress
    last: bool


def read_page(work: Slice, selection: Selection, progress: RunProgress) -> SelectionPage | Judgement:
    """Read the next page; a Judgement where Zoho does not give it (its verdicts:
    engine.view_pages.view_page).

    What is older than a span is older than it was when the run was stored, however long the reading takes.
    Raises what Slice.zoho raises.
    """
    zoho = work.zoho
    if selection.view is not None:
        return _view_page(zoho, work.deletion.request.module, selection.view, progress)
    rows = ROWS_OF_OLD if zoho.org.api_version in _OLD else ROWS
    criteria = selection.criteria(work.deletion.created_at, work.deletion.request.time_zone or UTC_NAME)
    reply = zoho.coql(coql.select(work.deletion.request.module, criteria, progress.last, rows))
    page = _query_page(reply, progress, rows)
    if isinstance(page, Judgement) or modules.canonical(work.deletion.request.module) != LEADS:
        return page
    return _without_converted(zoho, page)


def _without_converted(zoho: Zoho, page: SelectionPage) -> SelectionPage | Judgement:
    """The page without converted leads, which Zoho does not delete: a query lists them all the same."""
    out: set[str] = set()
    for start in range(0, len(page.ids), _AT_ONCE):
        some = page.ids[start : start + _AT_ONCE]
        reply = zoho.converted(LEADS, some)
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict in NOT_NOW:
            return judged
        out |= {item.id for item in reply.items if item.id is not None}
    left = tuple(one for one in page.ids if one not in out)
    then = replace(page.then, converted=page.then.converted + len(page.ids) - len(left))
    return SelectionPage(left, then, page.last)


def _view_page(zoho: Zoho, module: str, view: str, progress: RunProgress) -> SelectionPage | Judgement:
    page = view_pages.view_page(zoho, module, view, progress.token)
    if isinstance(page, Judgement):
        return page
    return SelectionPage(page.ids, replace(progress, token=page.following), last=page.following is None)


def _query_page(reply: Reply, progress: RunProgress, rows: int) -> SelectionPage | Judgement:
    judged = judge_call(CallKind.READ, reply)
    if judged.verdict is not Verdict.ANSWERED:
        return judged
    ids = tuple(item.id for item in reply.items if item.id is not None)
    newest = max(ids, key=int) if ids and all(map(is_record_id, ids)) else None
    if ids and (newest is None or (progress.last is not None and int(newest) <= int(progress.last))):
        return Judgement(Verdict.RETRY, "UNEXPECTED_ANSWER", "ids that were not asked for")
    # A page that is not full may still not be the last one: only Zoho's word, or an empty page, ends it.
    info = (reply.body or {}).get("info")
    more = info.get("more_records") is True if isinstance(info, dict) else len(ids) == rows
    return SelectionPage(ids, replace(progress, last=newest or progress.last), last=not (ids and more))
