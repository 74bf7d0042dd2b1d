"""What keeps deletions from moving: pauses, a restored table, what is overdue, policies that fail."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.domain.deletion import Status
from chalicelib.domain.errors import NotValid, Unreadable
from chalicelib.domain.retention.policy import parse
from chalicelib.domain.retention.stored_policy import StoredPolicy
from chalicelib.service.engine.watchdog import OVERDUE_SECONDS
from cli.checks import senders, zoho
from cli.checks.look import Look, Seen

#: As many overdue deletions are looked for, and a policy may be late by so much (seconds).
MOST = 50
LATE = 900.0
_BAD_RUNS = frozenset({Status.FAILED, Status.REFUSED, Status.NEEDS_ATTENTION})


def _orgs(look: Look) -> list[str]:
    """Every org that has a secret or is named by a source."""
    named = {org for source in senders.read_sources(look).values() for org in source.orgs}
    return sorted(named | set(zoho.names(look)))


def pauses(look: Look) -> Seen:
    """Pauses of operators, and the pause after a restore."""
    ledger, seen = look.ledger(), Seen()
    for org in (None, *_orgs(look)):
        pause = ledger.pause(org)
        if pause.paused:
            whose = f"org {org}" if org else "every org"
            who = f" by {pause.set_by.rpartition('/')[2]}" if pause.set_by else ""
            option = f" --org {org}" if org else ""
            seen.fault(
                f"{whose} is paused{who}: {pause.reason or 'no reason given'}",
                f"when the reason is gone: expunge resume{option}{look.option}",
            )
    epoch, kept = ledger.epoch, ledger.kept_epoch()
    if kept != epoch:
        seen.fault(
            f"the table was restored (epoch {kept}, the stage's is {epoch}): nothing is sent to Zoho",
            f"expunge recover pending{look.option}, then expunge recover release{look.option}:"
            " docs/OPERATIONS.md",
        )
    seen.detail = "none" if not seen.faults else f"{len(seen.faults)}"
    return seen


def overdue(look: Look) -> Seen:
    """Deletions that have been due for long and that nobody takes."""
    late = look.ledger().due(look.now - OVERDUE_SECONDS, MOST)
    seen = Seen(f"{len(late)}{' or more' if len(late) == MOST else ''} overdue")
    if late:
        seen.fault(
            f"{seen.detail}: due for over {OVERDUE_SECONDS / 60:.0f} minutes, first {late[0]}",
            f"look at the errors of {look.part('work')} and {look.part('poll')} in their logs:"
            f" {look.aws('logs tail /aws/lambda/' + look.part('poll'))}",
        )
    return seen


def policies(look: Look) -> Seen:
    """Retention policies: readable, on time, and their newest runs good."""
    seen, count = Seen(), 0
    store = look.policies()
    for org in _orgs(look):
        for kept in store.policies(org):
            count += 1
            _policy(look, seen, kept)
    seen.detail = f"{count} policies"
    return seen


def _policy(look: Look, seen: Seen, kept: StoredPolicy) -> None:
    name = f"policy {kept.org}/{kept.name}"
    fix = f"fix its file and run expunge policies apply FILE{look.option}"
    try:
        parse(dict(kept.document), name=kept.name, org=kept.org)
    except NotValid as problem:
        wrong = "; ".join(f"{each.path} {each.problem}" for each in problem.fields[:3])
        seen.fault(f"{name} is broken and does not run: {wrong}", fix)
        return
    if kept.next_at is not None and kept.next_at < look.now - LATE:
        at = datetime.fromtimestamp(kept.next_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        seen.fault(
            f"{name} was due at {at} and did not run",
            f"look at the logs of {look.part('retention')} and at its schedule",
        )
    _last_run(look, seen, kept, name)


def _last_run(look: Look, seen: Seen, kept: StoredPolicy, name: str) -> None:
    if kept.last is None:
        return
    try:
        ran = look.ledger().get(kept.last.deletion_id)
    except Unreadable:
        return
    if ran is None or ran.status not in _BAD_RUNS:
        return
    codes = ", ".join(problem.code for problem in ran.problems) or "no code"
    seen.fault(
        f"the newest run of {name} is {ran.status.value} ({codes}): {ran.id}",
        f"docs/ERRORS.md tells what each code means; then"
        f" expunge policies run {kept.name} --org {kept.org} --dry-run{look.option}",
    )
