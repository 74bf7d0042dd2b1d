"""How records are asked for by values: Zoho's Search, and COQL. Pure, and made of parts that were checked.

A value that cannot be said in a way that Zoho's pages agree on is refused here (ValueError), never bent: a
query that Zoho reads in another way than it was written finds other people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.ids import is_record_id

#: Search gives no more than so many records in all, in pages of so many (API v7, Search Records).
MOST_FOUND, PAGE = 2000, 200
MOST_PAGES = MOST_FOUND // PAGE
#: Values in a list, criteria in a query, columns beside the id (API v7, COQL: the lower of what pages say).
MOST_VALUES, MOST_CRITERIA, MOST_COLUMNS = 50, 25, 49
MOST_ROWS = 200
#: Related lists in one call that counts (Zoho's OpenAPI files).
MOST_COUNTED = 20
SHORTEST, LONGEST = 2, 254

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_UNFIT = re.compile(r"['\"\\\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_ESCAPED = re.compile(r"([\\(),])")


class By(StrEnum):
    """What Search compares: all fields of type email, all of type phone, every field, or one named field."""

    EMAIL = "email"
    PHONE = "phone"
    WORD = "word"
    FIELD = "criteria"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What one Search looks for. `field`: its API name, for `By.FIELD` only. `columns`: fields that the hits
    are to tell beside the id, all of them where none is named.

    Hits hold the value or a part of it, converted and unapproved records included, and lag behind what is
    stored: whoever asks compares each hit's own values. Raises ValueError for a value of fewer than 2 or more
    than 254 characters, with control characters, or a name that is no API name.
    """

    by: By
    value: str
    field: str = ""
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not SHORTEST <= len(self.value) <= LONGEST or _CONTROL.search(self.value):
            raise ValueError(f"a value that is searched for has {SHORTEST} to {LONGEST} characters")
        if (self.by is By.FIELD) != bool(self.field):
            raise ValueError("a field is named where one field is searched, and only there")
        _check(*([self.field] if self.field else []), *self.columns)

    def query(self) -> dict[str, str]:
        """The parameter of Search: one of `email`, `phone`, `word` and `criteria`."""
        text = self.value
        if self.by is By.FIELD:
            escaped = _ESCAPED.sub(r"\\\1", text)
            text = f"({self.field}:equals:{escaped})"
        return {self.by.value: text}


@dataclass(frozen=True, slots=True)
class Where:
    """One of `fields` holds exactly one of `values` (a text, or an id of a lookup), or is `like` one of them,
    with `%` for any text. Letter case: not told by Zoho, so spell what it may matter for in each way.
    """

    fields: tuple[str, ...]
    values: tuple[str, ...]
    like: bool = False

    def criteria(self) -> list[str]:
        """Each comparison in COQL. Raises ValueError for what cannot be said."""
        _check(*self.fields)
        if not self.fields or not 1 <= len(self.values) <= MOST_VALUES:
            raise ValueError(f"a comparison has fields, and 1 to {MOST_VALUES} values")
        if not all(map(fits_in_coql, self.values)):
            raise ValueError("quotes, backslashes and control characters cannot be said in COQL")
        if self.like:
            return [f"{name} like '{value}'" for name in self.fields for value in self.values]
        several = ",".join(f"'{value}'" for value in self.values)
        return [
            f"{name} in ({several})" if len(self.values) > 1 else f"{name} = '{self.values[0]}'"
            for name in self.fields
        ]


def fits_in_coql(value: str) -> bool:
    """Can the value stand in a COQL query? Zoho's own pages disagree on how quotes are escaped."""
    return 0 < len(value) <= LONGEST and _UNFIT.search(value) is None


@dataclass(frozen=True, slots=True)
class Selection:
    """One COQL query for records of `module` that meet `where`, the next 200 behind the id `after`.

    `columns`: fields that the rows tell beside the id. COQL compares exactly, and does not lag. Whether it
    shows converted, unapproved and locked records, no page tells.
    """

    module: str
    where: Where
    columns: tuple[str, ...] = ()
    after: str | None = None

    def text(self) -> str:
        """The query. Raises ValueError for what cannot be said in one."""
        _check(self.module, *self.columns)
        if len(self.columns) > MOST_COLUMNS:
            raise ValueError(f"a query tells at most {MOST_COLUMNS} fields beside the id")
        parts = self.where.criteria()
        if len(parts) + (self.after is not None) > MOST_CRITERIA:
            raise ValueError(f"a query has at most {MOST_CRITERIA} criteria")
        where = _any_of(parts)
        if self.after is not None:
            if not is_record_id(self.after):
                raise ValueError("a selection goes on behind an id")
            where = f"({where}) and id > {self.after}" if len(parts) > 1 else f"{where} and id > {self.after}"
        names = ", ".join(dict.fromkeys(("id", *self.columns)))
        return f"select {names} from {self.module} where {where} order by id asc limit {MOST_ROWS}"  # noqa: S608 -- names of Zoho's metadata and ids


def _any_of(parts: Sequence[str]) -> str:
    """Joined by `or`; Zoho wants more than two bracketed in pairs."""
    where = parts[0]
    for number, part in enumerate(parts[1:], start=1):
        where = f"({where}) or {part}" if number > 1 else f"{where} or {part}"
    return where


def _check(*names: str) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError("not an API name")
