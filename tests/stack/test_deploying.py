"""docs/DEPLOYING.md: every command of it exists, and is run as printed as far as the local AWS goes."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore import xform_name

from local import stack as local_stack
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.alarms import test_pages as pages

pytestmark = pytest.mark.stack

PAGE = (ROOT / "docs/DEPLOYING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ALL = [words for block in BLOCKS for words in pages.commands(block)]
AWS = [words[1:] for words in ALL if words[0] == "aws"]
#: What the local AWS does not have.
ELSEWHERE = {("service-quotas", "request-service-quota-increase")}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deploying")


@pytest.fixture(scope="module")
def own(directory: Path) -> Iterator[RunningStack]:
    try:
        yield RunningStack(local_stack.up(Settings(directory)))
    finally:
        local_stack.down(Settings(directory))


def value_of(shape: Any, words: list[str]) -> Any:
    """What the AWS command line makes of the words after an option: JSON, a file, or Key=value,..."""
    text = words[0] if words else ""
    if text.startswith("file://"):
        text = (ROOT / text.removeprefix("file://")).read_text(encoding="utf-8")
        return text if shape.type_name == "string" else json.loads(text)
    if shape.type_name == "list":
        return [value_of(shape.member, [each]) for each in words]
    if shape.type_name == "structure":
        pairs = dict(each.split("=", 1) for each in text.split(","))
        return {
            name: {} if value == "{}" else value_of(shape.members[name], [value])
            for name, value in pairs.items()
        }
    kinds: dict[str, Any] = {
        "boolean": lambda given: given == "true", "integer": int, "double": float, "float": float,
    }  # fmt: skip
    return kinds.get(shape.type_name, str)(text)


def request(words: list[str], known: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    """Service, operation and parameters of a command of the AWS command line."""
    service, operation, *rest = words
    make: Any = boto3.Session(region_name="us-east-1").client
    model = make(service).meta.service_model
    name = next(each for each in model.operation_names if xform_name(each, "-") == operation)
    shape = model.operation_model(name).input_shape
    options = {"--" + xform_name(each, "-"): each for each in (shape.members if shape else {})}
    given: dict[str, list[str]] = {}
    for written in rest:
        word = written
        for variable, value in known.items():
            word = word.replace(f"${variable}", value)
        if word.startswith("--"):
            given[options[word]] = []
        else:
            given[list(given)[-1]].append(word)
    members = shape.members if shape else {}
    return service, xform_name(name), {each: value_of(members[each], found) for each, found in given.items()}


@pytest.mark.parametrize("words", ALL, ids=[" ".join(words)[:70] for words in ALL])
def test_every_command_exists(words: list[str]) -> None:
    if words[0] != "git":
        pages.KNOWN[words[0]](words[1:])


def test_the_local_aws_takes_the_place_of_an_account(own: RunningStack, directory: Path) -> None:
    """`eval "$(.venv/bin/python -m local env)"`, as the page has it."""
    assert 'eval "$(.venv/bin/python -m local env)"' in PAGE
    told = subprocess.run(
        [sys.executable, "-m", "local", "env"], cwd=ROOT, env={**os.environ, "LOCAL_DIR": str(directory)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
    shell = 'eval "$1"; ' + "; ".join(f'printf "%s\\n" "${name}"' for name in names)
    read = subprocess.run(
        ["sh", "-c", shell, "sh", told.stdout], capture_output=True, text=True, check=True, env={}
    )
    endpoint, region, key, secret = read.stdout.splitlines()
    sts = boto3.client(
        "sts", endpoint_url=endpoint, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret
    )
    assert sts.get_caller_identity()["Arn"] == own.client("sts").get_caller_identity()["Arn"]


def test_the_aws_commands_are_run_as_printed(own: RunningStack) -> None:
    (api,) = own.client("apigateway").get_rest_apis()["items"]
    known, ran = {"API": api["id"]}, 0
    here = {"111122223333": "000000000000", "eu-central-1": "us-east-1", "/prod": "/local"}
    for printed in AWS:
        words = list(printed)
        for there, instead in here.items():
            words = [each.replace(there, instead) for each in words]
        service, operation, given = request(words, known)
        if given.get("stage"):
            given["stage"] = "local"
        if (service, printed[1]) in ELSEWHERE:
            continue
        answer = getattr(own.client(service), operation)(**given)
        ran += 1
        known["CERTIFICATE"] = answer.get("CertificateArn", known.get("CERTIFICATE", ""))
        known["ACL"] = answer.get("Summary", {}).get("ARN", known.get("ACL", ""))
    assert ran == len(AWS) - len(ELSEWHERE) >= 12
    attached = own.client("iam").list_attached_role_policies(RoleName="ci-expunge-prod")["AttachedPolicies"]
    assert sorted(each["PolicyName"] for each in attached) == [
        "expunge-prod-deployer",
        "expunge-prod-deployer-evidence",
        "expunge-prod-deployer-watch",
    ]
    mapping = own.client("apigateway").get_base_path_mappings(domainName="erase.example.com")["items"]
    assert [(each["restApiId"], each["stage"]) for each in mapping] == [(api["id"], "local")]


def test_from_keys_to_the_first_deletion_as_printed(own: RunningStack, directory: Path) -> None:
    """The org is connected already: `expunge setup` has tests of its own."""
    own.client("secretsmanager").put_secret_value(SecretId=own["sources_secret"], SecretString="{}")
    section = PAGE.partition("## Connect an org, and delete\n")[2].partition("\n## ")[0]
    printed = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[0].splitlines()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    key, said = "", ""
    for line in printed[1:]:
        words = shlex.split(line.replace(" --stage prod", ""))[1:]
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=300, check=False,
            env={**kept, "LOCAL_DIR": str(directory), **({"EXPUNGE_KEY": key} if key else {})},
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == 0, (line, said)
        if words[:2] == ["keys", "new"]:
            key = re.findall(r"whsec_\S+", said)[0]
    assert "del_" in said
    left = requests.get(f"{own['zoho_url']}/_sim/state", timeout=120).json()["records"]["Leads"]
    assert "410405000002264040" not in json.dumps(left)
