"""Pages of tasks, run as they are printed: each part's commands in order, and what they show.

A block `sh` is run by bash, all of a page in one folder; a block `text` is what the block before it shows,
line by line, with `...` for what is another each time. A comment above a block says what the block alone
does not: `ends with 4` (the exit code), `not run: why`, `evidence` (the stage writes it now, which its
schedule does each minute), `grant` (Zoho's code is put in). The one id that all pages print stands for the
first one that the newest command of the part has printed, and so does the hash of a map.
"""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path

PRINTED = "del_01M8298QNC9R2FS46471MHPX7V"
PRINTED_HASH = "5f1c" * 16
SECONDS = 180
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<note>[^>]*) -->\n)?^(?P<in> *)```(?P<kind>sh|text)\n(?P<text>.*?)^(?P=in)```$",
    re.MULTILINE | re.DOTALL,
)
_ID = re.compile(r"del_[0-9A-Z]{26}")
_HASH = re.compile(r"--map-hash ([0-9a-f]{64})")


@dataclass(frozen=True)
class Block:
    """`kind`: sh or text; `note`: what the comment above it says."""

    kind: str
    text: str
    note: str

    @property
    def runs(self) -> bool:
        return self.kind == "sh" and not self.note.startswith("not run")

    @property
    def code(self) -> int:
        found = re.search(r"ends with (\d+)", self.note)
        return int(found[1]) if found else 0


def parts(page: Path) -> dict[str, list[Block]]:
    """The blocks of each part of the page, by its heading; parts without any are left out."""
    found = {}
    for part in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        blocks = [
            Block(each["kind"], textwrap.dedent(each["text"]), each["note"] or "")
            for each in _BLOCK.finditer(part)
        ]
        if blocks:
            found[part.splitlines()[0]] = blocks
    return found


class Reader:
    """Somebody at a shell who copies commands out of the page. `said`: all that was shown, of all parts."""

    def __init__(self, folder: Path, local_dir: Path, programs: Path) -> None:
        mine = ("EXPUNGE_", "AWS_", "ZOHO_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
        path = f"{programs}:{os.environ['PATH']}"
        self._environment = {**kept, "LOCAL_DIR": str(local_dir), "PATH": path}
        self._folder = folder
        self.said = ""

    def run(self, block: Block, known: dict[str, str]) -> str:
        """Run one block; `known`: what stands in the place of what is printed. Raises AssertionError."""
        text = block.text
        for printed, meant in known.items():
            text = text.replace(printed, meant)
        assert PRINTED not in text, f"no command has printed an id yet: {text}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == block.code, f"{text}\n{done.stdout}\n{done.stderr}"
        self.said += done.stdout
        if ids := _ID.findall(done.stdout):
            known[PRINTED] = ids[0]
        if hashes := _HASH.findall(done.stdout):
            known[PRINTED_HASH] = hashes[-1]
        return done.stdout


def shows(printed: str, shown: str, known: dict[str, str]) -> list[str]:
    """The lines of a text block that were not shown."""
    for each, meant in known.items():
        printed = printed.replace(each, meant)
    lines = shown.splitlines()
    return [
        wanted
        for wanted in printed.splitlines()
        if not any(re.fullmatch(re.escape(wanted).replace(r"\.\.\.", ".*"), line) for line in lines)
    ]
