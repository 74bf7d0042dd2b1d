"""boto3 clients for one endpoint and one pair of keys, short timeouts, no look at anyone's settings."""

from __future__ import annotations

from dataclasses import dataclass, field

import boto3
from botocore.config import Config

from local.settings import REGION

TIMEOUTS = Config(
    connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3}, proxies={}
)


@dataclass(frozen=True, slots=True)
class Local:
    """Where a local AWS answers and who asks it; makes boto3 sessions and says what every client needs."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    def session(self) -> boto3.Session:
        """A session with these keys and no others."""
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=REGION,
        )
