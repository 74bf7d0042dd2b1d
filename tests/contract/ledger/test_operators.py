"""What operators read and set, on every ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import items
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.callers import Caller
from chalicelib.domain.document import iso
from chalicelib.domain.evidence.operators import Entry, What
from chalicelib.domain.operators import Hold, Pause, SourceCancel
from tests import aws
from tests.contract.ledger.test_ledger import NOW, accept, deletion, make_table

HOLD = Hold("default", "Leads", "2", "audit", "arn:ann", NOW)


def test_a_day_is_listed_newest_first_page_by_page(ledger: Any) -> None:
    for n in range(5):
        accept(ledger, replace(deletion(f"del_{n}"), created_at=NOW + n), f"d{n}")
    accept(ledger, replace(deletion("del_other"), created_at=NOW - 86_400), "d9")
    day = str(iso(NOW))[:10]
    first = ledger.listed(day, None, 3)
    assert [one for _, one in first] == ["del_4", "del_3", "del_2"]
    assert first[0][0] == iso(NOW + 4)
    assert [one for _, one in ledger.listed(day, first[-1], 3)] == ["del_1", "del_0"]
    assert list(ledger.listed("2001-01-01", None, 3)) == []
    found = ledger.get_many(["del_4", "del_1", "del_77"])
    assert {one: d.created_at for one, d in found.items()} == {"del_4": NOW + 4, "del_1": NOW + 1}


def test_what_cannot_be_read_is_left_out_of_a_list() -> None:
    with aws.dynamodb() as client:
        make_table(client)
        table = Table("t", lambda: client)
        accept(table, deletion("del_1"), "d1")
        key = {"pk": {"S": "D#del_2"}, "sk": {"S": "META"}}
        client.put_item(TableName="t", Item={**key, "doc": {"S": "{}"}})
        assert list(table.get_many(["del_1", "del_2"])) == ["del_1"]


def test_a_hold_protects_until_it_ends_or_is_removed(ledger: Any) -> None:
    assert ledger.hold("default", "Leads", "2") is None
    assert not ledger.has_holds("default", "Leads", NOW)
    ledger.set_hold(HOLD)
    assert ledger.hold("default", "Leads", "2") == HOLD
    assert ledger.held("default", "Leads", ["1", "2"], NOW) == {"2"}
    assert ledger.held("other", "Leads", ["1", "2"], NOW) == set()
    assert not ledger.has_holds("default", "Lead", NOW)
    ledger.set_hold(replace(HOLD, until=NOW + 10))
    assert ledger.has_holds("default", "Leads", NOW + 9)
    assert not ledger.has_holds("default", "Leads", NOW + 10)
    assert ledger.held("default", "Leads", ["2"], NOW + 10) == set()
    assert ledger.remove_hold("default", "Leads", "2") == replace(HOLD, until=NOW + 10)
    assert ledger.remove_hold("default", "Leads", "2") is None


def test_holds_are_listed_page_by_page(ledger: Any) -> None:
    for module, record_id in (("Leads", "2"), ("Contacts", "9"), ("Leads", "10")):
        ledger.set_hold(replace(HOLD, module=module, record_id=record_id))
    ledger.set_hold(replace(HOLD, org="other"))
    first, following = ledger.holds("default", None, 2)
    assert [(h.module, h.record_id) for h in first] == [("Contacts", "9"), ("Leads", "10")]
    rest, end = ledger.holds("default", following, 2)
    assert ([(h.module, h.record_id) for h in rest], end) == ([("Leads", "2")], None)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("Deals", "Potentials"),
        ("Potentials", "Deals"),
        ("Events", "Meetings"),
        ("Meetings", "Activities"),
        ("Tasks", "Activities"),
        ("Calls", "Activities"),
        ("Activities", "Tasks"),
        ("Activities", "Meetings"),
        ("Leads", "leads"),
        ("Cars", "CARS"),
        ("Sales_Orders", "SalesOrders"),
        ("Services__s", "Services"),
    ],
)
def test_a_hold_protects_by_every_name_of_its_module(ledger: Any, held: str, asked: str) -> None:
    ledger.set_hold(replace(HOLD, module=held, record_id="7"))
    assert ledger.has_holds("default", asked, NOW)
    assert ledger.held("default", asked, ["7", "8"], NOW) == {"7"}
    assert ledger.hold("default", asked, "7").reason == HOLD.reason
    assert ledger.held("default", "Contacts", ["7"], NOW) == set()


def test_a_hold_is_removed_by_every_name_of_its_module_and_by_no_wider_one(ledger: Any) -> None:
    ledger.set_hold(replace(HOLD, module="Potentials", record_id="7"))
    ledger.set_hold(replace(HOLD, module="Tasks", record_id="8"))
    assert ledger.own_hold("default", "Activities", "8") is None
    assert ledger.remove_hold("default", "Activities", "8") is None
    assert ledger.own_hold("default", "Deals", "7").module == "Deals"
    assert ledger.remove_hold("default", "Deals", "7").module == "Deals"
    assert ledger.own_hold("default", "Deals", "7") is None
    assert not ledger.has_holds("default", "Deals", NOW)
    assert ledger.held("default", "Tasks", ["8"], NOW) == {"8"}


def test_of_several_holds_of_one_record_the_longest_is_shown(ledger: Any) -> None:
    ledger.set_hold(replace(HOLD, module="Tasks", record_id="7", until=NOW - 1))
    ledger.set_hold(replace(HOLD, module="Activities", record_id="7", until=None))
    assert ledger.hold("default", "Tasks", "7").module == "Activities"
    assert ledger.held("default", "Tasks", ["7"], NOW) == {"7"}


@pytest.mark.parametrize(
    ("stored", "asked"), [("Potentials", "Deals"), ("Meetings", "Events"), ("Cars", "Cars")]
)
def test_a_hold_that_was_stored_by_another_name_protects_and_can_be_removed(stored: str, asked: str) -> None:
    with aws.dynamodb() as client:
        make_table(client)
        table = Table("t", lambda: client)
        item = {**items.org_key("default", f"HOLD#{stored}#7"), "reason": {"S": "from before"}}
        client.put_item(TableName="t", Item=item)
        assert table.held("default", asked, ["7"], NOW) == {"7"}
        listed, following = table.holds("default", None, 1)
        assert (listed[0].module, table.holds("default", following, 1)) == (asked, ([], None))
        assert table.remove_hold("default", asked, "7").reason == "from before"  # type: ignore[union-attr]  # None fails the test
        assert table.held("default", asked, ["7"], NOW) == set()


@pytest.mark.parametrize("org", [None, "default"])
def test_a_pause_is_for_one_org_or_for_all(ledger: Any, org: str | None) -> None:
    assert ledger.pause(org) == Pause(org, paused=False)
    pause = Pause(org, True, "audit", "arn:ann", NOW)
    ledger.set_pause(pause)
    assert ledger.pause(org) == pause
    assert ledger.paused("default") == "audit"
    assert (ledger.paused("other") is None) == (org is not None)
    ledger.set_pause(replace(pause, paused=False))
    assert ledger.paused("default") is None


def test_a_pause_of_a_source_is_for_what_it_asks_for_alone(ledger: Any) -> None:
    pause = Pause(None, True, "leaked", "arn:ann", NOW, source="crm")
    ledger.set_pause(pause)
    assert ledger.paused("default", "crm") == "leaked"
    assert ledger.paused("default", "erp") is None
    ledger.set_pause(replace(pause, paused=False))
    assert ledger.paused("default", "crm") is None


def test_a_pause_and_the_cancel_of_a_source_are_told_together(ledger: Any) -> None:
    assert ledger.stopped("default", "crm") == (None, None)
    mark = SourceCancel("crm", "arn:ann", NOW)
    ledger.set_source_cancel(mark)
    assert ledger.stopped("default", "crm") == (None, mark)
    ledger.set_pause(Pause(None, True, "leaked", "arn:ann", NOW, source="crm"))
    assert ledger.stopped("default", "crm") == ("leaked", mark)
    assert ledger.stopped("default", "erp") == (None, None)


# --- the operators' log ------------------------------------------------------------------------------


def noted(n: int = 1, at: float = NOW) -> Entry:
    """Somebody changes something."""
    return Caller("arn:ann", at, lambda size: n.to_bytes(size, "big")).entry(What.PAUSE_SET, "org/*")


def told(ledger: Any) -> list[str]:
    return [entry.id for entry in ledger.entries_of_operators(NOW - 60, NOW + 60, None, 10)[0]]


WITH_AN_ENTRY: dict[str, Any] = {
    "set_hold": lambda ledger, entry: ledger.set_hold(HOLD, entry),
    "remove_hold": lambda ledger, entry: ledger.remove_hold("default", "Leads", "9", lambda _: entry),
    "set_pause": lambda ledger, entry: ledger.set_pause(Pause(None, paused=True), entry),
    "set_source_cancel": lambda ledger, entry: ledger.set_source_cancel(SourceCancel("s", "a", 1.0), entry),
    "command": lambda ledger, entry: ledger.command(ledger.snapshot("del_1"), {"do": "cancel"}, NOW, entry),
    "tell": lambda ledger, entry: ledger.tell(entry),
}


@pytest.mark.parametrize("name", WITH_AN_ENTRY)
def test_a_change_is_written_together_with_its_entry(ledger: Any, name: str) -> None:
    accept(ledger, deletion("del_1"), "d1")
    ledger.set_hold(replace(HOLD, record_id="9"))
    WITH_AN_ENTRY[name](ledger, noted())
    assert told(ledger) == [noted().id]


def test_a_change_that_is_refused_leaves_no_entry(ledger: Any) -> None:
    accept(ledger, deletion("del_1"), "d1")
    seen = ledger.snapshot("del_1")
    assert ledger.command(seen, {"do": "cancel"}, NOW, noted(1))
    assert not ledger.command(seen, {"do": "cancel"}, NOW, noted(2))
    assert ledger.remove_hold("default", "Leads", "404", lambda _: noted(3)) is None
    assert told(ledger) == [noted(1).id]


def test_the_operators_log_is_read_newest_first_over_months(ledger: Any) -> None:
    day = 86_400.0
    for n in range(7):
        ledger.tell(noted(n, NOW - n * 20 * day))
    first, following = ledger.entries_of_operators(NOW - 90 * day, NOW + 1, None, 3)
    rest, end = ledger.entries_of_operators(NOW - 90 * day, NOW + 1, following, 3)
    found = [round((NOW - entry.at) / day) for entry in (*first, *rest)]
    assert (found, end) == ([0, 20, 40, 60, 80], None)


def test_no_entry_of_the_operators_log_is_left_out_however_long_they_are(ledger: Any) -> None:
    long = {"note": "x" * 200_000}  # as long as two person maps of many modules; a query answers 1 MB
    for n in range(12):
        ledger.tell(replace(noted(n, NOW - n), after=long))
    ledger.tell(noted(12, NOW - 40 * 86_400.0))
    found, before, pages = list[Entry](), None, 0
    while pages == 0 or before is not None:
        some, before = ledger.entries_of_operators(NOW - 90 * 86_400.0, NOW + 1, before, 10)
        found, pages = [*found, *some], pages + 1
    assert [entry.at for entry in found] == [*(NOW - n for n in range(12)), NOW - 40 * 86_400.0]


@pytest.mark.parametrize("until", [NOW - 90.0, NOW - 60.0])
def test_a_time_that_has_no_length_has_no_entries(ledger: Any, until: float) -> None:
    ledger.tell(noted(1, NOW - 60.0))
    assert ledger.entries_of_operators(NOW - 60.0, until, None, 3) == ([], None)
    before = noted(1, NOW - 90.0).id
    assert ledger.entries_of_operators(NOW - 60.0, NOW, before, 3) == ([], None)


def test_a_removed_hold_can_be_set_again(ledger: Any) -> None:
    ledger.set_hold(HOLD)
    assert ledger.remove_hold("default", "Leads", "2") == HOLD
    assert (ledger.own_hold("default", "Leads", "2"), ledger.hold("default", "Leads", "2")) == (None, None)
    assert ledger.holds("default", None, 10)[0] == []
    ledger.set_hold(HOLD)
    assert ledger.held("default", "Leads", ["2"], NOW) == {"2"}
    assert ledger.own_hold("default", "Leads", "2") == HOLD
