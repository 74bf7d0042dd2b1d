from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deletion import Approval, Counts, moved
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.request import Freeze, Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.ports import Change
from tests.fake_zoho import LOST, lose
from tests.unit.service.world import World

ARN = "arn:aws:iam::1:user/ann"


def command(world: World, one: str, **words: Any) -> None:
    seen = world.ledger.snapshot(one)
    assert seen is not None
    assert world.ledger.command(seen, {"by": ARN, "at": world.now, **words}, world.now)


def cancel(world: World, one: str) -> None:
    command(world, one, do="cancel")


def log_of(world: World, one: str) -> list[tuple[str, str]]:
    return [(entry.what, entry.by) for entry in world.ledger.entries(one, 0)]


def records(n: int) -> list[str]:
    return [str(i) for i in range(1, n + 1)]


def test_a_deletion_keeps_where_its_zoho_is_once_it_was_reached() -> None:
    world = World(records(1))
    one = world.accept(ids=("1",))
    assert world.get(one).data_center == ""
    world.settle()
    assert world.get(one).data_center == "us"


def test_what_was_not_sent_is_cancelled_by_name() -> None:
    world = World(records(3))
    one = world.accept(ids=("1", "2", "3"))
    cancel(world, one)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.CANCELLED, Counts(requested=3, pending=3))
    assert world.zoho.log == []
    assert log_of(world, one)[-2:] == [("cancel_asked", ARN), ("cancelled", ARN)]
    assert world.types(one) == ["accepted", "cancelled"]


def test_a_cancel_in_the_middle_keeps_what_was_done_and_leaves_the_rest_pending() -> None:
    ids = tuple(records(250))
    world = World(list(ids))
    one = world.accept(ids=ids)

    def first_wave(work: Any) -> Reply:
        cancel(world, one)
        answer: Reply = work()
        return answer

    object.__setattr__(world.zoho, "org", replace(world.zoho.org, concurrency=1))
    world.zoho.script["delete_records"] = [first_wave]
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.CANCELLED, Counts(requested=250, deleted=100, pending=150))
    assert len(world.zoho.sent("delete_records")) == 1


@pytest.mark.parametrize(("answer", "deleted", "failed"), [(lose, 1, 0), (LOST, 0, 1)])
def test_a_cancel_settles_what_was_sent_with_an_unknown_outcome(
    answer: Any, deleted: int, failed: int
) -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    world.zoho.script["delete_records"] = [answer]
    world.step(one)
    assert world.get(one).status is Status.WAITING
    cancel(world, one)
    world.settle()
    done = world.get(one)
    assert done.counts == Counts(requested=1, deleted=deleted, failed=failed)
    assert world.zoho.sent("read") == [["1"]]
    assert len(world.zoho.sent("delete_records")) == 1


def test_a_cancel_settles_what_a_dead_worker_left_in_the_air() -> None:
    world = World(["1", "2"])
    one = world.accept(ids=("1", "2"))

    def die(work: Any) -> Reply:
        work()
        raise KeyboardInterrupt

    world.zoho.script["delete_records"] = [die]
    with pytest.raises(KeyboardInterrupt):
        world.step(one)
    cancel(world, one)
    world.now += 100
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=2)
    assert len(world.zoho.sent("delete_records")) == 1


def test_a_view_in_line_is_cancelled_and_leaves_its_lane() -> None:
    world = World(records(3))
    first = world.accept("mass_delete", cvid="5")
    second = world.accept("mass_delete", cvid="5")
    world.step(first)
    world.step(second)
    assert any(second in lane.queue for lane in world.ledger.lanes.values())
    cancel(world, second)
    world.step(second)
    assert world.get(second).status is Status.CANCELLED
    assert not any(second in lane.queue for lane in world.ledger.lanes.values())
    world.settle()
    assert world.get(first).counts.deleted == 3
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_running_job_is_not_cancelled() -> None:
    world = World(records(3))
    one = world.accept("mass_delete", cvid="5")
    world.step(one)
    cancel(world, one)
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.COMPLETED, 3)
    assert ("command_ignored", ARN) in log_of(world, one)


def test_a_cancelled_dry_run_is_cancelled() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",), dry_run=True)
    cancel(world, one)
    world.settle()
    assert world.get(one).status is Status.CANCELLED


def test_a_cancel_works_during_a_pause() -> None:
    world = World(["1"])
    world.ledger.pauses["*"] = "audit"
    one = world.accept(ids=("1",))
    world.step(one)
    cancel(world, one)
    assert world.step(one)
    assert (world.get(one).status, world.zoho.log) == (Status.CANCELLED, [])


def test_a_command_to_what_has_ended_changes_nothing() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))
    world.settle()
    cancel(world, one)
    command(world, one, do="resolve", outcome="done")
    command(world, one, do="dance")
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    assert [what for what, _ in log_of(world, one)][-3:] == ["command_ignored"] * 3
    assert not world.ledger.rows[one].due


def test_a_command_does_not_lie_for_the_whole_wait() -> None:
    world = World(["1"])
    one = world.accept(ids=("1",))

    def refuse(work: Any) -> Reply:
        cancel(world, one)
        return LOST

    world.zoho.script["delete_records"] = [refuse]
    world.step(one)
    assert world.get(one).is_final


def unknown_view(world: World) -> str:
    one = world.accept("mass_delete", cvid="5", freeze=Freeze.NEVER)

    def lose_and_change(work: Any) -> Reply:
        world.zoho.records |= {"100": None, "101": None}
        return LOST

    world.zoho.script["mass_delete_view"] = [lose_and_change]
    world.settle()
    assert world.get(one).status is Status.NEEDS_ATTENTION
    return one


@pytest.mark.parametrize(
    ("outcome", "status", "counts", "codes"),
    [
        ("done", Status.COMPLETED, Counts(requested=3, deleted=3), []),
        ("not_done", Status.FAILED, Counts(requested=3, failed=3), ["RESOLVED_NOT_DONE"]),
    ],
)
def test_a_view_is_resolved(outcome: str, status: Status, counts: Counts, codes: list[str]) -> None:
    world = World(records(3))
    one = unknown_view(world)
    command(world, one, do="resolve", outcome=outcome, note="looked")
    world.settle()
    done = world.get(one)
    assert done.resolved_by == ARN
    assert (done.status, done.counts, [p.code for p in done.problems]) == (status, counts, codes)
    last = world.ledger.entries(one, 0)[-1]
    assert (last.by, last.why, world.types(one)[-1]) == (ARN, "looked", status.value)
    assert not world.ledger.rows[one].due


def unknown_ids(world: World, n: int) -> str:
    """A deletion by ids that needs attention."""
    one = world.accept(ids=tuple(records(n)))
    claim = world.ledger.claim(one, world.now, world.now + 60)
    assert claim is not None
    chunks = []
    for number in range(claim.deletion.chunks):
        chunk = world.ledger.chunk(one, number)
        unknown = Finding(Mark.UNKNOWN, "NO_ANSWER")
        chunks.append(chunk.with_mark(range(len(chunk.ids)), unknown))
    ended = moved(claim.deletion, Status.NEEDS_ATTENTION, world.now)
    ended = replace(ended, counts=Counts(requested=n, unknown=n), published=ended.events)
    world.ledger.save(claim, Change(ended, world.now, 0.0, chunks=tuple(chunks)))
    return one


@pytest.mark.parametrize("outcome", ["done", "not_done"])
def test_many_ids_are_resolved_chunk_after_chunk(outcome: str) -> None:
    n = 5000 * 25
    world = World()
    one = unknown_ids(world, n)
    command(world, one, do="resolve", outcome=outcome)
    world.settle()
    done = world.get(one)
    if outcome == "done":
        assert (done.status, done.counts) == (Status.COMPLETED, Counts(requested=n, deleted=n))
    else:
        assert (done.status, done.counts) == (Status.FAILED, Counts(requested=n, failed=n))
        assert [(p.code, p.count) for p in done.problems] == [("RESOLVED_NOT_DONE", n)]
    assert world.types(one)[-1] == done.status.value


def test_a_second_resolve_is_let_go() -> None:
    world = World()
    one = unknown_ids(world, 2)
    command(world, one, do="resolve", outcome="done")
    command(world, one, do="resolve", outcome="not_done")
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.COMPLETED, 2)
    assert log_of(world, one)[-1] == ("command_ignored", ARN)


def test_a_cancel_ends_what_needs_attention_and_what_is_unknown_stays_unknown() -> None:
    world = World(records(3))
    view, ids = unknown_view(world), unknown_ids(world, 3)
    for one in (view, ids):
        before = world.get(one)
        cancel(world, one)
        world.settle()
        after = world.get(one)
        assert (after.status, after.counts, after.cancelled_by) == (Status.CANCELLED, before.counts, ARN)
        assert after.counts.unknown == 3
        assert after.problems == before.problems
        assert log_of(world, one)[-1] == ("cancelled", ARN)
        assert world.types(one)[-1] == "cancelled"
        assert not world.ledger.rows[one].due
    assert world.ledger.chunk(ids, 0).at(Mark.UNKNOWN) == [0, 1, 2]


def test_a_cancelled_deletion_is_neither_resolved_nor_cancelled_again() -> None:
    world = World()
    one = unknown_ids(world, 2)
    for words in ({"do": "cancel"}, {"do": "cancel"}, {"do": "resolve", "outcome": "done"}):
        command(world, one, **words)
    world.settle()
    assert (world.get(one).status, world.get(one).counts.unknown) == (Status.CANCELLED, 2)
    assert [what for what, _ in log_of(world, one)][-2:] == ["command_ignored"] * 2


def test_a_cancel_from_before_it_needed_attention_does_not_end_it() -> None:
    world = World()
    one = unknown_ids(world, 2)
    command(world, one, do="cancel", at=world.now - 1)
    world.settle()
    assert world.get(one).status is Status.NEEDS_ATTENTION
    assert log_of(world, one)[-1] == ("command_ignored", ARN)


def awaiting(world: World) -> str:
    one = world.accept(ids=("1", "2"), limits=Limits(approve_above=1))
    claim = world.ledger.claim(one, world.now, world.now + 60)
    assert claim is not None
    waits = moved(claim.deletion, Status.AWAITING_APPROVAL, world.now, "approval")
    waits = replace(waits, approval=Approval(2, world.now, world.now + 100))
    world.ledger.save(claim, Change(waits, world.now + 100, 0.0))
    return one


@pytest.mark.parametrize("words", [{"count": 3}, {"asked_at": 1.0}, {"at": 10**10}, {"count": True}])
def test_an_approval_for_something_else_is_let_go(words: dict[str, Any]) -> None:
    world = World(["1", "2"])
    one = awaiting(world)
    command(world, one, **{"do": "approve", "count": 2, "asked_at": world.now, **words})
    world.step(one)
    approval = world.get(one).approval
    assert approval is not None
    assert approval.approved_at is None
    assert world.zoho.log == []


def test_an_approval_is_used_once() -> None:
    world = World(["1", "2"])
    one = awaiting(world)
    for _ in range(2):
        command(world, one, do="approve", count=2, asked_at=world.now)
    world.settle()
    done = world.get(one)
    assert done.approval is not None
    assert (done.approval.by, done.status) == (ARN, Status.COMPLETED)
    what = [what for what, _ in log_of(world, one)]
    assert (what.count("approved"), what.count("command_ignored")) == (1, 1)
