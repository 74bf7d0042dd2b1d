"""Opening an address in the browser without telling it to other users of the machine.

A browser is started with what it shall open among its arguments, which everybody can see in a list of
processes. So it is given a file that only its owner can read, and the file leads to the address.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

#: Told by desktop systems: a directory for this user alone, which ends with the session.
_RUNTIME = "XDG_RUNTIME_DIR"


@contextmanager
def opened(address: str, open_: Callable[[str], bool] = webbrowser.open) -> Iterator[bool]:
    """For as long as the block lasts the file is there; gives whether a browser was found."""
    directory = Path(tempfile.mkdtemp(prefix="expunge-", dir=_private()))  # mode 0700
    try:
        file = directory / "dashboard.html"
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as sink:
            sink.write(_page(address))
        yield open_(file.as_uri())
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _private() -> str | None:
    """The session's own directory, where there is one; None for the system's temporary one."""
    named = os.environ.get(_RUNTIME)
    return named if named and Path(named).is_dir() and os.access(named, os.W_OK) else None


def _page(address: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<title>Expunge</title><script>location.replace({json.dumps(address)});</script></head>
<body><a href="{escape(address)}">To the overview</a></body></html>
"""
