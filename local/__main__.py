"""`python -m local COMMAND`: what the Makefile's commands of these names run."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from local import package, record, stack, target
from local.failure import Failure
from local.say import line
from local.settings import STAGE, Settings, from_environment

COMMANDS = ("up", "down", "status", "package", "deploy", "destroy", "restore-table", "smoke", "demo", "env")
#: What works on an account that is not this machine's.
ON_AWS = {"deploy", "destroy", "restore-table", "smoke"}


def main(arguments: list[str]) -> int:
    """Runs one command; returns the process's exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return _run(arguments, from_environment())
    except Failure as failure:
        line(f"expunge: {failure}")
        return 1
    except KeyboardInterrupt:
        line(f"expunge: interrupted; {_left(arguments)}")
        return 130


def _left(arguments: list[str]) -> str:
    """What goes on after an interrupted command."""
    if ON_AWS & set(arguments):
        return "what AWS was asked for goes on: expunge doctor --stage tells how the stage is"
    return "nothing was left running"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Ends in an orderly way where somebody else ends us."""
    raise KeyboardInterrupt


def _run(arguments: list[str], settings: Settings) -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=[*COMMANDS])
    parser.add_argument(
        "--stage", default=STAGE, help="for deploy: local (the running stack) or a stage on AWS"
    )
    parser.add_argument("--yes", action="store_true", help="for deploy: apply the changes without asking")
    parser.add_argument("--repair", action="store_true", help="for deploy: set back what has drifted, too")
    parser.add_argument("--delete-data", action="store_true", help="for destroy: table and secrets too")
    parser.add_argument("--out", default="", help="for package: the directory that is made")
    parser.add_argument("--kept", action="store_true", help="for package: import-template.json too")
    options = parser.parse_args(arguments)
    if options.command == "package":
        return _package(options.stage, options.out, with_kept=options.kept)
    if options.command == "destroy":
        return _destroy(options.stage, yes=options.yes, data=options.delete_data)
    if options.command == "deploy":
        return _deploy(settings, options.stage, yes=options.yes, repair=options.repair)
    if options.command == "restore-table":
        return _restore_table(settings, options.stage)
    if options.command == "smoke":
        return _smoke(settings, options.stage)
    commands = {"up": _up, "down": _down, "status": _status, "demo": _demo, "env": _env}
    return commands[options.command](settings)


def _up(settings: Settings) -> int:
    running = stack.up(settings)
    line(f"running: {running['api_url']}v1/..., Zoho at {running['zoho_url']}")
    line(f"described in {settings.stack_file}; make down ends it")
    return 0


def _down(settings: Settings) -> int:
    ended = stack.down(settings)
    line(f"{settings.directory}: " + ("ended" if ended else "nothing was running"))
    return 0


def _status(settings: Settings) -> int:
    """Exit code 0 where all of it runs, 1 where nothing or only a part does."""
    known = record.processes(settings)
    for name, process in known.items():
        line(f"{name}: " + (f"running, process {process.pid}" if process.alive else "ended"))
    if not known:
        line(f"{settings.directory}: nothing is running")
    return 0 if known and all(each.alive for each in known.values()) else 1


def _env(settings: Settings) -> int:
    """Prints what a shell has to export so that AWS programs ask the running local AWS."""
    described = _described(settings)
    keys = {f"AWS_{name}".upper(): value for name, value in described["credentials"].items()}
    place = {"AWS_ENDPOINT_URL": described["endpoint_url"], "AWS_REGION": described["region"]}
    for name, value in {**place, **keys}.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


def _package(stage: str, out: str, *, with_kept: bool) -> int:
    if not out:
        raise Failure("OUT= is missing: the directory that the package is written to, such as OUT=dist")
    packaged = package.write(stage, Path(out), with_kept=with_kept, given_as=os.environ.get("PARAMETERS", ""))
    for note in packaged.notes:
        line(f"  {note}")
    line(f"packaged {stage} into {out}: {', '.join(sorted(each.name for each in Path(out).iterdir()))}")
    return 0


def _deploy(settings: Settings, stage: str, *, yes: bool, repair: bool) -> int:
    if stage == STAGE:
        stack.redeploy(settings, _described(settings))
        return 0
    from local.deploy import to_aws  # noqa: PLC0415 - only this command reads the account of the environment

    given = os.environ.get("PARAMETERS", "")
    bucket = os.environ.get("BUCKET") or None
    to_aws(_named(stage), yes=yes, bucket=bucket, parameters=given, repair=repair)
    return 0


def _destroy(stage: str, *, yes: bool, data: bool) -> int:
    if stage == STAGE:
        raise Failure(f"STAGE={stage}: make down ends the local stack; name a stage on AWS")
    from local.destroy import destroy  # noqa: PLC0415 - only this command reads the account of the environment

    destroy(_named(stage), yes=yes, data=data, confirmed=os.environ.get("CONFIRM", ""))
    return 0


def _restore_table(settings: Settings, stage: str) -> int:
    from local.restore import restore  # noqa: PLC0415 - only this command reads the account of the environment

    given = {name.lower(): os.environ.get(name, "") for name in ("AT", "BACKUP")}
    restore(settings, _named(stage), **given, confirmed=os.environ.get("CONFIRM", ""))
    return 0


def _smoke(settings: Settings, stage: str) -> int:
    from local.smoke import smoke  # noqa: PLC0415 - only this command needs those of `expunge`

    smoke(settings, _named(stage))
    return 0


def _named(stage: str) -> str:
    """The name of a stage on AWS. It is part of every name there. Raises Failure for what cannot be one."""
    target.check_name(stage)
    return stage


def _described(settings: Settings) -> dict[str, Any]:
    """stack.json of the running stack."""
    try:
        described: dict[str, Any] = json.loads(settings.stack_file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Failure(f"no local stack is running in {settings.directory}: make up starts one") from error
    return described


def _demo(settings: Settings) -> int:
    from local.demo import demo  # noqa: PLC0415 -- only where needed

    return demo(settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
