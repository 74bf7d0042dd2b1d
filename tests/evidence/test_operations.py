"""Receipts of real deletions, one of each operation and of each end: the real table and the real client of
Zoho against the simulator, then the evidence function, then the auditor's recipe as printed.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import log_checking
from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Given, Outcome
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence import dsse, records
from chalicelib.domain.request import Freeze, Limits, Operation
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.operators import commands, undo
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.forget import forget
from chalicelib.service.operators.undo import Asked
from cli.evidence.gathering import gathered
from cli.evidence.logs import broken
from cli.evidence.receipts import children_of
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.crash.layer import Process, Recorder
from tests.evidence.test_forgetting import Files, text_of
from tests.evidence.test_recipe import run
from tests.evidence.world import World
from tests.property.live import CONTACTS, LEADS, VIEW, LiveStage, live

ANN = "arn:aws:sts::1:assumed-role/ops/ann"
REFERENCE = "DSR-17 Anna Example"
REASON = "article 17 request of Anna Example"


@dataclass
class Office:
    """The stage, and the operators' calls."""

    stage: LiveStage

    def sent(self, operation: str, limits: Limits | None = None, **more: Any) -> str:
        """A deletion, accepted."""
        asked = {"reference": REFERENCE, "reason": REASON, **more}
        return self.stage.send(self.stage.order(operation, limits, **asked))

    def ended(self, operation: str, limits: Limits | None = None, **more: Any) -> str:
        """A deletion that has come to rest."""
        one = self.sent(operation, limits, **more)
        self.stage.rest()
        return one

    @property
    def operators(self) -> Operators:
        ledger, queue = self.stage.ledger, self.stage.queue
        return Operators(ledger, queue, Acceptance(ledger, queue, token_bytes, "test", 400))

    @property
    def ann(self) -> Caller:
        return Caller(ANN, self.stage.now)


def _by_ids(office: Office) -> str:
    return office.ended("delete_records", ids=(*LEADS[:5], "410405000002269999"))


def _dry_run(office: Office) -> str:
    return office.ended("delete_records", ids=LEADS[:5], dry_run=True)


def _external(office: Office) -> str:
    office.stage.control("records", {"Leads": [{"id": LEADS[0], "External": "ERP/1042"}]})
    return office.ended("delete_records", ids=("ERP/1042", "ERP/1043"), external_id_field="External")


def _view(office: Office) -> str:
    return office.ended("mass_delete", module="Contacts", cvid=VIEW)


def _unlisted_view(office: Office) -> str:
    return office.ended("mass_delete", module="Contacts", cvid=VIEW, freeze=Freeze.NEVER)


def _links(office: Office) -> str:
    office.stage.control("records", {"Campaigns": [{"id": "7", "Name": "C", "Contacts": list(CONTACTS[:2])}]})
    return office.ended(
        "delink_records", module="Campaigns", record_id="7", related_list="Contacts", ids=CONTACTS[:3]
    )


def _policy(office: Office) -> str:
    old = [{"id": one, "Created_Time": "2023-01-05T09:00:00+00:00"} for one in LEADS[:3]]
    office.stage.control("records", {"Leads": old})
    office.stage.keep(
        {
            "name": "old-leads",
            "module": "Leads",
            "selection": {"field": "Created_Time", "older_than": "90d"},
            "schedule": {"rate": "1 day"},
            "limits": {"max_records": 100},
        }
    )
    office.stage.tick()
    (one,) = office.stage.accepted
    office.stage.rest()
    return one


def _for_good(office: Office) -> str:
    parent = office.ended("delete_records", ids=LEADS[:3], permanent_after=3600)
    return child_of(office, parent)


def child_of(office: Office, parent: str) -> str:
    found = office.stage.ledger.get(parent)
    (child,) = found.children
    return str(child.id)


def _restored(office: Office) -> str:
    parent = office.ended("delete_records", ids=LEADS[:3])
    office.stage.now += 60
    made = undo.restore(office.operators, parent, Asked(), office.ann)
    office.stage.rest()
    return made.id


def _approved(office: Office) -> str:
    one = office.sent("delete_records", Limits(max_records=100, approve_above=2), ids=LEADS[:4])
    office.stage.work()
    commands.approve(office.operators, one, Given(4), office.ann)
    office.stage.rest()
    return one


def _cancelled(office: Office) -> str:
    one = office.sent("delete_records", Limits(max_records=100, cool_off_seconds=3600), ids=LEADS[:4])
    office.stage.work()
    commands.cancel(office.operators, one, office.ann)
    office.stage.rest()
    return one


def _refused(office: Office) -> str:
    return office.ended("mass_delete", Limits(max_records=3), module="Contacts", cvid=VIEW)


def _failed(office: Office) -> str:
    fault = {"kind": "reply", "method": "DELETE", "status": 400, "times": 9}
    body = {"code": "NO_PERMISSION", "message": "no", "details": {}, "status": "error"}
    office.stage.control("faults", [{**fault, "body": body}])
    return office.ended("delete_records", ids=LEADS[:2])


def _settled(office: Office) -> str:
    fault = {"kind": "drop_before", "method": "POST", "path": "mass_delete", "times": 1}
    office.stage.control("faults", [fault])
    return office.ended("mass_delete", module="Contacts", cvid=VIEW, freeze=Freeze.NEVER)


CASES: dict[str, tuple[Callable[[Office], str], Operation, Status]] = {
    "by ids": (_by_ids, Operation.DELETE_RECORDS, Status.COMPLETED),
    "a dry run": (_dry_run, Operation.DELETE_RECORDS, Status.COMPLETED),
    "by external ids": (_external, Operation.DELETE_RECORDS, Status.COMPLETED),
    "a view, listed": (_view, Operation.MASS_DELETE, Status.COMPLETED),
    "a view, not listed": (_unlisted_view, Operation.MASS_DELETE, Status.COMPLETED),
    "links": (_links, Operation.DELINK_RECORDS, Status.COMPLETED),
    "a policy's run": (_policy, Operation.PURGE, Status.COMPLETED),
    "deleted for good": (_for_good, Operation.DELETE_PERMANENTLY, Status.COMPLETED),
    "restored": (_restored, Operation.RESTORE, Status.COMPLETED),
    "approved": (_approved, Operation.DELETE_RECORDS, Status.COMPLETED),
    "cancelled": (_cancelled, Operation.DELETE_RECORDS, Status.CANCELLED),
    "refused": (_refused, Operation.MASS_DELETE, Status.REFUSED),
    "failed": (_failed, Operation.DELETE_RECORDS, Status.FAILED),
    "needs attention": (_settled, Operation.MASS_DELETE, Status.NEEDS_ATTENTION),
}


@pytest.fixture
def here() -> Iterator[tuple[Office, World]]:
    with aws.dynamodb() as client:
        make_table(client)
        table = Table("t", lambda: client, evidence=True)
        with live(table) as stage:
            stage.policies = PolicyTable("t", lambda: client)  # type: ignore[assignment]  # the real one
            yield Office(stage), World(table)


def written(office: Office, here: World) -> None:
    """The evidence function runs once all is at rest."""
    here.now = office.stage.now
    for _ in range(2):
        done = here.minute()
        assert done is not None
        assert done.failed == 0, here.reports
    assert not here.due()
    assert not here.checked().found.problems


def said(here: World, name: str) -> dict[str, Any]:
    return dict(json.loads(dsse.opened(here.objects.objects[name]).payload))


@pytest.mark.parametrize("case", CASES)
def test_the_recipe_fits_the_receipt_of(case: str, here: tuple[Office, World], tmp_path: Path) -> None:
    office, evidence = here
    act, operation, status = CASES[case]
    one = act(office)
    ended = office.stage.ledger.get(one)
    assert ended is not None
    assert (ended.request.operation, ended.status) == (operation, status), ended.problems
    written(office, evidence)
    names = [f"receipts/{one}.json"]
    if status is Status.NEEDS_ATTENTION:
        office.stage.now = evidence.now
        commands.resolve(office.operators, one, Outcome.DONE, "looked at it", office.ann)
        office.stage.rest()
        written(office, evidence)
        names.append(f"receipts/{one}.2.json")
        assert said(evidence, names[1])["resolved_by"] == ANN
        assert said(evidence, names[1])["status"] == "completed"
    files = gathered(Dated(evidence), one)  # type: ignore[arg-type]  # as far as it reads a bucket
    done = run(tmp_path, files)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"{one}: {said(evidence, names[-1])['status']}, {operation.value} in " in done.stdout
    assert set(names) <= set(files)
    first = said(evidence, names[0])
    assert (first["status"], first["operation"]) == (status.value, operation.value)
    _records_fit(office.stage.ledger.get(one), evidence, files, one)
    _nothing_personal(files)
    assert wrong(evidence, one) == ""
    _forgets(office, evidence, one)


def wrong(here: World, one: str) -> str:
    """What `expunge log` says of it."""
    table = here.table
    found, entries = table.get(one), table.entries(one, 0)
    assert found is not None
    chunks = [table.chunk(one, n) for n in range(found.chunks)]
    return broken(
        entries, found.events, found.chain, forgotten=log_checking.was_forgotten(found, entries)
    ) or (log_checking.differing(found, entries, chunks))


def _forgets(office: Office, here: World, one: str) -> None:
    """Forgotten, it leaves nothing personal in table and bucket, and all of it still verifies."""
    table = here.table
    found = table.get(one)
    root = found.request.parent if found is not None and found.request.parent else one
    forget(office.operators, root, office.ann)
    for _ in range(4):
        deps = replace(
            office.stage.deps(Process(Recorder())), records=Files(here), evidence=True, forget_days=30
        )
        for due in {root, one}:
            advance(deps, due)
        office.stage.now += 60
        here.now = office.stage.now
        here.minute(work=False)
        assert not here.checked().found.problems
    forgotten = table.get(one)
    assert forgotten is not None
    assert forgotten.forgotten_at
    kept = [
        json.dumps(item, default=text_of)
        for item in table.client().scan(TableName="t")["Items"]
        if not item["pk"]["S"].startswith("ORG#")
    ]
    files = [gzip.decompress(data) for name, data in here.objects.objects.items() if name.endswith(".gz")]
    for words in (REFERENCE, REASON, "ERP/104", *LEADS, *CONTACTS):
        assert not [each for each in kept if words in each], words
        assert not [each for each in files if words.encode() in each], words
    assert wrong(here, one) == ""
    assert not here.checked().found.problems


@dataclass
class Dated:
    """The bucket as `expunge receipt` reads it: all was written at about the same time."""

    here: World

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        found = sorted(self.here.objects.objects)
        return iter([name for name in found if name.startswith(prefix) and name > after])

    def read(self, name: str) -> bytes | None:
        return self.here.objects.read(name)

    def written(self, name: str) -> datetime | None:
        return datetime.fromtimestamp(self.here.now, UTC) if name in self.here.objects.objects else None


def _records_fit(ended: Deletion | None, here: World, files: dict[str, bytes], one: str) -> None:
    """The records file has each id that the table has, in its order; without one the receipt says so."""
    assert ended is not None
    body = said(here, f"receipts/{one}.json")
    name = f"records/{one}.jsonl.gz"
    if name not in files:
        assert body["records"] == {"count": None, "root": None}
        return
    lines = [json.loads(line) for line in records.unpacked(files[name]).lines]
    chunks = [here.table.chunk(one, n) for n in range(ended.chunks)]
    assert [line["id"] for line in lines] == [each for chunk in chunks for each in chunk.ids]
    assert body["records"]["count"] == len(lines)


def _nothing_personal(files: dict[str, bytes]) -> None:
    """No id, external id, reference or reason stands in what is signed."""
    signed = [dsse.opened(data).payload for name, data in files.items() if name.endswith(".json")]
    for words in (REFERENCE, REASON, "ERP/104", *LEADS, *CONTACTS):
        assert not [payload for payload in signed if words.encode() in payload], words


def test_a_listed_view_names_the_jobs_that_ran_for_it(here: tuple[Office, World]) -> None:
    office, evidence = here
    one = _view(office)
    written(office, evidence)
    jobs = said(evidence, f"receipts/{one}.json")["zoho"]["jobs"]
    ran = list(office.stage.server.sim.state.jobs.by_id)
    assert jobs == ran
    assert len(jobs) == 1


def test_what_was_deleted_for_good_has_its_proof_and_its_parent_names_it(here: tuple[Office, World]) -> None:
    office, evidence = here
    one = _for_good(office)
    written(office, evidence)
    proof = said(evidence, f"receipts/{one}.json")["verification"]
    assert (proof["records"], proof["gone"], proof["not_in_recycle_bin"]) == (3, 3, 3)
    parents = [name for name in evidence.objects.names("receipts/") if one not in name]
    (parent,) = parents
    told = said(evidence, parent)["recycle_bin"]
    assert told["deletions"] == [{"id": one, "operation": "delete_permanently", "status": "completed"}]
    assert told["permanently_deleted"] == 3


def test_what_was_restored_after_the_receipt_was_signed_comes_along_with_it(
    here: tuple[Office, World], tmp_path: Path
) -> None:
    office, evidence = here
    one = office.ended("delete_records", ids=LEADS[:3])
    written(office, evidence)
    office.stage.now = evidence.now + 7 * 86_400
    back = undo.restore(office.operators, one, Asked(), office.ann).id
    office.stage.rest()
    written(office, evidence)
    assert said(evidence, f"receipts/{one}.json")["recycle_bin"]["deletions"] == []
    store: Any = Dated(evidence)
    files = gathered(store, one, partial(children_of, evidence.table))
    assert {f"receipts/{each}.json" for each in (one, back)} <= set(files)
    done = run(tmp_path, files)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{back}: completed, restore in Leads" in done.stdout
