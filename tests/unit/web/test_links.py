"""Capability URLs: good for one deletion, under any key of the secret, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import SecretUnusable
from chalicelib.web import links

NEW, OLD = b"new-key-0123456789", b"old-key-0123456789"
ID = "del_01JD0000000000000000000000"


def test_the_token_is_an_hmac_of_the_id() -> None:
    digest = hmac.new(NEW, ID.encode(), hashlib.sha256).digest()
    assert links.token(ID, (NEW, OLD)) == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_both_keys_are_good_and_a_removed_one_is_not() -> None:
    token = links.token(ID, (OLD,))
    assert links.is_good(ID, token, (NEW, OLD))
    assert not links.is_good(ID, token, (NEW,))
    assert not links.is_good(ID[:-1] + "1", token, (OLD,))


@given(text=st.text(max_size=60))
def test_anything_else_is_no_token(text: str) -> None:
    assert not links.is_good(ID, text, (NEW, OLD))


@given(where=st.integers(0, 42), letter=st.sampled_from("Ab0-_"))
def test_every_character_counts(where: int, letter: str) -> None:
    token = links.token(ID, (NEW,))
    changed = token[:where] + letter + token[where + 1 :]
    assert links.is_good(ID, changed, (NEW,)) == (changed == token)


def test_the_link() -> None:
    token = links.token(ID, (NEW,))
    expected = f"https://abc.example/api/v1/deletions/{ID}?token={token}"
    assert links.link("https://abc.example/api/", ID, (NEW,)) == expected


@pytest.mark.parametrize(
    "secret",
    [
        {"keys": [NEW.decode(), OLD.decode()]},
        {"new": NEW.decode(), "old": [OLD.decode()]},
        {"new": NEW.decode(), "old": OLD.decode()},
    ],
)
def test_forms_of_the_secret(secret: dict[str, Any]) -> None:
    assert links.keys_from(secret) == (NEW, OLD)


def test_without_old_keys() -> None:
    for secret in ({"new": NEW.decode()}, {"new": NEW.decode(), "old": []}, {"new": NEW.decode(), "old": ""}):
        assert links.keys_from(secret) == (NEW,)


@pytest.mark.parametrize(
    "secret",
    [
        {},
        {"keys": []},
        {"keys": "x" * 20},
        {"keys": ["short"]},
        {"keys": [1]},
        {"new": None},
        {"new": "", "old": [1]},
    ],
)
def test_a_malformed_secret_is_unusable_and_not_repeated(secret: dict[str, Any]) -> None:
    with pytest.raises(SecretUnusable) as caught:
        links.keys_from(secret)
    assert "short" not in str(caught.value)
