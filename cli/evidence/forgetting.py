"""`expunge forget`: takes away what is personal in a deletion; its receipt still verifies."""

from __future__ import annotations

import click

from cli import asking, http
from cli.following.deletions import deletion_id
from cli.operator_api import dry, reach
from cli.options import dry_run, options
from cli.target import find

EXAMPLES = """\b
Examples:
  expunge forget del_01M8298QNC9R2FS46471MHPX7V --dry-run
  expunge forget del_01M8298QNC9R2FS46471MHPX7V --yes

Its retries and its children go with it. Exit code 3 where one of them is under
way or waits. A signed head says first that it is forgotten, so it takes up to
two minutes."""


@click.command(epilog=EXAMPLES)
@click.argument("deletion", callback=deletion_id, metavar="ID|LINK")
@dry_run("Ask the service whether it would; it changes nothing.")
@asking.destructive
@options
def forget(deletion: str, dry_run: bool, yes: bool, stage: str | None, as_json: bool) -> None:
    """Take what is personal out of a deletion, for good.

    Its ids, reference and reason go. Counts, times and who asked stay; receipts and heads still verify.
    expunge list --reference still finds it.
    """
    target = find(stage, as_json=as_json)
    api = reach(target, stage)
    if not dry_run:
        known = api.deletion(deletion)
        words = "ids, with reference and reason, are forgotten for good"
        asking.confirm(known["counts"]["requested"], words, yes=yes, target=target, org=known["org"])
    found = http.good(api.call("POST", f"deletions/{deletion}/forget", dry(dry_run)))
    soon = "will be forgotten within two minutes; expunge log shows when it is"
    said = "would be forgotten" if dry_run else soon
    target.say({"deletion": found, "asked": not dry_run}, f"{deletion} {said}")
