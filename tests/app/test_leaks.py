"""Canaries wherever a sender, a secret or an error can put them: none shows in a log, metric or answer."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import observability
from chalicelib.domain.deletion import Deletion
from tests.fake_ledger import FakeLedger
from tests.fakes import BROKEN_KEY, CRM, LEADS, LINK_KEYS, NOW, House, event, signed

RECORD = "410405000002264040"
CANARY = "CANARY7f3a"
KEY = "whsec_" + base64.b64encode(f"{CANARY}-w8Zr!q2Lx_Vb9.tPk4~mHs7+Gd3:Ny6".encode()).decode()
BEARER = f"{CANARY}-w8Zrq2LxVb9tPk4m"
LINKS = f"{CANARY}-links-key-0123456789"
SOURCES: dict[str, Any] = {
    "crm": {"keys": [KEY], "modules": ["Leads"]},
    "plain": {"profile": "token", "keys": [BEARER], "modules": ["Leads"]},
    "broken": {"keys": [BROKEN_KEY, f"{CANARY}-broken"], CANARY: CANARY},
}


class Broken(FakeLedger):
    """Breaks with words that hold what was stored."""

    def get(self, deletion_id: str) -> Deletion | None:
        raise RuntimeError(f"{CANARY} {RECORD} {deletion_id}")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that goes to the one logger and to the root logger."""
    stream = io.StringIO()
    handlers = [each for each in observability.logger.handlers if isinstance(each, logging.StreamHandler)]
    before = [(handler, handler.setStream(stream)) for handler in handlers]
    root = logging.StreamHandler(stream)
    logging.getLogger().addHandler(root)
    yield stream
    logging.getLogger().removeHandler(root)
    for handler, old in before:
        if old is not None:
            handler.setStream(old)


def requests(house: House) -> list[str]:
    """Every kind of answer with canaries in whatever was sent; the texts of the answers."""
    body = LEADS | {"ids": [RECORD], "reason": f"{CANARY}-reason"}
    text = json.dumps(body).encode()
    bad = {f"{CANARY}x": CANARY, "operation": CANARY, "module": f"{CANARY}/", "ids": [CANARY, f"{CANARY}-2"]}
    broken = replace(house.endpoints, reading=replace(house.endpoints.reading, deletions=Broken()))
    accepted = house.post(body, key=KEY, delivery=f"{CANARY}-delivery")
    link = accepted.json["links"]["self"]
    answers = [
        accepted,
        house.post(body, key=KEY, delivery=f"{CANARY}-delivery"),
        house.post(LEADS, key=KEY, delivery=f"{CANARY}-delivery"),
        house.post(
            {name: value for name, value in bad.items() if CANARY not in name}, key=KEY, delivery="m2"
        ),
        house.post(body | {"module": "Deals"}, key=KEY, delivery="m3"),
        house.post(body, "broken", key=BROKEN_KEY),
        house.post(body, CANARY, key=KEY),
        house.post(text + b" ", key=KEY, media=f"text/{CANARY}"),
        house.bear(body, key=BEARER),
        house.bear(body, key=f"{BEARER}-wrong"),
        house.send(event(CRM, {"source": "crm"}, signed(text, NOW, CANARY, KEY), text + CANARY.encode())),
        house.send(event(CRM, {"source": "crm"}, {"Content-Type": "application/json", CANARY: CANARY}, text)),
        house.get(link),
        house.get(f"{link}{CANARY}"),
        house.get(link, "/records", cursor=CANARY),
    ]
    house.endpoints = broken
    answers.append(house.get(link))
    house.sources.held, house.links.held = {}, {"keys": [CANARY]}
    answers.append(house.post(body, key=KEY))
    assert {answer.status for answer in answers} == {200, 202, 400, 401, 403, 404, 409, 415, 503}
    return [answer.text + str(answer.headers) for answer in answers]


def test_no_canary_leaves(logged: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    house = House(SOURCES)
    house.links.held = {"new": LINKS, "old": LINK_KEYS["new"]}
    answers = requests(house)
    printed = capfd.readouterr()
    outside = logged.getvalue() + printed.out + printed.err + json.dumps(house.notes)
    assert "Unauthorized" in outside  # something was caught at all
    for secret in (CANARY, RECORD, KEY, base64.b64encode(CANARY.encode()).decode()[:-2]):
        assert secret not in outside
        assert not [answer for answer in answers if secret in answer]


def test_links_are_in_answers_and_never_in_logs(logged: io.StringIO) -> None:
    house = House()
    link = house.post(LEADS).json["links"]["self"]
    house.get(link)
    house.get(link[:-1])
    assert link.partition("token=")[2][:-1] not in logged.getvalue()
