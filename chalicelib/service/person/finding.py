"""Finds the person: reads the org's modules, then asks each of them for every value, by Search and by COQL.

Every hit's own values are compared (domain/person/matching.py); what Zoho finds by a part of a value is no
hit. What cannot be reached is kept with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.person import asking
from chalicelib.domain.person.asking import Question
from chalicelib.domain.person.hits import Hit, merged
from chalicelib.domain.person.identity import Record, identity_of
from chalicelib.domain.person.matching import Wanted, matches
from chalicelib.domain.person.metadata import Module, by_name, fields_that_matter, listed
from chalicelib.domain.person.out_of_reach import NO_SEARCH, NOT_READABLE, TOO_MANY, Unreached, by_metadata
from chalicelib.domain.person.person_map import PersonMap, default, person_map_of
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.zoho import rows
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.metadata import fields_of, modules_of
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.rows import Row
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.engine.step import Commit, Slice, Step, TryAgain
from chalicelib.service.person import ending, stored
from chalicelib.service.person.clocks import READ
from chalicelib.service.person.stored import Known

#: What a row of an answer is: a hit, or nothing.
Compare = Callable[[Question, Row], Hit | None]
#: Calls that one step makes before it is stored how far they got.
CALLS_A_STEP = 20


def modules(work: Slice, progress: ErasureProgress) -> Step:
    """Read the org's modules and the fields of each; keep what matters, for the org too."""
    reply = work.zoho.modules()
    judged = judge_call(CallKind.METADATA, reply)
    if judged.verdict is not Verdict.ANSWERED:
        return not_read(work, progress, judged, reply)
    found: list[Module] = []
    for module in listed(modules_of(reply.body)):
        if not module.readable:
            found.append(module)
            continue
        reply = work.zoho.fields(module.name)
        judged = judge_call(CallKind.METADATA, reply)
        if judged.verdict in NOT_NOW:
            return not_read(work, progress, judged, reply)
        told = fields_of(reply.body) if judged.verdict is Verdict.ANSWERED else ()
        # A module of which no field is told cannot be searched: it is named, not passed over.
        found.append(replace(module, readable=bool(told), fields=fields_that_matter(told)))
    return _known(work, progress, found)


def _known(work: Slice, progress: ErasureProgress, found: list[Module]) -> Step:
    put = work.ledger.person_map(work.deletion.request.org)
    person_map: PersonMap = person_map_of(put) if put is not None else default(found)
    phones = bool(identity_of(work.deletion.request.identity).phones)
    unreached = by_metadata(found, phones=phones, region=person_map.region)
    after = progress.on_to(Phase.SEARCH).without_reach(*unreached)
    known = Known(by_name(found), person_map)
    return Commit(
        kept(work, after),
        parts=(known.part(),),
        org_modules=tuple(each.to_json() for each in found),
        running="looking for the person",
        proven=True,
        succeeded=READ,
    )


def kept(work: Slice, progress: ErasureProgress) -> Deletion:
    """The deletion with its new progress."""
    return replace(work.deletion, progress=progress.to_json(), updated_at=work.now)


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
    sought = stored.sought(work, known.person_map, work.phones)
    identity = identity_of(work.deletion.request.identity)
    questions = asking.questions(known.modules.values(), identity, sought, work.phones)

    def compared(question: Question, row: Row) -> Hit | None:
        return own_hit(work, known.modules, sought, Record(question.module, row.id), row.values)

    return asked(work, progress, questions, compared, Phase.NAMED)


def own_hit(
    work: Slice, modules: Mapping[str, Module], sought: Wanted, record: Record, values: Mapping[str, object]
) -> Hit | None:
    """The hit that the record is by its own values; None where it holds none of the person's."""
    found = matches(values, modules[record.module].identifying, sought, work.phones)
    return Hit(record, found) if found else None


def asked(
    work: Slice,
    progress: ErasureProgress,
    questions: list[Question],
    compared: Compare,
    following: Phase,
) -> Step:
    """Ask some of the questions from where the progress is, and keep what `compared` makes of their rows."""
    found, after = _Found(stored.hits(work, progress)), progress
    for _ in range(CALLS_A_STEP):
        if after.at >= len(questions) or found.trouble is not None or work.now >= work.until:
            break
        after = _ask(work, after, questions[after.at], compared, found)
        if len(found.hits) > stored.MOST_HITS:
            return ending.too_many(work, after, len(found.hits))
    parts = stored.hit_parts(found.hits.values())
    after = replace(after, hit_parts=len(parts)).without_reach(*found.unreached)
    if found.trouble is not None:
        return replace(not_read(work, after, *found.trouble), parts=parts)
    if after.at >= len(questions):
        after = after.on_to(following)
    return Commit(kept(work, after), parts=parts, running="", proven=True, succeeded=READ)


def _ask(
    work: Slice, progress: ErasureProgress, question: Question, compared: Compare, found: _Found
) -> ErasureProgress:
    """One page of one question; the progress behind it."""
    if question.sought is not None:
        reply = work.zoho.search(question.module, question.sought, progress.page)
        judged = judge_call(CallKind.SEARCH, reply)
    else:
        assert question.selection is not None  # noqa: S101  (a question is one of the two)
        reply = work.zoho.select(replace(question.selection, after=progress.after))
        judged = judge_call(CallKind.SELECT, reply)
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
    if question.sought is not None:
        return replace(progress, page=progress.page + 1)
    return replace(progress, after=listing.rows[-1].id)


def _refused(question: Question, judged: Judgement) -> list[Unreached]:
    """What a refusal means: COQL is one way of two, what Search refuses is not reached as a whole."""
    if judged.verdict is Verdict.TOO_LONG:
        return [Unreached(TOO_MANY, question.module)]
    if judged.code in ("NO_PERMISSION", "AUTHORIZATION_FAILED", "OAUTH_SCOPE_MISMATCH"):
        return [Unreached(NOT_READABLE, question.module)]
    return [Unreached(NO_SEARCH, question.module)] if question.sought is not None else []


def named(work: Slice, progress: ErasureProgress) -> Step:
    """Read the records that the request names by their ids, with the values by which they may match too."""
    known = stored.known(work)
    sought = stored.sought(work, known.person_map, work.phones)
    found, unreached = stored.hits(work, progress), []
    for record, places in sought.records.items():
        module = known.modules.get(record.module)
        columns = asking.read_columns(module) if module is not None and module.readable else ()
        reply = work.zoho.read_values(record.module, [record.id], columns or ("id",))
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict in NOT_NOW:
            return not_read(work, progress, judged, reply)
        if judged.verdict is not Verdict.ANSWERED:
            unreached.append(Unreached(NOT_READABLE, record.module))
            continue
        for row in rows.listed(reply.body).rows:
            own = matches(row.values, module.identifying, sought, work.phones) if module is not None else ()
            found = merged([*found.values(), Hit(record, own, places)])
    parts = stored.hit_parts(found.values())
    after = replace(progress, hit_parts=len(parts)).without_reach(*unreached)
    after = after.on_to(Phase.VERIFY if progress.verifying else Phase.LINKS)
    return Commit(kept(work, after), parts=parts, running="", proven=True, succeeded=READ)
