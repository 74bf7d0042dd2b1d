"""A dry run of what is done by ids: which of them are there and not held, and what deleting them would take.

Nothing is sent that changes Zoho. What was found is kept with each id, so that a wait does not begin anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import by_ids
from chalicelib.domain.by_ids import Batch, IdsProgress
from chalicelib.domain.deletion import Deletion, Plan, Problem
from chalicelib.domain.outcomes import Chunk, Finding, Mark, recount_problems, untouched
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.by_ids import holds, moves
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Commit, Finish, Slice, Step, TryAgain
from chalicelib.service.zoho_port import Zoho

#: The call whose clock runs while a look fails.
READ = "read"
#: First ids that a plan shows.
SHOWN = 10
#: Credits of a page of 200 records of a view.
PAGE_CREDITS, PAGE = 3, 200
#: What a look found: findings by position, how many ids it was about, and why not about more.
Findings = tuple[dict[int, Finding], int, Judgement | None]


def plan(work: Slice, progress: IdsProgress) -> Step:
    """Look at the next ids; where all were looked at, tell the plan."""
    if not progress.left:
        return _told(work)
    chunk = work.chunk(progress.left[0])
    if progress.looked >= len(chunk.ids):
        return moves.to(work, replace(progress, left=progress.left[1:], looked=0))
    return _look(work, progress, chunk)


def _look(work: Slice, progress: IdsProgress, chunk: Chunk) -> Step:
    """Ask about as many as may be asked about at once, and keep what is known now."""
    if _needs_no_read(work.deletion):
        delinks = work.deletion.request.operation is Operation.DELINK_RECORDS
        return _kept(work, progress, chunk, {} if delinks else _held(work, chunk), len(chunk.ids))
    findings, looked, trouble = (_look_external if progress.external else _look_by_id)(work, progress, chunk)
    if trouble is not None and not looked:
        return _trouble(work, progress, trouble)
    return _kept(work, progress, chunk, findings, looked)


def _look_by_id(work: Slice, progress: IdsProgress, chunk: Chunk) -> Findings:
    size = BATCH_LIMIT[CallKind.READ]
    starts = range(progress.looked, len(chunk.ids), size)[: work.width]
    batches = [Batch(CallKind.READ, tuple(range(i, min(i + size, len(chunk.ids))))) for i in starts]
    zoho = work.zoho
    replies = parallel.all_at_once([_reader(work, zoho, chunk, batch) for batch in batches])
    findings: dict[int, Finding] = {}
    looked = 0
    for batch, reply in zip(batches, replies, strict=True):
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict is not Verdict.ANSWERED:
            return findings, looked, judged
        findings |= _found(work, chunk, batch, reply)
        looked += len(batch.positions)
    return findings, looked, None


def _look_external(work: Slice, progress: IdsProgress, chunk: Chunk) -> Findings:
    """Which records are meant, asked as before a delete; of a record that two ids name, one goes."""
    from chalicelib.service.by_ids import resolving

    ahead = range(progress.looked, len(chunk.ids))[: resolving.MOST_AT_ONCE]
    told = resolving.ask(work, chunk, ahead)
    held = holds.held_among(work, sorted(set(told.records.values())))
    findings = told.findings | {p: holds.HELD for p, record in told.records.items() if record in held}
    looked = next(
        (i for i, p in enumerate(ahead) if p not in told.records and p not in told.findings), len(ahead)
    )
    return {p: f for p, f in findings.items() if p < progress.looked + looked}, looked, told.trouble


def _needs_no_read(deletion: Deletion) -> bool:
    """A frozen selection was read a moment ago; links cannot be asked for."""
    return deletion.frozen or deletion.request.operation is Operation.DELINK_RECORDS


def _kept(
    work: Slice, progress: IdsProgress, chunk: Chunk, findings: dict[int, Finding], more: int
) -> Commit:
    """A dry run's counts stay 0, so its outcomes are kept without them."""
    after = chunk.with_findings(findings)
    step = moves.to(work, replace(progress, looked=progress.looked + more))
    deletion = replace(step.deletion, updated_at=work.now)
    return replace(step, deletion=deletion, succeeded=READ, chunks=(after,) if after != chunk else ())


def _held(work: Slice, chunk: Chunk) -> dict[int, Finding]:
    held = holds.held_among(work, list(chunk.ids))
    return {p: holds.HELD for p, one in enumerate(chunk.ids) if one in held}


def _found(work: Slice, chunk: Chunk, batch: Batch, reply: Reply) -> dict[int, Finding]:
    """What an answer says of its ids: held, not there; nothing of those that would go."""
    there = {item.id for item in reply.items if item.id is not None}
    held = holds.held_among(work, sorted(there))
    gone = {p: Finding(Mark.ABSENT) for p in batch.positions if chunk.ids[p] not in there}
    return gone | {p: holds.HELD for p in batch.positions if chunk.ids[p] in held}


def _reader(work: Slice, zoho: Zoho, chunk: Chunk, batch: Batch) -> Callable[[], Reply]:
    ids: Sequence[str] = [chunk.ids[p] for p in batch.positions]
    return lambda: zoho.read(work.deletion.request.module, ids)


def _trouble(work: Slice, progress: IdsProgress, judged: Judgement) -> Commit:
    if judged.verdict not in NOT_NOW:
        return failed(work, judged.code, judged.message)
    progress = replace(progress, code=judged.code, message=judged.message)
    return moves.to(work, progress, TryAgain(READ, judged.verdict, judged.code))


def failed(work: Slice, code: str, message: str) -> Commit:
    """The plan cannot be told: nothing was deleted, and nothing is known of what would go."""
    problem = Problem(code, work.deletion.id_count, message)
    return Commit(work.deletion, Finish(Status.FAILED, code, problems=(problem,)))


def _told(work: Slice) -> Commit:
    """The plan; where all that is there is held, the refusal that deleting it would meet."""
    deletion = work.deletion
    would, held = 0, 0
    problems: tuple[Problem, ...] = ()
    first: list[str] = []
    for number in range(deletion.chunks):
        chunk = work.ledger.chunk(deletion.id, number)
        pending = chunk.at(Mark.PENDING)
        would += len(pending)
        held += len(chunk.at(Mark.HELD))
        problems = recount_problems(problems, untouched(number, chunk.ids), chunk)
        first += [chunk.ids[p] for p in pending[: SHOWN - len(first)]]
    calls = -(-would // BATCH_LIMIT[by_ids.call_kind(deletion)])
    more_calls, more_credits = _of_reading(deletion)
    found = Plan(would, tuple(first), calls=calls + more_calls, credits=calls + more_credits)
    status = Status.REFUSED if held and held == deletion.id_count else Status.COMPLETED
    counts = replace(deletion.counts, requested=0, pending=0)
    named = {problem.code for problem in problems}
    others = tuple(problem for problem in deletion.problems if problem.code not in named)
    told = replace(deletion, plan=found, counts=counts, problems=(*others, *problems))
    return Commit(told, Finish(status, "dry run"))


def _of_reading(deletion: Deletion) -> tuple[int, int]:
    """Calls and credits before the first delete: a view is read twice, external ids are resolved singly."""
    if deletion.request.external_id_field:
        return deletion.id_count, deletion.id_count
    if deletion.request.operation is not Operation.MASS_DELETE:
        return 0, 0
    pages = 2 * -(-deletion.id_count // PAGE)
    return pages, PAGE_CREDITS * pages
