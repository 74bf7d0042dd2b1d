"""What commands answer with --json: docs/CLI.md has the fields of each, and every answer that a test reads
keeps to them (tests/cli/desk.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from cli.__main__ import main
from tests.cli.json_fields import FIELDS, foreign


def commands(of: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, each in of.commands.items():
        yield f"{before}{name}", each
        if isinstance(each, click.Group):
            yield from commands(each, f"{before}{name} ")


def test_every_command_that_answers_as_json_has_its_fields_on_the_page() -> None:
    answering = {path for path, each in commands(main) if any("--json" in one.opts for one in each.params)}
    assert answering - set(FIELDS) == set()
    known = {path for path, _ in commands(main)} | {"receipt verify"}  # `verify` is a word of receipt
    assert set(FIELDS) - known == set()
    assert all(FIELDS.values())


@pytest.mark.parametrize(
    ("words", "answer", "found"),
    [
        (("list", "--all"), {"deletions": [], "more": False}, set()),
        (("list",), {"deletions": [], "next": 1}, {"next"}),
        (("holds", "show", "Leads", "1"), {"whatever": 1}, set()),
        (("keys", "rotate", "erp"), {"secret": 1}, {"secret"}),
    ],
)
def test_a_field_that_the_page_does_not_have_is_found(
    words: tuple[str, ...], answer: dict[str, object], found: set[str]
) -> None:
    assert foreign(words, answer) == found
