"""`expunge log`: what happened to a deletion, and whether its chain of hashes is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import click

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import log_checking
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.errors import Unavailable, Unreadable
from chalicelib.domain.evidence import checking
from chalicelib.domain.evidence.checking import PUBLIC_KEY, Findings
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk
from cli.ends import End
from cli.evidence.keys import NoKey, load
from cli.evidence.stores import BucketStore, Unreachable, bucket_of, reaching, telling
from cli.evidence.table import table_of
from cli.following.deletions import deletion_id
from cli.operating import times
from cli.operating.render import many
from cli.operator_api import reach
from cli.options import options
from cli.table import table, whole
from cli.target import Refused, find

#: How often a deletion that is under way is read until it is the same before and after.
TRIES = 5

EXAMPLES = """\b
Examples:
  expunge log del_01M8298QNC9R2FS46471MHPX7V
  expunge log --operators --since 7d    who changed what, the newest first

Exit code 1 means that the log does not fit: an entry is missing, altered or out
of order, or the deletion names another end of it. 8: it could not be checked."""


@click.command(epilog=EXAMPLES)
@click.argument("deletion", required=False, metavar="[ID|LINK]")
@click.option("--operators", is_flag=True, help="The operators' log, in place of a deletion's.")
@click.option("--since", metavar="TIME", help=f"With --operators: then or later, {times.FORMS}.")
@times.zone_option
@options
@click.pass_context
def log(
    ctx: click.Context,
    deletion: str | None,
    operators: bool,
    since: str | None,
    zone: tzinfo,
    stage: str | None,
    as_json: bool,
) -> None:
    """Show and check the log of a deletion, or of operators.

    With --operators: who held, paused, approved, cancelled, restored or changed what, with what it was
    before and after. Without --since it goes back 30 days.
    """
    if operators == bool(deletion) or (since and not operators):
        raise click.UsageError("name a deletion, or give --operators (--since goes with it)")
    if operators:
        _operators(since, zone, stage, as_json=as_json)
        return
    _of_deletion(deletion_id(ctx, ctx.command.params[0], str(deletion)), stage, as_json=as_json)


def _operators(since: str | None, zone: tzinfo, stage: str | None, *, as_json: bool) -> None:
    query = (
        {"since": times.moment(since, zone, "--since").isoformat(timespec="milliseconds")} if since else {}
    )
    target = find(stage, as_json=as_json)
    entries = list(reach(target, stage).pages("log", "entries", query))
    if as_json:
        target.say({"entries": entries})
        return
    number = f"{many(len(entries), 'entry', 'entries')}, times are {zone}"
    target.say({}, *([*listed(entries, zone), number] if entries else ["no operator changed anything"]))


def listed(entries: Sequence[Mapping[str, Any]], zone: tzinfo) -> list[str]:
    """The operators' log as a table; below each entry who did it, and what was changed."""
    rows = [(whole(times.local(each["at"], zone)), each["what"], each["target"]) for each in entries]
    by = [[f"by {each['by']}"] if each["by"] else [] for each in entries]  # nobody of what cannot be read
    changed = [[change] if (change := change_of(each)) else [] for each in entries]
    below = [[*one, *other] for one, other in zip(by, changed, strict=True)]
    return table(("when", "what", "target"), rows, below)


def change_of(entry: Mapping[str, Any]) -> str:
    """What it was and is, in one line: values that stayed are left out. "" where there is nothing to tell."""
    before, after = entry["before"], entry["after"]
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() & after.keys():
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        return "; ".join(f"{name} {_words(before.get(name))} -> {_words(after.get(name))}" for name in names)
    was, now = _told(before), _told(after)
    if isinstance(before, dict) and isinstance(after, dict):
        return f"was {was}; {now}"  # two things: the status that it had, and what was asked for
    if was and now:
        return f"{was} -> {now}"
    return f"was {was}" if was else now


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {_words(each)}" for name, each in value.items())
    return "" if value is None else _words(value)


def _words(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)


def _of_deletion(deletion: str, stage: str | None, *, as_json: bool) -> None:
    with reaching():
        target = find(stage, as_json=as_json)
        held, signed = table_of(target), Signed(bucket_of(target), deletion)
        try:
            found, entries, wrong = looked(held, signed, deletion)
        except Unreadable as problem:
            _end(target.as_json, deletion, f"a part of it cannot be read: {problem.reason}")
            return
        except Unavailable as problem:
            raise Unreachable(f"the table is out of reach: {problem.reason}") from problem
    if found is None and not wrong:
        raise Refused(f"{deletion} is not there; expunge list shows what is")
    shown = [_shown(each) for each in entries]
    result = f"does not fit: {wrong}" if wrong else f"all of its {len(entries)} entries fit"
    with telling():
        target.say(
            {"deletion": deletion, "entries": shown, "fits": not wrong, "problem": wrong},
            *(entries_listed(shown) if shown else ()),
            result,
        )
    if wrong:
        raise SystemExit(End.OUT_OF_REACH.value)


def looked(held: Table, signed: Signed, deletion: str) -> tuple[Deletion | None, list[Entry], str]:
    """The deletion, its log, and what of them does not fit; "" where all of it does.

    They are read one after the other, and a worker may write in between: what does not fit is read again
    where they are others by then. Raises Unreachable where they always are, Unreadable and Unavailable.
    """
    for _ in range(TRIES):
        found, entries = held.get(deletion), held.entries(deletion, 0)
        wrong = _wrong(held, signed, found, entries)
        if not wrong or (held.get(deletion), held.entries(deletion, 0)) == (found, entries):
            return found, entries, wrong
    raise Unreachable(f"{deletion} is written while it is read: ask again")


def _wrong(held: Table, signed: Signed, found: Deletion | None, entries: list[Entry]) -> str:
    if found is None:
        return signed.differing(None)
    gone = log_checking.was_forgotten(found, entries)
    wrong = broken(entries, found.events, found.chain, forgotten=gone)
    if wrong:
        return wrong
    other = log_checking.differing(found, entries, _chunks(held, found))
    return f"{other} is not as its log has it" if other else signed.differing(entries)


def entries_listed(shown: Sequence[Mapping[str, Any]]) -> list[str]:
    """The log of a deletion as a table; below each entry why it was."""
    rows = [(str(each["at"]), str(each["what"]), str(each["by"])) for each in shown]
    return table(("when", "what", "by"), rows, [[str(each["why"])] if each["why"] else [] for each in shown])


def _chunks(held: Table, found: Deletion) -> Iterator[Chunk | None]:
    for number in range(found.chunks):
        try:
            yield held.chunk(found.id, number)
        except Unreadable:
            yield None


class Signed:
    """What the receipts of a deletion say of its log: whoever writes it anew cannot write these anew."""

    def __init__(self, store: BucketStore, deletion: str) -> None:
        self._store, self._deletion = store, deletion

    def differing(self, entries: Sequence[Entry] | None) -> str:
        """What of the log (None: the deletion is not in the table) is not as a receipt was signed for; ""
        where nothing is, or there is no receipt. Raises Unreachable where they cannot be checked.
        """
        names = list(self._store.names(f"receipts/{self._deletion}."))
        if not names:
            return ""
        pem = self._store.read(PUBLIC_KEY)
        if pem is None:
            raise Unreachable(f"{PUBLIC_KEY} is not there, so {names[0]} cannot be checked")
        try:
            key = load(pem)
        except NoKey as problem:
            return str(problem)
        for name in names:
            found = Findings()
            body = checking.receipt_body(name, self._store.read(name) or b"", key, found)
            if body is None:
                return "; ".join(found.problems)
            if entries is None:
                return f"it is not in the table any more, and {name} says that it ended as {body['status']}"
            n, chain = body["log"]["entries"], body["log"]["chain"]
            if len(entries) < n or (n and entries[n - 1].chain != chain):
                return f"{name} was signed for another log"
        return ""


def broken(entries: list[Entry], known: int, chain: str, *, forgotten: bool = False) -> str:
    """What does not fit; "" where all of it does. `known`, `chain`: how many entries the deletion itself says
    that it has, and the hash of the newest. `forgotten`: parts of them may have been taken away.
    """
    first = log_checking.first_broken(entries, forgotten=forgotten)
    if first is not None:
        return f"entry {first} is missing, altered or out of order"
    if len(entries) != known:
        return f"the deletion names {known} entries, {len(entries)} are there"
    if entries and entries[-1].chain != chain:
        return "the deletion names another end of it"
    return ""


def _end(as_json: bool, deletion: str, problem: str) -> None:
    from cli.output import say, say_json  # noqa: PLC0415 -- only where needed

    with telling():
        if as_json:
            say_json({"deletion": deletion, "entries": [], "fits": False, "problem": problem})
        else:
            say(f"does not fit: {problem}")
    raise SystemExit(End.OUT_OF_REACH.value)


def _shown(entry: Entry) -> dict[str, object]:
    return {"n": entry.n, "at": iso(entry.at), "what": entry.what, "by": entry.by, "why": entry.why}
