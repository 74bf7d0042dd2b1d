"""Keys of sources: weak ones, the ones that a request is checked with, and ones that two sources have."""

from __future__ import annotations

import base64
import json
import secrets
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.key_strength import EXAMPLES
from chalicelib.domain.keys import (
    MOST_KEYS,
    Profile,
    candidates,
    key_of,
    owner_before,
    scope_of,
    signing_key,
    weak_key,
)
from chalicelib.domain.source import UsableSources, parse
from local.filling import new_key


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


WEAK_BEARERS = [
    "a" * 16,
    "ab" * 8,
    "aaaaaaaabbbbbbbb",
    "0000000000000001",
    "1234567890123456",
    "0123456789abcdef",
    "fedcba9876543210",
    "abcdefghijklmnop",
    "1a2b3c4d5e6f7g8h",
    "aAbBcCdDeEfFgGhH",
    "000102030405060708090a0b0c0d0e0f",
    "qwertyuiopasdfgh",
    "qwertyuiop123456",
    "password12345678",
    "P4ssw0rd!P4ssw0rd!",
    "changemechangeme",
    "secretsecretsecret",
    "my-secret-token1",
    "zoho-webhook-token",
    "crm-workflow-key-1",
    "crm-workflow-2026",
    "x7Kq9x7Kq9x7Kq9x7Kq9",
    "a" * 256,
    "abcdefgh" * 32,
    whsec(b"k" * 32),
    whsec(b"0123456789" * 4),
]
WEAK_SIGNING_KEYS = [
    *sorted(EXAMPLES),
    *map(
        whsec,
        [
            b"\0" * 24,
            b"k" * 43,
            b"ab" * 20,
            bytes(range(32)),
            bytes(range(200, 168, -1)),
            bytes(range(0, 96, 3)),
            b"0123456789" * 4,
            b"secret-secret-secret-secret!",
            b"my-very-secret-signing-key-1",
            b"old-old-old-old-old-old-old-1234",
            b"q8Zr!w2Lq8Zr!w2Lq8Zr!w2Lq8Zr!w2L",
        ],
    ),
    "whsec_" + "YWJj" * 10,
    "whsec_abcdefghijklmnopqrstuvwxyz012345",
    "whsec_" + "A" * 32,
]


def refused(profile: str, key: str) -> str:
    with pytest.raises(SecretUnusable) as caught:
        parse("crm-workflow", {"profile": profile, "keys": [new_key(), key]})
    return caught.value.reason


@pytest.mark.parametrize("key", [*WEAK_BEARERS, *sorted(EXAMPLES)])
def test_a_bearer_value_that_can_be_guessed_makes_its_source_unusable(key: str) -> None:
    reason = refused("token", key)
    assert "keys/1" in reason
    assert key not in reason


@pytest.mark.parametrize("key", WEAK_SIGNING_KEYS)
def test_a_signing_key_that_can_be_guessed_is_named(key: str) -> None:
    """It is taken, as the contract says what a key is; the commands make none, and doctor names it."""
    if len(key) > len("whsec_") + 24:
        assert key_of(Profile.STANDARD_WEBHOOKS, key, "crm") == signing_key(key)
    assert "must be random" in weak_key(Profile.STANDARD_WEBHOOKS, key, "crm")


def test_made_keys_are_good_on_both_profiles() -> None:
    for _ in range(300):
        key = new_key()
        assert weak_key(Profile.STANDARD_WEBHOOKS, key, "crm") == ""
        assert key_of(Profile.TOKEN, key, "crm") == key.encode()


@pytest.mark.parametrize("size", [24, 32, 64])
def test_random_bytes_of_every_length_are_good_signing_keys(size: int) -> None:
    for _ in range(300):
        key = whsec(secrets.token_bytes(size))
        assert weak_key(Profile.STANDARD_WEBHOOKS, key, "crm") == ""


def test_random_bearer_values_are_good() -> None:
    letters = string.ascii_letters + string.digits
    for size in (16, 24, 256):
        for _ in range(100):
            key = "".join(secrets.choice(letters) for _ in range(size))
            assert key_of(Profile.TOKEN, key, "crm") == key.encode()


@given(unit=st.text("0123456789abcdefXYZ!-", min_size=1, max_size=8), size=st.integers(16, 64))
def test_whatever_repeats_a_short_text_is_weak(unit: str, size: int) -> None:
    key = (unit * size)[:size]
    if len(unit) * 2 <= size:
        with pytest.raises(ValueError, match="must be random"):
            key_of(Profile.TOKEN, key, "crm")


# --- what a request is checked with ------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(new_key()),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ENTRIES = st.none() | JSON | st.fixed_dictionaries({"keys": JSON}, optional={"profile": JSON})


@given(entry=ENTRIES)
def test_whatever_lies_there_a_request_is_checked_with_as_many_keys(entry: Any) -> None:
    found = candidates(entry)
    assert (len(found.signing), len(found.bearer)) == (MOST_KEYS, MOST_KEYS)
    assert all(found.signing)
    assert all(found.bearer)


def test_decoys_are_nobodys_and_differ_from_process_to_process() -> None:
    decoys = candidates(None).signing
    assert len(set(decoys)) == MOST_KEYS
    assert all(len(key) == 32 for key in decoys)
    assert set(candidates(None).bearer) == set(decoys)


def test_an_entry_is_checked_by_its_profile_and_one_without_a_known_profile_both_ways() -> None:
    key = new_key()
    for profile, signs, bears in (
        ("standard-webhooks", True, False),
        ("token", False, True),
        ("other", True, True),
        (None, True, True),
    ):
        found = candidates({"keys": [key], "profile": profile})
        assert (signing_key(key) in found.signing, key.encode() in found.bearer) == (signs, bears)
    found = candidates({"keys": [key]})
    assert (signing_key(key) in found.signing, key.encode() in found.bearer) == (True, False)


def test_what_is_no_key_is_not_checked_with() -> None:
    for profile in ("standard-webhooks", "token"):
        texts = ["", "short", "whsec_", 5, None, "x" * 300, "has a blank in it 0123"]
        assert candidates({"keys": texts, "profile": profile}) == candidates(None)


# --- one key, one source -----------------------------------------------------------------------------


def bare(key: str) -> str:
    return key.removeprefix("whsec_")


def text_of(key: str) -> str:
    return signing_key(key).decode()


@pytest.mark.parametrize("form", [str, bare, text_of])
def test_sources_that_share_a_key_in_whatever_form_share_their_deliveries(form: Any) -> None:
    key, other = new_key(), new_key()
    entries = {
        "first": {"keys": [new_key(), key]},
        "second": {"profile": "token", "keys": [form(other), form(key)]},
        "third": {"keys": [new_key()]},
        "fourth": {"keys": [other]},
    }
    sources = UsableSources()
    assert [sources.get(entries, name).scope for name in entries] == [
        "first",
        "first",
        "third",
        "first",
    ]
    assert scope_of(dict(reversed(entries.items())), "first") == "fourth"


def test_the_order_is_that_of_the_secrets_text() -> None:
    key = new_key()
    entries = json.loads(json.dumps({"zebra": {"keys": [key]}, "ant": {"keys": [key]}}))
    assert owner_before(entries, "zebra") is None
    assert owner_before(entries, "ant") == "zebra"


def test_the_key_of_a_broken_entry_is_that_entrys_too() -> None:
    key = new_key()
    entries: dict[str, Any] = {"broken": {"keys": [key], "max_record": 1}, "second": {"keys": [key]}}
    assert UsableSources().get(entries, "second").scope == "broken"
