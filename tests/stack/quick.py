"""The command `expunge` without its start: imported once, and forked for each call with the caller's folder,
environment and streams. A page of fifty commands takes half a minute less, of a core.

python -m tests.stack.quick SOCKET    listens until its standard input ends
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What stands on PATH: hands over what it was called with, and ends as the command does.
CLIENT = """#!{python} -IS
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
socket.send_fds(link, [b"."], [0, 1, 2])
told = dict(argv=sys.argv[1:], folder=os.getcwd(), environment=dict(os.environ))
link.sendall(json.dumps(told).encode() + b"\\n")
code = link.makefile().read()
sys.exit(int(code or 99))
"""


@contextmanager
def command(folder: Path) -> Iterator[Path]:
    """A folder for PATH with `expunge` in it, as long as it is needed."""
    folder.mkdir()
    address, program = folder / "socket", folder / "expunge"
    program.write_text(CLIENT.format(python=sys.executable, address=str(address)), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    words = [sys.executable, "-m", "tests.stack.quick", str(address)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"listening\n"
        try:
            yield folder
        finally:
            server.communicate()


def _serve(address: str) -> None:
    import cli

    for each in pkgutil.walk_packages(cli.__path__, "cli."):
        importlib.import_module(each.name) if not each.name.endswith("__main__") else None
    main = importlib.import_module("cli.__main__")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended: it says so itself
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen()
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while True:
            link, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _one(link, main.run)
            link.close()


def _one(link: socket.socket, run: object) -> None:
    """In the child: as if it had been called where the caller stands."""
    assert callable(run)
    _, streams, _, _ = socket.recv_fds(link, 1, 3)
    told = json.loads(link.makefile().readline())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = ["expunge", *told["argv"]]
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(os.dup(number), mode) for number, mode in enumerate(("r", "w", "w"))
    )
    code = 0
    try:
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        link.sendall(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    _serve(sys.argv[1])
