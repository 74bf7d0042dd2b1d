"""Which scopes a Zoho org's credentials need for what its sources may ask, and what covers a scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass

from chalicelib.domain.request import Operation

#: Modules whose name in a scope is not the API name in lower case; any unknown module is "custom" there.
_NAMES = {
    "Appointments_Rescheduled_History__s": "appointments_rescheduled_history",
    "Appointments__s": "appointments",
    "Events": "events",
    "Meetings": "events",
    "Potentials": "deals",
    "Price_Books": "pricebooks",
    "Purchase_Orders": "purchaseorders",
    "Sales_Orders": "salesorders",
    "Services__s": "services",
}
_PLAIN = frozenset(
    {
        "accounts", "activities", "calls", "campaigns", "cases", "contacts", "deals", "invoices", "leads",
        "products", "quotes", "solutions", "tasks", "vendors",
    }
)  # fmt: skip
#: Read by `expunge setup` and `expunge doctor` only; the service does without.
FOR_LOOKING = ("ZohoCRM.org.READ", "ZohoCRM.users.READ")
#: What restoring from Zoho's recycle bin needs, and what deleting from it (recycle bin, API v6 to v8).
RESTORE = ("ZohoCRM.settings.recycle_bin.READ", "ZohoCRM.settings.recycle_bin.UPDATE")
DELETE_PERMANENTLY = ("ZohoCRM.settings.recycle_bin.READ", "ZohoCRM.settings.recycle_bin.DELETE")
#: What finding and erasing a person needs: every module of the org is looked through, custom ones too.
ERASE_PERSON = (
    "ZohoCRM.modules.READ", "ZohoCRM.modules.UPDATE", "ZohoCRM.modules.DELETE",
    "ZohoCRM.settings.modules.READ", "ZohoCRM.settings.fields.READ", "ZohoCRM.settings.related_lists.READ",
    "ZohoCRM.coql.READ", "ZohoSearch.securesearch.READ",
)  # fmt: skip
_COUNTING = ("ZohoSearch.securesearch.READ", "ZohoCRM.coql.READ")
_VIEWS = "ZohoCRM.settings.custom_views.READ"


@dataclass(frozen=True, slots=True)
class Use:
    """What may be asked in one module: `jobs` says whether mass delete is, `permanent` whether what was
    deleted may be deleted from the recycle bin too, `people` whether persons may be erased, in any module.
    """

    module: str
    jobs: bool
    permanent: bool = False
    people: bool = False


def of_module(module: str) -> str:
    """The module's name inside a scope."""
    lower = module.lower()
    return _NAMES.get(module) or (lower if lower in _PLAIN else "custom")


def uses(
    modules: Iterable[str], operations: Set[Operation], *, mass_delete_by_ids: bool, permanent: bool = False
) -> list[Use]:
    """The uses that one source's entry allows."""
    jobs = mass_delete_by_ids or Operation.MASS_DELETE in operations
    people = "erase_person" in operations
    return [Use(module, jobs, permanent, people) for module in sorted(modules)]


def needed(found: Iterable[Use]) -> list[str]:
    """The scopes for these uses, narrow ones, in a steady order; none for none."""
    scopes: dict[str, None] = {}
    for use in found:
        name = of_module(use.module)
        wanted = [f"ZohoCRM.modules.{name}.READ", f"ZohoCRM.modules.{name}.DELETE"]
        if use.jobs:
            wanted += [f"ZohoCRM.mass_delete.{name}.DELETE", f"ZohoCRM.mass_delete.{name}.READ", _VIEWS]
        wanted += DELETE_PERMANENTLY if use.permanent else ()
        wanted += ERASE_PERSON if use.people else ()
        scopes |= dict.fromkeys([*wanted, *_COUNTING])
    return sorted(scopes, key=lambda scope: (not scope.startswith("ZohoCRM.modules"), scope))


def missing(wanted: Iterable[str], granted: Set[str]) -> list[str]:
    """Those of `wanted` that nothing in `granted` covers."""
    return [scope for scope in wanted if not covering(scope) & granted]


def covering(scope: str) -> set[str]:
    """Every scope that includes `scope`: itself, ALL beside it, and those of the whole group."""
    service, *path, right = scope.split(".")
    found = {f"{service}.{'.'.join(path[:depth])}.ALL" for depth in range(1, len(path) + 1)} | {scope}
    if path[0] in ("modules", "mass_delete"):
        found.add(f"{service}.{path[0]}.{right}")
    return found


def listed(text: object) -> frozenset[str] | None:
    """The scopes that a token answer names; None where it names none."""
    if not isinstance(text, str) or not text.strip():
        return None
    return frozenset(each for each in re.split(r"[\s,]+", text) if each)
