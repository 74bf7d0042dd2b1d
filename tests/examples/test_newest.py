"""The newest event of each deletion wins, in any order, with gaps, and in many threads at once."""

from __future__ import annotations

import itertools
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from newest import Newest, read_event

from local.settings import ROOT
from tests.examples.events import event

NUMBERS = (1, 2, 5, 9)  # numbers have gaps: 3, 4 and 6 to 8 will never come


def shown(newest: Newest, events: list[dict[str, Any]]) -> list[int]:
    taken = []
    for each in events:
        with newest.taking(each) as news:
            if news:
                taken.append(int(each["sequence"]))
    return taken


@pytest.mark.parametrize("order", list(itertools.permutations(NUMBERS)))
def test_any_order_ends_with_the_last_state(tmp_path: Path, order: tuple[int, ...]) -> None:
    newest = Newest(tmp_path / "state.db")
    taken = shown(newest, [event(n) for n in order])
    assert taken == sorted(taken)
    assert taken[-1] == 9
    assert shown(newest, [event(n) for n in NUMBERS]) == []  # all of them again


def test_nothing_waits_for_a_number_that_never_comes(tmp_path: Path) -> None:
    assert shown(Newest(tmp_path / "state.db"), [event(n) for n in NUMBERS]) == list(NUMBERS)


def test_what_fails_was_not_taken(tmp_path: Path) -> None:
    newest = Newest(tmp_path / "state.db")
    with pytest.raises(KeyError), newest.taking(event(3)):
        raise KeyError
    with newest.taking(event(3)) as news:
        assert news


def test_a_new_process_knows_what_was_taken(tmp_path: Path) -> None:
    assert shown(Newest(tmp_path / "state.db"), [event(3)]) == [3]
    assert shown(Newest(tmp_path / "state.db"), [event(3), event(2), event(4)]) == [4]


def test_many_at_once(tmp_path: Path) -> None:
    newest, done = Newest(tmp_path / "state.db"), []
    events = [event(n) for n in range(1, 21) for _ in range(3)]
    random.Random(1).shuffle(events)

    def work(each: dict[str, Any]) -> None:
        with newest.taking(each) as news:
            if news:
                done.append(int(each["sequence"]))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, events))
    assert done == sorted(set(done))
    assert done[-1] == 20


def test_the_contracts_event_is_one() -> None:
    page = (ROOT / "docs/CONTRACT.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"<!-- Event -->\n```json\n(.*?)```", page, re.DOTALL)
    assert set(event()) <= set(read_event(example))
    assert set(event()["data"]) <= set(json.loads(example)["data"])


@pytest.mark.parametrize(
    "changed",
    [
        {"specversion": "0.3"},
        {"sequence": 4},
        {"sequence": "-4"},
        {"sequence": "４"},
        {"sequence": "5"},
        {"subject": None},
        {"data": []},
        {"id": "del_other/4"},
    ],
)
def test_anything_else_is_not_an_event(changed: dict[str, Any]) -> None:
    assert read_event(json.dumps(event()))
    with pytest.raises(ValueError, match="no"):
        read_event(json.dumps({**event(), **changed}))


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"text"'])
def test_nor_is_this(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        read_event(text)
