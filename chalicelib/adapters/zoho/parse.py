"""From status, headers and bytes to a Reply. Takes anything: nothing that Zoho, or a proxy, sends can raise
here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib.adapters.zoho import clean
from chalicelib.domain.zoho.reply import Item, Reply

#: Longest wait that a Retry-After can ask for, in seconds.
LONGEST_RETRY_AFTER = 3600.0
_LONGEST_DATE = 64


def reply_of(
    status: int, headers: Mapping[str, str], content: bytes, now: float, container: str = "data"
) -> Reply:
    """The answer with this status, these headers (any case of names) and these bytes.

    `now`: seconds since the epoch, for a Retry-After that is a date. `container`: the key that holds the
    items.
    """
    body = _cleaned(json_object(content))
    names = {name.lower(): value for name, value in headers.items()}
    plain = Reply(
        status=status,
        body=body,
        retry_after=retry_after(names.get("retry-after"), now),
        credits_left=_whole(names.get("x-api-credits-remaining")),
        date=moment(names.get("date")),
    )
    if body is None:
        return plain
    listed = body.get(container)
    items = (
        tuple(_item(each) for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
    )
    bare = bare_item(body)
    if bare is None:
        return replace(plain, items=items)
    if bare.ok:
        return replace(plain, items=(*items, bare))
    return replace(plain, items=items, error=bare)


def _cleaned(body: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] | None = clean.clean(body)
    except RecursionError:
        return None
    return found


def json_object(content: bytes) -> dict[str, Any] | None:
    """The JSON object in `content`; None for anything else: no JSON, not UTF-8, repeated keys, NaN, too
    deep.
    """
    try:
        value = json.loads(content, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def bare_item(body: Mapping[str, Any]) -> Item | None:
    """The object itself as an item, where it is one: Zoho's `code`, an older shape, or OAuth's `error`."""
    code, error = body.get("code"), body.get("error")
    if isinstance(code, str) and code:
        return _item(body)
    if isinstance(error, str) and error:
        words = body.get("error_description") or body.get("error_info") or body.get("message")
        return Item(code=clean.code(error), message=_text(words), details=_details(body))
    if isinstance(error, dict) and isinstance(error.get("code"), str) and error["code"]:
        return replace(_item(error), ok=False)
    return None


def _item(element: Mapping[str, Any]) -> Item:
    """One element of `data[]`. It is a success only where code and status both can be one."""
    details = _details(element)
    code, status = element.get("code"), element.get("status")
    named = clean.code(code) if isinstance(code, str) else ""
    return Item(
        code=named,
        message=_text(element.get("message")),
        ok=status == "success" or (status is None and named == "SUCCESS"),
        id=id_of(details.get("id")),
        details=details,
    )


def _details(element: Mapping[str, Any]) -> dict[str, Any]:
    details = element.get("details")
    return details if isinstance(details, dict) else {}


def _text(value: object) -> str:
    return clean.message(value) if isinstance(value, str) else ""


def id_of(value: object) -> str | None:
    """An id as a string, whether it was sent as one or as an integer; None for anything else."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds that a Retry-After asks to wait (a number of them, or a date), between 0 and an hour."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER)
    at = moment(text)
    return None if at is None else min(max(at - now, 0.0), LONGEST_RETRY_AFTER)


def moment(text: str | None) -> float | None:
    """An HTTP date (RFC 9110, always UTC) in seconds since the epoch; None for anything else."""
    try:
        found = parsedate_to_datetime((text or "")[:_LONGEST_DATE])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
