"""`make test`: runs the suites and ends with one line that names how many tests of each ran.

`--all` adds the tests marked long and browser. `--fast` runs what is quick, and says what it leaves out.
Anything else is handed to pytest, such as `-k name`, or the folder of a feature.
TEST_WORKERS is how many run at once (default: one more than cores, as tests of a stack wait much, and 5 at
most; 0 for one process). Files that take long begin first: tests/conftest.py.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: The suites that start no stack and no process of their own, and what of them takes no part in `--fast`.
FAST = ("tests/unit", "tests/app", "tests/guards")
SLOW = "pytest.mark.slow"


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


def left_out(root: Path = ROOT) -> str:
    """What `--fast` does not run, by suite and by file; said after its tests."""
    tests = root / "tests"
    folders = {file.relative_to(tests).parts[0] for file in tests.rglob("test_*.py") if file.parent != tests}
    suites = sorted(name for name in folders if f"tests/{name}" not in FAST)
    marked = [
        file for folder in FAST for file in sorted((root / folder).rglob("test_*.py")) if _is_slow(file)
    ]
    files = ", ".join(str(file.relative_to(tests)) for file in marked)
    others = ", ".join(suites)
    return f"left out: the suites {others}; and what is marked slow in {files}. make test runs all of it"


def _is_slow(file: Path) -> bool:
    return SLOW in file.read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Runs pytest; returns its exit code."""
    os.chdir(ROOT)
    fast = "--fast" in arguments
    chosen = [] if "--all" in arguments else ["-m", "not long and not browser"]
    if fast:
        chosen = ["-m", "not slow and not stack and not long and not browser", *FAST]
    workers = os.environ.get("TEST_WORKERS", str(min(os.cpu_count() or 2, 4) + 1))
    parallel = ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"] if workers != "0" else []
    counts = SuiteCounts()
    rest = [word for word in arguments if word not in ("--all", "--fast")]
    code = pytest.main(["-q", *parallel, *chosen, *rest], plugins=[counts])
    if fast:
        sys.stdout.write(left_out() + "\n")
    sys.stdout.write(counts.summary() + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
