"""A stage that writes evidence: the real table on a DynamoDB API, a bucket and a key that are fakes, and a
layer that lets one call go wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.adapters.dynamodb import codec, deletion_items, items
from chalicelib.adapters.dynamodb import operators_log_items as operator_items
from chalicelib.adapters.dynamodb.evidence_items import Book
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import log
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence import chain, dsse, operators
from chalicelib.domain.log_commitments import digest
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.status import Status
from chalicelib.service.evidence import minute
from chalicelib.service.evidence.minute import Done
from chalicelib.service.evidence.tools import Tools
from chalicelib.service.ports import Change, Delivery
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.crash.layer import Died, Recorder, Way
from tests.evidence.made import NOW, Bucket, SigningKey
from tests.evidence.made import deletion as made_deletion
from tests.evidence.made import erasure as made_erasure

#: Few, or the first look for what digests are to tell of would go through more than a year of empty days.
KEEP_DAYS = 5


@dataclass
class FakeObjects(Bucket):
    """The bucket as the service writes it. `once`: names that were written with a lock; `puts`: in order;
    `replaced`: versions from before; `bare`: names that were written anew without a reference. `changed` is
    called after each change.
    """

    once: set[str] = field(default_factory=set)
    puts: list[str] = field(default_factory=list)
    replaced: list[tuple[str, bytes]] = field(default_factory=list)
    bare: set[str] = field(default_factory=set)
    changed: Callable[[], None] = field(default=lambda: None)

    def put_once(self, name: str, data: bytes) -> bool:
        if name in self.objects:
            return False
        self.puts.append(name)
        self.once.add(name)
        self.objects[name] = data
        self.changed()
        return True

    def put(self, name: str, data: bytes, *, bare: bool = False) -> None:
        assert name.startswith("records/")
        self.bare |= {name} if bare else set()
        self.puts.append(name)
        if name in self.objects:
            self.replaced.append((name, self.objects[name]))
        self.objects[name] = data
        self.changed()


@dataclass
class FakeQueue:
    """The work queue, for what evidence does with it."""

    nudged: list[str] = field(default_factory=list)

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        del delay
        self.nudged.append(deletion_id)

    def nudge_all(self, deletion_ids: Sequence[str]) -> Sequence[str]:
        self.nudged += deletion_ids
        return ()

    def waiting(self) -> int:
        return 0


@dataclass
class FakeTopic:
    """What was published."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, message: str, attributes: Mapping[str, str]) -> None:
        assert attributes["type"] == minute.EVENT
        self.events.append(json.loads(message))


class Faulty:
    """One port; the call that the plan names goes wrong, and nothing works in a process that died. `after` is
    called after each call that was done.
    """

    def __init__(
        self,
        real: Any,
        recorder: Recorder,
        process: dict[str, bool],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._real, self._recorder, self._process, self._after = real, recorder, process, after

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            if self._process["dead"]:
                raise Died
            way = self._recorder.next(f"{type(self._real).__name__}.{name}")
            if way is Way.DIE_BEFORE:
                self._process["dead"] = True
                raise Died
            if way is Way.TIMEOUT:
                raise self._problem()
            done = getattr(self._real, name)(*args, **more)
            self._after()
            if isinstance(done, Iterator):
                done = iter(list(done))
            if way is Way.DIE_AFTER:
                self._process["dead"] = True
                raise Died
            if way is Way.LOSE_REPLY:
                raise self._problem()
            return done

        return call

    def _problem(self) -> Exception:
        from chalicelib.domain.errors import Unavailable

        return Unavailable(type(self._real).__name__, "timeout")


@dataclass
class World:
    """`now` is the time; each minute is a process of its own."""

    table: Table
    now: float = NOW + 1000
    signing: SigningKey = field(default_factory=SigningKey)
    objects: FakeObjects = field(default_factory=FakeObjects)
    queue: FakeQueue = field(default_factory=FakeQueue)
    topic: FakeTopic = field(default_factory=FakeTopic)
    recorder: Recorder = field(default_factory=Recorder)
    reports: list[str] = field(default_factory=list)
    processes: int = 0

    # --- what happens meanwhile ----------------------------------------------------------------------

    def ended(self, n: int = 1, marks: str = "ddf", **more: Any) -> Deletion:
        """The n-th deletion ends, and its events have left: it waits for evidence."""
        return self._ended(*made_deletion(n, marks, **more))

    def erased(self, n: int) -> Deletion:
        """The n-th deletion is an erasure, and has ended so."""
        return self._ended(*made_erasure(n))

    def _ended(self, made: Deletion, chunks: list[Chunk]) -> Deletion:
        n = int(made.id.partition("_")[2])
        made = replace(made, created_at=self.now - 10, updated_at=self.now, finished_at=self.now)
        made = replace(made, events=0, chain="", published=0)
        made, entry = log.first(made, "test")
        delivery = Delivery("web", f"d{n}", "hash", made.id, {"id": made.id}, int(self.now) + 600)
        assert self.table.accept(made, entry, delivery, self.now)
        return self._saved(made, chunks)

    def resolved(self, deletion: Deletion, chunks: list[Chunk]) -> Deletion:
        """A person says what became of it: it has ended anew."""
        snapshot = self.table.snapshot(deletion.id)
        assert snapshot is not None
        assert self.table.command(snapshot, {"do": "resolve"}, self.now)
        done = replace(
            deletion, status=Status.COMPLETED, finished_at=self.now, resolved_by="arn:aws:iam::1:user/a"
        )
        return self._saved(done, chunks, obeyed=1)

    def _saved(self, deletion: Deletion, chunks: list[Chunk], obeyed: int = 0) -> Deletion:
        claim = self.table.claim(deletion.id, self.now, self.now + 60)
        assert claim is not None
        outcomes = log.Outcomes((), digest(chunks))
        deletion, entry = log.append(
            deletion, deletion.status.value, self.now, stage="test", outcomes=outcomes
        )
        deletion = replace(deletion, published=deletion.events)
        change = Change(deletion, self.now, 0.0, entries=(entry,), chunks=tuple(chunks), commands_done=obeyed)
        return self.table.save(claim, change).deletion

    def operator(self, n: int, at: float | None = None) -> operators.Entry:
        """Somebody changes something."""
        at = self.now if at is None else at
        entry = operators.Entry(
            operators.entry_id(at, n.to_bytes(10, "big")),
            at,
            "arn:aws:iam::1:user/a",
            operators.What.PAUSE_SET,
            "*",
            after={"reason": "holiday"},
            seed="5" * 32,
        )
        self.table.write("transact_write_items", TransactItems=[operator_items.put("t", entry)])
        return entry

    def minute(self, seconds: float = 60.0, *, work: bool = True) -> Done | None:
        """The function runs, and then the workers that it has woken; None where it failed or died."""
        self.processes += 1
        process = {"dead": False}
        tools = self._tools(process, f"process {self.processes}")
        done = None
        try:
            done = minute.write(tools, self.now + 50, self.now + 59)
        except Died:
            pass
        except Exception as problem:  # noqa: BLE001 -- as Lambda reports it; the next minute tries again
            self.reports.append(f"failed: {problem}")
        if work:
            self.work()
        self.now += seconds
        return done

    def work(self) -> None:
        """The workers take what they were woken for out of the due index, or leave it there."""
        for deletion_id in self.queue.nudged:
            claim = self.table.claim(deletion_id, self.now, self.now + 60)
            if claim is not None and not claim.commands:
                evidenced = not self.table.awaits_evidence(claim.deletion)
                self.table.save(claim, Change(claim.deletion, self.now, 0.0, evidenced=evidenced))
        self.queue.nudged.clear()

    def resaved(self, one: str, **changes: Any) -> None:
        """Somebody who can write the table alters the deletion."""
        key = items.meta_key(one)
        stored = self.table.get_item(key)
        assert stored is not None
        altered = replace(deletion_items.to_deletion(stored), **changes)
        doc = {":doc": {"S": codec.deletion_to_text(altered)}}
        assert self.table.update_if(key, "SET doc = :doc", "attribute_exists(pk)", doc)

    def signing_body(self, name: str) -> bytes:
        """What an object was signed for."""
        return dsse.opened(self.objects.objects[name]).payload

    # --- what is looked at ---------------------------------------------------------------------------

    def due(self) -> list[str]:
        return [one for page in self.book().due(self.now) for one in page]

    def checked(self) -> chain.Checked:
        return chain.check(self.objects, self.signing.key, 400)

    def book(self) -> Book:
        return Book(self.table, lambda: self.now, keep_days=KEEP_DAYS)

    def _tools(self, process: dict[str, bool], owner: str) -> Tools:
        def layer(real: Any) -> Any:
            return Faulty(real, self.recorder, process)

        return Tools(
            book=layer(self.book()),
            objects=layer(self.objects),
            signer=layer(FakeSigner(self.signing)),
            nudges=layer(self.queue),
            topic=layer(self.topic),
            clock=lambda: self.now,
            stage="test",
            owner=owner,
            report=lambda event, /, **fields: self.reports.append(f"{event} {fields}"),
            measure=lambda metric, value: None,
            abreast=1,
        )


@dataclass
class FakeSigner:
    """KMS, with the key in hand."""

    signing: SigningKey

    def public_key(self) -> bytes:
        return self.signing.der

    def sign(self, signed: bytes) -> bytes:
        return self.signing.sign(signed)


@contextmanager
def world() -> Iterator[World]:
    """A world with an empty table."""
    with aws.dynamodb() as client:
        make_table(client)
        yield World(Table("t", lambda: client, sleep=lambda _: None, evidence=True))
