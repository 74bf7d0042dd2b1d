"""`expunge keys` on a running stack: made, both good, revoked within the cache time, revoked at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.keys import signing_key
from cli import sources
from cli.target import Refused, Target, local
from local import stack as local_stack
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.stack.conftest import wait_for

pytestmark = pytest.mark.stack

LEAD = {"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040"], "dry_run": True}
CACHE = 60  # longer than these tests, but for the one that waits
Expunge = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def own(directory: Path) -> Iterator[RunningStack]:
    """A stack of its own, as its secrets are changed."""
    settings = Settings(directory, overrides={"EXPUNGE_SECRET_CACHE_SECONDS": str(CACHE)})
    try:
        yield RunningStack(local_stack.up(settings))
    finally:
        local_stack.down(settings)


@pytest.fixture(scope="module")
def expunge(own: RunningStack, directory: Path) -> Expunge:
    """The command, as a person runs it."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            cwd=ROOT,
            env={**os.environ, "LOCAL_DIR": str(directory)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def answered(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def status(stack: RunningStack, source: str, key: str) -> int:
    return stack.send(LEAD, source=source, key=key).status_code


def test_a_source_from_its_first_key_to_its_last(own: RunningStack, expunge: Expunge) -> None:
    made = answered(expunge("keys", "new", "erp", "--module", "Leads", "--max-records", "5", "--json"))
    first = made["key"]
    assert made["deluge"].isprintable()  # Deluge signs with text
    assert made["deluge"].encode() == signing_key(first)
    assert status(own, "erp", first) == 202

    rotated = answered(expunge("keys", "rotate", "erp", "--json"))
    second = rotated["key"]
    assert rotated["keys"] == [rotated["fingerprint"], made["fingerprint"]]
    assert first not in json.dumps(rotated)
    assert status(own, "erp", second) == 202
    assert status(own, "erp", first) == 202
    assert status(own, "erp", own.keys[0]) == 401

    tried = answered(expunge("keys", "revoke", "erp", "--now", "--dry-run", "--json"))
    assert (tried["would_revoke"], tried["revoked"]) == ([made["fingerprint"]], [])
    assert status(own, "erp", first) == 202

    revoked = answered(expunge("keys", "revoke", "erp", "--now", "--json"))
    assert revoked == {
        "source": "erp",
        "revoked": [made["fingerprint"]],
        "keys": [rotated["fingerprint"]],
        "within_seconds": 0,
    }
    assert status(own, "erp", first) == 401
    assert status(own, "erp", second) == 202

    assert answered(expunge("keys", "revoke", "erp", "--all", "--now", "--json"))["keys"] == []
    assert status(own, "erp", second) == 401


def test_without_now_a_revoked_key_ends_with_the_cache(directory: Path) -> None:
    settings = Settings(directory / "quick", overrides={"EXPUNGE_SECRET_CACHE_SECONDS": "3"})
    try:
        stack = RunningStack(local_stack.up(settings))
        old = stack.keys[1]
        assert status(stack, "crm-workflow", old) == 202
        target = local(settings.stack_file)
        held, version = sources.read(target)
        entry = held["crm-workflow"]
        sources.write(target, {"crm-workflow": {**entry, "keys": entry["keys"][:1]}}, "crm-workflow", version)
        began, good = time.monotonic(), 0.0

        def refused() -> bool:
            nonlocal good
            sent = time.monotonic()
            if status(stack, "crm-workflow", old) == 401:
                return True
            good = sent
            return False

        wait_for(refused, seconds=90, what="end of the old key")
        assert good - began <= 3  # what was sent after the cache time was refused
    finally:
        local_stack.down(settings)


def test_the_answer_says_how_long_a_revoked_key_may_be_good(expunge: Expunge) -> None:
    made = [
        answered(expunge("keys", *words, "slow", "--json"))
        for words in (("new", "--module", "Leads"), ("rotate",))
    ]
    done = answered(expunge("keys", "revoke", "slow", made[1]["fingerprint"], "--json"))
    assert (done["within_seconds"], done["keys"]) == (CACHE, [made[0]["fingerprint"]])


def test_old_keys_are_never_shown(own: RunningStack, expunge: Expunge) -> None:
    said = [expunge("keys", "list"), expunge("keys", "list", "crm-workflow", "--json")]
    said += [expunge("keys", "rotate", "crm-workflow"), expunge("keys", "revoke", "crm-workflow")]
    for done in said:
        assert done.returncode == 0
        assert not [key for key in own.keys if key in done.stdout + done.stderr]
    shown = answered(said[1])["sources"]["crm-workflow"]
    assert shown == {"profile": "standard-webhooks", "keys": [sources.fingerprint(key) for key in own.keys]}
    (new,) = [line for line in said[2].stdout.splitlines() if line.startswith("whsec_")]
    assert f"for Deluge: {signing_key(new).decode()}\n" in said[2].stdout
    held, _ = sources.read(target_of(own))
    assert held["crm-workflow"]["keys"] == [new]


def target_of(stack: RunningStack) -> Target:
    return Target("local", stack["sources_secret"], stack["functions"]["api"], stack.client)


def test_the_token_profile_gets_a_bearer_value(own: RunningStack, expunge: Expunge) -> None:
    made = answered(expunge("keys", "new", "plain", "--module", "Leads", "--profile", "token", "--json"))
    assert "deluge" not in made
    bearer = {"webhook-signature": "", "Authorization": f"Bearer {made['key']}"}
    assert own.send(LEAD, source="plain", headers=bearer).status_code == 202


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["new", "crm-workflow", "--module", "Leads"], 3, "there is a source 'crm-workflow' already"),
        (["new", "operator", "--module", "Leads"], 3, "the source operator has no keys"),
        (["new", "odd", "--module", "../Leads"], 3, "modules/0 must match"),
        (["new", "Odd Name", "--module", "Leads"], 2, "must match"),
        (["new", "nothing"], 2, "--module"),
        (["rotate", "nobody"], 3, "there is no source 'nobody' (there are: crm-workflow"),
        (["revoke", "crm-workflow", "00000000"], 3, "no key has the fingerprint 00000000"),
        (["revoke", "crm-workflow", "00000000", "--all"], 2, "not both"),
        (["list", "--stage"], 2, "requires an argument"),
        (["list", "--nonsense"], 2, "No such option"),
    ],
)
def test_what_cannot_be_done(expunge: Expunge, words: list[str], code: int, says: str) -> None:
    done = expunge("keys", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_two_people_at_once_lose_nothing(own: RunningStack) -> None:
    target = target_of(own)
    held, version = sources.read(target)
    sources.write(target, {**held, "first": {"keys": []}}, "first", version)
    with pytest.raises(Refused, match="somebody else changed expunge/local/sources meanwhile"):
        sources.write(target, {**held, "second": {"keys": []}}, "second", version)
    assert "first" in sources.read(target)[0]
    assert "second" not in sources.read(target)[0]


def test_a_secret_that_was_never_filled(own: RunningStack) -> None:
    own.client("secretsmanager").create_secret(Name="expunge/empty/sources")
    target = Target("empty", "expunge/empty/sources", own["functions"]["api"], own.client)
    held, version = sources.read(target)
    assert held == {}
    sources.write(target, {"erp": {"keys": [own.keys[0]]}}, "erp", version)
    assert list(sources.read(target)[0]) == ["erp"]


def test_nothing_runs_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "keys", "list"],
        cwd=ROOT,
        env={**os.environ, "LOCAL_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "start a local stack with make up" in done.stderr
