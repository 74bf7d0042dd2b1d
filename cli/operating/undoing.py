"""`expunge restore`, `delete-permanently`: what a person may do about Zoho's recycle bin."""

from __future__ import annotations

from typing import Any

import click

from cli import asking, http
from cli.following.command import finish
from cli.following.deletions import LinkedDeletion, deletion_id
from cli.operator_api import OperatorApi, reach
from cli.options import dry_run as dry_run_option
from cli.options import options
from cli.target import Target, find

ONE = click.argument("deletion", callback=deletion_id, metavar="DELETION")
REASON = click.option("--reason", help="Kept with the new deletion.")
WAIT = click.option("--wait", is_flag=True, help="Watch to the end; the exit code is that of expunge watch.")
TIMEOUT = click.option("--timeout", type=float, default=None, help="With --wait: seconds at most.")

_MEANT = {
    "restore": "records are to be restored",
    "delete_permanently": "records are to be deleted for good, and nobody can bring them back",
}

RESTORE = """\b
Examples:
  expunge restore del_01M8298QNC9R2FS46471MHPX7V --dry-run
  expunge restore del_01M8298QNC9R2FS46471MHPX7V --wait
  expunge restore del_01M8298QNC9R2FS46471MHPX7V 410405000002264040

What somebody else deleted is left alone. Zoho keeps what was deleted for 60
days; expunge show tells until when. For a view that was not frozen, give the IDs:
Zoho's recycle bin shows them."""

PERMANENTLY = """\b
Examples:
  expunge delete-permanently del_01M8298QNC9R2FS46471MHPX7V --dry-run
  expunge delete-permanently del_01M8298QNC9R2FS46471MHPX7V --wait

Nobody can bring back what was deleted for good. Held records stay in the
recycle bin. Whoever asked for the deletion cannot do this."""


@click.command(epilog=RESTORE)
@ONE
@click.argument("ids", nargs=-1, metavar="[ID]...")
@REASON
@dry_run_option("Wait until it is known what would come back, and show it; nothing is restored.")
@WAIT
@TIMEOUT
@asking.destructive
@options
def restore(deletion: str, ids: tuple[str, ...], dry_run: bool, stage: str | None, **more: Any) -> None:
    """Restore what DELETION deleted, from Zoho's recycle bin.

    Without IDs all of it.
    """
    body: dict[str, Any] = {"ids": list(dict.fromkeys(ids))} if ids else {}
    _ask(deletion, "restore", body, f"restores what {deletion} deleted", dry_run=dry_run, stage=stage, **more)


@click.command("delete-permanently", epilog=PERMANENTLY)
@ONE
@REASON
@dry_run_option("Wait until it is known what would go for good, and show it; nothing is deleted.")
@WAIT
@TIMEOUT
@asking.destructive
@options
def delete_permanently(deletion: str, dry_run: bool, stage: str | None, **more: Any) -> None:
    """Delete for good what DELETION deleted.

    It goes from Zoho's recycle bin too, before the undo window ends.
    """
    words = f"deletes for good what {deletion} deleted"
    _ask(deletion, "delete_permanently", {}, words, dry_run=dry_run, stage=stage, **more)


def _ask(  # noqa: PLR0913 -- each is a part of one command
    deletion: str,
    what: str,
    body: dict[str, Any],
    words: str,
    *,
    dry_run: bool,
    stage: str | None,
    as_json: bool,
    reason: str | None,
    wait: bool,
    timeout: float | None,
    yes: bool,
) -> None:
    target, api = _reached(stage, as_json=as_json)
    if not dry_run:
        parent = api.deletion(deletion)
        number = len(body["ids"]) if "ids" in body else _in_bin(parent)
        asking.confirm(number, _MEANT[what], yes=yes, target=target, org=str(parent["org"]))
    more = {name: given for name, given in (("dry_run", dry_run), ("reason", reason)) if given}
    made = http.good(api.call("POST", f"deletions/{deletion}/{what}", {}, {**body, **more}))
    told = {"deletion": made, "of": deletion}
    if not (wait or dry_run):
        target.say(told, f"{made['id']} {words}", made["links"]["self"])
        return
    if not as_json:
        target.say(told, f"{made['id']} {words if not dry_run else 'looks at what it would do'}")
    linked = LinkedDeletion(made["id"], made["links"]["self"])
    finish([linked], timeout, as_json=as_json, told=told, again=made["id"])


def _in_bin(parent: dict[str, Any]) -> int:
    """What the deletion took, less what has come back or gone for good since."""
    since = parent.get("recycle_bin") or {}
    taken = int((parent.get("counts") or {}).get("deleted", 0))
    return max(0, taken - int(since.get("restored", 0)) - int(since.get("permanently_deleted", 0)))


def _reached(stage: str | None, *, as_json: bool) -> tuple[Target, OperatorApi]:
    target = find(stage, as_json=as_json)
    return target, reach(target, stage)
