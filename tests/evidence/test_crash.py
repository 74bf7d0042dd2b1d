"""Each call of the evidence function lost or followed by death: no gap, nothing twice, nothing missing."""

from __future__ import annotations

from functools import cache

import pytest

from chalicelib.domain.evidence import head
from chalicelib.domain.status import Status
from tests.crash.layer import Plan, Recorder, Way
from tests.evidence.made import deletion as made_deletion
from tests.evidence.world import World, world


def lived(here: World) -> int:
    """A few minutes in which things happen, then quiet ones until all is at rest; how many calls were made
    before the quiet.
    """
    first = here.ended(1, "du", status=Status.NEEDS_ATTENTION)
    here.operator(1)
    here.minute()
    here.erased(2)
    _, chunks = made_deletion(1, "dd")
    here.resolved(first, chunks)
    here.minute()
    here.operator(2)
    here.minute()
    calls = len(here.recorder.names)
    for _ in range(3):
        here.minute()
    return calls


@cache
def calls() -> tuple[str, ...]:
    with world() as here:
        return tuple(here.recorder.names[: lived(here)])


def shown(here: World) -> None:
    checked = here.checked()
    assert checked.found.problems == []
    assert checked.found.notes == [], "everything stands in a head"
    assert here.due() == []
    receipts = set(here.objects.names("receipts/"))
    assert b"Contacts" not in here.signing_body("receipts/del_00000000000000000000000002.json")
    ids = {f"receipts/del_{n:026d}" for n in (1, 2)}
    assert {name.split(".")[0] for name in receipts} == ids
    assert len(list(here.objects.names("operators/"))) == 2
    heads = list(here.objects.names("heads/"))
    assert heads == [head.name(n) for n in range(1, len(heads) + 1)]
    assert here.topic.events, "the newest head has left"


def test_without_faults_all_of_it_is_there() -> None:
    with world() as here:
        lived(here)
        shown(here)
        assert len(list(here.objects.names("receipts/"))) == 3
        assert here.reports == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("turn", "part"),
    [
        (0, 0),
        *(pytest.param(0, part, marks=pytest.mark.long) for part in (1, 2, 3)),
        *(pytest.param(turn, part, marks=pytest.mark.long) for turn in (1, 2, 3) for part in range(4)),
    ],
)
def test_whichever_call_goes_wrong_the_chain_is_whole_at_rest(turn: int, part: int) -> None:
    """Every fourth call in one of the four ways; each in all four of them where the long tests run."""
    ways = list(Way)
    for call in range(1 + part, len(calls()) + 1, 4):
        way = ways[(call // 4 + turn) % len(ways)]
        with world() as here:
            here.recorder = Recorder(Plan(call, way))
            lived(here)
            try:
                shown(here)
            except AssertionError as problem:
                raise AssertionError(f"call {call}, {calls()[call - 1]}, {way}: {problem}") from problem
