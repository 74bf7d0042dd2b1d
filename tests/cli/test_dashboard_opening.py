"""The dashboard's one-time address is told to the browser and to nobody else."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from cli.dashboard import opening
from local.settings import ROOT
from tests.cli.desk import opened as desk_opened
from tests.cli.test_dashboard_server import Visitor, visitor  # noqa: F401  # a fixture
from tests.stack.conftest import wait_for

#: Stands for a browser: writes down what it was started with, and every argument of every process.
BROWSER = """#!{python}
import glob, json, os, sys
def read(path):
    try:
        return open(path, "rb").read().decode("utf-8", "replace")
    except OSError:
        return ""
seen = [read(path) for path in glob.glob("/proc/[0-9]*/cmdline")]
file = sys.argv[1].removeprefix("file://")
told = dict(argv=sys.argv, seen=seen, page=read(file), mode=oct(os.stat(file).st_mode & 0o777),
            above=oct(os.stat(os.path.dirname(file)).st_mode & 0o777))
open({out!r} + ".new", "w").write(json.dumps(told))
os.rename({out!r} + ".new", {out!r})
"""


def test_no_processs_arguments_hold_the_address(tmp_path: Path) -> None:
    out, browser = tmp_path / "told.json", tmp_path / "browser"
    browser.write_text(BROWSER.format(python=sys.executable, out=str(out)))
    browser.chmod(0o755)
    with desk_opened(tmp_path):
        env = {**os.environ, "LOCAL_DIR": str(tmp_path), "BROWSER": str(browser), "TMPDIR": str(tmp_path)}
        env |= {"XDG_RUNTIME_DIR": str(tmp_path)}
        words = [sys.executable, "-m", "cli", "dashboard"]
        process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            waited = process.stdout.readline()  # the browser was started by now, or is about to be
            assert "Ctrl-C" in waited
            wait_for(out.exists, what="a browser")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)
    assert process.returncode == 0
    told = json.loads(out.read_text())
    token = address.rpartition("/")[2]
    assert len(token) >= 30
    assert not [line for line in [*told["seen"], *told["argv"]] if token in line]
    assert address in told["page"]
    assert (told["mode"], told["above"]) == ("0o600", "0o700")
    assert not Path(unquote(urlsplit(told["argv"][1]).path)).exists()


def test_the_file_ends_with_the_command_whatever_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    seen: list[str] = []

    def nowhere(url: str) -> bool:
        file = Path(unquote(urlsplit(url).path))
        seen.append(file.read_text())
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        return False

    def interrupted() -> None:
        with opening.opened("http://127.0.0.1:1/open/t", nowhere) as found:
            assert not found
            assert len(list(tmp_path.iterdir())) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    assert 'location.replace("http://127.0.0.1:1/open/t")' in seen[0]


def test_a_browser_that_comes_from_a_file_gets_a_page_of_our_own(visitor: Visitor) -> None:  # noqa: F811
    """To it the file is another site: a strict cookie would not go along with a redirection."""
    how = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    status, headers, text = visitor.get(visitor.room.invitation, **how)
    assert (status, "Location" in headers) == (200, False)
    assert f"location.replace({json.dumps(visitor.room.path)})" in text
    assert re.search(r'<script nonce="[^"]+">location', text)
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert visitor.get(visitor.room.path, Cookie=cookie, Sec_Fetch_Site="same-origin")[0] == 200
    assert visitor.get(visitor.room.invitation, **how)[0] == 404


def test_a_page_of_another_site_cannot_use_the_invitation_up(visitor: Visitor) -> None:  # noqa: F811
    for mode in ("no-cors", "cors", ""):
        how = {"Sec_Fetch_Site": "cross-site", **({"Sec_Fetch_Mode": mode} if mode else {})}
        assert visitor.get(visitor.room.invitation, **how)[0] == 403
    assert visitor.get(visitor.room.invitation)[0] == 303
