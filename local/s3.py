"""S3 clients for our own buckets: every call says to whom the bucket must belong.

The names of buckets can be worked out beforehand, so somebody else could have one of ours. S3 refuses a call
that names another owner.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


def owned(client: Callable[[str], Any]) -> Any:
    """The S3 client of `client` (clients by service), for buckets of the caller's own account."""
    sts = client("sts")
    return naming(client("s3"), cache(lambda: str(sts.get_caller_identity()["Account"])))


def naming(s3: Any, account: Callable[[], str]) -> Any:
    """The client, which from now on names `account` in every call that can say whose bucket it means."""

    def name(params: dict[str, Any], model: Any, **_: Any) -> None:
        if "ExpectedBucketOwner" in model.input_shape.members:
            params["ExpectedBucketOwner"] = account()

    s3.meta.events.register("provide-client-params.s3", name)
    return s3
