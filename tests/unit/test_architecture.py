"""docs/ARCHITECTURE.md: whoever looks for a file finds it on the page, with what it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
#: What each line of the page says in code: a table's row, or a line of text.
LINES = [set(re.findall(r"[A-Za-z_]+", " ".join(re.findall(r"`[^`]+`", line)))) for line in PAGE.splitlines()]
#: What the page says in code, not in prose.
WORDS = set(re.findall(r"[A-Za-z_]+", " ".join(re.findall(r"```\n.*?```|`[^`\n]+`", PAGE, re.DOTALL))))
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "chalicelib").rglob("*.py")
    if path.name != "__init__.py"
)
FOLDERS = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
COMMANDS = sorted(path.parent.name for path in (ROOT / "cli").glob("*/__init__.py"))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_product_is_named(module: str) -> None:
    """In one line with its package, as several packages have modules of one name."""
    name, package = Path(module).stem, Path(module).parent.name
    of_a_kind = name.endswith("_items") and package == "dynamodb"  # the page names them as one
    if package == "chalicelib":
        assert name in WORDS, module
    else:
        assert of_a_kind or any({name, package} <= line for line in LINES), f"{module}: beside its package"


@pytest.mark.parametrize("name", [*FOLDERS, *COMMANDS])
def test_every_folder_with_code_is_named(name: str) -> None:
    assert name in WORDS
