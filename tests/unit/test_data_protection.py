"""docs/DATA_PROTECTION.md says of each time and place what the code and the template have."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import operators_log_items
from chalicelib.adapters.zoho import hosts
from chalicelib.config import Config
from chalicelib.domain import recent
from chalicelib.domain.document import document
from chalicelib.domain.evidence import digest, receipt, records
from chalicelib.domain.forgetting import Scope, deletion_without
from chalicelib.domain.person.identity import taken_out
from chalicelib.domain.request import Operation
from chalicelib.observability import REDACTED
from local.settings import ROOT
from tests.evidence.made import STAGE, deletion

PAGE = (ROOT / "docs/DATA_PROTECTION.md").read_text(encoding="utf-8")
TEMPLATE = json.loads((ROOT / "infra/resources.json").read_text(encoding="utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
DEFAULTS = Config("", "", "")


def row(begins: str) -> list[str]:
    """The cells of the one row of a table that begins so."""
    (found,) = [line for line in PAGE.splitlines() if line.startswith(f"| {begins}")]
    return [cell.strip() for cell in found.strip("|").split("|")]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("a deletion:", f"after `EXPUNGE_KEEP_DAYS` ({DEFAULTS.keep_days})"),
        ("a deletion:", f"`EXPUNGE_FORGET_DAYS` ({DEFAULTS.forget_days}) after its end"),
        ("the operators' log", f"after {operators_log_items.KEEP_DAYS} days"),
        ("receipts, heads", f"locked for `EvidenceDays` ({PARAMETERS['EvidenceDays']['Default']})"),
        ("logs of the functions", f"{TEMPLATE['Mappings']['Limits']['prod']['LogDays']} days on `prod`"),
        ("digests", "after `EXPUNGE_KEEP_DAYS`"),
    ],
)
def test_what_is_kept_ends_when_the_page_says(what: str, words: str) -> None:
    assert words in row(what)[3]


def test_whom_an_erasure_is_about_goes_with_its_end_and_its_hashes_when_it_is_forgotten() -> None:
    assert row("whom an erasure")[3].startswith("when the erasure has ended; hashes of each value, keyed")
    made, _ = deletion(1)
    identity: dict[str, object] = {"emails": ["anna@example.com"], "phones": [], "records": []}
    erasing = replace(made.request, operation=Operation.ERASE_PERSON, identity=identity)
    ended = taken_out(replace(made, request=erasing))
    assert "anna@example.com" not in repr(ended)
    assert "emails" in str(ended.erasure["identity"])
    for scope, kept in ((Scope.TEXTS, True), (Scope.ALL, False)):
        assert ("identity" in deletion_without(ended, scope, 1.0, "5").erasure) == kept


def test_dead_letters_and_records_files_end_when_the_page_says() -> None:
    queues = [each["Properties"] for name, each in RESOURCES.items() if name.endswith("DeadLetterQueue")]
    assert queues
    assert {each["MessageRetentionPeriod"] for each in queues} == {14 * 86_400}
    assert "after 14 days" in row("dead letters")[3]
    table = RESOURCES["Table"]["Properties"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert "35 days" in row("recovery of the table")[3]  # what AWS keeps where nothing else is said


def test_hashes_are_as_short_as_the_page_says() -> None:
    assert row("digests")[2].startswith(f"{digest.WIDTH} bytes of a hash")
    assert row("ids of the last hour")[2].startswith(f"{recent.DIGEST_BYTES} bytes of a hash")
    assert DEFAULTS.loop_window_seconds == 3600


def test_the_data_centers_are_those_that_are_called() -> None:
    named = re.search(r"data center that the org's secret names\n\(([^)]*)\)", PAGE)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named[1])) == set(hosts.DATA_CENTERS)


def test_a_signed_receipt_has_nothing_of_a_person_but_operators_names() -> None:
    made, chunks = deletion(1, "dfu", reference="DSR-17 Anna")
    known = records.of(made, chunks)
    signed = receipt.payload(made, receipt.Facts(STAGE, known)).decode()
    in_its_records = b"\n".join((known.first, *known.lines)).decode()
    for personal in (*made.request.ids, "DSR-17 Anna"):
        assert personal in in_its_records
        assert personal not in signed
    assert str(made.request.reason) not in signed + in_its_records


def test_logs_leave_out_what_the_page_says() -> None:
    assert {"ids", "reference", "body", "external_ids"} <= REDACTED


def test_what_a_link_shows_has_no_reason() -> None:
    made, _ = deletion(1)
    shown = json.dumps(document(made))
    assert str(made.request.reference) in shown
    assert str(made.request.reason) not in shown
