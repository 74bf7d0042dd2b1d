"""docs/recording-erasure.md is what happens: its steps once more, and what they did at Zoho."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from docs.generate import recording_erasure as recording
from local import demo_erasure
from local.running import RunningStack

#: Long: test_erasing_leaks goes the same way on the shared stack each time.
pytestmark = [pytest.mark.stack, pytest.mark.long]
#: The person's values: the address in any case, the number in any spelling.
VALUES = re.compile(r"\banna@example\.com\b|" + r"[\s()./-]{0,3}".join("6601234567"), re.IGNORECASE)


def test_a_person_is_erased_by_two_people_and_nobody_else_is_touched(
    stack: RunningStack, tmp_path: Path
) -> None:
    done = recording.record(stack, tmp_path)
    assert Counter(done.codes) == {0: len(done.codes) - 1, recording.NOT_ENDED: 1}, "\n".join(done.said)

    for module, records in demo_erasure.RECORDS.items():
        there = {each["id"]: each for each in _asked(stack, f"records?module={module}")}
        for record in records:
            if record["id"] in demo_erasure.OTHERS:
                assert record.items() <= there[record["id"]].items()
            elif module in ("Contacts", "Leads", "Guests"):
                assert record["id"] not in there
    assert done.said[-1].endswith("all of it fits\n")

    said = "\n".join(done.said[1:])  # the first command shows the file that Ann has written
    assert not VALUES.search(said)
    files = [file for file in (tmp_path / "DSR-17").rglob("*") if file.is_file()]
    assert len(files) == 10
    assert [file for file in files if VALUES.search(_text(file))] == []

    # the page shows the same commands, and nothing of this machine
    written = recording.PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^\$ .+", written, re.MULTILINE)
    assert commands == re.findall(r"^\$ .+", recording.page(done), re.MULTILINE)
    assert not re.search(r"/tmp/|whsec_[A-Za-z0-9]|127\.0\.0\.1", written)


def _text(file: Path) -> str:
    """A file of the evidence as text, unpacked, with what an envelope holds."""
    data = file.read_bytes()
    text = gzip.decompress(data).decode() if file.suffix == ".gz" else data.decode()
    return text + base64.b64decode(json.loads(text)["payload"]).decode() if file.suffix == ".json" else text


def _asked(stack: RunningStack, what: str) -> Any:
    answer = requests.get(f"{stack['zoho_url']}/_sim/{what}", timeout=120)
    answer.raise_for_status()
    return answer.json()
