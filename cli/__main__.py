"""`expunge`, or `python -m cli`: the group that all commands hang from."""

from __future__ import annotations

import click

from cli.keys import keys
from cli.place import Group
from cli.policies import policies
from cli.setup import setup

ENDS = """Exit codes: 0 done; 1 AWS or the local stack refused or is out of reach; 2 the command was not
understood; 3 not as things stand, nothing was changed."""


@click.group(name="expunge", cls=Group, epilog=ENDS, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Expunge: signed, durable, explainable deletions for Zoho CRM.

    Commands work on the local stack that `make up` started, or with --stage on that stage in the AWS account
    and region of the environment (AWS_PROFILE, AWS_REGION).
    """


main.add_command(keys)
main.add_command(policies)
main.add_command(setup)


def run() -> None:
    """What `.venv/bin/expunge` and `python -m cli` run."""
    main(prog_name="expunge")


if __name__ == "__main__":
    run()
