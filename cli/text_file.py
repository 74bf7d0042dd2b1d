"""A text file that somebody named, read in one way: what is wrong with it is said in words."""

from __future__ import annotations

from pathlib import Path

import click


def text_of(file: Path) -> str:
    """What the file holds. Raises UsageError, whose message has nothing of that."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise click.UsageError(f"{file}: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise click.UsageError(f"{file}: is not UTF-8 text: save it as UTF-8") from problem
