"""For all tests: property tests that do not fail because the machine is busy, and leave nothing behind; files
that take long begin first.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


#: Files and folders that take longest, the longest first. A file is one worker's: everybody waits for what is
#: long and begins last. What is not named comes after these, as it lies.
LONGEST_FIRST = (
    "tests/property/test_anything.py",
    "tests/crash/test_matrix.py",
    "tests/crash/test_lost_writes.py",
    "tests/crash/test_erasures.py",
    "tests/stack/test_verdict_walk.py",
    "tests/stack/test_doctor.py",
    "tests/stack/test_restore.py",
    "tests/infra/test_package.py",
    "tests/property/",
    "tests/stack/",
    "tests/infra/",
    "tests/unit/service/engine/test_budgets.py",
    "tests/races/",
    "tests/contract/ledger/",
    "tests/unit/service/",
    "tests/benchmarks/",
    "tests/year/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several workers run, in the order of LONGEST_FIRST; by hand, as the files lie."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    matching = (rank for rank, path in enumerate(LONGEST_FIRST) if nodeid.startswith(path))
    return next(matching, len(LONGEST_FIRST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how large the crash matrix was: every call of every scenario, in every way to go wrong."""
    reports = [report for name in ("passed", "failed") for report in terminalreporter.stats.get(name, [])]
    sizes = [value for report in reports for name, value in report.user_properties if name == "matrix"]
    if sizes:
        calls, runs = sum(calls for calls, _ in sizes), sum(runs for _, runs in sizes)
        scenarios = f"{len(sizes)} scenarios, {calls} calls x {runs // calls} ways"
        terminalreporter.write_line(f"crash matrix: {scenarios} = {runs} runs")
