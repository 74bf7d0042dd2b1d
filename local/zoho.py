"""Zoho's place on one machine: the simulator, started here, or an address that the caller names."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from local.failure import Failure
from local.ministack import free_port
from local.processes import Started, end, start
from local.settings import ROOT

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Zoho:
    """An address that answers as Zoho does; `process` is None where it was not started here."""

    url: str
    process: Started | None


def given(url: str) -> Zoho:
    """The address named by ZOHO_URL. Raises Failure where nothing answers there; any HTTP answer will do."""
    try:
        _get(url)
    except requests.RequestException as error:
        raise Failure(f"ZOHO_URL={url}: cannot be reached ({_reason(error)})") from error
    return Zoho(url, None)


def simulator(directory: Path) -> Zoho:
    """Starts the simulator on a free port; returns when it answers. Raises Failure where it does not."""
    port = free_port()
    log = directory / "simulator.log"
    command = [sys.executable, "-m", "simulator", "--port", str(port)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    process = start(command, env=env, cwd=ROOT, log=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(process, url, log)
    except BaseException:
        end(process)
        raise
    return Zoho(url, process)


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
