"""The scenarios of the crash matrix: what is asked, and what must have become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain import children, took
from chalicelib.domain.commands import Do
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.operators import Hold
from chalicelib.domain.request import Api, Freeze, Limits, Operation, Territory
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from tests.crash.stage import START, VISIBILITY, Stage
from tests.fake_zoho import LOST, lose

IDS = tuple(str(n) for n in range(1, 4))


@dataclass(frozen=True)
class Scenario:
    """`run` sends and waits until rest; `gone`: how many records or links must be gone at the end.

    `absent`: how many ids never had a record. `person`: whether needs_attention is a right end too.
    `cancelled`: an operator wants it to end before everything is gone.
    """

    run: Callable[[Stage], None]
    gone: int
    records: int = 0
    absent: int = 0
    failed: int = 0
    held: int = 0
    listed_twice: int = 0
    concurrency: int = 1
    person: bool = False
    cancelled: bool = False

    def judge(self, stage: Stage, ended: list[Deletion]) -> None:
        """What the scenario itself promises."""
        if self.person and any(one.status is Status.NEEDS_ATTENTION for one in ended):
            return
        if self.cancelled:
            # Where the command finds nothing that was not sent, the outcomes decide.
            assert ended[0].status in (Status.CANCELLED, Status.PARTIALLY_COMPLETED)
            assert len(stage.zoho.removed) == ended[0].counts.deleted == self.gone
            return
        assert len(stage.zoho.removed) == self.gone
        assert len(set(stage.zoho.removed)) == self.gone
        told = sum(one.counts.deleted for one in ended)
        absent = sum(one.counts.already_absent for one in ended)
        # What was absent from the start may be counted as deleted after a call without an answer.
        # Of two views over the same records the second lists them, or finds none, as their workers meet.
        assert self.gone + self.absent <= told + absent <= self.gone + self.absent + self.listed_twice
        assert told >= self.gone
        assert sum(one.counts.failed for one in ended) == self.failed
        assert sum(one.counts.held for one in ended) == self.held
        rest = self.failed + self.held
        good = {Status.COMPLETED, Status.PARTIALLY_COMPLETED if rest else Status.COMPLETED}
        assert {one.status for one in ended} <= good


def _by_ids(stage: Stage) -> None:
    stage.send(stage.order("delete_records", ids=(*IDS, "99")))
    stage.rest()


def _several_calls_at_once(stage: Stage) -> None:
    stage.send(stage.order("delete_records", ids=tuple(str(n) for n in range(1, 251))))
    stage.rest()


def _mass_by_ids(stage: Stage) -> None:
    limits = Limits(max_records=1000, mass_delete_by_ids=True)
    ids = tuple(str(n) for n in range(1, 602))
    stage.send(stage.order("delete_records", limits, ids=ids, api=Api.MASS_DELETE))
    stage.rest()


def _external(stage: Stage) -> None:
    stage.send(stage.order("delete_records", ids=("1", "2"), external_id_field="External"))
    stage.rest()


def _delink(stage: Stage) -> None:
    stage.zoho.links = dict.fromkeys(("51", "52"))
    ids, parent = ("51", "52", "53"), "7"
    stage.send(
        stage.order("delink_records", module="Campaigns", record_id=parent, related_list="Contacts", ids=ids)
    )
    stage.rest()


def _locked(stage: Stage) -> None:
    stage.zoho.locked = {"2"}
    stage.zoho.unlock_at = stage.now + 12
    stage.send(stage.order("delete_records", ids=IDS))
    stage.rest()


def _cancelled(stage: Stage) -> None:
    stage.zoho.locked = {"2"}
    one = stage.send(stage.order("delete_records", ids=IDS))
    stage.work()
    while not stage.zoho.removed:
        stage.now += VISIBILITY
        stage.poll()
    seen = stage.ledger.snapshot(one)
    assert stage.ledger.command(seen, {"do": Do.CANCEL.value, "by": "operator"}, stage.now)
    stage.rest()


def _never_unlocked(stage: Stage) -> None:
    """A few askings until it is given up: each run of the matrix makes all of them."""
    stage.zoho.locked, stage.timeouts = {"2"}, replace(stage.timeouts, give_up=20)
    stage.send(stage.order("delete_records", ids=IDS))
    stage.rest()


def _view_in_two_rounds(stage: Stage) -> None:
    """More than a job takes, in two pages and two chunks. The job is smaller than Zoho's 50,000, which
    tests/unit/service/by_view has: each run of the matrix handles every record.
    """
    stage.zoho.job_most, stage.zoho.list_page = 5_000, 4_000
    _view(stage)


def _view(stage: Stage) -> None:
    stage.send(stage.order("mass_delete", cvid="5"))
    stage.rest()


def _view_of_a_territory(stage: Stage) -> None:
    stage.send(stage.order("mass_delete", cvid="5", territory=Territory("7")))
    stage.rest()


def _view_by_ids(freeze: Freeze, held: str = "") -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        if held:
            stage.ledger.set_hold(Hold("default", "Leads", held, "audit", "ann", stage.now, None))
        stage.send(stage.order("mass_delete", cvid="5", freeze=freeze))
        stage.rest()

    return run


def _lost_start(reply: Any) -> Callable[[Stage], None]:
    """The start of a view has no answer, whether or not Zoho runs the job; a record comes in meanwhile."""

    def run(stage: Stage) -> None:
        came = []

        def lost(work: Callable[[], Reply]) -> Reply:
            came.append("777")
            if reply is lose:
                work()
            stage.zoho.records |= {"777": None}
            return LOST

        stage.zoho.script["mass_delete_view"] = [lost]
        stage.send(stage.order("mass_delete", cvid="5"))
        stage.rest()
        assert set(came) <= set(stage.zoho.records), "a record that came later was deleted"

    return run


def _left_and_came(stage: Stage) -> None:
    """While a view waits for its cool-off a record leaves it and another one comes in."""
    limits = Limits(max_records=100, cool_off_seconds=900)
    one = stage.send(stage.order("mass_delete", limits, cvid="5"))
    while not stage.ledger.get(one).frozen:
        stage.now += VISIBILITY / 10
        stage.work()
        stage.poll()
    stage.zoho.outside = {"1"}
    stage.zoho.records |= {"777": None}
    stage.rest()
    assert {"1", "777"} <= set(stage.zoho.records)


def _two_views(stage: Stage) -> None:
    stage.send(stage.order("mass_delete", cvid="5"))
    stage.send(stage.order("mass_delete", cvid="6"))
    stage.rest()


def _dry_runs(stage: Stage) -> None:
    stage.send(stage.order("mass_delete", cvid="5", dry_run=True))
    stage.send(stage.order("delete_records", ids=IDS, dry_run=True))
    stage.rest()


def _policy(**more: Any) -> Callable[[Stage], None]:
    """A policy's run, from the tick that finds it due to its last event."""
    document = {
        "name": "old-leads",
        "module": "Leads",
        "schedule": {"rate": "1 day"},
        "limits": {"max_records": 100_000},
        **more,
    }

    def run(stage: Stage) -> None:
        stage.zoho.org = replace(stage.zoho.org, api_version="v3")  # whose queries give 200 rows a page
        stage.keep(document)
        stage.tick()
        stage.rest()
        (one,) = stage.accepted
        kept = stage.policies.policy("default", "old-leads")
        assert kept is not None
        assert kept.last is not None
        assert (kept.last.deletion_id, kept.skipped) == (one, None)
        assert kept.next_at == START + 86_400

    return run


def _deleted_for_good(stage: Stage) -> None:
    """The child that the final write makes, with no undo window."""
    one = stage.send(stage.order("delete_records", ids=IDS, permanent_after=0))
    stage.rest()
    _with_one_child(stage, one)
    assert set(stage.zoho.purged) == set(IDS)


def _left_alone(stage: Stage) -> None:
    """In the undo window one record is restored by somebody, and one is held."""
    one = stage.send(stage.order("delete_records", ids=IDS, permanent_after=3600))
    while not stage.ledger.get(one).is_final:
        stage.now += VISIBILITY / 10
        stage.work()
        stage.poll()
    stage.zoho.restore("1")
    stage.ledger.set_hold(Hold("default", "Leads", "2", "audit", "ann", stage.now, None))
    stage.rest()
    _with_one_child(stage, one)
    assert set(stage.zoho.purged) == {"3"}
    assert "1" in stage.zoho.records
    assert "2" in stage.zoho.bin


def _with_one_child(stage: Stage, one: str) -> None:
    """A crash neither loses nor doubles the child."""
    (child,) = stage.ledger.get(one).children
    stage.accepted.append(child.id)


def _restored(stage: Stage) -> None:
    """What was deleted comes back, and what somebody else deleted stays in the bin."""
    one = stage.send(stage.order("delete_records", ids=IDS))
    stage.rest()
    parent = stage.ledger.get(one)
    calls = stage.ledger.calls(one, range(1, parent.calls + 1))
    until = took.deleted_by_it(parent, [stage.ledger.chunk(one, 0)], calls, parent.finished_at)
    asked = children.request_of(parent, Operation.RESTORE, until)
    stage.now += 600
    stage.zoho.restore("2")
    stage.zoho.to_bin("2", stage.now)
    stage.zoho.deleted.pop()
    stage.send(
        stage.order("restore", ids=asked.ids, until=asked.until, parent=one, window_from=asked.window_from)
    )
    stage.rest()
    assert sorted(stage.zoho.records) == ["1", "3"]
    assert set(stage.zoho.bin) == {"2"}


SCENARIOS = {
    "deleted for good": Scenario(_deleted_for_good, gone=3, records=3, listed_twice=3),
    "restored or held in the undo window": Scenario(_left_alone, gone=3, records=3, held=1, listed_twice=1),
    "restored": Scenario(_restored, gone=3, records=3),
    "delete records by ids": Scenario(_by_ids, gone=3, records=3, absent=1),
    "several calls at once": Scenario(_several_calls_at_once, gone=250, records=250, concurrency=10),
    "mass delete by ids": Scenario(_mass_by_ids, gone=601, records=601),
    "external ids": Scenario(_external, gone=2, records=2),
    "delink": Scenario(_delink, gone=2, absent=1),
    "a locked record": Scenario(_locked, gone=3, records=3),
    "a record that stays locked": Scenario(_never_unlocked, gone=2, records=3, failed=1),
    "a cancelled deletion": Scenario(_cancelled, gone=2, records=3, cancelled=True),
    "a view": Scenario(_view, gone=9, records=9),
    "an exact view": Scenario(_view_by_ids(Freeze.EXACT), gone=9, records=9),
    "an unfrozen view": Scenario(_view_by_ids(Freeze.NEVER), gone=9, records=9, person=True),
    "a view with a held record": Scenario(_view_by_ids(Freeze.AUTO, held="4"), gone=8, records=9, held=1),
    "a start that is lost, and ran": Scenario(_lost_start(lose), gone=9, records=9),
    "a start that is lost, and did not run": Scenario(_lost_start(LOST), gone=9, records=9),
    "a view that changes before its start": Scenario(_left_and_came, gone=8, records=9, failed=1),
    "a view of a territory": Scenario(_view_of_a_territory, gone=9, records=9, person=True),
    "a view in two rounds": Scenario(_view_in_two_rounds, gone=5_001, records=5_001),
    "two views": Scenario(_two_views, gone=9, records=9, listed_twice=9),
    "a policy's query": Scenario(
        _policy(selection={"field": "Created_Time", "older_than": "90d"}), gone=250, records=250
    ),
    "a policy's view": Scenario(_policy(selection={"view": "5"}), gone=250, records=250, concurrency=5),
    "dry runs": Scenario(_dry_runs, gone=0, records=9),
}
