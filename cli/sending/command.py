"""`expunge send`: asks for deletions."""

from __future__ import annotations

import json
import secrets
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chalicelib.domain.document import iso
from chalicelib.domain.ids import is_deletion_id, made_at
from cli import asking, bar
from cli.ends import End, OutOfReach
from cli.following.command import finish
from cli.following.deletions import LinkedDeletion
from cli.http import RetryPolicy
from cli.operating.render import many, moment
from cli.options import dry_run as dry_run_option
from cli.options import options
from cli.output import say
from cli.sending import counting, deliver, ids_file, inputs, journal
from cli.sending.channels import OperatorChannel
from cli.sending.deliver import Courier
from cli.sending.inputs import Given, permanent_after
from cli.sending.journal import Answer, Journal, Part
from cli.sending.request import MOST_IDS, digest
from cli.sending.source import Sender, sender

DELINK = "delink_records"
EXAMPLES = """\b
Examples:
  expunge send Leads 410405000002264040 410405000002264025
  expunge send Leads --ids leads.csv --column "Record Id" --wait
  expunge send Leads --ids leads.csv --dry-run     show what would go
  expunge send Leads --ids leads.csv --permanent-after 14d
  expunge send --request view.json             any request, as in the contract
  expunge send Leads 4104... --operator        signed with AWS credentials
  EXPUNGE_KEY=whsec_... expunge send Leads --ids leads.csv \\
      --url https://abc.execute-api.eu-west-1.amazonaws.com/prod/ --source erp

A file of ids of any length goes in requests of at most --chunk ids. What was
sent and answered is kept in FILE.expunge (--state), on the disk before it is
sent: after Ctrl-C or a crash the same command goes on where it was, with the
same delivery ids, and nothing is deleted twice."""


@click.command(epilog=EXAMPLES)
@click.argument("module", required=False)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--ids", "file", metavar="FILE", help="Ids from a file: one a line, CSV or .xlsx; - reads stdin."
)
@click.option("--column", metavar="NAME", help="The file's column with the ids: its name or number.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook (.xlsx) that has several.")
@click.option(ids_file.TRUSTED, is_flag=True, help="The ids are right, although they look rounded.")
@click.option("--request", "whole", metavar="FILE", help="A whole request as JSON; - reads stdin.")
@click.option("--external-id-field", metavar="FIELD", help="The ids are values of this field.")
@click.option("--org", help="The Zoho org. Default: the source's.")
@click.option("--reference", help="Repeated in every answer and event.")
@click.option("--reason", help="Kept with the deletion.")
@click.option("--max-records", type=click.IntRange(min=1), help="A lower limit than the source's.")
@click.option(
    "--permanent-after",
    metavar="TIME",
    callback=permanent_after,
    help="How long it can be restored, 0h to 59d; then it goes for good. Left out: never by Expunge.",
)
@click.option("--wf-trigger", is_flag=True, help="Let the deletes fire Zoho's workflows.")
@click.option(
    "--chunk", type=click.IntRange(1, 5000), help="Ids in one request, at most. Default: as many as may be."
)
@click.option("--state", type=click.Path(path_type=Path), help="The journal. Default: FILE.expunge.")
@click.option("--delivery-id", help="Send a single request again, under the id that it had.")
@click.option(
    "--source", envvar="EXPUNGE_SOURCE", help="Who sends. Default: the only source, locally crm-workflow."
)
@click.option("--key-file", type=click.Path(path_type=Path), help="The source's key; or EXPUNGE_KEY.")
@click.option(
    "--url", envvar="EXPUNGE_URL", help="The service's EndpointURL, so that AWS is not asked for it."
)
@click.option("--operator", is_flag=True, help="Send as an operator, with AWS credentials (SigV4).")
@click.option("--wait", is_flag=True, help="Watch to the end; the exit code is that of expunge watch.")
@click.option("--timeout", type=float, default=None, help="With --wait: seconds at most.")
@dry_run_option("Ask what would be deleted and wait for it; nothing is deleted.")
@asking.destructive
@options
def send(
    stage: str | None, as_json: bool, state: Path | None, wait: bool, timeout: float | None, **words: Any
) -> None:
    """Ask for a deletion of records: ids, a file or a view.

    Name MODULE with IDs or with a file of them (--ids), or give a whole request (--request).
    """
    given = _read(words)
    chosen = sender(stage, words["source"], words["key_file"], words["url"], operator=words["operator"])
    if not given.wanted.common.get("dry_run"):
        _confirm(given, chosen, yes=words["yes"])
    most = min(words["chunk"] or chosen.most, words["max_records"] or MOST_IDS)
    if state is None and given.path is not None:
        state = given.path.with_name(given.path.name + (".dry-run" if words["dry_run"] else "") + ".expunge")
    with bar.shown() as shown:
        courier = Courier(chosen.channel, RetryPolicy(), shown, given.where)
        if state is not None:
            try:
                answers, kept, new = _with_journal(state, given, courier, most, words["chunk"])
            except OSError as problem:
                raise OutOfReach(f"{state}: {problem.strerror}") from problem
        else:
            answers, kept = [_single(given, courier, most, words["delivery_id"])], None
            new = int(not (words["delivery_id"] and answers[0].replayed))
    told = {
        "sent": new,
        "requests": [asdict(each) for each in answers],
        "ids": given.wanted.count,
        "repeated": given.repeated,
        "state": str(state) if state else None,
    }
    waits = wait or words["dry_run"]
    if not (waits and as_json):
        _say(told, answers, kept, as_json=as_json)
    best = End.DONE if new else End.ACCEPTED_BEFORE
    if waits:
        deletions = [LinkedDeletion(each.id, each.link) for each in answers]
        again = shlex.quote(str(state)) if state else ""
        finish(deletions, timeout, as_json=as_json, told=told, again=again, best=best)
    click.get_current_context().exit(best.value)


def _confirm(given: Given, chosen: Sender, *, yes: bool) -> None:
    """Where, and how many: of ids their number, of a view what a dry run finds. A script sees what it saw."""
    common = given.wanted.common
    number: int | None = given.wanted.count
    if given.wanted.ids is None:
        number = counting.records_of(chosen.channel, common) if asking.asks(yes=yes) else None
    tells = asking.asks(yes=yes) or isinstance(chosen.channel, OperatorChannel)
    what = "links are to be removed" if common.get("operation") == DELINK else "records are to be deleted"
    org = str(common.get("org") or chosen.org)
    asking.confirm(number, what, yes=yes, target=chosen.target if tells else None, org=org)


def _read(words: dict[str, Any]) -> Given:
    """What to send. Raises UsageError where it cannot be read or the words do not fit."""
    if sum(map(bool, (words["ids"], words["file"], words["whole"]))) != 1:
        raise click.UsageError("give MODULE and IDs, or --ids FILE, or --request FILE")
    try:
        return inputs.read(words)
    except ids_file.Broken as problem:
        name = words["file"] or words["whole"] or "IDs"
        raise click.UsageError("\n".join(f"{name}: {line}" for line in problem.lines)) from problem
    except OSError as problem:
        raise click.UsageError(f"{problem.filename}: {problem.strerror}") from problem


def _with_journal(
    state: Path, given: Given, courier: Courier, most: int, chunk: int | None
) -> tuple[list[Answer], Journal, int]:
    """The answers, the journal, and how many requests were sent now."""
    wanted = given.wanted
    plan = deliver.plan_of(wanted, courier.channel, given.digest)
    fresh = not state.exists()
    if fresh:
        parts = deliver.parts_of(wanted, most, f"send-{secrets.token_hex(12)}")
        try:
            journal.create(state, plan, parts)
        except FileExistsError:
            fresh = False  # another command was quicker: one of the two goes on with it
    with journal.opened(state) as found:
        deliver.check_same(found, plan, wanted)
        if chunk is not None and any(part.count > chunk for part in found.parts):
            raise click.UsageError(
                f"{state} was begun with larger parts than --chunk {chunk}: leave --chunk out"
            )
        if not fresh and found.left:
            done, whole = len(found.answers), many(len(found.parts), "request")
            courier.bar.say(f"going on with {state}: {done} of {whole} accepted before")
        new = len(found.left)
        courier.deliver(found, wanted)
        return [found.answers[part.number] for part in found.parts], found, new


def _single(given: Given, courier: Courier, most: int, delivery: str | None) -> Answer:
    wanted = given.wanted
    cut = list(wanted.cut(most))
    if len(cut) > 1:
        words = f"{many(wanted.count, 'id')} go in {many(len(cut), 'request')} of at most {most}"
        raise click.UsageError(f"{words}: give --state FILE, where the command remembers what was sent")
    name = delivery or f"send-{secrets.token_hex(12)}"
    body = wanted.body(*cut[0])
    part = Part(1, *cut[0], name, digest(body))
    again = f"Send it again with --delivery-id {shlex.quote(name)}: nothing is deleted twice"
    return courier.one(part, wanted, again)


def _say(told: dict[str, Any], answers: list[Answer], kept: Journal | None, *, as_json: bool) -> None:
    """The result on standard output."""
    lines = [] if told["sent"] else _before(answers, kept)
    if kept is None:
        (only,) = answers
        lines += [f"{only.id} accepted" + (" before" if only.replayed else ""), only.link]
    else:
        if told["sent"]:
            named = f", {many(told['ids'], 'id')}" if told["ids"] else ""
            again = f", {many(told['repeated'], 'repeated id')} left out" if told["repeated"] else ""
            lines.append(f"{many(len(answers), 'request')} accepted{named}{again}")
        lines.append(f"to see how {'it ends' if len(answers) == 1 else 'they end'}: {_watch(kept)}")
    say(*([json.dumps(told)] if as_json else lines))


def _watch(kept: Journal) -> str:
    return f"expunge watch {shlex.quote(str(kept.path))}"


def _before(answers: list[Answer], kept: Journal | None) -> list[str]:
    """That nothing was sent now, since when, and how to send it anew."""
    times = sorted(made_at(each.id) for each in answers if is_deletion_id(each.id)) or [0.0]
    days = list(dict.fromkeys(moment(iso(each)) for each in (times[0], times[-1])))
    lines = [f"0 sent now, all of it was accepted before on {' to '.join(days)}"]
    if kept is None:
        return [*lines, "to ask for it anew, leave --delivery-id out"]
    return [*lines, f"to send it anew: another --state, or remove {shlex.quote(str(kept.path))}"]
