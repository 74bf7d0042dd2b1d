"""Limits as `expunge sources set` takes them: a number, or a word that stands for null."""

from __future__ import annotations

from typing import Any

import click

#: What stands for null.
NONE = "none"


class _NumberOrNone(click.ParamType):  # type: ignore[type-arg]  # click 8.2 is not generic
    """A whole number, or `none` for no limit."""

    name = "NUMBER|none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == NONE:
            return NONE
        if not (isinstance(value, str) and value.isascii() and value.isdigit()):
            self.fail(f"{value} is neither a whole number nor `{NONE}`", param, ctx)
        return int(value)


class _ShareOrNone(click.ParamType):  # type: ignore[type-arg]  # click 8.2 is not generic
    """A number above 0 up to 1, or `none` for no limit."""

    name = "SHARE|none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == NONE:
            return NONE
        try:
            share = float(value)
        except ValueError:
            share = 0.0
        if not 0 < share <= 1:
            self.fail(f"{value} is neither a number above 0 up to 1, such as 0.05, nor `{NONE}`", param, ctx)
        return share


NUMBER, SHARE = _NumberOrNone(), _ShareOrNone()
