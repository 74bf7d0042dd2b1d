"""Takes the person off records that stay: first the links to records that go, then what the person map
clears. Each record is read directly before its call, and again behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.person.erasure_map import Entry
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.person_map import Action, Rule
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.person.remaining import (
    CAMPAIGNS,
    CONTACT_ROLES,
    NO_LONGER_MATCHES,
    emptied,
    other_links,
    rule_for,
)
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import NOT_NOW
from chalicelib.service.engine.step import Commit, Slice, Step
from chalicelib.service.person import carrying, clearing, finding, reading
from chalicelib.service.person.carrying import HELD, Job, PlannedCall
from chalicelib.service.person.reading import NotNow

_STAYS = frozenset({Action.UNLINK, Action.CLEAR})


def step(work: Slice, progress: ErasureProgress) -> Step:
    """The next call about a record that stays, or the next entry."""
    chunk, job = work.chunk(0), carrying.job(work, progress)
    entries = job.made.entries
    at = progress.at
    while at < len(entries) and not _concerns(entries[at], chunk, at):
        at += 1
    if at >= len(entries):
        after = progress.on_to(Phase.CLEAR if progress.phase is Phase.UNLINK else Phase.DELETE)
        return Commit(finding.kept(work, after))
    progress = progress if at == progress.at else replace(progress, at=at, tries=0)
    try:
        return _entry(work, progress, chunk, job, entries[at])
    except NotNow as problem:
        if problem.judged.verdict in NOT_NOW:
            return finding.not_read(work, progress, problem.judged, problem.reply)
        # What Zoho does not show is not known to be done, and others were changed already: it fails alone.
        return carrying.settled(work, progress, chunk, {at: Finding(Mark.FAILED, problem.judged.code)})


def _concerns(entry: Entry, chunk: Chunk, at: int) -> bool:
    return entry.action in _STAYS and Mark(chunk.marks[at]) in UNSETTLED


def _entry(work: Slice, progress: ErasureProgress, chunk: Chunk, job: Job, entry: Entry) -> Step:
    rule, at = rule_for(entry, job.person_map, job.context), progress.at
    if entry.record in job.held and chunk.marks[at] != Mark.SENT:
        return carrying.settled(work, progress, chunk, {at: HELD})
    given_up = carrying.spent(progress)
    if given_up is not None:
        return carrying.settled(work, progress, chunk, {at: given_up})
    row = reading.record(work, entry.record)
    mark, clears = Mark(chunk.marks[at]), progress.phase is Phase.CLEAR
    # A lock that refused the unlinking changed nothing: what leads elsewhere since then is another's.
    touched = mark in (Mark.SENT, Mark.SAID) or (mark is Mark.SLOW and clears)
    if row is None:
        return carrying.settled(work, progress, chunk, {at: Finding(Mark.ABSENT)})
    if (
        clears
        and not job.context.still_theirs(entry, row.values, rule)
        and (not touched or job.context.is_anothers(entry, row.values))
    ):
        return carrying.settled(work, progress, chunk, {at: Finding(Mark.KEPT, NO_LONGER_MATCHES)})
    unlinks = progress.phase is Phase.UNLINK
    planned = (_unlinks if unlinks else clearing.clears)(work, entry, row.values, job, rule, at)
    if planned is not None:
        linked = entry.hit.links if entry.hit is not None else ()
        guarded = (entry.record, *(link.to for link in linked if link.to in job.going))
        return carrying.send(work, progress, chunk, planned, guarded)
    found = _outcome(progress.phase, entry, row.values, job, rule, touched=touched)
    return carrying.settled(work, progress, chunk, {} if found is None else {at: found})


def seen(work: Slice, chunk: Chunk, job: Job, at: int) -> Finding | None:
    """What a read says of a record for which a call was sent; None where it does not show that all is done.
    Raises NotNow.
    """
    entry, mark = job.made.entries[at], Mark(chunk.marks[at])
    row = reading.record(work, entry.record)
    if row is None:
        return Finding(Mark.ABSENT)
    rule = rule_for(entry, job.person_map, job.context)
    left = _unlinks(work, entry, row.values, job, rule, at)
    if left is None and rule.clear:
        left = clearing.clears(work, entry, row.values, job, rule, at)
    if left is None:
        return Finding(Mark.CLEARED if entry.action is Action.CLEAR else Mark.UNLINKED)
    # Zoho has answered, so what is left was not sent.
    return Finding(Mark.PENDING) if mark is Mark.SAID else None


def _outcome(
    phase: Phase, entry: Entry, values: Mapping[str, object], job: Job, rule: Rule, *, touched: bool
) -> Finding | None:
    """What becomes of an entry for which no call is left in this phase; None where a later phase decides."""
    if touched and phase is Phase.UNLINK and rule.clear:
        return Finding(Mark.SAID)
    if touched:
        return Finding(Mark.CLEARED if entry.action is Action.CLEAR else Mark.UNLINKED)
    own = entry.hit is not None and entry.hit.own
    theirs = own and job.context.still_theirs(entry, values, rule)
    if theirs and phase is Phase.UNLINK and rule.clear:
        return None
    return _nothing_done(entry, job, theirs=theirs)


def _nothing_done(entry: Entry, job: Job, *, theirs: bool) -> Finding:
    """What no call was needed for: what it leads to is held and keeps its links, or nothing of it is to be
    taken away (`theirs`), or it is not the person's any more.
    """
    targets = {link.to for link in entry.hit.links} if entry.hit is not None else set()
    if targets and targets & job.held and not targets & job.going:
        return HELD
    return Finding(Mark.KEPT, "" if theirs else NO_LONGER_MATCHES)


def _unlinks(
    work: Slice, entry: Entry, values: Mapping[str, object], job: Job, rule: Rule, at: int
) -> PlannedCall | None:
    """The next call that takes a link away, None where none is left."""
    record = entry.record
    update = emptied(entry, values, job.going, job.context, rule)
    if update:
        return carrying.update(record, update, at, "unlink")
    for contact in other_links(entry, CONTACT_ROLES, job.going):
        if _among(work, record, CONTACT_ROLES, contact.id):
            return _delink(record, CONTACT_ROLES, contact.id, at)
    for member in other_links(entry, CAMPAIGNS, job.going):
        if _among(work, member, CAMPAIGNS, record.id):
            return _delink(record, member.module, member.id, at)
    return None


def _delink(record: Record, related_list: str, one: str, at: int) -> PlannedCall:
    return PlannedCall(
        CallKind.DELINK,
        (one,),
        (at,),
        f"delink {related_list}",
        lambda zoho: zoho.delink(record.module, record.id, related_list, [one]),
    )


def _among(work: Slice, record: Record, related_list: str, wanted: str) -> bool:
    return any(row.id == wanted for row in reading.listed(work, record, related_list))
