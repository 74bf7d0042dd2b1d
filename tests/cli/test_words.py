"""Words that commands take: as the contract writes them, whichever command takes them."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from chalicelib.domain.request import BY_NAME_ONLY, REQUESTABLE
from cli.__main__ import main


def commands(of: click.Command, path: str = "expunge") -> Iterator[tuple[str, click.Command]]:
    yield path, of
    if isinstance(of, click.Group):
        for name, each in of.commands.items():
            yield from commands(each, f"{path} {name}")


CHOICES = [
    (f"{path} {parameter.opts[0]}", parameter)
    for path, command in commands(main)
    for parameter in command.params
    if isinstance(parameter.type, click.Choice)
]


@pytest.mark.parametrize(("where", "parameter"), CHOICES, ids=[where for where, _ in CHOICES])
def test_a_choice_is_taken_as_it_is_shown_and_written_as_in_the_contract(
    where: str, parameter: click.Parameter
) -> None:
    assert isinstance(parameter.type, click.Choice)
    with click.Context(main) as ctx:
        for word in parameter.type.choices:
            assert type(word) is str, where  # click names a member of an Enum by its Python name
            assert parameter.type.convert(word, parameter, ctx) == word


def test_operations_are_named_as_requests_name_them() -> None:
    found = {tuple(p.type.choices) for where, p in CHOICES if where.endswith("--operation")}  # type: ignore[attr-defined]  # an option with a choice has choices
    assert found == {tuple(sorted(each.value for each in REQUESTABLE | BY_NAME_ONLY))}
