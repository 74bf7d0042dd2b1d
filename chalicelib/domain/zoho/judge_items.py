"""The judge over single ids: what an answer says of each id that was asked for. Pure.

Matched by `details.id`, never by position: Zoho does not keep the order.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.zoho.lookup import find
from chalicelib.domain.zoho.reply import CallKind, Item, Reply
from chalicelib.domain.zoho.verdict import OF_ONE_ID, Judgement, Verdict

#: Verdicts that only a success can have.
_DONE = frozenset({Verdict.DELETED, Verdict.CHANGED, Verdict.RESTORED, Verdict.SCHEDULED})
#: Calls for one record, whose answer is about nothing else.
_OF_ONE_RECORD = frozenset({CallKind.UPDATE, CallKind.DELETE_ATTACHMENT, CallKind.DELETE_PHOTO})
#: Zoho's words for an id that cannot be one. The code alone does not tell it from a record that is gone.
_MALFORMED = frozenset({"invalid record id", "either the request body or parameters is in wrong format"})


def judge_items(kind: CallKind, reply: Reply, ids: Sequence[str]) -> dict[str, Judgement]:
    """A verdict for each of `ids`; those that the answer does not speak of get REPEAT.

    Only verdicts about one id. A bare error counts for the id of a call for one, and for no id of a call for
    several: there `judge_call` says what to do.
    """
    told = _told(kind, reply, ids)
    common = _scheduled(kind, reply, ids) or _meant_for([o for o in ids if o not in told], reply, len(ids))
    silent = Judgement(Verdict.REPEAT, "UNEXPECTED_ANSWER" if reply.items else "NO_ANSWER")
    found = {}
    for one in ids:
        mine = told.get(one) or ([common] if common else [])
        if not mine:
            found[one] = silent
        elif any(other.code != mine[0].code for other in mine):
            found[one] = Judgement(Verdict.REPEAT, "UNEXPECTED_ANSWER", "two answers for one id")
        else:
            found[one] = _judge_item(kind, mine[0])
    return found


def speaks_of(kind: CallKind, reply: Reply, ids: Sequence[str]) -> bool:
    """Does the answer say something about single ids of ours, rather than about the call?"""
    told = _told(kind, reply, ids)
    if any(one in told for one in ids) or _scheduled(kind, reply, ids) is not None:
        return True
    return len(reply.items) > 1 and _meant_for(ids, reply, len(ids)) is not None


def _told(kind: CallKind, reply: Reply, ids: Sequence[str]) -> dict[str, list[Item]]:
    """The items by the id that they are about."""
    if kind is CallKind.DELETE_EXTERNAL and len(ids) == 1 and len(reply.items) == 1 and reply.items[0].id:
        return {ids[0]: list(reply.items)}  # asked for by an external id, answered with the record's own
    if kind in _OF_ONE_RECORD and len(ids) == len(reply.items) == 1 and _needs_no_id(kind, reply.items[0]):
        return {ids[0]: list(reply.items)}
    told: dict[str, list[Item]] = {}
    for item in reply.items:
        if item.id is not None:
            told.setdefault(item.id, []).append(item)
    return told


def _needs_no_id(kind: CallKind, item: Item) -> bool:
    """A refusal names the field and not the record, a photo's success names neither. Any other success has to
    name what it is about.
    """
    return item.id is None and (kind is CallKind.DELETE_PHOTO or not item.ok)


def _scheduled(kind: CallKind, reply: Reply, ids: Sequence[str]) -> Item | None:
    """That Zoho does the whole call later: one item, which names none of the ids."""
    row = find("SCHEDULED", kind)
    later = (item for item in reply.items if item.ok and item.code == "SCHEDULED" and item.id not in ids)
    return next(later, None) if row is not None else None


def _meant_for(rest: Sequence[str], reply: Reply, asked: int) -> Item | None:
    """The error that must be meant for each of `rest`, the ids that no item names; None where that is open.

    It is sure where the call was for one id, or where as many items without an id as ids are left hold one
    error, the same in all.
    """
    if reply.error:
        return reply.error if asked == 1 else None
    nameless = [item for item in reply.items if item.id is None]
    if not nameless or len(nameless) != len(rest) or any(item.ok for item in nameless):
        return None
    return nameless[0] if len({item.code for item in nameless}) == 1 else None


def _judge_item(kind: CallKind, item: Item) -> Judgement:
    """The verdict for one id from what was said about it. A code that belongs to calls leaves the id open."""
    row = find(item.code, kind)
    verdict = row.verdict if row else Verdict.REPEAT
    malformed = verdict is Verdict.CHECK_GONE and item.message.strip().lower() in _MALFORMED
    if item.ok != (verdict in _DONE):
        verdict = Verdict.REPEAT  # a success with an error's code, or the other way round
    elif malformed or verdict is Verdict.FAIL:
        verdict = Verdict.FAILED
    elif verdict not in OF_ONE_ID:
        verdict = Verdict.REPEAT
    return Judgement(verdict, item.code, item.message)
