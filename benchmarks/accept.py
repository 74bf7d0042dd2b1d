"""The accept path, warm, inside the real worker: the api function beside a bare route with the same calls.

What a call takes is not ours, and is not the same everywhere: three calls beside one put are another ratio
on each machine. So the bare route makes the three calls of an accepted deletion with as many bytes, and
what is held to a limit is what our own code adds to them (docs/adr/0015-what-speed-is-compared-with.md).
The bare route with one put is measured beside them, for who wants to compare. All are deployed to the local
AWS with the same wrapper and the same rights.
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
#: What the path may take of what its calls take alone.
MOST = 1.3
CONTENDERS = ("bare", "calls", "api")
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
        for name, event in (("bare", bare), ("calls", bare), ("api", signed)):
            seconds = _invoke(running, names[name], event)
            if n >= WARM_UP:
                times[name].append(1000 * seconds)
    return times


def _told(rounds: list[dict[str, list[float]]]) -> Iterator[Row]:
    ratios = {name: sorted(_ratio(times, name) for times in rounds) for name in ("bare", "calls")}
    every = {name: [one for times in rounds for one in times[name]] for name in CONTENDERS}
    p50 = {name: median(each) for name, each in every.items()}
    p99 = {name: percentile(each, 0.99) for name, each in every.items()}
    against = f"a bare route with the same three calls: {p50['calls']:.1f} ms, here {p50['api']:.1f} ms"
    against += f" (one put alone: {p50['bare']:.1f} ms, {median(ratios['bare']):.2f} x)"
    facts = {"p50": p50, "p99": p99, "rounds": [round(each, 3) for each in ratios["calls"]]}
    what = "accept 10 ids, warm, in the worker: p50"
    yield at_most(what, median(ratios["calls"]), MOST, unit=" x", against=against, **facts)
    tail = f"a bare route with the same calls: {p99['calls']:.1f} ms, here {p99['api']:.1f} ms"
    yield Row(
        "accept 10 ids, warm, in the worker: p99", f"{p99['api'] / p99['calls']:.2f} x", tail, "-", holds=True
    )


def _ratio(times: dict[str, list[float]], name: str) -> float:
    """How many times as long the accept path takes as another contender of the same round."""
    return median(times["api"]) / median(times[name])


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
