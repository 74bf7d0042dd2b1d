"""``python -m simulator``: the simulator as a process."""

from __future__ import annotations

import argparse
import gc
import json
import signal
import sys
from pathlib import Path
from types import FrameType

from simulator import company
from simulator.app import Simulator
from simulator.server import Server
from simulator.settings import CHOICES, HELP, Settings

_TEXT = """\
A strict Zoho CRM on this machine: OAuth and CRM v2 to v8, the deleting side.

It starts with the records that Zoho's documents use in their samples; --seed FILE
starts with the records of a file instead: {"Leads": [{"id": "1", "Last_Name": "A"}]},
or {"records": {...}, "views": [...], "territories": [...]}. --company adds 5,000 records
of an example company, over eight modules.

Get a token, then delete two leads of the documents:

  curl -X POST 'http://127.0.0.1:9000/oauth/v2/token?grant_type=refresh_token&client_id=1000.A&client_secret=s&refresh_token=1000.B'
  curl -X DELETE -H 'Authorization: Zoho-oauthtoken 1000....' \\
       'http://127.0.0.1:9000/crm/v7/Leads?ids=410405000002264040,410405000002264025'

Controls: POST /_sim/reset /_sim/records /_sim/views /_sim/territories /_sim/faults
/_sim/clock /_sim/settings, GET /_sim/calls /_sim/state. simulator/README.md tells more."""


def arguments() -> argparse.ArgumentParser:
    """The command line. Every setting of ``Settings`` that is a number or a word is an option too."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description=_TEXT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=9000, help="port to listen on, 0 for a free one (9000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--seed", type=Path, metavar="FILE", help="records to start with, JSON")
    parser.add_argument("--empty", action="store_true", help="start without any record")
    parser.add_argument("--company", action="store_true", help="add the example company's 5,000 records")
    group = parser.add_argument_group("settings (also POST /_sim/settings)")
    for name, value in Settings().shown().items():
        if name not in HELP:
            continue
        choices = CHOICES.get(name)
        metavar = None if choices else "TEXT" if isinstance(value, str) else "N"
        group.add_argument(
            "--" + name.replace("_", "-"),
            type=type(value),
            choices=choices,
            default=value,
            metavar=metavar,
            help=f"{HELP[name]} ({value})",
        )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs until it is told to stop; returns the exit code: 0, or 1 with one line on stderr."""
    options = vars(arguments().parse_args(argv))
    try:
        names = Settings().shown()
        settings = Settings().updated({name: value for name, value in options.items() if name in names})
        sim = Simulator(settings, documents=options["seed"] is None and not options["empty"])
        if options["seed"] is not None:
            sim.load(json.loads(options["seed"].read_text("utf-8")))
        if options["company"]:
            sim.load(company.data(sim.clock.now()))
    except (OSError, ValueError) as problem:
        print(f"simulator: {options['seed'] or 'options'}: {problem}", file=sys.stderr)
        return 1
    try:
        server = Server(sim, options["host"], options["port"])
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        place = f"{options['host']}:{options['port']}"
        print(f"simulator: cannot listen on {place}: {reason}", file=sys.stderr)
        return 1
    gc.freeze()
    return _serve(server)


def _serve(server: Server) -> int:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    print(f"Zoho CRM simulator on {server.url}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
