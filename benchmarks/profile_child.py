"""Profiles a warm handler in this process: the first event of the file is not counted, the others are.

Arguments as cold_child.py's. Prints the time of each event and the functions that took the most of their own,
those of C summed up under who called them.
"""

import cProfile
import io
import json
import pstats
import sys
import time
from pathlib import Path

TASK, RUNTIME, HANDLER, EVENTS = sys.argv[1:]
sys.path[:0] = [TASK]
sys.path.append(RUNTIME)
MOST = 12


class Context:
    """An invocation with a minute to go."""

    function_name = "bench"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """As at the start of a minute."""
        return 60_000


def main() -> None:
    """Prints to standard error, where no line of the log is."""
    module, _, name = HANDLER.rpartition(".")
    handler = getattr(__import__(module, fromlist=[name]), name)
    first, *others = json.loads(Path(EVENTS).read_text(encoding="utf-8"))
    handler(first, Context())
    profile, began = cProfile.Profile(), time.perf_counter()
    for event in others:
        profile.runcall(handler, event, Context())
    each = 1000 * (time.perf_counter() - began) / len(others)
    told = io.StringIO()
    pstats.Stats(profile, stream=told).strip_dirs().sort_stats("tottime").print_stats(MOST)
    lines = [line for line in told.getvalue().splitlines() if line.strip()]
    sys.stderr.write(f"{each:.1f} ms an event, profiled, over {len(others)} events\n")
    sys.stderr.write("\n".join(lines[3:]) + "\n")


main()
