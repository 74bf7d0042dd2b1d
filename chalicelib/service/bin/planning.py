"""A dry run: which ids would be restored, or deleted for good. Reads only."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import bin_settling, by_bin
from chalicelib.domain.by_bin import BinProgress
from chalicelib.domain.deletion import Plan, Problem
from chalicelib.domain.outcomes import CHUNK_SIZE, Mark
from chalicelib.domain.recycle_bin import MOST_IDS
from chalicelib.domain.request import NOT_ITS
from chalicelib.domain.status import Status
from chalicelib.service.bin import reading
from chalicelib.service.bin.clocks import READ
from chalicelib.service.engine.step import Commit, Finish, Slice, Step, TryAgain

#: First ids that a plan shows.
SHOWN = 10


def step(work: Slice, progress: BinProgress) -> Step:
    """Look at the next ids; where all were looked at, tell the plan."""
    if progress.looked >= work.deletion.id_count:
        return _tell(work, progress)
    chunk = work.chunk(progress.looked // CHUNK_SIZE)
    start = progress.looked % CHUNK_SIZE
    ahead = range(start, len(chunk.ids))[: MOST_IDS * work.width]
    positions = [p for p in ahead if not chunk.until or chunk.until[p] != NOT_ITS]
    found = {p: f for p, f in bin_settling.foreign(chunk).items() if p in ahead}
    would: list[int] = []
    if positions:
        batches = by_bin.batches(positions, (), len(positions))
        wave = reading.look(work, progress, chunk, batches)
        if wave.refused is not None:
            return fail(work, wave.refused.code, wave.refused.message)
        if wave.trouble is not None:
            noted = replace(progress, code=wave.trouble.code, message=wave.trouble.message)
            then = TryAgain(READ, wave.trouble.verdict, wave.trouble.code, wave.asked)
            return Commit(replace(work.deletion, progress=noted.to_json()), then)
        held = reading.held_among(work, chunk, wave.to_send)
        found |= wave.findings | dict.fromkeys(held, reading.HELD)
        would = [p for p in wave.to_send if p not in held]
    first = (*progress.first_ids, *(chunk.ids[p] for p in would))[:SHOWN]
    looked = replace(
        progress, looked=progress.looked + len(ahead), would=progress.would + len(would), first_ids=first
    )
    after = chunk.with_findings(found)
    return Commit(
        replace(work.deletion, progress=looked.to_json()),
        chunks=(after,) if after != chunk else (),
        succeeded=READ,
    )


def fail(work: Slice, code: str, message: str) -> Commit:
    """The plan cannot be told."""
    problem = Problem(code, work.deletion.id_count, message)
    return Commit(work.deletion, Finish(Status.FAILED, code, problems=(problem,)))


def _tell(work: Slice, progress: BinProgress) -> Commit:
    """The plan; where all that could go is held, the refusal that it would meet."""
    chunks = [work.chunk(number) for number in range(work.deletion.chunks)]
    held = sum(len(chunk.at(Mark.HELD)) for chunk in chunks)
    calls = -(-progress.would // MOST_IDS)
    # Each hundred are looked at twice, by two reads, and the list names 200 a page for two credits.
    reads = 4 * calls
    plan = Plan(progress.would, progress.first_ids, calls=calls + reads, credits=calls + reads + calls)
    status = Status.REFUSED if held and held == work.deletion.id_count else Status.COMPLETED
    return Commit(replace(work.deletion, plan=plan), Finish(status, "dry run"))
