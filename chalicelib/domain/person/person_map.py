"""The person map of an org: what is done with a person's records, module by module.

Operators put it; as long as nobody has, it follows from the org's metadata (contract section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from chalicelib.domain import modules as names
from chalicelib.domain.errors import Field, NotValid, Unreadable
from chalicelib.domain.person.metadata import Module
from chalicelib.domain.person.regions import REGIONS
from chalicelib.domain.zoho.metadata import EMAIL

MAX_SHARED = 5
#: Zoho's Search names no more records of one value.
MOST_SHARED = 2000
MOST_MODULES = 500
MOST_FIELDS = 50
LONGEST_REASON = 256
#: Beside fields, what `clear` may name.
NOTES, ATTACHMENTS, PHOTO = "Notes", "Attachments", "photo"
PARTS = (NOTES, ATTACHMENTS, PHOTO)
#: Why a company's record stays though a value of the person stands in it.
COMPANY = "company record"


class Action(StrEnum):
    """What is done with a record."""

    DELETE = "delete"
    UNLINK = "unlink"
    CLEAR = "clear"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with the person's records of one module. `match`: the fields by which they are found, None
    for all of type email or phone. `clear`: fields and parts that are emptied of records that stay.
    """

    action: Action
    match: tuple[str, ...] | None = None
    keep_reason: str | None = None
    clear: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As operators put it; what it does not have is left out."""
        shown: dict[str, object] = {"action": self.action.value}
        if self.match is not None:
            shown["match"] = list(self.match)
        if self.keep_reason is not None:
            shown["keep_reason"] = self.keep_reason
        if self.clear:
            shown["clear"] = list(self.clear)
        return shown


@dataclass(frozen=True, slots=True)
class PersonMap:
    """The whole of it. `region`: of phone numbers without a country code (ISO 3166), None for unknown.

    `max_shared`: the most records that a value of one person stands in. `put`: an operator has put it, so
    that it says all that is to be done.
    """

    region: str | None = None
    max_shared: int = MAX_SHARED
    modules: Mapping[str, Rule] = field(default_factory=dict)
    put: bool = field(default=False, compare=False)

    def rule(self, module: str) -> Rule:
        """What is done in the module: one that is not named here is `unlink`."""
        return self.modules.get(module) or Rule(Action.UNLINK)

    def to_json(self) -> dict[str, object]:
        """As operators put it, modules sorted."""
        rules = {name: self.modules[name].to_json() for name in sorted(self.modules)}
        return {"region": self.region, "max_shared": self.max_shared, "modules": rules}


_DELETED = ("Contacts", "Leads")
_UNLINKED = ("Calls", "Campaigns", "Cases", "Deals", "Events", "Tasks")
#: Modules whose records are companies'.
COMPANIES = ("Accounts", "Vendors")


def default(found: Iterable[Module]) -> PersonMap:
    """What holds as long as nobody has put a map, for the modules that the org has."""
    rules: dict[str, Rule] = {}
    for module in found:
        if module.name in COMPANIES:
            rules[module.name] = Rule(Action.KEEP, keep_reason=COMPANY)
        elif module.name in _DELETED or (module.custom and module.of_type(EMAIL)):
            rules[module.name] = Rule(Action.DELETE)
        elif module.name in _UNLINKED:
            rules[module.name] = Rule(Action.UNLINK)
    return PersonMap(modules=rules)


def person_map_of(stored: Mapping[str, Any]) -> PersonMap:
    """The map that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    rules = {
        name: Rule(
            Action(rule["action"]),
            match=tuple(rule["match"]) if rule.get("match") is not None else None,
            keep_reason=rule.get("keep_reason"),
            clear=tuple(rule.get("clear", ())),
        )
        for name, rule in stored["modules"].items()
    }
    return PersonMap(stored["region"], stored["max_shared"], rules, put=True)


def kept_map(org: str, stored: Mapping[str, Any]) -> PersonMap:
    """The map that was kept of an org. Raises Unreadable."""
    try:
        return person_map_of(stored)
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        what = f"person map: {type(problem).__name__}"
        raise Unreadable(f"org {org}", what) from problem


def person_map_in(part: Any) -> PersonMap:
    """The map in what was stored of an org with an erasure. Raises as `person_map_of`."""
    return replace(person_map_of(part["person_map"]), put=part.get("put", True))


def parse(raw: object, known: Mapping[str, Module]) -> PersonMap:
    """The map in an operator's body. `known`: the org's modules. Raises NotValid with a field for every
    problem.
    """
    found: list[Field] = []
    if not isinstance(raw, Mapping):
        raise NotValid("the person map is not valid", (Field("", "the body must be a JSON object"),))
    found += _unknown("", raw, ("region", "max_shared", "modules"))
    region, max_shared, given = raw.get("region"), raw.get("max_shared", MAX_SHARED), raw.get("modules")
    if region is not None and not (isinstance(region, str) and region in REGIONS):
        found.append(Field("/region", 'must be a region of ISO 3166 such as "AT", or null'))
    if isinstance(max_shared, bool) or not isinstance(max_shared, int) or not 1 <= max_shared <= MOST_SHARED:
        found.append(Field("/max_shared", f"must be a whole number from 1 to {MOST_SHARED}"))
    rules: dict[str, Rule] = {}
    if not isinstance(given, Mapping):
        found.append(Field("/modules", "is missing" if "modules" not in raw else "must be an object"))
    elif len(given) > MOST_MODULES:
        found.append(Field("/modules", f"may name {MOST_MODULES} modules at most"))
    else:
        for name, rule in given.items():
            found += _module(name, rule, known, rules)
    if found:
        raise NotValid("the person map is not valid", tuple(found))
    return PersonMap(region, max_shared, rules, put=True)


def _unknown(path: str, raw: Mapping[str, Any], fields: tuple[str, ...]) -> list[Field]:
    words = f"is not known here; known are {', '.join(fields)}"
    return [Field(f"{path}/{_escaped(name)}", words) for name in raw if name not in fields]


def _escaped(name: object) -> str:
    """A name as a part of a JSON Pointer."""
    return str(name)[:100].replace("~", "~0").replace("/", "~1")


def _module(name: str, raw: object, known: Mapping[str, Module], rules: dict[str, Rule]) -> list[Field]:
    path = f"/modules/{_escaped(name)}"
    if words := names.problem_of(name):
        return [Field(path, words)]
    canonical = names.canonical(name)
    if canonical not in known:
        return [Field(path, "is not a module of this org")]
    if canonical in rules:
        return [Field(path, f"is {canonical}, which is named already")]
    if not isinstance(raw, Mapping):
        return [Field(path, "must be an object")]
    found = _unknown(path, raw, ("action", "match", "keep_reason", "clear"))
    action = raw.get("action")
    if action not in list(Action):
        words = f"must be one of {', '.join(Action)}" if "action" in raw else "is missing"
        return [*found, Field(f"{path}/action", words)]
    match, wrong_match = _match(path, raw, known[canonical])
    clear, wrong_clear = _clear(path, raw, Action(action))
    found += [*wrong_match, *wrong_clear, *_reason_problems(path, raw, Action(action))]
    rules[canonical] = Rule(Action(action), match, raw.get("keep_reason"), clear)
    return found


def _match(path: str, raw: Mapping[str, Any], module: Module) -> tuple[tuple[str, ...] | None, list[Field]]:
    if "match" not in raw:
        return None, []
    texts, found = _texts(f"{path}/match", raw["match"])
    fields = {each.name for each in module.identifying}
    for number, name in enumerate(texts):
        if name not in fields:
            words = f"is not a field of type email or phone of {module.name}"
            found.append(Field(f"{path}/match/{number}", words))
    return tuple(dict.fromkeys(texts)), found


def _clear(path: str, raw: Mapping[str, Any], action: Action) -> tuple[tuple[str, ...], list[Field]]:
    if "clear" not in raw:
        empty = (
            [Field(f"{path}/clear", "is missing: action clear needs it")] if action is Action.CLEAR else []
        )
        return (), empty
    if action in (Action.DELETE, Action.KEEP):
        return (), [Field(f"{path}/clear", f"cannot go with action {action}: it is for records that stay")]
    texts, found = _texts(f"{path}/clear", raw["clear"])
    for number, name in enumerate(texts):
        if name == "id" or (name not in PARTS and not names.NAME.fullmatch(name)):
            words = f"must be a field's API name or one of {', '.join(PARTS)}"
            found.append(Field(f"{path}/clear/{number}", words))
    if action is Action.CLEAR and not texts and not found:
        found.append(Field(f"{path}/clear", "must name at least one field or part"))
    return tuple(dict.fromkeys(texts)), found


def _texts(path: str, raw: object) -> tuple[list[str], list[Field]]:
    if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
        return [], [Field(path, "must be a list of strings")]
    return (raw, []) if len(raw) <= MOST_FIELDS else ([], [Field(path, f"may name {MOST_FIELDS} at most")])


def _reason_problems(path: str, raw: Mapping[str, Any], action: Action) -> list[Field]:
    reason = raw.get("keep_reason")
    place = f"{path}/keep_reason"
    if action is not Action.KEEP:
        return [Field(place, "goes with action keep only")] if "keep_reason" in raw else []
    if "keep_reason" not in raw:
        return [Field(place, "is missing: it is told to who asks why the record stays")]
    good = isinstance(reason, str) and len(reason.strip()) >= 1 and len(reason) <= LONGEST_REASON
    return [] if good else [Field(place, f"must be a text of 1 to {LONGEST_REASON} characters")]
