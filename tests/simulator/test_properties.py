"""Whatever is called in whatever order: records, links and views never disagree, and nothing is a 500."""

from typing import Any

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulator import SimClock, Simulator
from simulator.http import Answer, Call
from simulator.views import View

IDS = strategies.sampled_from([str(n) for n in range(1, 13)])
CRITERIA = {"comparator": "equal", "field": {"api_name": "Kind"}, "value": "x"}
TOKEN = {"authorization": "Zoho-oauthtoken 1000.t", "host": "sim"}


class Machine(RuleBasedStateMachine):
    """Twelve leads that are loaded, changed, deleted, restored and purged in any order."""

    @initialize()
    def start(self) -> None:
        self.sim = Simulator(clock=SimClock(lambda: 0.0), documents=False)
        self.sim.state.tokens.load("1000.t")
        self.view = View("77", "Leads", "X", CRITERIA)
        self.sim.state.store.add_view(self.view)

    def call(self, method: str, path: str, query: str = "", body: bytes = b"") -> Answer:
        answer = self.sim.answer(Call(method, f"/crm/v8/{path}", query, TOKEN, body))
        assert answer.status < 500
        return answer

    @rule(record_id=IDS, kind=strategies.sampled_from(["x", "y"]), locked=strategies.booleans(), linked=IDS)
    def load(self, record_id: str, kind: str, locked: bool, linked: str) -> None:
        record: dict[str, Any] = {"id": record_id, "Kind": kind, "Locked__s": locked}
        if linked in self.sim.state.store.module("Leads").records:
            record["Leads"] = [linked]
        self.sim.load({"Leads": [record]})

    @rule(ids=strategies.lists(IDS, min_size=1))
    def delete(self, ids: list[str]) -> None:
        self.call("DELETE", "Leads", "ids=" + ",".join(ids))

    @rule(ids=strategies.lists(IDS, min_size=1))
    def purge(self, ids: list[str]) -> None:
        self.call("DELETE", "settings/recycle_bin", "ids=" + ",".join(ids))

    @rule(record_id=IDS)
    def restore(self, record_id: str) -> None:
        self.call("POST", f"settings/recycle_bin/{record_id}/actions/restore")

    @rule(record_id=IDS, related=IDS)
    def delink(self, record_id: str, related: str) -> None:
        self.call("DELETE", f"Leads/{record_id}/Leads/{related}")

    @rule()
    def start_job(self) -> None:
        self.call("POST", "Leads/actions/mass_delete", body=b'{"cvid": "77"}')

    @rule(seconds=strategies.sampled_from([0.3, 1.0, 5.0, 61 * 86_400.0]))
    def wait(self, seconds: float) -> None:
        self.sim.clock.advance(seconds)
        self.call("GET", "Leads/actions/count")

    @invariant()
    def views_hold_what_matches(self) -> None:
        records = self.sim.state.store.module("Leads").records
        expected = {record.id for record in records.values() if record.fields["Kind"] == "x"}
        assert set(self.view.members) == expected

    @invariant()
    def a_record_is_here_or_deleted(self) -> None:
        store = self.sim.state.store
        module = store.module("Leads")
        assert not module.records.keys() & module.deleted.keys()
        recyclable = {stone.id for stone in module.deleted.values() if stone.record is not None}
        assert {stone.id for stone in store.bin.values()} == recyclable

    @invariant()
    def links_hang_on_records_that_are_here(self) -> None:
        store = self.sim.state.store
        links, module = store.links.shown(), store.module("Leads")
        assert {name.split("/")[1] for name in links} <= module.records.keys()
        linked = {related for ids in links.values() for related in ids}
        assert not linked & {stone.id for stone in store.bin.values()}

    @invariant()
    def jobs_add_up(self) -> None:
        for job in self.sim.state.jobs.by_id.values():
            assert job.deleted + job.failed == job.done <= job.total
            assert job.active or job.done == job.total


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
