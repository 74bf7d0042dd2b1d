"""The command `expunge` as it is installed from a wheel: the program lies in a folder of its own, so that the
names of its packages are nobody else's business.
"""

import sys
from pathlib import Path


def run() -> None:
    """What the installed `expunge` runs."""
    sys.path.insert(0, str(Path(__file__).with_name("program")))
    try:
        from cli.__main__ import run as command  # noqa: PLC0415 - its place is known only now
    except KeyboardInterrupt:
        print("Interrupted: nothing was begun", file=sys.stderr)
        sys.exit(130)
    command()
