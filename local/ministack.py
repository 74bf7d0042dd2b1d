"""The local AWS: ministack, from an environment of its own, on loopback, with signatures and IAM enforced."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from local.clients import TIMEOUTS, Local
from local.failure import Failure
from local.processes import Note, Started, start
from local.settings import REGION, ROOT

PYTHON = ROOT / ".venvs/ministack/bin/python"
#: Run with -P, or Python would look for modules beside it first.
FRONT = ("-P", str(ROOT / "local/front.py"))
START_SECONDS = 60.0  # it takes about one; a loaded machine more
ADMIN = "expunge-local-admin"
#: Somebody else, so that what needs two people can be tried on one machine.
APPROVER = "expunge-local-approver"
PORTS_TRIED = 3
_TAKEN = "already in use"  # its own words, and those of the system
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def launch(directory: Path, port: int | None, note: Note, choose: Callable[[], int] | None = None) -> Local:
    """Starts ministack on `port`, or a free one, its files in `directory`; returns its root once it answers.

    Raises Failure where the port is busy or ministack does not come up. `note` is told of each process first
    of all; to end it is the caller's business, whatever happens here. `choose` finds the free ports.
    """
    if not PYTHON.exists():
        raise Failure("the local AWS is not set up: run make setup")
    if port:
        if busy(port):
            raise Failure(f"port {port} on 127.0.0.1 is busy: give another PORT=, or none for a free one")
        return _launch(directory, port, note)
    for _ in range(PORTS_TRIED - 1):
        with suppress(_PortTaken):
            return _launch(directory, (choose or free_port)(), note)
    return _launch(directory, (choose or free_port)(), note)


class _PortTaken(Failure):
    """Somebody else took the port between the choice and the start."""


def _launch(directory: Path, port: int, note: Note) -> Local:
    scratch = directory / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    root = Local(
        f"http://127.0.0.1:{port}", "AKIAROOT" + secrets.token_hex(6).upper(), secrets.token_urlsafe(30)
    )
    log = directory / "ministack.log"
    log.unlink(missing_ok=True)
    environment = _environment(root, port, scratch)
    process = start([PYTHON, *FRONT], env=environment, cwd=directory, log=log, note=note)
    _wait_until_healthy(process, port, log)
    return root


def admin(root: Local) -> Local:
    """The user whose keys are in stack.json."""
    return user(root, ADMIN)


def user(root: Local, name: str) -> Local:
    """A user who may do everything. Unlike root's, its signatures are verified, as they are on AWS."""
    iam = root.session().client("iam", endpoint_url=root.endpoint_url, config=TIMEOUTS)
    iam.create_user(UserName=name)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Local(root.endpoint_url, key["AccessKeyId"], key["SecretAccessKey"])


def free_port() -> int:
    """A port on loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def busy(port: int) -> bool:
    """Whether `port` on loopback cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _environment(root: Local, port: int, scratch: Path) -> dict[str, str]:
    """Nothing of the caller's but where programs are: above all no AWS keys and no proxies."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": root.access_key_id,
        "AWS_SECRET_ACCESS_KEY": root.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "IOT_MTLS_ENABLED": "false",  # it would listen on a fixed port
        "SFTP_ENABLED": "false",
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _wait_until_healthy(process: Started, port: int, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if not process.alive:
            ended = _PortTaken if _TAKEN in log.read_text("utf-8", "replace").lower() else Failure
            raise ended(f"the local AWS did not start: {last_line(log)} (see {log})")
        if _healthy(port):
            return
        time.sleep(0.1)
    raise Failure(f"the local AWS did not answer within {START_SECONDS:.0f} s (see {log})")


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def last_line(log: Path) -> str:
    """The last words of a process, for the message that it did not start."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((text.strip() for text in reversed(lines) if text.strip()), "it said nothing")
