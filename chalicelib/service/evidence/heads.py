"""Goes on with the chain of heads: what lies in the bucket counts, and the table follows it.

A head is written once. Where the table is behind, after a crash or with an older copy of it, the heads that
lie there are taken over one by one, with what they name.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.document import iso
from chalicelib.domain.evidence import canonical, dsse, head, operators
from chalicelib.domain.evidence.head import Head
from chalicelib.service.evidence import receipts
from chalicelib.service.evidence.ports import Chain, Written
from chalicelib.service.evidence.tools import Tools


def caught_up(tools: Tools, until: float) -> Chain | None:
    """The chain as the bucket has it; None where there was no time to follow it to its end."""
    chain = tools.book.chain()
    while (data := tools.objects.read(head.name(chain.n + 1))) is not None:
        chain = _taken(tools, chain, data)
        if tools.clock() >= until:
            return None
    return chain


def written(tools: Tools, chain: Chain) -> Chain:
    """The chain with everything in it that waits. No head is empty."""
    while waiting := tools.book.waiting(chain.n + 1):
        some = dict(sorted(waiting.items())[: head.MOST_ENTRIES])
        at = max(str(iso(tools.clock())), chain.at)
        made = Head(chain.n + 1, chain.previous, at, tools.stage, some)
        data = tools.envelope(dsse.HEAD, made.payload())
        name = head.name(made.n)
        if not tools.objects.put_once(name, data):
            data = tools.objects.read(name) or b""
        chain = _taken(tools, chain, data)
    return chain


def _taken(tools: Tools, chain: Chain, data: bytes) -> Chain:
    """Take the next head over as it lies there: the table knows what it names, and what it does not name
    waits for the one after it. Raises ValueError for one that does not follow the chain.
    """
    read = head.read(dsse.opened(data).payload)
    if (read.n, read.previous) != (chain.n + 1, chain.previous):
        raise ValueError(f"head {chain.n + 1} in the bucket does not follow the one before it")
    waiting = tools.book.waiting(read.n)
    for name, digest in read.entries.items():
        if name not in waiting:
            _keep(tools, name, digest, read.n)
    for name, digest in waiting.items():
        if name not in read.entries:
            tools.book.move(name, digest, read.n + 1)
    after = replace(chain, n=read.n, previous=canonical.sha256(read.payload()), at=read.at)
    tools.book.advance(chain, after)
    return after


def _keep(tools: Tools, name: str, digest: str, n: int) -> None:
    """Keep what a head names that the table does not know."""
    if name.startswith(operators.PREFIX):
        entry = name.removeprefix(operators.PREFIX).removesuffix(".json")
        tools.book.keep(Written(name, digest, n, entry))
        return
    data = tools.objects.read(name)
    if data is None:
        tools.report("evidence_missing", object=name)
        return
    tools.book.keep(receipts.told(name, data, n))
