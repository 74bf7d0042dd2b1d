from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.slots import blocks, preference


@given(st.integers(1, 100))
def test_blocks_add_up_to_the_concurrency(concurrency: int) -> None:
    assert sum(blocks(concurrency)) == concurrency
    assert min(blocks(concurrency)) >= 1


@given(st.integers(1, 100), st.integers(1, 25), st.integers(0, 1000))
def test_every_block_is_tried_once(concurrency: int, wanted: int, start: int) -> None:
    sizes = blocks(concurrency)
    assert sorted(preference(sizes, wanted, start)) == list(range(len(sizes)))


def test_small_wishes_leave_the_large_blocks_alone() -> None:
    sizes = blocks(20)
    assert sizes[preference(sizes, 1, 15)[0]] == 1
    assert sizes[preference(sizes, 20, 3)[0]] == 5
