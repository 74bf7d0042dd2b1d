"""May a source ask for this deletion? Every reason against it, each with its field."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain import modules, quota, related
from chalicelib.domain.children import DAY
from chalicelib.domain.errors import Field, NotAllowed
from chalicelib.domain.keys import Profile
from chalicelib.domain.request import ALL_MODULES, Api, Operation, Request
from chalicelib.domain.source import Source

#: The most ids of one request on the token profile: what one call to Zoho takes.
TOKEN_IDS = 100


def permit(source: Source, request: Request, size: int | None) -> None:
    """Do nothing where `source` may ask for `request`. Raises NotAllowed with a field for every reason.

    `size`: how many records it names; None where only Zoho knows (a view): the
    limits look at that later.
    """
    reasons = [
        *_scope(source, request),
        *_api(source, request),
        *_permanent(source, request),
        *_size(source, request, size),
    ]
    if reasons:
        raise NotAllowed("this source may not ask for this deletion", tuple(reasons))


def _scope(source: Source, request: Request) -> list[Field]:
    found = []
    if request.operation not in source.operations:
        words = f"this source may not use this operation; it may use {_named(source.operations)}"
        found.append(Field("/operation", words))
    elif source.profile is Profile.TOKEN and request.operation is not Operation.DELETE_RECORDS:
        found.append(Field("/operation", "a source with the token profile may only use delete_records"))
    name = request.related_list
    if name is not None and not related.may_delink(source.related_lists, name):
        may = _named(related.named(source.related_lists))
        words = f"this source may not take away links of this related list; it may of {may}"
        found.append(Field("/related_list", words))
    # Which modules a person is erased in, the org's person map says.
    if request.module != ALL_MODULES and not modules.covers(source.modules, request.module):
        found.append(Field("/module", f"{_not_in(request.module)}; it may in {_named(source.modules)}"))
    if request.org not in source.orgs:
        words = f"this source may not delete in this org; it may in {_named(source.orgs)}"
        found.append(Field("/org", words))
    return found


#: Names that one refusal lists.
_MOST_NAMED = 20


def _named(names: Iterable[str]) -> str:
    """What it may, for who wonders: the source's own entry, which its holder may know."""
    known = sorted(names)
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return (", ".join(known[:_MOST_NAMED]) or "none") + more


def _not_in(module: str) -> str:
    words = "this source may not delete in this module"
    several = modules.parts(module)
    return words if len(several) == 1 else f"{words}, which stands for {', '.join(several)}"


def _api(source: Source, request: Request) -> list[Field]:
    if request.api is Api.MASS_DELETE and not source.limits.mass_delete_by_ids:
        return [Field("/api", "this source may not use mass delete by ids (mass_delete_by_ids is not set)")]
    return []


def _permanent(source: Source, request: Request) -> list[Field]:
    after, least = request.permanent_after, source.permanent_min_days
    if after is None:
        return []
    if least is None:
        words = "this source may not make a deletion permanent (permanent_min_days is not set)"
    elif after < least * DAY:
        words = f"may not be shorter than this source's permanent_min_days: P{least}D"
    else:
        return []
    return [Field("/permanent_after", words)]


def _size(source: Source, request: Request, size: int | None) -> list[Field]:
    found = []
    limit = source.limits.max_records
    if request.max_records is not None:
        if request.max_records > limit:
            found.append(Field("/max_records", f"may not be higher than the source's limit of {limit}"))
        limit = min(limit, request.max_records)
    if size is not None and source.profile is Profile.TOKEN and size > TOKEN_IDS:
        found.append(Field("/ids", f"a source with the token profile may name {TOKEN_IDS} ids at most"))
    if size is not None and size > limit:
        found.append(Field("/ids", f"{size} records are more than the limit of {limit}"))
    if size is not None and not found:
        found += quota.too_large(source.limits, size, "/ids")
    return found
