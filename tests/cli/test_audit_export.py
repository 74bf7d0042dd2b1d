"""`expunge audit export`: one row a deletion, to the letter of the contract, day after day."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.credentials import Credentials
from click import ClickException
from rich.console import Console

from chalicelib.domain import ids
from chalicelib.domain.deletion import Approval, Child, Counts, Deletion
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from cli import bar
from cli.ends import OutOfReach
from cli.evidence.exported import COLUMNS
from cli.evidence.exporting import Export
from cli.operator_api import OperatorApi
from cli.target import Refused
from local.settings import ROOT
from tests.cli.desk import ANN, Desk, opened

DAY = timedelta(days=1)
NOVEMBER = ("--since", "2024-11-01", "--until", "2024-12-01")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def pattern(desk: Desk) -> Deletion:
    """A deletion as the door makes one; others are made of it."""
    one = str(desk.told("send", "Leads", "410405000002264040", "--source", "crm")["requests"][0]["id"])
    return desk.house.ledger.rows.pop(one).deletion


def put(desk: Desk, pattern: Deletion, when: str, **more: Any) -> str:
    """A deletion that was asked for then; its id."""
    at = datetime.fromisoformat(when).timestamp()
    one = ids.deletion_id(at, len(desk.house.ledger.rows).to_bytes(ids.RANDOM_BYTES, "big"))
    request = replace(pattern.request, **more.pop("asked", {}))
    made = replace(pattern, id=one, created_at=at, updated_at=at, request=request, **more)
    desk.house.ledger.accept(made, None, _delivery(one), at)  # type: ignore[arg-type]  # its log is not read
    return one


def _delivery(one: str) -> Any:
    from chalicelib.service.ports import Delivery

    return Delivery("test", one, "hash", one, {}, 0)


def text(desk: Desk, *words: str) -> str:
    """What the command writes to standard output, apart from its progress."""
    done = desk.run("audit", "export", *words)
    assert done.exit_code == 0, done.output
    return "".join(line for line in done.stdout.splitlines(True) if not line.startswith('{"_aws"'))


def rows(desk: Desk, *words: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(desk, *words))))


def exported(desk: Desk, *words: str) -> list[str]:
    return [row["deletion"] for row in rows(desk, *words)]


def test_the_columns_are_those_of_the_contract_in_their_order(desk: Desk, pattern: Deletion) -> None:
    put(desk, pattern, "2024-11-05T12:00:00+00:00")
    head = text(desk, *NOVEMBER).splitlines()[0]
    wanted = (
        "deletion,requested_at,finished_at,status,operation,org,module,source,asked_by,approved_by,reference,"
        "reason,requested,deleted,already_absent,failed,held,unknown,permanent_at,receipt"
    )
    assert head == wanted == ",".join(COLUMNS)
    assert wanted in re.sub(r"\s*\n\s*", "", (ROOT / "docs/CONTRACT.md").read_text(encoding="utf-8"))


def test_a_row_says_what_the_deletion_was(desk: Desk, pattern: Deletion) -> None:
    later = datetime.fromisoformat("2024-11-19T12:00:07+00:00").timestamp()
    one = put(
        desk,
        pattern,
        "2024-11-05T12:00:00+00:00",
        asked={"reference": "DSR-17", "reason": "she asked"},
        status=Status.PARTIALLY_COMPLETED,
        finished_at=datetime.fromisoformat("2024-11-05T12:00:07+00:00").timestamp(),
        counts=Counts(requested=6, deleted=1, already_absent=2, failed=1, held=1, unknown=1),
        approval=Approval(6, 1.0, 2.0, approved_at=1.5, by="arn:approver"),
        sent_at=datetime.fromisoformat("2024-11-05T12:00:01+00:00").timestamp(),
        id_count=6,
        children=(Child("del_1", Operation.DELETE_PERMANENTLY, not_before=later),),
    )
    desk.objects += [f"receipts/{one}.json", f"receipts/{one}.2.json", f"receipts/{one}.10.json"]
    (row,) = rows(desk, *NOVEMBER)
    assert row == {
        "deletion": one,
        "requested_at": "2024-11-05T12:00:00.000Z",
        "finished_at": "2024-11-05T12:00:07.000Z",
        "status": "partially_completed",
        "operation": "delete_records",
        "org": "default",
        "module": "Leads",
        "source": pattern.source,
        "asked_by": ANN,
        "approved_by": "arn:approver",
        "reference": "DSR-17",
        "reason": "she asked",
        "requested": "6",
        "deleted": "1",
        "already_absent": "2",
        "failed": "1",
        "held": "1",
        "unknown": "1",
        "permanent_at": "2024-11-19T12:00:07.000Z",
        "receipt": f"receipts/{one}.10.json",
    }


def test_since_is_in_it_and_until_is_not(desk: Desk, pattern: Deletion) -> None:
    times = ("2024-10-31T23:59:59.999", "2024-11-01T00:00", "2024-11-30T23:59:59.999", "2024-12-01T00:00")
    found = [put(desk, pattern, f"{each}+00:00") for each in times]
    assert exported(desk, *NOVEMBER) == found[1:3]
    vienna = ("--since", "2024-11-01", "--until", "2024-12-01", "--time-zone", "Europe/Vienna")
    assert exported(desk, *vienna) == found[:2]
    assert desk.run("audit", "export", "--since", "2024-11-02", "--until", "2024-11-02").exit_code == 2


def test_rows_come_oldest_first_and_those_of_a_day_need_no_single_page(desk: Desk, pattern: Deletion) -> None:
    start = datetime.fromisoformat("2024-11-05T00:00:00+00:00")
    found = [put(desk, pattern, str(start + timedelta(minutes=9 * n))) for n in range(170)]
    assert exported(desk, *NOVEMBER) == found


def test_only_what_was_asked_for_is_in_it(desk: Desk, pattern: Deletion) -> None:
    when = "2024-11-05T12:00:00+00:00"
    lead = put(desk, pattern, when, source="erp", asked={"reference": "DSR-17"})
    contact = put(desk, pattern, when, source="crm", asked={"module": "Contacts", "reference": "DSR-170"})
    assert exported(desk, *NOVEMBER) == [lead, contact]
    assert exported(desk, *NOVEMBER, "--source", "erp") == [lead]
    assert exported(desk, *NOVEMBER, "--module", "Contacts") == [contact]
    assert exported(desk, *NOVEMBER, "--reference", "DSR-17") == [lead]
    assert exported(desk, *NOVEMBER, "--source", "erp", "--module", "Contacts") == []


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t=", "a;=", "＝", "\r=", '"='])
def test_no_cell_is_taken_for_a_formula(desk: Desk, pattern: Deletion, begins: str) -> None:
    words = f"{begins}HYPERLINK(1)"
    put(desk, pattern, "2024-11-05T12:00:00+00:00", asked={"reference": words, "reason": words})
    (row,) = rows(desk, *NOVEMBER)
    for name in ("reference", "reason"):
        told = row[name]
        assert told.replace("'", "").endswith("HYPERLINK(1)")
        # No cell begins with a formula, nor does what a semicolon or a quote would make a cell of.
        assert not re.search(r"""(^|[;,|"\t\r\n])[=+\-@＝＋－＠]""", told), told


def test_a_file_is_its_owners_and_whole_or_as_it_was(desk: Desk, pattern: Deletion) -> None:
    one = put(desk, pattern, "2024-11-05T12:00:00+00:00")
    file = desk.directory / "november.csv"
    said = desk.said("audit", "export", *NOVEMBER, "--output", str(file))
    assert f"1 deletion in {file}" in said
    assert one in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with suppress(ValueError):
        desk.objects.append("receipts/<")  # S3's answer cannot be read
        desk.run("audit", "export", *NOVEMBER, "--output", str(file))
    assert file.read_bytes() == before
    assert [each.name for each in desk.directory.iterdir() if each.name.startswith("november")] == [file.name]


def test_a_year_of_rows_is_streamed_day_by_day_with_its_progress(desk: Desk, pattern: Deletion) -> None:
    since = datetime.fromisoformat("2024-01-01T00:00:00+00:00")
    found = [put(desk, pattern, str(since + DAY * n + timedelta(hours=9))) for n in range(365)]
    api = OperatorApi(desk.url, "us-east-1", Credentials("AKIA", "s"))
    made = Export(api, Bucket(), since, since + 365 * DAY, {})
    before = len(desk.asked)
    told = io.StringIO()
    ticks = iter(range(10_000))
    with bar.shown(Console(file=told), clock=lambda: float(next(ticks))) as shown:
        rows = made.rows(shown)
        assert next(rows)["deletion"] == found[0]
        assert len(desk.asked) == before + 1, "the first row is there before the second day is asked for"
        assert [row["deletion"] for row in rows] == found[1:]
    assert len(desk.asked) == before + 365
    assert "2024-01-03: 3 deletions\n" in told.getvalue()


class Bucket:
    """Without receipts."""

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(())


def test_a_receipt_without_a_deletion_is_named(desk: Desk, pattern: Deletion) -> None:
    when = "2024-11-05T12:00:00+00:00"
    found = [put(desk, pattern, when) for _ in range(3)]
    desk.objects += [f"receipts/{one}.json" for one in found]
    del desk.house.ledger.rows[found[1]]
    said = desk.said("audit", "export", *NOVEMBER)
    assert f"{found[1]} has a receipt and no row" in said
    assert "has a receipt" not in desk.said("audit", "export", *NOVEMBER, "--module", "Leads")


def test_a_deletion_that_was_taken_out_of_the_table_is_named_wherever_it_stood(
    desk: Desk, pattern: Deletion
) -> None:
    days = ("05T12:00", "05T13:00", "06T12:00", "08T12:00")
    found = [put(desk, pattern, f"2024-11-{each}:00+00:00") for each in days]
    desk.objects += [f"receipts/{one}.json" for one in found]
    for one in found[1:]:  # the last one of a day, all of a day, the last of all
        del desk.house.ledger.rows[one]
    file = desk.directory / "november.csv"
    words = ("audit", "export", *NOVEMBER, "--output", str(file), "--json")
    assert desk.told(*words)["without_row"] == found[1:]


def test_a_run_that_was_made_up_for_on_the_next_day_makes_nobody_look_taken_out(
    desk: Desk, pattern: Deletion
) -> None:
    """The id of a policy's run is of the time for which it was due."""
    made_up = put(desk, pattern, "2024-11-05T23:59:00+00:00")
    others = [put(desk, pattern, f"2024-11-0{each}:30+00:00") for each in ("5T23:59", "6T00:05")]
    row = desk.house.ledger.rows[made_up]
    row.deletion = replace(row.deletion, created_at=row.deletion.created_at + 240)
    desk.objects += [f"receipts/{one}.json" for one in (made_up, *others)]
    said = desk.said("audit", "export", *NOVEMBER)
    assert all(said.count(f"receipts/{one}.json") == 1 for one in (made_up, *others))
    assert "has a receipt and no row" not in said


def test_json_tells_how_many_there_are(desk: Desk, pattern: Deletion) -> None:
    put(desk, pattern, "2024-11-05T12:00:00+00:00")
    file = desk.directory / "november.csv"
    told = json.loads(
        desk.said("audit", "export", *NOVEMBER, "--output", str(file), "--json").splitlines()[-1]
    )
    assert told == {"output": str(file), "deletions": 1, "without_row": []}


@pytest.mark.parametrize("why", [OutOfReach("no answer"), Refused("HTTP 403: not for you")])
def test_a_service_that_does_not_tell_accuses_no_deletion(why: ClickException) -> None:
    class Away:
        def deletion(self, _deletion_id: str) -> dict[str, Any]:
            raise why

    day = datetime(2026, 11, 1, tzinfo=UTC)
    made = Export(cast("Any", Away()), cast("Any", None), day, day, {}, _strange=["del_1"])
    with pytest.raises(type(why)):
        made.without_row()
