"""What is kept of Zoho's words is bounded, however many different ones there are."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.deletion import Problem
from chalicelib.domain.outcomes import (
    CHUNK_SIZE,
    MOST_PROBLEMS,
    MOST_TEXTS,
    OTHER_CODES,
    Chunk,
    Finding,
    Mark,
    recount_problems,
    untouched,
)

FULL = untouched(0, tuple(str(10**18 + n) for n in range(CHUNK_SIZE)))


def test_words_that_are_all_different_are_kept_up_to_a_number_and_the_codes_beyond_it() -> None:
    findings = {n: Finding(Mark.FAILED, "CANNOT_DELETE", f"rule {n}") for n in range(CHUNK_SIZE)}
    chunk = FULL.with_findings(findings)
    assert chunk.codes[0] == ("CANNOT_DELETE", "rule 0")
    assert chunk.codes[CHUNK_SIZE - 1] == ("CANNOT_DELETE", "")
    assert len(set(chunk.codes.values())) == MOST_TEXTS + 1
    assert chunk.at(Mark.FAILED) == list(range(CHUNK_SIZE))


def test_codes_that_are_all_different_are_kept_up_to_a_number_and_then_counted_together() -> None:
    chunk = FULL.with_findings({n: Finding(Mark.FAILED, f"CODE_{n}", "words") for n in range(CHUNK_SIZE)})
    assert chunk.codes[2 * MOST_TEXTS] == (OTHER_CODES, "")
    assert len(set(chunk.codes.values())) == 2 * MOST_TEXTS + 1


def test_words_that_are_not_kept_any_more_make_room_for_others() -> None:
    slow = {n: Finding(Mark.SLOW, "RECORD_LOCKED", f"by {n}") for n in range(MOST_TEXTS)}
    chunk = FULL.with_findings(slow).with_findings({n: Finding(Mark.DELETED) for n in range(MOST_TEXTS)})
    assert chunk.with_findings({MOST_TEXTS: Finding(Mark.FAILED, "X", "new")}).codes == {
        MOST_TEXTS: ("X", "new")
    }


def test_equal_words_are_no_others() -> None:
    chunk = FULL.with_findings({n: Finding(Mark.FAILED, "X", "same") for n in range(CHUNK_SIZE)})
    assert set(chunk.codes.values()) == {("X", "same")}


WAVES = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("FDlH"), st.integers(0, 3 * MOST_PROBLEMS)), max_size=400
)


@given(waves=WAVES, seed=st.integers(0, 5))
def test_the_problems_of_a_deletion_are_bounded_and_always_add_up(
    waves: list[tuple[int, str, int]], seed: int
) -> None:
    """Chunk after chunk, in any order, marks that come and go: no count is lost, none is below one."""
    chance = random.Random(seed)
    chunks = [untouched(n, tuple(str(n * 1000 + i + 1) for i in range(100))) for n in range(3)]
    problems: tuple[Problem, ...] = ()
    for number, letter, code in waves:
        findings = {
            chance.randrange(100): Finding(Mark(letter), f"C{(code + k) % 400}" if letter != "D" else "")
            for k in range(30)
        }
        after = chunks[number].with_findings(findings)
        problems = recount_problems(problems, chunks[number], after)
        chunks[number] = after
    assert sum(problem.count for problem in problems) == sum(_told(chunk) for chunk in chunks)
    assert all(problem.count > 0 for problem in problems)
    assert len(problems) <= MOST_PROBLEMS + 1
    assert max(Counter(problem.code for problem in problems).values(), default=1) == 1


def _told(chunk: Chunk) -> int:
    return sum(chunk.marks[at] not in "DA" for at in chunk.codes)
