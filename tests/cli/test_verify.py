"""`expunge verify`: each thing that senders do differently is named, and no key is ever shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import click
import pytest

from chalicelib.domain.keys import signing_key
from chalicelib.service.ports import Delivery
from cli.sources import fingerprint
from cli.verifying import body_forms, capture, key_forms
from cli.verifying.capture import Captured
from cli.verifying.examining import Report, Stage, examine
from cli.verifying.judging import Limits
from local.filling import new_key

NOW = 1_795_382_458
NEW, OLD, OTHER, GONE = (new_key() for _ in range(4))
BEARER = "a-bearer-value-of-24-chars"
ENTRIES: dict[str, Any] = {
    "crm": {"keys": [NEW, OLD], "modules": ["Leads"], "max_records": 2},
    "erp": {"keys": [OTHER], "modules": ["Leads"]},
    "plain": {"profile": "token", "keys": [BEARER], "modules": ["Leads"]},
    "broken": {"keys": [NEW], "max_record": 1},
}
BEFORE = {**ENTRIES, "crm": {**ENTRIES["crm"], "keys": [NEW, GONE]}}
ASKED = {"operation": "delete_records", "module": "Leads", "ids": ["1"], "reference": "über"}
BODY = json.dumps(ASKED, ensure_ascii=False).encode()
ID = "msg_1"
Change = Callable[[Captured], Captured]


def nothing(_source: str, _delivery: str) -> Delivery | None:
    return None


STAGE = Stage(ENTRIES, BEFORE, nothing, Limits(5000, 600))


def digest(secret: bytes, content: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret, content, getattr(hashlib, algorithm)).digest()


def content(body: bytes, delivery: str = ID, timestamp: object = NOW) -> bytes:
    return f"{delivery}.{timestamp}.".encode() + body


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def b64v1(of: bytes) -> str:
    return "v1," + b64(digest(signing_key(NEW), of))


def signed(
    of: bytes = BODY, key: str = NEW, *, body: bytes = BODY, delivery: str = ID, timestamp: object = NOW
) -> Captured:
    """A capture whose signature is over `of`."""
    signature = "v1," + b64(digest(signing_key(key), content(of, delivery, timestamp)))
    return captured(signature, body=body, delivery=delivery, timestamp=timestamp)


def captured(signature: str, *, body: bytes = BODY, delivery: str = ID, timestamp: object = NOW) -> Captured:
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    return Captured({name: value for name, value in headers.items() if value}, body)


def keyed(secret: bytes) -> Captured:
    """A capture that was signed with these bytes for a key."""
    return captured("v1," + b64(digest(secret, content(BODY))))


def lenient(text: str) -> bytes:
    """Base64 as Node reads it: up to the first =, letters for addresses count, others are passed over."""
    plain = re.sub(r"[^A-Za-z0-9+/]", "", text.partition("=")[0].replace("-", "+").replace("_", "/"))
    whole = plain[:-1] if len(plain) % 4 == 1 else plain
    return base64.b64decode(whole + "=" * (-len(whole) % 4))


def looked(what: Captured, source: str = "crm", at: float | None = None, now: float = NOW) -> Report:
    report = examine(what, source, STAGE, at, now)
    shown = repr(report)
    for key in (NEW, OLD, OTHER, GONE, BEARER):
        assert key not in shown
        assert key.removeprefix("whsec_") not in shown
    return report


def codes(report: Report) -> list[str]:
    return [hint.code for hint in report.hints]


def headers(what: Captured, **more: str) -> Captured:
    changed = {**what.headers, **{name.replace("_", "-"): value for name, value in more.items()}}
    return replace(what, headers={name: value for name, value in changed.items() if value})


def renamed(what: Captured) -> Captured:
    return replace(what, headers={k.replace("webhook-", "svix-"): v for k, v in what.headers.items()})


GOOD = digest(signing_key(NEW), content(BODY))
COMPACT = json.dumps(ASKED, separators=(",", ":"), ensure_ascii=False).encode()
PRETTY = json.dumps(ASKED, indent=2, ensure_ascii=False).encode()
MILLIS = NOW * 1000
FORM = b"operation=delete_records&module=Leads&ids=1&reason=a+b"
HINTS: dict[str, tuple[Captured, list[str]]] = {
    "compact": (signed(COMPACT), ["reserialised"]),
    "pretty": (signed(PRETTY), ["reserialised"]),
    "sorted": (signed(json.dumps(ASKED, sort_keys=True).encode()), ["reserialised"]),
    "escaped": (signed(json.dumps(ASKED).encode()), ["reserialised"]),
    "quoted once more": (signed(json.dumps(BODY.decode()).encode()), ["reserialised"]),
    "newline signed": (signed(BODY + b"\n"), ["trailing_newline"]),
    "CR LF signed": (signed(BODY + b"\r\n"), ["trailing_newline"]),
    "newline sent": (signed(BODY, body=BODY + b"\n"), ["trailing_newline"]),
    "LF to CR LF": (signed(PRETTY, body=PRETTY.replace(b"\n", b"\r\n")), ["line_ends"]),
    "CR LF to LF": (signed(PRETTY.replace(b"\n", b"\r\n"), body=PRETTY), ["line_ends"]),
    "byte order mark": (signed(BODY, body=b"\xef\xbb\xbf" + BODY), ["bom"]),
    "form decoded": (signed(b"reason=a b", body=b"reason=a+b"), ["form_decoded"]),
    "JSON signed, form sent": (
        signed(b'{"operation": "delete_records", "module": "Leads", "ids": "1", "reason": "a b"}', body=FORM),
        ["form_decoded"],
    ),
    "base64 body": (signed(b64(BODY).encode()), ["base64_body"]),
    "no body": (signed(b""), ["empty_body"]),
    "text key": (captured("v1," + b64(digest(NEW.encode(), content(BODY)))), ["text_key"]),
    "text key without whsec_": (
        captured("v1," + b64(digest(NEW.removeprefix("whsec_").encode(), content(BODY)))), ["text_key"],
    ),
    "whsec_ decoded too": (keyed(lenient(NEW)), ["key_prefix"]),
    "v1, before the key": (keyed(lenient("v1," + NEW)), ["key_prefix"]),
    "v1, before the key's text": (keyed(b"v1," + NEW.encode()), ["key_prefix"]),
    "line break at the key": (keyed(NEW.encode() + b"\n"), ["key_blank"]),
    "line break at the bare key": (keyed(NEW[6:].encode() + b"\r\n"), ["key_blank"]),
    "blank before the key": (keyed(base64.b64decode(" " + NEW)), ["key_prefix"]),
    "blank before the key's text": (keyed(b" " + NEW.encode()), ["key_blank"]),
    "quoted key": (keyed(b'"' + NEW.encode() + b'"'), ["key_blank"]),
    "line break at the decoded key": (keyed(signing_key(NEW) + b"\n"), ["key_blank"]),
    "key decoded twice": (keyed(lenient(signing_key(NEW).decode())), ["decoded_twice"]),
    "key in hexadecimal": (keyed(signing_key(NEW).hex().encode()), ["key_hex"]),
    "hashed key": (keyed(hashlib.sha256(signing_key(NEW)).digest()), ["key_hashed"]),
    "body in ASCII": (signed(BODY.decode().encode("ascii", "replace")), ["encoding"]),
    "body in latin-1": (signed(BODY.decode().encode("latin-1")), ["encoding"]),
    "body in UTF-16": (signed(BODY.decode().encode("utf-16-le")), ["encoding"]),
    "body read as latin-1": (signed(BODY.decode("latin-1").encode()), ["encoding"]),
    "body decomposed": (signed(unicodedata.normalize("NFD", BODY.decode()).encode()), ["encoding"]),
    "emoji as two ?": (signed(b'"??"', body='"\U0001f5d1"'.encode()), ["encoding"]),
    "emoji in halves": (
        signed('"\ud83d\uddd1"'.encode("utf-8", "surrogatepass"), body='"\U0001f5d1"'.encode()), ["encoding"],
    ),
    "latin-1 sent, UTF-8 signed": (
        signed(BODY, body=BODY.decode().encode("latin-1")), ["encoding"],
    ),
    "slashes escaped": (signed(b'{"a":"\\/"}', body=b'{"a": "/"}'), ["reserialised"]),
    "angles escaped": (signed(b'{"a":"\\u003c"}', body=b'{"a": "<"}'), ["reserialised"]),
    "escapes in capitals": (signed(b'{"a":"\\u003C"}', body=b'{"a": "<"}'), ["reserialised"]),
    "no line breaks": (signed(PRETTY.replace(b"\n", b""), body=PRETTY), ["line_ends"]),
    "colons": (captured(b64v1(f"{ID}:{NOW}:".encode() + BODY)), ["separator"]),
    "nothing between": (captured(b64v1(f"{ID}{NOW}".encode() + BODY)), ["separator"]),
    "body first": (captured(b64v1(BODY + f".{NOW}.{ID}".encode())), ["order"]),
    "as Slack does": (captured(b64v1(f"v0:{NOW}:".encode() + BODY)), ["other_scheme"]),
    "milliseconds signed": (captured(b64v1(f"{ID}.{NOW}000.".encode() + BODY)), ["timestamp_unit"]),
    "base64 twice": (captured("v1," + b64(b64(GOOD).encode())), ["base64_twice"]),
    "percent-encoded": (
        captured("v1," + b64(GOOD).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")),
        ["percent_encoded"],
    ),
    "hex in capitals": (captured("v1," + GOOD.hex().upper()), ["hex"]),
    "md5": (captured("v1," + b64(digest(signing_key(NEW), content(BODY), "md5"))), ["algorithm"]),
    "no timestamp": (captured(b64v1(ID.encode() + b"." + BODY)), ["no_timestamp"]),
    "no id": (captured(b64v1(f"{NOW}.".encode() + BODY)), ["no_id"]),
    "body alone": (captured(b64v1(BODY)), ["body_only"]),
    "hash of the body": (captured(b64v1(content(sha256(BODY).hexdigest().encode()))), ["body_hash"]),
    "hash of the body in base64": (
        captured(b64v1(content(b64(sha256(BODY).digest()).encode()))), ["body_hash"],
    ),
    "no HMAC": (captured("v1," + b64(sha256(signing_key(NEW) + content(BODY)).digest())), ["no_hmac"]),
    "no HMAC, the key behind it": (
        captured("v1," + b64(sha256(content(BODY) + signing_key(NEW)).digest())), ["no_hmac"],
    ),
    "no HMAC, the key's text": (
        captured("v1," + sha256(NEW.encode() + BODY).hexdigest()), ["hex", "no_hmac", "text_key"],
    ),
    "order": (captured(b64v1(f"{NOW}.{ID}.".encode() + BODY)), ["order"]),
    "hex": (captured("v1," + GOOD.hex()), ["hex"]),
    "hex without v1": (captured("sha256=" + GOOD.hex()), ["no_v1", "hex"]),
    "no v1": (captured(b64(GOOD)), ["no_v1"]),
    "base64 of hex": (captured("v1," + b64(GOOD.hex().encode())), ["base64_of_hex"]),
    "unpadded": (captured("v1," + b64(GOOD).rstrip("=")), ["unpadded"]),
    "sha512": (captured("v1," + b64(digest(signing_key(NEW), content(BODY), "sha512"))), ["algorithm"]),
    "milliseconds": (signed(timestamp=MILLIS), ["milliseconds"]),
    "milliseconds sent": (
        headers(signed(), webhook_timestamp=str(MILLIS)), ["milliseconds", "timestamp_unit"],
    ),
    "fraction": (signed(timestamp=f"{NOW}.75"), ["fraction"]),
    "date": (signed(timestamp="2026-11-22T18:00:00Z"), ["iso_time"]),
    "no number": (signed(timestamp="soon"), ["bad_timestamp"]),
    "dot in the id": (signed(delivery="a.b"), ["bad_id"]),
    "blank in the id": (signed(delivery="a b"), ["bad_id"]),
    "long id": (signed(delivery="a" * 257), ["bad_id"]),
    "long header": (headers(signed(), webhook_id="a" * 3000), ["header_too_long"]),
    "other source's key": (signed(key=OTHER), ["other_source"]),
    "revoked key": (signed(key=GONE), ["revoked"]),
    "strange key": (signed(key=new_key()), ["no_match", "unexplained"]),
    "two at once": (captured(digest(NEW.encode(), content(COMPACT)).hex()),
                    ["no_v1", "hex", "text_key", "reserialised"]),
    "no signature": (headers(signed(), webhook_signature=""), ["no_header"]),
    "other names": (renamed(signed()), ["no_header", "header_names"]),
    "bearer": (
        Captured({"content-type": "application/json", "authorization": "Bearer x"}, BODY), ["wrong_profile"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HINTS)
def test_each_difference_is_named(name: str) -> None:
    what, wanted = HINTS[name]
    report = looked(what)
    assert (report.verdict.status, codes(report)) == (401, wanted), report.hints
    assert all(hint.what and hint.do for hint in report.hints)


def test_base64_for_addresses() -> None:
    some = (signed(delivery=f"msg_{n}") for n in range(200))
    what = next(one for one in some if set("+/") & set(one.headers["webhook-signature"]))
    odd = what.headers["webhook-signature"].replace("+", "-").replace("/", "_")
    assert codes(looked(headers(what, webhook_signature=odd))) == ["base64url"]


def test_a_good_one() -> None:
    for key in (NEW, OLD):
        report = looked(signed(key=key))
        assert (report.verdict.status, report.hints, report.key) == (202, (), fingerprint(key))


@pytest.mark.parametrize(
    ("at", "reason", "says"),
    [
        (NOW + 301.0, "too_old", "301 s old"),
        (NOW - 301.0, "too_new", "301 s ahead"),
        (NOW + 299.0, "", ""),
    ],
)
def test_the_time_that_it_came(at: float, reason: str, says: str) -> None:
    report = looked(signed(), at=at)
    assert report.verdict.reason == reason
    assert report.age == at - NOW
    assert all(says in hint.what and "webhook-id" in hint.do for hint in report.hints)


def test_without_a_time_it_is_judged_for_its_own_and_for_now() -> None:
    report = looked(signed(), now=NOW + 9000.0)
    assert (report.verdict.status, report.age) == (202, 0.0)
    assert (report.now.status, report.now.reason) == (401, "too_old")
    event = replace(signed(), at=NOW + 400.0)
    assert looked(event).verdict.reason == "too_old"


def test_old_and_wrong_are_both_told() -> None:
    report = looked(signed(COMPACT), at=NOW + 900.0)
    assert codes(report) == ["too_old", "reserialised"]


def test_an_unknown_source() -> None:
    report = looked(signed(key=OTHER), source="nobody")
    assert report.verdict.reason == "unknown_source"
    assert "crm, erp, plain" in " ".join(hint.what for hint in report.hints)
    assert "v1/sources/erp/deletions" in report.hints[-1].do


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b'{"operation": "delete_records", "module": "Leads", "ids": [1]}', 400, "/ids/0"),
        (b"[]", 400, ""),
        (b'{"operation": "delete_records", "module": "Deals", "ids": ["1"]}', 403, "/module"),
        (b'{"operation": "delete_records", "module": "Leads", "ids": ["1", "2", "3"]}', 403, "/ids"),
        (b" " * (256 * 1024 + 1), 413, ""),
    ],
)
def test_a_good_signature_over_a_request_that_is_none(body: bytes, status: int, says: str) -> None:
    report = looked(signed(body, body=body))
    assert report.verdict.status == status
    assert says in [path for path, _ in report.verdict.fields] or not says
    assert len(report.hints) == 1


def test_other_content_types() -> None:
    assert looked(headers(signed(), content_type="text/plain")).verdict.status == 415
    form = headers(signed(FORM, body=FORM), content_type="application/x-www-form-urlencoded")
    assert looked(form).verdict.status == 415


def test_a_broken_entry() -> None:
    report = looked(signed(), source="broken")
    assert report.verdict.status == 503
    assert "not known" in report.hints[0].what


def test_a_replay_and_a_conflict() -> None:
    def kept(body: bytes) -> Stage:
        hashed = hashlib.sha256(body).hexdigest()
        given = Delivery("crm", ID, hashed, "del_1", {"id": "del_1"}, NOW + 9999)
        return replace(
            STAGE, find=lambda source, delivery: given if (source, delivery) == ("crm", ID) else None
        )

    report = examine(signed(), "crm", kept(BODY), None, NOW)
    assert (report.verdict.status, report.verdict.replay_of) == (202, "del_1")
    report = examine(signed(), "crm", kept(b"another"), None, NOW)
    assert (report.verdict.status, codes(report)) == (409, ["conflict"])


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("", ["no_header"]),
        (f"Token {BEARER}", ["scheme"]),
        (BEARER, ["scheme"]),
        (f'Bearer "{BEARER}"', ["quoted"]),
        ("Bearer another-value-of-24-chars", ["no_match", "unexplained"]),
    ],
)
def test_the_token_profile(value: str, wanted: list[str]) -> None:
    what = Captured({"content-type": "application/json", **({"authorization": value} if value else {})}, BODY)
    report = looked(what, source="plain")
    assert (report.verdict.status, codes(report)) == (401, wanted)


def test_a_good_bearer() -> None:
    what = Captured({"content-type": "application/json", "authorization": f"Bearer {BEARER}"}, BODY)
    assert looked(what, source="plain").verdict.status == 202


def raw(what: Captured, ending: str = "\r\n", **more: str) -> bytes:
    named = {**what.headers, "content-length": str(len(what.body)), **more}
    lines = [
        "POST /local/v1/sources/crm/deletions HTTP/1.1",
        *(f"{k.title()}: {v}" for k, v in named.items()),
    ]
    return ending.join([*lines, "", ""]).encode() + what.body


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_raw_http(ending: str) -> None:
    found = capture.read(raw(signed(PRETTY, body=PRETTY), ending))
    assert (found.source, found.body, found.notes) == ("crm", PRETTY, ())
    assert looked(found).verdict.status == 202


def test_what_an_editor_adds_to_a_capture_is_left_out() -> None:
    found = capture.read(raw(signed()) + b"\n")
    assert found.body == BODY
    assert "white space" in found.notes[0]
    assert "lacks 5 bytes" in capture.read(raw(signed())[:-5]).notes[0]
    assert "was changed" in capture.read(raw(signed()) + b"more").notes[0]


def test_chunks() -> None:
    what = signed()
    body = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (4, BODY[:4], len(BODY) - 4, BODY[4:])
    head = {k: v for k, v in what.headers.items() if k != "content-length"}
    found = capture.read(raw(Captured({**head, "transfer-encoding": "chunked"}, body)))
    assert found.body == BODY


@pytest.mark.parametrize("packed", [False, True])
def test_an_event_of_api_gateway(packed: bool) -> None:
    what = signed()
    event = {
        "pathParameters": {"source": "crm"},
        "requestContext": {"requestTimeEpoch": NOW * 1000 + 500},
        "multiValueHeaders": {name.title(): [value] for name, value in what.headers.items()},
        "body": b64(BODY) if packed else BODY.decode(),
        "isBase64Encoded": packed,
    }
    found = capture.read(json.dumps(event).encode())
    assert (found.source, found.at, found.body) == ("crm", NOW + 0.5, BODY)
    assert looked(found).verdict.status == 202


@pytest.mark.parametrize(
    "data", [b"", b"nothing", b'{"a": 1}', b'{"headers": {}, "body": {"a": 1}}', b"x y\n\nbody"]
)
def test_no_capture(data: bytes) -> None:
    with pytest.raises(click.UsageError):
        capture.read(data)


def test_headers_and_body_of_their_own() -> None:
    what = signed()
    lines = [f"{name}: {value}" for name, value in what.headers.items() if name != "content-type"]
    found = capture.of_parts(lines, BODY)
    assert looked(found).verdict.status == 202
    assert "assumed" in found.notes[0]


def test_a_large_body_takes_no_long() -> None:
    body = json.dumps({**ASKED, "ids": [str(10**17 + n) for n in range(5000)]}).encode()
    assert codes(looked(signed(key=new_key(), body=body))) == ["no_match", "unexplained"]


def test_no_two_variants_of_a_body_are_the_same() -> None:
    found = [text for text, _ in body_forms.bodies(PRETTY)]
    assert len(found) == len(set(found)) > 10


def test_every_form_of_a_key_is_another_and_none_is_the_right_one() -> None:
    found = key_forms.forms(NEW, signing_key(NEW))
    forms = [form for form, _ in found]
    assert len(set(forms)) == len(forms) > 50
    assert signing_key(NEW) not in forms
