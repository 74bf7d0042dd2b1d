"""Who asked for a deletion cannot approve it."""

from __future__ import annotations

import pytest

from chalicelib.domain.callers import asked_for_it
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.request import Operation, Request

ROLE = "arn:aws:sts::123456789012:assumed-role/Admin/ann"
USER = "arn:aws:iam::123456789012:user/ann"


def deletion(asked_by: str | None, put_by: str | None = None) -> Deletion:
    request = Request(Operation.DELETE_RECORDS, "Leads", "default")
    return Deletion("del_1", request, "crm", 1.0, 1.0, 9, asked_by=asked_by, put_by=put_by)


@pytest.mark.parametrize(
    ("asked", "approves"),
    [
        (USER, USER),
        (ROLE, ROLE),
        (USER, "arn:aws:iam::123456789012:user/team/Ann"),
        (ROLE, "arn:aws:sts::123456789012:assumed-role/path/admin/ann"),
        ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"),
    ],
)
def test_the_same_principal_may_not(asked: str, approves: str) -> None:
    assert asked_for_it(deletion(asked), approves)


@pytest.mark.parametrize(
    ("asked", "approves"),
    [
        (None, USER),  # the key of a source, and nobody's name
        (USER, "arn:aws:iam::123456789012:user/bob"),
        (USER, "arn:aws:iam::210987654321:user/ann"),
        (ROLE, "arn:aws:sts::123456789012:assumed-role/Admin/bob"),
        (ROLE, "arn:aws:sts::123456789012:assumed-role/Operator/ann"),
        (USER, ROLE),
        ("not an arn", USER),
    ],
)
def test_another_principal_may(asked: str | None, approves: str) -> None:
    assert not asked_for_it(deletion(asked), approves)


def test_who_put_a_policy_last_may_not_approve_its_run_whoever_started_it() -> None:
    assert asked_for_it(deletion(None, USER), USER)
    assert asked_for_it(deletion(ROLE, USER), USER)
    assert asked_for_it(deletion(ROLE, USER), ROLE)
    assert not asked_for_it(deletion(None, USER), ROLE)
