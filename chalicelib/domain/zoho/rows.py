"""Records that an answer lists, with the values of their fields, and whether there are more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """A record, or an entry of a related list: its id and what the answer tells of its fields, by API name.

    A lookup's value is an object with `id` (`lookup_id`). A field that is withheld is None or missing.
    """

    id: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """What one answer lists. `more`: Zoho says that there are further ones behind these."""

    rows: tuple[Row, ...]
    more: bool


def listed(body: Mapping[str, object] | None, container: str = "data") -> Listed:
    """The rows of a usable answer; none of a body that holds none. An entry without an id is left out: the
    adapter lets no such answer through.
    """
    told = (body or {}).get(container)
    info = (body or {}).get("info")
    rows = tuple(
        Row(str(each["id"]), each)
        for each in (told if isinstance(told, list) else ())
        if isinstance(each, Mapping) and isinstance(each.get("id"), (str, int))
    )
    return Listed(rows, isinstance(info, Mapping) and info.get("more_records") is True)


def lookup_id(value: object) -> str | None:
    """The id in a lookup's value, sent as an object, a text or a number; None for anything else."""
    found = value.get("id") if isinstance(value, Mapping) else value
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        return None
    return str(found) or None


def counts(body: Mapping[str, object] | None) -> dict[str, int]:
    """How many entries each related list has, by its API name, of a RELATED_COUNT answer. A list that is not
    here was not counted: that is not the same as empty.
    """
    told = (body or {}).get("get_related_records_count")
    found: dict[str, int] = {}
    for each in told if isinstance(told, list) else ():
        if not isinstance(each, Mapping) or each.get("status") == "error":
            continue
        of, count = each.get("related_list"), each.get("count")
        name = of.get("api_name") if isinstance(of, Mapping) else None
        number = int(count) if isinstance(count, str) and _is_number(count) else count
        if isinstance(name, str) and isinstance(number, int) and not isinstance(number, bool) and number >= 0:
            found[name] = number
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
