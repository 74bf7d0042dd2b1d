"""`expunge sources set`: whatever an entry may say, but for keys and profile, is said without an editor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.domain.request import REQUESTABLE, Operation
from chalicelib.domain.source import FIELDS
from cli import limits
from cli.keys import new
from cli.limits import set_source
from tests.cli.desk import Desk, opened

#: Each field with words that set it, and what the entry has then.
SET: dict[str, tuple[tuple[str, ...], object]] = {
    "org": (("--org", "second"), "second"),
    "orgs": (("--other-org", "second", "--other-org", "third"), ["second", "third"]),
    "modules": (("--module", "Potentials"), ["Deals"]),
    "operations": (("--operation", "delete_records"), ["delete_records"]),
    "related_lists": (("--related-list", "Campaigns"), ["Campaigns"]),
    "note": (("--note", "of the shop"), "of the shop"),
    "permanent_min_days": (("--permanent-min-days", "7"), 7),
    "erase_person_approval": (("--erase-person-approval", "false"), False),
    "max_records": (("--max-records", "20"), 20),
    "max_records_per_hour": (("--max-records-per-hour", "100"), 100),
    "max_records_per_day": (("--max-records-per-day", "none"), None),
    "keep_credits": (("--keep-credits", "1000"), 1000),
    "approve_above": (("--approve-above", "none"), None),
    "mass_delete_by_ids": (("--mass-delete-by-ids", "true"), True),
    "allow_uncounted": (("--allow-uncounted", "false"), False),
    "max_share": (("--max-share", "0.05"), 0.05),
    "cool_off_seconds": (("--cool-off-seconds", "30"), 30),
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


def test_no_limit_needs_an_editor_and_a_secret_with_live_keys() -> None:
    assert set(SET) == FIELDS - {"keys", "profile"}
    assert {each.name for each in set_source.params} >= SET.keys()


@pytest.mark.parametrize("field", sorted(SET))
def test_each_field_is_told_as_it_will_be(desk: Desk, field: str) -> None:
    words, value = SET[field]
    source = next(iter(desk.house.sources.held))
    told = json.loads(desk.said("sources", "set", source, *words, "--dry-run", "--json"))
    assert told["after"] == {field: value}


@pytest.mark.parametrize("share", ["0", "1.5", "nan", "all", "-0.1"])
def test_what_is_no_share_is_refused(desk: Desk, share: str) -> None:
    source = next(iter(desk.house.sources.held))
    assert desk.run("sources", "set", source, "--max-share", share, "--dry-run").exit_code == 2


def test_what_stood_before_is_told_with_its_default(desk: Desk) -> None:
    source = next(iter(desk.house.sources.held))
    told = json.loads(
        desk.said("sources", "set", source, "--max-records-per-day", "5", "--dry-run", "--json")
    )
    shown = json.loads(desk.said("sources", "show", source, "--json"))
    assert told["before"] == {"max_records_per_day": shown["max_records_per_day"]}
    assert isinstance(shown["max_records_per_day"], int)


def test_who_changes_a_limit_is_told_from_when_it_counts(desk: Desk) -> None:
    source = next(iter(desk.house.sources.held))
    assert limits.COUNTS in desk.said("sources", "set", source, "--max-records", "7")
    assert limits.COUNTS not in desk.said("sources", "set", source, "--max-records", "8", "--dry-run")


def test_no_value_is_not_taken_for_none_where_something_else_holds(desk: Desk) -> None:
    source = next(iter(desk.house.sources.held))
    lines = dict(line.split(None, 1) for line in desk.said("sources", "show", source).splitlines()[1:])
    assert lines["related_lists"] == "those of Zoho's Delink page"
    assert lines["keep_credits"] == "as the org has it"


def test_a_source_without_a_key_is_one_that_cannot_be_used(desk: Desk) -> None:
    source = next(iter(desk.house.sources.held))
    held = desk.house.sources.held
    desk.house.sources.held = {source: {**held[source], "keys": []}}
    told = json.loads(desk.said("sources", "check", "--json", code=3).splitlines()[0])
    assert told["problems"] == {source: "has no key: expunge keys rotate makes one"}


def test_keys_new_takes_an_operation_by_the_word_of_the_contract() -> None:
    taken = {each.name: each.type for each in new.params}["operations"]
    assert [taken.convert(each.value, None, None) for each in Operation if each in REQUESTABLE] == [
        each.value for each in Operation if each in REQUESTABLE
    ]
