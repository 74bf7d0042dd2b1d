"""Signatures: what is taken, what is refused and why, and that nothing but our own error comes out."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from chalicelib.domain.keys import signing_key
from chalicelib.web.signature import (
    MOST_HEADER,
    TOLERANCE_SECONDS,
    Unauthorized,
    sign,
    verify,
    verify_bearer,
)
from tests.fakes import KEY, NOW, OLD_KEY

KEYS = (signing_key(KEY), signing_key(OLD_KEY))
BODY = b'{"operation":"delete_records","module":"Leads","ids":["410405000002264040"]}'


def headers(
    body: bytes = BODY, delivery: str = "msg_1", at: float = NOW, key: bytes = KEYS[0]
) -> dict[str, str]:
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": sign(key, delivery, int(at), body),
    }


def reason(
    given: dict[str, str], body: bytes = BODY, keys: tuple[bytes, ...] = KEYS, now: float = NOW
) -> str:
    with pytest.raises(Unauthorized) as caught:
        verify(given, body, keys, now)
    return caught.value.reason


@pytest.mark.parametrize("key", KEYS)
def test_either_key_is_good(key: bytes) -> None:
    assert verify(headers(key=key), BODY, KEYS, NOW) == "msg_1"


def test_a_key_taken_out_is_good_no_more() -> None:
    assert reason(headers(key=KEYS[1]), keys=KEYS[:1]) == "no_match"
    assert reason(headers(), keys=()) == "no_match"


def test_the_public_package_signs_the_same() -> None:
    at = datetime.fromtimestamp(NOW, UTC)
    theirs = Webhook(KEY).sign("msg_1", at, BODY.decode())
    assert theirs == sign(KEYS[0], "msg_1", int(NOW), BODY)


@pytest.mark.parametrize(
    ("key", "text", "result"),
    [
        (
            "sk_5Ow7B_4eC39H",
            "{Order ID: 0932, Currency: USD, Amount: 2500}",
            "E3IZY+esQ59aLmPCYYVjk2R/P1G0k77r9ZGa9Lw94Zw=",
        ),
        ("Use me to generate hash", "My#New#Password", "edYCyxkU4jL2dEjEDO8aUy8WZrpKRvQquNpgKUqe5vA="),
    ],
)
def test_zohos_published_deluge_vectors(key: str, text: str, result: str) -> None:
    """zoho.encryption.hmacsha256(key, data, "base64") is what our signatures are made of."""
    assert base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode() == result


def test_a_deluge_function_signs_with_the_text_of_a_key() -> None:
    text = "Z0ho-can-hold-only-text-so-the-key-is-text."
    assert len(text) == 43
    key = "whsec_" + base64.b64encode(text.encode()).decode()
    content = f"msg_7.{int(NOW)}.".encode() + BODY
    deluge = base64.b64encode(hmac.new(text.encode(), content, hashlib.sha256).digest()).decode()
    sent = {"webhook-id": "msg_7", "webhook-timestamp": str(int(NOW)), "webhook-signature": f"v1,{deluge}"}
    assert verify(sent, BODY, (signing_key(key),), NOW) == "msg_7"


@pytest.mark.parametrize("off", [-TOLERANCE_SECONDS, -1, 0, 1, TOLERANCE_SECONDS])
def test_within_the_tolerance(off: int) -> None:
    assert verify(headers(at=NOW + off), BODY, KEYS, NOW)


def test_outside_the_tolerance() -> None:
    assert reason(headers(at=NOW - TOLERANCE_SECONDS - 1)) == "too_old"
    assert reason(headers(at=NOW + TOLERANCE_SECONDS + 1)) == "too_new"


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1.5", "1e9", "+1760000000", "-1", "1_760", " 1760000000", "1760000000\n", "٣", "1" * 13],
)
def test_a_timestamp_is_digits_only(text: str) -> None:
    given = headers() | {"webhook-timestamp": text}
    assert reason(given) == ("bad_timestamp" if text else "no_header")


@pytest.mark.parametrize("delivery", ["", "a.b", ".", "a b", "é", "a\n", "\x7f", "a" * 257])
def test_an_id_is_1_to_256_visible_characters_without_a_dot(delivery: str) -> None:
    given = headers() | {"webhook-id": delivery, "webhook-signature": sign(KEYS[0], delivery, int(NOW), BODY)}
    assert reason(given) == ("bad_id" if delivery else "no_header")


@pytest.mark.parametrize("delivery", ["!", "~" * 256, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", "-", "/"])
def test_every_visible_character_but_the_dot_is_fine(delivery: str) -> None:
    assert verify(headers(delivery=delivery), BODY, KEYS, NOW) == delivery


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_must_be_there(name: str) -> None:
    given = headers()
    del given[name]
    assert reason(given) == "no_header"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_long_headers_are_refused_before_any_work(name: str) -> None:
    assert reason(headers() | {name: "v1," * MOST_HEADER}) in {"header_too_long", "bad_id", "bad_timestamp"}


def test_a_list_of_signatures_needs_one_good_one() -> None:
    good = headers()["webhook-signature"]
    other = sign(b"x" * 24, "msg_1", int(NOW), BODY)
    for listed in (f"{other} {good}", f"v1a,abc {good}", f"{good} v2,{good[3:]}", f"v1,bad  {good} "):
        assert verify(headers() | {"webhook-signature": listed}, BODY, KEYS, NOW)


def test_at_most_five_are_tried() -> None:
    good = headers()["webhook-signature"]
    other = sign(b"x" * 24, "msg_1", int(NOW), BODY)
    assert verify(headers() | {"webhook-signature": " ".join([other] * 4 + [good])}, BODY, KEYS, NOW)
    assert reason(headers() | {"webhook-signature": " ".join([other] * 5 + [good])}) == "no_match"


@pytest.mark.parametrize(
    "text",
    ["v1", "v1,", "v1,,", ",", "x", "v1a,{}", "V1,{}", "v1;{}", "v1,{}=", "v1, {}", "v1,{}\n", "v0,{}"],
)
def test_malformed_signatures(text: str) -> None:
    good = headers()["webhook-signature"].removeprefix("v1,")
    assert reason(headers() | {"webhook-signature": text.format(good)}) == "bad_signature"


def test_base64_must_be_canonical() -> None:
    """The last character of 44 carries two bits that are not part of the signature."""
    good = headers()["webhook-signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = good[:-2] + alphabet[alphabet.index(good[-2]) ^ 1] + "="
    assert base64.b64decode(twin[3:]) == base64.b64decode(good[3:])
    assert reason(headers() | {"webhook-signature": twin}) == "bad_signature"


@given(where=st.integers(0, len(BODY) * 8 - 1))
def test_any_flipped_bit_of_the_body_is_refused(where: int) -> None:
    body = bytearray(BODY)
    body[where // 8] ^= 1 << where % 8
    assert reason(headers(), bytes(body)) == "no_match"


@given(name=st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), data=st.data())
def test_any_flipped_bit_of_a_header_is_refused(name: str, data: st.DataObject) -> None:
    given = headers()
    text = given[name]
    where = data.draw(st.integers(0, len(text) * 8 - 1))
    flipped = chr(ord(text[where // 8]) ^ (1 << where % 8))
    reason(given | {name: text[: where // 8] + flipped + text[where // 8 + 1 :]})


@given(
    given=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "authorization"]),
        st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: raw.decode("latin-1"))),
    ),
    body=st.binary(max_size=100),
)
def test_whatever_comes_the_only_error_is_ours(given: dict[str, str], body: bytes) -> None:
    reason(given, body)
    with pytest.raises(Unauthorized):
        verify_bearer(given, KEYS)


@given(body=st.binary(max_size=200), delivery=st.text("abc_-123", min_size=1, max_size=40))
def test_what_is_signed_is_verified(body: bytes, delivery: str) -> None:
    assert verify(headers(body, delivery), body, KEYS, NOW) == delivery


def test_bearer_values() -> None:
    keys = (b"first-key-0123456789", b"second-key-0123456789")
    for good in ("Bearer first-key-0123456789", "bearer second-key-0123456789"):
        verify_bearer({"authorization": good}, keys)
    for bad in (
        "",
        "Bearer",
        "Bearer ",
        "Basic first-key-0123456789",
        "Bearer first-key-012345678",
        "Bearer  x",
    ):
        with pytest.raises(Unauthorized):
            verify_bearer({"authorization": bad}, keys)
