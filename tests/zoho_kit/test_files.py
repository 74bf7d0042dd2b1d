"""zoho/*.dg: what they sign is what Expunge verifies, and what they do with each answer."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from chalicelib.web.signature import Unauthorized, verify
from local.filling import new_key
from local.settings import ROOT
from tests.fakes import NOW, House
from tests.zoho_kit import kit
from tests.zoho_kit.builtins import Refused, Request, World
from tests.zoho_kit.deluge import read

AS_A_FORM = """h = Map(); h.put("Content-Type","application/json");
    x = invokeurl [ url :"u" type :POST parameters :h headers :h detailed :true ];"""
KEY = new_key()  # as `keys new` makes them
FILES = ["delete_record.dg", "scheduled_purge.dg", "erase_person.dg"]


def run(world: World, modified: str | None = kit.CHANGED, record: str | None = kit.RECORD) -> None:
    kit.script("delete_record.dg")(world, record, modified)


@pytest.fixture
def house() -> House:
    return House(kit.sources(KEY))


def speaking(house: House) -> World:
    return kit.world(kit.to_house(house), lambda: house.now, kit.key_text(KEY))


def test_it_is_accepted_for_what_it_says(house: House) -> None:
    world = speaking(house)
    run(world)
    (row,) = house.ledger.rows.values()
    request = row.deletion.request
    assert (request.module, request.reference) == ("Leads", f"Leads/{kit.RECORD}")
    (sent,) = world.sent
    assert json.loads(sent.body)["ids"] == [kit.RECORD]
    assert world.said == [f"expunge: Leads-{kit.RECORD}-20261122T1846010100: accepted as {row.deletion.id}"]


def test_the_verifier_takes_the_signature_and_no_other_byte(house: House) -> None:
    world = speaking(house)
    run(world)
    (sent,) = world.sent
    headers = {name.lower(): value for name, value in sent.headers.items()}
    raw, key = sent.body.encode(), kit.key_text(KEY).encode()
    assert verify(headers, raw, [key], NOW) == f"Leads-{kit.RECORD}-20261122T1846010100"
    for place in range(len(raw)):
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(Unauthorized):
            verify(headers, flipped, [key], NOW)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        other = {
            **headers,
            name: headers[name][:-2] + ("1" if headers[name][-2] == "0" else "0") + headers[name][-1],
        }
        with pytest.raises(Unauthorized):
            verify(other, raw, [key], NOW)


def test_a_flipped_byte_is_refused_at_the_door(house: House) -> None:
    to_house = kit.to_house(house)
    world = kit.world(
        lambda sent: to_house(replace(sent, body=sent.body.replace("Leads", "Lfads"))),
        lambda: house.now,
        kit.key_text(KEY),
    )
    run(world)
    assert (len(world.sent), house.ledger.rows) == (1, {})
    assert world.said[0].endswith(": answer 401")


def test_the_key_with_its_prefix_is_the_wrong_text(house: House) -> None:
    world = kit.world(kit.to_house(house), lambda: house.now, KEY)
    run(world)
    assert world.said[0].endswith(": answer 401")


def test_the_same_event_is_a_replay_and_a_later_one_is_not(house: House) -> None:
    world = speaking(house)
    run(world)
    house.now += 3600
    run(world)
    assert (len(world.sent), len(house.ledger.rows)) == (2, 1)
    run(world, modified="2026-11-23T09:00:00+01:00")  # restored from the recycle bin, and asked for again
    assert len(house.ledger.rows) == 2
    run(world, modified=None)
    assert world.sent[-1].headers["webhook-id"] == f"Leads-{kit.RECORD}-"


@pytest.mark.parametrize(
    ("answers", "tries", "ends"),
    [
        ([202], 1, "accepted as del_1"),
        ([503, 202], 2, "accepted as del_1"),
        ([None, 429, 202], 3, "accepted as del_1"),
        ([503, 503, 503], 3, "answer 503"),
        ([None, None, None], 3, "no answer: socket timeout error"),
        ([400], 1, "answer 400"),
        ([401], 1, "answer 401"),
        ([403], 1, "answer 403"),
        ([409], 1, "answer 409"),
    ],
)
def test_what_it_does_with_answers(answers: list[int | None], tries: int, ends: str) -> None:
    world = kit.world(kit.answering(answers), lambda: NOW, kit.key_text(KEY))
    run(world)
    assert len({(sent.headers["webhook-id"], sent.body) for sent in world.sent}) == 1
    assert len(world.sent) == tries
    assert world.said == [f"expunge: Leads-{kit.RECORD}-20261122T1846010100: {ends}"]
    assert "SECRET" not in str(world.said)  # the read link is a key of its own


@pytest.mark.parametrize(("record", "key"), [(None, "k"), ("", "k"), ('1"]', "k"), (kit.RECORD, "")])
def test_without_an_id_or_a_key_nothing_is_sent(record: str | None, key: str) -> None:
    world = kit.world(kit.answering([]), lambda: NOW, key)
    run(world, record=record)
    assert world.sent == []
    assert "not sent" in world.said[0]


@pytest.mark.parametrize("name", FILES)
def test_headers_and_address_are_the_contracts(name: str) -> None:
    contract = (ROOT / "docs/CONTRACT.md").read_text(encoding="utf-8")
    (row,) = [line for line in contract.splitlines() if line.startswith("| `standard-webhooks` (default)")]
    named = set(re.findall(r"`(webhook-[a-z]+)`", row))
    (path,) = re.findall(r"`POST \{EndpointURL\}(\S+/deletions)`", contract)
    put = set(re.findall(r'headers\.put\("([^"]+)"', kit.text(name)))
    assert put == {"Content-Type", *named}
    address = 'url :endpoint + "' + path.replace("{source}", '" + source + "') + '"'
    assert address in kit.text(name)


def test_all_files_sign_and_send_in_the_same_lines() -> None:
    parts = []
    for name in FILES:
        found = [line.strip() for line in kit.text(name).splitlines() if "//" not in line]
        start = next(n for n, line in enumerate(found) if line.startswith("timestamp = "))
        end = next(n for n, line in enumerate(found) if line.startswith("again = false"))
        parts.append([line for line in found[start : end + 1] if not line.startswith("outcome = ")])
    assert parts[0] == parts[1] == parts[2]


@pytest.mark.parametrize("name", FILES)
def test_files_are_plain_ascii(name: str) -> None:
    assert kit.text(name).isascii()  # nothing in a signed body depends on an encoding


def test_zohos_own_examples_of_hmac() -> None:
    source = """void a.b() {
        order = "{Order ID: 0932, Currency: USD, Amount: 2500}";
        x = zoho.encryption.hmacsha256("sk_5Ow7B_4eC39H",order,"base64");
        y = zoho.encryption.hmacsha256("Use me to generate hash","My#New#Password","base64");
    }"""
    names = read(source)(World(lambda: NOW, kit.answering([])))
    assert names["x"] == "E3IZY+esQ59aLmPCYYVjk2R/P1G0k77r9ZGa9Lw94Zw="
    assert names["y"] == "edYCyxkU4jL2dEjEDO8aUy8WZrpKRvQquNpgKUqe5vA="


@pytest.mark.parametrize(
    "body",
    [
        'x = "a" * 2;',
        "x = 5 / 2;",
        "while(true) { x = 1; }",
        "x = unknown(1);",
        "x = zoho.crm.getRecordById(1);",
        'x = "a".reverse();',
        'x = "a\\q";',
        "x = y;",
        'if(1 == "1") { x = 1; }',
        "x = 1 == 1;",
        "x = !true;",
        'x = null + "a";',
        'x = "abc".subString(0,9);',
        "if(1) { x = 1; }",
        "x = 1",
        'x = invokeurl [ url :"u" type :GET detailed :true ];',
        'h = Map(); x = invokeurl [ url :"u" type :POST parameters :"t" headers :h detailed :true ];',
        AS_A_FORM,
        'x = invokeurl [ url :"u" timeout :5 ];',
        "} void c.d() {",
    ],
)
def test_the_interpreter_refuses_what_it_does_not_know(body: str) -> None:
    def never(_: Request) -> tuple[int, str]:
        raise AssertionError("sent")

    with pytest.raises(Refused):
        read(f"void a.b() {{ {body} }}")(World(lambda: NOW, never))
