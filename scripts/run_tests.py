"""`make test`: runs the suites and ends with one line that names how many tests of each ran.

`--all` adds the tests marked long and browser. Anything else is handed to pytest, such as `-k name`.
TEST_WORKERS is how many run at once (default 2; 0 for one process).
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


class SuiteCounts:
    """Counts outcomes per suite, which is the first folder under tests/, and says them last of all."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self.began = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts a test once; a failed set-up or clean-up counts as a failure of its own."""
        suite = report.nodeid.split("/")[1] if report.nodeid.count("/") > 1 else "tests"
        if report.failed:
            self.others["failed"] += 1
        elif report.skipped:
            self.others["skipped"] += 1
        elif report.when == "call":
            self.passed[suite] += 1

    def summary(self) -> str:
        """Such as `tests: app 20, stack 31, unit 200; 251 passed, 0 failed, 0 skipped in 123 s`."""
        suites = ", ".join(f"{name} {count}" for name, count in sorted(self.passed.items()))
        ends = ", ".join(f"{self.others[name]} {name}" for name in ("failed", "skipped"))
        seconds = time.monotonic() - self.began
        return f"tests: {suites or 'none'}; {self.passed.total()} passed, {ends} in {seconds:.0f} s"


def main(arguments: list[str]) -> int:
    """Runs pytest; returns its exit code."""
    os.chdir(ROOT)
    everything = "--all" in arguments
    chosen = [] if everything else ["-m", "not long and not browser"]
    workers = os.environ.get("TEST_WORKERS", "2")
    parallel = ["-n", workers, "--dist", "loadfile"] if workers != "0" else []
    counts = SuiteCounts()
    rest = [word for word in arguments if word != "--all"]
    code = pytest.main(["-q", *parallel, *chosen, *rest], plugins=[counts])
    sys.stdout.write(counts.summary() + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
