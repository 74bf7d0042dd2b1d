"""The committed counts are those of the code as it stands: the small scenarios are counted again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cost_units import Index, item_bytes, write_units
from benchmarks.counts_kept import read

ROOT = Path(__file__).parents[2]
SMALL = ("delete_1", "delete_10", "view_9", "poll_idle", "tick_idle")
#: What depends on sizes in bytes, and so a little on compression and on words in log lines.
BY_SIZE = ("bytes", "write_table", "read", "lambda_ms")
SPREAD = 0.05


def counted(*names: str) -> dict[str, Any]:
    """Counted in a process of its own: bootstrap keeps what it builds. No name is all of them."""
    command = [sys.executable, "-m", "benchmarks.counts", "--json", *names]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXPUNGE_")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def agree(kept: dict[str, Any], now: dict[str, Any]) -> None:
    """Calls exactly; what depends on sizes within SPREAD."""
    what_to_do = "the service asks for more or less than it did: make cost COUNT=1, then make scale"
    kept, now = ({part: n for part, n in one.items() if part != "local_ms"} for one in (kept, now))
    assert set(kept) == set(now), what_to_do
    for part, number in now.items():
        by_size = any(word in part for word in BY_SIZE)
        right = pytest.approx(kept[part], rel=SPREAD) if by_size else kept[part]
        assert number == right, f"{part}: {what_to_do}"


@pytest.fixture(scope="module")
def fresh() -> dict[str, Any]:
    return counted(*SMALL)


@pytest.mark.parametrize("name", ["first", *SMALL])
def test_the_committed_counts_are_still_right(fresh: dict[str, Any], name: str) -> None:
    agree(read()["scenarios"][name], fresh[name])


@pytest.mark.long
def test_so_are_those_of_thousands_of_records() -> None:
    found, kept = counted(), read()["scenarios"]
    assert set(found) == set(kept)
    for name, now in found.items():
        agree(kept[name], now)


def test_a_request_takes_what_its_parts_take(fresh: dict[str, Any]) -> None:
    """Figures that can be told by hand from docs/ARCHITECTURE.md."""
    one = fresh["delete_1"]
    assert (one["api.requests"], one["lambda.api"], one["lambda.work"]) == (1, 1, 1)
    assert one["sns.requests"] == 3  # accepted, started, completed
    assert one["dynamodb.write_day"] == 1
    assert (one["zoho.calls"], one["zoho.credits"]) == (1, 1)
    assert one["stored.items"] == 8  # delivery, META, IDS, OUT, CALL, three of the log
    assert one["dynamodb.write_due"] % 2 == 0  # one comes, one goes, the moves between take two each
    assert fresh["first"]["secrets.read"] > 0 == one.get("secrets.read", 0)


def test_an_idle_tick_and_an_idle_poll_cost_one_read() -> None:
    for name in ("poll_idle", "tick_idle"):
        counted = read()["scenarios"][name]
        assert counted["dynamodb.read"] == 0.5
        assert "dynamodb.write_table" not in counted


def test_the_units_of_the_accepting_transaction_by_hand() -> None:
    """Five small items, doubled, and two index entries."""
    item = {"pk": {"S": "D#1"}, "sk": {"S": "META"}, "due": {"S": "due#0"}, "next_at": {"N": "1"}}
    assert 5 * write_units(0, item_bytes(item), transaction=True) == 10
    assert Index("due", ("due", "next_at")).write_units(None, item) == 1


@pytest.mark.parametrize(("part", "more"), [("dynamodb.requests", 1), ("stored.bytes", 600), ("new", 1)])
def test_what_is_asked_for_more_is_seen(part: str, more: int) -> None:
    kept = read()["scenarios"]["delete_1"]
    agree(kept, kept)
    with pytest.raises(AssertionError, match="make cost"):
        agree(kept, {**kept, part: kept.get(part, 0) + more})
