"""The stage's table, for reading what was deleted."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.table import Table
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
