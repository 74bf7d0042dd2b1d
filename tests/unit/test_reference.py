"""docs/REFERENCE.md has a row for whatever can be set: something new without one fails here."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from chalicelib.adapters.zoho import org_secret
from chalicelib.config import PREFIX, Config
from chalicelib.domain import source
from docs.generate import reference, reference_words

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/REFERENCE.md").read_text(encoding="utf-8")
PROGRAMS = [file for folder in ("cli", "local", "chalicelib") for file in (ROOT / folder).rglob("*.py")]


def rows(part: str) -> dict[str, list[str]]:
    """The rows of a part's table by their first cell."""
    text = PAGE.partition(f"## {part}\n")[2].partition("\n## ")[0]
    found = [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells for cells in found}


def literals() -> Iterator[str]:
    """Every text in the programs that could be the name of a variable."""
    for file in PROGRAMS:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def read_from_the_shell() -> set[str]:
    """Names that os.environ is asked for, as text or as a constant of the module, and click's `envvar`."""
    found = set()
    for file in PROGRAMS:
        text = file.read_text(encoding="utf-8")
        given = re.findall(r"environ(?:\.get\(|\[)(?:\"|')?([A-Z_][A-Z_0-9]*|_?[A-Z]+)\b", text)
        given += re.findall(r"envvar=\"(\w+)\"", text)
        for name in given:
            meant = re.search(rf"^{name} = \"(\w+)\"$", text, re.MULTILINE)
            found.add(meant[1] if meant else name)
    return found


def test_the_page_is_what_the_code_makes() -> None:
    assert reference.document() == PAGE


def test_each_field_of_a_source_and_of_an_org_has_a_row_with_words() -> None:
    assert set(rows("Fields of a source")) == set(source.FIELDS)
    assert set(rows("Fields of an org")) == org_secret.FIELDS
    assert all(
        cells[-1]
        for part in ("source", "org")
        for cells in rows(f"Fields of {'an' if part == 'org' else 'a'} {part}").values()
    )


def test_each_setting_has_a_row_with_words() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))
    stages = config["stages"].values()
    given = [config["environment_variables"], *(each.get("environment_variables", {}) for each in stages)]
    known = {PREFIX + each.name.upper() for each in fields(Config)}
    assert set(rows("Settings")) == known.union(*given)
    assert all(cells[-1] for cells in rows("Settings").values())


def test_each_parameter_has_a_row_with_words() -> None:
    template = json.loads((ROOT / "infra/resources.json").read_text(encoding="utf-8"))
    assert set(rows("Parameters")) == set(template["Parameters"])
    assert all(cells[-1] for cells in rows("Parameters").values())


def test_each_variable_that_is_read_has_a_row() -> None:
    told = {*rows("Settings"), *rows("Variables of the commands"), *reference_words.NOT_TOLD}
    ours = {text for text in literals() if re.fullmatch(r"EXPUNGE_[A-Z_]*[A-Z]", text)}
    asked = {name for name in read_from_the_shell() if not name.endswith("_")}
    assert {"EXPUNGE_KEY", "EXPUNGE_TIME_ZONE"} <= ours | asked
    assert {"CONFIRM", "XDG_RUNTIME_DIR", "PARAMETERS"} <= asked
    assert (ours | asked) - told == set()


def test_each_variable_that_make_hands_on_has_a_row() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    handed = set(" ".join(re.findall(r"^export (.+)$", makefile, re.MULTILINE)).split())
    assert {"LOCAL_DIR", "STAGE"} <= handed
    # WRITE and OUT are of the commands that `make` alone lists them with.
    assert handed - {"WRITE", "OUT"} - set(rows("Variables of the commands")) == set()
