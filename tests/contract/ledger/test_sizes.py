"""Whatever Zoho says fits into the table; what the table refuses for good is never taken for an outage."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.adapters.dynamodb import chunk_codec, codec, deletion_items, items
from chalicelib.adapters.dynamodb.dynamo import reached, refusal
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.zoho import clean
from chalicelib.domain.errors import ExpungeError, Rejected, Unavailable
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Finding, Mark, untouched
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item
from chalicelib.service.ports import Change, Claim
from tests import aws
from tests.contract.ledger.test_ledger import accept, claimed, deletion, make_table
from tests.fake_zoho import FakeZoho
from tests.unit.service.world import World

CHANCE = random.Random(7)


@pytest.fixture
def table() -> Iterator[Table]:
    with aws.dynamodb() as client:
        make_table(client)
        yield Table("t", lambda: client)


def noise(characters: int) -> str:
    """Text that does not compress, of characters that take three bytes each."""
    return "".join(chr(CHANCE.randrange(0x4E00, 0x9FFF)) for _ in range(characters))


class Wordy(FakeZoho):
    """A Zoho that says something else of every record, as much as an answer may hold."""

    def _remove(self, one: str, at: float | None = None) -> Item:
        return Item("CANNOT_DELETE", clean.message(noise(500)), id=one)


def test_5000_records_of_which_zoho_says_something_else_each_are_kept_and_sent_once(table: Table) -> None:
    world = World(ledger=table)  # type: ignore[arg-type]  # the real one
    zoho = world.zoho = Wordy(lambda: world.now, [])
    zoho.org = replace(zoho.org, concurrency=25)
    one = world.accept(ids=tuple(str(410405000002264040 + k) for k in range(CHUNK_SIZE)))
    for _ in range(40):
        world.step(one)
        if world.get(one).is_final:
            break
        world.now += 61
    found = world.get(one)
    times = Counter(each for batch in zoho.sent("delete_records") for each in batch)
    assert (found.status, found.counts.pending) == (Status.FAILED, 0)
    assert len(times) == CHUNK_SIZE
    assert found.counts.failed == CHUNK_SIZE


def test_the_outcomes_of_a_chunk_fit_many_times_whatever_zoho_says() -> None:
    wordy = {
        n: Finding(Mark.FAILED, clean.text(noise(99), 64), clean.message(noise(500)))
        for n in range(CHUNK_SIZE)
    }
    chunk = untouched(0, tuple(str(10**18 + n) for n in range(CHUNK_SIZE))).with_findings(wordy)
    item = deletion_items.from_marks(deletion(), chunk)
    assert len(item["data"]["B"]) < items.LARGEST_ITEM / 2
    ids = codec.pack(list(chunk.ids))
    assert chunk_codec.chunk_from(0, ids, item["data"]["B"]) == chunk


@pytest.mark.parametrize(
    "data",
    [
        codec.pack({"m": "FF", "t": [["A", ""]], "c": [[0, 1]]}),
        codec.pack({"m": "FF", "t": [["A"]], "c": []}),
        codec.pack({"m": "FF", "c": []}),
        codec.pack([]),
    ],
)
def test_outcomes_that_name_texts_which_are_not_there_are_unreadable(data: bytes) -> None:
    from chalicelib.domain.errors import Unreadable

    with pytest.raises(Unreadable), codec.readable("del_1", "chunk 0"):
        chunk_codec.chunk_from(0, codec.pack(["1", "2"]), data)


@pytest.mark.parametrize("words", ["half a character \ud83d", "x" * (items.LARGEST_ITEM + 1)])
def test_what_can_never_be_stored_is_rejected_and_nothing_is_written(table: Table, words: str) -> None:
    accept(table, deletion())
    claim = claimed(table)
    for change in (
        Change(replace(claim.deletion, progress={"code": words}), 0.0, 0.0),
        Change(claim.deletion, 0.0, 0.0, chunks=(_spoiled(words),)),
    ):
        with pytest.raises(Rejected):
            table.save(claim, change)
    assert table.chunk("del_1", 0).marks == "pp"


def _spoiled(words: str) -> Chunk:
    """A chunk as no adapter makes it: with a text that nobody has bounded."""
    noisy = words if "\ud83d" in words else noise(items.LARGEST_ITEM)
    return Chunk(0, ("1", "2"), "FF", {0: ("CANNOT_DELETE", noisy)})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"Error": {"Code": "ValidationException"}}, Rejected),
        ({"Error": {"Code": "SerializationException"}}, Rejected),
        ({"Error": {"Code": "ItemCollectionSizeLimitExceededException"}}, Rejected),
        ({"Error": {"Code": "413"}, "ResponseMetadata": {"HTTPStatusCode": 413}}, Rejected),
        (
            {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "None"}, {"Code": "ValidationError"}],
            },
            Rejected,
        ),
        (
            {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "ThrottlingError"}],
            },
            Unavailable,
        ),
        ({"Error": {"Code": "ProvisionedThroughputExceededException"}}, Unavailable),
        ({"Error": {"Code": "AccessDeniedException"}}, Unavailable),
        ({"Error": {"Code": "ResourceNotFoundException"}}, Unavailable),
        ({"Error": {"Code": "InternalServerError"}}, Unavailable),
    ],
)
def test_only_what_would_be_refused_each_time_is_rejected(answer: Any, kind: type[ExpungeError]) -> None:
    assert type(refusal(ClientError(answer, "call"))) is kind


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), Unavailable),
        (UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"), Rejected),
    ],
)
def test_what_never_reached_the_table(problem: Exception, kind: type[ExpungeError]) -> None:
    with pytest.raises(ExpungeError) as caught, reached():
        raise problem
    assert type(caught.value) is kind


# --- a deletion whose outcomes are rejected ---


class Narrow(World):
    """A world whose table takes no outcomes, or nothing at all, of a deletion."""

    def __init__(self, records: list[str], *, nothing: bool = False) -> None:
        super().__init__(records)
        save = self.ledger.save

        def narrow(claim: Claim, change: Change) -> Claim:
            if change.chunks or nothing:
                raise Rejected("table", "an item of 500000 bytes")
            return save(claim, change)

        object.__setattr__(self.ledger, "save", narrow)


def test_outcomes_that_the_table_never_takes_end_the_deletion_with_a_code_and_no_call_is_repeated() -> None:
    world = Narrow(["1", "2"])
    one = world.accept(ids=("1", "2"))
    world.settle()
    found = world.get(one)
    assert (found.status, found.problems[-1].code) == (Status.NEEDS_ATTENTION, "CANNOT_STORE")
    assert (found.counts.unknown, found.counts.pending) == (2, 0)
    assert len(world.zoho.sent("delete_records")) == 1


def test_a_deletion_of_which_the_table_takes_nothing_is_set_aside() -> None:
    world = Narrow(["1"], nothing=True)
    one = world.accept(ids=("1",))
    world.settle()
    assert not world.ledger.rows[one].due
    assert "ended_unfinished" in {event for event, _ in world.reports}
