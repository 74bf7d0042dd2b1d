"""Deletes the records that go, module by module. Each is read directly before its call, with the values by
which it is the person's: one that no longer matches is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.person import asking
from chalicelib.domain.person.person_map import Action
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.person.remaining import NO_LONGER_MATCHES
from chalicelib.domain.zoho import rows
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.rows import Row
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.engine.step import Commit, Slice, Step
from chalicelib.service.person import carrying, finding, reading
from chalicelib.service.person.carrying import HELD, Job, PlannedCall
from chalicelib.service.person.clocks import READ

#: Records that one call deletes.
MOST_IDS = 100


def step(work: Slice, progress: ErasureProgress) -> Step:
    """Read the next records of one module, settle what the read shows, and delete the others."""
    chunk, job = work.chunk(0), carrying.job(work, progress)
    positions = _next(progress, chunk, job)
    if not positions:
        return Commit(finding.kept(work, progress.on_to(Phase.VERIFY)))
    module = job.made.entries[positions[0]].record.module
    ids = [job.made.entries[p].record.id for p in positions]
    known = job.context.modules.get(module)
    columns = asking.read_columns(known) if known is not None else ()
    reply = work.zoho.read_values(module, ids, columns or asking.ANY_COLUMN)
    judged = judge_call(CallKind.READ, reply)
    if judged.verdict in NOT_NOW:
        return finding.not_read(work, progress, judged, reply)
    if judged.verdict is not Verdict.ANSWERED:
        found = dict.fromkeys(positions, Finding(Mark.FAILED, judged.code))
        return _kept(work, progress, chunk, found)
    there = {row.id: row for row in rows.listed(reply.body).rows}
    found = _shown(chunk, job, positions, there)
    free = [p for p in positions if p not in found]
    if found or not free:  # what the read settled is kept first: calls come with a read of their own
        return _kept(work, progress, chunk, found)
    return _delete(work, progress, chunk, job, module, free)


def _next(progress: ErasureProgress, chunk: Chunk, job: Job) -> list[int]:
    """The next entries to be deleted, of one module; one alone where Zoho asked for that, or waits."""
    entries = job.made.entries
    open_ones = [
        p
        for p, each in enumerate(entries)
        if each.action is Action.DELETE and Mark(chunk.marks[p]) in UNSETTLED
    ]
    ready = [p for p in open_ones if chunk.marks[p] != Mark.SLOW] or open_ones
    if not ready:
        return []
    module = entries[ready[0]].record.module
    same = [p for p in ready if entries[p].record.module == module]
    return same[: 1 if progress.tries < 0 else MOST_IDS]


def _shown(chunk: Chunk, job: Job, positions: Sequence[int], there: Mapping[str, Row]) -> dict[int, Finding]:
    """What the read settles: what is gone, what is held, what is not the person's any more."""
    found: dict[int, Finding] = {}
    for p in positions:
        entry, mark = job.made.entries[p], Mark(chunk.marks[p])
        row = there.get(entry.record.id)
        rule = job.person_map.rule(entry.record.module)
        if row is None:
            ours = mark in (Mark.SENT, Mark.CHECK_SENT)
            found[p] = Finding(Mark.DELETED if ours else Mark.ABSENT)
        elif mark in (Mark.CHECK, Mark.CHECK_SENT):
            found[p] = Finding(Mark.FAILED, *chunk.codes.get(p, ("RECORD_STILL_THERE", "")))
        elif entry.record in job.held:
            found[p] = HELD
        elif not job.context.still_theirs(entry, row.values, rule):
            found[p] = Finding(Mark.KEPT, NO_LONGER_MATCHES)
    return found


def seen(work: Slice, chunk: Chunk, job: Job, at: int) -> Finding | None:
    """What a read says of a record whose delete was sent; None where it does not settle it. Raises NotNow."""
    record = job.made.entries[at].record
    known = job.context.modules.get(record.module)
    columns = asking.read_columns(known) if known is not None else ()
    there = reading.values(work, record.module, [record.id], columns or asking.ANY_COLUMN)
    return _shown(chunk, job, [at], {row.id: row for row in there}).get(at)


def _delete(
    work: Slice, progress: ErasureProgress, chunk: Chunk, job: Job, module: str, positions: Sequence[int]
) -> Step:
    records = [job.made.entries[p].record for p in positions]
    ids = tuple(each.id for each in records)
    planned = PlannedCall(
        CallKind.DELETE_RECORDS,
        ids,
        tuple(positions),
        "delete",
        lambda zoho: zoho.delete_records(module, ids, False),
        deletes=True,
    )
    return carrying.send(work, progress, chunk, planned, records)


def _kept(work: Slice, progress: ErasureProgress, chunk: Chunk, found: dict[int, Finding]) -> Commit:
    after = replace(progress, tries=0)
    deletion = replace(work.deletion, progress=after.to_json(), updated_at=work.now)
    return Commit(deletion, chunks=(chunk.with_findings(found),), running="", proven=True, succeeded=READ)
