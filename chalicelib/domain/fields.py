"""Reads a document field by field: each problem is kept with its place (a JSON Pointer), no problem ends the
reading, and an unknown field is a problem too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from chalicelib.domain.errors import Field

T = TypeVar("T")


class Reader:
    """One object of the document at `path`; its parts share the list of problems."""

    def __init__(self, raw: object, path: str = "", problems: list[Field] | None = None) -> None:
        self.is_object = isinstance(raw, dict)
        self.raw: dict[str, Any] = raw if isinstance(raw, dict) else {}
        self._path = path
        self._problems: list[Field] = [] if problems is None else problems
        self._known: set[str] = set()
        if not self.is_object:
            self._problems.append(Field(path, "must be an object"))

    def wrong(self, name: str, problem: str) -> None:
        """Keep a problem of the field `name` ("" for the object itself)."""
        self._problems.append(Field(f"{self._path}/{name}" if name else self._path, problem))

    def known(self, *names: str) -> None:
        """These fields are known, however they are read."""
        self._known.update(names)

    def has(self, name: str) -> bool:
        """Is the field there with a value?"""
        self.known(name)
        return self.raw.get(name) is not None

    def one_of(self, first: str, second: str) -> str | None:
        """Which of two fields is there; both or neither is a problem, and None."""
        there = [name for name in (first, second) if self.has(name)]
        if len(there) == 1:
            return there[0]
        self.wrong("", f'needs either "{first}" or "{second}"')
        return None

    def finished(self) -> tuple[Field, ...]:
        """Every problem so far, with this object's unknown fields among them."""
        known = ", ".join(sorted(self._known))
        for name in [name for name in self.raw if name not in self._known]:
            self._known.add(name)
            self.wrong(str(name)[:100], f"is not known here; known are {known}")
        return tuple(self._problems)

    def read(self, name: str, parse: Callable[[object], T], default: T, *, optional: bool = False) -> T:
        """The field as `parse` reads it; ValueError is its problem, `default` then stands for it.

        An optional field that is left out is parsed too, as None.
        """
        if not self.has(name) and not optional:
            self._missing(name)
            return default
        try:
            return parse(self.raw.get(name))
        except ValueError as problem:
            self.wrong(name, str(problem))
            return default

    def text(self, name: str, pattern: re.Pattern[str], default: str | None = None) -> str:
        """A field that matches; left out it is `default`, or missing where that is None."""
        value = self.raw.get(name, default)
        self.known(name)
        if value is None:
            self._missing(name)
        elif not isinstance(value, str):
            self.wrong(name, "must be text: put it in quotes")
        elif not pattern.fullmatch(value):
            self.wrong(name, f"must match {pattern.pattern}")
        else:
            return value
        return ""

    def plain(self, name: str, default: str | None) -> str:
        """Any text, "" where there is none; somebody else says whether it is right."""
        value = self.raw.get(name, default)
        self.known(name)
        if isinstance(value, str) and len(value) <= 100:
            return value
        if value is not None:
            self.wrong(name, "must be text: put it in quotes")
        elif self.is_object:
            self._missing(name)
        return ""

    def flag(self, name: str, default: bool | None) -> bool | None:
        """True or false."""
        value = self.raw.get(name, default)
        self.known(name)
        if value is not None and not isinstance(value, bool):
            self.wrong(name, "must be true or false")
            return default
        return value

    def whole(self, name: str, default: int | None, *, least: int) -> int | None:
        """A whole number, or `default`."""
        value = self.raw.get(name)
        self.known(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.wrong(name, f"must be a whole number, {least} or more")
            return default
        return value

    def share(self, name: str) -> float | None:
        """A number above 0 and up to 1, or None."""
        value = self.raw.get(name)
        self.known(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            self.wrong(name, "must be above 0 and at most 1")
            return None
        return float(value)

    def part(self, name: str, *, optional: bool = False) -> Reader:
        """An object in this one; a missing one reads as empty, and is a problem unless `optional`."""
        if not self.has(name):
            if not optional:
                self._missing(name)
            # The missing fields of an absent object are not reported one by one.
            return Reader({}, f"{self._path}/{name}", self._problems if optional else [])
        return Reader(self.raw[name], f"{self._path}/{name}", self._problems)

    def parts(self, name: str, most: int) -> list[Reader]:
        """A list of objects in this one, at most `most`; empty where it is left out."""
        value = self.raw.get(name, [])
        self.known(name)
        if not isinstance(value, list) or len(value) > most:
            self.wrong(name, f"must be a list of at most {most} conditions")
            return []
        return [Reader(each, f"{self._path}/{name}/{n}", self._problems) for n, each in enumerate(value)]

    def _missing(self, name: str) -> None:
        self.wrong(name, "is missing")
