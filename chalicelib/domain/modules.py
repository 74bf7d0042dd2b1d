"""Names of Zoho's modules: one name for each, whichever of its names a request, a hold or a policy has.

Zoho serves some modules under several names: its pages call Events "Meetings" and Deals "Potentials", and
`Activities` reaches the records of Tasks, Events and Calls (Zoho CRM API v2, Delete Records; v7, Mass
Delete). Custom modules cannot be known here: their names stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

#: What an API name of a module looks like.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
#: The API names of Zoho's own modules (Zoho CRM API v7, Delete Records).
STANDARD = (
    "Leads", "Accounts", "Contacts", "Deals", "Campaigns", "Tasks", "Cases", "Events", "Calls", "Solutions",
    "Products", "Vendors", "Price_Books", "Quotes", "Sales_Orders", "Purchase_Orders", "Invoices",
    "Appointments__s", "Appointments_Rescheduled_History__s", "Services__s", "Activities",
)  # fmt: skip
ACTIVITIES = "Activities"
#: What `Activities` stands for.
PARTS = ("Calls", "Events", "Tasks")
_ALIASES = {"Potentials": "Deals", "Meetings": "Events"}
#: First parts of other paths of Zoho's API: as a module's name they would reach something else than records.
_RESERVED = frozenset({"actions", "coql", "org", "recycle_bin", "settings", "users"})
#: The same, as they are written there; a custom module may well be called Bulk or Files.
_RESERVED_AS_WRITTEN = frozenset({
    "__features", "__schedule_mass_convert", "bulk", "composite_requests", "features", "files",
    "portal_invite",
})  # fmt: skip

_BY_CASE = {name.casefold(): name for name in STANDARD} | {n.casefold(): to for n, to in _ALIASES.items()}


def _folded(name: str) -> str:
    """Without letter case, underscores and the suffix of Zoho's newer modules: `SalesOrders` is one of
    Zoho's own names for Sales_Orders, and its pages write Services for Services__s.
    """
    return name.casefold().removesuffix("__s").replace("_", "")


_BY_FOLD = {_folded(name): to for name, to in _BY_CASE.items()}


def canonical(name: str) -> str:
    """The module's one name: what is stored, shown, permitted and sent to Zoho.

    Other names of Zoho's own modules become their API name. Any other name stays as it is.
    """
    return _ALIASES.get(name, name)


def identity(name: str) -> str:
    """What tells modules apart where records are protected, waited for or remembered.

    Wider than `canonical`: letter case never counts, nor how Zoho's own names are written together. Two
    custom modules that share an identity protect each other's records; no record loses its protection.
    """
    return _BY_FOLD.get(_folded(name)) or name.casefold()


def parts(name: str) -> tuple[str, ...]:
    """The canonical names of the modules that the name stands for, sorted: three for `Activities`."""
    found = canonical(name)
    return PARTS if found == ACTIVITIES else (found,)


def listed(names: Iterable[str]) -> frozenset[str]:
    """A list of modules: each once, by its canonical name; with `Activities`, what it stands for too."""
    return frozenset(part for name in names for part in (canonical(name), *parts(name)))


def covers(allowed: Set[str], name: str) -> bool:
    """Are all modules that the name stands for among `allowed`, as `listed` returns them?"""
    return set(parts(name)) <= allowed


def reached(name: str) -> tuple[str, ...]:
    """The identities under which a record of the module may be held: its own first, then those that hold
    records in common with it.
    """
    own = identity(name)
    if own == ACTIVITIES:
        return (ACTIVITIES, *PARTS)
    return (own, ACTIVITIES) if own in PARTS else (own,)


def together(name: str) -> str:
    """One identity for all modules that hold records in common: where one is to wait for, or to remember,
    what is done in another.
    """
    own = identity(name)
    return ACTIVITIES if own in PARTS else own


def spellings(name: str) -> tuple[str, ...]:
    """The names by which the module itself may have been stored: its identity first, then those by which it
    was stored before there was one.
    """
    own = identity(name)
    others = [alias for alias, to in _ALIASES.items() if to == own]
    return tuple(dict.fromkeys((own, *others, canonical(name), name)))


def problem_of(name: object) -> str:
    """Why this cannot be a module's name, "" where it can be one: that Zoho has it is not said by that.

    Zoho's own modules in another letter case are refused, not mended: Zoho does not know them, and what is
    permitted, held or limited must not depend on how somebody guesses that it reads them.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f"must match {NAME.pattern}"
    if name.casefold() in _RESERVED or name in _RESERVED_AS_WRITTEN:
        return "is a part of Zoho's API that is no module"
    wanted = _BY_CASE.get(name.casefold(), name)
    return "" if canonical(name) == wanted else f"must be written {wanted}: letter case counts"


def is_standard(name: str) -> bool:
    """Is it one of Zoho's own modules?"""
    return canonical(name) in STANDARD
