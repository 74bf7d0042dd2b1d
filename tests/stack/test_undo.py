"""Undo and permanent deletion on the local stack: the how-to as printed, and a whole view back and gone for
good.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from cli.__main__ import main
from cli.operator_api import OperatorApi
from local import filling
from local.running import RunningStack
from local.settings import ROOT
from tests.stack.conftest import Events, wait_for

pytestmark = pytest.mark.stack

PAGE = (ROOT / "docs" / "UNDO.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ *(expunge .+)$", "\n".join(PAGE.split("```")[1::2]), re.MULTILINE)
PRINTED = "del_01M8298QNC9R2FS46471MHPX7V"
ANY = {"field": {"api_name": "Last_Name"}, "comparator": "equal", "value": "Undone"}
CVID = "5300"


def sim(stack: RunningStack, control: str, body: Any) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=300).raise_for_status()


def there(stack: RunningStack, module: str) -> int:
    state = requests.get(f"{stack['zoho_url']}/_sim/state", timeout=300).json()
    return int(state["records"].get(module, 0))


class Sender:
    """A module of its own with a view of `size` records, and a source that may delete it for good."""

    def __init__(self, stack: RunningStack, module: str, first: int, size: int) -> None:
        self.stack, self.module, self.key = stack, module, filling.new_key()
        secrets = stack.client("secretsmanager")
        known = json.loads(secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"])
        limits = {"modules": [module], "max_records": 20_000, "permanent_min_days": 0}
        known[module.lower()] = {**known["crm-workflow"], "keys": [self.key], **limits}
        secrets.put_secret_value(SecretId=stack["sources_secret"], SecretString=json.dumps(known))
        records = [{"id": str(first + n), "Last_Name": "Undone"} for n in range(size)]
        for start in range(0, size, 10_000):
            sim(stack, "records", {module: records[start : start + 10_000]})
        sim(stack, "views", {"module": module, "cvid": CVID, "criteria": ANY})

    def send(self, **more: Any) -> str:
        request = {"operation": "mass_delete", "module": self.module, "cvid": CVID, **more}
        answer = self.stack.send(request, source=self.module.lower(), key=self.key)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])


def operator(stack: RunningStack) -> OperatorApi:
    return OperatorApi(stack["api_url"], stack["region"], stack.aws.session().get_credentials())


def test_the_page_works_as_printed(stack: RunningStack, events: Events, tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps(stack.described), encoding="utf-8")
    sender = Sender(stack, "Wrongs", 530_000_000_001_000_000, 3)
    one = sender.send()
    assert events.final(one)["data"]["counts"]["deleted"] == 3
    assert len(COMMANDS) == 4
    said = ""
    for command in COMMANDS:
        words = shlex.split(command.replace(PRINTED, one))[1:]
        done = CliRunner().invoke(main, words, env={"LOCAL_DIR": str(tmp_path)})
        assert done.exit_code == 0, done.output
        said += done.output
    assert "can be restored until" in said
    assert "would restore 3 records" in said
    assert "3 restored" in said
    assert there(stack, "Wrongs") == 3


@pytest.mark.parametrize("size", [300, pytest.param(12_000, marks=pytest.mark.long)])
def test_a_view_is_deleted_restored_and_deleted_for_good(
    stack: RunningStack, events: Events, size: int
) -> None:
    module = f"Undo{size}"
    sender = Sender(stack, module, 531_000_000_000_000_000 + size * 1_000_000, size)
    seconds = 120.0 + size / 20
    one = sender.send()
    assert events.final(one, seconds=seconds)["data"]["counts"]["deleted"] == size
    answer = operator(stack).call("POST", f"deletions/{one}/restore", {}, {})
    assert answer.status_code == 202, answer.text
    back = events.final(answer.json()["id"], seconds=seconds)["data"]
    assert (back["status"], back["counts"]["restored"]) == ("completed", size)
    assert there(stack, module) == size
    two = sender.send(permanent_after="PT0H")
    assert events.final(two, seconds=seconds)["data"]["counts"]["deleted"] == size
    shown = operator(stack).call("GET", f"deletions/{two}").json()["recycle_bin"]
    [child] = shown["deletions"]
    gone = events.final(child["id"], seconds=seconds)["data"]
    assert (gone["status"], gone["counts"]["deleted"]) == ("completed", size)
    verified = gone["verification"]
    assert verified.pop("verified_at")
    assert set(verified.values()) == {size}
    assert there(stack, module) == 0
    told = wait_for(lambda: operator(stack).call("GET", f"deletions/{two}").json()["recycle_bin"])
    assert told["permanently_deleted"] == size
