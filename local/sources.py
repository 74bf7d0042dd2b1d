"""Which files of ours go into a package."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

APP = "app.py"
LIBRARY = "chalicelib"
_UNASKED = (
    f"git could not be asked what is committed, so all that lies in {LIBRARY} is packed: look at it first"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """`files`: app.py and those of chalicelib, in a fixed order. `notes`: how they differ from the commit."""

    files: list[Path]
    notes: tuple[str, ...] = ()


def of(root: Path, *, tracked_only: bool) -> Sources:
    """The sources in `root`. `tracked_only`: those that git knows, so that what lies about stays out of what
    is deployed; without a clone, all of them.
    """
    found = sorted(p for p in (root / LIBRARY).rglob("*") if p.is_file() and _is_ours(p.relative_to(root)))
    everything = [root / APP, *found]
    known = _git(root, "ls-files", "-z") if tracked_only and _is_clone(root) else None
    if known is None:
        return Sources(everything, (_UNASKED,) if tracked_only else ())
    files = [each for each in everything if each.relative_to(root).as_posix() in known]
    left_out = [each for each in everything if each not in files]
    changed = _git(root, "diff", "--name-only", "-z", "HEAD") or []
    return Sources(
        files,
        (
            *_note("packed as changed since the commit", changed),
            *_note(
                "left out, as git does not know it", [each.relative_to(root).as_posix() for each in left_out]
            ),
        ),
    )


def _is_ours(path: Path) -> bool:
    """Nothing that Python, an editor or a desktop leaves behind."""
    return "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts)


def _note(what: str, names: list[str]) -> list[str]:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return [f"{what}: {', '.join(names[:5])}{more}"] if names else []


def _is_clone(root: Path) -> bool:
    return (root / ".git").exists()


def _git(root: Path, *command: str) -> list[str] | None:
    """Names that git tells; None where there is no git, or it refuses."""
    try:
        done = subprocess.run(
            ["git", *command, "--", APP, LIBRARY], cwd=root, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return [each for each in done.stdout.split("\0") if each] if done.returncode == 0 else None
