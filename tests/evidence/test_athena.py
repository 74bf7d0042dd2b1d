"""The Athena query of docs/EVIDENCE.md, as printed, over records files and receipts as they are written; the
engine is SQLite with Athena's functions, as far as the query has them.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.evidence import records
from chalicelib.domain.status import Status
from local.settings import ROOT
from tests.evidence.made import NOW, Maker, deletion

PAGE = (ROOT / "docs/EVIDENCE.md").read_text(encoding="utf-8")
PRINTED = "410405000002264040"


def printed(mark: str) -> str:
    (found,) = re.findall(rf"<!-- athena: {mark} -->\n```sql\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def columns() -> dict[str, list[str]]:
    """Each table's columns, and where its objects lie."""
    table = r"EXTERNAL TABLE (\w+) \((.*?)\)\n.*?LOCATION '.*?/(\w+)/'"
    found = re.findall(table, printed("tables"), re.DOTALL)
    assert [place for *_, place in found] == ["records", "receipts"]
    return {name: re.findall(r"(\w+) string", each) for name, each, _ in found}


def lines(name: str, data: bytes) -> list[Any]:
    """The lines of JSON that Athena reads in an object."""
    if not name.endswith(".gz"):
        return [json.loads(data)]
    known = records.unpacked(data)
    return [json.loads(line) for line in (known.first, *known.lines)]


def scalar(text: str, path: str) -> str | None:
    """As Trino's function answers: text, and true or false for a boolean."""
    value = json.loads(text)[path.removeprefix("$.")]
    return value if value is None or isinstance(value, str) else json.dumps(value)


def extracted(text: str, pattern: str) -> str | None:
    found = re.search(pattern, text)
    return found[0] if found else None


@pytest.fixture
def athena() -> Iterator[sqlite3.Connection]:
    maker = Maker()
    maker.receipt(*deletion(1))
    again, chunks = deletion(2, status=Status.NEEDS_ATTENTION)
    same = replace(again, request=replace(again.request, ids=deletion(1)[0].request.ids))
    chunks = [replace(chunks[0], ids=same.request.ids)]
    maker.receipt(same, chunks)
    settled = replace(same, status=Status.COMPLETED, finished_at=NOW + 900, resolved_by="arn:ann")
    maker.receipt(settled, chunks, 2)
    maker.receipt(*deletion(3))
    connection = sqlite3.connect(":memory:")
    connection.create_function("json_extract_scalar", 2, scalar)
    connection.create_function("regexp_extract", 2, extracted)
    connection.create_function("from_base64", 1, base64.b64decode)
    connection.create_function("from_utf8", 1, lambda data: data.decode())
    for table, names in columns().items():
        place = table.removeprefix("expunge_")
        connection.execute(f'CREATE TABLE {table} ("$path" TEXT, {", ".join(names)})')
        for name, data in maker.bucket.objects.items():
            for line in lines(name, data) if name.startswith(f"{place}/") else ():
                row = {each.lower(): value for each, value in line.items()}
                values = [f"s3://bucket/{name}", *(row.get(each) for each in names)]
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    yield connection
    connection.close()


def test_the_tables_have_the_columns_of_the_lines() -> None:
    maker = Maker()
    maker.receipt(*deletion(1))
    objects = {name: data for name, data in maker.bucket.objects.items() if "/" in name}
    found = {name.split("/")[0]: lines(name, data) for name, data in objects.items()}
    there = {place: {each for line in found[place] for each in line} for place in ("records", "receipts")}
    assert set(columns()["expunge_records"]) == there["records"]
    assert set(columns()["expunge_receipts"]) <= there["receipts"]


def test_the_query_names_every_deletion_of_the_record_the_newest_end_first(
    athena: sqlite3.Connection,
) -> None:
    wanted = deletion(1)[0].request.ids[2]
    asked = printed("query").replace(PRINTED, wanted)
    cursor = athena.execute(asked)
    names = [each[0] for each in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    assert [(row["deletion"], row["finished_at"]) for row in rows] == sorted(
        ((row["deletion"], row["finished_at"]) for row in rows), key=lambda each: each[1], reverse=True
    )
    assert [row["deletion"] for row in rows] == [deletion(2)[0].id, deletion(2)[0].id, deletion(1)[0].id]
    assert rows[-1] == {
        "deletion": deletion(1)[0].id,
        "module": "Leads",
        "operation": "delete_records",
        "dry_run": "false",
        "outcome": "failed",
        "code": "RECORD_LOCKED",
        "finished_at": "2025-11-24T16:00:06.000Z",
        "asked_by": None,
    }


def test_the_query_names_nothing_for_a_record_that_nobody_named(athena: sqlite3.Connection) -> None:
    assert not athena.execute(printed("query")).fetchall()
