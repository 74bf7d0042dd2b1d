"""Answers that list records, in the shape that the port promises: one item per record, 200 also for none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.adapters.zoho import clean
from chalicelib.adapters.zoho.parse import id_of
from chalicelib.domain.zoho.reply import Item, Reply

#: Longest list of values in a COQL `in` (v2 and v3; later versions take more).
IN_LIST = 50
_PAGE = "page:"
_TOKEN = re.compile(r"[!-~]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


def records(reply: Reply, container: str = "data") -> Reply:
    """The reply with an item (ok, id) for each record, and nothing found (204, 304) as an empty list with
    200.

    A 200 without a list of records in `container` is not an answer: its body is dropped, so that it is never
    taken for "there are none".
    """
    if reply.status in (204, 304):
        nothing: dict[str, Any] = {container: [], "info": {"more_records": False}}
        return replace(reply, status=200, items=(), error=None, body=nothing)
    if reply.status != 200 or reply.error is not None:
        return reply
    rows = reply.body.get(container) if reply.body else None
    ids = (
        [id_of(row.get("id")) if isinstance(row, dict) else None for row in rows]
        if isinstance(rows, list)
        else [None]
    )
    if None in ids:
        return replace(reply, items=(), body=None, failure="not a list of records")
    return replace(reply, items=tuple(Item(code="", ok=True, id=one) for one in ids))


def described(reply: Reply, container: str, *, empty: bool) -> Reply:
    """The reply to a question for metadata, nothing found (204, 304) as an empty list with 200.

    A 200 without a list of objects in `container`, of which some have an API name, is not an answer, nor is
    an empty one unless `empty`: its body is dropped, so that it is never taken for "there are none".
    """
    if reply.status in (204, 304):
        told: list[Any] | None = []
    elif reply.status == 200 and reply.error is None:
        listed = reply.body.get(container) if reply.body else None
        told = listed if isinstance(listed, list) and all(isinstance(each, dict) for each in listed) else None
    else:
        return reply
    if told is None or (not empty and not any(isinstance(each.get("api_name"), str) for each in told)):
        return replace(reply, status=200, items=(), body=None, failure=f"not a list of {container}")
    return replace(reply, status=200, items=(), error=None, body={**(reply.body or {}), container: told})


def usable(reply: Reply, asked: Sequence[str]) -> bool:
    """Does the reply tell which of `asked` are there? Not where it holds others: then the ids were not
    heeded.
    """
    return reply.status == 200 and reply.body is not None and {item.id for item in reply.items} <= set(asked)


def continues(reply: Reply) -> bool:
    """Does Zoho say that there are more of them than this page holds?"""
    info = reply.body.get("info") if reply.body else None
    return isinstance(info, dict) and info.get("more_records") is True


def refused(reply: Reply) -> bool:
    """Did Zoho understand the request and not want to answer it this way, so that another way may work?"""
    if not reply.sent or reply.status is None:
        return False
    if reply.status == 200:
        return True
    code = reply.error.code if reply.error else ""
    return reply.status in (400, 404) and code not in ("TOO_MANY_REQUESTS", "INVALID_TOKEN", "INVALID_MODULE")


def unusable(reply: Reply) -> Reply:
    """The reply as it is, but for a list of other records than asked for: that one is no answer."""
    return replace(reply, items=(), body=None) if reply.status == 200 else reply


def select_ids(module: str, ids: Sequence[str]) -> str:
    """The query for those of at most 50 ids (digits) that are there."""
    return f"select id from {_name(module)} where id in ({','.join(ids)}) limit 200"  # noqa: S608  (COQL)


def select_one(module: str, field_name: str, value: str) -> str:
    """The query for a record by the value of a field: a second row tells that the value is no name of one.

    Quotes and backslashes in the value are escaped.
    """
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"select id from {_name(module)} where {_name(field_name)} = '{text}' limit 2"  # noqa: S608  (COQL)


def _name(name: str) -> str:
    """An API name as it may stand in a query. Raises ValueError for anything else."""
    if not _NAME.fullmatch(name):
        raise ValueError("not an API name")
    return name


def page_of(page_token: str | None) -> dict[str, str]:
    """The query for a page: by Zoho's page token, or by number where `with_next_page` made it."""
    if page_token is None:
        return {}
    if page_token.startswith(_PAGE):
        return {"page": page_token.removeprefix(_PAGE)}
    return {"page_token": page_token}


def deleted_page(kind: str, page: int) -> dict[str, str]:
    """The query for a page of a deleted list; `kind` is Zoho's `type`: all, recycle or permanent."""
    return {"type": kind, "page": str(page), "per_page": "200"}


def modified_since(since: float) -> dict[str, str]:
    """The header that leaves out what is older than `since` (seconds since the epoch)."""
    return {"If-Modified-Since": datetime.fromtimestamp(int(since), UTC).isoformat()}


def with_next_page(reply: Reply, page_token: str | None) -> Reply:
    """The reply with `info.next_page_token` wherever there is a next page: by number where Zoho gave none.

    A token is taken whole or not at all: None where it is too long, or cannot be one.
    """
    info = reply.body.get("info") if reply.body else None
    if not isinstance(info, dict) or not continues(reply):
        return reply
    if given := info.get("next_page_token"):
        return reply if _is_token(given) else _named(reply, info, None)
    number = page_token.removeprefix(_PAGE) if page_token else "1"
    following = f"{_PAGE}{int(number) + 1}" if number.isascii() and number.isdigit() else None
    return _named(reply, info, following)


def _named(reply: Reply, info: dict[str, Any], following: str | None) -> Reply:
    return replace(reply, body={**(reply.body or {}), "info": {**info, "next_page_token": following}})


def _is_token(given: object) -> bool:
    return isinstance(given, str) and len(given) < clean.LONGEST and _TOKEN.fullmatch(given) is not None
