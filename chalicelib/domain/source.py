"""A source: who sends requests, with which keys, and what it may ask for (contract section 6).

Everything about a source comes from its entry in the sources secret. An entry that is not what it should be
makes that one source unusable, and never removes a limit: unknown fields are refused, so that a misspelt
limit cannot silently become the default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Never

from chalicelib.domain import modules
from chalicelib.domain.children import MOST_DAYS
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.keys import MOST_KEYS, Profile, key_of, scope_of
from chalicelib.domain.request import BY_NAME_ONLY, REQUESTABLE, Limits, Operation

#: The source that callers inside AWS go by; it has no keys, IAM vouches for them.
OPERATOR = "operator"

#: Requests of the largest size that a source may make in a day, where its entry does not say.
REQUESTS_A_DAY = 20

SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
ORG_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # part of a secret's name, so no "/" and no "."
#: What any API name of Zoho's looks like, of a field too.
ZOHO_NAME = modules.NAME


@dataclass(frozen=True, slots=True)
class Source:
    """One usable entry. `keys`: signing keys, or the UTF-8 of bearer values on the token profile; never
    shown. `modules`: as modules.listed returns them. `related_lists`: what it may delink, None for what
    Zoho's Delink page knows. `scope`: the source in whose deliveries its own count (keys.scope_of).
    `permanent_min_days`: the shortest `permanent_after` that it may ask for; None for none at all.
    """

    name: str
    profile: Profile
    keys: tuple[bytes, ...] = field(repr=False)
    org: str
    orgs: frozenset[str]
    modules: frozenset[str]
    operations: frozenset[Operation]
    limits: Limits
    related_lists: frozenset[str] | None = None
    scope: str = ""
    permanent_min_days: int | None = None


def parse(name: str, entry: object) -> Source:
    """The source `name` from its entry in the secret, with defaults filled in.

    Raises SecretUnusable, whose reason names the field and never its value.
    """
    if not isinstance(entry, Mapping):
        _unusable(name, "the entry", "must be an object")
    unknown = sorted(set(map(str, entry)) - FIELDS)
    if unknown:
        _unusable(name, f"{len(unknown)} field(s)", f"not known; known are {', '.join(sorted(FIELDS))}")
    read = _Reader(name, entry)
    profile = read.profile()
    max_records = read.whole("max_records", 500, least=1)
    org = read.name("org", "default", ORG_NAME)
    return Source(
        name=name,
        profile=profile,
        keys=read.keys(profile),
        org=org,
        orgs=frozenset({org, *read.names("orgs", ORG_NAME)}),
        modules=read.modules(),
        operations=read.operations(),
        limits=Limits(
            max_records=max_records,
            approve_above=read.whole_or_none("approve_above"),
            mass_delete_by_ids=read.flag("mass_delete_by_ids"),
            allow_uncounted=read.flag("allow_uncounted"),
            max_share=read.share("max_share"),
            cool_off_seconds=read.whole("cool_off_seconds", 0, least=0),
            max_records_per_hour=read.whole_or_none("max_records_per_hour", least=1),
            max_records_per_day=read.per_day(max_records),
            keep_credits=read.whole_or_none("keep_credits"),
            erase_person_approval=read.flag("erase_person_approval", default=True),
        ),
        related_lists=read.related_lists(),
        permanent_min_days=read.whole_or_none("permanent_min_days", most=MOST_DAYS),
    )


def usable(entries: Mapping[str, object], name: str) -> Source:
    """The source `name` from the whole secret: as `parse`, and in whose deliveries its own count.

    Raises SecretUnusable. KeyError where there is no such entry.
    """
    return replace(parse(name, entries[name]), scope=scope_of(entries, name))


class UsableSources:
    """Sources read from the whole secret. Each is read once for as long as the same secret is handed in."""

    def __init__(self) -> None:
        self._entries: Mapping[str, object] | None = None
        self._read: dict[str, Source] = {}

    def get(self, entries: Mapping[str, object], name: str) -> Source:
        """As `usable`."""
        if entries is not self._entries:
            self._entries, self._read = entries, {}
        if name not in self._read:
            self._read[name] = usable(entries, name)
        return self._read[name]


_LIMITS = {
    "max_records", "max_records_per_hour", "max_records_per_day", "keep_credits", "approve_above",
    "mass_delete_by_ids", "allow_uncounted", "max_share", "cool_off_seconds",
}  # fmt: skip
#: The fields that an entry may have.
FIELDS = {
    "profile",
    "keys",
    "org",
    "orgs",
    "modules",
    "operations",
    "related_lists",
    "note",
    "permanent_min_days",
    "erase_person_approval",
} | _LIMITS


def _unusable(name: str, what: str, problem: str) -> Never:
    raise SecretUnusable("sources secret", f"source {name}: {what} {problem}")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the fields of one entry; every problem is SecretUnusable."""

    source: str
    entry: Mapping[str, Any]

    def profile(self) -> Profile:
        value = self.entry.get("profile", Profile.STANDARD_WEBHOOKS)
        if value not in list(Profile):
            _unusable(self.source, "profile", f"must be one of {', '.join(Profile)}")
        return Profile(value)

    def keys(self, profile: Profile) -> tuple[bytes, ...]:
        values = self.strings("keys", required=self.source != OPERATOR)
        if len(values) > MOST_KEYS:
            _unusable(self.source, "keys", f"may be {MOST_KEYS} at most")
        return tuple(self._key(profile, number, value) for number, value in enumerate(values))

    def _key(self, profile: Profile, number: int, value: str) -> bytes:
        try:
            return key_of(profile, value, self.source)
        except ValueError as problem:
            _unusable(self.source, f"keys/{number}", f"cannot be used: {problem}")

    def operations(self) -> frozenset[Operation]:
        if "operations" not in self.entry:
            return REQUESTABLE
        values = self.strings("operations")
        may = REQUESTABLE | BY_NAME_ONLY
        if not set(values) <= may:
            _unusable(self.source, "operations", f"may only hold {', '.join(sorted(may))}")
        return frozenset(map(Operation, values))

    def modules(self) -> frozenset[str]:
        values = self.strings("modules")
        for number, value in enumerate(values):
            if problem := modules.problem_of(value):
                _unusable(self.source, f"modules/{number}", problem)
        return modules.listed(values)

    def related_lists(self) -> frozenset[str] | None:
        if "related_lists" not in self.entry:
            return None
        return frozenset(self.names("related_lists", ZOHO_NAME))

    def strings(self, key: str, required: bool = False) -> list[str]:
        values = self.entry.get(key, None if required else [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            _unusable(self.source, key, "must be a list of strings")
        return values

    def name(self, key: str, default: str, pattern: re.Pattern[str]) -> str:
        value = self.entry.get(key, default)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            _unusable(self.source, key, f"must match {pattern.pattern}")
        return value

    def names(self, key: str, pattern: re.Pattern[str]) -> list[str]:
        values = self.strings(key)
        if not all(pattern.fullmatch(value) for value in values):
            _unusable(self.source, key, f"must each match {pattern.pattern}")
        return values

    def whole(self, key: str, default: int, least: int) -> int:
        value = self.entry.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            _unusable(self.source, key, f"must be a whole number, {least} or more")
        return value

    def whole_or_none(self, key: str, least: int = 0, most: int | None = None) -> int | None:
        value = None if self.entry.get(key) is None else self.whole(key, least, least)
        if value is not None and most is not None and value > most:
            _unusable(self.source, key, f"must be {most} at most")
        return value

    def per_day(self, max_records: int) -> int | None:
        """Left out it follows from the largest request; null stands for no limit."""
        key = "max_records_per_day"
        return self.whole_or_none(key, least=1) if key in self.entry else REQUESTS_A_DAY * max_records

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.entry.get(key, default)
        if not isinstance(value, bool):
            _unusable(self.source, key, "must be true or false")
        return value

    def share(self, key: str) -> float | None:
        value = self.entry.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            _unusable(self.source, key, "must be above 0 and at most 1, or null")
        return float(value)
