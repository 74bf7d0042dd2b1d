"""Whatever people do in the recycle bin meanwhile, and however its lists lag: only what a deletion itself put
there is purged or restored, and what is said of it is so.

The rulings are followed here by the plainest loop there can be: read, judge, call, read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.bin_judge import (
    Attempt,
    BinReading,
    Judged,
    Listed,
    Ruling,
    Window,
    judge_purge,
    judge_restore,
    listed_as,
)
from chalicelib.domain.recycle_bin import BinEntry, batches, entries_of
from chalicelib.domain.zoho import deleted_list
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.reply import CallKind, Item, Reply
from chalicelib.domain.zoho.verdict import Verdict
from tests.fake_zoho import LOST, FakeZoho, lose

IDS = ("1", "2", "3", "4", "5")
START = 1_700_000_000.0
GIVE_UP = 400.0
#: Ends that are not final: the loop goes on.
#: Seconds between two looks.
STEP = 20.0
OPEN = (Ruling.SEND, Ruling.ASK_AGAIN)


@dataclass(frozen=True)
class Act:
    """What a person does at `at` seconds after the deletion."""

    at: float
    what: str
    record: str


class Watched(FakeZoho):
    """Knows whose doing each entry of the bin is.

    `taken`: of each record that our calls took out of the bin, whether it was ours to take. Somebody else's
    deletion that neither list showed yet cannot be told from ours.
    """

    def __init__(self, clock: World) -> None:
        super().__init__(clock, IDS)
        self.parents: dict[str, str] = {}
        self.by_us: set[str] = set()
        self.taken: list[bool] = []
        self.times_of_list = True

    def _purged(self, one: str) -> Item:
        self._note(one)
        return super()._purged(one)

    def _restored(self, one: str) -> Item:
        self._note(one)
        return super()._restored(one)

    def _note(self, one: str) -> None:
        if one in self.bin and one not in self.bin_unseen:
            lag = min(self.bin_lag, self.list_lag) if self.times_of_list else self.bin_lag
            known_by = self.bin[one] + lag
            self.taken.append(one in self.by_us or known_by > self.clock())


@dataclass
class World:
    """A clock, an org, and people who do things in it."""

    acts: list[Act]
    now: float = START
    zoho: Watched = field(init=False)

    def __post_init__(self) -> None:
        self.zoho = Watched(self)

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Lets time pass, and people act in it."""
        until = self.now + seconds
        while self.acts and START + self.acts[0].at <= until:
            act = self.acts.pop(0)
            self.now = max(self.now, START + act.at)
            self._act(act)
        self.now = until

    def _act(self, act: Act) -> None:
        zoho, one = self.zoho, act.record
        if act.what == "restore" and one in zoho.bin:
            zoho.restore(one)
        elif act.what == "purge" and one in zoho.bin:
            zoho.purge(one)
        elif act.what == "delete" and one in zoho.records:
            zoho.to_bin(one, self.now)
            zoho.by_us.discard(one)


def look(world: World, ids: Sequence[str], since: float) -> dict[str, BinReading]:
    """What is read of each id, in the order that `BinReading` asks for."""
    there = {item.id for item in world.zoho.read("Leads", ids).items}
    entries: dict[str, BinEntry] = {}
    for batch in batches(ids):
        entries |= entries_of(world.zoho.bin_entries(batch).body)
    named: dict[str, deleted_list.Deleted] = {}
    for reply in pages(world, since):
        named |= deleted_list.entries_of(reply.body)
    at = {one: entry.at for one, entry in named.items()} if world.zoho.times_of_list else {}
    return {
        one: BinReading(one in there, entries.get(one), listed_as(named.get(one), whole=True), at.get(one))
        for one in ids
    }


def pages(world: World, since: float) -> Iterator[Reply]:
    number = 1
    while True:
        reply = world.zoho.deleted_since("Leads", since, number)
        yield reply
        if not deleted_list.has_more(reply.body):
            return
        number += 1


def after(kind: CallKind, reply: Reply, ids: Sequence[str], before: dict[str, Attempt]) -> dict[str, Attempt]:
    """What came of a call, as attempts."""
    whole = judge_call(kind, reply, ids).verdict
    if whole in (Verdict.UNKNOWN, Verdict.RETRY):
        return dict.fromkeys(ids, Attempt.LOST) if whole is Verdict.UNKNOWN else {}
    told = {
        Verdict.DELETED: Attempt.DONE,
        Verdict.RESTORED: Attempt.DONE,
        Verdict.SCHEDULED: Attempt.SCHEDULED,
        Verdict.CHECK_GONE: Attempt.NOT_FOUND,
        Verdict.REPEAT: Attempt.LOST,
    }
    found = {one: told[judged.verdict] for one, judged in judge_items(kind, reply, ids).items()}
    return {
        one: before[one] if attempt is Attempt.NOT_FOUND and before[one] is Attempt.LOST else attempt
        for one, attempt in found.items()
    }


def followed(world: World, window: Window, kind: CallKind) -> dict[str, Judged]:
    """The rulings followed to their ends: one for each id."""
    purging = kind is CallKind.DELETE_FROM_BIN
    judge = judge_purge if purging else judge_restore
    attempts = dict.fromkeys(IDS, Attempt.NONE)
    ends: dict[str, Judged] = {}
    started = world.now
    while len(ends) < len(IDS):
        last = world.now - started >= GIVE_UP
        left = [one for one in IDS if one not in ends]
        seen = look(world, left, window.first - 2)
        rulings = {one: judge(window, seen[one], attempts[one], last_look=last) for one in left}
        ends |= {one: judged for one, judged in rulings.items() if judged.ruling not in OPEN}
        if last:
            ends |= {one: judged for one, judged in rulings.items() if one not in ends}
        calls = [one for one in left if one not in ends and rulings[one].ruling is Ruling.SEND]
        for batch in batches(calls):
            send = world.zoho.delete_from_bin if purging else world.zoho.restore_from_bin
            attempts |= after(kind, send(batch), batch.values, attempts)
        world.advance(STEP)
    return ends


ACTS = st.lists(
    st.builds(
        Act,
        at=st.floats(5, 300),
        what=st.sampled_from(["restore", "purge", "delete"]),
        record=st.sampled_from(IDS),
    ),
    max_size=12,
).map(lambda acts: sorted(acts, key=lambda act: act.at))
#: How far the bin's list and the deleted list are behind, and whether the times of the latter are looked at.
LAGS = st.tuples(st.sampled_from([0.0, 15.0, 90.0]), st.sampled_from([0.0, 15.0, 90.0]), st.booleans())
ANSWERS = st.lists(st.sampled_from(["", "lost before", "lost after", "502"]), max_size=6)


def played(
    acts: list[Act],
    lags: tuple[float, float, bool],
    waits: float,
    answers: list[str],
    later: float | None,
    kind: CallKind,
) -> tuple[World, dict[str, Judged]]:
    """Records deleted by us, then purged or restored after `waits` seconds, with all that happens between."""
    world = World(list(acts))
    zoho = world.zoho
    zoho.bin_lag, zoho.list_lag, zoho.times_of_list = lags
    zoho.bin_later = later
    zoho.delete_records("Leads", IDS, False)
    zoho.by_us = set(IDS)
    window = Window(world.now, world.now)
    told = {"": None, "lost before": LOST, "lost after": lose, "502": Reply(502)}
    zoho.script[kind.value] = [told[answer] for answer in answers]
    world.advance(waits)
    return world, followed(world, window, kind)


@settings(max_examples=500, deadline=None)
@given(ACTS, LAGS, st.floats(0, 200), ANSWERS, st.sampled_from([None, 30.0]))
def test_nothing_is_purged_that_the_deletion_did_not_put_into_the_bin(
    acts: list[Act], lags: tuple[float, float, bool], waits: float, answers: list[str], later: float | None
) -> None:
    # What Zoho does later, it does to whatever lies in the bin then: people keep their hands off meanwhile.
    calm = [act for act in acts if later is None]
    world, ends = played(calm, lags, waits, answers, later, CallKind.DELETE_FROM_BIN)
    zoho = world.zoho
    assert all(zoho.taken)
    for one, judged in ends.items():
        gone = one in zoho.purged
        assert judged.ruling is not Ruling.ASK_AGAIN
        if judged.ruling in (Ruling.DELETED, Ruling.ALREADY_ABSENT):
            assert gone
        if judged.code == "DELETED_BEFORE":
            raise AssertionError("nothing was deleted before")
        if not calm and not answers:
            assert judged.ruling is Ruling.DELETED


@settings(max_examples=500, deadline=None)
@given(ACTS, LAGS, st.floats(0, 200), ANSWERS, st.sampled_from([None, 30.0]))
def test_nothing_comes_back_that_somebody_else_deleted(
    acts: list[Act], lags: tuple[float, float, bool], waits: float, answers: list[str], later: float | None
) -> None:
    calm = [act for act in acts if later is None]
    world, ends = played(calm, lags, waits, answers, later, CallKind.RESTORE_FROM_BIN)
    assert all(world.zoho.taken)
    for judged in ends.values():
        assert judged.ruling is not Ruling.ASK_AGAIN
        if not calm and not answers:
            assert judged.ruling is Ruling.RESTORED


def test_listed_has_a_word_for_each_state() -> None:
    assert {listed.value for listed in Listed} == {"permanent", "recyclable", "not_named", "unread"}
