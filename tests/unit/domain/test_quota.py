"""What a source may name in a clock hour and in a UTC day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import counting, quota
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.quota import Count, Counted, Full, Span, Tally
from chalicelib.domain.request import Limits, Operation, Request

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC).timestamp()
LATE = datetime(2026, 11, 29, 23, 59, 30, tzinfo=UTC).timestamp()


def count(records: int = 5, at: float = NOON, key: str = "a", **limits: int | None) -> Count:
    return Count("web", records, at, key, **{"per_day": 50, **limits})  # type: ignore[arg-type]  # limits by their names


def told(tally: Tally, *counts: Count) -> tuple[Tally, list[Counted | Full]]:
    found = []
    for one in counts:
        tally, answer = quota.counted(tally, one)
        found.append(answer)
    return tally, found


def test_what_fits_exactly_passes_and_the_next_record_does_not() -> None:
    tally, found = told(Tally(), count(50), count(1, key="b"))
    assert found == [Counted(0), Full(Span.DAY, 50, 50, 12 * 3600)]
    assert tally.day == 50


def test_it_tells_what_the_source_had_named_before_that_day() -> None:
    _, found = told(Tally(), count(5), count(7, key="b"), count(1, key="c"))
    assert found == [Counted(0), Counted(5), Counted(12)]


def test_an_hour_that_is_full_opens_with_the_next_clock_hour() -> None:
    tally, found = told(
        Tally(), count(5, per_hour=5), count(1, NOON + 600.5, "b", per_hour=5), count(5, NOON + 3600, "c")
    )
    assert found == [Counted(0), Full(Span.HOUR, 5, 5, 3000), Counted(5)]
    assert tally.hours == {12: 5, 13: 5}


def test_where_hour_and_day_are_full_it_fits_after_the_day() -> None:
    _, found = told(Tally(), count(50, per_hour=50), count(1, key="b", per_hour=50))
    assert found[1] == Full(Span.DAY, 50, 50, 12 * 3600)


def test_the_last_moment_of_a_day_waits_for_a_second_at_least() -> None:
    _, found = told(Tally(), count(50, LATE + 29.9), count(1, LATE + 29.9, "b"))
    assert isinstance(found[1], Full)
    assert found[1].retry_after == 1


def test_no_limit_refuses_nothing_and_counts_all_the_same() -> None:
    tally, found = told(Tally(), count(10**6, per_day=None), count(1, key="b", per_day=None))
    assert found == [Counted(0), Counted(10**6)]
    assert tally.day == 10**6 + 1


def test_a_limit_that_was_lowered_below_what_is_named_refuses() -> None:
    _, found = told(Tally(), count(40), count(1, key="b", per_day=10))
    assert found[1] == Full(Span.DAY, 10, 40, 12 * 3600)


def test_a_copy_is_not_counted_again_even_where_the_day_is_full() -> None:
    tally, found = told(Tally(), count(50), count(50, NOON + 1))
    assert found == [Counted(0), Counted(0, own=False)]
    assert tally.day == 50


def test_the_same_write_sent_again_is_counted_once_and_still_ones_own() -> None:
    tally, found = told(Tally(), count(5), count(5))
    assert found == [Counted(0), Counted(0)]
    assert tally.day == 5


@pytest.mark.parametrize(
    "other",
    [
        count(6, NOON + 1),  # another body under the same id
        count(5, NOON + 1, key="b"),
        count(5, NOON + 11),  # too long ago to be sure
        count(5, NOON + 3600),
    ],
)
def test_what_is_no_copy_counts(other: Count) -> None:
    tally, _ = told(Tally(), count(5), other)
    assert tally.day == 5 + other.records


def test_a_delivery_that_is_forgotten_by_then_counts_again() -> None:
    tally, _ = told(Tally(), count(), replace(count(at=NOON + 3), fresh=2))
    assert tally.day == 10


def test_what_turns_out_to_be_a_repeat_is_given_back() -> None:
    tally, _ = told(Tally(), count(5), count(7, key="b"))
    tally = quota.given_back(tally, count(7, key="b"))
    assert (tally.day, tally.hours) == (5, {12: 5})
    assert quota.given_back(tally, count(7, key="b")) == tally


def test_what_a_copy_relies_on_is_not_given_back() -> None:
    tally, _ = told(Tally(), count(5), count(5, NOON + 1))
    assert quota.given_back(tally, count(5)).day == 5


def test_a_request_that_is_larger_than_a_limit_can_never_fit() -> None:
    limits = Limits(max_records_per_hour=5, max_records_per_day=50)
    assert not quota.too_large(limits, 5, "/ids")
    assert [each.path for each in quota.too_large(limits, 6, "/ids")] == ["/ids"]
    assert len(quota.too_large(limits, 51, "/ids")) == 2


@pytest.mark.parametrize(
    ("source", "request_", "yes"),
    [
        ("web", Request(Operation.DELETE_RECORDS, "Leads", "default"), True),
        ("operator", Request(Operation.DELINK_RECORDS, "Leads", "default"), True),
        ("web", Request(Operation.DELETE_RECORDS, "Leads", "default", dry_run=True), False),
        ("policy:old", Request(Operation.PURGE, "Leads", "default"), False),
        ("policy:old", Request(Operation.DELETE_RECORDS, "Leads", "default"), False),  # a run's retry
    ],
)
def test_what_no_sender_asked_for_and_dry_runs_do_not_count(
    source: str, request_: Request, yes: bool
) -> None:
    deletion = Deletion("del_1", request_, source, NOON, NOON, int(NOON) + 9)
    assert counting.is_counted(deletion) is yes


# --- at any interleaving -----------------------------------------------------------------------------

REQUESTS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 5), st.integers(0, 7200)), min_size=1, max_size=60
)


@given(REQUESTS, st.integers(1, 40), st.integers(1, 60), st.randoms(use_true_random=False))
def test_no_interleaving_of_requests_and_copies_passes_a_limit_or_counts_too_little(
    requests: list[tuple[int, int, int]], per_hour: int, per_day: int, chance: Random
) -> None:
    """Each request counts, then is stored unless a copy of it was, and then gives back: in any order."""
    tally, at = Tally(), NOON
    stored: dict[str, Count] = {}
    steps: list[Count] = []
    for records, key, after in requests:
        by = f"del_{len(steps)}"
        steps.append(Count("web", records, at + after, f"{records} {key}", by, per_hour, per_day))
    waiting: list[tuple[Count, Counted]] = []
    while steps or waiting:
        if steps and (not waiting or chance.random() < 0.6):
            wanted = steps.pop()
            tally, answer = quota.counted(tally, wanted)
            if isinstance(answer, Counted):
                waiting.append((wanted, answer))
        else:
            wanted, answer = waiting.pop(chance.randrange(len(waiting)))
            if wanted.key in stored:
                tally = quota.given_back(tally, wanted) if answer.own else tally
            else:
                stored[wanted.key] = wanted
        named = sum(one.records for one in stored.values())
        assert named <= tally.day <= per_day
        for hour, so_far in tally.hours.items():
            mine = sum(one.records for one in stored.values() if one.hour == hour)
            assert mine <= so_far <= per_hour


@given(st.randoms(use_true_random=False))
def test_of_40_requests_of_5_exactly_10_fit_into_50_at_any_interleaving(chance: Random) -> None:
    keys = [f"{n}" for n in range(40)]
    chance.shuffle(keys)
    _, found = told(Tally(), *(count(5, NOON + chance.random() * 99, key) for key in keys))
    passed = [one for one in found if isinstance(one, Counted)]
    assert [one.before for one in passed] == list(range(0, 50, 5))
