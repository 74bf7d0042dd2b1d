"""The accept path, warm, inside the real worker: the api function beside a bare route with one put.

The same route with one call more is measured beside them: limits over time are counted by a call of their own
before the transaction (docs/adr/0011-limits-over-time.md says why), so what that call costs here is added to
what the path has to reach. All are deployed to the local AWS with the same wrapper and the same rights.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import cold_start
from benchmarks.results import Row, at_most, median, percentile
from local.running import RunningStack

TIMED = Path(__file__).with_name("timed") / "timed.py"
#: Without limits over time the path may take so many times as long as the bare route. With them the cost of
#: one call more is added; as long as the second it may take whatever that costs.
MOST, MOST_COUNTED = 2.5, 2.7
CONTENDERS = ("bare", "counted", "api")
WARM_UP = 5
MEMORY = 1024


def rows(running: RunningStack, directory: Path, rounds: int, runs: int) -> Iterator[Row]:
    """p50 and p99 of `runs` requests each, taken in turns; medians of `rounds` with new workers for each.

    One process is some percent faster than another with the same code for as long as it lives.
    """
    contenders = cold_start.contenders(running, directory)
    found = []
    for number in range(rounds):
        names = {name: _deploy(running, contenders[name], number) for name in CONTENDERS}
        found.append(_round(running, names, runs))
    yield from _told(found)


def _round(running: RunningStack, names: dict[str, str], runs: int) -> dict[str, list[float]]:
    """Milliseconds by contender."""
    times: dict[str, list[float]] = {name: [] for name in names}
    for n in range(runs + WARM_UP):
        signed = cold_start.signed_event(running)
        bare = cold_start.bare_event(signed)
        for name, event in (("bare", bare), ("counted", bare), ("api", signed)):
            seconds = _invoke(running, names[name], event)
            if n >= WARM_UP:
                times[name].append(1000 * seconds)
    return times


def _told(rounds: list[dict[str, list[float]]]) -> Iterator[Row]:
    ratios = sorted(_ratio(times, "api") for times in rounds)
    one_call = median([_ratio(times, "counted") - 1 for times in rounds])
    every = {name: [one for times in rounds for one in times[name]] for name in CONTENDERS}
    p50 = {name: median(each) for name, each in every.items()}
    p99 = {name: percentile(each, 0.99) for name, each in every.items()}
    against = f"a bare route, one put: {p50['bare']:.1f} ms, and one call more: {p50['counted']:.1f} ms"
    against += f", here {p50['api']:.1f} ms"
    facts = {"p50": p50, "p99": p99, "rounds": [round(each, 3) for each in ratios], "one_call": one_call}
    most = max(MOST_COUNTED, MOST + one_call)
    what = "accept 10 ids, warm, in the worker: p50"
    yield at_most(what, median(ratios), most, unit=" x", against=against, **facts)
    tail = f"a bare route: {p99['bare']:.1f} ms, here {p99['api']:.1f} ms"
    yield Row(
        "accept 10 ids, warm, in the worker: p99", f"{p99['api'] / p99['bare']:.2f} x", tail, "-", holds=True
    )


def _ratio(times: dict[str, list[float]], name: str) -> float:
    return median(times[name]) / median(times["bare"])


def _deploy(running: RunningStack, contender: cold_start.Contender, number: int) -> str:
    """A function of its own with the contender's code behind the wrapper; returns its name."""
    lambdas = running.client("lambda")
    name = f"bench-{contender.name}-{number}"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(contender.task.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(contender.task))
        archive.write(TIMED, TIMED.name)
    settings = lambdas.get_function_configuration(FunctionName=running["functions"]["api"])
    variables = {k: v for k, v in contender.environment.items() if not k.startswith("AWS_")}
    lambdas.create_function(
        FunctionName=name,
        Runtime=settings["Runtime"],
        Role=_role(running),
        Handler="timed.handler",
        Code={"ZipFile": made.getvalue()},
        MemorySize=MEMORY,
        Timeout=30,
        Environment={"Variables": {**variables, "TIMED_HANDLER": contender.handler}},
    )
    return name


def _role(running: RunningStack) -> str:
    """A role that may do what the two handlers do; what IAM costs is the same for both."""
    iam, name = running.client("iam"), "bench"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": ["dynamodb:*", "sqs:*", "secretsmanager:*"], "Resource": "*"}
    try:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])
    except iam.exceptions.NoSuchEntityException:
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=_policy(rights))
        return str(made["Role"]["Arn"])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _invoke(running: RunningStack, name: str, event: dict[str, Any]) -> float:
    answer = running.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    told = json.loads(answer["Payload"].read())
    if told.get("answer", {}).get("statusCode") != 202:
        raise RuntimeError(f"{name}: {str(told)[:300]}")
    return float(told["seconds"])
