"""`make guards`: takes one guard away at a time, and some test has to fail. Prints which one does.

Works on copies of the source in a directory of their own, one for each processor. Exit code 1 where a guard
is missed by no test, where its text does not stand exactly once in its file, or where its tests fail with the
guard in place.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from tests.guards.all_guards import GUARDS
from tests.guards.guard import Guard

ROOT = Path(__file__).resolve().parents[2]

COPIED = ("chalicelib", "simulator", "tests", "local", "scripts", "infra", "cli", ".chalice", "docs")
FILES = ("app.py", "pyproject.toml")
#: What `make test` runs of a file too: a guard that only a long test misses is missed too late.
QUICK = "not long and not browser"
#: For the tests of one guard, and at first for those of all: half an hour's work in the worst case.
TEST_SECONDS, ALL_SECONDS = 300, 1800
#: Guards that are taken away at once, each from a copy of its own: one for each processor.
JOBS = os.cpu_count() or 1
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


def copy(to: Path) -> None:
    """The source tree, without caches and environments."""
    for name in COPIED:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__", "deployed"))
    for name in FILES:
        shutil.copy2(ROOT / name, to / name)


def failing(tree: Path, tests: tuple[str, ...], seconds: float = TEST_SECONDS, jobs: int = 0) -> str | None:
    """The first test that fails, or why they did not end; None where all of them pass within `seconds`.

    `jobs`: processes that share the tests; 0 for this one alone.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", f"-n{jobs}"]
    command += ["--dist", "loadfile", "-m", QUICK, *tests]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return f"pytest did not end within {seconds:.0f} s: run it on a quiet machine"
    if done.returncode == 0:
        return None
    found = _FAILED.search(done.stdout)
    return found.group(1) if found else f"pytest ended with {done.returncode}: {done.stdout[-300:]}"


def without(tree: Path, guard: Guard) -> str:
    """What comes of the tests without the guard, as the end of its line; raises LookupError where the guard
    does not stand exactly once where it is said to, or where nothing misses it.
    """
    place = tree / guard.file
    text = place.read_text(encoding="utf-8")
    if text.count(guard.old) != 1:
        raise LookupError(f"stands {text.count(guard.old)} times in {guard.file}")
    place.write_text(text.replace(guard.old, guard.new), encoding="utf-8")
    try:
        caught = failing(tree, guard.tests)
    finally:
        place.write_text(text, encoding="utf-8")
    if caught is None:
        raise LookupError("NO TEST MISSES IT")
    if "::" not in caught:
        raise LookupError(f"its tests do not run: {caught}")
    return caught


def in_turn(guards: list[Guard], trees: list[Path]) -> Iterator[tuple[Guard, str, bool]]:
    """Takes each guard away, as many at once as there are copies of the source: the guard, what came of it,
    and whether a test misses it. The first to end comes first.
    """
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def judged(guard: Guard) -> tuple[Guard, str, bool]:
        tree = free.get()
        try:
            return guard, f"caught by {without(tree, guard)}", True
        except LookupError as problem:
            return guard, str(problem), False
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        for each in as_completed([pool.submit(judged, guard) for guard in guards]):
            yield each.result()


def main(arguments: list[str]) -> int:
    """Runs all guards, or those whose name holds a word; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="only guards whose name holds this")
    options = parser.parse_args(arguments)
    chosen = [guard for guard in GUARDS if options.word in guard.name]
    if not chosen:
        print(f"no guard's name holds {options.word!r}: leave the word out to take all of them")
        return 1
    began, missing = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="expunge-guards-") as place:
        trees = [Path(place) / str(number) for number in range(JOBS)]
        for tree in trees:
            copy(tree)
        every = tuple(sorted({test for guard in chosen for test in guard.tests}))
        print(f"the tests of all {len(chosen)} guards, with every guard in place ...", flush=True)
        broken = failing(trees[0], every, ALL_SECONDS, JOBS)
        if broken is not None:
            print(f"with every guard in place: {broken}")
            return 1
        for number, (guard, words, caught) in enumerate(in_turn(chosen, trees), 1):
            missing += not caught
            print(f"[{number:2}/{len(chosen)}] {guard.name}: {words}", flush=True)
    print(f"{len(chosen)} guards, {missing} missing, {time.monotonic() - began:.0f} s")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
