"""The api function's workers: how long they keep a secret, and how to have new ones."""

from __future__ import annotations

from datetime import UTC, datetime

from botocore.exceptions import ClientError

from chalicelib.config import Config
from cli.target import Target

CACHE = "EXPUNGE_SECRET_CACHE_SECONDS"
#: Read by nobody: that it is another one makes Lambda start new environments. The next deployment ends it.
CHANGED = "EXPUNGE_KEYS_REVOKED_AT"
#: How often it is tried where the function is changed at the same moment.
TRIES = 5


def cache_seconds(target: Target) -> int:
    """How long a worker may answer with a secret that was changed since."""
    found = target.client("lambda").get_function_configuration(FunctionName=target.api_function)
    return int(found["Environment"]["Variables"].get(CACHE, Config("", "", "").secret_cache_seconds))


def replace(target: Target) -> None:
    """Have every request from now on answered by workers that start now; returns once it is so.

    Where something else has changed the function meanwhile, it is read again: a key that leaked cannot wait.
    """
    for tries_left in range(TRIES - 1, -1, -1):
        try:
            _replace(target)
        except ClientError as problem:
            if not tries_left or problem.response["Error"]["Code"] != "PreconditionFailedException":
                raise
            continue
        return


def _replace(target: Target) -> None:
    client = target.client("lambda")
    found = client.get_function_configuration(FunctionName=target.api_function)
    variables = {**found["Environment"]["Variables"], CHANGED: datetime.now(UTC).isoformat()}
    client.update_function_configuration(
        FunctionName=target.api_function,
        Environment={"Variables": variables},
        RevisionId=found["RevisionId"],  # refused where a deployment came in between
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=target.api_function)
