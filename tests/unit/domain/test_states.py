"""The picture of a deletion's states is what the table of legal moves says."""

from __future__ import annotations

import re

from chalicelib.domain.status import FINAL, MOVES, Status
from docs.generate import states


def test_the_picture_in_the_architecture_page_is_fresh() -> None:
    assert states.TARGET.read_text(encoding="utf-8") == states.document()


def test_the_picture_has_every_move_of_the_table_and_no_other() -> None:
    drawn: dict[str, set[str]] = {status: set() for status in Status}
    for start, end in re.findall(r"(\w+) --> (\w+)", states.picture()):
        drawn[start] |= set(FINAL) if end == states.BOX else {end}
    assert drawn == {status: set(to) for status, to in MOVES.items()}


def test_every_state_is_drawn() -> None:
    assert set(re.findall(r"\w+", states.picture())) >= set(Status)
