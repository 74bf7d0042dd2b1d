"""What an org shares in the table and another version wrote: it fails alone, is told, and never opens a door.

Each such item is read by every deletion of its org, so that a single one could stop them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import digest_items, items
from chalicelib.adapters.dynamodb.evidence_items import Book
from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.adapters.dynamodb.quota_items import tally_key
from chalicelib.adapters.dynamodb.receipt_items import CHAIN
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import times
from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Counts
from chalicelib.domain.document import document, iso
from chalicelib.domain.errors import ExpungeError, LostLease, Unavailable, Unreadable, WrongState
from chalicelib.domain.evidence.digest import Digest, Extent
from chalicelib.domain.evidence.operators import What, sealed, shown
from chalicelib.domain.lane import Lane, lane_key
from chalicelib.domain.operators import Hold, Pause, SourceCancel
from chalicelib.domain.person.metadata import Module
from chalicelib.domain.quota import Count, Counted, day_of
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from chalicelib.service.engine.deps import Forgetting
from chalicelib.service.engine.poll import FORGET_MINUTES, poll
from chalicelib.service.evidence.ports import Chain, Written
from chalicelib.service.operators import people
from chalicelib.service.ports import Change, Part
from chalicelib.service.retention.policy_run import RunIntake
from chalicelib.service.retention.retain import Retention, retain
from chalicelib.web import operator_answers
from tests import aws
from tests.contract.ledger.test_ledger import NOW, accept, deletion, make_table
from tests.contract.ledger.test_policies import DOCUMENT
from tests.unit.service.world import FakeNudges, World

Item = dict[str, Any]
#: What may stand where a number, a text or a list belongs.
VALUES: list[Item] = [{"S": "soon"}, {"NULL": True}]


class Stage:
    """A world whose ledger is the table. `put` writes an item of an org's as another version would."""

    def __init__(self, client: Any) -> None:
        make_table(client)
        self.client = client
        self.table = Table("t", lambda: client, report=self._report)
        self.world = World(["1", "2"], self.table)  # type: ignore[arg-type]  # the real table
        self.world.now = NOW
        self.world.deps = replace(self.world.deps, recent=self.table)

    def _report(self, event: str, /, **fields: object) -> None:
        self.world.reports.append((event, fields))

    def all(self) -> list[Item]:
        return list(self.client.scan(TableName="t")["Items"])

    def left_out(self) -> list[object]:
        """The items that were told to be set aside, and left out."""
        return [fields["item"] for event, fields in self.world.reports if event == "set_aside"]

    def put(self, name: str, org: str = "default", **fields: Item) -> None:
        self.write(items.org_key(org, name), **fields)

    def write(self, key: Item, **fields: Item) -> None:
        self.client.put_item(TableName="t", Item={**key, **fields})

    def told(self) -> list[str]:
        return [event for event, _ in self.world.reports]

    def change(self, key: Item, **fields: Item) -> None:
        """Another version has written these fields of the item."""
        self.client.update_item(
            TableName="t",
            Key=key,
            UpdateExpression="SET " + ", ".join(f"#{each} = :{each}" for each in fields),
            ExpressionAttributeNames={f"#{each}": each for each in fields},
            ExpressionAttributeValues={f":{each}": value for each, value in fields.items()},
        )

    def done(self) -> Any:
        """A deletion of two records, as it stands after at most a few slices."""
        accept(self.table, deletion("del_1"), "d1")
        return self.done_again()

    def done_again(self) -> Any:
        """The deletion after a few slices more."""
        for _ in range(5):
            advance(self.world.deps, "del_1")
            self.world.now += 5
        found = self.table.get("del_1")
        assert found is not None
        return found


@pytest.fixture
def stage() -> Iterator[Stage]:
    with aws.dynamodb() as client:
        yield Stage(client)


GOOD_CREDITS: Item = {"credits_left": {"N": "3"}, "good_until": {"N": str(NOW + 900)}}
BAD_CREDITS = [
    *({**GOOD_CREDITS, name: value} for name in GOOD_CREDITS for value in VALUES),
    {**GOOD_CREDITS, "good_until": {"N": str(NOW + 100 * 366 * 86_400)}},
    {**GOOD_CREDITS, "good_until": {"N": "1E+125"}},
    {**GOOD_CREDITS, "credits_left": {"N": "1.5"}},
    {"credits_left": {"N": "3"}},
    {"good_until": {"N": str(NOW + 900)}},
    {},
]


@pytest.mark.parametrize("fields", BAD_CREDITS, ids=str)
def test_credits_of_another_version_are_set_aside_and_stop_nobody(stage: Stage, fields: Item) -> None:
    zoho = stage.world.zoho
    zoho.org = replace(zoho.org, keep_credits=100)
    stage.put("CREDITS", **fields)
    assert stage.done().counts == Counts(requested=2, deleted=2)
    told = [fields for event, fields in stage.world.reports if event == "set_aside"]
    assert [each["item"] for each in told] == ["org default"]
    assert told[0]["reason"].startswith("CREDITS: ")
    assert stage.table.credits_told("default", NOW) is None


@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize("name", ["made_for", "blocked_until"])
def test_a_token_block_of_another_version_is_unreadable(stage: Stage, name: str, value: Item) -> None:
    good: Item = {"made_for": {"S": "a"}, "blocked_until": {"N": "9"}}
    wrong: Item = {"N": "1"} if name == "made_for" and "S" in value else value
    stage.put("TOKEN_BLOCK", **{**good, name: wrong})
    with pytest.raises(Unreadable):
        stage.table.tokens_blocked_until("default", "a")
    stage.table.block_tokens("default", "a", 0.0)
    assert stage.table.tokens_blocked_until("default", "a") == 0.0


@pytest.mark.parametrize("until", VALUES, ids=str)
def test_a_hold_whose_end_cannot_be_read_protects_and_is_listed(stage: Stage, until: Item) -> None:
    stage.put("HOLD#Leads#1", until=until, reason={"N": "1"}, set_at={"S": "then"})
    stage.table.set_hold(Hold("default", "Leads", "9", "audit", "ann", NOW, None))
    listed, _ = stage.table.holds("default", None, 10)
    assert {(each.record_id, each.until) for each in listed} == {("1", None), ("9", None)}
    assert stage.done().counts == Counts(requested=2, deleted=1, held=1)
    assert stage.table.remove_hold("default", "Leads", "1") is not None
    assert stage.table.held("default", "Leads", ["1"], NOW) == set()


@pytest.mark.parametrize("paused", VALUES, ids=str)
@pytest.mark.parametrize("org", ["default", "*"])
def test_a_pause_that_cannot_be_read_pauses_until_it_is_set_anew(
    stage: Stage, org: str, paused: Item
) -> None:
    stage.put("PAUSE", org, paused=paused, reason={"N": "1"})
    assert (stage.done().waiting_for, stage.world.zoho.log) == ("pause", [])
    whose = None if org == "*" else org
    assert stage.table.pause(whose).paused
    stage.table.set_pause(Pause(whose, paused=False))
    assert stage.table.paused("default") is None


@pytest.mark.parametrize("fields", [{}, {"set_by": {"S": "ann"}, "set_at": {"S": "then"}}], ids=str)
def test_a_cancel_of_a_source_that_cannot_be_read_sends_nothing_and_tells_a_person(
    stage: Stage, fields: Item
) -> None:
    stage.write(items.source_key("web", "CANCEL"), **fields)
    found = stage.done()
    assert (found.status, found.counts.unknown) == (Status.NEEDS_ATTENTION, 2)
    assert stage.world.zoho.log == []
    assert "ended_unfinished" in stage.told()


@pytest.mark.parametrize("taken", [False, True])
def test_a_lane_that_cannot_be_read_ends_its_views_and_nothing_else(stage: Stage, taken: bool) -> None:
    """A view that waits for it ends with a person told; one that has it is set aside: it cannot leave it."""
    zoho, world = stage.world.zoho, stage.world
    view = Request(Operation.MASS_DELETE, "Leads", "default", cvid="5")
    made = replace(deletion("del_view"), request=view, id_count=0, chunks=0, counts=Counts())
    accept(stage.table, made, "d2")
    if taken:
        advance(world.deps, "del_view")
    lane = items.lane_key(lane_key(zoho.org.lane, "default", "Leads", "5"))
    stage.write(lane, holder={"N": "1"})
    for _ in range(5):
        advance(world.deps, "del_view")
        world.now += 5
    found = stage.table.get("del_view")
    assert found is not None
    assert "ended_unfinished" in stage.told()
    assert found.is_final is not taken
    assert ("set_aside" in stage.told()) is taken
    assert "del_view" not in stage.table.due(world.now + 10**6, 10)
    assert len(zoho.sent("mass_delete_view")) == taken
    zoho.records.update(dict.fromkeys(("1", "2")))
    assert stage.done().counts == Counts(requested=2, deleted=2)


@pytest.mark.parametrize("packs", [*VALUES, {"L": [{"S": "x"}, {"NULL": True}]}], ids=str)
def test_what_the_loop_guard_cannot_read_it_does_not_know_and_tells(stage: Stage, packs: Item) -> None:
    stage.table.remember_deleted("default", "Leads", ["1"], NOW, NOW + 3600)
    [key] = [items.org_key("default", item["sk"]["S"]) for item in stage.all() if is_set(item)]
    stage.write(key, packs=packs)
    stage.table.remember_deleted("default", "Leads", ["2"], NOW - 600, NOW + 3600)
    assert stage.table.deleted_lately("default", "Leads", ["1", "2"], NOW - 900, NOW) == {"2"}
    assert stage.left_out() == [items.place(key)]
    assert stage.done().counts == Counts(requested=2, deleted=2)


def test_a_set_of_the_loop_guard_that_takes_nothing_more_keeps_no_id_from_being_remembered(
    stage: Stage,
) -> None:
    stage.table.remember_deleted("default", "Leads", ["1"], NOW, NOW + 3600)
    [key] = [items.org_key("default", item["sk"]["S"]) for item in stage.all() if is_set(item)]
    stage.write(key, packs={"N": "1"})
    stage.table.remember_deleted("default", "Leads", ["2", "3"], NOW, NOW + 3600)
    assert stage.table.deleted_lately("default", "Leads", ["1", "2", "3"], NOW - 60, NOW) == {"2", "3"}
    assert "guard_unavailable" in stage.told()


def is_set(item: Item) -> bool:
    return bool(item["sk"]["S"].startswith("GONE#"))


# --- what a source has named ----------------------------------------------------------------------

TALLIES: list[Item] = [
    {"named": {"S": "x"}},
    {"named": {"N": "9" * 20}},
    {"h0": {"S": "x"}},
    {"m1": {"N": "1"}},
]


@pytest.mark.parametrize("fields", TALLIES, ids=str)
def test_a_tally_that_cannot_be_read_removes_no_limit_and_stops_no_source_without_one(
    stage: Stage, fields: Item
) -> None:
    free = Count("web", 5, NOW, "a")
    hour = f"h{free.hour}"
    stage.write(
        tally_key("web", free.day), **{hour if name == "h0" else name: v for name, v in fields.items()}
    )
    assert isinstance(stage.table.count(free), Counted)
    assert isinstance(stage.table.count(replace(free, source="other", per_day=9)), Counted)


def test_a_source_with_a_limit_waits_where_what_it_has_named_cannot_be_true(stage: Stage) -> None:
    limited = Count("web", 5, NOW, "a", per_day=9)
    for named in ("-100", "9" * 20):
        stage.write(tally_key("web", limited.day), named={"N": named})
        with pytest.raises(Unavailable):
            stage.table.count(limited)
        assert stage.left_out() == [items.place(tally_key("web", limited.day))]
        stage.world.reports.clear()
    assert isinstance(stage.table.count(replace(limited, source="other")), Counted)


# --- whatever is wrong with an item, reading ends with an answer or an error of ours ---------------

#: What may stand in the place of any value.
ANYTHING: list[Item | None] = [
    {"S": "x"},
    {"N": "1E+125"},
    {"N": "-1"},
    {"NULL": True},
    {"L": [{"M": {}}]},
    {"B": b"x"},
    None,
]
#: Attributes of an index: DynamoDB takes no other type for them.
INDEXED = {"due", "next_at", "day", "created_at"}


def everything(stage: Stage) -> None:
    """One item of each kind, besides those of a deletion that has ended."""
    table, book = stage.table, Book(stage.table, lambda: NOW, 400)
    table.evidence = True
    zoho = stage.world.zoho
    zoho.org = replace(zoho.org, keep_credits=1)
    assert stage.done().is_final
    accept(table, deletion("del_2"), "d2")
    accept(table, deletion("del_3", parent="del_1"), "d3")
    entry = Caller("arn:ann", NOW).entry(What.PAUSE_SET, "*", None, {})
    table.set_hold(Hold("default", "Leads", "9", "audit", "ann", NOW, NOW + 60))
    table.set_pause(Pause("default", paused=False), entry)
    table.set_source_cancel(SourceCancel("web", "ann", NOW - 60))
    table.count(Count("web", 5, NOW, "a"))
    table.tell_credits("default", 5, NOW + 60)
    table.block_tokens("default", "a", NOW + 60)
    table.take("default", "TOKEN", "me", NOW, NOW + 60)
    person_map(stage, {})
    policy_table(stage, "a", "b")
    claim = table.claim("del_2", NOW, NOW + 60)
    assert claim is not None
    table.save(claim, Change(claim.deletion, NOW, 0.0, parts=(Part(0, []),), lane=Lane("default#Leads")))
    book.take_turn("me", NOW, NOW + 60)
    book.advance(Chain(), Chain(1, "0" * 64, "2026-01-01T00:00:00.000Z", "2026-01-01"))
    for name, n in (("del_1", 1), (entry.id, 0)):
        book.keep(Written(f"x/{name}", "0" * 64, 2, name, n, "completed", None))
    book.keep_digest("2026-01-01", Digest(("del_1", 0), {("del_1", 0): b"123"}, frozenset({"del_2"}), 1))
    book.digested_until(Extent("2026-01-01", "2026-01-02", "", ""))


def readers(table: Table) -> dict[str, list[Callable[[], object]]]:
    """What reads items, by how the keys of these begin."""
    policies, book = PolicyTable("t", table.client), Book(table, lambda: NOW, 400)
    made, now = NOW - 3600, NOW + 3600
    deletions: list[Callable[[], object]] = [
        lambda: table.get("del_1"),
        lambda: document(found) if (found := table.get("del_1")) else None,
        lambda: table.snapshot("del_1"),
        lambda: table.chunk("del_1", 0),
        lambda: table.calls("del_1", [1]),
        lambda: table.entries("del_1", 0),
        lambda: table.part("del_2", 0),
        lambda: digest_items.named(table, ["del_1", "del_2"]),
        lambda: policies.going("del_1", NOW),
    ]
    of_the_org: list[Callable[[], object]] = [
        lambda: table.held("default", "Leads", ["9"], NOW),
        lambda: [operator_answers.held(each) for each in table.holds("default", None, 10)[0]],
        lambda: operator_answers.paused(table.pause("default")),
        lambda: table.stopped("default", "web"),
        lambda: table.credits_told("default", NOW),
        lambda: table.tokens_blocked_until("default", "a"),
        lambda: table.deleted_lately("default", "Leads", ["1"], made, now),
        lambda: table.person_map("default"),
        lambda: table.org_modules("default"),
        lambda: [iso(each.set_at) for each in policies.policies("default")],
    ]
    return {
        "D#": deletions,
        "ORG#": of_the_org,
        "SRC#": [
            lambda: table.stopped("default", "web"),
            lambda: table.source_cancel("web"),
            lambda: table.tally("web", day_of(NOW)),
        ],
        "W#": [lambda: table.find_delivery("web", "d1")],
        "LANE#": [lambda: table.lane("default#Leads")],
        "OPERATORS#": [
            lambda: [shown(each) for each in table.entries_of_operators(made, now, None, 10)[0]],
            lambda: [sealed(each) for each in book.entries(made)],
        ],
        "EVIDENCE#": [
            book.chain,
            book.digested,
            lambda: table.receipts("del_1"),
            lambda: book.entries_written(made),
            lambda: book.waiting(2),
            lambda: digest_items.kept(table, "2026-01"),
        ],
    }


class Stored:
    """What a table holds, for who only reads it; moto takes ten times as long."""

    def __init__(self, found: list[Item]) -> None:
        self.items = {(each["pk"]["S"], each["sk"]["S"]): each for each in found}

    def get_item(self, **request: Any) -> Item:
        found = self.items.get((request["Key"]["pk"]["S"], request["Key"]["sk"]["S"]))
        return {"Item": found} if found else {}

    def batch_get_item(self, **request: Any) -> Item:
        keys = [(key["pk"]["S"], key["sk"]["S"]) for key in request["RequestItems"]["t"]["Keys"]]
        return {"Responses": {"t": [self.items[key] for key in keys if key in self.items]}}

    def query(self, **request: Any) -> Item:
        pk, *bounds = [each["S"] for each in request["ExpressionAttributeValues"].values()]
        condition = request["KeyConditionExpression"]
        low = bounds[0] if bounds else ""
        high = bounds[-1] if "BETWEEN" in condition else "\uffff"
        if "begins_with" in condition or "sk = " in condition:
            high = f"{low}\uffff" if "begins_with" in condition else low
        found = [item for (own, sk), item in self.items.items() if own == pk and low <= sk <= high]
        return {"Items": sorted(found, key=lambda item: item["sk"]["S"])}


def test_whatever_is_wrong_with_an_item_reading_it_ends_with_an_answer_or_an_error_of_ours(
    stage: Stage,
) -> None:
    everything(stage)
    stored = Stored(stage.all())
    stage.table.client = lambda: stored  # type: ignore[assignment,return-value]  # as far as it is read
    by_prefix, kinds = readers(stage.table), set[str]()
    for key, item in list(stored.items.items()):
        [prefix] = [each for each in by_prefix if key[0].startswith(each)]
        kinds.add(prefix)
        for name in item.keys() - {"pk", "sk"} - INDEXED:
            for value in ANYTHING:
                wrong = {**item, name: value} if value else {k: v for k, v in item.items() if k != name}
                stored.items[key] = wrong
                for read in by_prefix[prefix]:
                    with suppress(ExpungeError):
                        read()
                if prefix == "D#":
                    assert {"del_1", "del_2", "del_3"} - {key[0][2:]} <= _there(stage.table)
        stored.items[key] = item
    assert kinds == by_prefix.keys()


def _there(table: Table) -> set[str]:
    return set(table.get_many(["del_1", "del_2", "del_3"]))


# --- leases and times that would last for ever ----------------------------------------------------

CENTURY = 100 * 366 * 86_400
#: What may stand where the end of a lease belongs, and is none.
NO_END: list[Item] = [
    {"S": "soon"},
    {"NULL": True},
    {"BOOL": True},
    {"L": []},
    {"N": str(NOW + CENTURY)},
    {"N": "1E+125"},
    {"N": str(NOW + times.LONGEST_LEASE + 1)},
    {"N": "-1"},
]


@pytest.mark.parametrize("name", ["SLOT#0", "SEAT#0", "WAIT#0", "TOKEN"])
def test_a_lease_whose_end_cannot_be_true_is_nobodys(stage: Stage, name: str) -> None:
    for until in (*NO_END, None):
        end: Item = {} if until is None else {"lease_until": until}
        stage.put(name, **{"lease_owner": {"S": "dead"}, **end})
        assert stage.table.in_use("default", name[:4], NOW) == set(), until
        assert stage.table.take("default", name, "me", NOW, NOW + 60), until
        assert not stage.table.take("default", name, "you", NOW, NOW + 60)
        assert stage.table.in_use("default", name[:4], NOW) == {name}


def test_slots_that_would_be_held_for_ever_keep_no_deletion(stage: Stage) -> None:
    for n, until in enumerate(NO_END):
        stage.put(f"SLOT#{n}", lease_owner={"S": "dead"}, lease_until=until)
        stage.put(f"WAIT#{n}", lease_owner={"S": "dead"}, lease_until=until)
    for name in ("WAIT#x", "SLOT#x"):
        stage.put(name, lease_owner={"S": "dead"}, lease_until={"N": str(NOW + 60)})
    stage.world.zoho.org = replace(stage.world.zoho.org, concurrency=len(NO_END))
    assert stage.done().counts == Counts(requested=2, deleted=2)


def test_the_lease_of_a_deletion_that_would_last_for_ever_is_taken_over(stage: Stage) -> None:
    accept(stage.table, deletion("del_1"), "d1")
    dead = stage.table.claim("del_1", NOW, NOW + 60)
    assert dead is not None
    for n, until in enumerate(NO_END):
        stage.change(items.meta_key("del_1"), lease_until=until, next_at={"N": str(NOW - 1)})
        taken = stage.table.claim("del_1", NOW, NOW + 60)
        assert taken is not None, until
        assert taken.fence == dead.fence + n + 1
    with pytest.raises(LostLease):
        stage.table.save(dead, Change(dead.deletion, NOW, 0.0))


def test_a_waiting_deletion_with_such_a_lease_is_woken(stage: Stage) -> None:
    accept(stage.table, deletion("del_1"), "d1")
    for until in NO_END:
        stage.change(items.meta_key("del_1"), lease_until=until, next_at={"N": str(NOW + 600)})
        assert stage.table.wake("del_1", NOW), until
        assert not stage.table.wake("del_1", NOW), "it is due by now"


def test_a_turn_at_the_evidence_that_would_last_for_ever_is_nobodys(stage: Stage) -> None:
    book = Book(stage.table, lambda: NOW, 400)
    for until in NO_END:
        stage.write(CHAIN, lease_owner={"S": "dead"}, lease_until=until)
        assert book.take_turn("me", NOW, NOW + 60), until
        assert not book.take_turn("you", NOW, NOW + 60)


@pytest.mark.parametrize("end", [str(NOW + CENTURY), "9" * 30])
def test_what_would_never_be_due_is_found_by_the_poll_told_and_done(stage: Stage, end: str) -> None:
    stage.world.now = NOW // 86_400 * 86_400 + 86_400 - 2 * FORGET_MINUTES * 60  # before the day's first poll
    for one in ("del_1", "del_2"):
        made = replace(deletion(one), created_at=stage.world.now, expires_at=int(NOW) + 30 * 86_400)
        accept(stage.table, made, one)
    stage.change(items.meta_key("del_1"), next_at={"N": end}, lease_until={"N": end})
    stage.change(items.meta_key("del_2"), next_at={"N": str(NOW + 10 * 366 * 86_400)})
    deps = replace(stage.world.deps, forgetting=Forgetting(looked_in=0.0))
    for _ in range(5):
        poll(deps, stage.world.now + 60)
        stage.world.now += FORGET_MINUTES * 60
    found = stage.table.get("del_1")
    assert found is not None
    assert found.counts == Counts(requested=2, deleted=2)
    assert stage.left_out() == [items.place(items.meta_key("del_1"))]
    left = stage.table.get("del_2")
    assert left is not None
    assert left.counts == Counts(requested=2, pending=2)


def test_a_policy_that_would_never_run_again_runs_at_the_next_time_of_its_schedule(stage: Stage) -> None:
    table, reports = policy_table(stage, "a", "b"), list[str]()
    stage.change(items.org_key("default", "POLICY#a"), next_at={"N": str(NOW + CENTURY)})
    hour = NOW // 3600 * 3600 + 3600
    assert retain(outside(stage, table, reports), hour).started == 1
    kept = table.policy("default", "a")
    assert kept is not None
    assert (kept.last, kept.next_at) == (None, hour + 86_400)
    assert sorted(reports) == ["retention_started", "set_aside"]


def test_a_cancel_of_a_source_that_lies_in_the_future_sends_nothing_and_tells_a_person(stage: Stage) -> None:
    stage.table.set_source_cancel(SourceCancel("web", "ann", NOW + CENTURY))
    found = stage.done()
    assert (found.status, found.counts.unknown) == (Status.NEEDS_ATTENTION, 2)
    assert stage.world.zoho.log == []
    assert "ended_unfinished" in stage.told()


def test_a_deletion_whose_next_time_has_come_is_not_taken_from_a_worker_that_holds_it(stage: Stage) -> None:
    accept(stage.table, deletion("del_1"), "d1")
    assert stage.table.claim("del_1", NOW, NOW + 3600) is not None
    stage.change(items.meta_key("del_1"), next_at={"N": str(NOW)})
    assert stage.table.claim("del_1", NOW + 1, NOW + 60) is None


# --- policies ------------------------------------------------------------------------------------

RUNS = ["", "no json", "[]", "null", "{}", '{"run": "x"}', '{"run": "x", "deletion_id": "y", "at": "z"}']
WITH_AN_ID = ['{"run": "r", "deletion_id": "del_7", "at": 1.0, "new": 2}', "x del_7 y", '["del_7"]']


def policy_table(stage: Stage, *names: str) -> PolicyTable:
    table = PolicyTable("t", lambda: stage.client)
    for name in names:
        document = {**DOCUMENT, "name": name}
        assert table.put_policy(StoredPolicy("default", name, document, 1, "arn:ann", NOW, NOW))
    return table


def ran(stage: Stage, name: str, **fields: Item) -> None:
    """Another version has written what became of the policy's runs."""
    stage.change(items.org_key("default", f"POLICY#{name}"), **fields)


def outside(stage: Stage, table: PolicyTable, reports: list[str]) -> Retention:
    def report(event: str, **_: object) -> None:
        reports.append(event)

    intake = RunIntake(stage.table, FakeNudges(), "test", 400)
    return Retention(table, intake, lambda *_: NOW + 99, report)


@pytest.mark.parametrize("text", RUNS)
def test_a_run_that_cannot_be_read_and_names_no_deletion_is_none(stage: Stage, text: str) -> None:
    table = policy_table(stage, "a", "b")
    ran(stage, "a", last_run={"S": text or " "}, skipped={"S": text or " "})
    assert [(each.name, each.last) for each in table.policies("default")] == [("a", None), ("b", None)]
    reports: list[str] = []
    assert retain(outside(stage, table, reports), NOW).started == 2
    assert reports == ["retention_started"] * 2


@pytest.mark.parametrize("text", WITH_AN_ID)
def test_of_a_run_of_another_version_its_deletion_is_known(stage: Stage, text: str) -> None:
    table = policy_table(stage, "a")
    ran(stage, "a", last_run={"S": text})
    kept = table.policy("default", "a")
    assert kept is not None
    assert kept.last is not None
    assert kept.last.deletion_id == "del_7"
    assert not table.claim_run(replace(kept, last=None), Ran("r", "del_8", NOW)), "one is there"
    assert table.claim_run(kept, Ran("r", "del_8", NOW))


def test_a_policy_that_breaks_off_keeps_no_other_from_running(stage: Stage) -> None:
    table, reports = policy_table(stage, "a", "b"), list[str]()

    class Breaking(PolicyTable):
        def policy(self, org: str, name: str) -> StoredPolicy | None:
            if name == "a":
                raise KeyError("a mistake of ours")
            return table.policy(org, name)

    done = retain(outside(stage, Breaking("t", lambda: stage.client), reports), NOW)
    assert (done.started, done.failed) == (1, 1)
    assert sorted(reports) == ["retention_broken", "retention_started"]


# --- person maps ---------------------------------------------------------------------------------

MAPS: list[Item] = [{"S": "x"}, {"B": b"no zip"}]


def person_map(stage: Stage, content: object) -> None:
    entry = Caller("arn:ann", NOW).entry(What.PERSON_MAP_PUT, "org/default", None, {})
    stage.table.put_person_map("default", content, entry)  # type: ignore[arg-type]  # what no map is


@pytest.mark.parametrize("data", MAPS, ids=str)
def test_a_person_map_that_cannot_be_read_is_named_and_put_anew(stage: Stage, data: Item) -> None:
    known(stage)
    stage.put("PERSON#MAP", data=data)
    refused_until_put(stage)


@pytest.mark.parametrize("content", [[], 7, {}, {"region": None, "max_shared": 5, "modules": {"Leads": {}}}])
def test_a_person_map_of_another_version_is_named_and_put_anew(stage: Stage, content: object) -> None:
    known(stage)
    person_map(stage, content)
    refused_until_put(stage)


def refused_until_put(stage: Stage) -> None:
    with pytest.raises(WrongState, match="expunge person-map apply FILE"):
        people.person_map(stage.table, "default")
    assert people.person_map(stage.table, "other").modules.keys() == {"Leads"}
    people.put(
        stage.table,
        "default",
        {"modules": {"Leads": {"action": "keep", "keep_reason": "law"}}},
        Caller("arn:ann", NOW),
    )
    assert people.person_map(stage.table, "default").modules["Leads"].action.value == "keep"


def known(stage: Stage) -> None:
    """The modules of two orgs are known."""
    leads = Module("Leads").to_json()
    for org in ("default", "other"):
        one = deletion(f"del_{org}")
        accept(stage.table, replace(one, request=replace(one.request, org=org)), org)
        claim = stage.table.claim(one.id, NOW, NOW + 60)
        assert claim is not None
        stage.table.save(claim, Change(claim.deletion, NOW, NOW + 60, org_modules=(leads,)))


@pytest.mark.parametrize("data", [*MAPS, None], ids=str)
def test_modules_that_cannot_be_read_are_read_anew_by_the_next_erasure(
    stage: Stage, data: Item | None
) -> None:
    key = items.org_key("default", "PERSON#MODULES")
    stage.write(key, **({} if data is None else {"data": data}))
    assert stage.table.org_modules("default") is None
