"""A captured request: raw HTTP, an event of API Gateway, or headers and a body on their own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from chalicelib.web.http import from_event

_PATH = re.compile(r"/sources/([^/?\s]+)/deletions")
_REQUEST_LINE = re.compile(r"[A-Z]+ \S+( HTTP/[0-9.]+)?")


@dataclass(frozen=True, slots=True)
class Captured:
    """What came. `at`: when, in seconds since the epoch, where the capture says it; `notes`: what was odd."""

    headers: Mapping[str, str]
    body: bytes
    source: str = ""
    at: float | None = None
    notes: tuple[str, ...] = ()


def read(data: bytes) -> Captured:
    """A capture from a file. Raises UsageError for what is none."""
    try:
        event = json.loads(data)
    except ValueError:
        return _raw(data)
    if isinstance(event, dict) and ("headers" in event or "multiValueHeaders" in event):
        return _event(event)
    raise click.UsageError("this JSON is no event of API Gateway: it has no headers")


def of_parts(lines: Sequence[str], body: bytes) -> Captured:
    """A capture from header lines and a body."""
    headers = _headers(lines)
    if "content-type" in headers:
        return Captured(headers, body)
    note = "no Content-Type was given: application/json is assumed"
    return Captured({**headers, "content-type": "application/json"}, body, notes=(note,))


def _event(event: dict[str, Any]) -> Captured:
    if isinstance(event.get("body"), (dict, list)):
        raise click.UsageError("the event's body must be the text as it was sent, not what was read from it")
    request, context = from_event(event), event.get("requestContext") or {}
    path = str(event.get("path") or event.get("rawPath") or "")
    named = _PATH.search(path)
    source = request.path_params.get("source") or (named.group(1) if named else "")
    millis = context.get("requestTimeEpoch") or context.get("timeEpoch")
    at = millis / 1000 if isinstance(millis, int | float) else None
    return Captured(request.headers, request.body, source, at)


def _raw(data: bytes) -> Captured:
    """Raw HTTP, with or without the request line, lines ended by CRLF or LF."""
    head, ending, body = data.partition(b"\r\n\r\n")
    if not ending or b"\n\n" in head:
        head, ending, body = data.partition(b"\n\n")
    if not ending:
        raise click.UsageError("this is no capture: raw HTTP has an empty line between headers and body")
    lines = head.decode("latin-1").splitlines()
    source = ""
    if lines and _REQUEST_LINE.fullmatch(lines[0].strip()):
        named = _PATH.search(lines[0])
        source = named.group(1) if named else ""
        lines = lines[1:]
    headers = _headers(lines)
    body, notes = _whole(headers, body)
    return Captured(headers, body, source, notes=notes)


def _headers(lines: Sequence[str]) -> dict[str, str]:
    """Headers by lower-cased name; one that comes twice is joined, as the service does."""
    found: dict[str, list[str]] = {}
    for number, line in enumerate(lines, 1):
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            # Not shown: it can be a bearer value that lacks its name.
            raise click.UsageError(f"line {number} is no header: write Name: value")
        found.setdefault(name.strip().lower(), []).append(value.strip())
    return {name: ", ".join(values) for name, values in found.items()}


def _whole(headers: Mapping[str, str], body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The body as long as Content-Length says, and what was odd about it."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _unchunked(body)
    length = headers.get("content-length", "")
    if not length.isdigit() or int(length) == len(body):
        return body, ()
    rest = body[int(length) :]
    if rest and not rest.strip():
        return body[: int(length)], (f"{len(rest)} bytes of white space after the body were left out",)
    if rest:
        return body, (f"the body has {len(body)} bytes, Content-Length says {length}: it was changed since",)
    return body, (f"the capture lacks {int(length) - len(body)} bytes of the body: it is not whole",)


def _unchunked(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    found, rest = b"", body
    try:
        while True:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size.split(b";")[0], 16)
            if length == 0:
                return found, ()
            found, rest = found + rest[:length], rest[length + 2 :]
    except ValueError:
        return body, ("the body says that it is chunked and is not: taken as it stands",)
