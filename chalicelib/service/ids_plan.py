"""A dry run of what is done by ids: which of them are there and not held, and what deleting them would take.

Nothing is sent that changes Zoho. What was found is kept with each id, so that a wait does not begin anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import backoff, by_ids
from chalicelib.domain.by_ids import Batch, Progress
from chalicelib.domain.deletion import Deletion, Operation, Plan, Problem, Status
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.reply import BATCH_LIMIT, CallKind, Reply
from chalicelib.domain.verdicts import Judgement, Verdict, judge_call
from chalicelib.service import ids_holds, ids_store, parallel, waiting
from chalicelib.service.ports import Zoho
from chalicelib.service.run import Run

#: The call whose clock runs while a look fails.
READ = "read"
#: First ids that a plan shows.
SHOWN = 10
#: Credits of a page of 200 records of a view.
PAGE_CREDITS, PAGE = 3, 200


def step(run: Run, progress: Progress) -> None:
    """Look at the next ids; where all were looked at, tell the plan."""
    if not progress.left:
        _tell(run)
        return
    chunk = run.chunk(progress.left[0])
    if progress.looked >= len(chunk.ids):
        following = replace(progress, left=progress.left[1:], looked=0)
        run.save(replace(run.deletion, progress=following.to_json()))
    else:
        _look(run, progress, chunk)


def _look(run: Run, progress: Progress, chunk: Chunk) -> None:
    """Ask about as many as may be asked about at once, and keep what is known now."""
    size = 1 if run.deletion.request.external_id_field else BATCH_LIMIT[CallKind.READ]
    if _needs_no_read(run.deletion):
        positions: tuple[int, ...] = tuple(range(len(chunk.ids)))
        findings = {} if run.deletion.request.operation is Operation.DELINK_RECORDS else _held(run, chunk)
        _keep(run, progress, chunk, findings, len(positions))
        return
    starts = range(progress.looked, len(chunk.ids), size)[: run.width]
    batches = [Batch(CallKind.READ, tuple(range(i, min(i + size, len(chunk.ids))))) for i in starts]
    zoho = run.zoho
    replies = parallel.all_at_once([_reader(zoho, run.deletion, chunk, batch) for batch in batches])
    run.spent(replies)
    findings, looked, trouble = {}, progress.looked, None
    for batch, reply in zip(batches, replies, strict=True):
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict is not Verdict.ANSWERED:
            trouble = judged
            break
        findings |= _found(run, chunk, batch, reply)
        looked += len(batch.positions)
    if trouble is not None and looked == progress.looked:
        _trouble(run, progress, trouble)
        return
    _keep(run, progress, chunk, findings, looked - progress.looked)


def _needs_no_read(deletion: Deletion) -> bool:
    """A frozen selection was read a moment ago; links cannot be asked for."""
    return deletion.frozen or deletion.request.operation is Operation.DELINK_RECORDS


def _keep(run: Run, progress: Progress, chunk: Chunk, findings: dict[int, Finding], more: int) -> None:
    """A dry run's counts stay 0, so its outcomes are kept without them."""
    after = chunk.with_findings(findings)
    looked = replace(progress, looked=progress.looked + more)
    deletion = backoff.succeeded(replace(run.deletion, progress=looked.to_json(), updated_at=run.now), READ)
    run.save(deletion, chunks=[after] if after != chunk else [])


def _held(run: Run, chunk: Chunk) -> dict[int, Finding]:
    held = ids_holds.held_among(run, list(chunk.ids))
    return {p: ids_holds.HELD for p, one in enumerate(chunk.ids) if one in held}


def _found(run: Run, chunk: Chunk, batch: Batch, reply: Reply) -> dict[int, Finding]:
    """What an answer says of its ids: held, not there; nothing of those that would go."""
    records = [item.id for item in reply.items if item.id is not None]
    held = ids_holds.held_among(run, records)
    if run.deletion.request.external_id_field:
        if held:
            return dict.fromkeys(batch.positions, ids_holds.HELD)
        return {} if records else dict.fromkeys(batch.positions, Finding(Mark.ABSENT))
    there = set(records)
    gone = {p: Finding(Mark.ABSENT) for p in batch.positions if chunk.ids[p] not in there}
    return gone | {p: ids_holds.HELD for p in batch.positions if chunk.ids[p] in held}


def _reader(zoho: Zoho, deletion: Deletion, chunk: Chunk, batch: Batch) -> Callable[[], Reply]:
    ids: Sequence[str] = [chunk.ids[p] for p in batch.positions]
    if deletion.request.external_id_field:
        return ids_holds.asking(zoho, deletion, ids[0])
    return lambda: zoho.read(deletion.request.module, ids)


def _trouble(run: Run, progress: Progress, judged: Judgement) -> None:
    if judged.verdict not in ids_store.NOT_NOW:
        fail(run, judged.code, judged.message)
        return
    progress = replace(progress, code=judged.code, message=judged.message)
    deletion = replace(run.deletion, progress=progress.to_json())
    waiting.wait_for(run, deletion, READ, judged.verdict, judged.code)


def fail(run: Run, code: str, message: str) -> None:
    """The plan cannot be told: nothing was deleted, and nothing is known of what would go."""
    problem = Problem(code, run.deletion.id_count, message)
    run.finish(run.deletion, Status.FAILED, code, problems=[problem])


def _tell(run: Run) -> None:
    """The plan; where all that is there is held, the refusal that deleting it would meet."""
    deletion = run.deletion
    would, held = 0, 0
    first: list[str] = []
    for number in range(deletion.chunks):
        chunk = run.kit.ledger.chunk(deletion.id, number)
        pending = chunk.at(Mark.PENDING)
        would += len(pending)
        held += len(chunk.at(Mark.HELD))
        first += [chunk.ids[p] for p in pending[: SHOWN - len(first)]]
    calls = -(-would // BATCH_LIMIT[by_ids.call_kind(deletion)])
    more_calls, more_credits = _of_reading(deletion)
    plan = Plan(would, tuple(first), calls=calls + more_calls, credits=calls + more_credits)
    problems = [Problem("HELD", held)] if held else []
    status = Status.REFUSED if held and held == deletion.id_count else Status.COMPLETED
    counts = replace(deletion.counts, requested=0, pending=0)
    run.finish(replace(deletion, plan=plan, counts=counts), status, "dry run", problems=problems)


def _of_reading(deletion: Deletion) -> tuple[int, int]:
    """Calls and credits that a view takes before its first delete: it is read twice."""
    if deletion.request.operation is not Operation.MASS_DELETE:
        return 0, 0
    pages = 2 * -(-deletion.id_count // PAGE)
    return pages, PAGE_CREDITS * pages
