"""The fields of commands' answers as docs/CLI.md has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PAGE = (Path(__file__).parents[2] / "docs/CLI.md").read_text(encoding="utf-8")
_PART = _PAGE.partition("## Answers as JSON\n")[2].partition("\n## ")[0]
#: The words of each command's row.
FIELDS: dict[str, str] = {}
for _command, _words in re.findall(r"^\| `([a-z -]+)` \| (.+) \|$", _PART, re.MULTILINE):
    FIELDS[_command] = list(FIELDS.values())[-1] if _words == "the same" else _words


def foreign(words: Sequence[str], answer: Any) -> set[str]:
    """Fields of the answer to a command that the page does not have; none where the service's own body is
    answered, as that is the contract's.
    """
    command = " ".join(words[:2]) if " ".join(words[:2]) in FIELDS else words[0]
    told = FIELDS[command]
    if not isinstance(answer, dict) or "as the contract has it" in told or "the fields of" in told:
        return set()
    return set(answer) - set(re.findall(r"`([a-z_]+)`", told))
