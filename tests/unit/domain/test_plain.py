"""Dataclasses as plain dicts: the same JSON as dataclasses.asdict makes."""

from __future__ import annotations

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.deletion import Approval, Deletion, Failing, Plan, Problem
from chalicelib.domain.plain import plain
from chalicelib.domain.request import Limits, Operation, Request, Territory

SIMPLE = st.none() | st.booleans() | st.integers() | st.text()
NESTED = st.recursive(
    SIMPLE, lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner)
)


def deletion() -> Deletion:
    """One with something of each kind in it."""
    view = Territory("2", include_child=True)
    return Deletion(
        id="del_1",
        request=Request(Operation.MASS_DELETE, "default", "Leads", cvid="1", territory=view),
        source="crm",
        created_at=1.5,
        updated_at=2.5,
        expires_at=3,
        limits=Limits(),
        plan=Plan(2, ("1", "2"), 3, 4),
        approval=Approval(2, 1.0, 3.0, shared=("/identity/phones/0",)),
        failing={"delete": Failing(1, 2.0)},
        problems=(Problem("A", 2, "B\u00e9"),),
    )


def test_a_deletion_is_the_same_json_as_by_asdict() -> None:
    assert json.dumps(plain(deletion())) == json.dumps(asdict(deletion()))


@given(NESTED)
def test_what_is_no_dataclass_is_the_same_json_as_before(value: object) -> None:
    assert json.dumps(plain(value)) == json.dumps(value)
