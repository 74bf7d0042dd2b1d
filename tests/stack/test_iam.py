"""The policies of docs/iam on the local IAM: who has one can do their work with it, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import ministack, record
from local import stack as local_stack
from local.clients import TIMEOUTS, Local
from local.processes import Started, end
from local.running import RunningStack
from local.settings import REGION, ROOT, Settings
from tests.stack.account import Account

pytestmark = pytest.mark.stack

#: The local IAM reads a function's concurrency as the right to change it, and names rules with their bus.
EMULATED = (
    ('"lambda:GetFunctionConcurrency"', '"lambda:PutFunctionConcurrency"'),
    (":rule/", ":rule/default/"),
)
LEAD = {"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040"]}


def policy(name: str, stage: str) -> str:
    """The policy as somebody copies it: with this account, region and stage in the place of the page's."""
    text = (ROOT / f"docs/iam/{name}.json").read_text(encoding="utf-8")
    for there, here in (
        ("111122223333", "000000000000"), ("eu-central-1", REGION), ("expunge-prod", f"expunge-{stage}"),
        ("expunge/prod/", f"expunge/{stage}/"), ("*/prod/", f"*/{stage}/"),
    ):  # fmt: skip
        assert there in text or name.startswith("deployer"), there
        text = text.replace(there, here)
    for real, emulated in EMULATED:
        text = text.replace(real, emulated)
    return text


def someone(aws: Local, name: str, stage: str) -> Local:
    """A new user with this policy and nothing else."""
    iam = aws.session().client("iam", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    iam.create_user(UserName=name)
    more = ["deployer-evidence", "deployer-watch"] if name == "deployer" else []
    for one in (name, *more):
        iam.put_user_policy(UserName=name, PolicyName=one, PolicyDocument=policy(one, stage))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return replace(aws, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


def client(aws: Local, service: str) -> Any:
    make: Any = aws.session().client
    return make(service, endpoint_url=aws.endpoint_url, config=TIMEOUTS)


def refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in (
            "AccessDenied",
            "AccessDeniedException",
            "AccessDeniedError",
        )
    return False


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    settings = Settings(tmp_path_factory.mktemp("iam"))
    try:
        yield RunningStack(local_stack.up(settings))
    finally:
        local_stack.down(settings)


class Person:
    """Somebody at a terminal, with their own keys to the stack."""

    def __init__(self, own: RunningStack, name: str, directory: Path) -> None:
        self.aws = someone(own.aws, name, "local")
        keys = {"access_key_id": self.aws.access_key_id, "secret_access_key": self.aws.secret_access_key}
        directory.mkdir(parents=True, exist_ok=True)
        record.describe(Settings(directory), {**own.described, "credentials": keys})
        self._directory = directory

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run(
            [sys.executable, *command], cwd=ROOT, env={**kept, "LOCAL_DIR": str(self._directory)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def expunge(self, *words: str, code: int = 0) -> str:
        done = self.run("-m", "cli", *words)
        assert done.returncode == code, (words, done.stdout + done.stderr)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def operator(own: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Person:
    return Person(own, "operator", tmp_path_factory.mktemp("operator"))


@pytest.fixture(scope="module")
def auditor(own: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Person:
    return Person(own, "auditor", tmp_path_factory.mktemp("auditor"))


def test_an_operator_can_do_an_operators_work(own: RunningStack, operator: Person) -> None:
    assert "all well" in operator.expunge("doctor", "--no-zoho")
    operator.expunge("pause", "--reason", "trial")
    deletion = own.send(LEAD).json()["id"]
    assert deletion in operator.expunge("list", "--all")
    operator.expunge("show", deletion)
    operator.expunge("cancel", deletion)
    operator.expunge("resume")
    operator.expunge("holds", "set", "Leads", "77", "--reason", "court", "--force")
    operator.expunge("keys", "new", "erp", "--module", "Leads")
    operator.expunge("keys", "rotate", "erp")
    operator.expunge("keys", "revoke", "erp", "--now")
    operator.expunge("redrive", "--dry-run")
    assert "deletions" in operator.expunge("recover", "pending")
    operator.expunge("recover", "release")
    smoke = operator.run("-m", "local", "smoke")
    assert smoke.returncode == 0, smoke.stderr


def test_an_operator_can_neither_deploy_nor_delete_data(operator: Person) -> None:
    aws = operator.aws
    table, functions = client(aws, "dynamodb"), client(aws, "lambda")
    assert refused(lambda: table.delete_table(TableName="expunge-local"))
    assert refused(
        lambda: table.put_item(TableName="expunge-local", Item={"pk": {"S": "x"}, "sk": {"S": "x"}})
    )
    assert refused(lambda: functions.update_function_code(FunctionName="expunge-local-work", ZipFile=b"x"))
    assert refused(lambda: client(aws, "iam").list_users())
    assert refused(lambda: client(aws, "secretsmanager").delete_secret(SecretId="expunge/local/links"))
    assert refused(lambda: client(aws, "sqs").create_queue(QueueName="expunge-local-other"))


def test_an_auditor_sees_what_happened_and_changes_nothing(own: RunningStack, auditor: Person) -> None:
    deletion = own.send(LEAD).json()["id"]
    assert deletion in auditor.expunge("list", "--all")
    auditor.expunge("show", deletion)
    auditor.expunge("policies", "list")
    looked = auditor.expunge("doctor", "--no-zoho", "--json", code=1)
    states = {each["check"]: each["state"] for each in json.loads(looked)["checks"]}
    hidden = {name for name, state in states.items() if state == "?"}
    assert hidden == {"sources", "changes", "links", "zoho", "pauses", "policies"}, looked
    for words in (
        ["cancel", deletion],
        ["pause"],
        ["resume"],
        ["holds", "set", "Leads", "7", "--reason", "x", "--force"],
    ):
        assert "HTTP 403" in auditor.expunge(*words, code=1)
    secrets = client(auditor.aws, "secretsmanager")
    assert refused(lambda: secrets.get_secret_value(SecretId="expunge/local/sources"))
    assert refused(lambda: secrets.put_secret_value(SecretId="expunge/local/sources", SecretString="{}"))
    queue = {"QueueUrl": own["work_queue_url"]}
    assert refused(lambda: client(auditor.aws, "sqs").receive_message(**queue))


@pytest.fixture(scope="module")
def deployer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Account, Account]]:
    """An account with nothing in it, as its administrator and as the deployer of stage dev see it."""
    started: list[Started] = []
    try:
        root = ministack.launch(tmp_path_factory.mktemp("account"), None, started.append)
        admin = ministack.admin(root)
        yield Account(admin), Account(someone(admin, "deployer", "dev"))
    finally:
        for each in started:
            end(each)


def test_a_deployer_deploys_one_stage_and_reads_nothing(deployer: tuple[Account, Account]) -> None:
    admin, account = deployer
    shown = account.run("deploy", "dev")
    assert "nobody to ask whether to apply these changes" in shown.stderr
    for parameters in ("CustomerKey=true", "CustomerKey=false"):
        done = account.run("deploy", "dev", "--yes", PARAMETERS=parameters)
        assert done.returncode == 0, done.stderr
        admin.client("secretsmanager").create_secret(Name=f"expunge/dev/zoho/{parameters[-4:]}")
    done = account.run("deploy", "dev", "--yes", "--repair", PARAMETERS="CustomerKey=true")
    assert done.returncode == 0, done.stderr
    other = account.run("deploy", "prod", "--yes")
    assert (other.returncode, "AccessDenied" in other.stderr) == (1, True)
    gone = account.run("destroy", "dev", "--delete-data", CONFIRM="dev")
    assert gone.returncode == 1
    assert "expunge-dev" in admin.client("dynamodb").list_tables()["TableNames"]
    aws = account.aws
    assert refused(lambda: client(aws, "secretsmanager").get_secret_value(SecretId="expunge/dev/links"))
    assert refused(lambda: client(aws, "dynamodb").scan(TableName="expunge-dev"))
    assert refused(lambda: client(aws, "iam").list_users())
