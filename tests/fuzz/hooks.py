"""What schemathesis does for us on the running stack; it is loaded by schemathesis, in its own environment.

Requests are signed, most of them name what is there (the source, the module, one deletion), answers of the
api function are held to the document, and every answer is counted. FUZZ_STACK tells what there is, as JSON.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import hmac
import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests  # type: ignore[import-untyped,unused-ignore]  # it has no types
import schemathesis  # type: ignore[import-not-found,unused-ignore]  # the environment of make fuzz has it
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from schemathesis.specs.openapi import checks  # type: ignore[import-not-found,unused-ignore]  # the environment of make fuzz has it

KNOWN: dict[str, str] = json.loads(os.environ["FUZZ_STACK"])
#: How often each status came, and from whom: the api function, or the API Gateway before it.
STATUSES: Counter[str] = Counter()


def one_in(number: int, seed: object) -> bool:
    """True for one value in `number`, always the same ones."""
    return hashlib.sha256(repr(seed).encode()).digest()[0] % number == 0


class Signed(requests.auth.AuthBase):  # type: ignore[misc,unused-ignore]  # its base has no types
    """Signs as a sender or as an operator, as the path asks for; one in eight requests stays as it is."""

    def __call__(self, request: Any) -> Any:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        if one_in(8, (request.url, raw)):
            return request
        if "/v1/operator/" in request.path_url:
            return self._operator(request, raw)
        if request.method == "POST":
            self._sender(request, raw)
        return request

    def _sender(self, request: Any, raw: bytes) -> None:
        key = base64.b64decode(KNOWN["key"].removeprefix("whsec_"))
        delivery = "msg_" + hashlib.sha256(raw).hexdigest()[:16]
        now = str(int(time.time()))
        digest = hmac.digest(key, f"{delivery}.{now}.".encode() + raw, "sha256")
        request.headers["webhook-id"] = delivery
        request.headers["webhook-timestamp"] = now
        request.headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()

    def _operator(self, request: Any, raw: bytes) -> Any:
        kept = {n: v for n, v in request.headers.items() if n.lower() in ("content-type", "idempotency-key")}
        signed = AWSRequest(request.method, request.url, headers=kept, data=raw)
        keys = Credentials(KNOWN["access_key_id"], KNOWN["secret_access_key"])
        SigV4Auth(keys, "execute-api", KNOWN["region"]).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


schemathesis.auth.set_from_requests(Signed())


@schemathesis.hook("map_path_parameters")
def there(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """Most paths lead to something that is there."""
    given = path_parameters or {}
    usual = {"source": KNOWN["source"], "id": KNOWN["id"], "module": "Leads"}
    return {n: v if n not in usual or one_in(6, v) else usual[n] for n, v in given.items()}


@schemathesis.hook("map_query")
def with_token(context: Any, query: dict[str, Any]) -> dict[str, Any]:
    """Most read links are good ones."""
    if query and "token" in query and not one_in(6, query):
        return {**query, "token": KNOWN["token"]}
    return query


@schemathesis.hook("map_body")
def in_leads(context: Any, body: Any) -> Any:
    """Most bodies are about a module that the source may use."""
    if isinstance(body, dict) and isinstance(body.get("module"), str) and not one_in(4, body):
        return {**{n: v for n, v in body.items() if n not in ("org", "max_records")}, "module": "Leads"}
    return body


@schemathesis.hook("after_call")
def counted(context: Any, case: Any, response: Any) -> None:
    """One more of its status."""
    STATUSES[f"{response.status_code} {'api' if ours(response) else 'gateway'}"] += 1


@schemathesis.check
def as_described(ctx: Any, response: Any, case: Any) -> None:
    """Answers of the api function are those of the document: status, headers and body."""
    if ours(response):
        checks.status_code_conformance(ctx, response, case)
        case.operation.validate_response(response, case=case)


def ours(response: Any) -> bool:
    """The local API Gateway answers by itself for paths that it does not know, in words of its own."""
    return "referrer-policy" in {name.lower() for name in response.headers}


@atexit.register
def told() -> None:
    """Leave the counts for who started schemathesis."""
    Path(KNOWN["report"]).write_text(json.dumps(STATUSES), encoding="utf-8")
