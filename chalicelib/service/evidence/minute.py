"""What the evidence function does each minute: receipts, operators' entries, a head that names both; once a
day the event that carries the newest head out of the account, and the digests of the day before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from chalicelib.domain.document import iso
from chalicelib.domain.errors import ExpungeError, Unavailable
from chalicelib.domain.evidence import canonical, head, operators
from chalicelib.domain.evidence.checking import PUBLIC_KEY
from chalicelib.domain.evidence.pem import to_pem
from chalicelib.service.evidence import digests, heads, receipts
from chalicelib.service.evidence.ports import Chain, Written
from chalicelib.service.evidence.tools import Tools

#: How far back from the newest head the operators' entries are looked through (seconds): clocks differ, and a
#: write takes a while.
LOOKED_BACK = 3_600.0
DAY = 86_400.0
#: The same where there is no head yet: all that the table keeps.
ALL = 440 * DAY
EVENT = "expunge.evidence.head"


@dataclass(frozen=True, slots=True)
class Done:
    """What a minute did: receipts seen to, operators' entries written, deletions that failed for now, the
    newest head, and deletions taken into digests. `turn`: False where another one was at it.
    """

    receipts: int = 0
    entries: int = 0
    failed: int = 0
    head: int = 0
    digested: int = 0
    turn: bool = True


def write(tools: Tools, until: float, lease_until: float) -> Done:
    """Write the evidence that waits, as far as there is time before `until`.

    `lease_until`: when this invocation is over for certain; until then nobody else writes. Raises Unavailable
    where the table, the bucket or the key is out of reach.
    """
    if not tools.book.take_turn(tools.owner, tools.clock(), lease_until):
        return Done(turn=False)
    try:
        return _written(tools, until)
    finally:
        tools.book.end_turn(tools.owner)


def _written(tools: Tools, until: float) -> Done:
    chain = heads.caught_up(tools, until)
    if chain is None:
        return Done(head=tools.book.chain().n)
    if not chain.n:
        tools.objects.put_once(PUBLIC_KEY, to_pem(tools.signer.public_key()))
    entries = _entries(tools, chain, until)
    if entries is None:
        return Done(head=chain.n)
    done, failed = _receipts(tools, chain.n + 1, until)
    chain = heads.written(tools, chain)
    if done:
        tools.nudges.nudge_all(done)
    chain = _told(tools, chain)
    return Done(len(done), entries, failed, chain.n, digests.written(tools, until))


def _receipts(tools: Tools, head_number: int, until: float) -> tuple[list[str], int]:
    """The deletions whose receipt is there, and how many failed for now."""
    done: list[str] = []
    failed = 0
    with ThreadPoolExecutor(tools.abreast) as pool:
        for page in tools.book.due(tools.clock()):
            for deletion_id, there in pool.map(partial(_receipt, tools, head_number), page):
                done += [deletion_id] if there else []
                failed += there is None
            if tools.clock() >= until:
                break
    return done, failed


def _receipt(tools: Tools, head_number: int, deletion_id: str) -> tuple[str, bool | None]:
    """Whether the deletion's receipt is there; None where it failed. One must not keep the others."""
    try:
        return deletion_id, receipts.written(tools, deletion_id, head_number)
    except ExpungeError as problem:
        tools.report("evidence_failed", deletion_id=deletion_id, reason=str(problem))
    except Exception as problem:  # noqa: BLE001 -- a mistake of ours in one must not keep the others
        tools.report("evidence_broken", deletion_id=deletion_id, reason=type(problem).__name__)
    return deletion_id, None


def _entries(tools: Tools, chain: Chain, until: float) -> int | None:
    """Write the objects of the operators' entries that have none, oldest first; how many. None where there
    was no time for all of them: no head may come before the rest, as it is looked back from a head.
    """
    since = _looked_through_from(tools.clock(), chain)
    made: Sequence[operators.Entry] = tools.book.entries(since)
    known = tools.book.entries_written(since) if made else set()
    new = [entry for entry in made if entry.id not in known]
    for entry in new:
        if tools.clock() >= until:
            return None
        name, data = operators.name(entry.id), operators.sealed(entry)
        if not tools.objects.put_once(name, data):
            data = tools.objects.read(name) or b""
        tools.book.keep(Written(name, canonical.sha256(data), chain.n + 1, entry.id))
    return len(new)


def _looked_through_from(now: float, chain: Chain) -> float:
    """From when on there may be entries that stand in no head: however long nothing was written."""
    if not chain.n:
        return now - ALL
    return min(now, datetime.fromisoformat(chain.at).timestamp()) - LOOKED_BACK


def _told(tools: Tools, chain: Chain) -> Chain:
    """The newest head stands outside the account too, from the first minute of each day (UTC) on."""
    now = tools.clock()
    day = str(iso(now))[:10]
    if not chain.n or chain.told == day:
        return chain
    event = {
        "specversion": "1.0",
        "id": f"evidence/{tools.stage}/{chain.n}",
        "source": f"urn:expunge:{tools.stage}",
        "type": EVENT,
        "subject": head.name(chain.n),
        "time": iso(now),
        "datacontenttype": "application/json",
        "data": {"n": chain.n, "hash": chain.previous, "at": chain.at},
    }
    try:
        tools.topic.publish(json.dumps(event, separators=(",", ":")), {"type": EVENT})
    except Unavailable as problem:
        tools.report("evidence_event_failed", reason=problem.reason)
        return chain
    after = replace(chain, told=day)
    tools.book.advance(chain, after)
    return after
