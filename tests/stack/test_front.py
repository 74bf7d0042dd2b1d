"""The local AWS lets nobody in whom the stack did not make: a web page least of all."""

from __future__ import annotations

import http.client
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.clients import TIMEOUTS, Local
from local.front import HEALTH
from local.running import RunningStack

pytestmark = pytest.mark.stack

LIST = b"Action=ListQueues&Version=2012-11-05"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FOREIGN = "https://evil.example"


def asked(
    stack: RunningStack, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, dict[str, str]]:
    """A request with exactly these headers: status and headers of the answer, by lower-cased name."""
    address = urlsplit(stack["endpoint_url"]).netloc
    connection = http.client.HTTPConnection(address, timeout=120)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": address, "Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def signed(stack: RunningStack, host: str | None = None, **more: str) -> dict[str, str]:
    """The headers of a good call of the administrator's, for whichever host."""
    keys = stack["credentials"]
    url = f"http://{host}/" if host else stack["endpoint_url"] + "/"
    made = AWSRequest(method="POST", url=url, data=LIST, headers={**FORM, **more})
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"])
    SigV4Auth(credentials, "sqs", stack["region"]).add_auth(made)
    return {**dict(made.headers.items()), **({"Host": host} if host else {})}


def test_a_good_call_is_let_in(stack: RunningStack) -> None:
    status, headers = asked(stack, "POST", "/", signed(stack), LIST)
    assert status == 200
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("host", ["evil.example", "localhost", "evil.example:{port}", "sqs.127.0.0.1:{port}"])
def test_another_host_is_refused_even_when_signed(stack: RunningStack, host: str) -> None:
    host = host.format(port=urlsplit(stack["endpoint_url"]).port)
    assert asked(stack, "POST", "/", signed(stack, host), LIST)[0] == 421
    assert asked(stack, "GET", HEALTH, {"Host": host})[0] == 421
    assert (
        asked(stack, "GET", urlsplit(stack["api_url"]).path + "v1/deletions/del_x", {"Host": host})[0] == 421
    )


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost:8000"])
def test_another_origin_is_refused_even_when_signed(stack: RunningStack, origin: str) -> None:
    for method, path, headers, body in (
        ("POST", "/", signed(stack, Origin=origin), LIST),
        ("GET", HEALTH, {"Origin": origin}, b""),
        ("OPTIONS", "/", {"Origin": origin, "Access-Control-Request-Method": "POST"}, b""),
        ("POST", urlsplit(stack["api_url"]).path + "v1/sources/x/deletions", {"Origin": origin}, b"{}"),
    ):
        status, shown = asked(stack, method, path, headers, body)
        assert status == 403, path
        assert not [name for name in shown if name.startswith("access-control-")]


def test_no_answer_is_shown_to_other_origins(stack: RunningStack) -> None:
    for method, path in (
        ("GET", HEALTH),
        ("OPTIONS", urlsplit(stack["api_url"]).path + "v1/deletions/del_x"),
    ):
        _, shown = asked(stack, method, path, {})
        assert not [name for name in shown if name.startswith("access-control-")], path


@pytest.mark.parametrize("key", ["test", "000000000000", "123456789012", "AKIAOFNOBODY00000000"])
@pytest.mark.parametrize("secret", ["test", "anything"])
def test_a_key_of_nobody_is_refused_by_every_service(stack: RunningStack, key: str, secret: str) -> None:
    nobody = Local(stack["endpoint_url"], key, secret).session()

    def client(service: str) -> Any:
        make: Any = nobody.client
        return make(service, endpoint_url=stack["endpoint_url"], config=TIMEOUTS)

    for call in (
        client("sqs").list_queues,
        client("lambda").list_functions,
        client("dynamodb").list_tables,
        client("secretsmanager").list_secrets,
        client("s3").list_buckets,
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403

    presigned = client("s3").generate_presigned_url("list_buckets")
    assert requests.get(presigned, timeout=120).status_code == 403
    presigned = client("sqs").generate_presigned_url("list_queues", HttpMethod="GET")
    assert requests.get(presigned, timeout=120).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/", FORM),
        ("GET", "/", {}),
        ("GET", "/any-bucket?list-type=2", {}),
        ("PUT", "/made-by-nobody", {}),
        ("POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}),
        ("GET", "/2015-03-31/functions/", {}),
        ("POST", "/_ministack/reset", {}),
        ("POST", "/_ministack/config", {}),
        ("GET", "/_ministack/lambda-code/expunge-local-api", {}),
        ("GET", "/_ministack/sqs/messages", {}),
    ],
)
def test_without_a_key_nothing_is_told_or_done(
    stack: RunningStack, method: str, path: str, headers: dict[str, str]
) -> None:
    body = LIST if headers is FORM else b"{}" if method == "POST" else b""
    assert asked(stack, method, path, headers, body)[0] == 403


def test_a_route_that_asks_for_iam_answers_nobody(stack: RunningStack) -> None:
    path = urlsplit(stack["api_url"]).path + "v1/operator/deletions"
    assert asked(stack, "GET", path, {})[0] in (401, 403)
    scope = "test/20261101/us-east-1/execute-api/aws4_request"
    header = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    assert asked(stack, "GET", path, {"Authorization": header})[0] == 403


def test_addresses_signed_by_the_administrator_work(stack: RunningStack) -> None:
    s3 = stack.client("s3")
    bucket = s3.list_buckets()["Buckets"][0]["Name"]
    s3.put_object(Bucket=bucket, Key="presigned", Body=b"here")
    address = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "presigned"})
    assert requests.get(address, timeout=120).content == b"here"


def test_the_backend_has_no_other_port(stack: RunningStack) -> None:
    """ministack itself listens where the front does, and nowhere else that a browser could reach."""
    port = urlsplit(stack["endpoint_url"]).port
    assert port is not None
    for host in ("127.0.0.2", "::1"):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            assert probe.connect_ex((host, port)) != 0


def test_a_websocket_is_not_opened(stack: RunningStack) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    assert asked(stack, "GET", "/_aws/execute-api/abc/local", upgrade)[0] == 403
