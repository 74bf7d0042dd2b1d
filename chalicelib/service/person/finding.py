"""Finds the person: asks each module for every value, by Search and by COQL, several questions at once.

Every hit's own values are compared (domain/person/matching.py); what Zoho finds by a part of a value is no
hit. What cannot be reached is kept with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.person import asking
from chalicelib.domain.person.asking import Question
from chalicelib.domain.person.guests import EVENTS, guest_places
from chalicelib.domain.person.hits import Hit, merged
from chalicelib.domain.person.identity import Record, identity_of
from chalicelib.domain.person.matching import Wanted, matches
from chalicelib.domain.person.metadata import Module
from chalicelib.domain.person.out_of_reach import (
    NO_LINKS,
    NO_SEARCH,
    NOT_READABLE,
    NOT_SHOWN,
    TOO_MANY,
    Unreached,
)
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.zoho import rows
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.rows import Row
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Commit, Slice, Step, TryAgain
from chalicelib.service.person import ending, stored
from chalicelib.service.person.clocks import READ
from chalicelib.service.zoho_port import Zoho

#: What a row of an answer is: a hit, or nothing.
Compare = Callable[[Question, Row], Hit | None]
#: Calls that one step makes before it is stored how far they got.
CALLS_A_STEP = 20


def kept(work: Slice, progress: ErasureProgress) -> Deletion:
    """The deletion with its new progress."""
    return replace(work.deletion, progress=progress.to_json(), updated_at=work.now)


def goes_on(work: Slice) -> bool:
    """May a step that has asked Zoho before ask for more? Not where only credits are left that are kept."""
    return work.now < work.until and not work.reserved


def not_read(work: Slice, progress: ErasureProgress, judged: Judgement, reply: Reply) -> Commit:
    """A read was not answered: it is tried again, or the erasure ends where Zoho will not answer at all.

    Zoho's words are not kept: they may repeat what was asked for.
    """
    noted = replace(progress, code=judged.code, message="")
    if judged.verdict in NOT_NOW:
        return Commit(kept(work, noted), TryAgain(READ, judged.verdict, judged.code, reply.retry_after))
    return ending.failed(work, noted, judged.code)


@dataclass
class _Found:
    """What a step has found. `trouble`: what kept it from going on."""

    hits: dict[Record, Hit] = field(default_factory=dict)
    unreached: list[Unreached] = field(default_factory=list)
    trouble: tuple[Judgement, Reply] | None = None


def search(work: Slice, progress: ErasureProgress) -> Step:
    """Ask the next questions; behind the last one the named records are read."""
    known = stored.known(work)
    wanted = stored.wanted_of(work, known.person_map, work.phones)
    identity = identity_of(work.deletion.request.identity)
    questions = asking.questions(known.modules.values(), identity, wanted, work.phones)

    def compared(question: Question, row: Row) -> Hit | None:
        return own_hit(work, known.modules, wanted, Record(question.module, row.id), row.values)

    return asked(work, progress, questions, compared, Phase.NAMED)


def own_hit(
    work: Slice, modules: Mapping[str, Module], wanted: Wanted, record: Record, values: Mapping[str, object]
) -> Hit | None:
    """The hit that the record is by its own values; None where it holds none of the person's."""
    found = matches(values, modules[record.module].identifying, wanted, work.phones)
    guest = guest_places(values, wanted) if record.module == EVENTS else ()
    return Hit(record, found, guest=guest) if found or guest else None


def asked(
    work: Slice,
    progress: ErasureProgress,
    questions: list[Question],
    compared: Compare,
    following: Phase,
) -> Step:
    """Ask some of the questions from where the progress is, and keep what `compared` makes of their rows."""
    found, after, left = _Found(stored.hits(work, progress)), progress, CALLS_A_STEP
    while left > 0 and after.at < len(questions) and found.trouble is None:
        if left < CALLS_A_STEP and not goes_on(work):
            break
        wave = _wave(work, after, questions, left)
        left -= len(wave)
        after = _asked_at_once(work, after, wave, compared, found)
        if len(found.hits) > stored.MOST_HITS:
            return ending.too_many(work, after, len(found.hits))
    parts = stored.hit_parts(found.hits.values())
    after = replace(after, hit_parts=len(parts)).without_reach(*found.unreached)
    if found.trouble is not None:
        return replace(not_read(work, after, *found.trouble), parts=parts)
    made = after.at
    if after.at >= len(questions):
        after = after.on_to(following)
    deletion = kept(work, after)
    if progress.phase is Phase.SEARCH:
        search = {"calls": len(questions), "made": made}
        deletion = replace(deletion, erasure={**deletion.erasure, "search": search})
    return Commit(deletion, parts=parts, running="", proven=True, succeeded=READ)


def _wave(
    work: Slice, progress: ErasureProgress, questions: Sequence[Question], most: int
) -> Sequence[Question]:
    """The next questions, as many as may be asked at the same time; a further page is asked for alone."""
    more = progress.page > 1 or progress.after is not None
    width = 1 if more else min(work.width, most)
    return questions[progress.at : progress.at + width]


def _asked_at_once(
    work: Slice, progress: ErasureProgress, wave: Sequence[Question], compared: Compare, found: _Found
) -> ErasureProgress:
    """A page of each question; the progress behind them. Behind one that was not answered, or that has more
    pages, the others are asked again.
    """
    zoho = work.zoho
    replies = parallel.all_at_once([partial(_ask, zoho, progress, each) for each in wave])
    after = progress
    for question, reply in zip(wave, replies, strict=True):
        before = after.at
        after = _taken(after, question, reply, compared, found)
        if after.at == before:
            break
    return after


def _ask(zoho: Zoho, progress: ErasureProgress, question: Question) -> Reply:
    """One page of one question."""
    if question.search is not None:
        return zoho.search(question.module, question.search, progress.page)
    assert question.selection is not None  # noqa: S101  (a question is one of the two)
    return zoho.select(replace(question.selection, after=progress.after))


def _taken(
    progress: ErasureProgress, question: Question, reply: Reply, compared: Compare, found: _Found
) -> ErasureProgress:
    """The progress behind one answer; what it says is kept in `found`."""
    kind = CallKind.SEARCH if question.search is not None else CallKind.SELECT
    judged = judge_call(kind, reply)
    if judged.verdict in NOT_NOW:
        found.trouble = judged, reply
        return replace(progress, code=judged.code)
    following = replace(progress, at=progress.at + 1, page=1, after=None)
    if judged.verdict is not Verdict.ANSWERED:
        found.unreached += _refused(question, judged)
        return following
    listing = rows.listed(reply.body)
    for row in listing.rows:
        hit = compared(question, row)
        if hit is not None:
            found.hits = merged([*found.hits.values(), hit])
    if not listing.more or not listing.rows:
        return following
    if question.search is not None:
        return replace(progress, page=progress.page + 1)
    last = listing.rows[-1].id
    if progress.after is not None and int(last) <= int(progress.after):
        # A page that does not go on would be asked for without end.
        found.unreached.append(Unreached(TOO_MANY, question.module))
        return following
    return replace(progress, after=last)


def _refused(question: Question, judged: Judgement) -> list[Unreached]:
    """What a refusal means: COQL is one way of two, what Search refuses is not reached as a whole."""
    if judged.verdict is Verdict.TOO_LONG:
        return [Unreached(TOO_MANY, question.module)]
    if judged.code in ("NO_PERMISSION", "AUTHORIZATION_FAILED", "OAUTH_SCOPE_MISMATCH"):
        return [Unreached(NOT_READABLE, question.module)]
    if question.to:
        return [Unreached(NO_LINKS, question.module)]
    return [Unreached(NO_SEARCH, question.module)] if question.search is not None else []


def named(work: Slice, progress: ErasureProgress) -> Step:
    """Read the records that the request names by their ids, with the values by which they may match too."""
    known = stored.known(work)
    wanted = stored.wanted_of(work, known.person_map, work.phones)
    found, unreached = stored.hits(work, progress), []
    for record, places in wanted.records.items():
        module = known.modules.get(record.module)
        columns = asking.read_columns(module) if module is not None and module.readable else ()
        reply = work.zoho.read_values(record.module, [record.id], columns or asking.ANY_COLUMN)
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict in NOT_NOW:
            return not_read(work, progress, judged, reply)
        there = rows.listed(reply.body).rows if judged.verdict is Verdict.ANSWERED else ()
        if judged.verdict is not Verdict.ANSWERED:
            unreached.append(Unreached(NOT_READABLE, record.module))
        if not there and not progress.verifying:  # behind the last step those that went are not there
            unreached += [Unreached(NOT_SHOWN, record.module, place) for place in places]
        for row in there:
            own = matches(row.values, module.identifying, wanted, work.phones) if module is not None else ()
            found = merged([*found.values(), Hit(record, own, places)])
    parts = stored.hit_parts(found.values())
    after = replace(progress, hit_parts=len(parts)).without_reach(*unreached)
    after = after.on_to(Phase.VERIFY if progress.verifying else Phase.LINKS)
    return Commit(kept(work, after), parts=parts, running="", proven=True, succeeded=READ)
