"""Form bodies, as plain Zoho workflow webhooks send them, become what the same fields would be in JSON."""

from __future__ import annotations

import re
from typing import Any, Never
from urllib.parse import parse_qsl

from chalicelib.domain.errors import Field, NotValid
from chalicelib.web.strict_json import pointer

MOST_FIELDS = 100


def parse(body: bytes) -> dict[str, Any]:
    """The fields of a form body: `ids` comma separated, booleans true or false, `max_records` in digits.

    A value that does not fit stays text, for the schema to refuse. Raises NotValid for what is no form and
    for names that come twice.
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        _refuse(
            [Field("", f"the body must be a form of {MOST_FIELDS} fields at most, percent-encoded UTF-8")]
        )
    names = [name for name, _ in pairs]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        _refuse([Field(pointer("", name), "this name comes more than once") for name in repeated])
    return {name: _value(name, text) for name, text in pairs}


def _refuse(problems: list[Field]) -> Never:
    raise NotValid("the body is not an acceptable form", tuple(problems))


def _value(name: str, text: str) -> Any:
    if name == "ids":
        return [part.strip(" ") for part in text.split(",")] if text.strip(" ") else []
    if name in ("wf_trigger", "dry_run") and text in ("true", "false"):
        return text == "true"
    if name == "max_records" and re.fullmatch(r"[0-9]{1,18}", text):
        return int(text)
    return text
