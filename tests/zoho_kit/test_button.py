"""zoho/erase_person.dg: the button on a contact asks for the erasure of that person, signed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.web.request_body import request_from_json
from chalicelib.web.signature import verify
from local.filling import new_key
from tests.fakes import NOW
from tests.zoho_kit import kit
from tests.zoho_kit.builtins import World
from tests.zoho_kit.deluge import RETURNED

KEY = new_key()


def pressed(world: World, record: Any = kit.RECORD, email: Any = None, phone: Any = None) -> str:
    """What whoever presses it is shown."""
    return str(kit.script("erase_person.dg")(world, record, email, phone)[RETURNED])


def world(*answers: int | None, key: str = kit.key_text(KEY)) -> World:
    made = kit.world(kit.answering(answers), lambda: NOW, key)
    return replace(made, variables={"expunge_privacy_key": key})


def test_it_names_the_contact_where_it_has_neither_address_nor_number() -> None:
    button = world(202)
    assert pressed(button) == "Asked for as del_1. An operator looks at what was found, and approves it."
    (sent,) = button.sent
    assert sent.url.endswith("/v1/sources/crm-privacy/deletions")
    assert json.loads(sent.body) == {
        "operation": "erase_person",
        "identity": {"records": [{"module": "Contacts", "id": kit.RECORD}]},
        "reference": f"Contacts/{kit.RECORD}",
        "permanent_after": "P14D",
    }
    headers = {name.lower(): value for name, value in sent.headers.items()}
    verify(headers, sent.body.encode(), [kit.key_text(KEY).encode()], NOW)


def test_address_and_number_of_the_contact_go_with_it() -> None:
    button = world(202)
    pressed(button, email="o'hara+x@example.com", phone="+43 (660) 123-4567")
    identity = json.loads(button.sent[0].body)["identity"]
    assert (identity["emails"], identity["phones"]) == (["o'hara+x@example.com"], ["+43 (660) 123-4567"])
    assert identity["records"] == [{"module": "Contacts", "id": kit.RECORD}]


@pytest.mark.parametrize(
    ("email", "phone"), [('a"b@example.com', None), ("a@b\\c", None), (None, '1"2345'), (None, "call me")]
)
def test_what_would_change_the_request_is_not_sent(email: Any, phone: Any) -> None:
    button = world()
    assert pressed(button, email=email, phone=phone).startswith("Not sent")
    assert not button.sent


def test_expunge_understands_it() -> None:
    button = world(202)
    pressed(button)
    request = request_from_json(button.sent[0].body.encode(), "default", 5000)
    assert (request.operation, request.module) == ("erase_person", "*")


def test_who_presses_it_twice_asks_once() -> None:
    ids = set()
    for _ in range(2):
        button = world(202)
        pressed(button)
        ids.add(button.sent[0].headers["webhook-id"])
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([403], "Not accepted: answer 403. Nothing is erased"),
        ([503, 503, 503], "Not accepted: answer 503"),
        ([None, None, None], "Not known to be accepted: no answer. Press it again"),
        ([None, 202], "Asked for as del_1"),
    ],
)
def test_it_says_what_came_of_it(answers: list[int | None], says: str) -> None:
    button = world(*answers)
    assert pressed(button).startswith(says)
    assert len(button.sent) == len(answers)


@pytest.mark.parametrize("record", [None, "", '7"]', "x"])
def test_without_a_contact_nothing_is_sent(record: Any) -> None:
    button = world()
    assert pressed(button, record).startswith("Not sent")
    assert not button.sent


def test_without_a_key_nothing_is_sent() -> None:
    button = world(key="")
    assert pressed(button).startswith("Not sent")
    assert not button.sent
