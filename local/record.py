"""What a local stack's directory remembers: the processes started, and the description of the stack."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local.failure import Failure
from local.processes import Started
from local.settings import Settings


def remember(settings: Settings, name: str, process: Started) -> None:
    """Notes a started process, so that a later command can end it."""
    known = {n: asdict(p) for n, p in processes(settings).items()}
    _write(_file(settings), {**known, name: asdict(process)})


def processes(settings: Settings) -> dict[str, Started]:
    """The processes noted, alive or not, by name. Raises Failure where the note cannot be read."""
    try:
        noted = json.loads(_file(settings).read_text(encoding="utf-8"))
        return {name: Started(each["pid"], each["began"]) for name, each in noted.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(
            f"{_file(settings)}: cannot be read; end its processes by hand and remove it"
        ) from error


def forget(settings: Settings) -> None:
    """Removes the notes and the description of the stack; the logs stay."""
    for path in (_file(settings), settings.stack_file, settings.approver_file):
        with suppress(FileNotFoundError):
            path.unlink()


def describe(settings: Settings, stack: dict[str, Any], approver: dict[str, Any] | None = None) -> None:
    """Writes stack.json, which holds credentials: for its owner's eyes only; and the same as another operator
    sees it, for what needs two people: `LOCAL_DIR=.local/approver expunge approve ...`.
    """
    if approver is not None:
        settings.approver_file.parent.mkdir(mode=0o700, exist_ok=True)
        _write(settings.approver_file, approver)
    _write(settings.stack_file, stack)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keeps a second command off the same directory meanwhile; fails at once rather than wait."""
    try:
        settings.directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(settings.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Failure(f"LOCAL_DIR={settings.directory}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Failure(f"another command is at work in {settings.directory}") from error
    try:
        yield
    finally:
        os.close(handle)


def _file(settings: Settings) -> Path:
    return settings.directory / "processes.json"


def _write(path: Path, value: dict[str, Any]) -> None:
    """Writes whole or not at all, readable by the owner only from the first byte."""
    aside = path.with_suffix(".new")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as sink:
        json.dump(value, sink, indent=2)
        sink.write("\n")
    aside.replace(path)
