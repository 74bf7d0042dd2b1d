"""`python -m local up|down|status|deploy|destroy|demo`: what the Makefile's commands of these names run."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from types import FrameType
from typing import Any

from local import package, record, stack
from local.failure import Failure
from local.say import line
from local.settings import STAGE, Settings, from_environment


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
        line("expunge: interrupted; nothing was left running")
        return 130


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Ends in an orderly way where somebody else ends us."""
    raise KeyboardInterrupt


def _run(arguments: list[str], settings: Settings) -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "status", "deploy", "destroy", "demo"])
    parser.add_argument(
        "--stage", default=STAGE, help="for deploy: local (the running stack) or a stage on AWS"
    )
    parser.add_argument("--yes", action="store_true", help="for deploy: apply the changes without asking")
    parser.add_argument("--delete-data", action="store_true", help="for destroy: table and secrets too")
    options = parser.parse_args(arguments)
    if options.command == "destroy":
        return _destroy(options.stage, yes=options.yes, data=options.delete_data)
    if options.command == "deploy":
        return _deploy(settings, options.stage, yes=options.yes)
    commands = {"up": _up, "down": _down, "status": _status, "demo": _demo}
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


def _deploy(settings: Settings, stage: str, *, yes: bool) -> int:
    if stage not in package.stages():
        raise Failure(f"STAGE={stage}: must be one of {', '.join(package.stages())}")
    if stage == STAGE:
        stack.redeploy(settings, _described(settings))
        return 0
    from local.deploy import to_aws  # noqa: PLC0415 - only this command reads the account of the environment

    given = os.environ.get("PARAMETERS", "")
    to_aws(stage, yes=yes, bucket=os.environ.get("BUCKET") or None, parameters=given)
    return 0


def _destroy(stage: str, *, yes: bool, data: bool) -> int:
    if stage not in package.stages() or stage == STAGE:
        stages = ", ".join(each for each in package.stages() if each != STAGE)
        raise Failure(f"STAGE={stage}: must be one of {stages}; make down ends the local stack")
    from local.destroy import destroy  # noqa: PLC0415 - only this command reads the account of the environment

    destroy(stage, yes=yes, data=data, confirmed=os.environ.get("CONFIRM", ""))
    return 0


def _described(settings: Settings) -> dict[str, Any]:
    """stack.json of the running stack."""
    try:
        described: dict[str, Any] = json.loads(settings.stack_file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Failure(f"no local stack is running in {settings.directory}: make up starts one") from error
    return described


def _demo(settings: Settings) -> int:
    from local.demo import demo  # noqa: PLC0415

    return demo(settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
