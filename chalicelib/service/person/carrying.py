"""One call about entries of the map: sent with its intent, its answer kept.

What came of it the next read of the record shows, so a lost answer is no more than another look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.person.erasure_map import ErasureMap, shared_in
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.person_map import PersonMap
from chalicelib.domain.person.progress import ErasureProgress
from chalicelib.domain.person.remaining import MOST_TRIES, NOT_CHANGED, Context, going
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.engine.step import Again, Commit, Note, Outgoing, Send, Slice, Step, Then, TryAgain
from chalicelib.service.person import stored
from chalicelib.service.person.clocks import LOCKED, SEND
from chalicelib.service.ports import Call
from chalicelib.service.zoho_port import Zoho

HELD = Finding(Mark.HELD, "HELD")


@dataclass(frozen=True)
class Job:
    """What an erasure that is carried out goes by, read once a step. `going`: the records that are deleted;
    `held`: what a hold protects.
    """

    made: ErasureMap
    person_map: PersonMap
    context: Context
    going: frozenset[Record]
    held: frozenset[Record]


def job(work: Slice, progress: ErasureProgress) -> Job:
    """The map with what is meant, the values, and the holds as they are now."""
    known = stored.known(work)
    made = stored.stored_map(work, progress, known.person_map)
    wanted = stored.wanted_of(work, known.person_map, work.phones)
    shared = shared_in(work.deletion.erasure)
    context = Context(wanted, work.phones, known.modules, shared, frozenset(progress.meant))
    held = held_of(work, [each.record for each in made.entries])
    went = made.gone - held_of(work, tuple(made.gone))
    return Job(made, known.person_map, context, going(made.entries, held) | went, held)


def held_of(work: Slice, records: Sequence[Record]) -> frozenset[Record]:
    """Those of the records that a hold protects now."""
    found: set[Record] = set()
    org = work.deletion.request.org
    for module in {each.module for each in records}:
        ids = [each.id for each in records if each.module == module]
        found |= {Record(module, one) for one in work.ledger.held(org, module, ids, work.now)}
    return frozenset(found)


@dataclass(frozen=True)
class PlannedCall:
    """A call: its kind, the ids that it is judged by, what is kept of it, and how to make it.

    `positions`: the entries that it is about, each with the id of `ids` that stands for it. `step`: what the
    call is in words, for the ledger. `deletes`: the call deletes the entries' own records.
    """

    kind: CallKind
    ids: tuple[str, ...]
    positions: tuple[int, ...]
    step: str
    make: Callable[[Zoho], Reply]
    deletes: bool = False

    @property
    def name(self) -> str:
        """What tells it from the next call about the same entry."""
        return f"{self.step} {self.ids[0]}"


def update(record: Record, values: Mapping[str, object], at: int, words: str) -> PlannedCall:
    """An update of the record of the entry `at`."""
    module, one = record.module, record.id
    return PlannedCall(CallKind.UPDATE, (one,), (at,), words, lambda zoho: zoho.update(module, one, values))


def send(
    work: Slice, progress: ErasureProgress, chunk: Chunk, planned: PlannedCall, guarded: Sequence[Record]
) -> Step:
    """Send one call. `guarded`: records that no hold may protect by the time it leaves."""
    target: dict[str, object] = {
        "chunk": chunk.number,
        "positions": list(planned.positions),
        "step": planned.step,
    }

    def opened(numbers: tuple[int, ...]) -> Deletion:
        after = replace(progress, open=numbers, about=planned.positions)
        return replace(work.deletion, progress=after.to_json())

    def last_look() -> list[str]:
        return ["a hold was set" if held_of(work, guarded) else ""]

    def judge(calls: Sequence[Call], replies: Sequence[Reply | None]) -> Commit:
        return _judged(work, progress, chunk, planned, calls[0], replies[0])

    return Send((Outgoing(planned.kind, target, planned.make),), opened, last_look, judge)


def _judged(
    work: Slice,
    progress: ErasureProgress,
    chunk: Chunk,
    planned: PlannedCall,
    call: Call,
    reply: Reply | None,
) -> Commit:
    after = replace(progress, open=(), about=())
    if reply is None:
        why = str((call.answer or {}).get("message", ""))
        deletion = replace(work.deletion, progress=after.to_json())
        return Commit(deletion, Again(), calls=(call,), notes=(Note("not_sent", why),))
    whole = judge_call(planned.kind, reply, planned.ids)
    found = _findings(chunk, planned, whole, reply)
    then = _then(whole, found, reply)
    single = after.tries < 0 or (whole.verdict is Verdict.SPLIT and not found)
    tries = -1 if single else after.tries + 1 if after.doing == planned.name else 1
    after = replace(after, tries=tries, doing=planned.name, code=whole.code)
    marks = [[p, f.mark.value, f.code] for p, f in sorted(found.items())]
    # Zoho's words are not kept: they may repeat a value of the person.
    answer = {"verdict": whole.verdict.value, "code": whole.code, "message": "", "marks": marks}
    kept = replace(call, answered_at=work.now, answer=answer)
    return Commit(
        replace(work.deletion, progress=after.to_json(), updated_at=work.now),
        then,
        calls=(kept,),
        chunks=(chunk.with_findings(found),) if found else (),
        running="" if isinstance(then, TryAgain) else None,
        succeeded=None if isinstance(then, TryAgain) else SEND,
    )


def _findings(chunk: Chunk, planned: PlannedCall, whole: Judgement, reply: Reply) -> dict[int, Finding]:
    """What an answer says of the entries of its call; nothing where the call is to be made again."""
    if whole.verdict is Verdict.ANSWERED:
        told = judge_items(planned.kind, reply, planned.ids)
        if not planned.deletes:
            return dict.fromkeys(planned.positions, _about(_worst(list(told.values()))))
        return {
            p: answered(chunk, p, told[one]) for p, one in zip(planned.positions, planned.ids, strict=True)
        }
    if whole.verdict is Verdict.UNKNOWN:
        return dict.fromkeys(planned.positions, Finding(Mark.SENT, whole.code))
    if whole.verdict in NOT_NOW or (whole.verdict is Verdict.SPLIT and len(planned.positions) > 1):
        return {}
    return dict.fromkeys(planned.positions, Finding(Mark.FAILED, whole.code))


def _then(whole: Judgement, found: Mapping[int, Finding], reply: Reply) -> Then:
    """How it goes on: at once, or after a while."""
    if whole.verdict in NOT_NOW:
        return TryAgain(SEND, whole.verdict, whole.code, reply.retry_after)
    slow = next((each for each in found.values() if each.mark is Mark.SLOW), None)
    return Again() if slow is None else TryAgain(LOCKED, Verdict.RETRY_SLOWLY, slow.code)


def _worst(told: Sequence[Judgement]) -> Judgement:
    """Of the answers to one call about an entry the one that decides how it goes on."""
    order = (Verdict.FAILED, Verdict.RETRY_SLOWLY, Verdict.REPEAT, Verdict.CHECK_GONE)

    def rank(judged: Judgement) -> int:
        return order.index(judged.verdict) if judged.verdict in order else len(order)

    return min(told, key=rank)


def _about(judged: Judgement) -> Finding:
    """What an answer to a call that unlinks or clears says of the entry: only a refusal is an outcome, all
    else the next read of the record shows.
    """
    if judged.verdict is Verdict.FAILED:
        return Finding(Mark.FAILED, judged.code)
    if judged.verdict is Verdict.RETRY_SLOWLY:
        return Finding(Mark.SLOW, judged.code)
    return Finding(Mark.SENT if judged.verdict is Verdict.REPEAT else Mark.SAID, judged.code)


def answered(chunk: Chunk, position: int, judged: Judgement) -> Finding:
    """What an answer to a call that deletes says of its record."""
    tried_before = chunk.marks[position] == Mark.SENT
    if judged.verdict is Verdict.DELETED:
        return Finding(Mark.DELETED)
    if judged.verdict is Verdict.CHECK_GONE:
        return Finding(Mark.CHECK_SENT if tried_before else Mark.CHECK, judged.code)
    if judged.verdict is Verdict.RETRY_SLOWLY:
        return Finding(Mark.SLOW, judged.code)
    if judged.verdict is Verdict.FAILED:
        return Finding(Mark.FAILED, judged.code)
    return Finding(Mark.SENT, judged.code)


def without_answer(work: Slice, progress: ErasureProgress) -> Commit:
    """A call with an intent and no answer: a worker died in between. The next read shows what came of it."""
    chunk = work.chunk(0)
    after = chunk.with_mark(progress.about, Finding(Mark.SENT, "NO_ANSWER"))
    deletion = replace(work.deletion, progress=replace(progress, open=(), about=()).to_json())
    note = Note("resumed", f"{len(progress.open)} calls without an answer")
    return Commit(deletion, chunks=(after,), notes=(note,))


def settled(
    work: Slice, progress: ErasureProgress, chunk: Chunk, found: dict[int, Finding], at: int | None = None
) -> Commit:
    """Keep outcomes, and go on behind the entry (`at`: with this one)."""
    after = replace(progress, at=progress.at + 1 if at is None else at, tries=0, doing="")
    deletion = replace(work.deletion, progress=after.to_json(), updated_at=work.now)
    new = chunk.with_findings(found)
    return Commit(deletion, chunks=(new,) if new != chunk else (), running="", proven=True)


def spent(progress: ErasureProgress) -> Finding | None:
    """The outcome of an entry whose calls change nothing, however often they are sent."""
    return Finding(Mark.FAILED, NOT_CHANGED) if progress.tries >= MOST_TRIES else None
