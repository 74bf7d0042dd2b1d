"""docs/CONTRACT.md: every JSON example is good for the code that reads or writes its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.adapters.zoho.org_secret import parse_org
from chalicelib.domain.keys import Profile, weak_key
from chalicelib.domain.request import BY_NAME_ONLY, REQUESTABLE
from chalicelib.domain.source import parse
from chalicelib.web import request_body
from chalicelib.web.responses import refusal
from docs.generate.openapi import REFUSALS
from docs.generate.openapi_schemas import everything
from local.settings import ROOT

PAGE = (ROOT / "docs/CONTRACT.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?:<!-- (\w+) -->\n)?```json\n(.*?)```", PAGE, re.DOTALL)
COMPONENTS = {"schemas": json.loads((ROOT / "docs/openapi.json").read_text())["components"]["schemas"]}


def fits(name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": COMPONENTS}
    Draft202012Validator(schema).validate(value)


def request(value: Any) -> None:
    fits("DeletionRequest", value)
    request_body.request_from_json(json.dumps(value).encode(), "default", 5000)


def event(value: Any) -> None:
    assert set(value) == {
        *("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence", "chain"),
        "data",
    }
    assert value["id"] == f"{value['subject']}/{value['sequence']}"
    assert value["data"].pop("failed_ids") == []
    fits("Deletion", value["data"])
    assert value["data"]["id"] == value["subject"]


def sources(value: Any) -> None:
    for name, entry in value.items():
        parse(name, entry)
        assert all(weak_key(Profile.STANDARD_WEBHOOKS, key, name) for key in entry["keys"])


def zoho(value: Any) -> None:
    parse_org("default", json.dumps(value), custom_hosts=False)


def stack(value: Any) -> None:
    assert set(value) == {
        *("endpoint_url", "region", "stage", "api_url", "table_name", "topic_arn", "work_queue_url"),
        *("dead_letter_queue_url", "events_queue_url", "functions", "credentials", "sources_secret"),
        *("zoho_secret", "zoho_url", "evidence_bucket", "evidence_key_id"),
    }
    assert set(value["functions"]) == {"api", "work", "poll", "retention", "evidence"}


OWN: dict[str, Callable[[Any], None]] = {
    "DeletionRequest": request,
    "Event": event,
    "Sources": sources,
    "Zoho": zoho,
    "Stack": stack,
}


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_an_example_is_good(number: int) -> None:
    name, text = BLOCKS[number]
    assert name, f"this example does not say what it is: {text[:60]}"
    value = json.loads(text)
    if name in OWN:
        OWN[name](value)
    else:
        fits(name, value)


def test_there_are_examples_of_everything() -> None:
    """docs/CONTRACT.md shows each kind of document, and a request of each operation that may be asked for."""
    kinds = {name for name, _ in BLOCKS}
    assert {*OWN, "Receipt", "Deletion", "RecordsPage", "RecycleBin", "Error400"} <= kinds
    asked = {json.loads(text)["operation"] for name, text in BLOCKS if name == "DeletionRequest"}
    assert asked == {operation.value for operation in REQUESTABLE | BY_NAME_ONLY}


@pytest.mark.parametrize("status", REFUSALS)
def test_every_refusal_is_in_the_table(status: str) -> None:
    for code in REFUSALS[status][0].split("|"):
        assert re.search(rf"^\| {status}[^|]*\| `{code}` \|", PAGE, re.MULTILINE)


def test_every_field_of_a_request_is_explained() -> None:
    for name in ("DeleteRecords", "MassDelete", "DelinkRecords"):
        for field in everything()[name]["properties"]:
            assert f"`{field}`" in PAGE, field


def test_what_nobody_expected_is_503_as_the_page_says() -> None:
    assert refusal(RuntimeError(), "r").body["error"]["code"] == "unavailable"  # type: ignore[index]  # a body is JSON of any shape
