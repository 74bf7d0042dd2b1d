"""`expunge setup` on a running stack, with a simulator of its own in Zoho's place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

import simulator
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.zoho.org_secret import parse_org
from chalicelib.adapters.zoho.token_store import made_for
from cli.__main__ import main
from local.running import RunningStack
from simulator import Server, SimClock

pytestmark = pytest.mark.stack

SECRET = "canary-client-secret-7f31"
GOOD = {"ZOHO_CLIENT_SECRET": SECRET}
READS = ["ZohoCRM.org.READ", "ZohoCRM.users.READ", "ZohoCRM.coql.READ", "ZohoSearch.securesearch.READ"]
SCOPES = [*READS, "ZohoCRM.modules.ALL", "ZohoCRM.mass_delete.ALL", "ZohoCRM.settings.ALL"]
Setup = Callable[..., Result]


@pytest.fixture(scope="module")
def zoho() -> Iterator[Server]:
    with simulator.running(clock=SimClock()) as server:
        yield server


@pytest.fixture
def org(request: pytest.FixtureRequest) -> str:
    """An org of the test's own: nobody else reads its secret."""
    return f"setup-{abs(hash(request.node.name)) % 10**9}"


@pytest.fixture
def expunge(stack: RunningStack, zoho: Server, org: str, tmp_path: Path) -> Setup:
    (tmp_path / "stack.json").write_text(json.dumps(stack.described), encoding="utf-8")

    def run(*words: str, typed: str | None = None, hosts: bool = True, **secrets: str) -> Result:
        where = ["--accounts-url", zoho.url, "--api-url", zoho.url] if hosts else []
        blank = dict.fromkeys(("ZOHO_CLIENT_SECRET", "ZOHO_GRANT_CODE", "ZOHO_REFRESH_TOKEN"))
        env = {"LOCAL_DIR": str(tmp_path), **blank, **secrets}
        words = ("setup", "--org", org, "--client-id", "1000.SETUP", *where, *words)
        done = CliRunner().invoke(main, list(words), env=env, input=typed)
        for each in (SECRET, *secrets.values()):
            assert each not in done.output, "a secret was shown"
        return done

    return run


def code(zoho: Server, scopes: list[str] | None = None, **more: Any) -> str:
    answer = requests.post(f"{zoho.url}/_sim/grants", json={"scopes": scopes or SCOPES, **more}, timeout=60)
    return str(answer.json()["code"])


def held(stack: RunningStack, org: str) -> dict[str, Any]:
    answer = stack.client("secretsmanager").get_secret_value(SecretId=f"expunge/local/zoho/{org}")
    found: dict[str, Any] = json.loads(answer["SecretString"])
    return found


def absent(stack: RunningStack, org: str) -> bool:
    client = stack.client("secretsmanager")
    try:
        client.describe_secret(SecretId=f"expunge/local/zoho/{org}")
    except client.exceptions.ResourceNotFoundException:
        return True
    return False


def tokens_granted(zoho: Server) -> int:
    return int(requests.get(f"{zoho.url}/_sim/state", timeout=60).json()["tokens"]["granted"])


def test_from_the_code_to_the_secret_and_again(
    stack: RunningStack, zoho: Server, org: str, expunge: Setup
) -> None:
    done = expunge("--module", "Leads", "--yes", ZOHO_GRANT_CODE=code(zoho), **GOOD)
    assert done.exit_code == 0, done.output
    for words in (
        "api-console.zoho.com",
        "Generate Code",
        "ZohoCRM.modules.leads.DELETE,",
        "Zylker",
        "stored;",
    ):
        assert words in done.output
    first = held(stack, org)
    assert first["client_secret"] == SECRET
    assert first["refresh_token"] not in done.output

    secrets = stack.client("secretsmanager")
    name = f"expunge/local/zoho/{org}"
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps({**first, "concurrency": 3}))
    again = json.loads(expunge("--json", "--yes").stdout)
    assert (again["stored"], again["changes"], again["problems"]) == (False, [], [])
    assert again["organisation"]["name"] == "Zylker"
    assert again["scopes"]["missing"] == []

    changed = json.loads(expunge("--json", "--yes", "--api-version", "v8", ZOHO_GRANT_CODE=code(zoho)).stdout)
    assert [each["field"] for each in changed["changes"]] == ["api_version", "refresh_token"]
    now = held(stack, org)
    assert (now["concurrency"], now["api_version"]) == (3, "v8")
    assert now["refresh_token"] != first["refresh_token"]


def test_prompts_ask_without_echo(stack: RunningStack, zoho: Server, org: str, expunge: Setup) -> None:
    made = code(zoho)
    done = expunge(typed=f"eu\n{SECRET}\n{made}\ny\n")
    assert done.exit_code == 0, done.output
    assert "https://api-console.zoho.eu" in done.output
    assert made not in done.output
    assert (held(stack, org)["client_secret"], held(stack, org)["data_center"]) == (SECRET, "eu")
    kept = expunge(typed="\n")  # empty: the stored refresh token stays
    assert kept.exit_code == 0, kept.output
    assert "nothing to change" in kept.output


def test_secrets_from_a_file_and_a_refresh_token_that_is_there(
    stack: RunningStack, org: str, expunge: Setup, tmp_path: Path
) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"client_secret": SECRET, "refresh_token": "1000.there.already"}))
    done = expunge("--secrets-file", str(file), "--json", "--yes")
    assert done.exit_code == 0, done.output
    assert held(stack, org)["refresh_token"] == "1000.there.already"
    typed = json.dumps({"client_secret": SECRET, "refresh_token": "1000.of.stdin"})
    assert expunge("--secrets-file", "-", "--json", "--yes", typed=typed).exit_code == 0
    assert held(stack, org)["refresh_token"] == "1000.of.stdin"


def test_a_dry_run_spends_and_stores_nothing(
    stack: RunningStack, zoho: Server, org: str, expunge: Setup
) -> None:
    made, before = code(zoho), tokens_granted(zoho)
    done = expunge("--dry-run", "--json", ZOHO_GRANT_CODE=made, **GOOD)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["stored"], said["checked"]) == (False, False)
    assert {"field": "refresh_token", "before": "-", "after": "(new)"} in said["changes"]
    assert tokens_granted(zoho) == before
    assert absent(stack, org)
    assert expunge("--yes", ZOHO_GRANT_CODE=made, **GOOD).exit_code == 0


@pytest.mark.parametrize(
    ("words", "secrets", "exit_code", "says"),
    [
        (["--client-id", "2000.X"], GOOD, 3, ["invalid_client", "another data centre", "--data-center"]),
        ([], {"ZOHO_CLIENT_SECRET": "wrong"}, 3, ["invalid_client_secret", "Client Secret"]),
        (
            [],
            {**GOOD, "ZOHO_GRANT_CODE": "1000.never.made"},
            3,
            ["invalid_code", "used before", "Generate Code"],
        ),
        (
            [],
            {**GOOD, "ZOHO_REFRESH_TOKEN": "1000.revoked"},
            3,
            ["invalid_code", "revoked", "new grant code"],
        ),
        (["--accounts-url", "http://127.0.0.1:1"], GOOD, 1, ["no_answer", "127.0.0.1:1", "status.zoho.com"]),
        (["--accounts-url", "http://zoho.test"], GOOD, 3, ["must be https"]),
    ],
)
def test_what_zoho_refuses_and_the_next_step(
    stack: RunningStack, org: str, expunge: Setup, words: list[str], secrets: dict[str, str], exit_code: int,
    says: list[str],
) -> None:  # fmt: skip
    one = {"ZOHO_REFRESH_TOKEN": "1000.given"} if "ZOHO_GRANT_CODE" not in secrets else {}
    done = expunge(*words, "--yes", **{**one, **secrets})
    assert done.exit_code == exit_code, done.output
    assert not [each for each in says if each not in done.output], done.output
    assert absent(stack, org)


def test_too_many_tokens(stack: RunningStack, zoho: Server, org: str, expunge: Setup) -> None:
    form = {"grant_type": "refresh_token", "client_id": "1000.SETUP", "client_secret": SECRET}
    for _ in range(10):
        requests.post(f"{zoho.url}/oauth/v2/token", data={**form, "refresh_token": "1000.often"}, timeout=60)
    done = expunge("--yes", ZOHO_REFRESH_TOKEN="1000.often", **GOOD)
    assert done.exit_code == 3
    assert "wait ten minutes without trying again" in done.output
    assert absent(stack, org)


def test_a_block_that_the_service_met_is_not_made_longer(
    stack: RunningStack, zoho: Server, org: str, expunge: Setup
) -> None:
    given = {"ZOHO_REFRESH_TOKEN": "1000.shared", **GOOD}
    assert expunge("--yes", **given).exit_code == 0
    parsed = parse_org(org, json.dumps(held(stack, org)), custom_hosts=True)
    table = Table(stack["table_name"], lambda: stack.client("dynamodb"))
    table.block_tokens(org, made_for(parsed), time.time() + 329)
    before = tokens_granted(zoho)
    done = expunge("--yes", **given)
    assert (done.exit_code, tokens_granted(zoho)) == (3, before)
    assert "wait 6 minutes" in done.output


def test_the_refresh_token_of_a_spent_code_is_not_lost(
    stack: RunningStack, zoho: Server, org: str, expunge: Setup
) -> None:
    def most(tokens: int) -> None:
        requests.post(f"{zoho.url}/_sim/settings", json={"tokens_per_window": tokens}, timeout=60)

    most(1)  # the exchange takes it
    try:
        done = expunge("--yes", ZOHO_GRANT_CODE=code(zoho), **GOOD)
    finally:
        most(10)
    assert done.exit_code == 0, done.output
    assert "could not be tried (Access Denied)" in done.output
    assert held(stack, org)["refresh_token"].startswith("1000.")


def test_an_ended_code(zoho: Server, expunge: Setup) -> None:
    made = code(zoho, minutes=1)
    requests.post(f"{zoho.url}/_sim/clock", json={"advance_seconds": 60}, timeout=60)
    done = expunge("--json", "--yes", ZOHO_GRANT_CODE=made, **GOOD)
    assert (done.exit_code, json.loads(done.stdout)["problems"][0]["code"]) == (3, "invalid_code")


def test_missing_scopes_are_not_stored(stack: RunningStack, zoho: Server, org: str, expunge: Setup) -> None:
    few = [*READS, "ZohoCRM.modules.leads.ALL", "ZohoCRM.mass_delete.leads.DELETE"]
    done = expunge("--module", "Leads", "--json", "--yes", ZOHO_GRANT_CODE=code(zoho, few), **GOOD)
    assert done.exit_code == 3
    said = json.loads(done.stdout)
    assert said["scopes"]["missing"] == [
        "ZohoCRM.mass_delete.leads.READ", "ZohoCRM.settings.custom_views.READ"
    ]  # fmt: skip
    assert absent(stack, org)
    words = ("--module", "Leads", "--json", "--yes", "--anyway")
    assert expunge(*words, ZOHO_GRANT_CODE=code(zoho, few), **GOOD).exit_code == 0
    assert held(stack, org)


@pytest.mark.parametrize(
    ("api_domain", "says"),
    [
        ("https://www.zohoapis.eu", "lives in data centre eu"),
        ("https://sandbox.zohoapis.com", "of the sandbox environment"),
    ],
)
def test_another_data_centre(zoho: Server, expunge: Setup, api_domain: str, says: str) -> None:
    answer = {"access_token": "1000.a.b", "api_domain": api_domain, "expires_in": 3600, "scope": "x"}
    fault = {"kind": "reply", "path": "/oauth/v2/token", "status": 200, "body": answer, "times": 1}
    requests.post(f"{zoho.url}/_sim/faults", json=[fault], timeout=60)
    done = expunge("--yes", ZOHO_REFRESH_TOKEN="1000.elsewhere", **GOOD)
    assert done.exit_code == 3
    assert says in done.output


def test_scopes_that_the_answer_does_not_name_are_tried(zoho: Server, expunge: Setup) -> None:
    token = requests.post(
        f"{zoho.url}/oauth/v2/token",
        data={
            "grant_type": "authorization_code", "client_id": "1000.SETUP", "client_secret": SECRET,
            "code": code(zoho, [*READS, "ZohoCRM.modules.leads.READ"]),
        },
        timeout=60,
    ).json()["access_token"]  # fmt: skip
    answer = {"access_token": token, "api_domain": zoho.url, "expires_in": 3600}
    fault = {"kind": "reply", "path": "/oauth/v2/token", "status": 200, "body": answer, "times": 1}
    requests.post(f"{zoho.url}/_sim/faults", json=[fault], timeout=60)
    done = expunge("--module", "Leads", "--json", "--yes", ZOHO_REFRESH_TOKEN="1000.silent", **GOOD)
    scopes = json.loads(done.stdout)["scopes"]
    assert scopes["missing"] == ["ZohoCRM.mass_delete.leads.READ", "ZohoCRM.settings.custom_views.READ"]
    assert scopes["unseen"] == [
        "ZohoCRM.modules.leads.DELETE", "ZohoCRM.mass_delete.leads.DELETE", "ZohoSearch.securesearch.READ"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--json"], "--json asks nothing"),
        (["--json", "--yes"], "client secret is missing: give ZOHO_CLIENT_SECRET, or --secrets-file"),
        (["--org", "../x", "--yes"], "must match"),
        (["--stage", "dev", "--yes"], "for the local stage only"),
        (["--data-center", "mars"], "'mars' is not one of"),
    ],
)
def test_what_is_not_understood(expunge: Setup, words: list[str], says: str) -> None:
    done = expunge(*words)
    assert done.exit_code == 2, done.output
    assert says in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["--accounts-url", "https://accounts.zoho.eu"],
        ["--api-url", "https://www.zohoapis.com"],
        ["--api-url", "https://sandbox.zohoapis.in:443/"],
        ["--accounts-url", "https://accounts.zoho.com", "--api-url", "https://www.zohoapis.com", "--anyway"],
    ],
)
def test_a_local_stage_is_never_connected_with_zoho_itself(
    stack: RunningStack, org: str, expunge: Setup, words: list[str]
) -> None:
    done = expunge(*words, "--yes", ZOHO_GRANT_CODE="1000.spent-by-nobody", **GOOD)
    assert done.exit_code == 3, done.output
    assert "the local stage works with a simulator, never with Zoho itself" in done.output
    assert absent(stack, org)


def test_what_a_local_stage_has_stored_by_hand_leads_to_zoho_no_more(
    stack: RunningStack, org: str, expunge: Setup, zoho: Server
) -> None:
    by_hand = {"client_id": "1000.SETUP", "api_url": zoho.url}
    stack.client("secretsmanager").create_secret(
        Name=f"expunge/local/zoho/{org}", SecretString=json.dumps(by_hand)
    )
    done = expunge("--yes", hosts=False, ZOHO_GRANT_CODE="1000.spent-by-nobody", **GOOD)
    assert done.exit_code == 3, done.output
    assert "no accounts_url, which means Zoho's own" in done.output
