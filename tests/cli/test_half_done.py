"""What a command has done by the time it fails is said, and nothing that failed is said to be done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from click.testing import CliRunner

from chalicelib.domain.deletion import Plan
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.status import Status
from cli import asking, http, org_secret, secret_log, secret_text
from cli.ends import OutOfReach
from cli.following.command import finish
from cli.following.deletions import LinkedDeletion
from cli.org_secret import Held
from cli.target import Group, Refused, Target
from tests.cli.desk import Desk, opened
from tests.cli.test_commands import POLICY, change, sent

ENTRY = {"modules": ["Leads"], "keys": ["whsec_bXlYrP0rD0vHc6q1t3Zs8wKeJu2GfNaQ"]}
MOVED = ClientError({"Error": {"Code": "InvalidParameterException"}}, "UpdateSecretVersionStage")


@dataclass
class Account:
    """An account with one secret. `lost`: the answer to the move of its label is lost; `moved`: somebody else
    has written. `gone`: what comes of asking for the stack.
    """

    gone: Exception = field(default_factory=NoCredentialsError)
    lost: bool = False
    moved: bool = False
    current: str = "1"
    puts: list[str] = field(default_factory=list)

    def client(self, _service: str) -> Account:
        return self

    def put_secret_value(self, SecretString: str, **_: Any) -> dict[str, str]:  # noqa: N803  # AWS's name
        self.puts.append(SecretString)
        return {"VersionId": "2"}

    def update_secret_version_stage(self, **_: Any) -> None:
        self.current = "1" if self.lost else "2"
        if self.moved or self.lost:
            self.current = "3" if self.moved else "2"
            raise MOVED

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        return {"VersionId": self.current}

    def describe_stacks(self, **_: Any) -> None:
        raise self.gone

    def get_paginator(self, _name: str) -> None:
        raise self.gone


def target(account: Account) -> Target:
    return Target("prod", "sources", "api", account.client)


def test_a_grant_code_that_is_spent_before_the_secret_could_be_stored_is_said_to_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = Held("expunge/prod/zoho/default", {}, "1", there=True)
    with pytest.raises(Refused):
        org_secret.store(target(Account(moved=True)), held, {"refresh_token": "1000.new"})
    said = capsys.readouterr().err
    assert "a grant code is spent now" in said
    assert "1000.new" not in said
    org_secret.store(target(Account()), held, {"refresh_token": "1000.new"})
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("gone", [NoCredentialsError(), EndpointConnectionError(endpoint_url="x"), MOVED])
def test_a_changed_secret_is_told_as_changed_whatever_keeps_the_log_out_of_reach(
    capsys: pytest.CaptureFixture[str], gone: Exception
) -> None:
    account = Account(gone)
    secret_log.change(target(account), "prod", {}, "crm", ENTRY, "1")
    assert len(account.puts) == 1
    assert "the secret is changed, and the operators' log was not told of it" in capsys.readouterr().err


def test_a_change_whose_answer_was_lost_is_not_called_another_ones() -> None:
    assert secret_text.write(target(Account(lost=True)), "sources", "{}", "1") == "2"
    with pytest.raises(Refused, match="nothing was changed"):
        secret_text.write(target(Account(moved=True)), "sources", "{}", "1")


class Blind(Desk):
    """These credentials may not look at the functions."""

    def _of_aws(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, Any]:
        if "/functions/" in path:
            return 403, {"x-amzn-ErrorType": "AccessDeniedException"}, "{}"
        self.asked.append(headers.get("X-Amz-Target", ""))
        return super()._of_aws(path, headers, body)


def test_a_key_is_not_revoked_by_a_command_that_ends_in_an_error(tmp_path: Path) -> None:
    with opened(tmp_path, {"crm": {**ENTRY, "keys": ENTRY["keys"]}}, kind=Blind) as desk:
        assert "AccessDenied" in desk.said("keys", "revoke", "crm", "--all", code=1)
        assert not [each for each in desk.asked if "PutSecretValue" in each]


# --- policies --------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


def two(tmp_path: Path, *, other: str) -> str:
    """A file with two policies, the second one of org shop or of another name."""
    more = POLICY.removeprefix("policies:\n").replace("  - name: old-leads\n", f"  - {other}\n")
    file = tmp_path / "two.yaml"
    file.write_text(POLICY + more)
    return str(file)


def test_policies_of_the_same_name_in_two_orgs_are_both_counted(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "on_a_terminal", lambda: True)
    desk.when_read = lambda one: change(desk, one, status=Status.COMPLETED, plan=Plan(1200, ("7",), 1, 3))
    file = two(tmp_path, other="{name: old-leads, org: shop}")
    file_text = (
        Path(file).read_text().replace("{name: old-leads, org: shop}", "name: old-leads\n    org: shop")
    )
    Path(file).write_text(file_text)
    said = desk.said("policies", "apply", file, code=3, stdin=b"1200\n")
    assert "type 2400 to go on" in said
    assert "shop/old-leads: would delete 1,200" in said
    told = desk.told("policies", "apply", file, "--dry-run")
    assert told["changed"] == ["default/old-leads", "shop/old-leads"]
    assert told["plans"].keys() == told["next_runs"].keys() == set(told["changed"])


class Halting(Desk):
    """The second policy cannot be stored."""

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, Any]:
        if method == "PUT" and "policies/young" in target and "dry_run" not in target:
            return 503, {}, "{}"
        return super().answer(method, target, headers, body)


def test_policies_that_are_stored_by_half_say_which(tmp_path: Path) -> None:
    with opened(tmp_path, kind=Halting) as desk:
        desk.when_read = lambda one: change(desk, one, status=Status.COMPLETED, plan=Plan(3, ("7",), 1, 3))
        said = desk.said("policies", "apply", two(tmp_path, other="name: young"), code=1)
    assert "stored: old-leads; young is in doubt; still to be stored: young" in said
    assert [name for _, name in desk.store.kept] == ["old-leads"]


# --- what is out of reach, or no answer of ours ----------------------------------------------------


def test_a_table_that_is_out_of_reach_ends_a_command_in_one_line() -> None:
    @click.group(cls=Group)
    def group() -> None:
        """A group as all of ours."""

    @group.command()
    def looks() -> None:
        raise Unavailable("table", "AccessDeniedException")

    done = CliRunner().invoke(group, ["looks"])
    assert (done.exit_code, done.output) == (1, "Error: table is out of reach: AccessDeniedException\n")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError("odd")])
def test_what_cannot_be_written_ends_a_command_in_one_line(error: OSError) -> None:
    @click.group(cls=Group)
    def group() -> None:
        """A group as all of ours."""

    @group.command()
    def tells() -> None:
        raise error

    done = CliRunner().invoke(group, ["tells"])
    assert (done.exit_code, done.output) == (1, f"Error: standard output: {error.strerror or 'odd'}\n")


def answer(body: Any, status: int = 400) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content = status, json.dumps(body).encode()
    made.url = "http://127.0.0.1:9/v1/operator/deletions"
    return made


@pytest.mark.parametrize(
    "body",
    [
        {"error": "no"},
        {"error": None},
        {"error": {"message": 1, "fields": "x"}},
        {"error": {"fields": [1]}},
        {"message": ["x"]},
        [],
        "x",
    ],
)
def test_whatever_somebody_else_answers_breaks_nothing(body: Any) -> None:
    assert http.message(answer(body))
    assert http.fields(answer(body)) == []
    with pytest.raises(click.ClickException):
        http.good(answer(body))


@dataclass(frozen=True)
class Silent(LinkedDeletion):
    """A deletion of a service that does not answer; `looks` notes when it was asked."""

    looks: list[str] = field(default_factory=list, compare=False)

    def document(self) -> dict[str, Any]:
        self.looks.append("looked")
        raise OutOfReach("gives no answer")


def test_a_time_to_watch_ends_though_nothing_ever_answered() -> None:
    nobody = Silent("del_01M8298QNC9R2FS46471MHPX7V", "http://127.0.0.1:9/v1/deletions/x")

    @click.command()
    def watching() -> None:
        finish([nobody], 0.0, as_json=False, told={}, again="x")

    done = CliRunner().invoke(watching)
    assert (done.exit_code, nobody.looks) == (1, ["looked"])
    assert "0 of 1 had ended" in done.output


def test_a_list_that_is_cut_off_says_so_in_each_form(desk: Desk, tmp_path: Path) -> None:
    for one in ("1", "2", "3"):
        sent(desk, one)
    for form in ("csv", "jsonl"):
        words = ("list", "--format", form, "--output", str(tmp_path / form))
        assert "there are more than these 2: --limit or --all" in desk.said(*words, "--limit", "2")
        assert "there are more" not in desk.said(*words, "--limit", "3")
        assert "there are more" not in desk.said(*words, "--all")


def test_what_was_made_due_before_the_table_was_out_of_reach_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli.operating import recovering

    class Half:
        def take_up(self, one: str, _now: float) -> bool:
            if one == "del_b":
                raise Unavailable("table", "timeout")
            return True

    ledger: Callable[..., Any] = lambda _target: (Half(), 0)  # noqa: E731
    monkeypatch.setattr(recovering, "_ledger", ledger)
    said = desk.said("recover", "set-aside", "del_a", "del_b", "del_c", code=1)
    assert "due again: del_a; del_b is in doubt" in said


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "words",
    [
        ("send", "--source", "crm", "--request"),
        ("erase", "--identity"),
        ("verify", "--source", "crm"),
        ("policies", "apply"),
        ("person-map", "apply"),
    ],
    ids=" ".join,
)
def test_a_file_that_is_nested_too_deep_ends_a_command_in_one_line(
    desk: Desk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "deep"
    file.write_text(DEEP[:5000] if "apply" in words else DEEP)
    assert (
        desk.said(*words, str(file), code=1).splitlines()[-1]
        == "Error: what is to be read is nested too deep"
    )


@pytest.mark.parametrize(
    "words", [("holds", "show", "Leads", "../../pause"), ("policies", "remove", "../../pause")], ids=" ".join
)
def test_no_name_reaches_another_call(desk: Desk, words: tuple[str, ...]) -> None:
    assert "is none" in desk.said(*words, code=2)
    assert not [each for each in desk.asked if "pause" in each]


def test_times_at_the_ends_of_the_calendar_list_and_export_what_there_is(desk: Desk) -> None:
    one = sent(desk, "1")
    assert desk.told("list", "--until", "0001-01-01")["deletions"] == []
    last = desk.told("list", "--since", "0001-01-01", "--until", "9999-12-31T23:59")["deletions"]
    assert [each["id"] for each in last] == [one]
    for words in (("0001-01-01", "0001-01-02"), ("9999-12-31", "9999-12-31T09:00")):
        done = desk.run("audit", "export", "--since", words[0], "--until", words[1])
        assert (done.exit_code, len(done.stdout.splitlines())) == (0, 1)
