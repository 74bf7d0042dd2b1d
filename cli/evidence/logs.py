"""`expunge log`: what happened to a deletion, and whether its chain of hashes is whole."""

from __future__ import annotations

import click

from chalicelib.domain import log as deletion_log
from chalicelib.domain.document import iso
from chalicelib.domain.errors import Unavailable, Unreadable
from chalicelib.domain.log import Entry
from cli.ends import End
from cli.evidence.stores import Unreachable, reaching
from cli.evidence.table import table_of
from cli.following.deletions import deletion_id
from cli.options import options
from cli.target import Refused, find

EXAMPLES = """\b
Examples:
  expunge log del_01M8298QNC9R2FS46471MHPX7V

Exit code 1 means that the log does not fit: an entry is missing, altered or out
of order, or the deletion names another end of it. 8: it could not be checked."""


@click.command(epilog=EXAMPLES)
@click.argument("deletion", callback=deletion_id, metavar="ID|LINK")
@options
def log(deletion: str, stage: str | None, as_json: bool) -> None:
    """Show what happened to a deletion, when, why and by whom, and check the chain of its log."""
    with reaching():
        target = find(stage, as_json=as_json)
        table = table_of(target)
        try:
            found, entries = table.get(deletion), table.entries(deletion, 0)
        except Unreadable as problem:
            _end(target.as_json, [], f"a part of it cannot be read: {problem.reason}")
            return
        except Unavailable as problem:
            raise Unreachable(f"the table is out of reach: {problem.reason}") from problem
    if found is None:
        raise Refused(f"{deletion} is not there; expunge list shows what is")
    wrong = broken(entries, found.events, found.chain)
    shown = [_shown(each) for each in entries]
    lines = [f"{each['at']}  {each['what']}  {each['by']}  {each['why']}".rstrip() for each in shown]
    result = f"does not fit: {wrong}" if wrong else f"all of its {len(entries)} entries fit"
    target.say({"deletion": deletion, "entries": shown, "fits": not wrong, "problem": wrong}, *lines, result)
    if wrong:
        raise SystemExit(End.OUT_OF_REACH.value)


def broken(entries: list[Entry], known: int, chain: str) -> str:
    """What does not fit; "" where all of it does. `known`, `chain`: how many entries the deletion itself says
    that it has, and the hash of the newest.
    """
    first = deletion_log.first_broken(entries)
    if first is not None:
        return f"entry {first} is missing, altered or out of order"
    if len(entries) != known:
        return f"the deletion names {known} entries, {len(entries)} are there"
    if entries and entries[-1].chain != chain:
        return "the deletion names another end of it"
    return ""


def _end(as_json: bool, entries: list[dict[str, object]], problem: str) -> None:
    from cli.output import say, say_json  # noqa: PLC0415

    if as_json:
        say_json({"entries": entries, "fits": False, "problem": problem})
    else:
        say(f"does not fit: {problem}")
    raise SystemExit(End.OUT_OF_REACH.value)


def _shown(entry: Entry) -> dict[str, object]:
    return {"n": entry.n, "at": iso(entry.at), "what": entry.what, "by": entry.by, "why": entry.why}
