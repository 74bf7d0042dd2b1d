"""The clocks of giving up: each belongs to the call that fails, and no other call's success sets it back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import backoff
from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.request import Operation, Request

CALLS = ("access", "delete", "job status", "read")
REQUEST = Request(Operation.DELETE_RECORDS, "default", "Leads", ids=("1",))


def deletion() -> Deletion:
    return Deletion("del_1", REQUEST, "crm", created_at=0.0, updated_at=0.0, expires_at=9)


def test_a_success_ends_the_clock_of_its_own_call_only() -> None:
    failing = backoff.failed(backoff.failed(deletion(), "job status", 10.0), "delete", 10.0)
    assert set(backoff.succeeded(failing, "delete").failing) == {"job status"}
    assert backoff.succeeded(failing, "read") == failing


@given(st.lists(st.sampled_from(CALLS), max_size=20))
def test_a_call_that_always_fails_is_given_up_whatever_else_succeeds(others: list[str]) -> None:
    timeouts = Timeouts(give_up=100.0)
    now, made = 0.0, deletion()
    for other in [each for each in others if each != "job status"] + ["read"] * 12:
        now += 10.0
        made = backoff.succeeded(backoff.failed(made, "job status", now), other)
    assert backoff.exhausted(made, timeouts) == "job status"
