"""What a user would take instead: Zoho's own Python client in its documented loop, and a plain loop."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.place import Zoho
from tests.sdk.environment import client_python

CLIENT = Path(__file__).with_name("client_loop.py")
#: What they are measured on; more is scaled, since each of their calls waits for the one before.
CLIENT_CALLS, LOOP_CALLS, A_CALL = 10, 10, 100


@dataclass(frozen=True, slots=True)
class Peer:
    """Seconds and credits of one call that deletes `size` records."""

    name: str
    size: int
    seconds: float
    credits: float

    def time_for(self, records: int) -> float:
        """Seconds for so many records, one call after the other."""
        return -(-records // self.size) * self.seconds

    def credits_for(self, records: int) -> float:
        """Credits for so many records."""
        return -(-records // self.size) * self.credits


def client(zoho_url: str, ids: list[str]) -> Peer:
    """Zoho's client, `delete_records` with 100 ids, one call after the other. It is warmed by one call."""
    ids = ids[: (CLIENT_CALLS + 1) * A_CALL]
    zoho = Zoho(zoho_url)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "ids.json"
        file.write_text(json.dumps([ids[n : n + A_CALL] for n in range(0, len(ids), A_CALL)]))
        command = [str(client_python()), str(CLIENT), zoho_url, place, str(file)]
        before = _spent(zoho)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"Zoho's client: {done.stderr.strip().splitlines()[-1:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if told["deleted"] != len(ids):
        raise RuntimeError(f"Zoho's client deleted {told['deleted']} of {len(ids)}")
    spent = (_spent(zoho) - before) / (CLIENT_CALLS + 1)
    return Peer("Zoho's Python client", A_CALL, told["seconds"] / CLIENT_CALLS, spent)


def plain_loop(zoho_url: str, ids: list[str]) -> Peer:
    """Requests in a loop, one record a call, on one connection."""
    zoho = Zoho(zoho_url)
    before = _spent(zoho)
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Zoho-oauthtoken {token(session, zoho_url)}"
        began = time.perf_counter()
        for one in ids[-LOOP_CALLS:]:
            answer = session.delete(f"{zoho_url}/crm/v7/Leads/{one}", timeout=30)
            if answer.json()["data"][0]["code"] != "SUCCESS":
                raise RuntimeError(f"the plain loop: {answer.text[:200]}")
        seconds = time.perf_counter() - began
    return Peer("a loop of requests", 1, seconds / LOOP_CALLS, (_spent(zoho) - before) / LOOP_CALLS)


def token(session: requests.Session, zoho_url: str) -> str:
    """An access token of the simulator."""
    asked = {"grant_type": "refresh_token", "client_id": "1000.A", "client_secret": "s"}
    answer = session.post(
        f"{zoho_url}/oauth/v2/token", params={**asked, "refresh_token": "1000.B"}, timeout=30
    )
    return str(answer.json()["access_token"])


def _spent(zoho: Zoho) -> int:
    return int(zoho.get("state")["credits"]["total"])
