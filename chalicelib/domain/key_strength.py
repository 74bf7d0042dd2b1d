"""Estimates how hard a key is to guess.

A key that a program drew at random has no pattern. A key that a person typed repeats itself, counts up, or is
a word. The bits that are needed to describe the key are added up; a key with too few of them is weak. The
estimate is an upper bound: a key that is not weak here can still be a bad one, and only `expunge keys new`
makes good ones.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf, log2

#: Bits that a key must have at least. The shortest random ones are far above: 16 hexadecimal digits (bearer
#: values) have 64, 24 bytes (signing keys) 192; the estimate is lower for short keys.
BEARER_BITS = 38
SIGNING_BITS = 72
#: Fewer different characters than this are no key, however long.
DISTINCT = 6

#: Published examples: whoever reads documentation knows them. The Svix and Standard Webhooks documents, and
#: docs/CONTRACT.md.
EXAMPLES = frozenset(
    {
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg==",
        "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGlqa2xtbm9wcQ==",
    }
)
_PREFIX = "whsec_"
_EXAMPLES = frozenset(each.removeprefix(_PREFIX) for each in EXAMPLES)

_LIST = (
    "admin api auth authorization bearer changeme crm default delete deletion deluge demo dev development "
    "example expunge foobar hello hook key leads letmein local mysecret password passwort please prod "
    "production sample secret sender shared sign signature signing source staging test testing token "
    "webhook webhooks welcome whsec workflow zoho asdf asdfgh asdfghjkl qwer qwert qwerty qwertyuiop qwertz "
    "yxcvbn zxcv zxcvbn zxcvbnm 1q2w3e4r 1qaz2wsx"
)
_WORDS = tuple(_LIST.split())
_LOOKALIKES = str.maketrans("013457@$!", "oleastasi")
_WORD_BITS = 7.0
_RUN = 4  # characters that rise, fall or stay alike in equal steps
_REPEAT = 4  # characters that were there before
_STEP_BITS = 4.0


@lru_cache(maxsize=256)
def weakness(text: str, own_words: tuple[str, ...] = (), least: int = BEARER_BITS) -> str:
    """Why the key `text`, as it stands in the secret, is weak; "" where nothing speaks against it.

    `own_words`: what the key may not be made of besides common words, such as its source's name. `least`:
    the bits it must have. What is in base64 behind `whsec_` is looked at too.
    """
    bare = text.removeprefix(_PREFIX)
    if bare in _EXAMPLES:
        return "is a published example"
    if len(set(bare)) < DISTINCT:
        return f"has fewer than {DISTINCT} different characters"
    words = (*_WORDS, *(word.lower() for word in own_words if len(word) > 1))
    if any(bits(form, words, least) < least for form in (bare, *_decoded(text))):
        return "is easy to guess: it repeats itself, counts up, or is made of words"
    return ""


def bits(form: str, words: Sequence[str] = _WORDS, enough: float = inf) -> float:
    """About how many bits it takes to write `form` down, at most; counted up to about `enough`."""
    each = log2(max(2, len(set(form))))
    found = _words(form.lower(), words)
    # Two or three things that count up may be woven into each other.
    apart = (sum(_bits(form[at::step], each, {}, enough) for at in range(step)) for step in (2, 3))
    return min(_bits(form, each, found, enough), *apart)


def _decoded(text: str) -> list[str]:
    """The bytes behind `whsec_`, one character for each."""
    if not text.startswith(_PREFIX):
        return []
    try:
        found = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return []
    return [found.decode("latin-1")] if found else []


def _words(text: str, words: Sequence[str]) -> dict[int, int]:
    """Where a word begins, and the length of the longest one there."""
    found: dict[int, int] = {}
    for form in (text, text.translate(_LOOKALIKES)):
        for word in words:
            at = form.find(word)
            while at >= 0:
                found[at] = max(found.get(at, 0), len(word))
                at = form.find(word, at + 1)
    return found


def _bits(text: str, each: float, words: Mapping[int, int], enough: float) -> float:
    total, at = 0.0, 0
    while at < len(text) and total < enough:
        length, cost = 1, each
        for long, price in _shorter(text, at, each, words):
            if price - long * each < cost - length * each:
                length, cost = long, price
        total, at = total + cost, at + length
    return total


def _shorter(text: str, at: int, each: float, words: Mapping[int, int]) -> Iterator[tuple[int, float]]:
    """Ways to write what comes at `at` in fewer bits: how many characters each takes, and its price."""
    run, repeat = _run(text, at), _repeat(text, at)
    if run >= _RUN:
        yield run, each + _STEP_BITS
    if repeat >= _REPEAT:
        yield repeat, log2(at + 1) + log2(repeat + 1)
    if at in words:
        yield words[at], _WORD_BITS


def _run(text: str, at: int) -> int:
    """How many characters from `at` on go in equal steps."""
    if at + 1 >= len(text):
        return 1
    step, end = ord(text[at + 1]) - ord(text[at]), at + 2
    while end < len(text) and ord(text[end]) - ord(text[end - 1]) == step:
        end += 1
    return end - at


def _repeat(text: str, at: int) -> int:
    """How many characters from `at` on were there before, in this order."""
    most, start = 0, text.find(text[at : at + _REPEAT], 0, at + _REPEAT - 1)
    while 0 <= start < at:
        length = _REPEAT
        while at + length < len(text) and text[start + length] == text[at + length]:
            length += 1
        most = max(most, min(length, len(text) - at))
        start = text.find(text[at : at + _REPEAT], start + 1, at + _REPEAT - 1)
    return most
