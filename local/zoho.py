"""Zoho's place on one machine: the simulator, started here, or an address that the caller names."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import requests

from local.failure import Failure
from local.ministack import free_port
from local.processes import Note, Started, start
from local.settings import ROOT

START_SECONDS = 30.0


def given(url: str) -> str:
    """The address named by ZOHO_URL. Raises Failure where nothing answers there; any HTTP answer will do."""
    try:
        _get(url)
    except requests.RequestException as error:
        raise Failure(f"ZOHO_URL={url}: cannot be reached ({_reason(error)})") from error
    return url


def simulator(directory: Path, note: Note) -> str:
    """Starts the simulator on a free port; returns its address when it answers.

    Raises Failure where it does not. `note` is told of the process first of all; to end it is the caller's
    business, whatever happens here.
    """
    port = free_port()
    log = directory / "simulator.log"
    command = [sys.executable, "-m", "simulator", "--port", str(port)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    process = start(command, env=env, cwd=ROOT, log=log, note=note)
    url = f"http://127.0.0.1:{port}"
    _wait_until_it_answers(process, url, log)
    return url


def _wait_until_it_answers(process: Started, url: str, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and process.alive:
        try:
            return _get(url + "/_sim/calls").raise_for_status()
        except requests.RequestException:
            time.sleep(0.1)
    raise Failure(f"the Zoho simulator did not start (see {log})")


def _get(url: str) -> requests.Response:
    """One GET without the proxies of the environment, which have no business on loopback."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=5, allow_redirects=False)


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer within 5 s"
    return "connection refused" if "refused" in str(error) else type(error).__name__
