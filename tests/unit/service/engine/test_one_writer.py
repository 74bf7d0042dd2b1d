"""The engine alone writes deletions: executors read, and answer what is to be written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.service import ports

ROOT = Path(__file__).resolve().parents[4]
SERVICE = ROOT / "chalicelib" / "service"
#: What changes the table, of all that `ports.Ledger` has, besides the intake's own `accept`.
WRITES = {"save", "claim", "wake", "set_aside"}


def calls(file: Path) -> Iterator[tuple[str, str]]:
    """What is called, as (owner, method): the owner is the last name before the method."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            yield name, node.func.attr


def files() -> list[Path]:
    return sorted(SERVICE.rglob("*.py"))


def test_the_table_is_saved_to_in_one_place() -> None:
    places = [file for file in files() for call in calls(file) if call == ("ledger", "save")]
    assert places == [SERVICE / "engine" / "slice.py"]


@pytest.mark.parametrize("method", sorted(WRITES))
def test_only_the_engine_calls_what_writes_a_deletion(method: str) -> None:
    callers = {file.parent.name for file in files() for _, called in calls(file) if called == method}
    # Who cancels all of a source wakes its deletions too, so that a worker obeys soon.
    assert callers == ({"engine", "operators"} if method == "wake" else {"engine"})


def test_what_an_executor_gets_of_the_table_can_only_be_read() -> None:
    reads = {name for name in vars(ports.Reads) if not name.startswith("_")}
    ledger = {name for kind in ports.Ledger.__mro__ for name in vars(kind) if not name.startswith("_")}
    assert reads == {
        *("get", "chunk", "part", "calls", "lane", "paused", "held", "has_holds", "person_map"),
    }
    assert ledger >= reads | WRITES


#: What every operation has to do, by the call that does it, and the modules of the engine that make the call.
PLACES = {
    ("backoff", "exhausted"): {"advance"},
    ("", "obey"): {"advance"},
    ("ledger", "paused"): {"org_access"},
    ("ledger", "stopped"): {"commit"},
    ("send", "last_look"): {"commit"},
    ("withheld", "rested"): {"commit"},
    ("ledger", "source_cancel"): {"advance"},
    ("", "Gate"): {"slice"},
    ("access", "spent"): {"slice"},
    ("publish", "handed_over"): {"slice"},
    ("children", "with_children"): {"commit"},
    ("ledger", "awaits_evidence"): {"advance"},
}


def named_calls(file: Path) -> Iterator[tuple[str, str]]:
    """As `calls`, and calls of a bare name, whose owner is ""."""
    yield from calls(file)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield "", node.func.id


@pytest.mark.parametrize("call", PLACES, ids=".".join)
def test_what_every_operation_has_to_do_is_done_by_the_engine_in_one_place(call: tuple[str, str]) -> None:
    """docs/adr/0009-steps-and-clocks.md has the list: no executor has to remember any of it."""
    features = [file for file in files() if file.parent.name not in ("service", "operators")]
    callers = [file for file in features if call in set(named_calls(file))]
    assert {file.parent.name for file in callers} == {"engine"}
    assert {file.stem for file in callers} == PLACES[call]
