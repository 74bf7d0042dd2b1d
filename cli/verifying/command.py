"""`expunge verify`: why was this captured request refused?"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.config import from_environment
from chalicelib.domain.errors import Unavailable
from chalicelib.service.ports import Delivery
from cli import sources
from cli.options import options
from cli.sources import entry
from cli.target import Refused, Target, find
from cli.target_settings import part, settings
from cli.verifying import capture
from cli.verifying.capture import Captured
from cli.verifying.examining import Report, Stage, examine
from cli.verifying.judging import Limits

_EXAMPLES = """\b
Examples:
  expunge verify request.txt            raw HTTP, as a proxy shows it
  expunge verify event.json --at 2026-11-22T18:00:00Z
  expunge verify --source erp --body-file body.json -H "webhook-id: 1" \\
      -H "webhook-timestamp: 1795382458" -H "webhook-signature: v1,..."

\b
Exit codes: 0 it would be accepted (or was: a replay); 3 it would be refused;
1 AWS is out of reach; 2 the capture or the command was not understood."""


@click.command(epilog=_EXAMPLES)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--source", help="The source it was sent to. Default: as the capture's address says.")
@click.option("--header", "-H", "headers", multiple=True, metavar="'NAME: VALUE'", help="Instead of FILE.")
@click.option(
    "--body-file", type=click.File("rb"), metavar="FILE", help="The body, instead of FILE; - reads stdin."
)
@click.option("--at", "moment", metavar="TIME", help="When it came: ISO time, or seconds since 1970.")
@options
def verify(file: Path | None, stage: str | None, as_json: bool, **given: Any) -> None:
    """Tell why a captured request was refused.

    It also says what the sender has to change. FILE holds raw HTTP (headers, an empty line, the body) or
    an event of API Gateway as JSON. The service's own checks run over it with the source's present keys;
    nothing is stored or sent, and no key is shown. Without --at it is judged for the time that its own
    timestamp says, and for now.
    """
    captured = _captured(file, given["headers"], given["body_file"])
    source = given["source"] or captured.source
    if not source:
        raise click.UsageError("which source was it sent to? give --source")
    at = _moment(given["moment"])
    target = find(stage, as_json=as_json)
    held, _ = sources.read(target)
    if given["source"]:
        entry(held, given["source"])  # a mistyped option is no finding
    looking = _Deliveries(target)
    config = from_environment(settings(target, "api"))
    limits = Limits(config.max_ids, config.token_window_seconds)
    report = examine(captured, source, Stage(held, _before(target), looking, limits), at, time.time())
    target.say(_document(report, looking.note), *_lines(report, looking.note))
    if report.verdict.status != 202:
        raise click.exceptions.Exit(Refused.exit_code)


class _Deliveries:
    """Deliveries that are kept; where the table cannot be read, none, and a note that says so."""

    def __init__(self, target: Target) -> None:
        self._table = Table(part(target), lambda: target.client("dynamodb"))
        self.note = ""

    def __call__(self, source: str, delivery: str) -> Delivery | None:
        """See judging.Find."""
        try:
            return self._table.find_delivery(source, delivery)
        except Unavailable as problem:
            self.note = f"whether it is a replay is not known: {problem.what} {problem.reason}"
            return None


def _captured(file: Path | None, headers: tuple[str, ...], body: Any) -> Captured:
    if file is not None and (headers or body is not None):
        raise click.UsageError("give FILE, or --header and --body-file, not both")
    if file is not None:
        try:
            return capture.read(file.read_bytes())
        except OSError as problem:
            raise click.UsageError(f"{file}: {problem.strerror}") from problem
    if not headers or body is None:
        raise click.UsageError("give FILE, or every --header and --body-file")
    return capture.of_parts(headers, body.read())


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        if text.isdigit():
            return float(text[:10]) if len(text) == 13 else float(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("--at: give a time such as 2026-11-22T18:00:00Z") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _before(target: Target) -> dict[str, Any]:
    """The sources as they were before the last change; empty where that is not kept or may not be read."""
    client = target.client("secretsmanager")
    try:
        found = client.get_secret_value(SecretId=target.sources_secret, VersionStage="AWSPREVIOUS")
        return sources.object_in(found.get("SecretString")) or {}
    except (ClientError, BotoCoreError):
        return {}


def _document(report: Report, note: str) -> dict[str, Any]:
    verdict = report.verdict
    return {
        "source": report.source,
        "judged_at": _iso(report.at),
        "age_seconds": report.age,
        "answer": {
            "status": verdict.status, "code": verdict.code, "reason": verdict.reason,
            "fields": [{"path": path, "problem": problem} for path, problem in verdict.fields],
            "replay_of": verdict.replay_of,
        },
        "answer_now": {"status": report.now.status, "code": report.now.code, "reason": report.now.reason},
        "key": report.key,
        "hints": [asdict(hint) for hint in report.hints],
        "notes": [*report.notes, *([note] if note else [])],
    }  # fmt: skip


def _lines(report: Report, note: str) -> list[str]:
    verdict, now = report.verdict, report.now
    lines = [f"sent to source {report.source}, judged for {_iso(report.at)}{_age(report.age)}"]
    if report.key:
        lines.append(f"key {report.key} (expunge keys list shows the fingerprints)")
    lines.append(
        f"answer: {verdict.status} {verdict.code}" + (f" ({verdict.reason})" if verdict.reason else "")
    )
    if verdict.replay_of:
        lines.append(f"  a replay: it was accepted before as {verdict.replay_of}")
    if (now.status, now.reason) != (verdict.status, verdict.reason):
        lines.append(
            f"  now it would be {now.status} {now.code}" + (f" ({now.reason})" if now.reason else "")
        )
    lines += [f"  {path or '(body)'}: {problem}" for path, problem in verdict.fields]
    for hint in report.hints:
        lines += ["", *_folded(f"{hint.code}: {hint.what}", ""), *_folded(hint.do, "  -> ")]
    return [*lines, *(f"note: {each}" for each in (*report.notes, note) if each)]


def _folded(text: str, start: str) -> list[str]:
    return wrap(text, 80, initial_indent=start, subsequent_indent="     ", break_long_words=False)


def _age(age: float | None) -> str:
    if age is None:
        return ""
    return f": its timestamp is {abs(age):.0f} s {'old' if age >= 0 else 'ahead'} then" if age else ""


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
