"""Who knows no key learns nothing: any source, a broken entry and no source are answered alike, at the same
cost.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.keys import MOST_KEYS, Candidates, candidates
from chalicelib.web.signature import prove
from local.filling import new_key
from tests.fakes import (
    BEARER,
    BROKEN_KEY,
    CRM,
    KEY,
    LEADS,
    NARROW_KEY,
    NOW,
    OLD_KEY,
    SOURCES,
    House,
    event,
    signed,
)

BODY = json.dumps(LEADS).encode()
KNOWN = [*SOURCES, "hurt", "bare", "null"]
NAMES = [*KNOWN, "unknown", "CRM", "../crm", "", "x" * 300, "crm%2f"]
HELD = {
    **SOURCES,
    "hurt": {"profile": 5, "keys": [new_key()] * 20, "modules": "Leads"},
    "bare": {"keys": []},
    "null": None,
}


class Counted:
    """Keys that count how often each was used; a check that stops early leaves some at 0."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self.keys, self.used = keys, [0] * len(keys)

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Any:
        for at, key in enumerate(self.keys):
            self.used[at] += 1
            yield key


def answers(headers: dict[str, str], body: bytes = BODY, names: list[str] = NAMES) -> set[Any]:
    """What each name answers, and what it asked of Secrets Manager and of the table."""
    found = set()
    for name in names:
        house = House(HELD)
        house.sources.stored = HELD
        told = house.send(event(CRM, {"source": name}, headers, body))
        asked = (house.sources.fetches, house.links.fetches, house.ledger.rows == {})
        found.add((told.status, told.text, tuple(sorted(told.headers.items())), asked))
    return found


GOOD = signed(BODY, NOW, key=new_key())  # well made, with a key that nobody has
BEARS = {"Content-Type": "application/json", "Authorization": f"Bearer {new_key()}"}
SENT: dict[str, tuple[dict[str, str], int]] = {
    "no headers": ({"Content-Type": "application/json"}, 0),
    "a wrong key": (GOOD, 1),
    "a wrong bearer value": (BEARS, 1),
    "both": (GOOD | BEARS, 1),
    "an empty bearer value": (BEARS | {"Authorization": "Bearer "}, 0),
    "another scheme": (BEARS | {"Authorization": "Basic eDp4"}, 0),
    "no id": (GOOD | {"Webhook-Id": ""}, 0),
    "a bad id": (GOOD | {"Webhook-Id": "a.b"}, 0),
    "too old": (GOOD | {"Webhook-Timestamp": str(int(NOW) - 301)}, 0),
    "no time": (GOOD | {"Webhook-Timestamp": "soon"}, 0),
    "bad base64": (GOOD | {"Webhook-Signature": "v1,%%%"}, 0),
    "another version": (GOOD | {"Webhook-Signature": "v1a," + "A" * 43 + "="}, 0),
    "a short signature": (GOOD | {"Webhook-Signature": "v1," + base64.b64encode(b"x").decode()}, 0),
    "many signatures": (
        GOOD | {"Webhook-Signature": " ".join([signed(BODY, NOW)["Webhook-Signature"][:-3] + "AA="] * 40)},
        1,
    ),
    "huge signatures": (GOOD | {"Webhook-Signature": "v1," + "A" * 9000}, 0),
    "a huge id": (GOOD | {"Webhook-Id": "i" * 9000}, 0),
    "a huge bearer value": (BEARS | {"Authorization": "Bearer " + "A" * 9000}, 0),
    "odd characters": (BEARS | {"Authorization": "Bearer \ud800é"}, 1),
}


@pytest.mark.parametrize("what", SENT)
def test_every_source_and_none_answer_alike_and_ask_as_often(what: str) -> None:
    headers, fetches = SENT[what]
    [(status, text, _, asked)] = answers(headers)
    assert status == 401
    assert (
        json.loads(text)["error"]["message"] == "the request could not be verified: expunge verify tells why"
    )
    assert asked == (fetches, 0, True)


def test_a_key_of_one_source_proves_nothing_at_any_other_name() -> None:
    owners = {KEY: "crm", OLD_KEY: "crm", NARROW_KEY: "narrow", BROKEN_KEY: "broken"}
    for key, owner in owners.items():
        others = [name for name in NAMES if name != owner]
        [(status, *_)] = answers(signed(BODY, NOW, key=key), names=others)
        assert status == 401
    [(status, *_)] = answers(
        BEARS | {"Authorization": f"Bearer {BEARER}"}, names=["crm", "broken", "unknown"]
    )
    assert status == 401


def test_a_key_in_the_way_of_the_other_profile_proves_nothing() -> None:
    [(status, *_)] = answers(BEARS | {"Authorization": f"Bearer {KEY}"})
    assert status == 401
    [(status, *_)] = answers(signed(BODY, NOW, key=BEARER))
    assert status == 401


HEADERS = st.dictionaries(
    st.sampled_from(["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Authorization", "X-Other"]),
    st.text(max_size=40)
    | st.sampled_from(
        ["msg_1", str(int(NOW)), GOOD["Webhook-Signature"], BEARS["Authorization"], "v1,", "v1, v1,"]
    )
    | st.text("v1,A=+/ ", max_size=60),
)


@pytest.mark.slow
@given(headers=HEADERS, change=st.booleans(), body=st.binary(max_size=30) | st.just(BODY))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_without_a_key_every_name_answers_alike(
    headers: dict[str, str], change: bool, body: bytes
) -> None:
    sent = {"Content-Type": "application/json", **(GOOD if change else {}), **headers}
    [(status, *_)] = answers(sent, body, [*KNOWN, "unknown"])
    assert status == 401


@pytest.mark.parametrize("name", [*KNOWN, None])
@pytest.mark.parametrize("headers", [GOOD, BEARS, signed(BODY, NOW), signed(BODY, NOW, key=OLD_KEY)])
def test_no_check_stops_early(name: str | None, headers: dict[str, str]) -> None:
    """Every key is tried once for each way that is well made, also after one has matched."""
    found = candidates(HELD[name] if name else None)
    signing, bearer = Counted(found.signing), Counted(found.bearer)
    lowered = {key.lower(): value for key, value in headers.items()}
    prove(lowered, BODY, Candidates(signing, bearer), NOW)  # type: ignore[arg-type]  # it counts who looks
    each = ([1] * MOST_KEYS, [0] * MOST_KEYS)
    assert (signing.used, bearer.used) == (each if headers is not BEARS else each[::-1])


@pytest.mark.parametrize("order", [("second", "first"), ("first", "second")])
def test_what_was_signed_once_makes_one_deletion_wherever_it_is_sent(order: tuple[str, str]) -> None:
    shared = new_key()
    for profile in ("standard-webhooks", "token"):
        house = House(
            {
                "first": {"keys": [shared], "modules": ["Leads"]},
                "second": {"keys": [new_key(), shared], "modules": ["Leads"], "profile": profile},
            }
        )
        headers = signed(BODY, NOW, key=shared) | {"Authorization": f"Bearer {shared}"}
        told = [house.send(event(CRM, {"source": name}, headers, BODY)) for name in order]
        statuses = [each.status for each in told]
        # The two profiles name a delivery in their own ways: a bearer value proves no delivery of a signed
        # one.
        assert statuses == ([202, 409] if profile == "standard-webhooks" else [202, 202])
        again = [house.send(event(CRM, {"source": name}, headers, BODY)) for name in order]
        assert [each.status for each in again] == statuses
        assert len(house.ledger.rows) == statuses.count(202)


def test_a_weak_bearer_value_accepts_nothing() -> None:
    house = House({"plain": {"profile": "token", "keys": ["password12345678"], "modules": ["Leads"]}})
    assert house.bear(LEADS, key="password12345678").status == 503
    assert house.ledger.rows == {}
