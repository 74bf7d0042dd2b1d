"""The one place that makes AWS clients: lazily, once per process, with timeouts that fit inside a Lambda.

They are botocore's, which are boto3's own: `boto3.client` makes the very same ones, after it has loaded S3's
transfer manager and the resources, for which a cold start would wait (docs/adr/0001).

boto3 waits 60 s to connect and 60 s to read by default, so one hung call would outlive API Gateway (29 s).
With these settings a call ends after at most 3 x (2 + 5) s and a little back-off, about 22 s.
AWS_ENDPOINT_URL, region and credentials are read from the environment by boto3 itself.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

CONNECT_SECONDS = 2
READ_SECONDS = 5
TRIES = 3  # in all, the first one included: a throttled call passes quickly, and hangs cannot add up

_making = Lock()  # making a client from the default session is not safe across threads; using one is


def client(name: str) -> Any:
    """The process's client of the AWS service `name` ("dynamodb", "sqs", ...), made when first asked for.

    Typed Any because the stubs of boto3 are a development tool: adapters that want types annotate their own.
    """
    with _making:
        return _client(name)


@cache
def _client(name: str) -> Any:
    # Here, not above: nothing that a function without AWS calls in its path need wait for.
    from botocore.config import Config

    timeouts = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        # Both cost more of our own time than the rest of a request (python -m benchmarks.profile): botocore's
        # name is put together anew for each, and what we send is checked by AWS anyway.
        user_agent="expunge",
        parameter_validation=False,
    )
    return _session().create_client(name, config=timeouts)


@cache
def _session() -> Any:
    """One for all clients: it keeps what it has read of the services' descriptions."""
    from botocore.session import get_session

    return get_session()
