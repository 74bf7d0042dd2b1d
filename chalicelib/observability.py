"""The one logger and the one set of metrics, and what may never be in either.

Lines are JSON with the same keys everywhere. Names in REDACTED never show their value, and of an error only
its type and where it was raised are kept: the words of an error can hold what a sender sent. Ids of records
are among them, and no hash stands in their place: there are so few ids that whoever reads a hash finds the id
by trying. Lines bear the deletion's id, under which the table has the rest.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import PurePath
from traceback import walk_tb
from types import TracebackType
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.config import stage_name

#: The Chalice application bears it too, so that Chalice's own lines come out of this logger.
SERVICE = "expunge"
NAMESPACE = "Expunge"

#: Whoever logs one of these by name logs a mark instead.
REDACTED = frozenset(
    {
        "access_token",
        "authorization",
        "body",
        "client_id",
        "client_secret",
        "cookie",
        "headers",
        "key",
        "keys",
    }
    | {"password", "query", "raw_body", "reference", "refresh_token", "secret", "signature", "token", "url"}
    | {"webhook-signature", "x-api-key"}
    # Of records and persons. A delivery's id is the sender's to choose, and may be made of a record's.
    | {"id", "ids", "record_id", "record_ids", "external_id", "external_ids", "delivery_id", "failed_ids"}
    | {"webhook-id", "identity", "email", "emails", "phone", "phones", "record", "records", "asked_by"}
)
MARK = "[redacted]"
_DEEPEST = 6
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def clean(value: Any, name: str = "", depth: int = 0) -> Any:
    """`value` as it may be logged under `name`: redacted or as it is; lists and objects all over."""
    if name.lower() in REDACTED:
        return MARK
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): clean(item, str(key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(item, name, depth + 1) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else type(value).__name__


class _Redaction(logging.Filter):
    """Cleans every record on its way out, Chalice's and our own."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.exc_info, tuple):
            record.__dict__["error"] = described(record.exc_info[1])
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        if isinstance(record.msg, Mapping):
            record.msg = clean(record.msg)  # Powertools logs objects as they are
        for name in set(record.__dict__) - _STANDARD - {"error"}:
            record.__dict__[name] = clean(record.__dict__[name], name)
        return True


def described(problem: BaseException | None) -> dict[str, Any]:
    """An error without its words: its type and the places it came through, innermost last."""
    if problem is None:
        return {}
    return {"type": type(problem).__name__, "at": _places(problem.__traceback__)}


def _places(traceback: TracebackType | None) -> list[str]:
    frames = [(frame.f_code, line) for frame, line in walk_tb(traceback)]
    return [f"{PurePath(code.co_filename).name}:{line} {code.co_name}" for code, line in frames[-10:]]


def _made() -> Logger:
    made = Logger(service=SERVICE, level="INFO", use_rfc3339=True, utc=True, log_uncaught_exceptions=False)
    for handler in made.handlers:
        handler.addFilter(_Redaction())
    # It warns with the whole URL when a connection breaks, and Zoho's URLs hold record ids.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return made


logger = _made()
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
# Two stages in one account are told apart by it. The alarms in infra/ name these two dimensions and no other.
metrics.set_default_dimensions(stage=stage_name(os.environ))


def note(what: str, /, **facts: object) -> None:
    """One log line named `what` with its facts, and the metric `what` counted up."""
    logger.info(what, extra=_extra(facts), stacklevel=3)  # where the caller is
    count(what)


def trouble(what: str, problem: BaseException | None = None, /, **facts: object) -> None:
    """As `note`, at the level of errors; of `problem` only its type and place are kept."""
    logger.error(what, extra={**_extra(facts), "error": described(problem)}, stacklevel=3)
    count(what)


def _extra(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts under names that logging takes: it refuses its own, such as `module`, which get a "_" behind."""
    return {f"{name}_" if name in _STANDARD else name: value for name, value in facts.items()}


def count(metric: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    """Add to a metric of this invocation. Metrics leave when the invocation ends."""
    metrics.add_metric(name=metric, unit=unit, value=value)


def measure(metric: str, value: float) -> None:
    """Add a value to a metric whose name says what it is: `...Seconds`, or a number of something."""
    count(metric, value, MetricUnit.Seconds if metric.endswith("Seconds") else MetricUnit.Count)


def follow(correlation: str) -> None:
    """Lines of the log bear this id from here on: API Gateway's of the request that is answered."""
    logger.set_correlation_id(correlation)


def about(deletion_id: str, correlation: str = "") -> None:
    """Lines of the log are about this deletion from here on, and bear the id that its message carried;
    without one the deletion's own.
    """
    logger.append_keys(deletion_id=deletion_id, correlation_id=correlation or deletion_id)


def correlation() -> str:
    """The id that lines of the log bear now, empty where there is none."""
    return logger.get_correlation_id() or ""


class InvocationFailed(Exception):
    """What the runtime is told of an error: its type, for the runtime prints all it is told."""


Handler = Callable[[Any, Any], Any]


def invocation(handler: Handler) -> Handler:
    """Wrap a Lambda handler: its log lines carry the invocation's id, its metrics leave, its errors leak
    nothing.

    For Chalice: `app.register_middleware(ConvertToMiddleware(invocation))`.
    """

    @wraps(handler)
    def wrapped(event: Any, context: Any) -> Any:
        logger.clear_state()
        invocation_id = getattr(context, "aws_request_id", "")
        logger.append_keys(function=getattr(context, "function_name", ""), invocation=invocation_id)
        logger.set_correlation_id(invocation_id)
        try:
            return handler(event, context)
        except Exception as problem:  # noqa: BLE001  # the runtime would print all of it
            trouble("InvocationFailed", problem)
            raise InvocationFailed(type(problem).__name__) from None
        finally:
            if metrics.metric_set:  # Powertools warns where there is none
                metrics.flush_metrics()

    return wrapped
