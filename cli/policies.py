"""`expunge policies`: retention policies from a file, with a diff and a dry run before anything is stored."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml  # type: ignore[import-untyped]  # it has no types

from chalicelib.domain.retention.policy import Policy
from cli import asking, policy_store
from cli.ends import FINAL, Interrupted, of_statuses
from cli.http import absent, fields, good
from cli.operating import render
from cli.operator_api import OperatorApi, dry, reach
from cli.options import options, org_option
from cli.output import say
from cli.policy_file import Broken, Written, read
from cli.table import table, whole
from cli.target import Group, Refused, Target, find

APPLY = """\b
Examples:
  expunge policies apply policies.yaml --dry-run
  expunge policies apply policies.yaml --stage prod"""
LIST = "\b\nExample:\n  expunge policies list --stage prod"
RUN = "\b\nExamples:\n  expunge policies run old-leads --dry-run\n  expunge policies run old-leads"
REMOVE = "\b\nExample:\n  expunge policies remove old-leads"

#: What stands before the time of a run that somebody has ordered.
_BY_HAND = "manual-"
#: How long a dry run may take before the command no longer waits for it (seconds).
LONGEST_WAIT = 180.0


@click.group(cls=Group)
def policies() -> None:
    """Retention policies: what is deleted by itself, and when.

    docs/RETENTION.md has more.
    """


@policies.command(epilog=APPLY)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the changes and what they would delete; store nothing.")
@asking.destructive
@options
def apply(file: Path, dry_run: bool, yes: bool, stage: str | None, as_json: bool) -> None:
    """Store the policies of FILE: the new ones and the changed ones.

    Shows what changes, when each new or changed policy runs next, and how many records it would delete
    today, as Zoho says: a field or a view that is not there ends the command, with its line, before anything
    is stored. On a terminal it asks for that number. Policies that are not in FILE stay as they are.
    """
    try:
        written = read(file)
    except Broken as problem:
        raise click.UsageError("\n".join(problem.lines)) from problem
    target = find(stage, as_json=as_json)
    api = reach(target, stage)
    stored = {(each.policy.org, each.policy.name): _stored(api, each.policy) for each in written}
    changed = [each for each in written if _differs(each, stored)]
    lines = [line for each in changed for line in _diff(stored[each.policy.org, each.policy.name], each)]
    names = policy_store.names(changed)
    plans = {name: _try(api, file, each) for name, each in names.items()}
    runs = {
        name: policy_store.put(api, file, each, dry_run=True)["next_runs"] for name, each in names.items()
    }
    lines += [f"{name}: {_plan_words(plan)}; {_when(runs[name])}" for name, plan in plans.items()]
    if changed and not dry_run:
        _confirm(target, names, plans, lines, yes=yes)
        policy_store.store(api, file, names)
    words = "would be stored" if dry_run else "stored"
    lines.append(f"{len(changed)} {words}, {len(written) - len(changed)} unchanged")
    shown = {"changed": list(names), "dry_run": dry_run, "plans": plans, "next_runs": runs}
    target.say(shown, *lines)


def _stored(api: OperatorApi, policy: Policy) -> dict[str, Any] | None:
    answer = api.call("GET", f"policies/{policy.name}", {"org": policy.org})
    if absent(answer):
        return None
    found: dict[str, Any] = good(answer)["policy"]
    return found


def _differs(each: Written, stored: dict[tuple[str, str], dict[str, Any] | None]) -> bool:
    return stored[each.policy.org, each.policy.name] != each.policy.document


def _diff(before: dict[str, Any] | None, each: Written) -> list[str]:
    """What changes, as diff shows it."""
    name = f"{each.policy.org}/{each.policy.name}"
    old, new = _text(before) if before is not None else [], _text(each.policy.document)
    return list(difflib.unified_diff(old, new, f"{name} (stored)", f"{name} (file)", n=2, lineterm=""))


def _text(document: dict[str, Any]) -> list[str]:
    text: str = yaml.safe_dump(document, sort_keys=True, allow_unicode=True)
    return text.splitlines()


def _try(api: OperatorApi, file: Path, each: Written) -> dict[str, Any]:
    """What the policy would delete today. Raises Refused where Zoho does not know its view or a field."""
    body = {"dry_run": True, "policy": each.policy.document}
    path = f"policies/{each.policy.name}/run"
    answer = api.call("POST", path, {"org": each.policy.org}, body)
    if found := fields(answer):
        raise Refused("\n".join(policy_store.problems(file, each, found)))
    ended = _ended(api, good(answer)["links"]["self"])
    if ended["status"] == "failed":
        line = each.line("/selection")
        told = [f"{p['code']}: {p['meaning']} {p['what_to_do']}" for p in ended["problems"]]
        raise Refused("\n".join(f"{file}: line {line}: {each.policy.name}: {words}" for words in told))
    codes = [problem["code"] for problem in ended["problems"]]
    return {"status": ended["status"], "problems": codes, **(ended["plan"] or {})}


def _ended(api: OperatorApi, link: str) -> dict[str, Any]:
    """The dry run's document once it has ended, or as it is when the time is over."""
    limit = time.monotonic() + LONGEST_WAIT
    while True:
        shown = good(api.get(link))
        if shown["status"] in FINAL or time.monotonic() > limit:
            return shown
        time.sleep(0.5)


def _plan_words(plan: dict[str, Any]) -> str:
    if plan["status"] == "completed":
        return render.planned(plan, " today,")
    if plan["problems"] or plan["status"] in FINAL:
        return f"a run today would be {plan['status']}: {', '.join(plan['problems']) or 'no reason is known'}"
    return f"its dry run is still {plan['status']}"


def _when(runs: list[str]) -> str:
    return f"next run {render.moment(runs[0])}" if runs else "never runs by itself"


def _confirm(
    target: Target,
    changed: dict[str, Written],
    plans: dict[str, dict[str, Any]],
    lines: list[str],
    *,
    yes: bool,
) -> None:
    """Where, what changes, when each policy deletes how many; what they would delete today is asked for."""
    if asking.asks(yes=yes):
        say(*lines, err=True)
    orgs = ", ".join(sorted({each.policy.org for each in changed.values()}))
    armed = [plans[name] for name, each in changed.items() if each.policy.enabled and not each.policy.dry_run]
    what = "records would go today with the policies that change, which then run by themselves"
    asking.confirm(_sum(armed), what, yes=yes or not armed, target=target, org=orgs)


def _sum(plans: list[dict[str, Any]]) -> int | None:
    """The records of all of them; None where that of one is not known."""
    numbers = [plan.get("would_delete") for plan in plans]
    known = [each for each in numbers if isinstance(each, int)]
    return sum(known) if len(known) == len(numbers) else None


@policies.command(name="list", epilog=LIST)
@org_option()
@options
def list_policies(org: str, stage: str | None, as_json: bool) -> None:
    """Show the policies with their next and newest runs."""
    target = find(stage, as_json=as_json)
    found = good(reach(target, stage).call("GET", "policies", {"org": org}))
    lines = listed(found["policies"])
    target.say(found, *(lines if found["policies"] else [f"org {org} has no policies"]))


def listed(policies: Sequence[Mapping[str, Any]]) -> list[str]:
    """Policies, as the contract has them, as a table."""
    rows = [_row(each) for each in policies]
    below = [[f"last run: {last['deletion']}"] if (last := each["last_run"]) else [] for each in policies]
    return table(("policy", "next run", "last run"), rows, below)


def _row(shown: Mapping[str, Any]) -> tuple[str, str, str]:
    runs, last = shown["next_runs"], shown["last_run"] or {}
    never = "broken" if shown["problems"] else "never by itself"
    following = whole(render.moment(runs[0])) if runs else never
    return str(shown["policy"].get("name", "?")), following, _ran(str(last.get("run") or ""))


def _ran(run: str) -> str:
    """When a run was. One by hand is `manual-` and its time."""
    by_hand = run.startswith(_BY_HAND)
    return whole(render.moment(run.removeprefix(_BY_HAND))) + (" by hand" if by_hand else "")


@policies.command(epilog=RUN)
@click.argument("name")
@org_option()
@click.option("--dry-run", is_flag=True, help="Only tell what would go, and wait until that is known.")
@asking.destructive
@options
def run(name: str, org: str, dry_run: bool, yes: bool, stage: str | None, as_json: bool) -> None:
    """Run the policy NAME now; its next run stays as it is. On a terminal it asks for the number of records.

    The exit code of a dry run is that of expunge watch.
    """
    target = find(stage, as_json=as_json)
    api = reach(target, stage)
    if not dry_run:
        number = _counted(api, name, org) if asking.asks(yes=yes) else None
        asking.confirm(number, "records would go with this run", yes=yes, target=target, org=org)
    started = good(api.call("POST", f"policies/{name}/run", {"org": org}, {"dry_run": dry_run}))
    named = (started["id"], started["links"]["self"])
    if not dry_run:
        target.say(started, *named)
        return
    try:
        ended = _ended(api, started["links"]["self"])
    except KeyboardInterrupt as interrupt:
        raise Interrupted(f"the dry run goes on; to see how it ends: expunge watch {named[0]}") from interrupt
    codes = [problem["code"] for problem in ended["problems"]]
    plan = {"status": ended["status"], "problems": codes, **(ended["plan"] or {})}
    shown = {**started, "status": ended["status"], "plan": ended["plan"], "problems": ended["problems"]}
    target.say(shown, f"{org}/{name}: {_plan_words(plan)}", *named)
    click.get_current_context().exit(of_statuses([ended["status"]]).value)


def _counted(api: OperatorApi, name: str, org: str) -> int | None:
    """What a run would delete by now; None where a dry run does not tell."""
    tried = good(api.call("POST", f"policies/{name}/run", {"org": org}, {"dry_run": True}))
    found = (_ended(api, tried["links"]["self"])["plan"] or {}).get("would_delete")
    return found if isinstance(found, int) else None


@policies.command(epilog=REMOVE)
@click.argument("name")
@org_option()
@click.option("--dry-run", is_flag=True, help="Show the policy; keep it.")
@options
def remove(name: str, org: str, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Remove the policy NAME; a run that has begun goes on."""
    target: Target = find(stage, as_json=as_json)
    found = good(reach(target, stage).call("DELETE", f"policies/{name}", dry(dry_run, {"org": org})))
    target.say(found, f"{org}/{name} {'would be ' if dry_run else ''}removed")
