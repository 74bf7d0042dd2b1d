"""`expunge send` against a service that fails: nothing is lost, nothing is asked for twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import http
from cli.__main__ import main
from cli.sending import command, journal
from cli.sending.ids_file import Broken
from cli.sending.request import MOST_BYTES, Wanted, from_json
from cli.target import Refused
from local.filling import new_key
from local.settings import ROOT
from tests.cli.service import Service, document, running

KEY = new_key()
Send = Callable[..., Result]


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as made:
        yield made


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the command makes, without the time they take."""
    pauses: list[float] = []
    retries = http.RetryPolicy(sleep=pauses.append)
    monkeypatch.setattr(command, "RetryPolicy", lambda: retries)
    return pauses


@pytest.fixture
def send(service: Service, slept: list[float]) -> Send:
    def run(*words: str, stdin: bytes | None = None) -> Result:
        given = ["send", *words, "--url", service.url, "--source", "erp"]
        return CliRunner().invoke(main, given, input=stdin, env={"EXPUNGE_KEY": KEY})

    assert slept == []
    return run


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    file = tmp_path / "leads.csv"
    file.write_text("Record Id,Name\n" + "".join(f"zcrm_{n},Row {n}\n" for n in range(1, 26)))
    return file


def asked_for(service: Service) -> list[str]:
    """Every id that the service has accepted, in the order of the requests."""
    return [each for _, body in service.taken.values() for each in body["ids"]]


ALL = [str(n) for n in range(1, 26)]


def test_a_file_goes_in_parts_and_is_sent_once(service: Service, send: Send, leads: Path) -> None:
    done = send("Leads", "--ids", str(leads), "--chunk", "10", "--reference", "t 1", "--json")
    assert done.exit_code == 0, done.output
    assert [len(body["ids"]) for _, body in service.taken.values()] == [10, 10, 5]
    assert asked_for(service) == ALL
    assert {body["reference"] for _, body in service.taken.values()} == {"t 1"}
    told = json.loads(done.stdout)
    assert (len(told["requests"]), told["ids"], told["state"]) == (3, 25, f"{leads}.expunge")
    again = send("Leads", "--ids", str(leads), "--reference", "t 1")
    assert (again.exit_code, len(service.tries)) == (7, 3)
    assert again.stdout.startswith("0 sent now, all of it was accepted before on 20")


def test_trouble_is_tried_again_under_the_same_id(service: Service, send: Send, slept: list[float]) -> None:
    service.troubles = [
        (503, {"Retry-After": "7"}, {"error": {"code": "unavailable", "message": "later"}}),
        (429, {}, {"message": "Too Many Requests"}),
        (0, {}, None),
        (0, {"lost": "yes"}, None),
        (502, {"Retry-After": "3600"}, "no JSON"),
    ]
    done = send("Leads", "7", "--json")
    assert done.exit_code == 0, done.output
    assert len(set(service.tries)) == 1
    assert len(service.tries) == 6
    assert list(service.taken) == service.tries[:1]
    assert json.loads(done.stdout)["requests"][0]["replayed"] is True
    assert (slept[0], slept[4]) == (7.0, 60.0)
    assert all(0.5 < pause <= 8 for pause in slept[1:4])


def test_the_tries_are_bounded_and_the_same_command_goes_on(
    service: Service, send: Send, leads: Path, slept: list[float]
) -> None:
    service.when_sent = lambda n: (
        service.troubles.extend([(503, {}, {"error": {"code": "unavailable", "message": "later"}})] * 8)
        if n == 2
        else None
    )
    words = ("Leads", "--ids", str(leads), "--chunk", "10")
    done = send(*words)
    assert (done.exit_code, len(slept)) == (1, 7)
    assert "1 of 3 requests are accepted (10 ids), request 2 is in doubt." in done.stderr
    assert "after 8 tries" in done.stderr
    service.when_sent = lambda _: None
    assert send(*words).exit_code == 0
    assert asked_for(service) == ALL
    assert len(set(service.tries)) == 3


def test_a_refusal_names_the_line_and_keeps_what_was_accepted(
    service: Service, send: Send, leads: Path
) -> None:
    fields = [{"path": "/ids/2", "problem": "is odd"}]
    refusal = {"error": {"code": "invalid_request", "message": "not valid", "fields": fields}}
    service.when_sent = lambda n: service.troubles.append((400, {}, refusal)) if n == 2 else None
    done = send("Leads", "--ids", str(leads), "--chunk", "10")
    assert done.exit_code == 3
    assert f"{leads}: line 14" in done.stderr
    assert "1 of 3 requests are accepted (10 ids).\n" in done.stderr
    assert len(journal.read(Path(f"{leads}.expunge")).answers) == 1


def test_a_killed_sender_and_a_torn_line_lose_nothing(service: Service, send: Send, leads: Path) -> None:
    """The process is killed while the service works on the second request, whose answer nobody hears."""
    words = ["send", "Leads", "--ids", str(leads), "--chunk", "10", "--url", service.url, "--source", "erp"]
    env = {**os.environ, "EXPUNGE_KEY": KEY}
    process = subprocess.Popen([sys.executable, "-m", "cli", *words], cwd=ROOT, env=env)
    service.when_sent = lambda n: process.kill() if n == 2 else None
    assert process.wait(timeout=180) == -signal.SIGKILL
    service.when_sent = lambda _: None
    kept = Path(f"{leads}.expunge")
    with kept.open("ab") as sink:
        sink.write(b'{"answer":{"part":2,"id":"del_0')
    done = send("Leads", "--ids", str(leads), "--chunk", "10")
    assert done.exit_code == 0, done.output
    assert asked_for(service) == ALL
    assert len(set(service.tries)) == 3
    assert kept.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_says_what_is_known(service: Service, leads: Path) -> None:
    words = ["send", "Leads", "--ids", str(leads), "--chunk", "10", "--url", service.url, "--source", "erp"]
    env = {**os.environ, "EXPUNGE_KEY": KEY}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", *words], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
    )
    service.when_sent = lambda n: process.send_signal(signal.SIGINT) if n == 2 else None
    _, said = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "Interrupted: 1 of 3 requests are accepted (10 ids), request 2 is in doubt." in said
    assert "Traceback" not in said


def test_what_has_changed_meanwhile_is_refused(service: Service, send: Send, leads: Path) -> None:
    words = ["Leads", "--ids", str(leads), "--chunk", "10"]
    assert send(*words).exit_code == 0
    for changed, says in (
        ([*words, "--reason", "new"], "asks for"),
        ([*words, "--wf-trigger"], "asks for"),
        (["Contacts", *words[1:]], "asks for"),
        ([*words[:-1], "5"], "begun with larger parts"),
    ):
        done = send(*changed)
        assert done.exit_code in (2, 3)
        assert says in done.stderr
    leads.write_text(leads.read_text() + "zcrm_99,Late\n")
    done = send(*words)
    assert done.exit_code == 3
    assert "the input has changed" in done.stderr
    assert "3 of 3 requests of the old one were accepted. Nothing was sent." in done.stderr
    assert asked_for(service) == ALL


def test_two_commands_never_share_a_journal(send: Send, leads: Path) -> None:
    assert send("Leads", "--ids", str(leads)).exit_code == 0
    with journal.opened(Path(f"{leads}.expunge")):
        done = send("Leads", "--ids", str(leads))
    assert (done.exit_code, "another command is sending" in done.stderr) == (3, True)


def test_a_whole_request_from_standard_input(service: Service, send: Send, tmp_path: Path) -> None:
    view = {"operation": "mass_delete", "module": "Leads", "cvid": "7"}
    assert send("--request", "-", stdin=json.dumps(view).encode()).exit_code == 0
    long = {"operation": "delete_records", "module": "Leads", "ids": ALL + ALL}
    done = send("--request", "-", "--chunk", "10", stdin=json.dumps(long).encode())
    assert (done.exit_code, "give --state FILE" in done.stderr) == (2, True)
    state = ("--state", str(tmp_path / "s"))
    assert send("--request", "-", "--chunk", "10", *state, stdin=json.dumps(long).encode()).exit_code == 0
    bodies = [body for _, body in service.taken.values()]
    assert bodies[0] == view
    assert [each for body in bodies[1:] for each in body["ids"]] == ALL


def test_one_request_may_be_sent_again_by_its_id(service: Service, send: Send) -> None:
    service.troubles = [(503, {}, {"error": {"code": "unavailable", "message": "later"}})] * 8
    done = send("Leads", "7")
    assert done.exit_code == 1
    name = done.stderr.rpartition("--delivery-id ")[2].partition(":")[0]
    assert name == service.tries[0]
    assert send("Leads", "7", "--delivery-id", name).exit_code == 0
    assert set(service.tries) == {name}
    again = send("Leads", "7", "--delivery-id", name)
    assert again.exit_code == 7
    assert again.stdout.startswith("0 sent now, all of it was accepted before on 20")


REQUEST = {"operation": "delete_records", "module": "Leads", "ids": ["7"]}


def test_a_repeated_send_is_never_taken_for_a_new_one(service: Service, send: Send, tmp_path: Path) -> None:
    """A weekly job with one request file would be green for ever, and delete nothing."""
    file = tmp_path / "weekly.json"
    file.write_text(json.dumps(REQUEST))
    service.documents[f"del_01JD{0:022}"] = [document("completed", id=f"del_01JD{0:022}")]
    first = send("--request", str(file))
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, "1 request accepted, 1 id")
    for words in ([], ["--wait"], ["--json"], ["--wait", "--json"]):
        again = send("--request", str(file), *words)
        assert again.exit_code == 7, again.output
        assert len(service.taken) == 1
        if "--json" in words:
            assert json.loads(again.stdout)["sent"] == 0
        else:
            assert again.stdout.startswith("0 sent now, all of it was accepted before on 2024-11-")
            assert "to send it anew: another --state, or remove" in again.stdout
    assert send("--request", str(file), "--state", str(tmp_path / "next.expunge")).exit_code == 0
    assert len(service.taken) == 2


def test_a_repeated_send_that_ended_badly_says_so(service: Service, send: Send, tmp_path: Path) -> None:
    file = tmp_path / "weekly.json"
    file.write_text(json.dumps(REQUEST))
    service.documents[f"del_01JD{0:022}"] = [document("failed", id=f"del_01JD{0:022}")]
    assert send("--request", str(file)).exit_code == 0
    assert send("--request", str(file), "--wait").exit_code == 4


def test_a_repeated_dry_run_is_an_old_one(service: Service, send: Send, tmp_path: Path) -> None:
    plan = {"would_delete": 9, "first_ids": ["1"], "calls": 1, "credits": 1}
    shown = document("completed", id=f"del_01JD{0:022}", dry_run=True, plan=plan)
    service.documents[f"del_01JD{0:022}"] = [shown]
    file = tmp_path / "weekly.json"
    file.write_text(json.dumps(REQUEST))
    assert send("--request", str(file), "--dry-run").exit_code == 0
    again = send("--request", str(file), "--dry-run")
    assert (again.exit_code, "0 sent now" in again.stdout) == (7, True)


def test_what_was_in_doubt_and_is_sent_again_is_no_repetition(
    service: Service, send: Send, leads: Path
) -> None:
    service.troubles = [(0, {"lost": "yes"}, None)] * 8
    assert send("Leads", "--ids", str(leads)).exit_code == 1
    service.troubles = []
    done = send("Leads", "--ids", str(leads))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "1 request accepted, 25 ids")


def test_a_view_names_no_ids(service: Service, send: Send, tmp_path: Path) -> None:
    file = tmp_path / "view.json"
    file.write_text(json.dumps({"operation": "mass_delete", "module": "Leads", "cvid": "7"}))
    done = send("--request", str(file))
    assert done.stdout.splitlines()[0] == "1 request accepted"
    assert "0 ids" not in done.output


def test_a_dry_run_has_a_journal_of_its_own_and_says_what_would_go(
    service: Service, send: Send, leads: Path
) -> None:
    plan = {"would_delete": 9, "first_ids": ["1"], "calls": 1, "credits": 1}
    ids = [f"del_01JD{n:022}" for n in range(3)]
    service.documents = {
        one: [document("running", id=one), document("completed", id=one, dry_run=True, plan=plan)]
        for one in ids
    }
    done = send("Leads", "--ids", str(leads), "--chunk", "10", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "would delete 27 records in 3 calls, 3 credits" in done.stdout
    assert all(body["dry_run"] is True for _, body in service.taken.values())
    assert Path(f"{leads}.dry-run.expunge").exists()
    assert not Path(f"{leads}.expunge").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "give MODULE and IDs"),
        (["Leads"], "give MODULE and IDs"),
        (["Leads", "7", "--ids", "x"], "give MODULE and IDs"),
        (["Leads", "x"], "'x' is no record id"),
        (["Leads", "--ids", "/nowhere"], "No such file"),
        (["Leads", "--ids", "-"], "there are no ids in it"),
        (["--request", "-"], "is not JSON"),
        (["Leads", "7", "--operator"], "leave out --url"),
        (["Leads", "7", "--key-file", "/nowhere"], "No such file or directory"),
    ],
)
def test_what_is_not_understood(service: Service, send: Send, words: list[str], says: str) -> None:
    done = send(*words, stdin=b"")
    assert (done.exit_code, service.tries) == (2, [])
    assert says in done.stderr


def test_a_key_is_never_shown(service: Service) -> None:
    for key in ("whsec_nonsense", "bearer-value-of-a-token-source"):
        given = ["send", "Leads", "7", "--url", service.url, "--source", "erp"]
        done = CliRunner().invoke(main, given, env={"EXPUNGE_KEY": key})
        assert (done.exit_code, key in done.output) == (2, False)


def test_a_body_is_never_larger_than_the_service_takes() -> None:
    ids = tuple(f"{n:05}" + "x" * 250 for n in range(3000))
    wanted = Wanted({"operation": "delete_records", "module": "Leads"}, ids)
    parts = list(wanted.cut(5000))
    assert [first for first, _ in parts] == [sum(count for _, count in parts[:n]) for n in range(len(parts))]
    assert sum(count for _, count in parts) == 3000
    assert max(len(wanted.body(*part)) for part in parts) <= MOST_BYTES
    assert len(parts) == 3


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "[]", '{"ids": [1]}', '{"ids": []}', "{", "\xff"])
def test_requests_that_are_none(text: str) -> None:
    with pytest.raises(Broken):
        from_json(text.encode("latin-1"))


def test_a_journal_of_something_else(tmp_path: Path) -> None:
    other: dict[str, Any] = {"journal": "expunge send", "version": 9, "plan": {}, "parts": []}
    file = tmp_path / "x"
    for text in ("", "{}\n", "no journal\n", json.dumps(other) + "\n"):
        file.write_text(text)
        with pytest.raises(Refused):
            journal.read(file)
