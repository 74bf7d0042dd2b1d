"""Reads which modules the org has, and their fields: where a person may be, and what cannot be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from chalicelib.domain.person import asking
from chalicelib.domain.person.identity import identity_of
from chalicelib.domain.person.metadata import Module, by_name, fields_that_matter, listed
from chalicelib.domain.person.out_of_reach import by_metadata
from chalicelib.domain.person.person_map import PersonMap, default, kept_map
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.metadata import fields_of, modules_of
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Commit, Slice, Step
from chalicelib.service.person import finding, stored
from chalicelib.service.person.clocks import READ
from chalicelib.service.person.stored import Known

_LOOKING = "looking for the person"


def modules(work: Slice, progress: ErasureProgress) -> Step:
    """Read the org's modules, and the fields of each, several at once; keep what matters, for the org too.

    What was read is stored before the slice ends: many modules take longer than one slice.
    """
    reply = work.zoho.modules()
    judged = judge_call(CallKind.METADATA, reply)
    if judged.verdict is not Verdict.ANSWERED:
        return finding.not_read(work, progress, judged, reply)
    named = listed(modules_of(reply.body))
    read = dict(stored.known(work).modules) if progress.at else {}
    left = [each for each in named if each.readable and each.name not in read]
    trouble, asked = None, 0
    while left and trouble is None and (not asked or finding.goes_on(work)):
        wave, left = left[: work.width], left[work.width :]
        asked += len(wave)
        for module, reply in zip(wave, _told_of(work, wave), strict=True):
            judged = judge_call(CallKind.METADATA, reply)
            if judged.verdict in NOT_NOW:
                trouble = trouble or (judged, reply)
                continue
            told = fields_of(reply.body) if judged.verdict is Verdict.ANSWERED else ()
            # A module of which no field is told cannot be searched: it is named, not passed over.
            read[module.name] = replace(module, readable=bool(told), fields=fields_that_matter(told))
    after = replace(progress, at=len(read))
    parts = (Known(read, default([])).part(),)
    if trouble is not None:
        return replace(finding.not_read(work, after, *trouble), parts=parts)
    if left:
        return Commit(finding.kept(work, after), parts=parts, running=_LOOKING, proven=True, succeeded=READ)
    return _known(work, after, [read.get(each.name, each) for each in named])


def _told_of(work: Slice, wave: Sequence[Module]) -> list[Reply]:
    """The answers to what fields these modules have, asked for at the same time."""
    zoho = work.zoho
    return parallel.all_at_once([partial(zoho.fields, each.name) for each in wave])


def _known(work: Slice, progress: ErasureProgress, found: list[Module]) -> Step:
    org = work.deletion.request.org
    put = work.ledger.person_map(org)
    person_map: PersonMap = kept_map(org, put) if put is not None else default(found)
    identity = identity_of(work.deletion.request.identity)
    unreached = by_metadata(
        found, emails=bool(identity.emails), phones=bool(identity.phones), region=person_map.region
    )
    after = progress.on_to(Phase.SEARCH).without_reach(*unreached)
    known = Known(by_name(found), person_map)
    wanted = stored.wanted_of(work, person_map, work.phones)
    calls = len(asking.questions(known.modules.values(), identity, wanted, work.phones))
    # What the search costs at least is told before its first call.
    deletion = finding.kept(work, after)
    deletion = replace(deletion, erasure={**deletion.erasure, "search": {"calls": calls, "made": 0}})
    return Commit(
        deletion,
        parts=(known.part(),),
        org_modules=tuple(each.to_json() for each in found),
        running=_LOOKING,
        proven=True,
        succeeded=READ,
    )
