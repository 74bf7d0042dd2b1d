"""Starts, recognises and ends processes by id, never by name.

A process is known by its id *and* the moment it started, since ids are used again. What we start leads a
session of its own, so that whatever it leaves behind (Lambda workers) is found by that session's id.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 5.0
_INTERRUPTS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Started:
    """One process: its id and the start time that the system reports for it (text, only compared)."""

    pid: int
    began: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _began(self.pid) == self.began


@dataclass(frozen=True, slots=True)
class _Row:
    pid: int
    session: int
    began: str


#: Told of a process the moment it runs, so that whoever is interrupted next knows what to end.
Note = Callable[["Started"], None]


def start(command: Sequence[str | Path], *, env: dict[str, str], cwd: Path, log: Path, note: Note) -> Started:
    """Starts `command` in a session of its own, all output to `log`; tells `note` before all else."""
    with log.open("ab") as sink, _uninterrupted():
        process = subprocess.Popen(
            [str(word) for word in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _children[process.pid] = process
        started = Started(process.pid, _began(process.pid) or "")
        try:
            note(started)
        except BaseException:  # who cannot note it could not end it later
            end(started)
            raise
    return started


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C and the like are answered after it. Only the main thread hears of them in any case."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _INTERRUPTS}
    for number in before:
        signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


def end(started: Started) -> None:
    """Ends the process and what it left behind in its session; nothing happens to anybody else's."""
    family = _family(started)
    _signal(started, signal.SIGTERM)
    if not _wait(lambda: not started.alive, GRACE_SECONDS):
        _signal(started, signal.SIGKILL)
        _wait(lambda: not started.alive, GRACE_SECONDS)
    for each in {*family, *_family(started)}:
        _signal(each, signal.SIGKILL)
    _wait(lambda: not any(each.alive for each in family), GRACE_SECONDS)
    child = _children.pop(started.pid, None)
    if child is not None and not started.alive:
        child.wait()


def family(started: Started) -> list[Started]:
    """The processes of this one's session besides itself, such as Lambda workers."""
    return _family(started)


_children: dict[int, subprocess.Popen[bytes]] = {}


def _family(started: Started) -> list[Started]:
    """Members of the session; none where another process leads it by now, as ids are used again."""
    leader = _began(started.pid)
    if leader is not None and leader != started.began:
        return []
    rows = _rows()
    return [Started(r.pid, r.began) for r in rows if r.session == started.pid and r.pid != started.pid]


def _signal(target: Started, number: signal.Signals) -> None:
    if target.alive:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(target.pid, number)


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    """Looks until `done` or the time is over; says which."""
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def _began(pid: int) -> str | None:
    """When the process started; None where there is none or it is only waiting to be collected."""
    if (child := _children.get(pid)) is not None and child.poll() is not None:
        return None
    if not Path("/proc/self/stat").exists():
        return _ps(pid)
    row = _proc_row(pid)
    return row.began if row else None


def _proc_row(pid: int) -> _Row | None:
    """One process as /proc has it; its name may hold blanks and brackets: split after the last one."""
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return None
    return None if fields[0] == "Z" else _Row(pid, int(fields[3]), fields[19])


def _rows() -> list[_Row]:
    """Every process of the system, with its session."""
    if not Path("/proc/self/stat").exists():
        return _ps_rows()
    pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    return [row for pid in pids if (row := _proc_row(pid))]


def _ps(pid: int) -> str | None:
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def _ps_rows() -> list[_Row]:
    """The same where there is no /proc; a session is known there by its process group."""
    found = subprocess.run(["ps", "-axo", "pid=,pgid=,lstart="], capture_output=True, text=True, check=True)
    words = [text.split(maxsplit=2) for text in found.stdout.splitlines()]
    return [_Row(int(pid), int(group), began.strip()) for pid, group, began in words]
