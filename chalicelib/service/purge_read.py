"""One page of what a policy selects: of a custom view, or of a query over fields."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain import coql
from chalicelib.domain.by_policy import Progress
from chalicelib.domain.policy import Selection
from chalicelib.domain.reply import CallKind, Reply
from chalicelib.domain.verdicts import Judgement, Verdict, judge_call
from chalicelib.service.run import Run

#: Rows of a query's page: what Zoho takes from v4 on, and before.
ROWS, ROWS_OF_OLD = 2000, 200
_OLD = frozenset({"v2", "v3"})
#: Records of a view's page.
PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Ids in the order that Zoho gives them, where the reading stands then, and whether that was all."""

    ids: tuple[str, ...]
    then: Progress
    last: bool


def read_page(run: Run, selection: Selection, progress: Progress) -> Page | Judgement:
    """Read the next page; a Judgement where Zoho does not give it.

    What is older than a span is older than it was when the run was ordered, however long the reading takes.
    Raises what Run.zoho raises.
    """
    if selection.view is not None:
        reply = run.zoho.view_ids(run.deletion.request.module, selection.view, progress.token, PER_PAGE)
        return _view_page(run, reply, progress)
    zoho = run.zoho
    rows = ROWS_OF_OLD if zoho.org.api_version in _OLD else ROWS
    criteria = selection.criteria(run.deletion.created_at)
    reply = zoho.coql(coql.select(run.deletion.request.module, criteria, progress.last, rows))
    return _query_page(run, reply, progress, rows)


def _ids(run: Run, reply: Reply) -> tuple[str, ...] | Judgement:
    run.spent([reply])
    judged = judge_call(CallKind.READ, reply)
    if judged.verdict is not Verdict.ANSWERED:
        return judged
    return tuple(item.id for item in reply.items if item.id is not None)


def _view_page(run: Run, reply: Reply, progress: Progress) -> Page | Judgement:
    ids = _ids(run, reply)
    if isinstance(ids, Judgement):
        return ids
    info = (reply.body or {}).get("info")
    more = isinstance(info, dict) and info.get("more_records") is True
    token = info.get("next_page_token") if isinstance(info, dict) and more else None
    if more and not isinstance(token, str):
        return Judgement(Verdict.RETRY, "UNEXPECTED_ANSWER", "more records, and no name of their page")
    return Page(ids, replace(progress, token=token), last=not more)


def _query_page(run: Run, reply: Reply, progress: Progress, rows: int) -> Page | Judgement:
    ids = _ids(run, reply)
    if isinstance(ids, Judgement):
        return ids
    newest = max(ids, key=int) if ids and all(map(str.isdigit, ids)) else None
    if ids and (newest is None or (progress.last is not None and int(newest) <= int(progress.last))):
        return Judgement(Verdict.RETRY, "UNEXPECTED_ANSWER", "ids that were not asked for")
    # A page that is not full may still not be the last one: only Zoho's word, or an empty page, ends it.
    info = (reply.body or {}).get("info")
    more = info.get("more_records") is True if isinstance(info, dict) else len(ids) == rows
    return Page(ids, replace(progress, last=newest or progress.last), last=not (ids and more))
