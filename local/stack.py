"""One local stack, up and down: whole, or nothing of it left running."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import filling, ministack, package, record, s3, zoho
from local.change_sets import Change
from local.clients import TIMEOUTS, Local
from local.cloudformation import Deployer
from local.failure import Failure
from local.processes import end
from local.say import step
from local.settings import REGION, STAGE, Settings
from local.template import localised

STACK = "expunge-local"
RECURSIVE = ("WorkFunction", "PollFunction")


def up(settings: Settings) -> dict[str, Any]:
    """Starts everything and writes stack.json; returns what it says.

    Raises Failure, with nothing left running, where a part of it does not start.
    """
    with record.alone(settings):
        if any(p.alive for p in record.processes(settings).values()):
            raise Failure(f"a local stack is running in {settings.directory} already: make down ends it")
        record.forget(settings)
        try:
            return _start(settings)
        except (BotoCoreError, ClientError) as error:
            _stop(settings)
            raise Failure(f"the local AWS refused: {error}") from error
        except BaseException:  # Ctrl-C too leaves nothing running
            _stop(settings)
            raise


def down(settings: Settings) -> bool:
    """Ends what was started in this directory, and nothing else. False where nothing was."""
    if not settings.directory.exists():
        return False
    with record.alone(settings):
        found = bool(record.processes(settings))
        _stop(settings)
        return found


def redeploy(settings: Settings, stack: dict[str, Any]) -> None:
    """Packages and deploys anew to the running stack that `stack` (stack.json) describes."""
    keys = stack["credentials"]
    aws = Local(stack["endpoint_url"], keys["access_key_id"], keys["secret_access_key"])
    _deploy(settings, aws)


def _start(settings: Settings) -> dict[str, Any]:
    with step("Zoho"):
        noted = partial(record.remember, settings, "simulator")
        given = settings.zoho_url
        zoho_url = (
            zoho.given(given)
            if given
            else zoho.simulator(settings.directory, noted, company=settings.company)
        )
    with step("local AWS"):
        noted = partial(record.remember, settings, "ministack")
        root = ministack.launch(settings.directory, settings.port, noted)
        aws, approver = ministack.admin(root), ministack.user(root, ministack.APPROVER)
    outputs = _deploy(settings, aws)
    with step("secrets and events queue"):
        sources, credentials = outputs["SourcesSecretName"], outputs["ZohoSecretName"]
        held = filling.sources()
        versions = filling.fill(aws, {sources: held, credentials: filling.zoho(zoho_url)})
        filling.tell(aws, outputs["TableName"], held, versions[sources])
        events = filling.events_queue(aws, outputs["TopicArn"])
    stack = _describe(aws, outputs, events, zoho_url)
    record.describe(settings, stack, approver=_describe(approver, outputs, events, zoho_url))
    return stack


def _deploy(settings: Settings, aws: Local) -> dict[str, str]:
    with step("package"):
        packaged = package.build(STAGE)
    deployer = Deployer(aws.session(), endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    with step("deployment"):
        done = deployer.deploy(
            stack=STACK,
            package=packaged,
            template=localised(packaged.template(), settings.overrides),
            parameters={"Stage": STAGE, "PublicUrl": _api_url(aws, "{apiId}", "{stage}")},
            bucket=None,
            approve=_anything,
        )
        outputs = done.outputs
        _allow_recursion(aws, outputs)
        _keep_data(aws, outputs["TableName"])
        _lock_objects(aws, outputs["EvidenceBucketName"])
    return outputs


def _anything(_changes: list[Change]) -> bool:
    """The local stack is nobody's data: every change may be applied."""
    return True


def _allow_recursion(aws: Local, outputs: dict[str, str]) -> None:
    """The local CloudFormation overlooks the template's RecursiveLoop, so it is set once more by hand."""
    client = aws.session().client("lambda", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    for name in RECURSIVE:
        client.put_function_recursion_config(FunctionName=outputs[name], RecursiveLoop="Allow")


def _keep_data(aws: Local, table: str) -> None:
    """It overlooks the table's recovery and time to live too."""
    client = aws.session().client("dynamodb", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    client.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    found = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if found.get("TimeToLiveStatus") != "ENABLED":
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
        )


def _lock_objects(aws: Local, bucket: str) -> None:
    """And the bucket's ObjectLockEnabled."""
    make: Any = aws.session().client
    s3.owned(partial(make, endpoint_url=aws.endpoint_url, config=TIMEOUTS)).put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
    )


def _stop(settings: Settings) -> None:
    for process in reversed(record.processes(settings).values()):
        end(process)
    record.forget(settings)
    shutil.rmtree(settings.directory / "tmp", ignore_errors=True)


def _api_url(aws: Local, api_id: str, stage: str) -> str:
    return f"{aws.endpoint_url}/_aws/execute-api/{api_id}/{stage}/"


def _describe(aws: Local, outputs: dict[str, str], events_queue_url: str, zoho_url: str) -> dict[str, Any]:
    """stack.json, as the public contract has it."""
    functions = ("Api", "Work", "Poll", "Retention", "Evidence")
    return {
        "endpoint_url": aws.endpoint_url,
        "region": REGION,
        "stage": STAGE,
        "api_url": _api_url(aws, outputs["RestAPIId"], STAGE),
        "table_name": outputs["TableName"],
        "topic_arn": outputs["TopicArn"],
        "work_queue_url": outputs["WorkQueueUrl"],
        "dead_letter_queue_url": outputs["DeadLetterQueueUrl"],
        "events_queue_url": events_queue_url,
        "evidence_bucket": outputs["EvidenceBucketName"],
        "evidence_key_id": outputs["EvidenceKeyId"],
        "functions": {name.lower(): outputs[name + "Function"] for name in functions},
        "credentials": {"access_key_id": aws.access_key_id, "secret_access_key": aws.secret_access_key},
        "sources_secret": outputs["SourcesSecretName"],
        "zoho_secret": outputs["ZohoSecretName"],
        "zoho_url": zoho_url,
    }
