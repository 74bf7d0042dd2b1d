"""Cold starts: import and first event in a fresh process, each function against a bare Chalice route."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chalice

from local import package
from local.running import RunningStack, sign
from local.settings import REGION, STAGE

CHILD = Path(__file__).with_name("cold_child.py")
BARE = Path(__file__).with_name("bare") / "app.py"
BARE_TABLE = "bench-bare"
IDS = 10


@dataclass(frozen=True)
class Contender:
    """One handler of one unpacked package, with the environment of its function."""

    name: str
    task: Path
    handler: str
    environment: dict[str, str]


def proxy_event(path: str, resource: str, headers: dict[str, str], body: str) -> dict[str, Any]:
    """What API Gateway hands to a function for a POST."""
    parts = path.strip("/").split("/")
    names = [p.strip("{}") for p in resource.strip("/").split("/")]
    given = {
        n: v for n, v, r in zip(names, parts, resource.strip("/").split("/"), strict=True) if r[:1] == "{"
    }
    context = {
        "resourcePath": resource,
        "httpMethod": "POST",
        "path": path,
        "apiId": "bench",
        "stage": STAGE,
        "requestId": "bench",
        "identity": {"sourceIp": "127.0.0.1"},
    }
    return {
        "resource": resource,
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": given or None,
        "stageVariables": None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }


def signed_event(running: RunningStack, ids: int = IDS) -> dict[str, Any]:
    """A signed request for a deletion that has not been asked for before."""
    wanted = [str(10**17 + time.time_ns() % 10**16 + n) for n in range(ids)]
    body = json.dumps({"operation": "delete_records", "module": "Leads", "ids": wanted})
    delivery, now = f"bench_{time.time_ns()}", int(time.time())
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(running.keys[0], delivery, now, body.encode()),
    }
    path = "/v1/sources/crm-workflow/deletions"
    return proxy_event(path, "/v1/sources/{source}/deletions", headers, body)


def bare_event(like: dict[str, Any]) -> dict[str, Any]:
    """The same request for the bare route."""
    return proxy_event("/", "/", like["headers"], like["body"])


def contenders(running: RunningStack, directory: Path) -> dict[str, Contender]:
    """The functions as packaged and deployed, and the bare route packaged the same way."""
    unpacked, bare = directory / "product", directory / "bare"
    shutil.unpack_archive(package.build(STAGE).zip_file, unpacked)
    bare.mkdir(parents=True)
    shutil.copy2(BARE, bare)
    source = Path(chalice.__file__).parent
    packed = {p.relative_to(unpacked) for p in (unpacked / "chalice").rglob("*.py")}
    for part in packed:
        (bare / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source.parent / part, bare / part)
    make_bare_table(running)
    lambdas = running.client("lambda")
    aws = {
        "AWS_ENDPOINT_URL": running["endpoint_url"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": running["credentials"]["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": running["credentials"]["secret_access_key"],
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
    }
    found = {"bare": Contender("bare", bare, "app.app", {**aws, "BARE_TABLE": BARE_TABLE})}
    calls = {**found["bare"].environment, "BARE_QUEUE": bare_queue(running)}
    found["calls"] = Contender("calls", bare, "app.app", calls)
    for name in ("api", "work", "poll"):
        settings = lambdas.get_function_configuration(FunctionName=running["functions"][name])
        variables = settings["Environment"]["Variables"]
        found[name] = Contender(name, unpacked, settings["Handler"], {**variables, **aws})
    return found


def bare_queue(running: RunningStack) -> str:
    """The address of a queue that nobody reads, made if it is not there."""
    sqs: Any = running.client("sqs")
    return str(sqs.create_queue(QueueName=BARE_TABLE)["QueueUrl"])


def make_bare_table(running: RunningStack) -> None:
    """The table of the bare route, if it is not there."""
    dynamodb = running.client("dynamodb")
    if BARE_TABLE not in dynamodb.list_tables()["TableNames"]:
        dynamodb.create_table(
            TableName=BARE_TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def start(contender: Contender, event: dict[str, Any], directory: Path) -> dict[str, Any]:
    """One cold start. Raises RuntimeError where the handler fails."""
    file = directory / f"{contender.name}.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    command = [sys.executable, "-I", "-S", "-B", str(CHILD), str(contender.task)]
    command += [sysconfig.get_paths()["purelib"], contender.handler, str(file)]
    environment = {**contender.environment, "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{contender.name}: {done.stderr.strip().splitlines()[-1]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    told["clock_ms"] = told["import_ms"] + told["first_ms"]
    return told
