"""Pages and page tokens (Get Records from v3 on: pages reach 2,000 records, tokens 100,000)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from simulator import errors
from simulator.http import Answer, Call

PER_PAGE = 200
PAGES_LIMIT = 2_000
TOKENS_LIMIT = 100_000
TOKEN_SECONDS = 86_400


@dataclass(slots=True)
class Position:
    """Where a page begins: after the record numbered ``seq``, with ``past`` records before it."""

    page: int
    per_page: int
    past: int
    seq: int = 0


def page_of(call: Call) -> tuple[int, int] | Answer:
    """``page`` (from 1) and ``per_page`` (1 to 200), or what is wrong with them."""
    numbers = []
    for name, usual, most in (("page", 1, 10**9), ("per_page", PER_PAGE, PER_PAGE)):
        text = call.params.get(name) or str(usual)
        if not text.isascii() or not text.isdigit() or len(text) > 10 or not 1 <= int(text) <= most:
            return errors.invalid_param(name)
        numbers.append(int(text))
    return numbers[0], numbers[1]


def position_of(call: Call, now: float) -> Position | Answer:
    """Where the page asked for begins, or Zoho's refusal: too far, token expired or of another query."""
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    page, per_page = paging
    token = call.params.get("page_token")
    if not token:
        past = (page - 1) * per_page
        if call.version >= 3 and past + per_page > PAGES_LIMIT:
            details = {"page": page, "per_page": per_page, "limit": PAGES_LIMIT}
            text = "discrete pagination limit exceeded"
            return errors.refusal(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", text, details)
        return Position(page, per_page, past)
    try:
        seq, past, expires, bound = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error, TypeError):
        return errors.invalid_param("page_token")
    if bound != _bound(call):
        return errors.refusal(400, "TOKEN_BOUND_DATA_MISMATCH", "the page_token belongs to another query")
    if expires <= now:
        return errors.refusal(400, "EXPIRED_VALUE", "page_token has expired", {"param_name": "page_token"})
    if past + per_page > TOKENS_LIMIT:
        details = {"limit": TOKENS_LIMIT}
        return errors.refusal(400, "PAGINATION_LIMIT_EXCEEDED", "pagination limit exceeded", details)
    return Position(past // per_page + 1, per_page, past, seq)


def token_after(seq: int, past: int, call: Call, now: float) -> str:
    """The token for the page after the record numbered ``seq``; good for a day and for this query only."""
    content = json.dumps([seq, past, now + TOKEN_SECONDS, _bound(call)])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _bound(call: Call) -> str:
    """What a page token belongs to: everything in the query that picks the records."""
    names = ("cvid", "ids", "converted", "approved", "sort_by", "sort_order")
    return "&".join([call.args["module"], *(call.params.get(name, "") for name in names)])
