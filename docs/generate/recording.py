"""Makes docs/recording.md: the real commands on a local stack of its own, what they say, and nothing else.

.venv/bin/python -m docs.generate.recording            runs them and writes the page
.venv/bin/python -m docs.generate.recording --show     writes to standard output instead

What differs from run to run (ids, keys, times, ports) is replaced. tests/stack/test_recording.py replays the
same steps and looks at what they did.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from cli.sending import journal
from local import record as records_of
from local import stack as local_stack
from local.running import RunningStack
from local.settings import ROOT, Settings

PAGE = ROOT / "docs" / "recording.md"
EXPUNGE = ROOT / ".venv" / "bin" / "expunge"
RECORDS, FIRST_ID, CHUNK = 5000, 700_000_000_000_000_001, 200
#: The record that somebody asks about.
WANTED = FIRST_ID + 2_345
#: Requests that are answered before somebody presses Ctrl-C.
ENOUGH = 5
SECONDS = 180.0
#: The exit code of a command that Ctrl-C has ended.
INTERRUPTED = 130
SCOPES = ["ZohoCRM.modules.ALL", "ZohoCRM.mass_delete.ALL", "ZohoCRM.settings.ALL", "ZohoCRM.org.READ"]
SCOPES += ["ZohoCRM.users.READ", "ZohoCRM.coql.READ", "ZohoSearch.securesearch.READ"]

INTRODUCTION = """\
# A recording

*Tutorial for operators.*

Made by `docs/generate/recording.py`, which runs these commands on a local stack with the Zoho simulator and
writes down what they say. Ids, keys, times and ports are replaced. The test
`tests/stack/test_recording.py` replays it and counts: each of the 5,000 records is deleted, by one
`DELETE` each, each deletion has a receipt, and what is found and exported is what was deleted.

A source gets its key and the org is connected; 5,000 records are to go. The first try is interrupted with
Ctrl-C, the same command goes on under the same delivery ids, and every outcome is written to a file. On a
terminal there is a bar in place of the lines with progress. Some minutes later somebody asks what became of
one of the records, looks at the log of its deletion, and exports the day for an auditor.

"""


@dataclass
class Recording:
    """A shell of 80 columns in `directory`, for `stack`. `said`: the commands with what they said."""

    stack: RunningStack
    directory: Path
    said: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    interrupted_after: int = 0

    def run(
        self, line: str, env: dict[str, str] | None = None, *, stop: Callable[[], bool] | None = None
    ) -> None:
        """Run a command line as a person types it, with Ctrl-C once `stop` says so."""
        with self._started(line, env or {}) as process:
            if stop is not None:
                self._interrupt(process, stop)
            output, _ = process.communicate(timeout=SECONDS)
        self.codes.append(process.returncode)
        mark = "^C" if stop is not None else ""
        code = f"[exit code {process.returncode}]\n" if process.returncode else ""
        self.said.append(f"$ {line}\n{mark}{output}{code}")

    @contextmanager
    def _started(self, line: str, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
        own = {"LOCAL_DIR": str(self.directory / ".local"), "COLUMNS": "80", "PYTHONUNBUFFERED": "1"}
        own["PATH"] = f"{EXPUNGE.parent}:{os.environ['PATH']}"
        process = subprocess.Popen(  # a line of this file
            ["/bin/sh", "-c", f"exec {line}" if line.startswith("expunge") else line],
            cwd=self.directory,
            env={**os.environ, **own, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()

    def _interrupt(self, process: subprocess.Popen[str], stop: Callable[[], bool]) -> None:
        limit = time.monotonic() + SECONDS
        while not stop():
            if process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError("the command ended before it was to be interrupted")
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)


def record(stack: RunningStack, directory: Path) -> Recording:
    """All steps, on a stack that runs. `directory` gets leads.csv, its journal and outcomes.csv."""
    shell = Recording(stack, directory)
    (directory / ".local").mkdir()
    records_of.describe(Settings(directory / ".local"), stack.described)
    _records(stack, directory)
    zoho = stack["zoho_url"]
    secrets = {"ZOHO_CLIENT_SECRET": "any", "ZOHO_GRANT_CODE": _grant(zoho)}
    shell.run("expunge keys new erp --module Leads --org shop --max-records 500")
    hosts = f"--accounts-url {zoho} --api-url {zoho}"
    shell.run(f"expunge setup --org shop --client-id 1000.SHOP {hosts} --yes", secrets)
    shell.run("head -3 leads.csv")
    send = f"expunge send Leads --ids leads.csv --source erp --chunk {CHUNK}"
    kept = directory / "leads.csv.expunge"
    shell.run(send, stop=lambda: _answers(kept) >= ENOUGH)
    shell.interrupted_after = _answers(kept)
    shell.run(send)
    shell.run("expunge watch leads.csv.expunge")
    shell.run("expunge export leads.csv.expunge --output outcomes.csv")
    shell.run("head -3 outcomes.csv")
    shell.run("cut -d, -f3 outcomes.csv | sort | uniq -c")
    receipts(stack, {each.id for each in journal.read(kept).answers.values()})
    shell.run(f"expunge find Leads {WANTED}")
    shell.run(f"expunge log {named(shell.said[-1])}")
    shell.run("expunge audit export --since 1d --source erp --output today.csv")
    shell.run("cut -d, -f4,5,7,8,14 today.csv | sort | uniq -c")
    return shell


def named(said: str) -> str:
    """The deletion that a command has named."""
    found = re.search(r"del_[0-9A-Z]{26}", said)
    if found is None:
        raise RuntimeError(f"no deletion in: {said}")
    return found[0]


def receipts(stack: RunningStack, deletions: set[str]) -> None:
    """The evidence function's minutes, until each deletion has its receipt."""
    limit = time.monotonic() + SECONDS
    wanted = {f"receipts/{each}.json" for each in deletions}
    pages = stack.client("s3").get_paginator("list_objects_v2")
    while True:
        stack.wake("evidence")
        listed = pages.paginate(Bucket=stack["evidence_bucket"], Prefix="receipts/")
        if wanted <= {each["Key"] for page in listed for each in page.get("Contents", [])}:
            return
        if time.monotonic() > limit:
            raise RuntimeError("a deletion has no receipt")
        time.sleep(0.5)


def _records(stack: RunningStack, directory: Path) -> None:
    """The records, in Zoho and in a file as Zoho exports it."""
    body = {"module": "Leads", "count": RECORDS, "first_id": str(FIRST_ID)}
    requests.post(f"{stack['zoho_url']}/_sim/generate", json=body, timeout=60).raise_for_status()
    lines = [f"zcrm_{FIRST_ID + n},Lead {n + 1}\n" for n in range(RECORDS)]
    (directory / "leads.csv").write_text("Record Id,Last Name\n" + "".join(lines), encoding="utf-8")


def _grant(zoho: str) -> str:
    """A grant code, as a person gets it from Zoho's console."""
    answer = requests.post(f"{zoho}/_sim/grants", json={"scopes": SCOPES}, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["code"])


def _answers(path: Path) -> int:
    return len(journal.read(path).answers) if journal.is_one(path) else 0


def page(shell: Recording) -> str:
    """The page."""
    return f"{INTRODUCTION}```console\n{plain(shell, shell.said)}\n```\n"


def plain(shell: Recording, said: list[str]) -> str:
    """Some of what was said, with what differs from run to run replaced."""
    text = "\n".join(said)
    ids = dict.fromkeys(re.findall(r"del_[0-9A-Z]{26}", "\n".join(shell.said)))
    for number, was in enumerate(ids, 1):
        becomes = f"del_01M8298QNC9R2FS464710{number:05}"
        text = text.replace(was, becomes)
    for pattern, becomes in (
        (re.escape(shell.stack["zoho_url"]), "http://127.0.0.1:9000"),
        (re.escape(str(shell.directory)), "/home/ann"),
        (r"whsec_[A-Za-z0-9+/=]{20,}", "whsec_..."),
        (r"for Deluge: .+", "for Deluge: ..."),
        (r"\([0-9a-f]{8}\)", "(1a2b3c4d)"),
        (r"\b[0-9a-f]{8}\b(?=, shown this once|\n)", "1a2b3c4d"),
        (r"20[0-9]{2}-[0-9]{2}-[0-9]{2}([ T])[0-9:]{8}", r"2026-11-22\g<1>18:46:01"),
        (r"18:46:01\.[0-9]{3}Z", "18:46:01.260Z"),
        (r"(?m)^20[0-9]{2}-[0-9]{2}-[0-9]{2}: ", "2026-11-21: "),
        (r"until 20[0-9]{2}-[0-9]{2}-[0-9]{2}", "until 2027-01-21"),
        (r"[ ]+\n", "\n"),
    ):
        text = re.sub(pattern, becomes, text)
    return text.rstrip()


def written(
    arguments: list[str],
    file: Path,
    recorded: Callable[[RunningStack, Path], Recording],
    page_of: Callable[[Recording], str],
    other_code: int,
) -> int:
    """Records on a stack of its own. Writes the page and returns 0 where every command ended well, and one of
    them with `other_code`, as it should; else 1, and the page stays.
    """
    with tempfile.TemporaryDirectory(prefix="expunge-recording-") as name:
        settings = Settings(Path(name) / "stack")
        try:
            shell = recorded(RunningStack(local_stack.up(settings)), Path(name))
        finally:
            local_stack.down(settings)
        text = page_of(shell)
    good = sorted(shell.codes) == [*[0] * (len(shell.codes) - 1), other_code]
    if "--show" in arguments or not good:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")
    return 0 if good else 1


def main(arguments: list[str]) -> int:
    """Makes the page; 0 where every command ended as it should."""
    return written(arguments, PAGE, record, page, INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
