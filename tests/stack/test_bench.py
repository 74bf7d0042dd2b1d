"""The benchmark is honest: a worker that takes twice as long for its calls does not pass it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import by_ids, by_view, peers
from benchmarks.place import running
from benchmarks.results import Row
from local import package
from local.running import RunningStack
from local.settings import STAGE

pytestmark = pytest.mark.stack

PLAN = by_ids.Plan(records=3_000, runs=(("records", 1),))
VIEW = by_view.Plan(records=2_000, latency=1.0)
PEERS = (peers.Peer("Zoho's client", 100, 1.0, 1.0), peers.Peer("a loop", 1, 1.0, 1.0))
WHOLE = "        return list(answers)\n"
TWICE = """        import time

        began = time.perf_counter()
        found = list(answers)
        time.sleep(time.perf_counter() - began)
        return found
"""
PAGE = "    reply = zoho.view_ids(module, cvid, token, per_page)\n"
PAGE_TWICE = """    import time

    began = time.perf_counter()
    reply = zoho.view_ids(module, cvid, token, per_page)
    time.sleep(time.perf_counter() - began)
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[RunningStack]:
    with running(tmp_path / "local") as found:
        yield found


def speed(stack: RunningStack) -> Row:
    """The row about the calls at Zoho."""
    return next(row for row in by_ids.rows(stack, PLAN, PEERS) if row.what.endswith("calls"))


def listing(stack: RunningStack) -> Row:
    """The row about the list of a view."""
    return next(row for row in by_view.rows(stack, VIEW) if row.what.endswith("listed"))


def slow_down(stack: RunningStack, module: str, whole: str, twice: str) -> None:
    """Deploys a work function whose `module` of the engine waits after its calls as long as they took."""
    made, folder, found = io.BytesIO(), "chalicelib/service/engine", False
    with zipfile.ZipFile(package.build(STAGE).zip_file) as given, zipfile.ZipFile(made, "w") as changed:
        for entry in given.infolist():
            data = given.read(entry)
            if entry.filename == f"{folder}/{module}.py":
                found = True
                assert data.decode().count(whole) == 1
                data = data.decode().replace(whole, twice).encode()
            if not entry.filename.startswith(f"{folder}/__pycache__/{module}."):
                changed.writestr(entry, data)
    assert found, f"{folder}/{module}.py has moved"
    client: Any = stack.client("lambda")
    client.update_function_code(FunctionName=stack["functions"]["work"], ZipFile=made.getvalue())


def test_twice_the_time_for_calls_does_not_pass(stack: RunningStack) -> None:
    before = speed(stack)
    slow_down(stack, "parallel", WHOLE, TWICE)
    after = speed(stack)
    assert not after.holds, after
    assert after.facts["value"] > 1.4 * before.facts["value"]


@pytest.mark.long
def test_twice_the_time_for_pages_does_not_pass(stack: RunningStack) -> None:
    before = listing(stack)
    slow_down(stack, "view_pages", PAGE, PAGE_TWICE)
    after = listing(stack)
    assert not after.holds, after
    assert after.facts["value"] > 1.4 * before.facts["value"]
