"""examples/callers/state_machine.yaml, deployed: what it sends, as whom, and what starts it.

The local Step Functions do not know `apigateway:invoke`, so what its one task says is done here: parameters
are resolved as the States Language has them, and sent with SigV4 under the policy of the machine's own role.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.running import RunningStack
from local.settings import ROOT
from tests.stack.conftest import Events, wait_for

pytestmark = pytest.mark.stack

NAME = "erasure-caller"
TEMPLATE = ROOT / "examples/callers/state_machine.yaml"
RECORD = "410405000009200001"
INPUT = {"operation": "delete_records", "module": "Leads", "ids": [RECORD], "reference": "ticket 4711"}


def api(stack: RunningStack) -> tuple[str, str]:
    """Id and stage of the local API."""
    found = re.fullmatch(r".*/execute-api/([a-z0-9]+)/([a-z]+)/", stack["api_url"])
    assert found
    return found[1], found[2]


@dataclass
class Machine:
    stack: RunningStack
    outputs: dict[str, str]

    def part(self, name: str) -> str:
        """Physical name of a resource of the template."""
        found = self.stack.client("cloudformation").describe_stack_resource(
            StackName=NAME, LogicalResourceId=name
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def task(self) -> dict[str, Any]:
        """The one state, as Step Functions holds it."""
        described = self.stack.client("stepfunctions").describe_state_machine(
            stateMachineArn=self.outputs["MachineArn"]
        )
        definition = json.loads(described["definition"])
        (state,) = definition["States"].values()
        assert definition["StartAt"] in definition["States"]
        return dict(state)

    def keys(self) -> Credentials:
        """Keys of somebody with the very policy of the machine's role."""
        iam, role = self.stack.client("iam"), self.part("MachineRole")
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        iam.create_user(UserName="machine")
        iam.put_user_policy(UserName="machine", PolicyName="same", PolicyDocument=json.dumps(policy))
        made = iam.create_access_key(UserName="machine")["AccessKey"]
        return Credentials(made["AccessKeyId"], made["SecretAccessKey"])


@pytest.fixture(scope="module")
def machine(stack: RunningStack) -> Iterator[Machine]:
    cloudformation = stack.client("cloudformation")
    api_id, stage = api(stack)
    cloudformation.create_stack(
        StackName=NAME,
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": "ApiId", "ParameterValue": api_id},
            {"ParameterKey": "Stage", "ParameterValue": stage},
        ],
    )

    def ready() -> list[dict[str, str]]:
        (found,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
        assert found["StackStatus"] in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"), found
        return found.get("Outputs", []) if found["StackStatus"] == "CREATE_COMPLETE" else []

    secrets = stack.client("secretsmanager")
    held = secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"]
    entry = {"modules": ["Leads"], "operations": ["delete_records"], "max_records": 5}
    secrets.put_secret_value(
        SecretId=stack["sources_secret"], SecretString=json.dumps({**json.loads(held), "operator": entry})
    )
    outputs = {each["OutputKey"]: each["OutputValue"] for each in wait_for(ready, what="stack")}
    yield Machine(stack, outputs)
    cloudformation.delete_stack(StackName=NAME)
    secrets.put_secret_value(SecretId=stack["sources_secret"], SecretString=held)


def resolved(value: Any, given: Any, context: dict[str, Any]) -> Any:
    """`Parameters` of the States Language: as much of it as the template uses, and no more."""
    if isinstance(value, dict):
        return {
            name.removesuffix(".$"): _path(each, given, context)
            if name.endswith(".$")
            else resolved(each, given, context)
            for name, each in value.items()
        }
    return [resolved(each, given, context) for each in value] if isinstance(value, list) else value


def _path(text: str, given: Any, context: dict[str, Any]) -> Any:
    array = re.fullmatch(r"States\.Array\((.+)\)", text)
    if array:
        return [_path(array[1], given, context)]
    start, *names = text.split(".")
    found = {"$": given, "$$": context}[start]
    for name in names:
        found = found[name]
    return found


def invoke(machine: Machine, keys: Credentials, asked: dict[str, Any]) -> requests.Response:
    """What `apigateway:invoke` does with its parameters, to the local address of the same API."""
    api_id, stage = api(machine.stack)
    assert asked.pop("ApiEndpoint") == f"{api_id}.execute-api.us-east-1.amazonaws.com"
    assert (asked.pop("AuthType"), asked.pop("Stage")) == ("IAM_ROLE", stage)
    headers = {name: ",".join(values) for name, values in asked.pop("Headers").items()}
    address = machine.stack["api_url"] + asked.pop("Path")
    method, data = str(asked.pop("Method")), json.dumps(asked.pop("RequestBody")).encode()
    request = AWSRequest(method, address, headers, data)
    assert asked == {}
    SigV4Auth(keys, "execute-api", machine.stack["region"]).add_auth(request)
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, address, data=data, headers=dict(request.headers.items()), timeout=120)


@pytest.fixture(scope="module")
def keys(machine: Machine) -> Credentials:
    return machine.keys()


def test_what_the_task_sends_is_accepted_and_a_retry_is_a_replay(
    machine: Machine, keys: Credentials, events: Events
) -> None:
    url = f"{machine.stack['zoho_url']}/_sim/records"
    requests.post(url, json={"Leads": [{"id": RECORD}]}, timeout=60).raise_for_status()
    task = machine.task()
    assert task["Resource"] == "arn:aws:states:::apigateway:invoke"
    context = {"Execution": {"Name": "erasure-4711"}}
    first = invoke(machine, keys, resolved(task["Parameters"], INPUT, context))
    assert first.status_code == 202, first.text
    selected = resolved(task["ResultSelector"], {"ResponseBody": first.json()}, context)
    assert selected == {"deletion": first.json()["id"], "status": "accepted"}
    again = invoke(machine, keys, resolved(task["Parameters"], INPUT, context))
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (selected["deletion"], "true")
    final = events.final(selected["deletion"])
    assert (final["data"]["source"], final["data"]["counts"]["deleted"]) == ("operator", 1)


def test_its_role_may_do_that_and_nothing_else(machine: Machine, keys: Credentials) -> None:
    parameters = resolved(machine.task()["Parameters"], INPUT, {"Execution": {"Name": "n"}})
    for method, path in [
        ("GET", "v1/operator/deletions"),
        ("PUT", "v1/operator/pause"),
        ("POST", "v1/operator/deletions/del_01JD0000000000000000000000/approve"),
    ]:
        asked = {**parameters, "Method": method, "Path": path}
        assert invoke(machine, keys, asked).status_code == 403, path


def test_it_tries_again_what_may_be_better_later(machine: Machine) -> None:
    (retry,) = machine.task()["Retry"]
    assert {f"ApiGateway.{status}" for status in (429, 503)} <= set(retry["ErrorEquals"])
    assert not {f"ApiGateway.{status}" for status in (400, 401, 403, 409)} & set(retry["ErrorEquals"])


def test_an_event_starts_it_with_a_request_as_input(machine: Machine) -> None:
    detail = {"ticket": '4711 "quoted"', "module": "Leads", "ids": [RECORD]}
    sent = {"Source": "erasure-desk", "DetailType": "Erasure requested", "Detail": json.dumps(detail)}
    machine.stack.client("events").put_events(Entries=[sent, {**sent, "Source": "somebody-else"}])
    steps = machine.stack.client("stepfunctions")
    arn = machine.outputs["MachineArn"]
    (run,) = wait_for(
        lambda: steps.list_executions(stateMachineArn=arn)["executions"], what="execution of the machine"
    )
    given = json.loads(steps.describe_execution(executionArn=run["executionArn"])["input"])
    assert given == {**INPUT, "reference": detail["ticket"]}
    assert re.fullmatch(r"[!-~]{1,256}", run["name"])  # it becomes the Idempotency-Key


def test_the_schedule_is_off_until_it_is_switched_on(machine: Machine) -> None:
    schedule = machine.stack.client("scheduler").get_schedule(Name=machine.part("Nightly"))
    assert schedule["State"] == "DISABLED"
    assert json.loads(schedule["Target"]["Input"])["operation"] == "mass_delete"
