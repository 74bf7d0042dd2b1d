"""The map: actions, shared values and the hash, in orgs made at random."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.person.erasure_map import Entry, ErasureMap, assembled
from chalicelib.domain.person.hits import Hit, Link, hit_of, merged
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.matching import By, Match
from chalicelib.domain.person.person_map import Action, PersonMap, Rule

PERSON_MAP = PersonMap(
    max_shared=2,
    modules={
        "Leads": Rule(Action.DELETE),
        "Contacts": Rule(Action.DELETE),
        "Deals": Rule(Action.UNLINK),
        "Accounts": Rule(Action.KEEP, keep_reason="company record"),
        "Vault": Rule(Action.KEEP, keep_reason="the law"),
    },
)
EMAIL, PHONE = "/identity/emails/0", "/identity/phones/0"


def by_email(module: str, one: str) -> Hit:
    return Hit(Record(module, one), (Match("Email", By.EMAIL, (EMAIL,)),))


def by_phone(module: str, one: str) -> Hit:
    return Hit(Record(module, one), (Match("Phone", By.PHONE, (PHONE,)),))


def linked(module: str, one: str, to: Record) -> Hit:
    return Hit(Record(module, one), links=(Link("Contact_Name", to),))


def actions(made: ErasureMap) -> dict[str, Action]:
    return {f"{each.record.module}/{each.record.id}": each.action for each in made.entries}


def entry(made: ErasureMap, one: str) -> Entry:
    return next(each for each in made.entries if each.record.id == one)


def test_the_person_map_decides_and_what_only_leads_there_is_unlinked() -> None:
    anna = Record("Contacts", "1")
    made = assembled(
        [
            by_email("Contacts", "1"),
            by_email("Accounts", "2"),
            linked("Deals", "3", anna),
            linked("Contacts", "4", anna),
            linked("Vault", "5", anna),
        ],
        PERSON_MAP,
    )
    assert actions(made) == {
        "Accounts/2": Action.KEEP,
        "Contacts/1": Action.DELETE,
        "Contacts/4": Action.UNLINK,
        "Deals/3": Action.UNLINK,
        "Vault/5": Action.KEEP,
    }


def test_a_company_record_goes_only_where_the_request_names_it() -> None:
    named = Hit(Record("Accounts", "2"), named=("/identity/records/0",))
    assert actions(assembled([named], PERSON_MAP)) == {"Accounts/2": Action.DELETE}
    kept = Hit(Record("Vault", "2"), named=("/identity/records/0",))
    assert actions(assembled([kept], PERSON_MAP)) == {"Vault/2": Action.KEEP}


def test_what_only_a_shared_value_matches_is_kept_until_somebody_means_it() -> None:
    office = [by_phone("Leads", str(n)) for n in range(1, 4)]
    anna = Hit(Record("Leads", "9"), (*by_email("Leads", "9").matches, *by_phone("Leads", "9").matches))
    deal = linked("Deals", "5", Record("Leads", "1"))
    made = assembled([*office, anna, deal], PERSON_MAP)
    assert [(each.value, each.shared_with) for each in made.shared] == [(PHONE, 4)]
    assert actions(made) == {
        "Deals/5": Action.KEEP,
        "Leads/1": Action.KEEP,
        "Leads/2": Action.KEEP,
        "Leads/3": Action.KEEP,
        "Leads/9": Action.DELETE,
    }
    assert entry(made, "1").keep_reason == "shared value"
    assert entry(made, "1").shared_with == 4
    meant = assembled([*office, anna, deal], PERSON_MAP, frozenset({PHONE}))
    assert meant.deletes == 4
    assert actions(meant)["Deals/5"] is Action.UNLINK
    assert len(meant.entries) == len(made.entries)


def test_the_plan_has_numbers_and_no_id() -> None:
    made = assembled([replace(by_email("Leads", "123456789"), goes_along={"Notes": 2})], PERSON_MAP)
    plan = made.plan([])
    assert plan["records"] == 1
    assert plan["by_module"] == {"Leads": 1}
    assert plan["goes_along"] == {"Notes": 2}
    assert plan["map_hash"] == made.hash
    assert "123456789" not in str({**plan, "map_hash": ""})


MODULES = st.sampled_from(["Leads", "Contacts", "Deals", "Accounts", "Vault", "Guests"])
RECORDS = st.builds(Record, MODULES, st.integers(1, 9).map(str))
MATCHES = st.sampled_from([Match("Email", By.EMAIL, (EMAIL,)), Match("Phone", By.PHONE, (PHONE,))])
HITS = st.lists(
    st.builds(
        Hit,
        RECORDS,
        st.lists(MATCHES, max_size=2, unique=True).map(lambda found: tuple(sorted(found))),
        st.sampled_from([(), ("/identity/records/0",)]),
        st.lists(st.builds(Link, st.just("Contact_Name"), RECORDS), max_size=2).map(tuple),
        st.dictionaries(st.sampled_from(["Notes", "Tasks"]), st.integers(1, 3), max_size=2),
    ),
    max_size=12,
)


@pytest.mark.parametrize("turned", [False, True])
def test_who_leads_to_one_that_only_leads_to_the_person_is_in_no_map(turned: bool) -> None:
    person, friend, other = (Record("Contacts", one) for one in "123")
    hits = [
        Hit(person, named=("/identity/records/0",)),
        Hit(friend, links=(Link("Reporting_To", person),)),
        Hit(other, links=(Link("Reporting_To", friend),)),
    ]
    made = assembled(hits[::-1] if turned else hits, PERSON_MAP)
    assert [each.record for each in made.entries] == [person, friend]


@settings(max_examples=300)
@given(HITS, st.integers())
def test_the_hash_does_not_change_with_order_and_counts(hits: list[Hit], seed: int) -> None:
    made = assembled(hits, PERSON_MAP)
    others = [replace(hit, goes_along={"Notes": 7}) for hit in hits]
    random.Random(seed).shuffle(others)
    assert assembled(others, PERSON_MAP).hash == made.hash


@settings(max_examples=300)
@given(HITS, st.sets(st.sampled_from([EMAIL, PHONE])))
def test_nothing_that_is_not_the_persons_own_is_deleted_or_cleared(hits: list[Hit], meant: set[str]) -> None:
    made = assembled(hits, PERSON_MAP, frozenset(meant))
    known = merged(hits)
    shared = {each.value for each in made.shared}
    for each in made.entries:
        hit = known[each.record]
        if each.action in (Action.DELETE, Action.CLEAR):
            values = {value for match in hit.matches for value in match.values}
            assert hit.named or values - (shared - meant)
        if each.record.module == "Vault":
            assert each.action is Action.KEEP
        if not hit.own:
            assert each.action in (Action.KEEP, Action.UNLINK)
    assert len({each.record for each in made.entries}) == len(made.entries)


@given(HITS)
def test_what_was_found_is_read_as_it_was_stored(hits: list[Hit]) -> None:
    assert [hit_of(hit.to_json()) for hit in hits] == hits


@given(HITS, st.sampled_from(list(Action)))
def test_another_action_is_another_hash(hits: list[Hit], action: Action) -> None:
    made = assembled(hits, PERSON_MAP)
    for n, each in enumerate(made.entries):
        if each.action is not action:
            changed = (*made.entries[:n], replace(each, action=action), *made.entries[n + 1 :])
            assert ErasureMap(changed, made.shared).hash != made.hash
