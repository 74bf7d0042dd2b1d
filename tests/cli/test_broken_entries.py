"""One entry of the sources secret that is not what it should be fails alone, and is named with what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.checks import senders
from cli.checks.check import CheckContext
from cli.sources import fingerprint
from cli.target import Target
from tests.cli.desk import Desk, opened
from tests.cli.test_unapproved_erasures import Secrets
from tests.fakes import House

KEY = "whsec_bXlYrP0rD0vHc6q1t3Zs8wKeJu2GfNaQ"
OTHER = "whsec_dGhlIG90aGVyIGtleSBvZiBhbm90aGVy"
GOOD: dict[str, Any] = {"keys": [KEY], "modules": ["Leads"], "operations": ["delete_records"]}
#: What may stand in the place of an entry.
BROKEN: dict[str, Any] = {
    "null": None,
    "list": [],
    "text": "secret-of-nobody",
    "number": 7,
    "empty": {},
    "no keys": {"keys": None, "modules": ["Leads"]},
    "key as text": {"keys": "secret-of-nobody", "modules": ["Leads"]},
    "keys as object": {"keys": {"new": "secret-of-nobody"}},
    "number as key": {"keys": [1]},
    "null as key": {"keys": [None, OTHER]},
    "list as key": {"keys": [["secret-of-nobody"]]},
    "half a character": {"keys": ["\ud800"]},
    "no profile": {"keys": [OTHER], "profile": None},
    "profile as list": {"keys": [OTHER], "profile": ["token"]},
    "profile as object": {"keys": [OTHER], "profile": {"secret": "secret-of-nobody"}},
    "org as list": {"keys": [OTHER], "org": []},
    "org as null": {"keys": [OTHER], "orgs": None},
    "modules as text": {"keys": [OTHER], "modules": "Leads"},
    "operations as object": {"keys": [OTHER], "operations": {}},
    "list in operations": {"keys": [OTHER], "operations": [["purge"]]},
    "unknown field": {"keys": [OTHER], "max_record": 5},
    "limits as text": {"keys": [OTHER], "max_records": "500"},
}
HELD = {**{f"bad-{n}": each for n, each in enumerate(BROKEN.values())}, "good": GOOD}
BAD = [name for name in HELD if name != "good"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A stage with a good source and every kind of broken one."""
    with opened(tmp_path_factory.mktemp("desk"), HELD) as made:
        yield made


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "list", "good"),
        ("keys", "revoke", "good", "--all", "--dry-run"),
        ("sources", "show", "good"),
        ("sources", "set", "good", "--max-records", "7", "--dry-run"),
    ],
    ids=" ".join,
)
def test_what_is_about_another_source_is_done(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.told(*words)


def test_keys_list_shows_the_others_and_names_each_with_why(desk: Desk) -> None:
    told = desk.told("keys", "list")["sources"]
    assert told["good"] == {"profile": "standard-webhooks", "keys": [fingerprint(KEY)]}
    assert all(told[name]["problem"].startswith(f"source {name}: ") for name in BAD)
    assert told.keys() == HELD.keys()
    said = desk.said("keys", "list")
    assert (said.count("cannot be used: source bad-"), said.count(fingerprint(KEY))) == (len(BAD), 1)
    assert "secret-of-nobody" not in said + json.dumps(told)


def test_sources_list_and_check_name_each_with_the_same_words(desk: Desk) -> None:
    told = desk.told("keys", "list")["sources"]
    listed = desk.told("sources", "list")["sources"]
    assert listed["good"]["modules"] == ["Leads"]
    assert {name: listed[name]["problem"] for name in BAD} == {name: told[name]["problem"] for name in BAD}
    checked = desk.said("sources", "check", code=3)
    assert all(f"{name}: {told[name]['problem']}" in checked for name in BAD)
    assert "1 of " in checked


NO_OBJECT, NO_LIST = "null", "key as text"


@pytest.mark.parametrize("what", [NO_OBJECT, NO_LIST])
@pytest.mark.parametrize(
    "words", [("keys", "list"), ("keys", "rotate"), ("keys", "revoke"), ("send", "Leads", "1", "--source")]
)
def test_what_needs_its_keys_says_what_is_wrong_and_what_to_do(
    desk: Desk, words: tuple[str, ...], what: str
) -> None:
    name = f"bad-{list(BROKEN).index(what)}"
    said = " ".join(desk.said(*words, name, code=3).split())
    assert f"source {name}: " in said
    assert "must be" in said
    assert "correct it in Secrets Manager" in said


def test_the_door_lets_the_others_in() -> None:
    house = House(HELD)
    body = {"module": "Leads", "ids": ["1"], "operation": "delete_records"}
    answers = {name: house.post(body, source=name, key=KEY, delivery=name).status for name in HELD}
    assert answers.pop("good") == 202
    assert set(answers.values()) == {401}


def test_doctor_names_each_and_looks_at_the_others() -> None:
    held = {**HELD, "bare": {"keys": [], "modules": ["Leads"]}}
    context = CheckContext(
        Target("dev", "expunge/dev/sources", "expunge-dev-api", lambda _: Secrets(held)), 0.0
    )
    found = senders.sources(context)
    assert set(senders.read_sources(context)) == {"good", "bare"}
    named = [each.what for each in found.faults]
    assert all(any(each.startswith(f"source {name}: ") for each in named) for name in BAD)
    assert "source bare has no key: it can send nothing" in named
    assert not any(each.startswith("source good") for each in named)
    assert all(each.mend for each in found.faults)
