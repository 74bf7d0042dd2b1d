"""What keeps deletions from moving: pauses, a restored table, what is overdue, policies that fail."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.domain.errors import NotValid, Unreadable
from chalicelib.domain.retention.policy import parse
from chalicelib.domain.retention.stored_policy import StoredPolicy
from chalicelib.domain.status import Status
from chalicelib.service.engine.watchdog import OVERDUE_SECONDS
from cli.checks import senders, zoho
from cli.checks.check import CheckContext, CheckResult
from cli.operating.render import many

#: As many overdue deletions are looked for, and a policy may be late by so much (seconds).
MOST = 50
LATE = 900.0
_BAD_RUNS = frozenset({Status.FAILED, Status.REFUSED, Status.NEEDS_ATTENTION})


def _orgs(context: CheckContext) -> list[str]:
    """Every org that has a secret or is named by a source."""
    named = {org for source in senders.read_sources(context).values() for org in source.orgs}
    return sorted(named | set(zoho.names(context)))


def pauses(context: CheckContext) -> CheckResult:
    """Pauses of operators (all orgs, an org, a source), and the pause after a restore."""
    ledger, result = context.ledger(), CheckResult()
    of_orgs = [(ledger.pause(org), f"org {org}", f" --org {org}") for org in _orgs(context)]
    of_sources = [
        (ledger.pause(None, name), f"source {name}", f" --source {name}") for name in senders.names(context)
    ]
    for pause, whose, option in ((ledger.pause(None), "every org", ""), *of_orgs, *of_sources):
        if pause.paused:
            who = f" by {pause.set_by.rpartition('/')[2]}" if pause.set_by else ""
            result.fault(
                f"{whose} is paused{who}: {pause.reason or 'no reason given'}",
                f"when the reason is gone: expunge resume{option}{context.option}",
            )
    epoch, kept = ledger.epoch, ledger.kept_epoch()
    if kept != epoch:
        result.fault(
            f"the table was restored (epoch {kept}, the stage's is {epoch}): nothing is sent to Zoho",
            f"expunge recover pending{context.option}, then expunge recover release{context.option}:"
            " docs/OPERATIONS.md",
        )
    result.detail = "none" if not result.faults else f"{len(result.faults)}"
    return result


def overdue(context: CheckContext) -> CheckResult:
    """Deletions that have been due for long and that nobody takes."""
    late = context.ledger().due(context.now - OVERDUE_SECONDS, MOST)
    result = CheckResult(f"{len(late)}{' or more' if len(late) == MOST else ''} overdue")
    if late:
        result.fault(
            f"{result.detail}: due for over {OVERDUE_SECONDS / 60:.0f} minutes, first {late[0]}",
            f"look at the errors of {context.part('work')} and {context.part('poll')} in their logs:"
            f" {context.aws('logs tail /aws/lambda/' + context.part('poll'))}",
        )
    return result


def policies(context: CheckContext) -> CheckResult:
    """Retention policies: readable, on time, and their newest runs good."""
    result, count = CheckResult(), 0
    store = context.policies()
    for org in _orgs(context):
        for kept in store.policies(org):
            count += 1
            _policy(context, result, kept)
    result.detail = many(count, "policy", "policies")
    return result


def _policy(context: CheckContext, result: CheckResult, kept: StoredPolicy) -> None:
    name = f"policy {kept.org}/{kept.name}"
    fix = f"fix its file and run expunge policies apply FILE{context.option}"
    try:
        parse(dict(kept.document), name=kept.name, org=kept.org)
    except NotValid as problem:
        wrong = "; ".join(f"{each.path} {each.problem}" for each in problem.fields[:3])
        result.fault(f"{name} is broken and does not run: {wrong}", fix)
        return
    if kept.next_at is not None and kept.next_at < context.now - LATE:
        at = datetime.fromtimestamp(kept.next_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        result.fault(
            f"{name} was due at {at} and did not run",
            f"look at the logs of {context.part('retention')} and at its schedule",
        )
    _last_run(context, result, kept, name)


def _last_run(context: CheckContext, result: CheckResult, kept: StoredPolicy, name: str) -> None:
    if kept.last is None:
        return
    try:
        ran = context.ledger().get(kept.last.deletion_id)
    except Unreadable:
        return
    if ran is None or ran.status not in _BAD_RUNS:
        return
    codes = ", ".join(problem.code for problem in ran.problems) or "no code"
    result.fault(
        f"the newest run of {name} is {ran.status.value} ({codes}): {ran.id}",
        f"docs/ERRORS.md tells what each code means; then"
        f" expunge policies run {kept.name} --org {kept.org} --dry-run{context.option}",
    )
