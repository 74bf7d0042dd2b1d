"""An org's concurrency, cut into blocks that workers lease for a slice.

Zoho limits the calls that an app has under way at the same time in an org. All workers together stay below
the secret's `concurrency` by leasing blocks of it: single slots for small deletions, larger blocks for large
ones.
"""

from __future__ import annotations

LARGE_BLOCK = 5


def blocks(concurrency: int) -> tuple[int, ...]:
    """Sizes of the blocks, which add up to `concurrency`: a quarter at least single, the rest large.

    >>> blocks(10)
    (1, 1, 1, 1, 1, 5)
    >>> blocks(20)
    (1, 1, 1, 1, 1, 5, 5, 5)
    """
    large = concurrency * 3 // 4 // LARGE_BLOCK
    return (1,) * (concurrency - large * LARGE_BLOCK) + (LARGE_BLOCK,) * large


def share(concurrency: int) -> int:
    """What a deletion keeps of the org's concurrency while others wait for some of it: half."""
    return (concurrency + 1) // 2


def preference(sizes: tuple[int, ...], wanted: int, start: int) -> list[int]:
    """Numbers of the blocks in the order to try them.

    Who wants one call tries the small blocks first, who wants many the large ones; `start` spreads the
    workers over blocks of one size.
    """
    count = len(sizes)
    turned = [(start + i) % count for i in range(count)]
    return sorted(turned, key=lambda k: sizes[k] if wanted <= 1 else -min(sizes[k], wanted))
