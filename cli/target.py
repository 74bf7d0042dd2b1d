"""Which stage a command works on: the local stack by default, a stage of the AWS account if named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable
from cli.ends import End, Interrupted
from cli.output import guarded, say
from local.running import RunningStack
from local.settings import STAGE, from_environment

#: The variable by which a shell asks for completions (click's own form).
COMPLETION = "_EXPUNGE_COMPLETE"

_AWS = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})


class Refused(click.ClickException):
    """The current state does not allow it, such as a source that is not there: nothing was changed."""

    exit_code = End.NOT_AS_THINGS_STAND.value


@dataclass(frozen=True)
class Target:
    """One stage, and the clients that reach it. `client`: boto3's clients by service."""

    stage: str
    sources_secret: str
    api_function: str
    client: Callable[[str], Any]
    as_json: bool = False

    def tell_target(self, org: str | None = None, source: str | None = None) -> None:
        """Before something is deleted or armed: where, on standard error. `org`: None is every org, or what
        the `source` asks for; "" is the source's own, which is not known.
        """
        sts = self.client("sts")
        account, region = sts.get_caller_identity()["Account"], sts.meta.region_name
        whose = f"source {source}" if source else f"org {org}" if org else "every org"
        if org == "":
            whose = "the source's own org"
        say(f"{whose}, account {account}, region {region}, stage {self.stage}", err=True)

    def say(self, shown: dict[str, Any], *lines: str) -> None:
        """The result on standard output: `shown` as JSON where that was asked for, else the lines."""
        say(*((json.dumps(shown),) if self.as_json else lines))


def local(file: Path, *, as_json: bool = False) -> Target:
    """The local stack that `file` describes. Raises ClickException where none runs."""
    try:
        stack = RunningStack.read(file)
    except FileNotFoundError as problem:
        raise click.ClickException(
            f"{file} is not there: start a local stack with make up, or name a stage on AWS with --stage"
            " (LOCAL_DIR names the folder of a local stack elsewhere)"
        ) from problem
    return Target(STAGE, stack["sources_secret"], stack["functions"]["api"], stack.client, as_json)


def on_aws(stage: str, *, as_json: bool = False) -> Target:
    """A stage of the account and region of the environment, found as every AWS program finds them."""
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    if not session.region_name:
        raise click.ClickException("no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one")
    make: Any = session.client
    return Target(
        stage,
        f"expunge/{stage}/sources",
        f"expunge-{stage}-api",
        lambda service: make(service, config=_AWS),
        as_json,
    )


def find(stage: str | None, *, as_json: bool) -> Target:
    """The target that the command's options name."""
    return on_aws(stage, as_json=as_json) if stage else local(from_environment().stack_file, as_json=as_json)


#: Commands that change nothing, by the names they have in their groups.
LOOKING = frozenset(
    {
        "receipt",
        "audit",
        "find",
        "log",
        "list",
        "show",
        "watch",
        "export",
        "doctor",
        "verify",
        "dashboard",
        "pending",
    }
)


class Group(click.Group):
    """A group of commands; what AWS refuses ends in one line and exit code 1."""

    def main(self, *words: Any, **how: Any) -> Any:
        """Runs the program; whatever it writes is cleaned. Completions are words of ours, as bytes."""
        if os.environ.get(COMPLETION):
            return super().main(*words, **how)
        with guarded():
            return super().main(*words, **how)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            looks = ctx.invoked_subcommand in LOOKING
            doubt = "whether this was done is not known; look before you try again"
            raise Interrupted("nothing was changed" if looks else doubt) from interrupt
        except ClientError as problem:
            error = problem.response["Error"]
            words = f"{problem.operation_name}: {error.get('Code')}: {error.get('Message')}"
            raise click.ClickException(words) from problem
        except BotoCoreError as problem:
            raise click.ClickException(f"AWS cannot be reached: {problem}") from problem
        except RecursionError as problem:
            raise click.ClickException("what is to be read is nested too deep") from problem
        except BrokenPipeError:
            raise  # whoever read has enough
        except OSError as problem:
            where = problem.filename or "standard output"
            raise click.ClickException(f"{where}: {problem.strerror or problem}") from problem
        except Unavailable as problem:
            raise click.ClickException(f"{problem.what} is out of reach: {problem.reason}") from problem
