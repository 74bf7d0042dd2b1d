"""Wraps a function's handler in the real worker: the answer bears how long the handler took."""

import os
import time
from importlib import import_module
from typing import Any

module, _, name = os.environ["TIMED_HANDLER"].rpartition(".")
inner = getattr(import_module(module), name)


def handler(event: Any, context: Any) -> dict[str, Any]:
    """The handler's answer with `seconds`."""
    began = time.perf_counter()
    answer = inner(event, context)
    return {"seconds": time.perf_counter() - began, "answer": answer}
