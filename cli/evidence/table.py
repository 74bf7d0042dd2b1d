"""The stage's table, for reading what was deleted."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.evidence_items import chain_of
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.errors import Unavailable, Unreadable
from cli.target import Target
from local.running import RunningStack
from local.settings import STAGE, from_environment


def table_of(target: Target) -> Table:
    """The ledger of the stage, over the caller's own credentials."""
    client = target.client("dynamodb")
    local = target.stage == STAGE
    stack = RunningStack.read(from_environment().stack_file) if local else None
    name = stack["table_name"] if stack else f"expunge-{target.stage}"
    return Table(name, lambda: client)


def known_end(target: Target) -> tuple[tuple[int, str], str]:
    """Number and hash of the newest head that the stage's table knows, 0 and "" for none; and why it cannot
    be asked, "" where it can.
    """
    try:
        chain = chain_of(table_of(target))
    except (Unavailable, Unreadable) as problem:
        why = f"the table cannot be read ({problem.reason}), so whether the end was cut off is not known"
        return (0, ""), f"heads/: {why}: compare it with the event expunge.evidence.head"
    return (chain.n, chain.previous), ""
