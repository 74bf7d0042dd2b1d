"""`expunge`, or `python -m cli`: the group that all commands hang from."""

from __future__ import annotations

import click

from cli.completion import completion
from cli.dashboard.command import dashboard
from cli.doctor import doctor
from cli.ends import TABLE
from cli.erasing.command import erase
from cli.erasing.person_maps import person_map
from cli.evidence.audit import audit
from cli.evidence.finding import find
from cli.evidence.forgetting import forget
from cli.evidence.logs import log
from cli.evidence.receipts import receipt
from cli.export import export
from cli.following.command import watch
from cli.keys import keys
from cli.limits import sources
from cli.operating.commands import approve, cancel, resolve, retry
from cli.operating.holds import holds
from cli.operating.listing import list_deletions, show
from cli.operating.pausing import pause, resume
from cli.operating.recovering import recover
from cli.operating.redriving import redrive
from cli.operating.undoing import delete_permanently, restore
from cli.policies import policies
from cli.sending.command import send
from cli.setup import setup
from cli.target import Group
from cli.verifying.command import verify
from cli.version import version


@click.group(
    name="expunge", cls=Group, epilog=TABLE, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(version=version(), message="%(prog)s %(version)s")
def main() -> None:
    """Expunge: signed, durable, explainable deletions for Zoho CRM.

    Commands work on the local stack that `make up` started, or with --stage on that stage in the AWS account
    and region of the environment (AWS_PROFILE, AWS_REGION).
    """


main.add_command(setup)
main.add_command(doctor)
main.add_command(verify)
main.add_command(send)
main.add_command(watch)
main.add_command(show)
main.add_command(list_deletions)
main.add_command(export)
main.add_command(receipt)
main.add_command(audit)
main.add_command(find)
main.add_command(log)
main.add_command(forget)
main.add_command(cancel)
main.add_command(retry)
main.add_command(approve)
main.add_command(resolve)
main.add_command(restore)
main.add_command(delete_permanently)
main.add_command(erase)
main.add_command(person_map)
main.add_command(holds)
main.add_command(pause)
main.add_command(resume)
main.add_command(redrive)
main.add_command(recover)
main.add_command(dashboard)
main.add_command(keys)
main.add_command(sources)
main.add_command(policies)
main.add_command(completion)


def run() -> None:
    """What `.venv/bin/expunge` and `python -m cli` run."""
    main(prog_name="expunge")


if __name__ == "__main__":
    run()
