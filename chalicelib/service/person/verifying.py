"""Looks for the person again after the last step, twice, with a pause before each time: Zoho's Search lags.

What a search finds counts only where a read by id confirms it, and where it is not kept, held or failed: that
was said already.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from chalicelib.domain.deletion import Counts, Problem, final_status
from chalicelib.domain.document import iso
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.person import asking, out_of_reach
from chalicelib.domain.person.guests import EVENTS, PARTICIPANTS, guest_places
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.out_of_reach import NOT_READABLE, Unreached
from chalicelib.domain.person.progress import VERIFICATIONS, ErasureProgress, Phase
from chalicelib.domain.status import Status
from chalicelib.domain.zoho import rows
from chalicelib.domain.zoho.asking import MOST_COLUMNS
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.engine.step import Commit, Finish, Note, Rest, Slice, Step
from chalicelib.service.person import carrying, ending, finding, stored
from chalicelib.service.person.carrying import Job
from chalicelib.service.person.clocks import READ

FOUND_AGAIN, NOT_VERIFIED = "FOUND_AGAIN", "NOT_VERIFIED"
#: Outcomes after which a record may still be found: it was said that it stays.
_STAYS = (Mark.KEPT, Mark.HELD, Mark.FAILED, Mark.UNKNOWN)


def step(work: Slice, progress: ErasureProgress) -> Step:
    """Begin another search, or judge the one that has ended; after the last one the erasure ends."""
    if work.deletion.cancelled_by or progress.stopped is not None:
        return end(work, progress)
    if progress.verifying:
        return _confirm(work, progress)
    if progress.verified >= _needed(work):
        return end(work, progress)
    if stored.is_retry(work.deletion):
        return Commit(finding.kept(work, replace(progress.on_to(Phase.VERIFY), verifying=True)))
    again = replace(progress.on_to(Phase.SEARCH), verifying=True, hit_parts=0)
    note = Note("verifying", f"search {progress.verified + 1} of {VERIFICATIONS}")
    return Commit(finding.kept(work, again), Rest(work.timeouts.settle), notes=(note,))


def _needed(work: Slice) -> int:
    """How often it is looked again: a retry reads its entries, as nobody can be searched for."""
    return 1 if stored.is_retry(work.deletion) else VERIFICATIONS


def _confirm(work: Slice, progress: ErasureProgress) -> Step:
    """Read each record that the search has found; what is still there and still the person's was missed."""
    job = carrying.job(work, progress)
    chunk = work.chunk(0)
    said = {job.made.entries[p].record for p in chunk.at(*_STAYS)}
    entries = (each.record for each in job.made.entries)
    hits = entries if stored.is_retry(work.deletion) else stored.hits(work, progress)
    found = [record for record in hits if record not in said]
    stays = {job.made.entries[p].record for p in chunk.at(Mark.UNLINKED, Mark.CLEARED)}
    missed = list(progress.found)
    for at, record in enumerate(found[progress.at :], start=progress.at):
        if at > progress.at and not finding.goes_on(work):
            after = replace(progress, at=at, found=tuple(missed))
            return Commit(finding.kept(work, after), running="", proven=True, succeeded=READ)
        module = job.context.modules.get(record.module)
        columns = asking.read_columns(module) if module is not None else ()
        columns = (*columns[: MOST_COLUMNS - 1], PARTICIPANTS) if record.module == EVENTS else columns
        reply = work.zoho.read_values(record.module, [record.id], columns or asking.ANY_COLUMN)
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict in NOT_NOW:
            after = replace(progress, at=at, found=tuple(missed))
            return finding.not_read(work, after, judged, reply)
        if judged.verdict is not Verdict.ANSWERED:
            progress = progress.without_reach(Unreached(NOT_READABLE, record.module))
        elif _still_there(reply.body, record, job, by_name=record not in stays):
            missed.append((record.module, record.id))
    after = replace(
        progress.on_to(Phase.VERIFY),
        verifying=False,
        verified=progress.verified + 1,
        found=tuple(sorted(set(missed))),
    )
    return Commit(finding.kept(work, after), running="", proven=True, succeeded=READ)


def _still_there(body: object, record: Record, job: Job, *, by_name: bool) -> bool:
    """Is the record there, and still the person's: by a value of its own, or, where it had to go, by its name
    in the request?
    """
    rule = job.person_map.rule(record.module)
    listing = rows.listed(body if isinstance(body, dict) else None)
    named = by_name and (record in job.context.wanted.records or record in _named(job))
    context = job.context
    return any(
        named
        or context.own_matches(record, row.values, rule)
        or ((places := guest_places(row.values, context.wanted)) and context.is_theirs(places))
        for row in listing.rows
    )


def _named(job: Job) -> set[Record]:
    return {each.record for each in job.made.entries if each.hit is not None and each.hit.named}


def end(work: Slice, progress: ErasureProgress) -> Commit:
    """The final status: by the outcomes, and by what was found again."""
    deletion = finding.kept(work, progress)
    counts: Counts = deletion.counts
    if progress.verified:
        where = Counter(module for module, _ in progress.found)
        verification = {
            "found_again": len(progress.found),
            "searches": 0 if stored.is_retry(work.deletion) else progress.verified,
            "by_module": dict(sorted(where.items())),
            "verified_at": iso(work.now),
        }
        deletion = replace(deletion, erasure={**deletion.erasure, "verification": verification})
    # The last searches may not have reached what the first one did.
    deletion = replace(
        deletion, erasure={**deletion.erasure, "out_of_reach": out_of_reach.shown(progress.not_reached)}
    )
    status = final_status(counts, cancelled=bool(deletion.cancelled_by))
    problems: tuple[Problem, ...] = ()
    if progress.found:
        problems = (Problem(FOUND_AGAIN, len(progress.found)),)
    elif progress.verified < _needed(work) and (status is Status.COMPLETED or not deletion.cancelled_by):
        problems = (Problem(NOT_VERIFIED, 0),)
    if problems and status is Status.COMPLETED:
        status = Status.PARTIALLY_COMPLETED
    return Commit(deletion, Finish(status, problems=(*problems, *ending.not_shown(progress))))
