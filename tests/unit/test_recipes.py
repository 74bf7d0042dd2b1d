"""CONTRIBUTING.md, "Adding things": the files of the recipes are there, and what they join is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.domain.outcomes import UNSETTLED, Mark, outcome_name
from chalicelib.domain.person.out_of_reach import MEANINGS
from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.lookup import TABLE
from chalicelib.domain.zoho.reply import CallKind
from docs.generate.openapi_schemas import everything

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(
    re.findall(
        r"^### (.+)\n\n((?:.+\n|\n(?!#))+)",
        PAGE.partition("## Adding things")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
)
_FOLDERS = "chalicelib|cli|docs|infra|local|simulator|tests|examples|zoho|benchmarks|scripts|\\.chalice"
_PATH = re.compile(rf"[`(]((?:{_FOLDERS})/[\w./-]+|[A-Za-z_]+\.(?:md|py|toml|in))[`)#]")
#: Files that name every operation, as `Operation.X` or by its value.
NAME_EVERY_OPERATION = (
    "chalicelib/domain/zoho/lookup.py",
    "chalicelib/service/executors.py",
    "chalicelib/adapters/dynamodb/codec.py",
    "chalicelib/web/page_words.py",
    "docs/CONTRACT.md",
)
#: Files that name every count of a deletion's records.
NAME_EVERY_COUNT = (
    "chalicelib/web/page_words.py",
    "cli/following/progress.py",
    "local/demo.py",
    "docs/CONTRACT.md",
)
COUNTS = sorted({outcome_name(mark) for mark in Mark if mark not in UNSETTLED})


def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def test_there_is_a_recipe_for_whatever_is_added_often() -> None:
    for what in ("code of Zoho", "route", "command", "doctor", "alarm", "field", "operation"):
        assert [name for name in RECIPES if what in name], what


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_file_that_a_recipe_names_is_there(recipe: str) -> None:
    named = _PATH.findall(RECIPES[recipe])
    assert len(named) >= 4
    assert not [each for each in named if not (ROOT / each.rstrip(".")).exists()]


@pytest.mark.parametrize("file", NAME_EVERY_OPERATION)
def test_an_operation_is_known_where_all_of_them_are(file: str) -> None:
    missing = [
        each.value
        for each in Operation
        if not re.search(rf"\b(Operation\.{each.name}|{each.value})\b", text_of(file))
    ]
    assert not missing, f"{file}: add {missing} (CONTRIBUTING.md, a new operation)"
    assert file in RECIPES["A new operation"]


def test_what_tells_operations_apart_is_named_in_their_recipe() -> None:
    """A module that names three of them has something to say of the next one too."""
    for folder in ("chalicelib", "cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            text, file = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
            named = [
                each for each in Operation if re.search(rf"\bOperation\.{each.name}\b|\"{each.value}\"", text)
            ]
            assert len(named) < 3 or file in RECIPES["A new operation"], file


@pytest.mark.parametrize("file", NAME_EVERY_COUNT)
def test_a_count_is_known_where_all_of_them_are(file: str) -> None:
    missing = [each for each in COUNTS if not re.search(rf"\b{each}\b", text_of(file))]
    assert not missing, f"{file}: add {missing} (CONTRIBUTING.md, a new operation)"


def test_each_call_to_zoho_has_words_in_the_list_of_errors() -> None:
    missing = [
        each.name for each in CallKind if f"CallKind.{each.name}" not in text_of("docs/generate/errors.py")
    ]
    assert not missing, f"docs/generate/errors.py: add {missing} (CONTRIBUTING.md, a new operation)"


def test_every_code_that_there_is_stands_in_the_list_of_errors() -> None:
    page = text_of("docs/ERRORS.md")
    known = {row.code for row in TABLE} | set(MEANINGS)
    assert not [code for code in sorted(known) if f"| `{code}` |" not in page]


@pytest.mark.parametrize("name", everything()["Deletion"]["properties"])
def test_a_field_of_events_is_explained_in_the_contract(name: str) -> None:
    assert f"`{name}`" in text_of("docs/CONTRACT.md") or f'"{name}"' in text_of("docs/CONTRACT.md"), name
