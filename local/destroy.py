"""Takes a stage down: all but its data, or its data too where that was asked for and confirmed.

Without its data, the stack stays and shrinks to what is kept: table, secrets and their key go on belonging to
it, so the next deployment finds them like any other. See docs/adr/0007-destroy-and-adopt.md. Receipts, heads
and the key that signed them are never deleted: only the records files beside them go with the data.
"""

from __future__ import annotations

import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import finding, kept, leftovers
from local.account import TIMEOUTS, agreed, clients, session, show
from local.cloudformation import Deployer
from local.failure import Failure
from local.leftovers import Leftovers
from local.say import line, step


def destroy(stage: str, *, yes: bool, data: bool, confirmed: str) -> None:
    """Takes `stage` down. `data`: its table and secrets too, which `confirmed` must allow, the stage's name
    as somebody has typed it; without it somebody at a terminal is asked for it.

    Raises Failure where anything of it does not work or is not agreed to.
    """
    found = session()
    deployer = Deployer(found, endpoint_url=None, config=TIMEOUTS)
    try:
        show(clients(found), stage)
        if data:
            _with_data(found, deployer, stage, confirmed)
        else:
            _but_data(deployer, stage, yes=yes)
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"destroying {stage}: {error}") from error


def _but_data(deployer: Deployer, stage: str, *, yes: bool) -> None:
    stack = f"expunge-{stage}"
    if not deployer.is_there(stack):
        raise Failure(f"STAGE={stage}: there is no stack {stack} in this account and region")
    template = deployer.template(stack)
    names, there = [*kept.names(template), *kept.beside(template)], deployer.resources(stack)
    left = ", ".join(name for name in sorted(names) if name in there)
    if set(there) <= set(names):
        line(f"  {stage}: nothing is left but {left}")
        return
    deployer.update(stack, kept.left(template), lambda changes: agreed(changes, yes=yes))
    line(f"  kept in the stack {stack}: {left}")
    line(f"  make deploy STAGE={stage} takes them up again; DELETE_DATA=yes deletes them")


def _with_data(found: boto3.Session, deployer: Deployer, stage: str, confirmed: str) -> None:
    stack, client = f"expunge-{stage}", clients(found)
    there, left = deployer.is_there(stack), finding.find(client, stage)
    if not there and not left.data:
        raise Failure(f"STAGE={stage}: there is neither a stack {stack} nor anything left of one")
    if there:
        line(f" ! Remove  the stack {stack} with everything in it")
    for each in left.deleted():
        line(f" ! Delete  {each}")
    _confirm(stage, confirmed)
    if there:
        with step(f"delete the stack {stack}"):
            deployer.delete(stack)
    with step("delete its data"):
        leftovers.delete(client, left)
    _what_remains(left)


def _confirm(stage: str, confirmed: str) -> None:
    if not confirmed and sys.stdin.isatty():
        confirmed = input(f"this cannot be taken back. Type the stage's name to delete its data [{stage}]: ")
    if confirmed.strip() != stage:
        raise Failure(f"nothing was deleted: CONFIRM={stage}, or {stage} typed at a terminal, allows it")


def _what_remains(left: Leftovers) -> None:
    if left.table:
        line("  DynamoDB keeps a backup of the deleted table for 35 days by itself")
    if left.evidence:
        line(f"  receipts and heads stay in {left.evidence}, and the key that signed them")
    if left.key and not left.key_goes:
        line(
            f"  the key is deleted in {leftovers.KEY_DAYS} days: aws kms cancel-key-deletion takes that back"
        )
