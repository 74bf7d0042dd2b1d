"""One HTTP call as the simulator's features see it, and the answer they give. No sockets here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

JSON_TYPE = "application/json;charset=UTF-8"


@dataclass(slots=True)
class Call:
    """A request. ``path`` and ``query`` are as sent; ``parts`` are the decoded path segments.

    ``params`` holds the first value of each query parameter, decoded, without blanks around it (the sample
    URL of Zoho's status page has one after ``job_id=``). ``headers`` has lower-case names.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    parts: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    version: int = 0
    args: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = [unquote(part) for part in self.path.split("/")[1:]]
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            self.params.setdefault(name, value.strip())

    @property
    def host(self) -> str:
        """The ``Host`` header: the address by which the caller knows the simulator."""
        return self.headers.get("host", "127.0.0.1")

    def json(self) -> Any:
        """The body as JSON, whatever its Content-Type (the official client sends none).

        Raises ``ValueError`` when it is not JSON, or nested beyond reason.
        """
        try:
            return json.loads(self.body.decode("utf-8"))
        except RecursionError:
            raise ValueError("nested too deep") from None


@dataclass(slots=True)
class Answer:
    """An answer: HTTP status, a JSON value or text (``None`` for an empty body), extra headers.

    ``dropped`` means: close the connection without any answer.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False

    def encoded(self) -> tuple[bytes, str]:
        """The body's bytes and its Content-Type."""
        if self.body is None:
            return b"", JSON_TYPE
        if isinstance(self.body, str):
            return self.body.encode(), self.headers.get("Content-Type", "text/html;charset=UTF-8")
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode(), JSON_TYPE


def ok(body: Any) -> Answer:
    """HTTP 200 with a JSON value."""
    return Answer(200, body)


def no_content() -> Answer:
    """HTTP 204: Zoho's answer for an empty list."""
    return Answer(204)


def many(items: list[dict[str, Any]], key: str = "data") -> Answer:
    """Zoho's answer for several records: 200 all done, 207 mixed, 400 none done (OpenAPI files)."""
    good = sum(1 for item in items if item["status"] == "success")
    status = 200 if good == len(items) else 207 if good else 400
    return Answer(status, {key: items})
