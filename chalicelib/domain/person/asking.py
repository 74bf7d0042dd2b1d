"""The questions that find a person: which module is asked for which value, by Search and by COQL.

They are the same for the same modules and identity, so that a search can go on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.domain.person.guests import EVENTS, PARTICIPANTS
from chalicelib.domain.person.identity import Identity
from chalicelib.domain.person.matching import Wanted
from chalicelib.domain.person.metadata import FieldOf, Module
from chalicelib.domain.person.phones import Phones
from chalicelib.domain.zoho.asking import (
    LONGEST,
    MOST_COLUMNS,
    MOST_CRITERIA,
    MOST_VALUES,
    SHORTEST,
    By,
    SearchQuery,
    Selection,
    Where,
    fits_in_coql,
)
from chalicelib.domain.zoho.metadata import EMAIL, PHONE

#: What is read of a record of which only its being there counts: every module has it.
ANY_COLUMN = ("Modified_Time",)
#: Records whose links are looked for by one question.
IDS_AT_ONCE = MOST_VALUES


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one module, asked page after page: by Search (`search`) or COQL (`selection`).

    `to`: of a question for links, the module that they lead to.
    """

    module: str
    search: SearchQuery | None = None
    selection: Selection | None = None
    to: str = ""


def questions(
    modules: Iterable[Module], identity: Identity, wanted: Wanted, phones: Phones
) -> list[Question]:
    """All questions of one search, in order."""
    emails = list(dict.fromkeys([*identity.emails, *wanted.emails]))
    spelled = {e164: phones.spellings(e164) for e164 in wanted.phones}
    found: list[Question] = []
    for module in modules:
        if module.readable and not module.part:
            found += _of(module, list(wanted.emails), emails, spelled)
        if module.name == EVENTS and module.readable and module.searched:
            # No page tells whether a search for a word looks at guests; it costs a call to find out.
            columns = (PARTICIPANTS, *read_columns(module))[:MOST_COLUMNS]
            guests = (SearchQuery(By.WORD, value, columns=columns) for value in wanted.emails if _fits(value))
            found += [_search(module.name, each) for each in guests]
    return found


def _of(
    module: Module, folded: Sequence[str], emails: Sequence[str], spelled: dict[str, tuple[str, ...]]
) -> list[Question]:
    columns = read_columns(module)
    found: list[Question] = []
    numbers = list(dict.fromkeys(each for spellings in spelled.values() for each in spellings))
    for kind, by, searched, compared in (
        (EMAIL, By.EMAIL, folded, emails),
        (PHONE, By.PHONE, numbers, numbers),
    ):
        fields = module.of_type(kind)
        if not fields or not searched:
            continue
        if module.searched:
            found += [_search(module.name, SearchQuery(by, v, columns=columns)) for v in searched if _fits(v)]
            found += [
                _search(module.name, SearchQuery(By.FIELD, value, each.name, columns))
                for each in fields
                if each.encrypted and each.searchable and not each.restricted
                for value in searched
                if _fits(value)
            ]
        plain = [each.name for each in fields if not each.restricted and not each.encrypted]
        found += _selections(module.name, plain, compared, columns)
        if kind == PHONE:
            patterns = [_pattern(e164) for e164 in spelled]
            found += _selections(module.name, plain, patterns, columns, like=True)
    return found


def read_columns(module: Module) -> tuple[str, ...]:
    """The fields that are read of a hit, to compare its own values."""
    return tuple(each.name for each in module.identifying if not each.restricted)[:MOST_COLUMNS]


def _search(module: str, search: SearchQuery) -> Question:
    return Question(module, search=search)


def _fits(value: str) -> bool:
    return SHORTEST <= len(value) <= LONGEST


def _pattern(e164: str) -> str:
    """The last nine digits with anything between them: a number is written in many ways."""
    return "%" + "%".join(e164[1:][-9:])


def _selections(
    module: str, fields: Sequence[str], values: Sequence[str], columns: tuple[str, ...], *, like: bool = False
) -> list[Question]:
    """COQL questions for these values, as many fields and values as one query takes."""
    said = [value for value in values if fits_in_coql(value)]
    # One criterion a field, of `like` one a field and value; the id that pages go on behind is one more.
    most_values = 1 if like else MOST_VALUES
    found = []
    for first in range(0, len(fields), MOST_CRITERIA - 1):
        some = tuple(fields[first : first + MOST_CRITERIA - 1])
        for start in range(0, len(said), most_values):
            where = Where(some, tuple(said[start : start + most_values]), like=like)
            found.append(Question(module, selection=Selection(module, where, columns)))
    return found


def link_fields(module: Module, to: str) -> tuple[FieldOf, ...]:
    """The lookups of the module that may lead to records of `to`."""
    return tuple(each for each in module.lookups if not each.to or to in each.to)


def link_questions(modules: Iterable[Module], to: str, ids: Sequence[str]) -> list[Question]:
    """Who leads to these records of the module `to`? A COQL question for each module with such a lookup."""
    found = []
    for module in modules:
        names = [each.name for each in link_fields(module, to) if not each.encrypted]
        if not names or not module.readable or (module.part and not module.linking):
            continue
        for first in range(0, len(names), MOST_CRITERIA - 1):
            some = tuple(names[first : first + MOST_CRITERIA - 1])
            for start in range(0, len(ids), IDS_AT_ONCE):
                where = Where(some, tuple(ids[start : start + IDS_AT_ONCE]))
                selection = Selection(module.name, where, some)
                found.append(Question(module.name, selection=selection, to=to))
    return found
