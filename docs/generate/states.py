"""Makes the picture of a deletion's states in docs/ARCHITECTURE.md from the one table of legal moves.

python -m docs.generate.states            writes it
python -m docs.generate.states --check    fails when it is stale
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chalicelib.domain.status import FINAL, MOVES, Status

TARGET = Path(__file__).parents[1] / "ARCHITECTURE.md"
BEGIN, END = "<!-- states: made by docs/generate/states.py -->\n", "<!-- /states -->\n"
#: The box around the final states: an arrow to it stands for one to each of them.
BOX = "final"


def picture() -> str:
    """The states and moves as a Mermaid diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.ACCEPTED}"]
    for status in Status:
        if status in FINAL:
            continue
        to = MOVES[status]
        lines += [f"    {status} --> {each}" for each in Status if each in to - FINAL]
        lines += [f"    {status} --> {each}" for each in _final(to)]
    lines.append(f"    state {BOX} {{")
    for status in Status:
        if status in FINAL:
            left_again = [f"        {status} --> {each}" for each in _final(MOVES[status])]
            lines += left_again or [f"        {status}"]
    return "\n".join([*lines, "    }"])


def _final(to: frozenset[Status]) -> list[str]:
    """The final ones of `to`, as the box where it is all of them."""
    return [BOX] if to >= FINAL else [each for each in Status if each in to & FINAL]


def document() -> str:
    """docs/ARCHITECTURE.md with the picture as the table has it."""
    text = TARGET.read_text(encoding="utf-8")
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    return f"{text[:before]}\n```mermaid\n{picture()}\n```\n\n{text[after:]}"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or say that it is stale; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="only say whether the page is up to date")
    made = document()
    if parser.parse_args(arguments).check:
        if TARGET.read_text(encoding="utf-8") == made:
            return 0
        print("docs/ARCHITECTURE.md is stale: run python -m docs.generate.states", file=sys.stderr)
        return 1
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
