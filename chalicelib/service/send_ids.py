"""Deletes and delinks by ids: one step at a time, every call with its intent in the ledger before it is
sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

from chalicelib.domain import backoff, by_ids
from chalicelib.domain.by_ids import Batch, Effect, Progress
from chalicelib.domain.deletion import Deletion, Plan, Status, final_status
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import CHUNK_SIZE, UNSETTLED, Chunk, Finding, Mark, recount, reproblem
from chalicelib.domain.reply import BATCH_LIMIT, CallKind, Reply
from chalicelib.domain.verdicts import Verdict, judge_call, judge_items
from chalicelib.service import waits
from chalicelib.service.ports import Call, Zoho
from chalicelib.service.run import Run

#: Failed ids that an event names (contract section 5).
NAMED_IN_EVENT = 100
#: Calls of one deletion under way at once, and so intents in one transaction, at most.
MOST_AT_ONCE = 25


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    progress = replace(by_ids.progress_of(deletion), code=code, message="")
    return replace(deletion, progress=progress.to_json())


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once that would be of use."""
    kind = by_ids.progress_of(deletion).kind
    pending = min(deletion.counts.pending, CHUNK_SIZE)
    return min(MOST_AT_ONCE, max(1, -(-pending // BATCH_LIMIT[kind])))


def step(run: Run) -> None:
    """Do the next thing for a deletion by ids and save it."""
    progress = by_ids.progress_of(run.deletion)
    if run.deletion.request.dry_run:
        _plan(run)
    elif not progress.left:
        _end(run, run.deletion, {})
    else:
        _next(run, progress)


def _next(run: Run, progress: Progress) -> None:
    chunk = run.kit.ledger.chunk(run.deletion.id, progress.left[0])
    if progress.open:
        _own_up(run, progress, chunk)
    elif chunk.settled:
        _next_chunk(run, progress)
    elif progress.failed_with or backoff.exhausted(run.deletion, run.now, run.kit.patience):
        _close(run, progress, chunk)
    else:
        _work(run, progress, chunk)


# --- the usual way ------------------------------------------------------------------------------


def _work(run: Run, progress: Progress, chunk: Chunk) -> None:
    """Send what is to be sent, else read what is to be read, else wait for what is locked."""
    batches = by_ids.sends(chunk, progress, run.width)
    if batches:
        _send(run, progress, chunk, batches)
        return
    batches = by_ids.reads(chunk, progress, run.width)
    if batches:
        _read(run, progress, chunk, batches)
        return
    _ask_slowly(run, progress, chunk)


def _send(run: Run, progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> None:
    paused = run.kit.ledger.paused(run.deletion.request.org)
    if paused is not None:
        run.wait(backoff.waited(run.deletion), waits.PAUSE, run.kit.patience.longest)
        return
    held = _held(run, chunk, batches)
    if held is not None:
        _save_chunk(run, run.deletion, progress, chunk, held)
        return
    zoho = run.zoho
    calls = _intents(run, progress, chunk, batches)
    replies = _all_at_once([_sender(zoho, run.deletion, chunk, batch) for batch in batches])
    effects = [_judged(chunk, batch, reply) for batch, reply in zip(batches, replies, strict=True)]
    _save_answers(run, chunk, batches, calls, effects)


def _intents(run: Run, progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> list[Call]:
    """Write what is about to be sent, in one transaction with the deletion: no call without its intent."""
    first = run.deletion.calls + 1
    calls = [
        Call(first + i, batch.kind, {"chunk": chunk.number, "positions": list(batch.positions)}, run.now)
        for i, batch in enumerate(batches)
    ]
    opened = replace(progress, open=tuple(call.n for call in calls))
    deletion, entries = run.running(run.deletion)
    deletion = replace(deletion, calls=calls[-1].n, progress=opened.to_json(), updated_at=run.now)
    run.save(deletion, calls=calls, entries=entries)
    run.publish()
    return calls


def _judged(chunk: Chunk, batch: Batch, reply: Reply) -> Effect:
    ids = [chunk.ids[p] for p in batch.positions]
    whole = judge_call(batch.kind, reply, ids)
    each = judge_items(batch.kind, reply, ids) if whole.verdict is Verdict.ANSWERED else {}
    return by_ids.effect_of_send(chunk, batch, whole, each, reply.retry_after)


def _save_answers(
    run: Run, chunk: Chunk, batches: Sequence[Batch], calls: Sequence[Call], effects: Sequence[Effect]
) -> None:
    answered = [
        replace(call, answered_at=run.now, answer=_answer(effect))
        for call, effect in zip(calls, effects, strict=True)
    ]
    progress = by_ids.after_wave(by_ids.progress_of(run.deletion), effects, batches)
    findings = {p: f for effect in effects for p, f in effect.findings.items()}
    trouble = next((e for e in effects if e.verdict in _NOT_NOW), None)
    _save_chunk(run, run.deletion, progress, chunk, findings, calls=answered, trouble=trouble)


def _answer(effect: Effect) -> dict[str, object]:
    """What the ledger keeps of an answer: the verdict, and each id's mark with its code."""
    marks = [[p, f.mark.value, f.code] for p, f in sorted(effect.findings.items())]
    return {"verdict": effect.verdict.value, "code": effect.code, "message": effect.message, "marks": marks}


_NOT_NOW = frozenset(
    {
        Verdict.RETRY,
        Verdict.UNKNOWN,
        Verdict.REPEAT,
        Verdict.WAIT_LANE,
        Verdict.WAIT_CREDITS,
        Verdict.WAIT_CREDENTIALS,
        Verdict.WAIT_TOKEN,
    }
)


def _save_chunk(
    run: Run,
    deletion: Deletion,
    progress: Progress,
    before: Chunk,
    findings: dict[int, Finding],
    calls: Sequence[Call] = (),
    trouble: Effect | None = None,
) -> None:
    """Save what was found; rest where `trouble` says "not now", finish in the same write where all is
    settled.
    """
    after = before.with_findings(findings)
    deletion = replace(
        deletion,
        counts=recount(deletion.counts, before, after),
        problems=reproblem(deletion.problems, before, after),
        progress=progress.to_json(),
        updated_at=run.now,
    )
    chunks = [after] if after != before else []
    entries: list[Entry] = []
    if any(finding.mark not in UNSETTLED for finding in findings.values()):
        deletion, entries = run.running(backoff.succeeded(deletion), proven=deletion.started_at is not None)
    if trouble is not None and not after.settled:
        waits.wait_for(
            run,
            deletion,
            trouble.verdict,
            trouble.code,
            trouble.retry_after,
            calls=calls,
            chunks=chunks,
            entries=entries,
            regardless=bool(calls),
        )
        return
    if after.settled and progress.left == (after.number,):
        deletion = replace(deletion, progress=replace(progress, left=()).to_json())
        _end(run, deletion, {after.number: after}, calls=calls, entries=entries)
        return
    run.save(deletion, calls=calls, chunks=chunks, entries=entries, regardless=bool(calls))


def _own_up(run: Run, progress: Progress, chunk: Chunk) -> None:
    """Calls with an intent and no answer: a worker died in between. Their ids count as sent, outcome
    unknown.
    """
    findings: dict[int, Finding] = {}
    for call in run.kit.ledger.calls(run.deletion.id, progress.open):
        if call.answered_at is None and call.target.get("chunk") == chunk.number:
            sent = cast("list[int]", call.target["positions"])
            findings |= dict.fromkeys(sent, Finding(Mark.SENT, "NO_ANSWER"))
    after = chunk.with_findings(findings)
    deletion, entry = run.noted(run.deletion, "resumed", f"{len(progress.open)} calls without an answer")
    deletion = replace(
        deletion,
        problems=reproblem(deletion.problems, chunk, after),
        progress=replace(progress, open=()).to_json(),
    )
    run.save(deletion, chunks=[after], entries=[entry])


# --- reading ------------------------------------------------------------------------------------


def _read(
    run: Run, progress: Progress, chunk: Chunk, batches: Sequence[Batch], *, last: bool = False
) -> None:
    """Ask Zoho which of the ids are there. `last`: what cannot be read now stays unknown."""
    try:
        zoho = run.zoho
    except SecretUnusable:
        if not last:
            raise
        lost = {p: f for batch in batches for p, f in by_ids.unreadable(chunk, batch).items()}
        _save_chunk(run, run.deletion, progress, chunk, lost)
        return
    replies = _all_at_once([_reader(zoho, run.deletion, chunk, batch) for batch in batches])
    findings: dict[int, Finding] = {}
    trouble: Effect | None = None
    for batch, reply in zip(batches, replies, strict=True):
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict is Verdict.ANSWERED:
            there = {item.id for item in reply.items if item.id is not None}
            if progress.kind is CallKind.DELETE_EXTERNAL and reply.items:
                there = {chunk.ids[p] for p in batch.positions}
            findings |= by_ids.findings_of_read(chunk, batch, there, ("RECORD_STILL_THERE", ""))
        elif last or judged.verdict not in _NOT_NOW:
            findings |= by_ids.unreadable(chunk, batch)
        else:
            trouble = Effect({}, judged.verdict, judged.code, judged.message, reply.retry_after)
    _save_chunk(run, run.deletion, progress, chunk, findings, trouble=trouble)


def _ask_slowly(run: Run, progress: Progress, chunk: Chunk) -> None:
    """Only locked or unapproved records are left in this chunk: on to the next one, or wait and ask again."""
    now = run.now
    since = progress.slow_since if progress.slow_since is not None else now
    if now - since >= run.kit.patience.give_up:
        _save_chunk(run, run.deletion, progress, chunk, by_ids.given_up(chunk, progress))
        return
    if chunk.number in progress.ask_again:
        again = replace(progress, ask_again=tuple(n for n in progress.ask_again if n != chunk.number))
        _save_chunk(run, run.deletion, again, chunk, by_ids.slow_again(chunk))
        return
    left = (*progress.left[1:], progress.left[0])
    if left[0] > progress.left[0]:
        run.save(replace(run.deletion, progress=replace(progress, left=left, slow_since=since).to_json()))
        return
    tries = progress.slow_tries + 1
    again = replace(progress, left=left, slow_since=since, slow_tries=tries, ask_again=left)
    seconds = backoff.delay(tries, run.kit.patience.longest, run.kit.chance())
    remaining = since + run.kit.patience.give_up - now
    run.wait(replace(run.deletion, progress=again.to_json()), waits.LOCKED, min(seconds, max(remaining, 0.0)))


# --- ends ---------------------------------------------------------------------------------------


def _close(run: Run, progress: Progress, chunk: Chunk) -> None:
    """Nothing more is sent: what never left has failed, and a last read settles what did leave."""
    exhausted = backoff.exhausted(run.deletion, run.now, run.kit.patience)
    findings = by_ids.given_up(chunk, progress)
    if findings:
        _save_chunk(run, run.deletion, progress, chunk, findings)
        return
    _read(run, progress, chunk, by_ids.reads(chunk, progress, run.width, settle=True), last=exhausted)


def _next_chunk(run: Run, progress: Progress) -> None:
    left = replace(progress, left=progress.left[1:], single=())
    run.save(replace(run.deletion, progress=left.to_json()))


def _end(run: Run, deletion: Deletion, known: dict[int, Chunk], **parts: Any) -> None:
    failed = _failed_ids(run, deletion, known)
    chunks = list(known.values())
    run.finish(
        deletion,
        final_status(deletion.counts),
        failed_ids=failed,
        chunks=chunks,
        **parts,
        regardless=True,
    )


def _failed_ids(run: Run, deletion: Deletion, known: dict[int, Chunk]) -> list[str]:
    """The first ids that failed or are unknown, for the event."""
    if not deletion.counts.failed and not deletion.counts.unknown:
        return []
    found: list[str] = []
    for number in range(deletion.chunks):
        chunk = known.get(number) or run.kit.ledger.chunk(deletion.id, number)
        found += [chunk.ids[p] for p in chunk.at(Mark.FAILED, Mark.UNKNOWN)]
        if len(found) >= NAMED_IN_EVENT:
            break
    return found[:NAMED_IN_EVENT]


def _plan(run: Run) -> None:
    """A dry run: what would go and what it would take; nothing is sent."""
    deletion = run.deletion
    kind = by_ids.call_kind(deletion)
    held: set[str] = set()
    ids: list[str] = []
    for number in range(deletion.chunks):
        chunk = run.kit.ledger.chunk(deletion.id, number)
        held |= _holds_on(run, list(chunk.ids))
        ids += [i for i in chunk.ids if i not in held]
    size = BATCH_LIMIT[kind]
    calls = -(-len(ids) // size)
    plan = Plan(would_delete=len(ids), first_ids=tuple(ids[:10]), calls=calls, credits=calls)
    counts = replace(deletion.counts, requested=0, pending=0)
    run.finish(replace(deletion, plan=plan, counts=counts), Status.COMPLETED, "dry run")


# --- holds and calls ----------------------------------------------------------------------------


def _held(run: Run, chunk: Chunk, batches: Sequence[Batch]) -> dict[int, Finding] | None:
    """Findings for those of the ids that a hold protects; None where there are none."""
    where = {chunk.ids[p]: p for batch in batches for p in batch.positions}
    held = _holds_on(run, list(where))
    return {where[i]: Finding(Mark.HELD, "HELD") for i in held} or None


def _holds_on(run: Run, ids: list[str]) -> set[str]:
    request = run.deletion.request
    return run.kit.ledger.held(request.org, request.module, ids, run.now)


def _sender(zoho: Zoho, deletion: Deletion, chunk: Chunk, batch: Batch) -> Callable[[], Reply]:
    request = deletion.request
    ids = [chunk.ids[p] for p in batch.positions]
    wf_trigger = bool(request.wf_trigger)
    if batch.kind is CallKind.DELINK:
        return lambda: zoho.delink(request.module, str(request.record_id), str(request.related_list), ids)
    if batch.kind is CallKind.DELETE_EXTERNAL:
        field_name = str(request.external_id_field)
        return lambda: zoho.delete_external(request.module, field_name, ids[0], wf_trigger)
    if batch.kind is CallKind.MASS_DELETE_IDS:
        return lambda: zoho.mass_delete_ids(request.module, ids)
    return lambda: zoho.delete_records(request.module, ids, wf_trigger)


def _reader(zoho: Zoho, deletion: Deletion, chunk: Chunk, batch: Batch) -> Callable[[], Reply]:
    request = deletion.request
    ids = [chunk.ids[p] for p in batch.positions]
    if request.external_id_field:
        field_name = request.external_id_field
        return lambda: zoho.read_external(request.module, field_name, ids[0])
    return lambda: zoho.read(request.module, ids)


def _all_at_once(calls: Sequence[Callable[[], Reply]]) -> list[Reply]:
    if len(calls) == 1:
        return [calls[0]()]
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))
