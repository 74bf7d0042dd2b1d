"""Sources: entries of the secret, and what each may ask for."""

from __future__ import annotations

import base64
from random import Random
from typing import Any

import pytest

from chalicelib.domain.errors import NotAllowed, SecretUnusable
from chalicelib.domain.keys import Profile, signing_key
from chalicelib.domain.permit import permit
from chalicelib.domain.request import REQUESTABLE, Api, Limits, Operation, Request
from chalicelib.domain.source import Source, UsableSources, parse

#: The same in every worker that collects these tests, and as good as one from `keys new`.
CHANCE = Random(5)
KEY = "whsec_" + base64.b64encode(CHANCE.randbytes(43)).decode()
IDS = ("1", "2", "3")


def whsec(size: int) -> str:
    return "whsec_" + base64.b64encode(CHANCE.randbytes(size)).decode()


def source(**entry: Any) -> Source:
    return parse("crm", {"keys": [KEY], "modules": ["Leads"], **entry})


def request(**changes: Any) -> Request:
    fields: dict[str, Any] = {
        "operation": Operation.DELETE_RECORDS,
        "module": "Leads",
        "org": "default",
        "ids": IDS,
    }
    return Request(**(fields | changes))


def refused(by: Source, asked: Request, size: int | None = 3) -> set[str]:
    with pytest.raises(NotAllowed) as caught:
        permit(by, asked, size)
    return {field.path for field in caught.value.fields}


def test_only_keys_are_required() -> None:
    found = parse("crm", {"keys": [KEY]})
    assert (found.profile, found.org) == (Profile.STANDARD_WEBHOOKS, "default")
    assert found.orgs == {"default"}
    assert (found.modules, found.operations) == (frozenset(), REQUESTABLE)
    assert found.limits == Limits(max_records_per_day=10_000)
    assert KEY not in repr(found)
    assert "keys" not in repr(found)


def test_a_whole_entry() -> None:
    found = source(
        org="eu",
        orgs=["us"],
        operations=["mass_delete"],
        max_records=50_000,
        approve_above=100,
        mass_delete_by_ids=True,
        allow_uncounted=True,
        max_share=0.5,
        cool_off_seconds=60,
        note="made by hand",
    )
    assert found.orgs == {"eu", "us"}
    assert found.operations == {Operation.MASS_DELETE}
    assert found.limits == Limits(50_000, 100, True, True, 0.5, 60, None, 1_000_000)


def test_keys_of_both_profiles() -> None:
    longest = whsec(64)
    assert source(keys=[KEY, longest]).keys == (signing_key(KEY), signing_key(longest))
    assert source(keys=[]).keys == ()
    assert source(profile="token", keys=[KEY]).keys == (KEY.encode(),)
    assert parse("operator", {"modules": ["Leads"]}).keys == ()


@pytest.mark.parametrize("size", [24, 32, 43, 64])
def test_keys_of_24_to_64_bytes(size: int) -> None:
    assert len(signing_key(whsec(size))) == size


@pytest.mark.parametrize(
    "key",
    [
        "",
        "whsec_",
        whsec(23),
        whsec(65),
        KEY.removeprefix("whsec_"),
        KEY + "=",
        KEY[:-1],
        KEY + "\n",
        "whsec_-" + KEY[7:],
        "whsec_ä" + KEY,
    ],
    ids=lambda _key: "",  # keys are random: as names of tests they would differ from process to process
)
def test_keys_that_are_none(key: str) -> None:
    with pytest.raises(ValueError, match="a key must"):
        signing_key(key)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("keys", None),
        ("keys", "x"),
        ("keys", [1]),
        ("keys", ["CANARY"]),
        ("keys", [KEY] * 11),
        ("profile", "none"),
        ("profile", []),
        ("org", ""),
        ("org", "a/b"),
        ("org", 1),
        ("orgs", "eu"),
        ("orgs", ["../x"]),
        ("modules", "Leads"),
        ("modules", ["Le/ads"]),
        ("modules", [1]),
        ("operations", ["drop"]),
        ("operations", None),
        ("max_records", 0),
        ("max_records", True),
        ("max_records", "5"),
        ("max_records", None),
        ("approve_above", -1),
        ("approve_above", 1.5),
        ("mass_delete_by_ids", 1),
        ("allow_uncounted", "true"),
        ("max_share", 0),
        ("max_share", 1.5),
        ("max_share", True),
        ("max_share", float("nan")),
        ("cool_off_seconds", -1),
        ("max_record", 5),
        ("CANARY", 1),
    ],
)
def test_a_malformed_entry_is_unusable_and_its_values_stay_inside(field: str, value: object) -> None:
    with pytest.raises(SecretUnusable) as caught:
        source(**{field: value})
    assert "crm" in caught.value.reason
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("entry", [None, [], "x", 1])
def test_an_entry_that_is_no_object(entry: object) -> None:
    with pytest.raises(SecretUnusable):
        parse("crm", entry)


@pytest.mark.parametrize("key", ["short", "has a space in it 123", "x" * 257, "ümlaut-ümlaut-ümlaut"])
def test_bearer_values_are_16_to_256_visible_characters(key: str) -> None:
    with pytest.raises(SecretUnusable):
        source(profile="token", keys=[key])


def test_what_is_allowed() -> None:
    permit(source(), request(), 3)
    permit(source(max_records=3), request(max_records=3), 3)
    permit(source(orgs=["us"]), request(org="us"), 3)
    permit(source(mass_delete_by_ids=True), request(api=Api.MASS_DELETE), 3)
    permit(source(), request(operation=Operation.MASS_DELETE, ids=(), cvid="1"), None)


def test_each_reason() -> None:
    assert refused(parse("crm", {"keys": [KEY]}), request()) == {"/module"}
    assert refused(source(), request(module="leads")) == {"/module"}
    assert refused(source(operations=["mass_delete"]), request()) == {"/operation"}
    assert refused(source(), request(org="us")) == {"/org"}
    assert refused(source(org="eu"), request(org="default")) == {"/org"}
    assert refused(source(), request(api=Api.MASS_DELETE)) == {"/api"}
    assert refused(source(max_records=2), request()) == {"/ids"}
    assert refused(source(), request(max_records=2)) == {"/ids"}
    assert refused(source(max_records=5), request(max_records=6)) == {"/max_records"}


def test_all_reasons_are_told_at_once() -> None:
    asked = request(module="Deals", org="us", api=Api.MASS_DELETE, max_records=9)
    by = source(operations=["mass_delete"], max_records=2)
    assert refused(by, asked) == {"/operation", "/module", "/org", "/api", "/ids", "/max_records"}


def test_the_token_profile_deletes_up_to_100_ids_and_nothing_else() -> None:
    by = source(profile="token", keys=["a-bearer-value-0123"])
    permit(by, request(), 100)
    assert refused(by, request(), 101) == {"/ids"}
    for operation in (Operation.MASS_DELETE, Operation.DELINK_RECORDS):
        assert refused(by, request(operation=operation, ids=())) == {"/operation"}


@pytest.mark.parametrize("name", ["leads", "users", "9", "a-b"])
def test_an_entry_with_a_name_that_cannot_be_a_module_is_unusable(name: str) -> None:
    with pytest.raises(SecretUnusable, match="modules/1 "):
        source(modules=["Leads", name])


def test_activities_is_allowed_where_all_three_are() -> None:
    assert refused(source(modules=["Tasks", "Meetings"]), request(module="Activities")) == {"/module"}
    permit(source(modules=["Tasks", "Meetings", "Calls"]), request(module="Activities"), 1)
    permit(source(modules=["Activities"]), request(module="Events"), 1)
    permit(source(modules=["Potentials"]), request(module="Deals"), 1)
    assert refused(source(modules=["Appointments__s"]), request(module="Appointments")) == {"/module"}


def test_a_source_is_read_once_for_as_long_as_the_secret_is_the_same() -> None:
    sources = UsableSources()
    entries: dict[str, dict[str, Any]] = {"crm": {"keys": [KEY], "modules": ["Leads"]}}
    first = sources.get(entries, "crm")
    assert sources.get(entries, "crm") is first
    changed = sources.get({"crm": {**entries["crm"], "max_records": 7}}, "crm")
    assert changed.limits.max_records == 7


@pytest.mark.parametrize(
    ("entry", "hour", "day"),
    [
        ({}, None, 10_000),
        ({"max_records": 10}, None, 200),
        ({"max_records": 10, "max_records_per_day": 30, "max_records_per_hour": 20}, 20, 30),
        ({"max_records_per_day": None, "max_records_per_hour": None}, None, None),
    ],
)
def test_a_day_takes_twenty_requests_of_the_largest_size_unless_the_entry_says_otherwise(
    entry: dict[str, Any], hour: int | None, day: int | None
) -> None:
    found = parse("crm", {"keys": [KEY], **entry}).limits
    assert (found.max_records_per_hour, found.max_records_per_day) == (hour, day)


@pytest.mark.parametrize("name", ["max_records_per_hour", "max_records_per_day", "keep_credits"])
@pytest.mark.parametrize("value", [-1, 1.5, "5", True, [5]])
def test_a_limit_over_time_is_a_whole_number(name: str, value: object) -> None:
    with pytest.raises(SecretUnusable, match=name):
        parse("crm", {"keys": [KEY], name: value})


def test_a_request_larger_than_a_limit_over_time_is_not_allowed_whenever_it_comes() -> None:
    source = parse("crm", {"keys": [KEY], "modules": ["Leads"], "max_records_per_hour": 5})
    wanted = Request(Operation.DELETE_RECORDS, "Leads", "default", ids=("1",) * 6)
    with pytest.raises(NotAllowed) as refused:
        permit(source, wanted, 6)
    assert [field.path for field in refused.value.fields] == ["/ids"]
    permit(source, wanted, 5)
