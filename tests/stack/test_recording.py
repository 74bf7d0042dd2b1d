"""docs/recording.md is what happens: its steps once more, and what they did at Zoho."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests

from cli.sending import journal
from docs.generate import recording
from local.running import RunningStack

pytestmark = pytest.mark.stack
IDS = [str(recording.FIRST_ID + n) for n in range(recording.RECORDS)]


def test_interrupted_and_resumed_5000_records_go_once(stack: RunningStack, tmp_path: Path) -> None:
    done = recording.record(stack, tmp_path)
    assert Counter(done.codes) == {0: len(done.codes) - 1, recording.INTERRUPTED: 1}, "\n".join(done.said)

    kept = journal.read(tmp_path / "leads.csv.expunge")
    many = len(kept.parts)
    assert recording.ENOUGH <= done.interrupted_after < many == recording.RECORDS // recording.CHUNK
    assert len({answer.id for answer in kept.answers.values()}) == many

    calls = requests.get(f"{stack['zoho_url']}/_sim/calls", timeout=120).json()
    deletes = [call for call in calls if call["method"] == "DELETE" and call["path"].endswith("/Leads")]
    asked = Counter(one for call in deletes for one in parse_qs(call["query"])["ids"][0].split(","))
    assert {one: asked[one] for one in IDS if asked[one] != 1} == {}
    left = requests.get(f"{stack['zoho_url']}/_sim/records?module=Leads", timeout=120).json()
    assert not {record["id"] for record in left} & set(IDS)

    with (tmp_path / "outcomes.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    assert [(row["id"], row["outcome"]) for row in rows] == [(one, "deleted") for one in IDS]

    _what_is_told_afterwards(done, tmp_path, {answer.id for answer in kept.answers.values()})

    # the page shows the same commands, and nothing of this machine
    written = recording.PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^\$ .+", written, re.MULTILINE)
    assert commands == re.findall(r"^\$ .+", recording.page(done), re.MULTILINE)
    assert not re.search(r"/tmp/|whsec_[A-Za-z0-9]", written)
    lines = written.partition("$ expunge send")[2].splitlines()
    assert [line for line in lines if len(line) > 80] == []


def _what_is_told_afterwards(done: recording.Recording, directory: Path, deletions: set[str]) -> None:
    """`find`, `log` and `audit export` tell what was deleted, with a receipt for each."""
    found, log = (said for said in done.said if said.startswith(("$ expunge find", "$ expunge log")))
    (one,) = set(re.findall(r"^(del_[0-9A-Z]{26})  deleted, restorable until", found, re.MULTILINE))
    assert one in deletions
    assert f"  receipts/{one}.json" in found
    assert found.endswith("1 deletion\n")
    assert re.search(r"all of its \d+ entries fit\n$", log)
    with (directory / "today.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    assert {row["deletion"] for row in rows} == deletions
    assert [row for row in rows if row["receipt"] != f"receipts/{row['deletion']}.json"] == []
    assert sum(int(row["deleted"]) for row in rows) == recording.RECORDS
