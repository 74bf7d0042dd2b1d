"""What the account leaves the stage: Lambda's concurrent executions, which new accounts have few of."""

from __future__ import annotations

from typing import Any

from cli.checks.check import CheckContext, CheckResult, Fault

#: Executions left for the api that nothing needs to be said about.
_PLENTY = 20
#: AWS's code of the quota "Concurrent executions".
QUOTA = "L-B99A9384"


def limits(context: CheckContext) -> CheckResult:
    """How many executions are left for the api once the workers have taken theirs."""
    client = context.client("lambda")
    limit = client.get_account_settings()["AccountLimit"]
    total, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    kept = _reserved(client, context.part("api"))
    workers = 0 if _reserved(client, context.part("work")) else _workers(context, client) or free
    left = kept or max(free - workers - len(context.scheduled), 0)  # which run beside the workers
    result = CheckResult(f"{total} concurrent executions, {left} for the api")
    what = (
        f"the account may run {total} functions at once here, {free} of them not reserved:"
        f" {workers} workers leave {left} for the api"
    )
    words = f"service-quotas request-service-quota-increase --service-code lambda --quota-code {QUOTA}"
    mend = f"ask AWS for more, which takes a day or so: {context.aws(f'{words} --desired-value 1000')}"
    if left < 1:
        result.fault(f"{what}, and senders get 503 while they work", mend)
    elif left < _PLENTY:
        result.notes.append(Fault(what, mend))
    return result


def _reserved(client: Any, function: str) -> int:
    return int(client.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions", 0))


def _workers(context: CheckContext, client: Any) -> int:
    """How many workers the queue may start at once; 0 where nothing bounds them."""
    name = context.part("work")
    listed = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    return sum(each.get("ScalingConfig", {}).get("MaximumConcurrency", 0) for each in listed)
