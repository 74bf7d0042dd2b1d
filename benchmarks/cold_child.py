"""One cold start in this process: imports a handler, answers one event, prints what it took as JSON.

Its path is a Lambda's: the unpacked package first, then the runtime's own libraries, nothing else; and it
writes no bytecode, as a function cannot. Run with -I -S -B by cold_start.py.
"""

import sys
import time

BEGAN, BEGAN_CPU = time.perf_counter(), time.process_time()
TASK, RUNTIME, HANDLER, EVENT = sys.argv[1:]
sys.path[:0] = [TASK]
sys.path.append(RUNTIME)


class Context:
    """What a handler is told about its invocation."""

    function_name = "bench"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    log_group_name = log_stream_name = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """As at the start of a minute."""
        return 60_000


module, _, name = HANDLER.rpartition(".")
handler = getattr(__import__(module, fromlist=[name]), name)
IMPORTED = time.perf_counter()

import json  # noqa: E402 - the handler's imports are measured, not this one's

with open(EVENT, encoding="utf-8") as file:  # noqa: PTH123 - no import more than needed
    event = json.load(file)
STARTED = time.perf_counter()
answer = handler(event, Context())
ENDED, ENDED_CPU = time.perf_counter(), time.process_time()
print(
    "\n"
    + json.dumps(
        {
            "import_ms": 1000 * (IMPORTED - BEGAN),
            "first_ms": 1000 * (ENDED - STARTED),
            "cpu_ms": 1000 * (ENDED_CPU - BEGAN_CPU),
            "modules": len(sys.modules),
            "answer": answer,
        },
        default=str,
    )
)
