"""A person is asked for the number before something is deleted; a script is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from chalicelib.domain.deletion import Plan
from chalicelib.domain.status import Status
from cli import asking
from cli.__main__ import main
from cli.operator_api import OperatorApi
from cli.target import LOOKING, Refused
from tests.cli.desk import Desk, opened
from tests.cli.test_commands import POLICY, change, fail, sent
from tests.cli.test_undoing import gone


@click.command()
@asking.destructive
@click.option("--unknown", is_flag=True)
def delete(yes: bool, unknown: bool) -> None:
    asking.confirm(None if unknown else 1200, "records are deleted", yes=yes, target=None)
    click.echo("sent")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a terminal, which a test has none of."""
    monkeypatch.setattr(asking, "on_a_terminal", lambda: True)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("typed", ["1200\n", "1,200\n"])
def test_the_number_lets_it_go_on(typed: str) -> None:
    done = CliRunner().invoke(delete, input=typed)
    assert (done.exit_code, done.stdout) == (0, "sent\n")
    assert "1,200 records are deleted: type 1200 to go on" in done.stderr


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("typed", ["\n", "y\n", "1201\n"])
def test_anything_else_sends_nothing(typed: str) -> None:
    done = CliRunner().invoke(delete, input=typed)
    assert (done.exit_code, done.stdout) == (Refused.exit_code, "")


@pytest.mark.usefixtures("terminal")
def test_yes_asks_nothing() -> None:
    assert CliRunner().invoke(delete, ["--yes"]).stdout == "sent\n"


def test_a_script_is_not_asked() -> None:
    assert CliRunner().invoke(delete).stdout == "sent\n"


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("typed", "sent"), [("unknown\n", "sent\n"), ("0\n", ""), ("\n", "")])
def test_a_number_that_nobody_knows_is_said_to_be_unknown(typed: str, sent: str) -> None:
    done = CliRunner().invoke(delete, ["--unknown"], input=typed)
    assert done.stdout == sent
    assert "an unknown number of records are deleted: type unknown to go on" in done.stderr


# --- every command of the tree ----------------------------------------------------------------------------

#: Commands that change something and delete nothing, arm nothing, and bring nothing back.
HARMLESS = {
    "setup": "stores credentials, after a question of its own",
    "cancel": "stops what was not sent",
    "resolve": "counts what is unknown",
    "holds set": "protects",
    "holds remove": "what was held is not asked for again by this",
    "pause": "stops",
    "resume": "what waits was accepted before, each with its own question; it tells where",
    "redrive": "wakes what was accepted before",
    "recover release": "what waits was accepted before; it tells where",
    "recover set-aside": "wakes what was accepted before",
    "keys new": "makes a key",
    "keys rotate": "makes a key",
    "keys revoke": "takes keys, and cancels",
    "sources set": "changes limits; it tells where",
    "sources check": "reads",
    "completion": "prints",
    "policies remove": "ends runs",
    "erase": "nothing goes before its map is approved, which it asks for by number; where a source needs no"
    " approval it asks before it searches (tests/cli/erasing)",
    "person-map apply": "each erasure is approved with its own map; it tells where",
}


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command below the group, by the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


TREE = dict(commands(main))
#: `approve` asks for the number as an option.
DESTRUCTIVE = {name for name, each in TREE.items() if asking.is_destructive(each)} | {"approve"}


def test_every_command_looks_asks_or_is_known_to_be_harmless() -> None:
    looking = {name for name in TREE if name.split()[-1] in LOOKING}
    assert looking | DESTRUCTIVE | HARMLESS.keys() == TREE.keys()
    assert not looking & DESTRUCTIVE
    assert not HARMLESS.keys() & DESTRUCTIVE


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


def words_of(desk: Desk, tmp_path: Path, what: str) -> tuple[list[str], str]:
    """A call of the command that would delete something, and the number that it has to ask for."""
    file = tmp_path / "policies.yaml"
    file.write_text(POLICY, encoding="utf-8")
    view = tmp_path / "view.json"
    view.write_text('{"operation": "mass_delete", "module": "Leads", "cvid": "77"}', encoding="utf-8")
    desk.when_read = lambda one: change(desk, one, status=Status.COMPLETED, plan=Plan(1200, ("7",), 1, 3))
    if what == "send":
        return ["send", "Leads", "1", "2", "3", "--source", "crm"], "3"
    if what == "send view":
        return ["send", "--request", str(view), "--source", "crm"], "1200"
    if what == "policies apply":
        return ["policies", "apply", str(file)], "1200"
    if what == "policies run":
        assert "1 stored" in desk.said("policies", "apply", str(file), "--yes")
        return ["policies", "run", "old-leads"], "1200"
    if what == "retry":
        one = sent(desk, "1", "2")
        fail(desk, one)
        return ["retry", one], "2"
    one = gone(desk)
    change(desk, one, asked_by="arn:aws:sts::1:assumed-role/ops/somebody-else")
    return [what, one], "2"


@pytest.mark.parametrize("what", sorted(DESTRUCTIVE - {"approve"} | {"send view"}))
@pytest.mark.parametrize("typed", ["\n", "1\n"])
def test_without_the_number_a_destructive_command_changes_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, typed: str
) -> None:
    words, number = words_of(desk, tmp_path, what)
    monkeypatch.setattr(asking, "on_a_terminal", lambda: True)
    desk.asked.clear()
    before = kept(desk)
    said = desk.said(*words, code=3, stdin=typed.encode())
    assert f"type {number} to go on" in said
    assert "org default, account 123456789012, region us-east-1, stage local" in said
    assert kept(desk) == before


@pytest.mark.parametrize("what", sorted(DESTRUCTIVE - {"approve"} | {"send view"}))
@pytest.mark.parametrize("yes", [False, True])
def test_the_number_or_yes_lets_it_go_on(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, *, yes: bool
) -> None:
    words, number = words_of(desk, tmp_path, what)
    monkeypatch.setattr(asking, "on_a_terminal", lambda: True)
    before = kept(desk)
    desk.said(*words, *(["--yes"] if yes else []), stdin=b"" if yes else f"{number}\n".encode())
    assert kept(desk) != before


def kept(desk: Desk) -> tuple[set[tuple[str, int]], dict[Any, Any]]:
    """What would delete something: deletions that are no dry runs, with their commands, and policies."""
    rows = desk.house.ledger.rows
    found = {(one, row.control) for one, row in rows.items() if not row.deletion.request.dry_run}
    return found, dict(desk.store.kept)


def test_policies_apply_says_when_each_deletes_how_many(desk: Desk, tmp_path: Path) -> None:
    words, _ = words_of(desk, tmp_path, "policies apply")
    said = desk.said(*words)
    assert re.search(r"old-leads: would delete 1,200 records today, .+; next run 20", said)
    assert desk.told(*words, "--dry-run")["next_runs"] == {}


def test_a_command_that_forgot_to_ask_cannot_delete() -> None:
    api = OperatorApi("http://127.0.0.1:9/", "us-east-1", None)

    @click.command()
    def forgetful() -> None:
        api.call("POST", "deletions/del_1/retry")

    done = CliRunner().invoke(forgetful)
    assert isinstance(done.exception, RuntimeError)
    assert "without having asked" in str(done.exception)


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "deletions/del_1", None, None),
        ("POST", "deletions/del_1/cancel", None, None),
        ("POST", "deletions/del_1/retry", {"dry_run": "true"}, None),
        ("POST", "deletions", None, b'{"dry_run": true}'),
        ("POST", "policies/old/run", {"org": "default"}, {"dry_run": True}),
    ],
)
def test_what_deletes_nothing_need_not_ask(
    method: str, path: str, query: dict[str, str] | None, body: Any
) -> None:
    with click.Context(delete).scope():
        asking.must_have_asked(method, path, query, body)
