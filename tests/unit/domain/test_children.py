"""What of a deletion goes on to the deletion that makes it permanent, and what makes none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain import children
from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.status import Status

ENDED = Deletion(
    id="del_1",
    request=Request(Operation.DELETE_RECORDS, "Leads", "default", ids=("1",), permanent_after=0),
    source="crm",
    created_at=1.0,
    updated_at=2.0,
    expires_at=10**6,
    status=Status.COMPLETED,
    id_count=1,
    chunks=1,
    counts=Counts(requested=1, deleted=1),
    finished_at=2.0,
)


def test_what_was_deleted_and_is_to_be_permanent_is_made_so() -> None:
    assert children.makes_permanent(ENDED)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.COMPLETED, Status.PARTIALLY_COMPLETED])
def test_a_cancelled_deletion_makes_nothing_permanent_however_it_ended(status: Status) -> None:
    assert not children.makes_permanent(replace(ENDED, status=status, cancelled_by="ann"))


def test_a_cancelled_status_makes_nothing_permanent() -> None:
    assert not children.makes_permanent(replace(ENDED, status=Status.CANCELLED))


@pytest.mark.parametrize(
    "request_",
    [
        replace(ENDED.request, permanent_after=None),
        replace(ENDED.request, dry_run=True),
        replace(ENDED.request, operation=Operation.DELINK_RECORDS),
        replace(ENDED.request, operation=Operation.RESTORE),
        replace(ENDED.request, operation=Operation.DELETE_PERMANENTLY),
    ],
)
def test_what_deletes_nothing_and_what_nobody_asked_to_be_permanent_is_left(request_: Request) -> None:
    assert not children.makes_permanent(replace(ENDED, request=request_))


def test_what_has_not_ended_or_took_nothing_makes_none() -> None:
    assert not children.makes_permanent(replace(ENDED, status=Status.RUNNING))
    assert not children.makes_permanent(replace(ENDED, counts=Counts(requested=1, already_absent=1)))
