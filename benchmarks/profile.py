"""Where the time of a warm handler goes: `python -m benchmarks.profile [api] [work] [poll]`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import cold_start
from benchmarks.place import running as stack
from benchmarks.place import without_workers
from local.running import RunningStack, scheduled_event

CHILD = Path(__file__).with_name("profile_child.py")
EVENTS = 40


def _messages(running: RunningStack) -> list[dict[str, Any]]:
    """Messages for deletions of ten ids each, which are accepted first."""
    found = []
    for n in range(EVENTS):
        ids = [str(10**17 + 100 * n + k) for k in range(10)]
        made = running.send({"operation": "delete_records", "module": "Leads", "ids": ids}).json()["id"]
        found.append({"Records": [{"messageId": "m", "body": json.dumps({"deletion": made})}]})
    return found


EVENTS_OF: dict[str, Callable[[RunningStack], list[dict[str, Any]]]] = {
    "api": lambda running: [cold_start.signed_event(running) for _ in range(EVENTS)],
    "work": _messages,
    "poll": lambda _running: [scheduled_event() for _ in range(EVENTS)],
}


def main(names: list[str]) -> int:
    """Prints a profile for each function that is named, for all of them where none is."""
    with tempfile.TemporaryDirectory(prefix="profile-") as place, stack(Path(place) / "stack") as running:
        without_workers(running)
        found = cold_start.contenders(running, Path(place))
        for name in names or EVENTS_OF:
            file = Path(place) / f"{name}-events.json"
            file.write_text(json.dumps(EVENTS_OF[name](running)), encoding="utf-8")
            one = found[name]
            command = [sys.executable, "-I", "-S", "-B", str(CHILD), str(one.task)]
            command += [sysconfig.get_paths()["purelib"], one.handler, str(file)]
            environment = {**one.environment, "PATH": os.environ["PATH"]}
            print(f"\n{name}:", flush=True)
            done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
            if done.returncode:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
