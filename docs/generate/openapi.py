"""Makes docs/openapi.json (OpenAPI 3.1) from the application's routes and the models of its bodies.

python -m docs.generate.openapi            writes it
python -m docs.generate.openapi --check    fails when it is stale
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import app as application
from chalicelib.web import responses, routes
from chalicelib.web.intake import FORM, JSON, MOST_BYTES
from docs.generate import openapi_operators, openapi_schemas
from docs.generate.openapi_parameters import PARAMETERS
from docs.generate.openapi_routes import EVERYWHERE, GATEWAY, ROUTES, Route
from docs.generate.openapi_words import record, ref
from scripts.release import version

TARGET = Path(__file__).parents[1] / "openapi.json"

INTRODUCTION = f"""Signed, durable, explainable deletions for Zoho CRM. Once answered 202, the
request will finish and an event will be published, whatever fails in between. Bodies may have {MOST_BYTES}
bytes at most. Made by docs/generate/openapi.py from the routes and the models: do not edit it by hand. What
each answer means, and the result events: docs/CONTRACT.md.""".replace("\n", " ")

#: status: (code, or several apart by "|", when, whether it lists fields)
REFUSALS = {
    "400": ("invalid_request", "Not acceptable: `fields` lists every problem with its place.", True),
    "401": ("unauthorized", "Not verified: the same answer for every reason, unknown sources too.", False),
    "403": ("not_allowed", "The source, or the caller, may not ask for this; `fields` lists why.", True),
    "404": ("not_found", "No such path, or a link that is not good.", False),
    "405": ("method_not_allowed", "The path does not take this method.", False),
    "409": (
        "conflict",
        "The current state does not allow it: the id of a request came before with another body.",
        False,
    ),
    "413": ("too_large", "The body is over the limit.", False),
    "415": ("unsupported_media_type", "Another content type than this path, or this source, takes.", False),
    "429": (
        "slow_down|limit_reached",
        (
            "Too many requests at once, or the source has named as many records as it may in this hour or day"
            " (`fields` says which limit). Nothing was accepted; it fits after `Retry-After`."
        ),
        True,
    ),
    "503": ("unavailable", "Not known to be accepted: send it again with the same id.", False),
}
#: On these API Gateway may answer by itself, without the headers of ours.
BY_THE_GATEWAY = {"403", "404", "413", "429"}

#: Refusals that a browser gets as a page.
AS_PAGES = {"404", "503"}
PAGE = {"schema": {"type": "string"}}
#: Bodies that may be left out.
OPTIONAL = (ref("Nothing"), ref("RunPolicy"))

SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "sender": [{"standardWebhooks": []}, {"token": []}],
    "iam": [{"iam": []}],
    "link": [],
}
SCHEMES = {
    "standardWebhooks": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over"
        " `{id}.{timestamp}.{raw body}`; several, separated by spaces, during a rotation",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "sources of the token profile only"},
    "iam": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4 of a caller whom IAM allows execute-api:Invoke",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
}


class NotDescribed(Exception):
    """A route of the application that docs/generate/openapi_routes.py does not know, or not whole."""


def document(
    found: Mapping[str, Iterable[str]], described: Mapping[tuple[str, str], Route] = ROUTES
) -> dict[str, Any]:
    """The whole document; `found`: the methods of each path. Raises NotDescribed."""
    paths: dict[str, dict[str, Any]] = {}
    for path, methods in sorted(found.items()):
        for method in sorted(methods):
            if (path, method) not in described:
                raise NotDescribed(f"{method} {path}: describe it in docs/generate/openapi_routes.py")
            if method != "GET" and not _tells_of_dry_runs(described[path, method]):
                words = "give it the parameter dry_run and its answer 200 in docs/generate/openapi_routes.py"
                raise NotDescribed(f"{method} {path}: {words}")
            paths.setdefault(path, {})[method.lower()] = operation(described[path, method])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Expunge", "version": version(), "description": INTRODUCTION},
        "servers": [server()],
        "paths": paths,
        "components": components(json.dumps(paths)),
    }


def _tells_of_dry_runs(route: Route) -> bool:
    """Is it said what `?dry_run=true` does? Every operators' call that changes something knows it."""
    return route.security != "iam" or ("dry_run" in route.parameters and "200" in route.good)


def routes_of_app() -> dict[str, list[str]]:
    """The methods of each path of the application, without those that are there to answer 405."""
    return {
        path: [name for name, entry in methods.items() if entry.view_name != routes.WRONG_METHOD]
        for path, methods in application.app.routes.items()
    }


def server() -> dict[str, Any]:
    """Where the API is, before it is deployed anywhere."""
    defaults = {"api": "api", "region": "us-east-1", "stage": "prod"}
    return {
        "url": "https://{api}.execute-api.{region}.amazonaws.com/{stage}",
        "description": "EndpointURL of the stack; on one machine api_url of .local/stack.json",
        "variables": {name: {"default": value} for name, value in defaults.items()},
    }


def components(used: str) -> dict[str, Any]:
    """What the paths share; `used` is their text."""
    named = openapi_schemas.everything() | openapi_operators.everything()
    schemas = named | {f"Error{status}": error(*row) for status, row in REFUSALS.items()}
    answers = {f"Refused{status}": refusal(status) for status in REFUSALS if f'/Refused{status}"' in used}
    return {
        "schemas": reachable(schemas, used + json.dumps(answers)),
        "responses": answers,
        "headers": headers(),
        "parameters": {n: p for n, p in PARAMETERS.items() if f'/parameters/{n}"' in used},
        "securitySchemes": {n: s for n, s in SCHEMES.items() if f'"{n}"' in used},
    }


def operation(route: Route) -> dict[str, Any]:
    """One operation, with every answer that it can give."""
    answers = {status: answer(route, status) for status in route.good}
    for status in (*route.statuses, *GATEWAY, *EVERYWHERE):
        answers[status] = {"$ref": f"#/components/responses/Refused{status}"}
        if route.name == "read" and status in AS_PAGES:
            answers[status] = refusal(status)
            answers[status]["content"]["text/html"] = PAGE
    made: dict[str, Any] = {"operationId": route.name, "summary": route.summary, "tags": [tag(route)]}
    if route.says:
        made["description"] = route.says
    made["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in route.parameters]
    if route.body is not None:
        content: dict[str, Any] = {JSON: {"schema": route.body}}
        if route.security == "sender":
            says = "token profile only; fields as in JSON, ids separated by commas"
            content[FORM] = {"schema": {"type": "object", "description": says}}
        made["requestBody"] = {"required": route.body not in OPTIONAL, "content": content}
    made["responses"] = dict(sorted(answers.items()))
    made["security"] = SECURITY[route.security]
    return made


def tag(route: Route) -> str:
    """Who uses the route."""
    return {"sender": "senders", "iam": "operators", "link": "readers"}[route.security]


def answer(route: Route, status: str) -> dict[str, Any]:
    """An answer that carries what was asked for."""
    sent = ours()
    if status == "202" and route.body == ref("DeletionRequest"):
        sent["Idempotent-Replayed"] = {"$ref": "#/components/headers/Idempotent-Replayed"}
    made: dict[str, Any] = {"description": route.summary, "headers": sent}
    made["content"] = {JSON: {"schema": route.good[status]}}
    if route.name == "read":
        made["content"]["text/html"] = PAGE
    return made


def refusal(status: str) -> dict[str, Any]:
    """The answer of one status, shared by all operations."""
    sent = {} if status in BY_THE_GATEWAY else ours()
    if status == "405":
        sent["Allow"] = {"$ref": "#/components/headers/Allow"}
    if status in ("429", "503"):
        sent["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    content = {JSON: {"schema": ref(f"Error{status}")}}
    return {"description": REFUSALS[status][1], "headers": sent, "content": content}


def error(code: str, _when: str, lists: bool) -> dict[str, Any]:
    """The body of a refusal."""
    shape: dict[str, Any] = {
        "code": {"const": code} if "|" not in code else {"enum": code.split("|")},
        "message": {"type": "string"},
        "request_id": {"type": "string"},
    }
    if lists:
        shape["fields"] = {"type": "array", "items": ref("Field")}
    return record({"error": record(shape, optional=("fields",))})


def ours() -> dict[str, Any]:
    """The headers on every answer of the api function."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in responses.ALWAYS}


def headers() -> dict[str, Any]:
    """All headers by name."""
    always = {n: {"required": True, "schema": {"const": v}} for n, v in responses.ALWAYS.items()}
    again = "the same request was accepted before; the body is the one of then"
    return always | {
        "Idempotent-Replayed": {"description": again, "schema": {"const": "true"}},
        "Allow": {"description": "the methods that the path takes", "schema": {"type": "string"}},
        "Retry-After": {"description": "seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    }


def reachable(schemas: dict[str, Any], used: str) -> dict[str, Any]:
    """The schemas that something refers to, those they refer to included."""
    found: dict[str, Any] = {}
    while new := {n: s for n, s in schemas.items() if n not in found and f'/schemas/{n}"' in used}:
        found |= new
        used += json.dumps(new)
    return dict(sorted(found.items()))


def main(arguments: list[str] | None = None) -> int:
    """Write the document, or compare it. 0 where it is up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="only say whether the document is up to date")
    try:
        made = json.dumps(document(routes_of_app()), indent=2, ensure_ascii=False) + "\n"
    except NotDescribed as problem:
        print(problem, file=sys.stderr)
        return 1
    if parser.parse_args(arguments).check:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == made:
            return 0
        print("docs/openapi.json is stale: run python -m docs.generate.openapi", file=sys.stderr)
        return 1
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
