"""The wheel of `expunge` brings of local/ all that the commands import: the list is in pyproject.toml."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported(file: Path) -> set[str]:
    """The modules of local/ that the file imports, wherever in it."""
    found = set()
    for each in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(each, ast.ImportFrom) or not each.module:
            continue
        top, _, rest = each.module.partition(".")
        if top == "local":
            found |= {rest.partition(".")[0]} if rest else {name.name for name in each.names}
    return found


def test_the_wheel_brings_every_module_of_local_that_its_commands_import() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    brought = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    own = {name for name in brought if name.startswith("local/")}
    files = [*(ROOT / "cli").rglob("*.py"), *(ROOT / name for name in own)]
    needed = {f"local/{name}.py" for file in files for name in imported(file)}
    assert len(needed) > 3
    assert needed <= own
