"""What the soak takes for a fault: counts that Zoho's records do not show."""

from __future__ import annotations

import pytest

from tests.soak.load import Delivery
from tests.soak.soak import as_the_records, ended

DELIVERY = Delivery("crm-workflow", "soak-1", b"{}", ("1", "2", "3"))
THERE = {"3", "4"}


@pytest.mark.parametrize(
    ("deleted", "absent", "failed", "unknown", "agrees"),
    [
        pytest.param(2, 0, 1, 0, True, id="two are gone, one failed and is there"),
        pytest.param(1, 1, 1, 0, True, id="one of them was gone before"),
        pytest.param(1, 0, 1, 1, True, id="an unknown one may be gone"),
        pytest.param(2, 0, 0, 1, True, id="an unknown one may be there"),
        pytest.param(3, 0, 0, 0, False, id="one that is said to be gone is there"),
        pytest.param(1, 0, 2, 0, False, id="one that is said to have failed is gone"),
    ],
)
def test_counts_agree_with_what_is_there(
    deleted: int, absent: int, failed: int, unknown: int, *, agrees: bool
) -> None:
    counts = {"deleted": deleted, "already_absent": absent, "failed": failed, "unknown": unknown}
    assert as_the_records(DELIVERY, {"counts": counts}, THERE) is agrees


def test_how_a_deletion_ended_names_its_problems() -> None:
    problems = [{"code": "NO_ANSWER", "count": 12}, {"code": "RECORD_LOCKED", "count": 1}]
    data = {"status": "failed", "operation": "delete_records", "problems": problems}
    assert ended(data) == "failed delete_records: 12 NO_ANSWER, 1 RECORD_LOCKED"
