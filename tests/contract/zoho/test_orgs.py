"""Orgs by name: a secret is enough, is kept for a while, and is read again when credentials are refused."""

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters.secrets import Secret
from chalicelib.adapters.zoho import orgs as zoho_orgs
from chalicelib.adapters.zoho.orgs import ZohoOrgs
from chalicelib.adapters.zoho.token import Tools
from chalicelib.domain.errors import SecretUnusable, Unavailable
from tests.contract.zoho.kit import PREFIX, Bench, Leases, SmallServer, credentials


def test_a_new_org_is_a_new_secret(bench: Bench, server: SmallServer) -> None:
    orgs = bench.orgs()
    assert orgs("default", bench.clock() + 20).org.name == "default"
    with pytest.raises(SecretUnusable, match="other: ResourceNotFoundException"):
        orgs("other", bench.clock() + 20)
    bench.secrets.put(f"{PREFIX}other", credentials(server.url, api_version="v8", refresh_token="1000.Z"))
    other = orgs("other", bench.clock() + 20)
    assert other.count("Leads").status == 200
    assert other.org.api_version == "v8"
    assert f"{PREFIX}other/token" in bench.secrets.values
    assert f"{PREFIX}default/token" not in bench.secrets.values


def test_a_secret_is_kept_for_the_configured_time(bench: Bench) -> None:
    orgs = bench.orgs()
    for _ in range(3):
        orgs("default", bench.clock() + 20)
    assert bench.secrets.reads == [f"{PREFIX}default"]
    bench.orgs(api_version="v8")
    assert orgs("default", bench.clock() + 20).org.api_version == "v7"
    bench.clock.ahead += 301
    assert orgs("default", bench.clock() + 20).org.api_version == "v8"


def test_an_unchanged_secret_keeps_connections_and_token(bench: Bench, server: SmallServer) -> None:
    orgs = bench.orgs()
    for _ in range(3):
        orgs("default", bench.clock() + 20).count("Leads")
        bench.clock.ahead += 301
    assert (server.tokens, server.connections) == (1, 1)


@pytest.mark.parametrize("text", ["", "{}", "nonsense"])
def test_a_malformed_secret_is_refused_with_its_name(bench: Bench, text: str) -> None:
    orgs = bench.orgs()
    bench.secrets.values[f"{PREFIX}default"] = text
    with pytest.raises(SecretUnusable, match="zoho/default"):
        orgs("default", bench.clock() + 20)


@pytest.mark.parametrize("name", ["", "../sources", "a/b", "default/token", "x" * 65])
def test_a_name_that_is_none_reads_nothing(bench: Bench, name: str) -> None:
    with pytest.raises(SecretUnusable):
        bench.orgs()(name, bench.clock() + 20)
    assert bench.secrets.reads == []


def test_secrets_manager_out_of_reach_is_no_verdict_on_the_secret(bench: Bench) -> None:
    orgs = bench.orgs()
    bench.secrets.down = True
    with pytest.raises(Unavailable) as caught:
        orgs("default", bench.clock() + 20)
    assert not isinstance(caught.value, SecretUnusable)


def test_refused_credentials_do_not_read_the_secret_without_end(bench: Bench, server: SmallServer) -> None:
    server.token_answer = lambda: (200, b'{"error": "invalid_code"}')
    orgs = bench.orgs()
    orgs("default", bench.clock() + 20)
    bench.clock.ahead += 10
    for _ in range(10):
        orgs("default", bench.clock() + 20).count("Leads")
    assert bench.secrets.reads.count(f"{PREFIX}default") == 2


def test_the_orgs_read_longest_ago_are_let_go_with_their_connections(
    bench: Bench, server: SmallServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a worker of a stage with many orgs runs out of file descriptors, of which Lambda gives it 1,024."""
    monkeypatch.setattr(zoho_orgs, "MOST_ORGS", 5)
    orgs = bench.orgs()
    names = [f"org-{n}" for n in range(6)]

    def ask(name: str) -> int:
        """How many connections a call takes."""
        before = server.connections
        assert orgs(name, bench.clock() + 20).read("Leads", ["1"]).status == 200
        return server.connections - before

    for name in names:
        bench.secrets.put(f"{PREFIX}{name}", credentials(server.url))
        assert ask(name) == 1
        bench.clock.ahead += 0.1
    assert ask(names[-1]) == 0
    assert ask(names[1]) == 0
    assert ask(names[0]) == 1
    assert ask(names[1]) == 1


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "InvalidRequestException", "DecryptionFailure"]
)
def test_both_readers_of_secrets_take_the_same_answers_for_the_secrets_fault(code: str) -> None:
    class Manager:
        def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "GetSecretValue")

    tools = Tools(lambda: 0.0, lambda _: None, lambda: 0.5, "worker")
    orgs = ZohoOrgs(Manager(), zoho_orgs.Stage(PREFIX, 300), Leases(), tools)
    api_secret = Secret(f"{PREFIX}default", Manager, 300, lambda: 0.0)
    for read in (lambda: orgs("default", 20.0), api_secret.value):
        with pytest.raises(SecretUnusable, match=f"zoho/default: {code}"):
            read()
