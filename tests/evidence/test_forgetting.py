"""Forgetting: what is personal is gone from table and bucket, and the evidence still verifies."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from chalicelib.domain import log_checking
from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unavailable, WrongState
from chalicelib.domain.evidence import operators
from chalicelib.domain.evidence.operators import Entry
from chalicelib.domain.evidence.written import Written
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from chalicelib.service.engine.deps import Deps
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, accept, replay
from chalicelib.service.operators import commands, undo
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.forget import forget
from tests.crash.layer import Died, Plan, Recorder, Way
from tests.evidence.made import NOW, SigningKey
from tests.evidence.made import deletion as made_deletion
from tests.evidence.world import Faulty, World, world
from tests.fakes import Nudged
from tests.unit.service.world import World as Unit

CANARIES = ("DSR-17", "Anna", "she asked", "4104050000022641", "ERP-")
DAY = 86_400.0


@dataclass
class Files:
    """The bucket as a worker may change it, with every version of each object."""

    world: World
    removed: list[str] = field(default_factory=list)

    def remove(self, prefix: str, *, only_old: bool = False) -> int:
        assert prefix.startswith("records/")
        gone = [name for name in self.world.objects.objects if name.startswith(prefix)]
        old = [name for name, _ in self.world.objects.replaced if name.startswith(prefix)]
        self.world.objects.replaced[:] = [e for e in self.world.objects.replaced if e[0] not in old]
        for name in [] if only_old else gone:
            del self.world.objects.objects[name]
            self.world.objects.changed()
        self.removed += gone + old
        return len(gone + old)


@dataclass
class Stage:
    """A stage with the real table, the evidence function, and workers of the engine. The calls of all of them
    are counted by one recorder, and the one that it plans goes wrong.
    """

    world: World
    unit: Unit = field(default_factory=Unit)
    days: int = 30

    def deps(self) -> Deps:
        """Those of a process of its own."""
        here, process = self.world, {"dead": False}

        def layer(real: Any) -> Any:
            return Faulty(real, here.recorder, process, here.objects.changed)

        return replace(
            self.unit.deps,
            ledger=layer(here.table),
            leases=here.table,
            clock=lambda: here.now,
            nudges=layer(here.queue),
            records=layer(Files(here)),
            evidence=True,
            forget_days=self.days,
            recent=None,
        )

    def operators(self) -> Operators:
        return Operators(self.world.table, self.world.queue, self.acceptance())

    def acceptance(self) -> Acceptance:
        return Acceptance(
            self.world.table,
            Nudged(),
            lambda n: bytes(range(n)),
            "test",
            400,
            digest=lambda r: f"digest{len(r)}",
        )

    def caller(self) -> Caller:
        return Caller("arn:aws:iam::1:user/a", self.world.now)

    def forget(self, one: str) -> None:
        forget(self.operators(), one, self.caller())
        self.rest()

    def rest(self) -> None:
        """Workers and the evidence function, until nothing is left to do."""
        for _ in range(20):
            due = [
                *self.world.queue.nudged,
                *self.world.table.due(self.world.now, 50),
                *chain.from_iterable(self.world.table.to_forget(self.world.now, 50)),
            ]
            self.world.queue.nudged.clear()
            for one in due:
                self.advance(one)
            nudged = list(self.world.queue.nudged)
            done = self.world.minute(0.0, work=False)
            self.world.queue.nudged += nudged
            self.world.now += 60
            if not due and done is not None and not done.receipts and not done.entries:
                return

    def advance(self, one: str) -> None:
        """A worker's turn; one that ends in the way that is planned is followed by others."""
        if self.world.recorder.plan is None:
            advance(self.deps(), one)
            return
        with suppress(Died, Exception):
            advance(self.deps(), one)

    def everything(self) -> str:
        """All that the table and the bucket hold, as text, values unpacked."""
        found = [
            json.dumps(item, default=text_of)
            for item in self.world.table.client().scan(TableName="t")["Items"]
        ]
        files = [data for name, data in self.world.objects.objects.items() if name.startswith("records/")]
        found += [_unzipped(data) for data in files]
        found += [
            _unzipped(data) for name, data in self.world.objects.replaced if name.startswith("records/")
        ]
        return "\n".join(found)


def text_of(value: Any) -> str:
    try:
        return zlib.decompress(bytes(value)).decode()
    except zlib.error:
        return repr(bytes(value))


def _unzipped(data: bytes) -> str:
    return gzip.decompress(data).decode()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with world() as here:
        yield Stage(here)


def ended(stage: Stage, n: int = 1, **more: Any) -> Deletion:
    """A deletion that has ended, with its receipt."""
    made = stage.world.ended(n, **more)
    stage.rest()
    assert stage.world.table.receipts(made.id)
    return made


def wrong(stage: Stage, one: str) -> str:
    """What does not fit in the log of the deletion."""
    found = stage.world.table.get(one)
    assert found is not None
    entries = stage.world.table.entries(one, 0)
    gone = log_checking.was_forgotten(found, entries)
    if log_checking.first_broken(entries, forgotten=gone) is not None:
        return "broken"
    chunks: list[Chunk | None] = [stage.world.table.chunk(one, n) for n in range(found.chunks)]
    return log_checking.differing(found, entries, chunks)


def canaries(stage: Stage, *wanted: str) -> list[str]:
    text = stage.everything()
    return [word for word in wanted or CANARIES if word in text]


def test_what_is_personal_is_there_before_and_nowhere_afterwards_and_all_of_it_verifies(stage: Stage) -> None:
    one = ended(stage).id
    assert set(canaries(stage)) == {"DSR-17", "Anna", "she asked", "4104050000022641"}
    assert wrong(stage, one) == ""
    seed = stage.world.table.get(one).seed  # type: ignore[union-attr]  # None fails the test
    stage.forget(one)
    assert canaries(stage) == []
    assert seed not in stage.everything()
    found = stage.world.table.get(one)
    assert found is not None
    assert (found.seed, found.request.reference, found.request.reason) == ("", None, None)
    assert found.counts.deleted == 2
    assert list(stage.world.objects.names("records/")) == []
    assert wrong(stage, one) == ""
    checked = stage.world.checked()
    assert checked.found.problems == []
    assert any("was forgotten" in note for note in checked.found.notes)
    assert stage.world.due() == []
    assert stage.world.table.due(stage.world.now + 10**9, 9) == []
    [entry] = told(stage)
    assert (entry.what, entry.target) == ("deletion.forgotten", one)


def test_without_an_entry_a_records_file_that_is_gone_does_not_fit(stage: Stage) -> None:
    ended(stage)
    stage.world.objects.objects.pop(next(iter(stage.world.objects.names("records/"))))
    assert any("no operators' entry" in problem for problem in stage.world.checked().found.problems)


def test_what_is_altered_in_a_forgotten_deletion_still_shows(stage: Stage) -> None:
    one = ended(stage).id
    stage.forget(one)
    stage.world.resaved(one, asked_by="arn:aws:iam::1:user/eve")
    assert "by whom" in wrong(stage, one)


def test_it_is_forgotten_only_after_its_receipt_is_there(stage: Stage) -> None:
    one = stage.world.ended(1).id
    forget(stage.operators(), one, stage.caller())
    advance(stage.deps(), one)
    assert stage.world.table.get(one).forgotten_at is None  # type: ignore[union-attr]  # None fails the test
    stage.rest()
    assert stage.world.table.get(one).forgotten_at is not None  # type: ignore[union-attr]  # None fails the test
    receipt = json.loads(stage.world.signing_body(f"receipts/{one}.json"))
    assert receipt["records"]["count"] == 3
    assert canaries(stage) == []


def test_forgetting_again_changes_nothing(stage: Stage) -> None:
    one = ended(stage).id
    stage.forget(one)
    before = stage.everything()
    stage.forget(one)
    entries = told(stage)
    assert len(entries) == 1
    assert stage.world.table.get(one).forgotten_at  # type: ignore[union-attr]  # None fails the test
    assert len(before) > 0


def test_a_deletion_that_is_under_way_or_needs_attention_is_not_forgotten(stage: Stage) -> None:
    made, _ = made_deletion(7, "dd")
    request = replace(made.request, ids=("1",))
    order = IntakeRequest("web", "d7", "hash", request, made.limits)
    one = accept(stage.acceptance(), order, stage.world.now).deletion_id
    with pytest.raises(WrongState, match="has not ended"):
        forget(stage.operators(), one, stage.caller())
    stuck = stage.world.ended(8, "du", status=Status.NEEDS_ATTENTION).id
    with pytest.raises(WrongState, match="resolve it first"):
        forget(stage.operators(), stuck, stage.caller())


def test_a_retry_goes_along_once_it_has_ended(stage: Stage) -> None:
    one = ended(stage).id
    retry = commands.retry(stage.operators(), one, stage.caller()).deletion_id
    with pytest.raises(WrongState, match=retry):
        forget(stage.operators(), one, stage.caller())
    commands.cancel(stage.operators(), retry, stage.caller())
    stage.rest()
    assert stage.world.table.get(retry).is_final  # type: ignore[union-attr]  # None fails the test
    stage.forget(one)
    for each in (one, retry):
        kept = stage.world.table.get(each)
        assert kept is not None
        assert kept.forgotten_at is not None
    assert canaries(stage) == []
    again = commands.retry(stage.operators(), one, stage.caller())
    assert (again.replayed, again.deletion_id, again.body["reference"]) == (True, retry, None)


def test_a_dry_run_about_the_bin_goes_along_too(stage: Stage) -> None:
    one = ended(stage, data_center="us", sent_at=stage.world.now - 1).id
    tried = undo.restore(
        stage.operators(), one, undo.Asked(dry_run=True, reason="she asked"), stage.caller()
    ).id
    with pytest.raises(WrongState, match=tried):
        forget(stage.operators(), one, stage.caller())
    commands.cancel(stage.operators(), tried, stage.caller())
    stage.rest()
    stage.forget(one)
    assert canaries(stage) == []
    with pytest.raises(WrongState, match="forgotten"):
        undo.restore(stage.operators(), one, undo.Asked(), stage.caller())


def test_a_replay_of_a_forgotten_delivery_is_known_and_has_no_reference(stage: Stage) -> None:
    acceptance = stage.acceptance()
    request = Request(Operation.DELETE_RECORDS, "Leads", "default", ids=("7",), reference="DSR-17 Anna")
    order = IntakeRequest("web", "d1", "b0d1e5", request, made_deletion()[0].limits)
    made = accept(acceptance, order, stage.world.now)
    commands.cancel(stage.operators(), made.deletion_id, stage.caller())
    stage.rest()
    stage.forget(made.deletion_id)
    found = replay(stage.world.table, "web", "d1", "an0ther", stage.world.now)
    assert found is not None
    assert (found.deletion_id, found.body_hash, found.receipt["reference"]) == (made.deletion_id, "", None)
    assert canaries(stage, "b0d1e5", "DSR-17 Anna'") == []
    kept = stage.world.table.get(made.deletion_id)
    assert kept is not None
    assert kept.reference_digest == "digest11"


def test_texts_go_by_themselves_after_their_days_and_record_ids_stay(stage: Stage) -> None:
    one = ended(stage).id
    stage.world.now += 29 * DAY
    stage.rest()
    assert "DSR-17" in stage.everything()
    stage.world.now += 2 * DAY
    stage.rest()
    assert canaries(stage, "DSR-17", "Anna", "she asked") == []
    assert canaries(stage, "4104050000022641") != []
    assert wrong(stage, one) == ""
    file = stage.world.objects.objects[f"records/{one}.jsonl.gz"]
    assert "4104050000022641" in _unzipped(file)
    assert stage.world.objects.bare == {f"records/{one}.jsonl.gz"}, "it ends no later than before"
    assert stage.world.objects.replaced == [], "the version from before is gone"
    checked = stage.world.checked()
    assert checked.found.problems == []
    assert any("reference was forgotten" in note for note in checked.found.notes)
    assert list(stage.world.table.to_forget(stage.world.now + 10**9, 9)) == []
    assert stage.world.due() == []


def test_what_has_no_texts_is_not_due_for_them(stage: Stage) -> None:
    made, _ = made_deletion(1)
    bare = replace(made.request, reference=None, reason=None)
    ended(stage, request=bare)
    assert list(stage.world.table.to_forget(NOW + 10**9, 9)) == []


def test_external_ids_go_with_their_records_file(stage: Stage) -> None:
    made, _ = made_deletion(1)
    ids = ("ERP-1", "ERP-2", "ERP-3")
    request = replace(made.request, external_id_field="ERP_Id", ids=ids)
    one = ended(stage, request=request).id
    assert canaries(stage, "ERP-1") == ["ERP-1"]
    stage.world.now += 31 * DAY
    stage.rest()
    assert canaries(stage, "ERP-1", "ERP-2", "DSR-17") == []
    assert list(stage.world.objects.names("records/")) == []
    assert stage.world.checked().found.problems == []
    assert wrong(stage, one) == ""


def told(stage: Stage) -> list[Entry]:
    """The operators' log of the last days: it is read month by month."""
    now = stage.world.now
    return list(stage.world.table.entries_of_operators(now - 3 * DAY, now + 1, None, 9)[0])


TEXTS, ALL, EXTERNAL = "texts", "all", "external ids"


def forgotten_with(stage: Stage, what: str, recorder: Recorder) -> None:
    """A deletion is forgotten, with a call of it going wrong; whatever is looked at meanwhile fits."""
    made, _ = made_deletion(1)
    request = replace(made.request, external_id_field="ERP_Id") if what == EXTERNAL else made.request
    one = ended(stage, request=request).id
    if what == ALL:
        forget(stage.operators(), one, stage.caller())
    else:
        stage.world.now += 31 * DAY
    stage.world.recorder = recorder
    stage.world.objects.changed = lambda: fits(stage, one)
    stage.rest()
    stage.world.now += 120  # the lease of a worker that died is over
    if what == ALL:
        forget(stage.operators(), one, stage.caller())
    stage.rest()
    stage.world.objects.changed = lambda: None
    fits(stage, one)
    assert canaries(stage, "DSR-17", "she asked") == []
    assert what == TEXTS or canaries(stage) == []
    assert [note for note in stage.world.checked().found.notes if "waits" in note] == []
    assert stage.world.due() == []
    assert [entry.target for entry in told(stage)] == [one]
    log_of = [entry.what for entry in stage.world.table.entries(one, 0)]
    assert (log_of.count("forget_asked"), log_of.count("forgotten")) == (1, 1)


def fits(stage: Stage, one: str) -> None:
    """At this moment nobody is accused of anything."""
    plan, stage.world.recorder.plan = stage.world.recorder.plan, None
    found = [*stage.world.checked().found.problems, *filter(None, [wrong(stage, one)])]
    stage.world.recorder.plan = plan
    if found:
        raise Accused(found)


class Accused(BaseException):
    """What was said to be tampered with while it was forgotten. Nothing in the code under test catches it."""


#: Calls that change something for others.
WRITES = ("save", "put", "put_once", "remove", "keep", "mark_bare", "advance", "nudge_all")


@pytest.mark.slow
@pytest.mark.parametrize("what", [TEXTS, ALL, EXTERNAL])
@pytest.mark.parametrize("part", [None, *(pytest.param(part, marks=pytest.mark.long) for part in range(4))])
def test_whichever_call_of_forgetting_goes_wrong_it_never_looks_like_tampering_and_all_of_it_is_done_at_rest(
    what: str, part: int | None
) -> None:
    """Every fifth call that writes, in one of the four ways, one after the other; where long tests run each
    call, in four parts.
    """
    with world() as here:
        plain = Recorder()
        forgotten_with(Stage(here), what, plain)
    calls = [n for n, name in enumerate(plain.names, 1) if name.rpartition(".")[2] in WRITES][::5]
    if part is not None:
        calls = list(range(1 + part, len(plain.names) + 1, 4))
    assert len(calls) > 2
    ways = list(Way)
    for number, call in enumerate(calls, start=part or 0):
        way = ways[number % len(ways)]
        with world() as here:
            try:
                forgotten_with(Stage(here), what, Recorder(Plan(call, way)))
            except (AssertionError, Accused) as problem:
                raise AssertionError(f"call {call}, {plain.names[call - 1]}, {way}: {problem}") from problem


def test_nothing_goes_before_a_head_names_the_entry_that_says_so(stage: Stage) -> None:
    one = ended(stage).id
    before, key = canaries(stage), stage.world.signing
    stage.world.signing = NoKey()
    for _ in range(3):
        forget(stage.operators(), one, stage.caller())  # asked for again it is not put off
        stage.advance(one)
        stage.world.minute(work=False)  # the entry's object is there, and no head
        stage.advance(one)
        assert canaries(stage) == before
        assert len(list(stage.world.objects.names("operators/"))) == 1
    stage.world.signing = key
    stage.world.minute(work=False)
    fits(stage, one)
    stage.advance(one)
    assert canaries(stage) == []
    assert len(told(stage)) == 1


class NoKey(SigningKey):
    """KMS, out of reach."""

    def sign(self, signed: bytes) -> bytes:
        raise Unavailable("kms", "timeout")


def test_a_command_of_an_older_version_which_names_no_entry_gets_one_of_its_own(stage: Stage) -> None:
    one = ended(stage).id
    snapshot = stage.world.table.snapshot(one)
    assert snapshot is not None
    by = "arn:aws:iam::1:user/a"
    assert stage.world.table.command(snapshot, {"do": "forget", "by": by}, stage.world.now)
    stage.world.objects.changed = lambda: fits(stage, one)
    stage.rest()
    assert canaries(stage) == []
    assert [(entry.by, entry.target) for entry in told(stage)] == [(by, one)]


def test_an_entry_for_which_a_head_has_no_room_waits_for_the_next_one(stage: Stage) -> None:
    one = ended(stage)
    table, book = stage.world.table, stage.world.book()
    entry = stage.world.operator(1)
    asked = replace(one, forget_by="a", forget_noted=entry.id)
    assert table.awaits_evidence(asked), "its object is not there"
    here, name = book.chain(), operators.name(entry.id)
    book.keep(Written(name, "5" * 64, here.n + 1, entry.id))
    assert table.awaits_evidence(asked), "its head is not there"
    book.move(name, "5" * 64, here.n + 2)
    book.advance(here, replace(here, n=here.n + 1))
    assert table.awaits_evidence(asked), "the head that is there does not name it"
    book.advance(book.chain(), replace(here, n=here.n + 2))
    assert not table.awaits_evidence(asked)


def test_where_no_evidence_is_written_any_more_the_poll_leaves_forgetting_to_who_reaches_the_files(
    stage: Stage,
) -> None:
    one = ended(stage).id
    stage.world.table.evidence = False
    forget(stage.operators(), one, stage.caller())
    stage.world.queue.nudged.clear()
    worker = replace(stage.deps(), evidence=False)
    advance(replace(worker, records=None, forgets=False), one)
    assert (stage.world.queue.nudged, canaries(stage)) == ([one], list(CANARIES[:-1]))
    advance(worker, one)
    assert canaries(stage) == []


def test_what_ends_anew_while_it_waits_to_be_forgotten_gets_an_entry_from_after_it(stage: Stage) -> None:
    one = ended(stage).id
    forget(stage.operators(), one, stage.caller())
    stage.advance(one)
    stage.world.minute(work=False)  # a head says so
    stage.world.now += 3_000
    stage.world.resaved(one, finished_at=stage.world.now)  # as a person's settling does it
    stage.world.objects.ages[f"records/{one}.2.jsonl.gz"] = timedelta()
    stage.world.objects.changed = lambda: accuses_nobody(stage)
    stage.rest()
    assert canaries(stage) == []
    assert len(told(stage)) == 2
    assert len(list(stage.world.objects.names("receipts/"))) == 2


def accuses_nobody(stage: Stage) -> None:
    found = stage.world.checked().found.problems
    if found:
        raise Accused(found)
