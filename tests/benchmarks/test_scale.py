"""The simulation against what is known in closed form, and against what must hold of any queue."""

from __future__ import annotations

from itertools import chain
from math import factorial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scale import Asked, Service, Setup, burst, poisson, simulate

ONE = Setup(workers=1, batch=1, concurrency=float("inf"))


def exponential(mean: float) -> Service:
    return lambda random: random.expovariate(1 / mean)


def always(seconds: float) -> Service:
    return lambda random: seconds


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def test_one_worker_with_regular_arrivals_and_times_never_lets_wait() -> None:
    done = simulate(ONE, always(0.9), [Asked(0, float(n)) for n in range(100)]).done
    assert [one.waited for one in done] == pytest.approx([0.0] * 100)


def test_above_its_capacity_the_line_grows_by_what_is_too_much() -> None:
    """D/D/1 with one arrival a second and 1.5 s each: the n-th waits n halves."""
    done = simulate(ONE, always(1.5), [Asked(0, float(n)) for n in range(100)]).done
    assert [one.waited for one in done] == pytest.approx([n / 2 for n in range(100)])


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_worker_at_random_is_m_m_1(load: float) -> None:
    done = simulate(ONE, exponential(1.0), poisson(load, 60_000 / load, 1)).done
    assert mean([one.waited for one in done]) == pytest.approx(load / (1 - load), rel=0.1)
    assert mean([one.took for one in done]) == pytest.approx(1 / (1 - load), rel=0.1)


def test_equal_times_halve_the_wait() -> None:
    """M/D/1, which a lane of equal jobs is."""
    done = simulate(ONE, always(1.0), poisson(0.7, 80_000, 1)).done
    assert mean([one.waited for one in done]) == pytest.approx(0.7 / (2 * 0.3), rel=0.1)


def erlang_c(workers: int, load: float) -> float:
    """The share of arrivals that has to wait for one of several workers."""
    last = load**workers / factorial(workers) * workers / (workers - load)
    return last / (sum(load**k / factorial(k) for k in range(workers)) + last)


def test_several_workers_are_m_m_c() -> None:
    setup = Setup(workers=5, batch=1, concurrency=float("inf"))
    done = simulate(setup, exponential(1.0), poisson(4.0, 20_000, 1)).done
    assert mean([one.waited for one in done]) == pytest.approx(erlang_c(5, 4.0) / (5 - 4.0), rel=0.1)


def test_workers_are_as_busy_as_the_load_says() -> None:
    setup = Setup(workers=4, batch=10, concurrency=float("inf"))
    outcome = simulate(setup, exponential(0.5), poisson(6.0, 10_000, 10))
    assert outcome.busy / (4 * 10_000) == pytest.approx(6.0 * 0.5 / 4, rel=0.05)


@settings(max_examples=40, deadline=None)
@given(
    workers=st.integers(1, 6),
    batch=st.integers(1, 10),
    concurrency=st.integers(1, 4),
    orgs=st.integers(1, 5),
    rate=st.floats(0.5, 20),
    fair=st.booleans(),
    until=st.floats(5, 60),
)
def test_nothing_is_lost_and_nothing_is_done_twice(
    workers: int, batch: int, concurrency: int, orgs: int, rate: float, fair: bool, until: float
) -> None:
    setup = Setup(workers, batch, concurrency, fair=fair)
    asked = list(poisson(rate, 60, orgs))
    outcome = simulate(setup, exponential(0.5), iter(asked), until)
    came = [one for one in asked if one.at <= until]
    assert len(outcome.done) + outcome.left == len(came)
    assert len({id(one) for one in outcome.done}) == len(outcome.done)
    assert all(one.at <= one.started <= one.ended <= until for one in outcome.done)
    everything = simulate(setup, exponential(0.5), poisson(rate, 60, orgs))
    assert (len(everything.done), everything.left) == (len(asked), 0)


def test_an_org_never_has_more_under_way_than_it_may() -> None:
    done = simulate(Setup(workers=8, concurrency=3), exponential(0.5), poisson(12, 200, 2)).done
    for org in (0, 1):
        moments = sorted(
            chain.from_iterable(((o.started, 1), (o.ended, -1)) for o in done if o.org == org),
            key=lambda moment: moment,
        )
        running = highest = 0
        for _, step in moments:
            running += step
            highest = max(highest, running)
        assert highest == 3


def test_one_org_s_burst_keeps_others_unless_the_queue_is_fair() -> None:
    def others(*, fair: bool) -> float:
        asked = sorted([*poisson(2, 120, 20), *burst(10, 1000, 99)], key=lambda one: one.at)
        outcome = simulate(Setup(fair=fair), always(0.5), asked)
        return outcome.waits(0.99, lambda org: org != 99)

    assert others(fair=False) > 20
    assert others(fair=True) < 10  # what a worker has in its batch is before them all the same


def test_a_run_is_the_same_each_time() -> None:
    runs = [simulate(Setup(), exponential(0.5), poisson(10, 60, 5)) for _ in range(2)]
    assert [one.ended for one in runs[0].done] == [one.ended for one in runs[1].done]
    assert Random(2).random() == Random(2).random()
