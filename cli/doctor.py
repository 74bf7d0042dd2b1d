"""`expunge doctor`: is everything of a stage as it should be? It looks, and changes nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from cli.checks import changes, evidence, limits, moving, senders, store, work, zoho
from cli.checks.check import Check, CheckContext, CheckResult, Fault, run_check
from cli.operating.render import many
from cli.options import options
from cli.output import raw, say
from cli.table import WIDTH, table
from cli.target import Refused, find

CHECKS: tuple[tuple[str, Check], ...] = (
    ("account", store.account),
    ("stack", store.stack),
    ("table", store.table),
    ("queues", moving.queues),
    ("topic", moving.topic),
    ("functions", moving.functions),
    ("limits", limits.limits),
    ("consumer", moving.consumer),
    ("schedules", moving.schedules),
    ("sources", senders.sources),
    ("changes", changes.changes),
    ("links", senders.links),
    ("zoho", zoho.orgs),
    ("pauses", work.pauses),
    ("overdue", work.overdue),
    ("policies", work.policies),
    ("evidence", evidence.evidence),
)
#: Where nothing of these is there, there is nothing more to look at.
_FIRST = frozenset({"account", "stack"})


@dataclass(frozen=True, slots=True)
class Report:
    """One check's result. `blind`: why it could not look; empty where it could."""

    name: str
    result: CheckResult
    blind: str

    @property
    def state(self) -> str:
        """Good, bad, or not known."""
        return "?" if self.blind else "fault" if self.result.faults else "ok"


def examine(context: CheckContext) -> list[Report]:
    """Every check in turn; only the first ones where they show that there is no such stage."""
    found = []
    for name, check in CHECKS:
        result, blind = run_check(check, context)
        if name == "account" and blind:
            result.notes.append(Fault("AWS cannot be asked with these credentials", _access(context)))
        found.append(Report(name, result, blind))
        if name in _FIRST and (blind or result.detail == "not there"):
            break
    return found


def _access(context: CheckContext) -> str:
    if context.local:
        return "make status tells whether the local stack runs; make down, then make up starts it anew"
    return "set AWS_PROFILE and AWS_REGION, or run aws sso login; aws sts get-caller-identity must work"


EXAMPLES = """\b
Example:
  expunge doctor --stage prod

Exit codes: 0 all is well; 3 something is wrong, and the fix is named; 1 not
everything could be looked at."""


@click.command(epilog=EXAMPLES)
@click.option("--no-zoho", is_flag=True, help="Do not ask Zoho: no credits, no access token.")
@options
def doctor(stage: str | None, as_json: bool, no_zoho: bool) -> None:
    """Look for what is wrong, and say how to fix it.

    Nothing is deleted or changed. Zoho is asked with the access token that the service shares; only where
    there is none, one of the ten is taken that Zoho gives in ten minutes.
    """
    target = find(stage, as_json=as_json)
    reports = examine(CheckContext(target, time.time(), ask_zoho=not no_zoho))
    faults = sum(len(each.result.faults) for each in reports)
    blind = any(each.blind for each in reports)
    if as_json:
        target.say(_document(target.stage, reports))
    else:
        _show(target.stage, reports, faults, blind=blind)
    if faults:
        raise click.exceptions.Exit(Refused.exit_code)
    if blind:
        raise click.exceptions.Exit(1)


def _document(stage: str, reports: list[Report]) -> dict[str, Any]:
    checks = [{"check": r.name, "state": r.state, "detail": r.blind or r.result.detail} for r in reports]
    found = [{"check": r.name, **asdict(fault)} for r in reports for fault in r.result.faults]
    notes = [{"check": r.name, **asdict(note)} for r in reports for note in r.result.notes]
    well = all(r.state == "ok" for r in reports)
    return {"stage": stage, "ok": well, "checks": checks, "findings": found, "notes": notes}


def _show(stage: str, reports: list[Report], faults: int, *, blind: bool) -> None:
    """A table of the checks, then each problem with its fix; plain where nobody looks at a screen."""
    if sys.stdout.isatty():
        console = Console(file=raw(sys.stdout), width=WIDTH, highlight=False, markup=False)
        for line in listed(reports):
            console.print(_coloured(line, max(len(each.name) for each in reports)))
    else:
        say(*listed(reports))
    for each in reports:
        for fault in each.result.faults:
            _tell("!", each.name, fault)
        for note in each.result.notes:
            _tell("-", each.name, note)
    end = many(faults, "fault") if faults else "no fault in what could be looked at" if blind else "all well"
    say("", f"{stage}: {end}{'; not everything could be looked at' if blind else ''}")


def listed(reports: Sequence[Report]) -> list[str]:
    """The checks as a table."""
    rows = [(each.name, each.state, each.blind or each.result.detail) for each in reports]
    return table(("check", "state", "what was found"), rows)


def _coloured(line: str, longest: int) -> Text:
    """A line of the table with its state, which stands behind the longest name, in its colour."""
    text, state = Text(line), line[longest:].split()[:1]
    style = {"ok": "green", "fault": "bold red", "?": "yellow"}.get("".join(state))
    if style and line[:1].strip():
        at = line.index(state[0], longest)
        text.stylize(style, at, at + len(state[0]))
    return text


def _tell(mark: str, name: str, fault: Fault) -> None:
    """A problem within 80 columns; its fix on lines of its own, a command unbroken, to be copied."""
    say("", *wrap(f"{mark} {name}: {fault.what}", WIDTH, subsequent_indent="  "))
    words, _, command = fault.mend.rpartition(": aws ") if ": aws " in fault.mend else ("", "", "")
    if fault.mend.startswith(("aws ", "expunge ", "make ")):
        say(f"    {fault.mend}")
        return
    for line in wrap(f"{words}:" if words else fault.mend, WIDTH - 4, break_on_hyphens=False):
        say(f"    {line}")
    if command:
        say(f"    aws {command}")
