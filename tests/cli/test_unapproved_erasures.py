"""doctor names sources whose erasures nobody looks at, in orgs whose person map nobody has put."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from cli.checks import senders
from cli.checks.check import CheckContext
from cli.target import Target

KEY = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg=="


class Secrets:
    """Secrets Manager with one secret."""

    def __init__(self, entries: dict[str, Any]) -> None:
        self.text = json.dumps(entries)

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        return {"SecretString": self.text, "VersionId": "1"}


class Maps:
    """A table in which one org has a person map, or that cannot be read."""

    def __init__(self, readable: bool) -> None:
        self.readable = readable

    def person_map(self, org: str) -> dict[str, Any] | None:
        if not self.readable:
            raise Unavailable("table", "AccessDeniedException")
        return {"modules": {}} if org == "known" else None


class Context(CheckContext):
    """A stage whose table is `maps`."""

    maps = Maps(readable=True)

    def ledger(self) -> Any:
        return self.maps


def notes(readable: bool = True, **entry: Any) -> list[str]:
    given = {"privacy": {"keys": [KEY], "modules": ["Leads"], **entry}}
    context = Context(Target("dev", "expunge/dev/sources", "expunge-dev-api", lambda _: Secrets(given)), 0.0)
    context.maps = Maps(readable)
    found = senders.sources(context)
    assert found.detail == "1 source"
    return [f"{each.what}: {each.mend}" for each in found.notes]


@pytest.mark.parametrize(
    ("entry", "orgs"),
    [
        ({"operations": ["erase_person"], "erase_person_approval": False, "org": "known"}, []),
        ({"operations": ["erase_person"], "erase_person_approval": True, "org": "new"}, []),
        ({"operations": ["delete_records"], "erase_person_approval": False, "org": "new"}, []),
        ({"operations": ["erase_person"], "erase_person_approval": False, "org": "new"}, ["new"]),
        (
            {
                "operations": ["erase_person"],
                "erase_person_approval": False,
                "org": "known",
                "orgs": ["a", "b"],
            },
            ["a", "b"],
        ),
    ],
)
def test_each_org_without_a_map_is_named_where_nobody_approves(
    entry: dict[str, Any], orgs: list[str]
) -> None:
    told = notes(**entry)
    assert len(told) == len(orgs)
    for words, org in zip(told, orgs, strict=True):
        assert f"source privacy erases people of org {org} without an approval" in words
        assert f"expunge person-map show --org {org} --stage dev" in words


def test_what_cannot_be_read_is_said_to_be_unknown() -> None:
    told = notes(readable=False, operations=["erase_person"], erase_person_approval=False, org="new")
    assert [each.partition(" cannot")[0] for each in told] == ["whether org new has a person map of its own"]
