"""POST v1/sources/{source}/deletions through the Chalice application: the contract's answers in its order."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from chalice.test import Client
from standardwebhooks import Webhook

from chalicelib.domain.errors import Unavailable
from local.filling import new_key
from tests.fake_ledger import FakeLedger
from tests.fakes import BEARER, CRM, KEY, LEADS, NOW, OLD_KEY, SOURCES, House, event, signed

FORM = "application/x-www-form-urlencoded"
VIEW = {"operation": "mass_delete", "module": "Leads", "cvid": "3652397000000538003"}
DELINK = {
    "operation": "delink_records",
    "module": "Campaigns",
    "record_id": "3652397000000327001",
    "related_list": "Contacts",
    "ids": ["3652397000000925128"],
}


def fields(answer: Any) -> list[str]:
    return [field["path"] for field in answer.json["error"]["fields"]]


@pytest.mark.parametrize("body", [LEADS, VIEW, DELINK])
def test_accepted(body: dict[str, Any]) -> None:
    house = House()
    answer = house.post(body | {"reference": "ticket 42"})
    assert answer.status == 202
    assert "Idempotent-Replayed" not in answer.headers
    link = answer.json.pop("links")["self"]
    assert {key: value for key, value in answer.json.items() if key != "links"} == {
        "id": answer.json["id"],
        "status": "accepted",
        "operation": body["operation"],
        "module": body["module"],
        "org": "default",
        "reference": "ticket 42",
        "created_at": "2025-10-09T08:53:20.000Z",
    }
    assert link.startswith(
        f"https://abc.execute-api.us-east-1.amazonaws.com/api/v1/deletions/{answer.json['id']}?token="
    )
    assert list(house.ledger.rows) == house.nudges.ids == [answer.json["id"]]
    assert house.notes == [("Accepted", {"deletion": answer.json["id"], "source": "crm"})]


def test_through_chalices_own_test_client() -> None:
    house = House()
    body = json.dumps(LEADS).encode()
    with Client(house.app) as client:
        answer = client.http.post("/v1/sources/crm/deletions", headers=signed(body, NOW), body=body)
        assert answer.status_code == 202
        shown = client.http.get(
            f"/v1/deletions/{answer.json_body['id']}?{answer.json_body['links']['self'].partition('?')[2]}"
        )
        assert (shown.status_code, shown.json_body["id"]) == (200, answer.json_body["id"])


def test_the_public_package_signs_for_us() -> None:
    from datetime import UTC, datetime

    house = House()
    body = json.dumps(LEADS)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": Webhook(KEY).sign(
            "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", datetime.fromtimestamp(NOW, UTC), body
        ),
    }
    assert house.send(event(CRM, {"source": "crm"}, headers, body)).status == 202


def test_a_body_in_base64() -> None:
    house = House()
    body = json.dumps(LEADS).encode()
    sent = event(CRM, {"source": "crm"}, signed(body, NOW), base64.b64encode(body).decode(), base64=True)
    assert house.send(sent).status == 202


def test_a_replay_is_the_same_answer() -> None:
    house = House()
    first = house.post(LEADS)
    house.now += 86_400
    again = house.post(LEADS)  # signed anew, with a later timestamp
    assert (again.status, again.text) == (202, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(house.ledger.rows) == 1
    assert house.notes[-1][0] == "Replayed"


def test_another_body_under_the_same_id_is_a_conflict() -> None:
    house = House()
    house.post(LEADS)
    for body in (VIEW, b"not JSON"):  # whatever it is: 409 comes before 400
        answer = house.post(body)
        assert (answer.status, answer.json["error"]["code"]) == (409, "conflict")
    assert house.post(VIEW, delivery="msg_2").status == 202
    assert house.post(LEADS, "narrow").status == 202  # ids are a source's own


def test_every_401_is_the_same_answer() -> None:
    house = House()
    good = json.dumps(LEADS).encode()
    headers = signed(good, NOW)

    def told(source: str = "crm", body: bytes = good, **changes: str) -> tuple[int, str]:
        sent = headers | {name.replace("_", "-"): value for name, value in changes.items()}
        answer = house.send(event(CRM, {"source": source}, {k: v for k, v in sent.items() if v}, body))
        return answer.status, answer.text

    answers = {
        told("unknown"),
        told("CRM"),
        told("../crm"),
        told("operator"),
        told(body=good + b" "),
        told(Webhook_Id="msg_2"),
        told(Webhook_Id=""),
        told(Webhook_Timestamp=str(int(NOW) - 301)),
        told(Webhook_Timestamp="1.5"),
        told(Webhook_Signature=""),
        told(Webhook_Signature="v1,x"),
        told(Webhook_Signature="v1a,x"),
        told("plain"),
        told("plain", Authorization="Bearer x"),
        told("broken"),
        told("keyless"),
    }
    assert len(answers) == 1
    [(status, text)] = answers
    assert status == 401
    assert json.loads(text)["error"] == {
        "code": "unauthorized",
        "message": "the request could not be verified: expunge verify tells why",
        "request_id": "request-1",
    }
    assert house.ledger.rows == {}


def test_both_keys_neither_and_a_revoked_one() -> None:
    house = House()
    assert house.post(LEADS, key=OLD_KEY).status == 202
    assert house.post(LEADS, delivery="msg_2", key=KEY).status == 202
    other = new_key()
    assert house.post(LEADS, delivery="msg_3", key=other).status == 401
    house.sources.held = {"crm": {**SOURCES["crm"], "keys": [KEY]}}
    assert house.post(LEADS, delivery="msg_4", key=OLD_KEY).status == 401


def test_a_new_key_a_new_source_and_a_new_permission_count_at_once() -> None:
    new, own = new_key(), new_key()
    house = House()
    house.sources.stored = {
        "crm": {"keys": [new], "modules": ["Leads", "Deals"]},
        "new": {"keys": [own], "modules": ["Leads"]},
    }
    held = house.sources.held
    assert house.post(LEADS, delivery="a", key=new).status == 202
    house.sources.held = held
    assert house.post(LEADS, "new", delivery="b", key=own).status == 202
    house.sources.held = {"crm": {"keys": [new]}}
    assert house.post(LEADS | {"module": "Deals"}, delivery="c", key=new).status == 202
    house.sources.held = {"crm": {"keys": [new], "max_record": 5}}
    assert house.post(LEADS, delivery="d", key=new).status == 202
    assert house.sources.fetches == 4


def test_what_no_new_secret_can_mend_is_not_fetched_for() -> None:
    house = House()
    body = json.dumps(LEADS).encode()
    house.send(event(CRM, {"source": "crm"}, signed(body, NOW - 1000), body))
    house.send(event(CRM, {"source": "crm"}, {"Content-Type": "application/json"}, body))
    house.post({})
    assert house.sources.fetches == 0


@pytest.mark.parametrize(
    "media", ["text/plain", "", "*/*", "application/jsonx", "multipart/form-data", "application/xml"]
)
def test_neither_json_nor_form_is_415_before_anything_else(media: str) -> None:
    house = House()
    house.sources.down = True
    answer = house.post(b"x" * 300_000, media=media)
    assert (answer.status, answer.json["error"]["code"]) == (415, "unsupported_media_type")
    assert answer.json["error"]["request_id"] == "request-1"


def test_no_content_type_is_415() -> None:
    house = House()
    headers = signed(b"{}", NOW)
    del headers["Content-Type"]
    assert house.send(event(CRM, {"source": "crm"}, headers, b"{}")).status == 415


def test_a_body_over_the_limit_is_413_before_secrets_are_asked() -> None:
    house = House()
    house.sources.down = True
    assert house.post(b" " * (256 * 1024 + 1)).status == 413
    house.sources.down = False
    padded = json.dumps(LEADS).encode().ljust(256 * 1024)
    assert house.post(padded).status == 202


def test_a_form_is_for_the_token_profile_only() -> None:
    house = House()
    body = b"operation=delete_records&module=Leads&ids=1"
    assert house.post(body, media=FORM).status == 415
    assert house.post(body, media=FORM, key=new_key()).status == 401
    assert house.bear(body, media=FORM).status == 202


def test_without_its_secrets_the_door_answers_503_and_takes_nothing() -> None:
    house = House()
    for secret in (house.sources, house.links):
        secret.down = True
        answer = house.post(LEADS)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json["error"]["code"] == "unavailable"
        secret.down = False
    house.links.held = {}
    assert house.post(LEADS).status == 503
    assert house.ledger.rows == {}


def test_a_broken_entry_is_503_for_that_source_alone() -> None:
    house = House()
    assert house.post(LEADS, "broken").status == 503
    assert house.post(LEADS, "broken", key=KEY).status == 401  # who knows no key of it is told nothing
    assert house.post(LEADS).status == 202


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b"{", [""]),
        (b"", [""]),
        (b'{"operation":"mass_delete","module":"Leads","cvid":"1","cvid":"2"}', ["/cvid"]),
        (LEADS | {"ids": []}, ["/ids"]),
        (LEADS | {"ids": ["1"] * 5001}, ["/ids"]),
        (LEADS | {"ids": ["1", 410405000002264040]}, ["/ids/1"]),
        (LEADS | {"bogus": 1}, ["/bogus"]),
        ({"operation": "mass_delete", "module": "Leads"}, ["/cvid"]),
    ],
)
def test_bad_input_is_400_with_places_and_spends_no_id(body: Any, paths: list[str]) -> None:
    house = House()
    answer = house.post(body)
    assert (answer.status, answer.json["error"]["code"]) == (400, "invalid_request")
    assert fields(answer) == paths
    assert house.ledger.rows == {}
    assert house.post(LEADS).status == 202


def test_what_the_source_may_not_do_is_403_and_spends_no_id() -> None:
    house = House()
    answer = house.post(LEADS | {"ids": ["1", "2", "3", "4"], "module": "Deals", "max_records": 9}, "narrow")
    assert (answer.status, answer.json["error"]["code"]) == (403, "not_allowed")
    assert sorted(fields(answer)) == ["/ids", "/max_records", "/module"]
    assert house.post(LEADS | {"module": "Deals", "bogus": 1}).status == 400  # 400 before 403
    assert house.ledger.rows == {}
    assert house.post(LEADS, "narrow").status == 202


def test_the_token_profile() -> None:
    house = House()
    first = house.bear(LEADS)
    assert first.status == 202
    house.now += 599
    again = house.bear(LEADS)
    assert (again.text, again.headers["Idempotent-Replayed"]) == (first.text, "true")
    house.now += 2
    later = house.bear(LEADS)
    assert later.status == 202
    assert later.json["id"] != first.json["id"]
    assert house.bear(LEADS, key=BEARER[:-1]).status == 401
    assert house.bear(LEADS | {"ids": [str(n) for n in range(1, 102)]}).status == 403
    assert house.bear(VIEW).status == 403
    assert house.bear(LEADS, source="crm").status == 401


def test_the_limits_of_the_source_are_copied_into_the_deletion() -> None:
    house = House()
    deletion_id = house.post(LEADS | {"max_records": 2}, "narrow").json["id"]
    deletion = house.ledger.rows[deletion_id].deletion
    assert (deletion.limits.max_records, deletion.record_limit) == (3, 2)


class Down(FakeLedger):
    """A table that answers nothing, or breaks in a way nobody expected."""

    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem = problem

    def accept(self, *_written: object) -> bool:
        raise self.problem


@pytest.mark.parametrize("problem", [Unavailable("table", "timeout"), KeyError("CANARY"), RecursionError()])
def test_whatever_breaks_the_sender_is_told_to_try_again(problem: Exception) -> None:
    from dataclasses import replace

    house = House()
    broken = replace(house.intake, outside=replace(house.intake.outside, deliveries=Down(problem)))
    house.endpoints = replace(house.endpoints, intake=broken)
    answer = house.post(LEADS)
    assert (answer.status, answer.json["error"]["code"]) == (503, "unavailable")
    assert "CANARY" not in answer.text
    assert house.nudges.ids == []
    house.endpoints = replace(house.endpoints, intake=house.intake)
    assert house.post(LEADS).status == 202


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("arn:aws:sts::123456789012:assumed-role/operators/ann", True),
        ("arn:aws-us-gov:iam::123456789012:user/ann", True),
        ("", False),
        ("ann", False),
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:iam::123456789012:user/a b", False),
        ("arn:aws:iam::123456789012:user/" + "a" * 301, False),
        ("arn:aws:iam::123456789012:user/\u00fc", False),
    ],
)
def test_a_sender_that_signs_may_say_who_uses_it(header: str, kept: bool) -> None:
    house = House()
    raw = json.dumps(LEADS).encode()
    headers = {**signed(raw, house.now), **({"Expunge-Asked-By": header} if header else {})}
    sent = house.send(event(CRM, {"source": "crm"}, headers, raw))
    assert sent.status == 202
    stored = house.ledger.get(sent.json["id"])
    assert stored is not None
    assert stored.asked_by == (header if kept else None)


def test_a_bearer_says_nothing_about_who_uses_it() -> None:
    house = House()
    raw = json.dumps(LEADS).encode()
    headers = {"Authorization": f"Bearer {BEARER}", "Content-Type": "application/json"}
    arn = "arn:aws:iam::123456789012:user/ann"
    sent = house.send(event(CRM, {"source": "plain"}, {**headers, "Expunge-Asked-By": arn}, raw))
    stored = house.ledger.get(sent.json["id"])
    assert stored is not None
    assert stored.asked_by is None
