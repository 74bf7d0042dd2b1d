"""The judge over whole calls: what an answer means before, or without, looking at single ids. Pure.

Two rules stand above the table. What we do not know never counts as success: it is kept, shown and asked for
again. And a view's mass delete, which must not run twice, is only sent again after a refusal that could be
read, a 429, or a request that never left; whatever else came back leaves its outcome unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chalicelib.domain.zoho.judge_items import speaks_of
from chalicelib.domain.zoho.lookup import find
from chalicelib.domain.zoho.reply import DESTRUCTIVE, CallKind, Item, Reply
from chalicelib.domain.zoho.verdict import OF_ONE_ID, Judgement, Verdict

#: Zoho's words for a mass delete by view in a lower edition; the code that comes with them is not documented.
_EDITION = "not available in your edition"
_TOO_LONG = frozenset({413, 414})
_JOB_ID = re.compile(r"[0-9]{1,32}", re.ASCII)


def judge_call(kind: CallKind, reply: Reply, ids: Sequence[str] = ()) -> Judgement:
    """What the answer to one call means as a whole. `ids`: those that it was sent for.

    ANSWERED: `judge_items` has a verdict for each id (a read: the answer can be used). Of the verdicts about
    one id only RETRY_SLOWLY is given here, and for a view only.
    """
    if not reply.sent:
        return _unsent(reply)
    if reply.status is None:
        return _lost(kind, "NO_ANSWER", reply.failure)
    if kind is CallKind.MASS_DELETE_VIEW and started_job(reply):
        return Judgement(Verdict.STARTED, "SUCCESS")
    if speaks_of(kind, reply, ids) if kind in DESTRUCTIVE else _is_read(kind, reply):
        return Judgement(Verdict.ANSWERED, "SUCCESS")
    said = _said(reply)
    if said and said[0].code:
        return _by_code(kind, reply.status, said[0], len(ids))
    return _by_status(kind, reply.status, len(ids))


def started_job(reply: Reply) -> str | None:
    """The id of the job that a view's mass delete started, as a string; None where the answer names none."""
    for item in _said(reply):
        job = item.details.get("job_id")
        text = str(job) if isinstance(job, (str, int)) and not isinstance(job, bool) else ""
        if item.ok and item.code in ("SUCCESS", "SCHEDULED") and _JOB_ID.fullmatch(text):
            return text
    return None


def counted(reply: Reply) -> int | None:
    """The number in a COUNT's answer, sent as an integer or as digits; None where there is none."""
    count = reply.body.get("count") if reply.body and reply.status == 200 else None
    return whole_number(count)


def whole_number(value: object) -> int | None:
    """A number of records, sent as an integer or as digits; None for anything else, and for what no org
    has.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 10**18 else None


def _said(reply: Reply) -> tuple[Item, ...]:
    """What the answer says of the call: the bare error, else the items."""
    return (reply.error,) if reply.error else reply.items


def _unsent(reply: Reply) -> Judgement:
    """Nothing reached the CRM: no connection, no time, or no token (the token endpoint's code tells)."""
    item = reply.error
    if item is None:
        return Judgement(Verdict.RETRY, "NOT_SENT", reply.failure)
    row = find(item.code, CallKind.TOKEN)
    verdict = row.verdict if row else Verdict.RETRY
    if verdict not in (Verdict.WAIT_TOKEN, Verdict.WAIT_CREDENTIALS):
        verdict = Verdict.RETRY
    return Judgement(verdict, item.code, item.message)


def _lost(kind: CallKind, code: str, message: str) -> Judgement:
    """No usable answer: of a read nothing is lost; anything that changes Zoho may have done so."""
    return Judgement(Verdict.UNKNOWN if kind in DESTRUCTIVE else Verdict.RETRY, code, message)


def _is_read(kind: CallKind, reply: Reply) -> bool:
    """Can the answer to a call that changes nothing be used?"""
    if reply.error or reply.status not in (200, 204):
        return False
    if kind is CallKind.COUNT:
        return counted(reply) is not None
    return reply.status == 204 or reply.body is not None


def _throttled(kind: CallKind) -> Verdict:
    return Verdict.WAIT_TOKEN if kind is CallKind.TOKEN else Verdict.WAIT_CREDITS


def _by_code(kind: CallKind, status: int, item: Item, asked: int) -> Judgement:
    """The verdict from a code that is about the whole call."""
    code, message = item.code, item.message
    if kind is CallKind.MASS_DELETE_VIEW and _EDITION in message.lower():
        return Judgement(Verdict.FAIL, "NOT_IN_EDITION", message)
    if item.ok:
        return _lost(kind, "UNEXPECTED_ANSWER", message)
    if status >= 500 or status == 408:
        return _lost(kind, code, message)
    if status == 404 and kind is CallKind.JOB_STATUS:
        return Judgement(Verdict.GONE, code, message)
    if status == 429:
        return Judgement(_throttled(kind), code, message)
    row = find(code, kind)
    if row is None:
        return _unknown_code(kind, status, item)
    return Judgement(_of_call(kind, status, item, row.verdict, asked), code, message)


def _unknown_code(kind: CallKind, status: int, item: Item) -> Judgement:
    """A 4xx with a code is a refusal even if the code is new: not processed. Anything else may have run."""
    if status == 401:
        return Judgement(Verdict.WAIT_CREDENTIALS, item.code, item.message)
    if 400 <= status < 500:
        return Judgement(Verdict.RETRY, item.code, item.message)
    return _lost(kind, item.code, item.message)


def _of_call(kind: CallKind, status: int, item: Item, verdict: Verdict, asked: int) -> Verdict:
    """A row's verdict, turned into one about the whole call."""
    if verdict not in OF_ONE_ID:
        return verdict
    if kind is CallKind.MASS_DELETE_VIEW:
        return verdict if verdict is Verdict.RETRY_SLOWLY else Verdict.FAIL
    index = item.details.get("resource_path_index")
    if index == 0:
        return Verdict.FAIL  # the module, not an id
    if verdict is Verdict.ABSENT and (status == 404 or index in (1, 2)):
        return Verdict.FAIL  # the parent record or its related list, not the link
    return Verdict.ANSWERED if asked == 1 else Verdict.SPLIT


def _by_status(kind: CallKind, status: int, asked: int) -> Judgement:
    """The verdict from an answer without a code: the HTTP status is all there is."""
    message = f"HTTP {status}"
    redirected = 300 <= status < 400
    if status == 429:
        return Judgement(_throttled(kind), "TOO_MANY_REQUESTS", message)
    if status == 404 and kind is CallKind.JOB_STATUS:
        return Judgement(Verdict.GONE, "NOT_FOUND", message)
    if kind is CallKind.MASS_DELETE_VIEW:
        return Judgement(Verdict.UNKNOWN, "REDIRECTED" if redirected else "UNREADABLE_ANSWER", message)
    if redirected:
        # The request was to be made elsewhere, so it was not carried out here. It may be a page shown during
        # maintenance, so it is tried again until the give-up time and does not fail at once.
        return Judgement(Verdict.RETRY, "REDIRECTED", message)
    if status == 401:
        return Judgement(Verdict.WAIT_CREDENTIALS, "AUTHENTICATION_FAILURE", message)
    if status in _TOO_LONG and asked > 1:
        return Judgement(Verdict.SPLIT, "UNREADABLE_ANSWER", message)
    if 400 <= status < 500 and status != 408:
        return Judgement(Verdict.RETRY, "UNREADABLE_ANSWER", message)
    return _lost(kind, "UNREADABLE_ANSWER", message)
