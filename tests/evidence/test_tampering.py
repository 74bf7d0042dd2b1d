"""Whoever can write the table cannot hide it: what is altered or taken away is found by `expunge log`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import deletion_items, items
from chalicelib.domain import log, log_checking
from chalicelib.domain.deletion import Approval, Plan, Problem, Verification
from chalicelib.domain.evidence.checking import PUBLIC_KEY
from chalicelib.domain.log import Entry
from cli.evidence.logs import Signed, broken
from cli.evidence.stores import Unreachable
from tests.evidence.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world() as here:
        here.ended(1, approval=Approval(3, 1.0, 9.0, 2.0, "arn:aws:iam::1:user/bob"))
        here.minute()
        yield here


ONE = f"del_{1:026d}"


def found(here: World) -> str:
    """What `expunge log` says of the deletion; "" where all of it fits."""
    made, entries = here.table.get(ONE), here.table.entries(ONE, 0)
    signed = Signed(here.objects, ONE)  # type: ignore[arg-type]  # a store as any other
    if made is None:
        return signed.differing(None)
    chunks = [here.table.chunk(ONE, n) for n in range(made.chunks)]
    return (
        broken(entries, made.events, made.chain, forgotten=log_checking.was_forgotten(made, entries))
        or log_checking.differing(made, entries, chunks)
        or signed.differing(entries)
    )


def test_a_log_that_nobody_touched_fits(here: World) -> None:
    assert found(here) == ""


def remarked(here: World) -> None:
    """A failed record is said to be deleted."""
    made = here.table.get(ONE)
    assert made is not None
    chunk = replace(here.table.chunk(ONE, 0), marks="DDD")
    here.table.write_all([items.put("t", deletion_items.from_marks(made, chunk))])


def other_ids(here: World) -> None:
    made = here.table.get(ONE)
    assert made is not None
    chunk = here.table.chunk(ONE, 0)
    chunk = replace(chunk, ids=("1", *chunk.ids[1:]))
    here.table.write_all([items.put("t", deletion_items.from_ids(made, chunk))])


def without_an_entry(here: World) -> None:
    here.table.client().delete_item(TableName="t", Key=items.part_key(ONE, "EVENT", 2))


def without_the_last(here: World) -> None:
    """The last entry goes, and the deletion says that there was none."""
    first = here.table.entries(ONE, 0)[0]
    without_an_entry(here)
    here.resaved(ONE, events=1, chain=first.chain)


def gone(here: World) -> None:
    for item in list(here.table.client().scan(TableName="t")["Items"]):
        if item["pk"]["S"] == f"D#{ONE}":
            here.table.client().delete_item(TableName="t", Key={"pk": item["pk"], "sk": item["sk"]})


def unexplained(here: World) -> None:
    """The reason is taken away as forgetting does it, and nothing says who did."""
    made = here.table.get(ONE)
    assert made is not None
    bare = [log.without(each, each.salts) for each in here.table.entries(ONE, 0)]
    here.table.write_all([items.put("t", deletion_items.from_entry(made, each)) for each in bare])
    here.resaved(ONE, request=replace(made.request, reason=None, reference=None), texts_forgotten_at=here.now)


def written_anew(here: World) -> None:
    """All of the log is made anew, with hashes that fit, by somebody who knows how they are made."""
    chain, anew = "", list[Entry]()
    for each in here.table.entries(ONE, 0):
        forged = replace(each, by="arn:aws:iam::1:user/eve")
        chain = log.link(chain, log.content(forged))
        anew.append(replace(forged, chain=chain))
    made = here.table.get(ONE)
    assert made is not None
    here.table.write_all([items.put("t", deletion_items.from_entry(made, each)) for each in anew])
    here.resaved(ONE, chain=chain)


def altered(here: World, **changes: Any) -> None:
    """One field of what is kept of the end."""
    here.resaved(ONE, **changes)


ENDS: dict[str, Any] = {
    "calls": 9,
    "frozen": True,
    "job_id": "7",
    "job_ended_at": 1.0,
    "sent_at": 1.0,
    "started_at": 1.0,
    "unlisted": 3,
    "plan": Plan(1, (), 1, 1),
    "problems": (Problem("RECORD_LOCKED", 9),),
    "verification": Verification(3, 3, 3, 3, 1.0),
    "erasure": {"map_hash": "0"},
}

TAMPERED: dict[str, tuple[Callable[[World], Any], str]] = {
    "outcomes": (remarked, "outcomes"),
    "ids": (other_ids, "ids"),
    "asked_by": (lambda here: here.resaved(ONE, asked_by="arn:eve"), "by whom"),
    "approval": (
        lambda here: here.resaved(ONE, approval=Approval(3, 1.0, 9.0, 2.0, "arn:eve")),
        "its approval",
    ),
    "no approval": (lambda here: here.resaved(ONE, approval=None), "its approval"),
    "an entry": (without_an_entry, "1 are there"),
    "the last entry": (without_the_last, "signed for another log"),
    **{f"its {name}": (partial(altered, **{name: value}), "how it ended") for name, value in ENDS.items()},
    "its reason, as if it was forgotten": (unexplained, "altered"),
    "the deletion": (gone, "not in the table any more"),
    "the whole log": (written_anew, "signed for another log"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_whatever_is_altered_or_taken_away_in_the_table_is_found(here: World, name: str) -> None:
    alter, words = TAMPERED[name]
    alter(here)
    assert words in found(here)


def test_a_receipt_that_was_altered_is_found(here: World) -> None:
    name = f"receipts/{ONE}.json"
    here.objects.objects[name] = here.objects.objects[name].replace(b'"sig":"M', b'"sig":"N')
    assert name in found(here)


def test_another_key_is_found(here: World) -> None:
    here.objects.objects[PUBLIC_KEY] = b"no key"
    assert found(here) != ""


def test_a_log_whose_receipts_cannot_be_checked_is_not_said_to_fit(here: World) -> None:
    del here.objects.objects[PUBLIC_KEY]
    with pytest.raises(Unreachable, match="cannot be checked"):
        found(here)
