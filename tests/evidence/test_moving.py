"""The stage goes on while its chain is checked. That is no tampering; what is tampered with still shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.evidence import chain, operators, records
from chalicelib.domain.evidence.chain import Checked
from tests.evidence.made import NOW, Bucket, Maker, chain_of, deletion

KEEP = 400
ONE = deletion(0)[0].id
FILE = f"records/{ONE}.jsonl.gz"


@dataclass
class Moving(Bucket):
    """A bucket in which something happens just before the names that begin so are listed."""

    before: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def names(self, prefix: str) -> Iterable[str]:
        self.before.pop(prefix, lambda: None)()
        return super().names(prefix)


@pytest.fixture
def maker() -> Maker:
    made, bucket = chain_of(2)
    made.bucket = Moving(bucket.objects)
    return made


def checked(maker: Maker, **before: Callable[[], Any]) -> Checked:
    """What is found while that happens: `receipts` or `records` name the listing that it comes before."""
    assert isinstance(maker.bucket, Moving)
    maker.bucket.before |= {f"{name}/": each for name, each in before.items()}
    return chain.check(maker.bucket, maker.signing.key, KEEP)


def says_forgotten(maker: Maker, one: str, at: float = NOW + 600, after: Any = None, n: int = 7) -> None:
    """The operators' entry, and a head that names it."""
    what = operators.What.DELETION_FORGOTTEN
    entry = operators.Entry(
        f"op_{n}" + "7" * 25, at, "arn:aws:iam::1:user/a", what, one, after=after, seed="1"
    )
    maker.head(maker.entry(entry), at=at)


def test_what_is_forgotten_while_the_chain_is_read_is_not_called_missing(maker: Maker) -> None:
    def forgotten() -> None:
        says_forgotten(maker, ONE)
        del maker.bucket.objects[FILE]

    found = checked(maker, records=forgotten)
    assert found.found.problems == []
    assert found.found.notes == [f"{FILE}: was forgotten, as an operators' entry says"]
    assert found.last == maker.last, "the head that says so is the end that is told"


def test_what_is_taken_away_while_the_chain_is_read_is_found(maker: Maker) -> None:
    def taken() -> None:
        says_forgotten(maker, deletion(1)[0].id)
        del maker.bucket.objects[FILE]

    [problem] = checked(maker, records=taken).found.problems
    why = "is missing: no operators' entry says that it was forgotten"
    assert problem == f"{FILE}: {why}, nor is it 400 days old (--keep-days)"


@pytest.mark.parametrize("says", [True, False])
def test_a_reference_that_goes_while_the_chain_is_read_needs_its_entry_too(maker: Maker, says: bool) -> None:
    def bare() -> None:
        if says:
            says_forgotten(maker, ONE, after={"records_file": "kept"})
        file = records.unpacked(maker.bucket.objects[FILE])
        maker.bucket.objects[FILE] = records.without_reference(file).packed()

    found = checked(maker, records=bare).found
    assert bool(found.problems) != says
    assert [FILE in each for each in (*found.problems, *found.notes)] == [True]


@pytest.mark.parametrize("when", ["receipts", "records"])
def test_what_ends_and_is_forgotten_while_the_chain_is_read_fits(maker: Maker, when: str) -> None:
    ended, chunks = deletion(7)

    def written() -> None:
        maker.head(maker.receipt(ended, chunks), at=NOW + 300)
        says_forgotten(maker, ended.id)
        del maker.bucket.objects[f"records/{ended.id}.jsonl.gz"]

    assert checked(maker, **{when: written}).found.problems == []


def test_what_was_written_long_before_its_turn_came_is_looked_for_in_the_heads_of_now(maker: Maker) -> None:
    """Reading a large bucket takes longer than an object may wait for its head."""

    def written() -> None:
        name = maker.receipt(*deletion(7))
        maker.bucket.ages[name] = timedelta(minutes=20)
        maker.bucket.ages[f"records/{deletion(7)[0].id}.jsonl.gz"] = timedelta(minutes=20)
        maker.head(name, at=NOW + 300)

    found = checked(maker, receipts=written)
    assert (found.found.problems, found.found.notes) == ([], [])


def test_what_is_altered_in_a_head_that_came_meanwhile_is_found(maker: Maker) -> None:
    def written() -> None:
        name = maker.receipt(*deletion(7))
        maker.head(name, at=NOW + 300)
        maker.bucket.objects[name] = maker.bucket.objects[f"receipts/{ONE}.json"]

    assert any("changed or replaced" in each for each in checked(maker, records=written).found.problems)


def test_a_stage_at_which_nothing_happens_any_more_is_not_accused_of_files_whose_time_is_over(
    maker: Maker,
) -> None:
    del maker.bucket.objects[FILE]
    early, late = (
        chain.check(maker.bucket, maker.signing.key, KEEP, datetime.fromtimestamp(NOW, UTC) + after).found
        for after in (timedelta(days=399), timedelta(days=401))
    )
    assert (len(early.problems), late.problems) == (1, [])
    assert late.notes == [f"{FILE}: is not there, and its time is over by now"]


def test_an_entry_says_nothing_of_an_end_that_came_after_it(maker: Maker) -> None:
    """What needs attention may lose its external ids first, and end anew weeks later."""
    ended, chunks = deletion(0)
    says_forgotten(maker, ONE)
    del maker.bucket.objects[FILE]
    later = replace(ended, finished_at=NOW + 9_000)
    maker.head(maker.receipt(later, chunks, 2), at=NOW + 9_060)
    assert checked(maker).found.problems == []
    second = f"records/{ONE}.2.jsonl.gz"
    del maker.bucket.objects[second]
    [problem] = checked(maker).found.problems
    assert problem.startswith(f"{second}: is missing")
    says_forgotten(maker, ONE, at=NOW + 9_600, n=6)
    assert checked(maker).found.problems == []
