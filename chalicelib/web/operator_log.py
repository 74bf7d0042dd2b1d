"""The operators' endpoints for their log: `GET log`, and `POST log` for what a command changed in a secret
(contract section 4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.evidence.operators import What, may_begin_at, shown
from chalicelib.service.operators import log
from chalicelib.service.operators.log import Log
from chalicelib.web import operator_query, operator_schemas, responses, strict_json
from chalicelib.web.http import Answer

#: Characters of JSON that `before` and `after` may have, each.
LONGEST = 8_000
#: What a key looks like: ours, and a long word with digits in it. Names of modules have few.
_KEY = re.compile(r".*whsec_|(?!arn:)(?=(?:\D*\d){4})\S{32,}", re.DOTALL)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read(kept: Log, query: Mapping[str, str], caller: Caller) -> Answer:
    """A page of the log, newest first. Raises NotValid."""
    since, until = (
        operator_query.moment(query[name], f"/{name}") if name in query else None
        for name in ("since", "until")
    )
    if since is not None and until is not None and until <= since:
        raise NotValid("the request is not valid", (Field("/until", "must be later than since"),))
    before = operator_query.texts(query)
    if before is not None and (len(before) != 1 or not may_begin_at(before[0])):
        raise operator_query.not_ours()
    found, following = log.page(kept, since, until, before[0] if before else None, caller.now)
    cursor = operator_query.cursor(None if following is None else (following,))
    return responses.ok(200, {"entries": [shown(each) for each in found], "next_cursor": cursor})


def tell(kept: Log, given: bytes, caller: Caller) -> Answer:
    """Keep what a command changed in a secret. Raises NotValid; also where a key stands in it."""
    body = operator_schemas.read(operator_schemas.TELL, given)
    problems = [each for name in ("before", "after") for each in _problems(f"/{name}", body.get(name))]
    if problems:
        raise NotValid("the request is not valid", tuple(problems))
    entry = caller.entry(What(body["what"]), body["target"], body.get("before"), body.get("after"))
    kept.tell(entry)
    return responses.ok(200, shown(entry))


def _problems(path: str, value: Any) -> Iterator[Field]:
    if len(json.dumps(value)) > LONGEST:
        yield Field(path, f"may have {LONGEST} characters of JSON at most")
        return
    yield from _secrets(path, value)


def _secrets(path: str, value: Any) -> Iterator[Field]:
    """Where a key stands, or what may be one: this log is no place for them."""
    if isinstance(value, dict):
        for name, each in value.items():
            below = strict_json.pointer(path, name)
            held = name == "keys" and not isinstance(each, int | None)
            if held or _is_key(name):
                yield Field(path if _is_key(name) else below, "must hold no key: name its fingerprint")
            else:
                yield from _secrets(below, each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _secrets(f"{path}/{number}", each)
    elif isinstance(value, str) and _is_key(value):
        yield Field(path, "must hold no key: name its fingerprint")


def _is_key(text: str) -> bool:
    return _KEY.match(text) is not None and _UUID.fullmatch(text) is None
