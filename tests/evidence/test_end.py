"""The end of the chain in the bucket is held against what the stage's table knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.evidence import chain, dsse, head
from chalicelib.domain.evidence.chain import Checked
from cli.evidence.table import known_end
from cli.target import Target
from tests.evidence.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    """Three heads, the last two of which each name a receipt of their own."""
    with world() as here:
        for n in (1, 2, 3):
            here.ended(n)
            here.minute()
        yield here


def checked(here: World, end: tuple[int, str]) -> Checked:
    return chain.check(here.objects, here.signing.key, 400, end=end)


def known(here: World) -> tuple[int, str]:
    """As the table has it."""
    found = here.book().chain()
    return found.n, found.previous


def cut(here: World, n: int) -> None:
    """The heads from the n-th on go, with all that they name and the records of that."""
    for name in [each for each in here.objects.objects if (head.number(each) or 0) >= n]:
        for named in head.read(dsse.opened(here.objects.objects.pop(name)).payload).entries:
            del here.objects.objects[named]
            del here.objects.objects[named.replace("receipts", "records").replace(".json", ".jsonl.gz")]


def test_an_end_that_was_cut_off_whole_shows_by_what_the_table_knows(here: World) -> None:
    assert checked(here, known(here)).found.problems == []
    cut(here, 2)
    assert checked(here, (0, "")).found.problems == [], "by itself the chain does not show it"
    (problem,) = checked(here, known(here)).found.problems
    assert (
        problem == f"{head.name(2)}: is missing: head 3 was there before, so the end of the chain was cut off"
    )


def test_a_chain_that_is_gone_whole_shows_too(here: World) -> None:
    cut(here, 1)
    (problem,) = checked(here, known(here)).found.problems
    assert problem.startswith(f"{head.name(1)}: is missing: head 3 was there before")


def test_an_end_that_was_made_anew_by_who_has_the_key_shows(here: World) -> None:
    old = head.read(dsse.opened(here.objects.objects[head.name(3)]).payload)
    anew = head.Head(
        3, old.previous, old.at, old.stage, dict(old.entries) | {"operators/op_1.json": "0" * 64}
    )
    here.objects.objects[head.name(3)] = here.signing.envelope(dsse.HEAD, anew.payload())
    assert (
        f"{head.name(3)}: is not the head 3 that was there before: it was replaced"
        in checked(here, known(here)).found.problems
    )


def test_a_chain_that_has_gone_on_since_and_a_table_that_is_older_fit(here: World) -> None:
    before = known(here)
    here.ended(4)
    here.minute()
    assert known(here)[0] == 4
    assert checked(here, before).found.problems == []


class Refusing:
    """A table that these credentials may not read."""

    def get_item(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetItem")


def target(client: Any) -> Target:
    return Target("prod", "sources", "api", lambda _: client)


def test_who_may_not_read_the_table_is_told_that_the_end_is_not_known() -> None:
    end, unknown = known_end(target(Refusing()))
    assert end == (0, "")
    assert "whether the end was cut off is not known" in unknown
