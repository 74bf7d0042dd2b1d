"""Bounds and cleans whatever Zoho says, at the one place where it comes in.

Zoho's words are kept for every record, stored in items of limited size, written to logs and shown on pages.
So no text of an answer is longer than a limit, and none holds half a character, a control character or a mark
that turns the direction of writing.
"""

from __future__ import annotations

import math
import re
from typing import Any

#: The longest text of an answer, in characters; what has a limit of its own is below.
LONGEST = 2048
LONGEST_CODE = 64
#: In characters, and in bytes of UTF-8.
LONGEST_MESSAGE, MOST_MESSAGE_BYTES = 200, 400
LONGEST_ID = 64
_LIMITS = {
    "code": LONGEST_CODE,
    "error": LONGEST_CODE,
    "status": LONGEST_CODE,
    "message": LONGEST_MESSAGE,
    "id": LONGEST_ID,
    "job_id": LONGEST_ID,
}
#: Half a character cannot be encoded, control characters and marks of direction change what people see.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*")
UNREADABLE_CODE = "UNREADABLE_CODE"
_BLANK = re.compile("[\t\n\r]+")
_INSTEAD = "\N{REPLACEMENT CHARACTER}"
_LARGEST = 1 << 63
#: Digits that are kept of a number that no field of Zoho's can hold.
_SHOWN_DIGITS = 40


def text(value: str, longest: int = LONGEST) -> str:
    """`value` with at most `longest` characters, of which each can be encoded and shown."""
    if len(value) <= longest and value.isascii() and value.isprintable():
        return value  # nearly all that comes, thousands of texts an answer
    cut = value[:longest]
    return _HARMFUL.sub(_INSTEAD, _BLANK.sub(" ", cut)) if _HARMFUL.search(cut) else cut


def code(value: str) -> str:
    """`value` as a code: letters, digits, underscores, spaces. What is none may be words about a person's
    value, and codes go into problems, events and logs: UNREADABLE_CODE stands in its place.
    """
    return value if not value or _CODE.fullmatch(value) else UNREADABLE_CODE


def message(value: str) -> str:
    """`value` as words to be kept: at most LONGEST_MESSAGE characters and MOST_MESSAGE_BYTES bytes."""
    words = text(value, LONGEST_MESSAGE)
    return words if words.isascii() else words.encode()[:MOST_MESSAGE_BYTES].decode(errors="ignore")


def clean(value: Any, name: str = "") -> Any:
    """A JSON value with every text and every name in it bounded and cleaned; `name`: the key that it has.

    A whole number that no field of Zoho's can hold becomes text, an infinite one None. Raises RecursionError
    for what is nested too deep.
    """
    if isinstance(value, str):
        name = name.lower()
        return message(value) if name == "message" else text(value, _LIMITS.get(name, LONGEST))
    if isinstance(value, dict):
        return {text(key, LONGEST_CODE): clean(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [clean(each, name) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not -_LARGEST < value < _LARGEST:
        return str(value)[:_SHOWN_DIGITS]
    return value
