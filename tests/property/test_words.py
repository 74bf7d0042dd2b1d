"""Zoho's words on their way through the whole service: whatever they are, each call is made once and kept."""

from __future__ import annotations

import json

import pytest

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.status import Status
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.property.live import LEADS, live

WORDS = ["locked by rule \ud83d", "\x00\x1b[2J", "\u4e00" * 5000, "\u202egnp"]


@pytest.mark.parametrize("words", WORDS, ids=["half", "control", "long", "direction"])
def test_words_that_could_not_be_stored_neither_repeat_a_call_nor_leave_it_unknown(words: str) -> None:
    said = [
        {"code": "CANNOT_DELETE", "message": words, "status": "error", "details": {"id": one, words: words}}
        for one in LEADS[:2]
    ]
    fault = {
        "kind": "reply",
        "status": 400,
        "method": "DELETE",
        "body": json.dumps({"data": said}),  # in ASCII, as a writer of JSON in Java sends it
        "headers": {"Content-Type": "application/json"},
        "times": 100,
    }
    with aws.dynamodb() as client:
        make_table(client)
        with live(Table("t", lambda: client)) as stage:
            stage.control("faults", [fault])
            one = stage.send(stage.order("delete_records", ids=LEADS[:2]))
            stage.rest()
            found = stage.ledger.get(one)
            assert found is not None
            assert (found.status, found.counts.failed) == (Status.FAILED, 2)
            assert [problem.code for problem in found.problems] == ["CANNOT_DELETE"]
            assert sum(call["method"] == "DELETE" for call in stage.server.sim.state.journal.calls) == 1
