"""A wave of reads: which of these records are there, and which lie in the bin. Zoho is called for those that
may go.

Reading and sending belong to one step, so that nothing waits between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chalicelib.domain import bin_settling, by_bin
from chalicelib.domain.bin_settling import Clocks
from chalicelib.domain.by_bin import BinProgress
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Finding, Mark
from chalicelib.domain.recycle_bin import BinEntry, BinIds, entries_of
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.bin.clocks import READ, SEND
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Again, Commit, Note, Outgoing, Send, Slice, Step, Then, TryAgain
from chalicelib.service.ports import Call
from chalicelib.service.zoho_port import Zoho

T = TypeVar("T")
HELD = Finding(Mark.HELD, "HELD")


@dataclass
class Wave:
    """What a wave of looks found in one chunk: findings by position, positions to be called for, Zoho's clock
    beside ours, and what kept it from being whole. `split`: Zoho refused a call for several ids, which are
    asked for one by one.
    """

    findings: dict[int, Finding] = field(default_factory=dict)
    to_send: list[int] = field(default_factory=list)
    clocks: Clocks | None = None
    trouble: Judgement | None = None
    asked: float | None = None
    refused: Judgement | None = None
    split: bool = False


def step(work: Slice, progress: BinProgress, chunk: Chunk, positions: list[int]) -> Step:
    """Look at the next of `positions`, and send what is to be sent for them."""
    batches = by_bin.batches(positions, progress.alone, work.width)
    wave = look(work, progress, chunk, batches)
    looked = [p for batch in batches for p in batch]
    free = _free(work, chunk, wave)
    if free:
        return _sending(work, progress, chunk, wave, looked, free)
    return _kept(work, progress, chunk, wave, looked)


def look(work: Slice, progress: BinProgress, chunk: Chunk, batches: Sequence[tuple[int, ...]]) -> Wave:
    """Read the records and then their entries in the bin, and judge each id. Where nothing but this look will
    tell, the records are read once more: one may have come back between the two reads.
    """
    zoho, module = work.zoho, work.deletion.request.module
    reads = [_reading(zoho, module, chunk, batch) for batch in batches]
    there = parallel.all_at_once(reads)
    entries = parallel.all_at_once([_entries(zoho, chunk, batch) for batch in batches])
    still = parallel.all_at_once(reads) if by_bin.decides(progress) else there
    wave = Wave()
    for batch, read, listed, second in zip(batches, there, entries, still, strict=True):
        judged = [judge_call(CallKind.READ, read), judge_call(CallKind.BIN_ENTRIES, listed)]
        judged.append(judge_call(CallKind.READ, second))
        wrong = next((each for each in judged if each.verdict is not Verdict.ANSWERED), None)
        if wrong is not None and wrong.verdict in NOT_NOW:
            wave.trouble, wave.asked = wrong, read.retry_after or listed.retry_after or second.retry_after
        elif wrong is not None:
            wave.refused = wrong
        else:
            seen = {item.id for item in (*read.items, *second.items)}, entries_of(listed.body)
            _judge(work.deletion, progress, chunk, batch, seen, Clocks(work.now, listed.date), wave)
    return wave


def _judge(
    deletion: Deletion,
    progress: BinProgress,
    chunk: Chunk,
    batch: Sequence[int],
    seen: tuple[set[str | None], Mapping[str, BinEntry]],
    clocks: Clocks,
    wave: Wave,
) -> None:
    there, entries = seen
    wave.clocks = clocks
    for position in batch:
        one = chunk.ids[position]
        found = bin_settling.decide(
            deletion, progress, chunk, position, (one in there, entries.get(one)), clocks
        )
        if found.send:
            wave.to_send.append(position)
        if found.finding is not None:
            wave.findings[position] = found.finding


def _reading(zoho: Zoho, module: str, chunk: Chunk, batch: Sequence[int]) -> Callable[[], Reply]:
    return lambda: zoho.read(module, [chunk.ids[p] for p in batch])


def _entries(zoho: Zoho, chunk: Chunk, batch: Sequence[int]) -> Callable[[], Reply]:
    return lambda: zoho.bin_entries(_ids(chunk, batch))


def _ids(chunk: Chunk, batch: Sequence[int]) -> BinIds:
    return BinIds(tuple(chunk.ids[p] for p in batch))


def held_among(work: Slice, chunk: Chunk, positions: Sequence[int]) -> list[int]:
    """Those of the positions that a hold protects from being deleted for good; a restore takes nothing."""
    if by_bin.restores(work.deletion) or not positions:
        return []
    request = work.deletion.request
    held = work.ledger.held(request.org, request.module, [chunk.ids[p] for p in positions], work.now)
    return [p for p in positions if chunk.ids[p] in held]


def _free(work: Slice, chunk: Chunk, wave: Wave) -> list[int]:
    """What may be sent of a wave. A held id that no lost call is about is settled as held."""
    held = held_among(work, chunk, wave.to_send)
    wave.findings |= {p: HELD for p in held if chunk.marks[p] != Mark.SENT}
    return [p for p in wave.to_send if p not in held]


def _sending(
    work: Slice, progress: BinProgress, chunk: Chunk, wave: Wave, looked: list[int], free: list[int]
) -> Send:
    kind = by_bin.call_kind(work.deletion)
    batches = by_bin.batches(free, progress.alone, len(free))

    def opened(numbers: tuple[int, ...]) -> Deletion:
        at = wave.clocks.zohos(work.now) if wave.clocks is not None else work.now
        since = at if progress.sent_since is None else progress.sent_since
        return replace(work.deletion, progress=replace(progress, open=numbers, sent_since=since).to_json())

    def last_look() -> list[str]:
        return ["a hold was set" if held_among(work, chunk, free) else ""] * len(batches)

    def judge(calls: Sequence[Call], replies: Sequence[Reply | None]) -> Commit:
        answers = [
            (call, batch, reply)
            for call, batch, reply in zip(calls, batches, replies, strict=True)
            if reply is not None
        ]
        if answers:
            return _judged(work, chunk, wave, looked, answers)
        # Nothing was sent: what was looked at is looked at again.
        after = replace(by_bin.progress_of(work.deletion), open=(), sent_since=progress.sent_since)
        deletion = replace(work.deletion, progress=after.to_json())
        why = str((calls[0].answer or {}).get("message", ""))
        return Commit(deletion, Again(), calls=tuple(calls), notes=(Note("not_sent", why),))

    outgoing = tuple(
        Outgoing(
            kind, {"chunk": chunk.number, "positions": list(batch)}, _calling(work.deletion, chunk, batch)
        )
        for batch in batches
    )
    return Send(outgoing, opened, last_look, judge)


def _calling(deletion: Deletion, chunk: Chunk, batch: Sequence[int]) -> Callable[[Zoho], Reply]:
    ids = _ids(chunk, batch)
    if by_bin.restores(deletion):
        return lambda zoho: zoho.restore_from_bin(ids)
    return lambda zoho: zoho.delete_from_bin(ids)


def _judged(
    work: Slice,
    chunk: Chunk,
    wave: Wave,
    looked: list[int],
    answers: Sequence[tuple[Call, tuple[int, ...], Reply]],
) -> Commit:
    """The answers, with what the wave had found besides."""
    kind = by_bin.call_kind(work.deletion)
    progress = replace(by_bin.progress_of(work.deletion), open=())
    calls, findings = [], dict(wave.findings)
    trouble, refused = wave.trouble, wave.refused
    asked, call, split = wave.asked, READ, False
    for sent, batch, reply in answers:
        ids = [chunk.ids[p] for p in batch]
        whole = judge_call(kind, reply, ids)
        told = judge_items(kind, reply, ids) if whole.verdict is Verdict.ANSWERED else {}
        found: dict[int, Finding] = {}
        if whole.verdict is Verdict.ANSWERED:
            found = {p: bin_settling.answered(Mark(chunk.marks[p]), told[chunk.ids[p]]) for p in batch}
        elif whole.verdict is Verdict.UNKNOWN:
            found = dict.fromkeys(batch, Finding(Mark.SENT, whole.code, whole.message))
        elif whole.verdict is Verdict.SPLIT and len(batch) > 1:
            progress = replace(progress, alone=tuple(sorted({*progress.alone, *batch})))
            split = True
        elif whole.verdict is Verdict.FAIL:
            progress = replace(progress, stopped=(whole.code, whole.message), checking=False)
        if whole.verdict in NOT_NOW:
            trouble, asked, call = whole, reply.retry_after, SEND
        findings |= found
        marks = [[p, f.mark.value, f.code] for p, f in sorted(found.items())]
        answer = {
            "verdict": whole.verdict.value,
            "code": whole.code,
            "message": whole.message,
            "marks": marks,
        }
        calls.append(replace(sent, answered_at=work.now, answer=answer))
    after = replace(wave, findings=findings, trouble=trouble, asked=asked, refused=refused, split=split)
    return _kept(work, progress, chunk, after, looked, tuple(calls), call)


def _kept(
    work: Slice,
    progress: BinProgress,
    chunk: Chunk,
    wave: Wave,
    looked: list[int],
    calls: tuple[Call, ...] = (),
    call: str = READ,
) -> Commit:
    """Keep what was found, and go on behind it, or try again where something was in the way."""
    then: Then = Again()
    if wave.clocks is not None:
        progress = replace(progress, skew=wave.clocks.zohos(work.now) - work.now)
    if wave.refused is not None and wave.trouble is None:
        # What cannot be looked at is not called for either.
        progress = replace(progress, stopped=(wave.refused.code, wave.refused.message), checking=False)
        if by_bin.progress_of(work.deletion).stopped is not None:
            progress = replace(progress, last=True, checking=True)
    if wave.trouble is not None:
        progress = replace(progress, code=wave.trouble.code, message=wave.trouble.message)
        then = TryAgain(call, wave.trouble.verdict, wave.trouble.code, wave.asked)
    elif progress.checking and not wave.split:
        progress = replace(progress, cursor=chunk.number * CHUNK_SIZE + max(looked) + 1)
    after = chunk.with_findings(wave.findings)
    return Commit(
        replace(work.deletion, progress=progress.to_json()),
        then,
        calls=calls,
        chunks=(after,) if after != chunk else (),
        running="" if wave.trouble is None else None,
        proven=wave.trouble is None,
        succeeded=call if wave.trouble is None else None,
    )
