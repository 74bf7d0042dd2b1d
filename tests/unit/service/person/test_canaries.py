"""A person's values stand in the request that is kept until the end, and nowhere else, whatever Zoho says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.adapters.zoho.parse import reply_of
from chalicelib.domain.document import document
from chalicelib.domain.evidence import receipt, records
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.operators import people
from chalicelib.service.operators.forget import forget
from chalicelib.web import page_view
from tests.unit.service.person.people import ANNA, CONTACT, People

Work = Callable[[], Reply]
EMAIL, PHONE = "anna@example.com", "+43 660 1234567"
#: The number in any spelling: its last ten digits with whatever people write between them.
SPELLED = re.compile(r"[\s()./-]{0,3}".join("6601234567"))
NAMED = {**ANNA, "records": [{"module": "Contacts", "id": CONTACT}]}
#: What is asked of Zoho on the way, reads and changes.
CALLS = (
    "modules", "fields", "search", "select", "read_values", "read_record", "related_lists", "related",
    "related_counts", "update", "delete_records",
)  # fmt: skip


def words(status: int) -> Reply:
    """An error whose every part repeats the person's values, read as an answer of Zoho's is."""
    said = f"{EMAIL} and {PHONE} are invalid"
    body = {"code": EMAIL, "message": said, "status": EMAIL, "details": {"id": PHONE, "api_name": said}}
    return reply_of(status, {}, json.dumps(body).encode(), 0.0)


def item(status: int) -> Reply:
    """The same about one record of several."""
    one = {"code": EMAIL, "message": PHONE, "status": "error", "details": {"id": CONTACT, "email": EMAIL}}
    return reply_of(status, {}, json.dumps({"data": [one]}).encode(), 0.0)


def breaks(_work: Work) -> Reply:
    """Nobody expects this one: its words hold the values too."""
    raise RuntimeError(f"{EMAIL} {PHONE}")


ANSWERS: dict[str, Any] = {
    "400": words(400),
    "403": words(403),
    "500": words(500),
    "429": words(429),
    "207": item(207),
    "of no record": item(400),
    "nothing": Reply(None, sent=True, failure=f"cannot reach /search?email={EMAIL}"),
    "exception": breaks,
}


def values_in(text: str) -> list[str]:
    """Values of the person in a text, in any spelling."""
    return [*re.findall(EMAIL, text, re.IGNORECASE), *SPELLED.findall(text)]


def goes_on(world: People, one: str) -> None:
    """To the end, with approvals; a worker that an exception ends is followed by another."""
    for _ in range(400):
        row = world.ledger.rows[one]
        if not row.due:
            return
        _nowhere_else(world, one)
        deletion = row.deletion
        if deletion.status == "awaiting_approval" and deletion.approval and not deletion.approval.approved_at:
            world.approve(one)
        world.now = max(world.now, row.next_at)
        try:
            world.step(one)
        except RuntimeError:
            world.now += 61
    raise AssertionError("still not at rest")


def _nowhere_else(world: People, one: str) -> None:
    """What is shown, published, reported or kept beside the request."""
    row = world.ledger.rows[one]
    found = row.deletion
    kept = f"{row.parts}{row.chunks}{row.calls}{row.entries}{row.commands}{row.deletion.progress}"
    kept += f"{found.erasure}{found.problems}{found.approval}{found.failing}{found.waiting_for}"
    shown = f"{document(found)}{page_view.view(document(found), found, page_view.Stage('prod'), world.now)}"
    left = f"{world.topic.events}{world.reports}{world.nudges.sent}{world.ledger.noted}"
    entries = people.map_page(world.ledger, one, 0).entries if "map_hash" in found.erasure else ()
    assert values_in(f"{kept}{shown}{left}{entries}") == []


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_of_zohos_leaves_a_value_anywhere(name: str, answer: str) -> None:
    world = People()
    one = world.erase(NAMED, reference="DSR-17")
    world.zoho.script[name] = [lambda work: work(), ANSWERS[answer], lambda work: work(), ANSWERS[answer]]
    goes_on(world, one)
    row = world.ledger.rows[one]
    assert row.deletion.request.identity is None
    everything = f"{row}{world.ledger.deliveries}{world.ledger.noted}{world.topic.events}{world.reports}"
    assert values_in(everything) == []
    known = records.of(row.deletion, list(row.chunks.values()))
    body = receipt.payload(row.deletion, receipt.Facts("prod", known)).decode()
    assert values_in(body + b"".join(known.lines).decode()) == []
    assert CONTACT not in re.sub("[0-9a-f]{64}", "", body)


def test_the_ids_of_records_go_where_the_contract_says_and_with_forget_from_there() -> None:
    world = People()
    one = world.erase(NAMED)
    goes_on(world, one)
    shown = f"{world.shown(one)}{world.topic.events}{world.reports}"
    hashes = re.compile("[0-9a-f]{64}")  # one may hold the three digits of the id by chance
    assert CONTACT not in hashes.sub("", shown)
    assert world.outcomes(one)[f"Contacts/{CONTACT}"] == "deleted"
    forget(world.operators(), one, world.ann())
    world.settle()
    row = world.ledger.rows[one]
    parts = [part for number, part in row.parts.items() if number]
    assert f"'{CONTACT}'" not in f"{row.chunks}{parts}{row.deletion}{row.entries}"
    assert f"/{CONTACT}" not in f"{row.chunks}{parts}{row.deletion}{row.entries}"
