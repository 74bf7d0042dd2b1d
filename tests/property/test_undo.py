"""Undo and permanent deletion over the real table and the real client of Zoho, against the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_bytes

import pytest

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.callers import Caller
from chalicelib.domain.document import document
from chalicelib.domain.status import Status
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.operators import undo
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.family import with_children
from chalicelib.service.operators.undo import Asked
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.property.live import CONTACTS, KEPT, LEADS, VIEW, LiveStage, live

ANN = "arn:aws:sts::1:assumed-role/ops/ann"


@pytest.fixture
def stage() -> Iterator[LiveStage]:
    with aws.dynamodb() as client:
        make_table(client)
        with live(Table("t", lambda: client)) as made:
            yield made


def operators(stage: LiveStage) -> Operators:
    acceptance = Acceptance(stage.ledger, stage.queue, token_bytes, "test", 400)
    return Operators(stage.ledger, stage.queue, acceptance)


def test_what_was_deleted_goes_for_good_and_is_verified(stage: LiveStage) -> None:
    one = stage.send(stage.order("delete_records", ids=LEADS[:5], permanent_after=3600))
    stage.rest()
    parent = stage.ledger.get(one)
    assert parent is not None
    [child] = with_children(stage.ledger, [parent])[0].children
    assert child.status is Status.COMPLETED
    found = stage.ledger.get(child.id)
    assert found is not None
    assert found.counts.deleted == 5
    verified = document(found)["verification"]
    assert (verified["records"], verified["gone"]) == (5, 5)
    assert (verified["not_in_recycle_bin"], verified["listed_as_permanent"]) == (5, 5)
    assert stage.records("Leads") == {*LEADS[5:], *KEPT}


def test_a_frozen_view_comes_back_and_is_deleted_again_for_good(stage: LiveStage) -> None:
    one = stage.send(stage.order("mass_delete", module="Contacts", cvid=VIEW))
    stage.rest()
    assert stage.records("Contacts") == set()
    stage.now += 60
    made = undo.restore(operators(stage), one, Asked(), Caller(ANN, stage.now))
    stage.rest()
    back = stage.ledger.get(made.id)
    assert back is not None
    assert (back.status, back.counts.restored) == (Status.COMPLETED, len(CONTACTS)), back.problems
    assert stage.records("Contacts") == set(CONTACTS)
    stage.now += 7200
    two = stage.send(stage.order("delete_records", module="Contacts", ids=CONTACTS, permanent_after=0))
    stage.rest()
    parent = stage.ledger.get(two)
    assert parent is not None
    [child] = with_children(stage.ledger, [parent])[0].children
    assert (child.status, child.done) == (Status.COMPLETED, len(CONTACTS))
    assert stage.records("Contacts") == set()
