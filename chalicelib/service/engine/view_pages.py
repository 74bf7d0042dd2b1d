"""One page of a custom view's records, for every reader of views: what an answer means is decided here."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.ids import is_record_id
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.zoho_port import Zoho

#: Records of a view's page: the most that Zoho gives.
PER_PAGE = 200
#: The most records of a view that Zoho lists. A larger one can never be read to its end.
MOST_LISTED = 100_000
#: How often one reading may begin anew. A token is good for a day, so a reading that needs more never ends.
MOST_RESTARTS = 3


@dataclass(frozen=True, slots=True)
class ViewPage:
    """`ids`: of the page's records, in Zoho's order. `following`: the token of the page to read next, None
    where this was the last. `date`: Zoho's clock when it answered, seconds since the epoch, where it told.
    """

    ids: tuple[str, ...]
    following: str | None
    date: float | None = None


def view_page(
    zoho: Zoho, module: str, cvid: str, token: str | None, per_page: int = PER_PAGE
) -> ViewPage | Judgement:
    """The page named by `token` (None: the first one); a Judgement where Zoho did not give it.

    Its verdict says how to go on: READ_ANEW, with the first page and without the ids read so far (at most
    MOST_RESTARTS times; never said of a first page); TOO_LONG, the view holds more than Zoho lists, so end at
    once; FAIL, end at once; anything else, ask for the same page later (engine.waiting).
    """
    reply = zoho.view_ids(module, cvid, token, per_page)
    judged = judge_call(CallKind.LIST, reply)
    if judged.verdict is Verdict.ANSWERED:
        return _page(reply, token)
    return _refused(judged, token)


def _refused(judged: Judgement, token: str | None) -> Judgement:
    """Of a later page INVALID_DATA may speak of its token, or of the view: the first page tells which."""
    if token is None:
        if judged.verdict is Verdict.READ_ANEW:
            return Judgement(Verdict.RETRY, judged.code, judged.message)
    elif judged.verdict is Verdict.FAIL and judged.code == "INVALID_DATA":
        return Judgement(Verdict.READ_ANEW, judged.code, judged.message)
    return judged


def _page(reply: Reply, token: str | None) -> ViewPage | Judgement:
    """The page in an answer that could be read. Only Zoho's word that there are no more ends a view."""
    ids = tuple(item.id for item in reply.items if item.id is not None)
    info = (reply.body or {}).get("info")
    more = info.get("more_records") if isinstance(info, dict) else None
    if not all(map(is_record_id, ids)):
        return _unexpected("ids that cannot be ones")
    if not isinstance(info, dict) or not isinstance(more, bool):
        return _unexpected("it does not say whether there are more records")
    if not more:
        return ViewPage(ids, None, reply.date)
    following = info.get("next_page_token")
    if not isinstance(following, str) or not following or following == token:
        return _unexpected("more records, and no name of their page")
    if not ids:
        return _unexpected("more records, and none on this page")
    return ViewPage(ids, following, reply.date)


def _unexpected(why: str) -> Judgement:
    return Judgement(Verdict.RETRY, "UNEXPECTED_ANSWER", why)
