"""The examples of docs/RETENTION.md, as they stand there, run against the simulator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from cli.policy_file import Written, read
from local.settings import ROOT
from tests.year.test_year import Year, year

TODAY = datetime(2026, 6, 1, 6, tzinfo=UTC).timestamp()
TEXT = (ROOT / "docs" / "RETENTION.md").read_text(encoding="utf-8")


@dataclass
class Example:
    title: str
    written: Written
    rows: list[dict[str, str]]
    ends: str

    @property
    def goes(self) -> set[str]:
        return {row["id"] for row in self.rows if row["goes"] == "yes"}

    @property
    def stays(self) -> set[str]:
        return {row["id"] for row in self.rows} - self.goes


def examples(directory: Path) -> list[Example]:
    found = []
    for part in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]:
        block = re.search(r"```yaml\n(.*?)```", part, re.DOTALL)
        table = re.findall(r"^\|(.*)\|$", part, re.MULTILINE)
        assert block is not None
        file = directory / "policies.yaml"
        file.write_text(block[1], encoding="utf-8")
        (written,) = read(file)
        names, _, *rows = [[cell.strip() for cell in line.split("|")] for line in table]
        records = [dict(zip(names, row, strict=True)) for row in rows]
        found.append(Example(part.splitlines()[0], written, records, part.strip().splitlines()[-1]))
    return found


def load(now: Year, example: Example) -> None:
    policy = example.written.policy
    records: list[dict[str, Any]] = []
    for row in example.rows:
        fields = {name: text for name, text in row.items() if name not in ("goes", "in the view") and text}
        records.append({**fields, **({"Amount": float(row["Amount"])} if "Amount" in row else {})})
    views = []
    if policy.selection.view is not None:
        shown = [row["id"] for row in example.rows if row["in the view"] == "yes"]
        views = [{"module": policy.module, "cvid": policy.selection.view, "ids": shown}]
    now.server.sim.load({"records": {policy.module: records}, "views": views})


def approve(now: Year, one: str, count: int) -> None:
    snapshot = now.world.ledger.snapshot(one)
    assert snapshot is not None
    assert snapshot.deletion.approval is not None
    command = {
        "do": "approve",
        "count": count,
        "asked_at": snapshot.deletion.approval.asked_at,
        "at": now.world.deps.clock(),
        "by": "ops",
    }
    assert now.world.ledger.command(snapshot, command, now.world.deps.clock())


def test_there_are_five(tmp_path: Path) -> None:
    assert [each.title[0] for each in examples(tmp_path)] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("number", range(5))
def test_an_example_takes_what_it_says(number: int, tmp_path: Path) -> None:
    example = examples(tmp_path)[number]
    policy = example.written.policy
    with year(0) as now:
        now.at(TODAY)
        load(now, example)
        kept = now.world.put(policy.document)
        assert kept.next_at is not None
        now.at(kept.next_at)
        now.world.tick()
        (one,) = now.world.ledger.rows
        if "approval" in example.ends:
            advance(now.world.deps, one)
            assert now.world.get(one).status is Status.AWAITING_APPROVAL
            approve(now, one, len(example.goes))
        now.settle(one)
        run = now.world.get(one)
        left = set(now.server.sim.state.store.module(policy.module).records)
        assert f"`{run.status}`" in example.ends
        if policy.dry_run:
            assert run.plan is not None
            assert (run.plan.would_delete, set(run.plan.first_ids)) == (len(example.goes), example.goes)
            assert left == example.goes | example.stays
        else:
            assert (run.counts.deleted, left) == (len(example.goes), example.stays)


def test_the_words_about_a_span_of_zero_are_the_commands_own(tmp_path: Path) -> None:
    assert "a span of zero would take every record: it must be 1 or more" in TEXT


def test_the_table_of_comparators_is_whole() -> None:
    from chalicelib.domain.retention.coql import COMPARATORS

    assert all(f"`{each}`" in TEXT for each in COMPARATORS)
