"""Digests of what was accepted, written once a day is over: what `expunge find` reads in place of all ids.

Written again after a crash they are the same items. How far they reach is kept after them, so what is not in
a digest is known not to be, and is read by who looks for it.
"""

from __future__ import annotations

from chalicelib.domain.evidence import digest
from chalicelib.service.evidence.tools import Tools

#: How long after its end a day is taken up (seconds): long after the last write that began on it.
LATE = 3_600.0


def written(tools: Tools, until: float) -> int:
    """Write the digests of the days that are over, as far as there is time before `until`; of how many
    deletions.
    """
    today = digest.day_of(tools.clock() - LATE)
    extent = tools.book.digested()
    told = 0
    while extent.day < today and tools.clock() < until:
        ids, after = tools.book.accepted(extent, today)
        for each in digest.of(tools.book.named(ids)):
            tools.book.keep_digest(after.day, each)
        tools.book.digested_until(after)
        extent, told = after, told + len(ids)
    return told
