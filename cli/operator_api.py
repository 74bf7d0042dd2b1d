"""The operators' API over HTTP, signed with the caller's AWS credentials (SigV4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import click
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from cli import asking, http
from cli.target import Target
from cli.target_addresses import describe
from local.running import RunningStack
from local.settings import REGION, from_environment


@dataclass(frozen=True)
class OperatorApi:
    """One stage's operator API. `url` ends with "/"; `credentials` are botocore's."""

    url: str
    region: str
    credentials: Any

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One signed call of `v1/operator/{path}`. `body`: bytes as they are, anything else as JSON.

        Raises NoAnswer where there is none.
        """
        asking.must_have_asked(method, path, query, body)
        if {".", ".."} & set(path.split("/")):  # a name with these would reach another call
            raise click.UsageError(f"{path}: a name that holds /../ or /./ is none")
        # AWS takes "+" for itself when it makes the signature anew: a blank has to be %20.
        asked = f"?{urlencode(query, quote_via=quote, safe='')}" if query else ""
        address = f"{self.url}v1/operator/{quote(path)}{asked}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        given = {"Content-Type": "application/json", **(headers or {})}
        request = AWSRequest(method, address, given, data)
        SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)
        return http.exchange(method, address, data, dict(request.headers.items()))

    def get(self, link: str) -> requests.Response:
        """Reads a link of an answer, which needs no signature."""
        return http.exchange("GET", link, headers={"Accept": "application/json"})

    def deletion(self, deletion_id: str) -> dict[str, Any]:
        """The status document of a deletion, with its link. Raises NotThere where there is none."""
        return http.good(self.call("GET", f"deletions/{deletion_id}"))

    def pages(self, path: str, name: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Everything that a list has under `name`, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page = http.good(self.call("GET", path, {**query, **({"cursor": cursor} if cursor else {})}))
            yield from page[name]
            cursor = page["next_cursor"]


def dry(dry_run: bool, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The query of a call that changes something, or with `dry_run` only tells what it would change."""
    return {**(more or {}), **({"dry_run": "true"} if dry_run else {})}


def reach(target: Target, stage: str | None) -> OperatorApi:
    """The operator API of the target: local, or that of the stage's stack in the AWS account."""
    url = describe(target, stage).api_url
    if stage is None:
        stack = RunningStack.read(from_environment().stack_file)
        return OperatorApi(url, REGION, stack.aws.session().get_credentials())
    session = boto3.Session(region_name=target.client("cloudformation").meta.region_name)
    if session.get_credentials() is None:
        raise click.ClickException("no AWS credentials: set AWS_PROFILE, or run aws sso login")
    return OperatorApi(url, str(session.region_name), session.get_credentials())
