"""Views in any order of events: Zoho late, silent or wrong; people who add, hold and cancel; dying workers.

At the end of every sequence each deletion has ended, its counts are its marks, and what it calls gone is
gone. Nothing went by our calls that had not been listed; nothing that came later went but by a job's own
selection; and no view was started a second time after a start that may have run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from chalicelib.domain import commands
from chalicelib.domain.operators import Pause
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Freeze, Limits, Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import CallKind, Reply
from tests.fake_zoho import LOST, REFUSED, FakeZoho, error
from tests.unit.service.world import World

FIRST = tuple(str(n) for n in range(1, 13))
HELD = "12"
ANSWERS: dict[str, Any] = {
    "lost": LOST,
    "not sent": REFUSED,
    "html": Reply(502, failure="html"),
    "throttled": error("TOO_MANY_REQUESTS", 429),
    "token": error("INVALID_TOKEN", 401),
    "internal": error("INTERNAL_ERROR", 500),
    "new": error("SOMETHING_NEW"),
    "expired page": error("EXPIRED_VALUE"),
    "scheduled": error("ALREADY_SCHEDULED"),
}
CALLS = ("view_ids", "count", "mass_delete_view", "job_status", "deleted_since", "read", "delete_records")


class Died(KeyboardInterrupt):
    """The worker's process ends."""


class LateZoho(FakeZoho):
    """A Zoho whose jobs may begin long after they were asked for, and select only then."""

    def __init__(self, clock: Callable[[], float], records: tuple[str, ...]) -> None:
        super().__init__(clock, records)
        self.late: list[float] = []
        self.selected: set[str] = set()
        self.by_others: set[str] = set()

    def _run_job(self) -> None:
        for begins in [at for at in self.late if at <= self.clock()]:
            self.late.remove(begins)
            ids = self.view
            self.selected |= set(ids)
            for one in ids:
                self._remove(one, begins)
        super()._run_job()

    def mass_delete_view(self, module: str, cvid: str, territory: Any) -> Reply:
        before = self.job
        try:
            return super().mass_delete_view(module, cvid, territory)
        finally:  # also where the worker dies of it
            if self.job is not None and self.job is not before:
                self.selected |= set(self.job["ids"])


class Views(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.zoho = LateZoho(lambda: self.world.now, FIRST)
        self.world.zoho = self.zoho
        self.asked: list[str] = []
        self.added = 100
        self.held = False
        self.paused = False

    # --- what is asked -------------------------------------------------------------------------------

    @precondition(lambda self: len(self.asked) < 3)
    @rule(
        freeze=st.sampled_from(Freeze),
        dry=st.sampled_from([False, False, False, True]),
        cool=st.sampled_from([0, 0, 45]),
    )
    def ask(self, freeze: Freeze, dry: bool, cool: int) -> None:
        limits = Limits(max_records=50, cool_off_seconds=cool)
        self.asked.append(
            self.world.accept("mass_delete", cvid="5", freeze=freeze, dry_run=dry, limits=limits)
        )

    @precondition(lambda self: not self.asked)
    @rule()
    def hold_one(self) -> None:
        self.world.hold(HELD)
        self.held = True

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 9))
    def cancel(self, which: int) -> None:
        one = self.asked[which % len(self.asked)]
        seen = self.world.ledger.snapshot(one)
        assert seen is not None
        if not commands.not_cancellable(seen.deletion):
            self.world.ledger.command(
                seen, {"do": "cancel", "by": "ann", "at": self.world.now}, self.world.now
            )

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.world.ledger.set_pause(Pause(None, paused, "audit"))
        self.paused = paused

    # --- time and workers ----------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.5, 2, 7, 31, 61, 400]))
    def time_passes(self, seconds: float) -> None:
        self.world.now += seconds

    @rule(times=st.integers(1, 4))
    def work(self, times: int) -> None:
        for _ in range(times):
            for one in self.world.ledger.due(self.world.now, 5):
                try:
                    self.world.step(one)
                except Died:
                    self.world.now += 61  # its lease ends

    # --- Zoho and people there -----------------------------------------------------------------------

    @rule(name=st.sampled_from(CALLS), answer=st.sampled_from(sorted(ANSWERS)), times=st.integers(1, 3))
    def answers_badly(self, name: str, answer: str, times: int) -> None:
        self.zoho.script.setdefault(name, []).extend([ANSWERS[answer]] * times)

    @rule(done=st.booleans(), name=st.sampled_from(CALLS))
    def dies_in(self, name: str, done: bool) -> None:
        def die(work: Callable[[], Reply]) -> Reply:
            if done:
                work()
            raise Died

        self.zoho.script.setdefault(name, []).append(die)

    @rule(ran=st.booleans(), later=st.sampled_from([0, 3, 50, 500]))
    def start_is_lost(self, ran: bool, later: float) -> None:
        def lose(work: Callable[[], Reply]) -> Reply:
            if ran and later:
                self.zoho.late.append(self.world.now + later)
            elif ran:
                work()
            return LOST

        self.zoho.script.setdefault("mass_delete_view", []).append(lose)

    @rule(seconds=st.sampled_from([2, 40, 500]))
    def jobs_take(self, seconds: float) -> None:
        self.zoho.job_seconds = seconds

    @rule(seconds=st.sampled_from([0, 15]))
    def the_list_lags(self, seconds: float) -> None:
        self.zoho.list_lag = seconds

    @rule()
    def the_job_is_forgotten(self) -> None:
        job = self.zoho.job
        if job is not None and job["status"] == "RUNNING":
            job["id"] = "forgotten"

    @rule()
    def a_record_comes_in(self) -> None:
        self.added += 1
        self.zoho.records[str(self.added)] = None

    @rule(which=st.integers(0, 99), locked=st.booleans())
    def a_record_leaves_or_is_locked(self, which: int, locked: bool) -> None:
        view = [one for one in self.zoho.view if one != HELD]
        if view:
            (self.zoho.locked if locked else self.zoho.outside).add(view[which % len(view)])

    @rule(which=st.integers(0, 99))
    def somebody_deletes_one(self, which: int) -> None:
        view = [one for one in self.zoho.view if one not in (HELD, *self.zoho.locked)]
        if view:
            one = view[which % len(view)]
            self.zoho._remove(one)
            self.zoho.by_others.add(one)

    # --- the end -------------------------------------------------------------------------------------

    def teardown(self) -> None:
        self.zoho.script.clear()
        self.world.ledger.set_pause(Pause(None, paused=False))
        self.world.settle(6000)
        for one in self.asked:
            self._ended_well(one)
        self._nothing_else_went()

    def _ended_well(self, one: str) -> None:
        done = self.world.get(one)
        assert done.is_final
        counts = done.counts
        named = ("deleted", "already_absent", "failed", "held", "unknown", "pending")
        assert counts.requested == sum(getattr(counts, name) for name in named)
        marks = self._marks(one)
        if done.frozen and not done.request.dry_run:
            tally = Counter(outcome_name(mark) for mark in marks.values())
            assert {name: getattr(counts, name) for name in named} == {name: tally[name] for name in named}
            assert done.status in (Status.CANCELLED, Status.REFUSED) or not tally["pending"]
            gone = {i for i, mark in marks.items() if mark in (Mark.DELETED, Mark.ABSENT)}
            assert not gone & set(self.zoho.records), "what is called gone is there"
        starts = [
            call
            for call in self.world.ledger.calls(one, range(1, done.calls + 1))
            if call.kind is CallKind.MASS_DELETE_VIEW
        ]
        unsure = [
            n
            for n, call in enumerate(starts)
            if call.answered_at is None or (call.answer or {}).get("verdict") in ("started", "unknown")
        ]
        assert not unsure or unsure[0] == len(starts) - 1, "started again after a start that may have run"
        assert done.request.freeze is not Freeze.EXACT or not starts

    def _marks(self, one: str) -> dict[str, Mark]:
        found: dict[str, Mark] = {}
        for number in range(self.world.get(one).chunks):
            chunk = self.world.ledger.chunk(one, number)
            found |= {i: Mark(m) for i, m in zip(chunk.ids, chunk.marks, strict=True)}
        return found

    def _nothing_else_went(self) -> None:
        listed: set[str] = set()
        for one in self.asked:
            deletion = self.world.get(one)
            assert deletion.request.operation is Operation.MASS_DELETE
            if not deletion.request.dry_run:
                listed |= set(self._marks(one))
        ours = {i for ids in self.zoho.sent("delete_records") for i in ids}
        assert ours <= listed
        went = {i for i, _ in self.zoho.deleted}
        assert went <= listed | self.zoho.selected | self.zoho.by_others
        if self.held:
            assert HELD not in ours
            assert not self.zoho.sent("mass_delete_view")
            assert HELD in self.zoho.records
        hours = (self.world.now - 1_000_000.0) / 3600
        assert len(self.zoho.log) <= 200 * (1 + len(self.asked)) + 2000 * hours


def test_300_sequences() -> None:
    run_state_machine_as_test(
        Views, settings=settings(max_examples=300, stateful_step_count=30, deadline=None)
    )


@pytest.mark.long
def test_10000_sequences() -> None:
    run_state_machine_as_test(
        Views, settings=settings(max_examples=10_000, stateful_step_count=40, deadline=None)
    )
