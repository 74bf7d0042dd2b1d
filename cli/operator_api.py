"""The operators' API over HTTP, signed with the caller's AWS credentials (SigV4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import click
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from cli.place import Place
from local.running import SEND_SECONDS, RunningStack
from local.settings import REGION, from_environment


@dataclass(frozen=True)
class OperatorApi:
    """One stage's operator API. `url` ends with "/"; `credentials` are botocore's."""

    url: str
    region: str
    credentials: Any
    own_machine: bool = False

    def call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> requests.Response:
        """One signed call of `v1/operator/{path}`. Raises ClickException where there is no answer."""
        address = f"{self.url}v1/operator/{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else b""
        request = AWSRequest(method, address, {"Content-Type": "application/json"}, data)
        SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)
        return self._send(method, address, data, dict(request.headers.items()))

    def get(self, link: str) -> requests.Response:
        """Reads a link of an answer, which needs no signature."""
        return self._send("GET", link, b"", {"Accept": "application/json"})

    def _send(self, method: str, url: str, data: bytes, headers: Mapping[str, str]) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = not self.own_machine  # proxies have no business on loopback
            try:
                return session.request(
                    method, url, data=data, headers=dict(headers), timeout=SEND_SECONDS, allow_redirects=False
                )
            except requests.RequestException as problem:
                raise click.ClickException(f"{url} gives no answer: {type(problem).__name__}") from problem


def reach(place: Place, stage: str | None) -> OperatorApi:
    """The operator API of the place: local, or that of the stage's stack in the AWS account."""
    if stage is None:
        stack = RunningStack.read(from_environment().stack_file)
        credentials = stack.aws.session().get_credentials()
        return OperatorApi(stack["api_url"], REGION, credentials, own_machine=True)
    session = boto3.Session(region_name=place.client("cloudformation").meta.region_name)
    if session.get_credentials() is None:
        raise click.ClickException("no AWS credentials: set AWS_PROFILE, or run aws sso login")
    return OperatorApi(_url(place), str(session.region_name), session.get_credentials())


def _url(place: Place) -> str:
    stack = f"expunge-{place.stage}"
    try:
        found = place.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as problem:
        raise click.ClickException(f"there is no stack {stack} in this account and region") from problem
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return str(outputs["EndpointURL"]).rstrip("/") + "/"
