"""Reads of one record and of what belongs to it, where nothing may be taken for read that was not shown."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.person.identity import Record
from chalicelib.domain.zoho import rows
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.rows import Row
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.engine.step import Slice

#: Pages of one related list that are read.
MOST_PAGES = 10


class NotNow(Exception):
    """A read was not answered; the step is taken anew, or what it was about fails."""

    def __init__(self, judged: Judgement, reply: Reply) -> None:
        super().__init__(judged.code)
        self.judged, self.reply = judged, reply


def record(work: Slice, wanted: Record) -> Row | None:
    """The record with all its fields, None where it is not there. Raises NotNow."""
    reply = work.zoho.read_record(wanted.module, wanted.id)
    answered(CallKind.READ, reply)
    return next(iter(rows.listed(reply.body).rows), None)


def values(work: Slice, module: str, ids: Sequence[str], columns: Sequence[str]) -> tuple[Row, ...]:
    """Those of the records that are there, with these fields. Raises NotNow."""
    reply = work.zoho.read_values(module, ids, columns)
    answered(CallKind.READ, reply)
    return rows.listed(reply.body).rows


def listed(work: Slice, of: Record, related_list: str, columns: Sequence[str] = ()) -> list[Row]:
    """The rows of a related list with these fields beside the id, of MOST_PAGES pages. Raises NotNow."""
    found: list[Row] = []
    for page in range(1, MOST_PAGES + 1):
        reply = work.zoho.related(of.module, of.id, related_list, page, columns)
        answered(CallKind.RELATED, reply)
        listing = rows.listed(reply.body)
        found += listing.rows
        if not listing.more:
            break
    return found


def answered(kind: CallKind, reply: Reply) -> None:
    """Raises NotNow for what is no answer, a refusal too: nothing is known of what was not shown."""
    judged = judge_call(kind, reply)
    if judged.verdict is not Verdict.ANSWERED:
        raise NotNow(judged, reply)
