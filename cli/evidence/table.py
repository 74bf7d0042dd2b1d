"""The stage's table, for reading what was deleted."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.table import Table
from cli.place import Place
from local.running import RunningStack
from local.settings import STAGE, from_environment


def table_of(place: Place) -> Table:
    """The ledger of the stage, over the caller's own credentials."""
    client = place.client("dynamodb")
    local = place.stage == STAGE
    stack = RunningStack.read(from_environment().stack_file) if local else None
    name = stack["table_name"] if stack else f"expunge-{place.stage}"
    return Table(name, lambda: client)
