"""The few tasks and functions of Deluge that zoho/*.dg use, strict about the types of what they get."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


class Refused(Exception):
    """Not understood, or not as Deluge takes it."""


class NoAnswer(Exception):
    """What invokeurl ends with where nothing comes back: Deluge's catch sees it."""


@dataclass(frozen=True)
class Request:
    """What invokeurl sends."""

    url: str
    body: str
    headers: Mapping[str, str]
    connection: str | None


@dataclass
class World:
    """What is outside of a script. `send` gives status and text, or raises NoAnswer; `now` is seconds."""

    now: Callable[[], float]
    send: Callable[[Request], tuple[int, str]]
    variables: Mapping[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)


@dataclass(frozen=True)
class Moment:
    """A date or a time, as `toLong` and `toString` want it."""

    seconds: float


#: From what binds least to what binds most.
LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+",))
CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
VALUES: dict[str, Callable[[World], Any]] = {
    "zoho.currenttime": lambda world: Moment(world.now()),
    "zoho.currentdate": lambda world: Moment(world.now()),
}


def a_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(f"{value!r} is not text")
    return value


def a_number(value: Any) -> int:
    if type(value) is not int:
        raise Refused(f"{value!r} is not a number")
    return value


def a_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(f"{value!r} is not a list")
    return value


def a_map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(f"{value!r} is not a map")
    return value


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused(f"{value!r} is neither true nor false")
    return value


def variable(names: Mapping[str, Any], name: str) -> Any:
    if name not in names:
        raise Refused(f"variable {name!r} has no value")
    return names[name]


def operate(sign: str, left: Any, right: Any) -> Any:
    if sign in ("==", "!="):
        if None not in (left, right) and type(left) is not type(right):
            raise Refused(f"{left!r} {sign} {right!r}: of two types")
        return (left == right) is (sign == "==")
    if sign == "+":
        if type(left) is int and type(right) is int:
            return left + right
        return _plain(left) + _plain(right)
    a, b = a_number(left), a_number(right)
    return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[sign]


def _plain(value: Any) -> str:
    return str(value) if type(value) is int else a_text(value)


def _hmac(_: World, key: Any, data: Any, output: Any) -> str:
    """zoho.encryption.hmacsha256: the key first."""
    digest = hmac.digest(a_text(key).encode(), a_text(data).encode(), hashlib.sha256)
    if output == "hex":
        return digest.hex()
    if output == "base64":
        return base64.b64encode(digest).decode()
    raise Refused(f"hmacsha256 as {output!r}")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Map": lambda _: {},
    "ifnull": lambda _, value, other: other if value is None else value,
    "zoho.crm.getOrgVariable": lambda world, name: world.variables.get(a_text(name)),
    "zoho.encryption.hmacsha256": _hmac,
}


def _to_long(value: Any) -> int:
    if isinstance(value, Moment):
        return int(value.seconds * 1000)
    return value if type(value) is int else int(a_text(value))


def _to_string(value: Any, *form: Any) -> str:
    if isinstance(value, Moment):
        if form != ("yyyyMMdd",):
            raise Refused(f"a time as {form!r}")
        return datetime.fromtimestamp(value.seconds, UTC).strftime("%Y%m%d")
    if form:
        raise Refused(f"toString{form!r}")
    return _plain(value)


def _sub(value: Any, start: Any, end: Any) -> str:
    text = a_text(value)
    if not 0 <= a_number(start) <= a_number(end) <= len(text):
        raise Refused(f"subString({start}, {end}) of {len(text)} characters")
    return text[start:end]


def _put(value: Any, name: Any, thing: Any) -> None:
    a_map(value)[a_text(name)] = thing


METHODS: dict[str, Callable[..., Any]] = {
    "get": lambda value, name: a_map(value).get(a_text(name)),
    "put": _put,
    "toLong": _to_long,
    "toString": _to_string,
    "toMap": lambda value: a_map(json.loads(a_text(value))),
    "subString": _sub,
    "replaceAll": lambda value, what, by: re.sub(a_text(what), a_text(by), a_text(value)),
    "matches": lambda value, what: re.fullmatch(a_text(what), a_text(value)) is not None,
}


def invoke(world: World, given: Mapping[str, Any]) -> dict[str, Any]:
    """invokeurl as these files use it: a POST of text. A map as parameters would be sent as a form."""
    if given.get("type") != "POST" or given.get("detailed") is not True:
        raise Refused("invokeurl: only a POST with detailed: true is known here")
    headers = {a_text(name): a_text(value) for name, value in a_map(given["headers"]).items()}
    if headers.get("Content-Type") != "application/json":
        raise Refused("invokeurl: text without a Content-Type of its own goes as text/plain")
    connection = None if given.get("connection") is None else a_text(given["connection"])
    request = Request(a_text(given["url"]), a_text(given["parameters"]), headers, connection)
    world.sent.append(request)
    status, text = world.send(request)
    return {"responseCode": status, "responseText": text, "responseHeader": {}}
