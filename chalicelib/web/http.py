"""One HTTP request and one answer, free of Chalice: what is behind the routes is tested without it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

#: The stage that API Gateway names when somebody tests a method in its console or by TestInvokeMethod.
TEST_CONSOLE = "test-invoke-stage"
_CALLER = r"arn:aws[a-z-]*:(iam|sts)::[0-9]+:[!-~]{1,2048}"
#: What an event of API Gateway says in two places.
_SAID_TWICE = (("resource", "resourcePath"), ("httpMethod", "httpMethod"))


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as API Gateway handed it over. `headers` by lower-cased name; `body` as sent, every byte."""

    method: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    domain_name: str = ""
    api_id: str = ""
    stage: str = ""
    base_path: str = ""  # what stands before the route: the stage, a custom domain's base path, or nothing
    caller: str = ""  # ARN of an IAM caller; empty where there is none, or the event is not API Gateway's

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, lower-cased; empty where none came."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def accepts_html(self) -> bool:
        """True for browsers: they name text/html, programs send */* or application/json."""
        return self.accepts("text/html")

    def accepts(self, media_type: str) -> bool:
        """Is this very media type named in Accept?"""
        ranges = self.headers.get("accept", "").lower().split(",")
        return any(each.partition(";")[0].strip() == media_type for each in ranges)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `body` is JSON-ready, or the text of a page."""

    status: int
    body: Mapping[str, Any] | str
    headers: Mapping[str, str] = field(default_factory=dict)


def from_event(event: Mapping[str, Any]) -> HttpRequest:
    """The request in an event of API Gateway's Lambda proxy integration (REST API).

    Never raises for what a sender controls. A header that came twice is joined by ", " as RFC 9110 says, so
    that the check and whoever reads the header later see the same; the proxy's own `headers` has the last one
    only.
    """
    context = event.get("requestContext") or {}
    identity = context.get("identity") or {}
    return HttpRequest(
        method=str(context.get("httpMethod") or ""),
        path_params=dict(event.get("pathParameters") or {}),
        query={
            name: values[-1] for name, values in _pairs(event, "multiValueQueryStringParameters") if values
        },
        headers=_headers(event),
        body=_body(event),
        request_id=str(context.get("requestId") or token_hex(8)),
        domain_name=str(context.get("domainName") or ""),
        api_id=str(context.get("apiId") or ""),
        stage=str(context.get("stage") or ""),
        base_path=_base_path(context),
        caller=_caller(event, context, str(identity.get("userArn") or "")),
    )


def _caller(event: Mapping[str, Any], context: Mapping[str, Any], arn: str) -> str:
    """The ARN of whom IAM let through API Gateway; empty where the event cannot have come that way.

    The test console of API Gateway asks IAM for nothing and names its user all the same. Who may invoke the
    function directly writes the event, and can write it well: docs/SECURITY.md says what keeps them out.
    """
    made_by_it = all(context.get(name) for name in ("requestId", "apiId", "stage"))
    same = all(event.get(a) == context.get(b) for a, b in _SAID_TWICE)
    good = made_by_it and same and context.get("stage") != TEST_CONSOLE and re.fullmatch(_CALLER, arn)
    return arn if good else ""


def public_url(request: HttpRequest, pattern: str) -> str:
    """The address of the API, ending in "/", for links in answers.

    `pattern`: a setting with {apiId} and {stage} in it, for stages that are reached by a name which API
    Gateway does not know. Without one it is the address that the request was sent to: on a custom domain that
    with its base path. The Host header is never used: the sender chooses it.
    """
    if pattern:
        return pattern.replace("{apiId}", request.api_id).replace("{stage}", request.stage)
    return f"https://{request.domain_name}{request.base_path}/"


def _base_path(context: Mapping[str, Any]) -> str:
    """What stands before the route in the path as it was called; "" where nothing does, else "/prod".

    API Gateway names the stage there, or the base path under which a custom domain is mapped to it.
    """
    path, route = str(context.get("path") or ""), str(context.get("resourcePath") or "")
    called, known = path.strip("/").split("/"), route.strip("/").split("/")
    before = len(called) - len(known)
    fits = before >= 0 and all(
        name == shown or name.startswith("{") for name, shown in zip(known, called[before:], strict=True)
    )
    if not (path and route and fits):
        return f"/{context.get('stage') or ''}"
    return "".join(f"/{segment}" for segment in called[:before])


def _pairs(event: Mapping[str, Any], key: str) -> Iterable[tuple[str, list[str]]]:
    return ((name, list(values)) for name, values in (event.get(key) or {}).items())


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, values in _pairs(event, "multiValueHeaders"):
        found.setdefault(name.lower(), []).extend(values)
    if not found:  # an integration or a test that sends the single-valued form only
        found = {name.lower(): [value] for name, value in (event.get("headers") or {}).items()}
    return {name: ", ".join(values) for name, values in found.items()}


def _body(event: Mapping[str, Any]) -> bytes:
    """The bytes as sent. What cannot be decoded is empty, and so matches no signature."""
    body = event.get("body") or b""
    if isinstance(body, bytes):
        return body
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return b""
