"""An error names the next step: which stage, which module, which command tells more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from botocore.exceptions import ClientError, NoCredentialsError

from cli import doctor, http, sources, target_addresses
from cli.checks.check import CheckContext
from cli.target import Refused, Target
from local.filling import new_key
from tests.cli.desk import Desk, opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


@dataclass
class Account:
    """An AWS account with these stacks and nothing else. `blind`: nothing may be asked."""

    stacks: dict[str, str]
    blind: bool = False

    def client(self, _service: str) -> Any:
        return self

    def describe_stacks(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")

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
