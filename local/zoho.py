"""Zoho's place on one machine: the simulator, started here, or an address that the caller names."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from pathlib import Path

import requests

from local.failure import Failure
from local.ministack import last_line
from local.processes import Note, Started, start
from local.settings import ROOT

START_SECONDS = 60.0  # it takes less than one; a loaded machine more
_SAID = re.compile(r"^Zoho CRM simulator on (\S+)$", re.MULTILINE)


def given(url: str) -> str:
    """The address named by ZOHO_URL. Raises Failure where nothing answers there; any HTTP answer will do."""
    try:
        _get(url)
    except requests.RequestException as error:
        raise Failure(f"ZOHO_URL={url}: cannot be reached ({_reason(error)})") from error
    return url


def simulator(directory: Path, note: Note, *, company: bool = False) -> str:
    """Starts the simulator on a free port, with the example company if asked for; returns its address when it
    answers.

    Raises Failure where it does not. `note` is told of the process first of all; to end it is the caller's
    business, whatever happens here.
    """
    log = directory / "simulator.log"
    log.unlink(missing_ok=True)
    # It chooses the port itself and says it: a port that is chosen here may be taken before it listens.
    command = [sys.executable, "-m", "simulator", "--port", "0", *(["--company"] if company else [])]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    process = start(command, env=env, cwd=ROOT, log=log, note=note)
    return _address(process, log)


def _address(process: Started, log: Path) -> str:
    """What it says of itself, once it answers there."""
    limit = time.monotonic() + START_SECONDS
    while process.alive:
        if said := _SAID.search(log.read_text(encoding="utf-8", errors="replace")):
            with suppress(requests.RequestException):
                _get(said[1] + "/_sim/calls").raise_for_status()
                return said[1]
        if time.monotonic() > limit:
            raise Failure(f"the Zoho simulator did not answer within {START_SECONDS:.0f} s (see {log})")
        time.sleep(0.1)
    raise Failure(f"the Zoho simulator did not start: {last_line(log)} (see {log})")


def _get(url: str) -> requests.Response:
    """One GET without the proxies of the environment, which have no business on loopback."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=5, allow_redirects=False)


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer within 5 s"
    return "connection refused" if "refused" in str(error) else type(error).__name__
