"""An error names the next step: which stage, which module, which command tells more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest
import requests
from botocore.exceptions import ClientError, NoCredentialsError

from cli import doctor, http, policies, sources, target_addresses
from cli.checks.check import CheckContext
from cli.ends import OutOfReach
from cli.erasing import command as erasing
from cli.erasing import person_maps
from cli.operating import commands
from cli.sending import source
from cli.sending.request import MOST_IDS
from cli.target import Refused, Target
from local.filling import new_key
from tests.cli.desk import Desk, opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


@dataclass
class Account:
    """An AWS account with these stacks and nothing else. `blind`: nothing may be listed; `describing`: what
    comes of asking for one.
    """

    stacks: dict[str, str]
    blind: bool = False
    describing: tuple[str, str] = ("ValidationError", "Stack with id expunge-prd does not exist")

    def client(self, _service: str) -> Any:
        return self

    def describe_stacks(self, **_: Any) -> Any:
        code, words = self.describing
        raise ClientError({"Error": {"Code": code, "Message": words}}, "DescribeStacks")

    def get_secret_value(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")

    describe_secret = get_secret_value

    def get_paginator(self, _name: str) -> Account:
        if self.blind:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListStacks")
        return self

    def paginate(self) -> Any:
        found = [{"StackName": name, "StackStatus": state} for name, state in self.stacks.items()]
        return [{"StackSummaries": found[:1]}, {"StackSummaries": found[1:]}]


@pytest.mark.parametrize(
    ("after", "says"),
    [("7", "send it again in 7 s"), ("46190", "send it again in 12 h 50 min"), ("soon", ""), (None, "")],
)
def test_a_limit_that_is_reached_says_when_it_fits(after: str | None, says: str) -> None:
    answer = requests.Response()
    answer.status_code = 429
    answer._content = b'{"error": {"code": "limit_reached", "message": "too many", "request_id": "r"}}'
    if after is not None:
        answer.headers["Retry-After"] = after
    with pytest.raises(Refused) as refused:
        http.good(answer)
    assert refused.value.message == "HTTP 429: too many" + (f"; {says}" if says else "")


@pytest.mark.parametrize(
    ("stacks", "says"),
    [
        (["expunge-prod", "expunge-test", "other"], "did you mean --stage prod? (there are: prod, test)"),
        (["expunge-prod"], "did you mean --stage prod?"),
        (["expunge-eu1", "expunge-us1"], "stages there: eu1, us1"),
        (["other"], "there is no stage of Expunge at all"),
    ],
)
def test_a_wrong_stage_suggests_those_there_are(stacks: list[str], says: str) -> None:
    account = Account({**dict.fromkeys(stacks, "CREATE_COMPLETE"), "expunge-prd": "DELETE_COMPLETE"})
    target = Target("prd", "expunge/prd/sources", "expunge-prd-api", account.client)
    with pytest.raises(click.ClickException) as problem:
        target_addresses.describe(target, "prd")
    assert says in problem.value.message
    with pytest.raises(click.ClickException) as problem:
        sources.read(target)
    assert says in problem.value.message
    account.blind = True
    with pytest.raises(click.ClickException) as problem:
        target_addresses.describe(target, "prd")
    assert problem.value.message == "there is no stack expunge-prd in this account and region"


@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken", "Throttling"])
def test_a_stack_that_aws_does_not_tell_of_is_not_said_to_be_missing(code: str) -> None:
    account = Account({"expunge-prd": "CREATE_COMPLETE"}, describing=(code, "not now"))
    target = Target("prd", "expunge/prd/sources", "expunge-prd-api", account.client)
    with pytest.raises(ClientError, match=code):
        target_addresses.describe(target, "prd")


def by_somebody_on_the_way(status: int) -> Any:
    """An answer that is not the service's: API Gateway's, or a proxy's."""
    answer = requests.Response()
    answer.status_code, answer._content = status, b'{"message": "Not Found"}'
    answer.url = "https://api.example/"
    return answer


class Elsewhere:
    """An API of which only what is on the way answers."""

    def __init__(self, status: int) -> None:
        self.answer = by_somebody_on_the_way(status)

    def call(self, *_: Any, **__: Any) -> Any:
        return self.answer


def test_only_the_service_itself_says_that_something_is_not_there() -> None:
    api: Any = Elsewhere(404)
    policy: Any = SimpleNamespace(name="old-leads", org="default")
    looks: tuple[Callable[[], object], ...] = (
        lambda: policies._stored(api, policy),
        lambda: person_maps._stored(api, "default"),
    )
    for look in looks:
        with pytest.raises(OutOfReach, match="HTTP 404"):
            look()


def test_a_403_on_the_way_is_not_said_to_be_four_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "on_a_terminal", lambda: True)
    document = {"id": "del_1", "plan": {"map_hash": "5f", "records": 1}}
    api: Any = Elsewhere(403)
    with pytest.raises(OutOfReach, match="HTTP 403"):
        erasing._approved(api, document)


def test_a_number_that_cannot_be_counted_is_not_asked_about() -> None:
    class Away:
        def deletion(self, _one: str) -> Any:
            raise OutOfReach("no answer")

    with pytest.raises(OutOfReach):
        commands._counted(cast("Any", Away()), ["del_1"])


def test_sources_that_cannot_be_read_are_not_said_to_be_none(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_target: Target) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue")

    monkeypatch.setattr(source, "read", denied)
    monkeypatch.setenv("LOCAL_DIR", str(desk.directory))
    key = tmp_path / "key"
    key.write_text(new_key())
    said = desk.said("send", "Leads", "1", "--key-file", str(key), code=2)
    assert "sources cannot be read here: add --source NAME" in said
    assert "there is no source" not in said
    chosen = source.sender(None, "crm", key, None, operator=False)
    assert (chosen.org, chosen.most) == ("", MOST_IDS)


def test_an_org_that_is_not_known_is_neither_the_default_one_nor_every_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sts: Any = SimpleNamespace(
        get_caller_identity=lambda: {"Account": "1"}, meta=SimpleNamespace(region_name="us-east-1")
    )
    Target("prod", "s", "api", lambda _service: sts).tell_target("")
    assert capsys.readouterr().err == "the source's own org, account 1, region us-east-1, stage prod\n"


def test_a_refused_signature_names_the_command_that_explains_it(desk: Desk, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(new_key())
    said = desk.said("send", "Leads", "1", "--source", "crm", "--key-file", str(key), code=3)
    assert "expunge verify tells why" in said


def test_what_a_source_may_not_names_what_it_may(desk: Desk) -> None:
    said = desk.said("send", "Deals", "1", "--source", "crm", code=3)
    assert "may not delete in this module; it may in Campaigns, Contacts, Leads" in said
    said = desk.said("send", "Leads", "1", "--source", "crm", "--org", "second", code=3)
    assert "may not delete in this org; it may in default" in said
    body = b'{"operation": "mass_delete", "module": "Leads", "cvid": "7"}'
    said = desk.said("send", "--request", "-", "--source", "narrow", code=3, stdin=body)
    assert "may not use this operation; it may use delete_records" in said


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("lead", "did you mean Leads?"),
        ("Contact", "did you mean Contacts?"),
        ("leads", "must be written Leads"),
        ("Sales Orders", "must match"),
    ],
)
def test_a_misspelled_module_makes_no_source(desk: Desk, module: str, says: str) -> None:
    before = dict(desk.house.sources.held)
    assert says in desk.said("keys", "new", "erp", "--module", module, code=3)
    assert desk.house.sources.held == before


class Blind:
    """AWS without credentials."""

    def client(self, _service: str) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        raise NoCredentialsError


def test_without_credentials_doctor_does_not_say_that_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    target = Target("prod", "expunge/prod/sources", "expunge-prod-api", Blind().client)
    reports = doctor.examine(CheckContext(target, 0.0))
    doctor._show("prod", reports, 0, blind=True)
    said = capsys.readouterr().out
    assert "all well" not in said
    assert (
        said.splitlines()[-1]
        == "prod: no fault in what could be looked at; not everything could be looked at"
    )
    assert "run aws sso login" in said
