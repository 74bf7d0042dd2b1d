"""What the log shows and what it never shows."""

from __future__ import annotations

import io
import json
import logging
import os
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import observability
from chalicelib.config import stage_name
from chalicelib.observability import MARK, clean

CONTEXT = SimpleNamespace(function_name="work", aws_request_id="inv-1")


@pytest.fixture
def lines() -> Any:
    """The log lines written so far, as objects."""
    stream = io.StringIO()
    handlers = [each for each in observability.logger.handlers if isinstance(each, logging.StreamHandler)]
    before = [handler.setStream(stream) for handler in handlers]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for handler, old in zip(handlers, before, strict=True):
        if old is not None:
            handler.setStream(old)


def test_names_that_are_redacted_at_any_depth() -> None:
    found = clean(
        {"keys": ["CANARY"], "a": [{"Token": "CANARY", "record_id": "12", "ids": ["1", None]}], "n": 5}
    )
    assert found == {
        "keys": MARK,
        "a": [{"Token": MARK, "record_id": MARK, "ids": MARK}],
        "n": 5,
    }
    assert clean(object()) == "object"
    deep: Any = "CANARY"
    for _ in range(20):
        deep = [deep]
    assert "CANARY" not in str(clean(deep))


IDS = ["410405000002264040", "7", "anna@example.com", "+436601234567"]


@pytest.mark.parametrize(
    "name", ["id", "Ids", "record_ids", "external_id", "delivery_id", "failed_ids", "email"]
)
def test_no_id_of_a_record_or_person_is_in_a_line_nor_anything_made_of_it(lines: Any, name: str) -> None:
    """A line is the same whatever the id is: there is nothing to try ids against."""
    for one in IDS:
        observability.note("Something", **{name: one, "about": [{name: [one]}]})
    shown = [{k: v for k, v in line.items() if k not in ("timestamp", "location")} for line in lines()]
    assert len(shown) == len(IDS)
    assert all(line == shown[0] for line in shown)


def test_a_line_says_what_where_and_in_which_invocation(lines: Any) -> None:
    observability.invocation(lambda *_: observability.note("Accepted", deletion="del_1", source="crm"))(
        {}, CONTEXT
    )
    [line] = lines()
    assert (line["message"], line["deletion"], line["source"]) == ("Accepted", "del_1", "crm")
    assert (line["function"], line["invocation"], line["service"]) == ("work", "inv-1", "expunge")
    assert line["location"].startswith("<lambda>")


def test_a_fact_may_be_named_as_logging_names_its_own(lines: Any) -> None:
    observability.note("HoldSet", module="Leads", name="x", record_id="12")
    observability.trouble("Unexpected", ValueError("CANARY"), module="Leads")
    [first, second] = lines()
    assert (first["module_"], first["name_"], first["record_id"]) == ("Leads", "x", MARK)
    assert (second["module_"], second["error"]["type"]) == ("Leads", "ValueError")


def test_of_an_error_only_type_and_place_are_kept(lines: Any) -> None:
    def handler(event: Any, context: Any) -> None:
        try:
            int("CANARY-1")
        except ValueError as problem:
            observability.trouble("Bad", problem)
            observability.logger.exception(
                "worse", extra={"body": "CANARY-2", "record_id": "410405000002264040"}
            )
            logging.getLogger("expunge").exception("chalice says %s", "hello")
        raise KeyError("CANARY-3")

    with pytest.raises(observability.InvocationFailed, match=r"^KeyError$") as caught:
        observability.invocation(handler)({}, CONTEXT)
    assert caught.value.__suppress_context__
    found = lines()
    assert [line["error"]["type"] for line in found] == ["ValueError", "ValueError", "ValueError", "KeyError"]
    assert found[0]["error"]["at"] == [found[1]["error"]["at"][0]]
    assert "handler" in found[0]["error"]["at"][0]
    text = json.dumps(found)
    assert "CANARY" not in text
    assert "410405000002264040" not in text


def test_metrics_leave_with_the_invocation_and_none_is_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    observability.invocation(lambda *_: observability.count("Deleted", 3))({}, CONTEXT)
    shown = json.loads(capsys.readouterr().out)
    assert (shown["Deleted"], shown["_aws"]["CloudWatchMetrics"][0]["Namespace"]) == ([3.0], "Expunge")
    [metrics] = shown["_aws"]["CloudWatchMetrics"]
    assert [sorted(names) for names in metrics["Dimensions"]] == [["service", "stage"]]
    assert (shown["service"], shown["stage"]) == ("expunge", stage_name(os.environ))
    observability.invocation(lambda *_: observability.count("Deleted", 1))({}, CONTEXT)
    again = json.loads(capsys.readouterr().out)
    assert (again["Deleted"], again["stage"]) == ([1.0], shown["stage"])
    observability.invocation(lambda *_: None)({}, CONTEXT)
    assert capsys.readouterr().out == ""


def test_urllib3_may_not_warn_with_zohos_urls() -> None:
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.WARNING)
