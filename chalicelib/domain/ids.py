"""Ids: of records, views and territories as Zoho gives them, and of deletions as we make them.

An id of Zoho's is a positive whole number of 64 bits, in digits and without leading zeros, so that one record
has one spelling. An id of a deletion is `del_` and a ULID, so that they sort by time, need no coordination
and cannot be guessed. A ULID is 48 bits of milliseconds and 80 random bits in Crockford's base 32, in 26
characters (github.com/ulid/spec).
"""

from __future__ import annotations

import re

#: The largest id that Zoho can give: its ids are signed numbers of 64 bits.
LARGEST_RECORD_ID = 9_223_372_036_854_775_807
#: The shape of an id of Zoho's, for schemas and forms; `is_record_id` also knows the largest.
RECORD_ID_PATTERN = "[1-9][0-9]{0,18}"
#: What such an id must be, for people.
RECORD_ID_WORDS = f"must be 1 to 19 digits without leading zeros, at most {LARGEST_RECORD_ID}"
_RECORD_ID = re.compile(RECORD_ID_PATTERN)
RANDOM_BYTES = 10
#: Of what the salts of a deletion's log are made of: 128 bits cannot be found by trying.
SEED_BYTES = 16
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: The first character is 7 at most, because 26 characters hold 130 bits and a ULID has 128.
_DELETION_ID = r"del_[0-7][0-9A-HJKMNP-TV-Z]{25}"


def is_record_id(value: object) -> bool:
    """Could `value` be the id of a record, a view or a territory? Text only, in its one spelling."""
    return (
        isinstance(value, str) and _RECORD_ID.fullmatch(value) is not None and int(value) <= LARGEST_RECORD_ID
    )


def deletion_id(now: float, random: bytes) -> str:
    """The id of a deletion accepted at `now` (seconds since the epoch) with 10 bytes of `random`.

    Raises ValueError for another number of bytes or a time that 48 bits of milliseconds cannot hold.
    """
    milliseconds = int(now * 1000)
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a ULID takes {RANDOM_BYTES} random bytes, not {len(random)}")
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError("the time does not fit into a ULID")
    number = (milliseconds << 80) | int.from_bytes(random, "big")
    return "del_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def made_at(deletion_id: str) -> float:
    """When a deletion was accepted, as its id tells: seconds since the epoch."""
    number = 0
    for each in deletion_id.removeprefix("del_")[:10]:
        number = number << 5 | _ALPHABET.index(each)
    return number / 1000


def is_deletion_id(text: str) -> bool:
    """True where `text` could be the id of a deletion: to refuse anything else before it becomes a key."""
    return re.fullmatch(_DELETION_ID, text) is not None
