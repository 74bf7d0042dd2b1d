"""The token broker: one refresh for all, the old token while it lasts, nobody asks while Zoho says wait."""

import json
import threading
import time
from dataclasses import replace

import pytest

from chalicelib.adapters.zoho.token import Broker
from chalicelib.adapters.zoho.token_store import SecretTokenStore, Token, made_for
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.zoho.reply import Reply
from tests.contract.zoho.kit import PREFIX, Bench, Leases, SmallServer

DENIED = b'{"error": "Access Denied", "error_description": "too many requests", "status": "failure"}'


def broker_of(bench: Bench, owner: str = "worker") -> Broker:
    return bench.orgs(owner)._link("default").broker


def token_of(answer: Token | Reply) -> Token:
    assert isinstance(answer, Token), answer
    return answer


def refusal_of(answer: Token | Reply) -> tuple[str, float | None]:
    assert isinstance(answer, Reply)
    assert answer.sent is False
    return (answer.error.code if answer.error else "", answer.retry_after)


def soon(bench: Bench) -> float:
    return bench.clock() + 20


def test_fifty_cold_workers_cause_one_refresh(bench: Bench, server: SmallServer) -> None:
    bench.nap = lambda seconds: time.sleep(seconds / 10)
    bench.orgs()
    brokers = [broker_of(bench, f"worker-{n}") for n in range(50)]
    gate = threading.Barrier(50)
    found: list[Token | Reply] = []

    def work(broker: Broker) -> None:
        gate.wait()
        found.append(broker.token(soon(bench)))

    threads = [threading.Thread(target=work, args=(broker,)) for broker in brokers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {token_of(each).value for each in found} == {"1000.t1"}
    assert server.tokens == 1


def test_fifty_workers_with_one_dead_token_cause_one_refresh(bench: Bench, server: SmallServer) -> None:
    bench.nap = lambda seconds: time.sleep(seconds / 10)
    brokers = [broker_of(bench, f"worker-{n}") for n in range(50)]
    dead = [token_of(broker.token(soon(bench))) for broker in brokers]
    gate = threading.Barrier(50)
    found: list[Token | Reply] = []

    def work(number: int) -> None:
        gate.wait()
        found.append(brokers[number].renew(dead[number], soon(bench)))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {token_of(each).value for each in found} == {"1000.t2"}
    assert server.tokens == 2


def test_a_token_is_kept_in_memory_and_shared_through_the_secret(bench: Bench, server: SmallServer) -> None:
    first = broker_of(bench, "a")
    assert token_of(first.token(soon(bench))) == token_of(first.token(soon(bench)))
    reads = len(bench.secrets.reads)
    first.token(soon(bench))
    assert len(bench.secrets.reads) == reads
    assert token_of(broker_of(bench, "b").token(soon(bench))).value == "1000.t1"
    assert server.tokens == 1
    assert bench.stored()["access_token"] == "1000.t1"


def test_a_changed_org_secret_drops_the_old_token(bench: Bench, server: SmallServer) -> None:
    broker_of(bench).token(soon(bench))
    bench.orgs(refresh_token="1000.other")
    assert token_of(broker_of(bench).token(soon(bench))).value == "1000.t2"


def test_renewal_is_early_and_at_different_moments(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    broker.token(soon(bench))
    bench.clock.ahead += 3600 - 460  # chance is 0.5: renewed 450 s before the end
    assert token_of(broker.token(soon(bench))).value == "1000.t1"
    bench.clock.ahead += 20
    assert token_of(broker.token(soon(bench))).value == "1000.t2"


def test_others_go_on_with_the_old_token_while_one_refreshes(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    broker.token(soon(bench))
    bench.clock.ahead += 3600 - 200
    assert bench.leases.take("default", "TOKEN", "somebody", bench.clock(), bench.clock() + 20)
    assert token_of(broker.token(soon(bench))).value == "1000.t1"
    assert (server.tokens, bench.naps) == (1, [])


def test_a_dead_holder_of_the_lease_is_overtaken(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    bench.leases.take("default", "TOKEN", "dead", bench.clock(), bench.clock() + 3)
    bench.nap = lambda _: setattr(bench.clock, "ahead", bench.clock.ahead + 1)
    assert token_of(broker.token(soon(bench))).value == "1000.t1"


def test_waiting_has_an_end(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    bench.leases.take("default", "TOKEN", "slow", bench.clock(), bench.clock() + 1000)
    bench.nap = lambda seconds: setattr(bench.clock, "ahead", bench.clock.ahead + seconds)
    assert refusal_of(broker.token(bench.clock() + 5))[0] == "OUT_OF_TIME"
    assert sum(bench.naps) <= 5
    assert server.tokens == 0


def test_only_the_stored_token_is_renewed(bench: Bench, server: SmallServer) -> None:
    slow, quick = broker_of(bench, "slow"), broker_of(bench, "quick")
    old = token_of(slow.token(soon(bench)))
    quick.token(soon(bench))
    quick.renew(old, soon(bench))
    assert server.tokens == 2
    assert token_of(slow.renew(old, soon(bench))).value == "1000.t2"
    assert token_of(slow.renew(old, soon(bench))).value == "1000.t2"
    assert server.tokens == 2


@pytest.mark.parametrize("status", [200, 400])
def test_access_denied_is_remembered_for_everybody(bench: Bench, server: SmallServer, status: int) -> None:
    server.token_answer = lambda: (status, DENIED)
    assert refusal_of(broker_of(bench, "a").token(soon(bench))) == ("Access Denied", 600.0)
    code, wait = refusal_of(broker_of(bench, "b").token(soon(bench)))
    assert code == "Access Denied"
    assert wait is not None
    assert 590 < wait <= 600
    assert server.tokens == 1
    bench.clock.ahead += 601
    server.token_answer = None
    assert token_of(broker_of(bench, "b").token(soon(bench))).value == "1000.t2"


def test_new_credentials_are_not_blocked_by_what_the_old_ones_did(bench: Bench, server: SmallServer) -> None:
    server.token_answer = lambda: (200, DENIED)
    broker_of(bench).token(soon(bench))
    server.token_answer = None
    bench.orgs(refresh_token="1000.other")
    assert isinstance(broker_of(bench).token(soon(bench)), Token)


#: Secrets Manager removes no version that is younger than a day, and a secret has about 100.
MOST_VERSIONS = 100


def test_a_day_without_a_token_makes_no_version_of_the_secret(bench: Bench, server: SmallServer) -> None:
    server.token_answer = lambda: (200, DENIED)
    for minute in range(24 * 60):
        broker_of(bench, f"worker-{minute}").token(soon(bench))
        bench.clock.ahead += 60
    assert server.tokens == 24 * 6
    assert bench.secrets.versions == []


@pytest.mark.parametrize("workers", [1, 7])
def test_a_day_of_tokens_that_the_crm_refuses_makes_fewer_versions_than_a_secret_may_have(
    bench: Bench, server: SmallServer, workers: int
) -> None:
    brokers = [broker_of(bench, f"worker-{n}") for n in range(workers)]
    for n in range(24 * 60):
        broker = brokers[n % workers]
        token = broker.token(soon(bench))
        if isinstance(token, Token):
            broker.renew(token, soon(bench))
        bench.clock.ahead += 60
    assert server.tokens == len(bench.secrets.versions) < MOST_VERSIONS - 24


def test_access_denied_does_not_hurt_while_the_old_token_is_good(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    broker.token(soon(bench))
    bench.clock.ahead += 3600 - 200
    server.token_answer = lambda: (200, DENIED)
    for each in (broker, broker_of(bench, "other")):
        assert token_of(each.token(soon(bench))).value == "1000.t1"
    assert server.tokens == 2
    assert bench.stored()["access_token"] == "1000.t1"


@pytest.mark.parametrize("code", ["invalid_code", "invalid_client", "invalid_client_secret", "brand_new"])
def test_refused_credentials_are_told_and_not_asked_about_at_once_again(
    bench: Bench, server: SmallServer, code: str
) -> None:
    server.token_answer = lambda: (200, json.dumps({"error": code}).encode())
    broker = broker_of(bench)
    for _ in range(3):
        assert refusal_of(broker.token(soon(bench)))[0] == code
    assert server.tokens == 1
    bench.clock.ahead += 10
    broker.token(soon(bench))
    assert server.tokens == 2


@pytest.mark.parametrize(
    "answer",
    [
        (502, b"<html>"),
        (200, b""),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"access_token": ""}'),
        (200, b'{"access_token": "a\\r\\nX-Evil: 1"}'),
        (200, b'{"access_token": 7}'),
        (302, b""),
        None,
    ],
)
def test_any_other_answer_is_no_token(
    bench: Bench, server: SmallServer, answer: tuple[int, bytes] | None
) -> None:
    server.token_answer = lambda: answer
    code, _ = refusal_of(broker_of(bench).token(soon(bench)))
    assert code in ("NOT_SENT", "UNREADABLE_ANSWER")


def test_an_early_refresh_that_fails_leaves_the_old_token(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    broker.token(soon(bench))
    bench.clock.ahead += 3600 - 200
    server.token_answer = lambda: (502, b"")
    for _ in range(3):
        assert token_of(broker.token(soon(bench))).value == "1000.t1"
    assert server.tokens == 2


def test_tokens_that_are_refused_at_once_are_not_asked_for_without_end(
    bench: Bench, server: SmallServer
) -> None:
    broker = broker_of(bench)
    asked = []
    for second in range(0, 600, 5):
        token = token_of(broker.token(soon(bench)))
        broker.renew(token, soon(bench))
        asked.append((second, server.tokens))
        bench.clock.ahead += 5
    assert server.tokens < 10


def test_a_token_that_was_accepted_is_renewed_at_once(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    for number in range(1, 6):
        token = token_of(broker.token(soon(bench)))
        broker.accepted(token)
        assert token_of(broker.renew(token, soon(bench))).value == f"1000.t{number + 1}"


def test_without_secrets_manager_a_good_token_still_serves(bench: Bench, server: SmallServer) -> None:
    broker = broker_of(bench)
    broker.token(soon(bench))
    bench.clock.ahead += 3600 - 200
    bench.secrets.down = True
    assert token_of(broker.token(soon(bench))).value == "1000.t1"
    bench.clock.ahead += 3600
    assert refusal_of(broker.token(soon(bench)))[0] == "NOT_SENT"


def test_what_lies_in_the_secret_may_be_anything(bench: Bench, server: SmallServer) -> None:
    for rubbish in ("", "null", "[]", '{"made_for": 1}', '{"access_token": "x"}'):
        bench.secrets.values[f"{PREFIX}default/token"] = rubbish
        assert token_of(broker_of(bench).token(soon(bench))).value.startswith("1000.t")


def test_a_token_does_not_show_in_its_text() -> None:
    token = Token("1000.secret", "https://www.zohoapis.com", 1.0, 0.0)
    assert "secret" not in repr(replace(token, refusals=1))


@pytest.mark.parametrize("key", ["", "arn:aws:kms:us-east-1:1:key/own"])
def test_the_secret_that_is_made_is_encrypted_with_the_stages_key(bench: Bench, key: str) -> None:
    SecretTokenStore(bench.secrets, f"{PREFIX}default/token", key).write({"token": "1000.x"})
    assert bench.secrets.encrypted == {f"{PREFIX}default/token": key}


class OtherVersion(Leases):
    """Leases with a block of tokens that another version wrote. `blocked`: what is written in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked: list[float] = []

    def tokens_blocked_until(self, org: str, made_for: str) -> float:
        if not self.blocked:
            raise Unreadable(f"org {org}", "TOKEN_BLOCK: KeyError")
        return super().tokens_blocked_until(org, made_for)

    def block_tokens(self, org: str, made_for: str, until: float) -> None:
        self.blocked.append(until)
        super().block_tokens(org, made_for, until)


def test_a_block_of_another_version_is_set_aside_and_a_token_is_asked_for(
    bench: Bench, server: SmallServer
) -> None:
    table, told = OtherVersion(), list[tuple[str, object]]()
    bench.leases = table
    bench.report = lambda event, **fields: told.append((event, fields["item"]))
    assert token_of(broker_of(bench).token(soon(bench))).value == "1000.t1"
    assert (table.blocked, server.tokens, told) == ([0.0], 1, [("set_aside", "org default")])


@pytest.mark.parametrize("ahead", [1e9, 1e120, float("inf"), float("nan")])
def test_a_block_that_would_last_for_ever_is_set_aside_and_a_token_is_asked_for(
    bench: Bench, server: SmallServer, ahead: float
) -> None:
    table, told = OtherVersion(), list[tuple[str, object]]()
    bench.leases = table
    bench.report = lambda event, **fields: told.append((event, fields["item"]))
    broker = broker_of(bench)
    table.block_tokens("default", made_for(broker._org), bench.clock() + ahead)
    assert token_of(broker.token(soon(bench))).value == "1000.t1"
    assert (table.blocked[1:], server.tokens, told) == ([0.0], 1, [("set_aside", "org default")])


@pytest.mark.parametrize(
    "wrong",
    [{"expires_at": 9e9}, {"made_at": 9e9, "expires_at": 9e9 + 60}, {"expires_at": float("nan")}],
    ids=str,
)
def test_a_stored_token_whose_times_cannot_be_true_is_made_anew(
    bench: Bench, server: SmallServer, wrong: dict[str, object]
) -> None:
    first = token_of(broker_of(bench).token(soon(bench)))
    bench.secrets.put_secret_value(
        SecretId=f"{PREFIX}default/token", SecretString=json.dumps({**bench.stored(), "refusals": 1, **wrong})
    )
    other = broker_of(bench, "other")
    assert token_of(other.token(soon(bench))).value == "1000.t2"
    assert token_of(other.renew(first, soon(bench))).value == "1000.t2"
    assert server.tokens == 2
