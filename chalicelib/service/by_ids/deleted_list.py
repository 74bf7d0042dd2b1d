"""Looks for records that a read does not find in the module's deleted list, within a small budget of pages.

A read finds nothing also where the record is there and the user may not see it. What the list names was
deleted. What it does not name, within the budget, keeps its outcome and a code that says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from chalicelib.domain.by_ids import IdsProgress
from chalicelib.domain.zoho.deleted_list import has_more, times_of
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.engine.step import Slice

#: Pages of 200 entries (2 credits each) that one deletion reads of the list, at most.
MOST_PAGES = 3
#: Zoho keeps what was deleted for 60 days in its recycle bin; what went before that is looked for no more.
KEPT_SECONDS = 60 * 86_400.0


def look(
    work: Slice, progress: IdsProgress, *, ours: Collection[str], others: Collection[str], began: float
) -> tuple[dict[str, float], IdsProgress]:
    """When the records were deleted, of those that the list names; and the progress with the pages read.

    `ours`: records that may have gone by this deletion, so that the list since it `began` is enough.
    `others`: records that were gone before.
    """
    found: dict[str, float] = {}
    for wanted, since in ((ours, began), (others, work.now - KEPT_SECONDS)):
        page = 1
        while progress.list_pages < MOST_PAGES and set(wanted) - found.keys():
            reply = work.zoho.deleted_since(work.deletion.request.module, since, page)
            if judge_call(CallKind.DELETED_LIST, reply).verdict is not Verdict.ANSWERED:
                return found, replace(progress, list_pages=MOST_PAGES)
            progress = replace(progress, list_pages=progress.list_pages + 1)
            found |= times_of(reply.body)
            if not has_more(reply.body):
                break
            page += 1
    return found, progress
