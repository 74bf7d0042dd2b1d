"""The end of `make demo`: a person is erased. Found in five modules, shown, approved, deleted, permanent,
verified; and the receipt is checked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from cli.erasing import map_table
from cli.evidence.gathering import Waits, gathered
from cli.evidence.stores import BucketStore
from cli.operator_api import OperatorApi
from local import s3
from local.failure import Failure
from local.filling import SOURCE
from local.running import RunningStack
from local.say import line
from local.settings import ROOT

TITLE = "erase Anna"
ANNA = {"emails": ["anna@example.com"]}
BODY = {"operation": "erase_person", "identity": ANNA, "permanent_after": "PT0H", "reference": "DSR-1"}
CONTACT = "3652397000000700001"
#: What is looked for every so many seconds, and how long at most.
EVERY, WAIT_SECONDS = 1.0, 120.0
#: A module of the org's own: its people are found by their e-mail address too.
MODULES = {"Guests": {"fields": [{"api_name": "Mail", "data_type": "email"}], "generated_type": "custom"}}
#: Anna under five spellings, and beside each somebody else whose value holds hers.
RECORDS: dict[str, list[dict[str, Any]]] = {
    "Contacts": [
        {"id": CONTACT, "Last_Name": "Berger", "Email": "Anna@Example.com", "Phone": "+43 660 1234567"},
        {"id": "3652397000000700002", "Last_Name": "Joanna", "Email": "joanna@example.com"},
    ],
    "Leads": [
        {"id": "3652397000000700003", "Last_Name": "Berger", "Email": "anna@example.com"},
        {"id": "3652397000000700004", "Last_Name": "Other", "Email": "anna@example.com.au"},
    ],
    "Cases": [{"id": "3652397000000700005", "Subject": "Late", "Email": "anna@example.com"}],
    "Deals": [
        {"id": "3652397000000700006", "Deal_Name": "Big", "Contact_Name": {"id": CONTACT}},
        {"id": "3652397000000700007", "Deal_Name": "Other", "Contact_Name": {"id": "3652397000000700002"}},
    ],
    "Guests": [
        {"id": "3652397000000700008", "Name": "Berger", "Mail": "ANNA@example.com"},
        {"id": "3652397000000700009", "Name": "Ben", "Mail": "ben@example.com"},
    ],
}
OTHERS = frozenset({f"365239700000070000{n}" for n in (2, 4, 7, 9)})
FOUND_IN = frozenset({"Contacts", "Leads", "Cases", "Deals", "Guests"})


@dataclass
class Erased:
    """What came of it. `checked`: with what the receipt was checked."""

    id: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    permanent: dict[str, Any] = field(default_factory=dict)
    modules: frozenset[str] = frozenset()
    others: bool = False
    checked: str = ""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Found where it is, gone for good, nobody else touched, and proven."""
        again = (self.document.get("verification") or {}).get("found_again")
        ended = (self.document.get("status"), self.permanent.get("status"))
        found = self.modules >= FOUND_IN and self.others
        return found and ended == ("completed", "completed") and again == 0 and bool(self.checked)

    @property
    def words(self) -> str:
        """What became of its records."""
        counts = self.document.get("counts", {})
        became = [f"{count} {name}" for name, count in counts.items() if count and name != "requested"]
        return ", ".join(became) or "nothing"


def fill(running: RunningStack) -> None:
    """Put Anna and the others into the simulator, and let the source ask for an erasure: it has to be named.

    Before the first request: a worker of the api function reads its sources once, and keeps them a while.
    """
    secrets = running.client("secretsmanager")
    held = json.loads(secrets.get_secret_value(SecretId=running["sources_secret"])["SecretString"])
    held[SOURCE]["operations"] = [*held[SOURCE]["operations"], BODY["operation"]]
    secrets.put_secret_value(SecretId=running["sources_secret"], SecretString=json.dumps(held))
    for name, body in (("modules", MODULES), ("records", RECORDS)):
        url = f"{running['zoho_url']}/_sim/{name}"
        requests.post(url, json=body, timeout=30).raise_for_status()


def run(running: RunningStack, api: OperatorApi) -> Erased:
    """Ask for it as a source, look at the map and approve it as an operator, wait for the end and check."""
    began, done = time.monotonic(), Erased()
    answer = running.send(BODY)
    if answer.status_code != 202:
        raise Failure(f"{TITLE}: answered {answer.status_code} {answer.text[:300]}")
    done.id = answer.json()["id"]
    line(f"  {TITLE}: sent, answered 202 {done.id}")
    waiting = _once(running, lambda: _document(api, done.id), _is("awaiting_approval"))
    entries = list(api.pages(f"deletions/{done.id}/map", "entries", {}))
    done.modules = frozenset(each["module"] for each in entries)
    for text in map_table.lines(waiting["plan"], entries):
        line(f"    {text}")
    plan = waiting["plan"]
    body = {"map_hash": plan["map_hash"], "count": plan["records"], "shared": []}
    approved = api.call("POST", f"deletions/{done.id}/approve", {}, body)
    if approved.status_code != 202:
        raise Failure(f"{TITLE}: the approval was answered {approved.status_code} {approved.text[:300]}")
    line(f"  {TITLE}: approved, {plan['records']} records")
    done.document = _once(running, lambda: _document(api, done.id), _ended)
    child = _once(running, lambda: _child(api, done.id), bool)
    done.permanent = _once(running, lambda: _document(api, child["id"]), _ended)
    done.others = _untouched(running)
    done.checked = _checked(running, done.id)
    done.seconds = time.monotonic() - began
    line(f"  {TITLE}: {done.document['status']} ({done.seconds:.1f} s), for good, nothing found again")
    line(f"  {TITLE}: its receipt was checked with {done.checked}")
    return done


def _document(api: OperatorApi, deletion: str) -> dict[str, Any]:
    return api.deletion(deletion)


def _child(api: OperatorApi, deletion: str) -> dict[str, Any]:
    found = (api.deletion(deletion).get("recycle_bin") or {}).get("deletions") or [{}]
    return dict(found[0])


def _is(status: str) -> Callable[[dict[str, Any]], bool]:
    return lambda found: found["status"] == status or _ended(found)


def _ended(found: dict[str, Any]) -> bool:
    return found["finished_at"] is not None


def _once(
    running: RunningStack, look: Callable[[], dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """What is looked for, once it is as wanted. Raises Failure where it does not get so."""
    limit = time.monotonic() + WAIT_SECONDS
    found = look()
    while not wanted(found) and time.monotonic() < limit:
        running.wake("poll")
        time.sleep(EVERY)
        found = look()
    if wanted(found):
        return found
    raise Failure(f"{TITLE}: nothing more happens: {json.dumps(found)[:500]}")


def _untouched(running: RunningStack) -> bool:
    """Are the others as they were?"""
    wanted = {each["id"]: each for some in RECORDS.values() for each in some if each["id"] in OTHERS}
    found: dict[str, dict[str, Any]] = {}
    for module in RECORDS:
        url = f"{running['zoho_url']}/_sim/records"
        shown = requests.get(url, params={"module": module}, timeout=30).json()
        found |= {each["id"]: each for each in shown if each["id"] in OTHERS}
    return all(
        found.get(one, {}).get(name) == value for one, each in wanted.items() for name, value in each.items()
    )


def _checked(running: RunningStack, deletion: str) -> str:
    """Check the receipt as docs/EVIDENCE.md says, with openssl; where this machine lacks the tools, with
    `expunge receipt verify`. Returns with what.
    """
    bucket = BucketStore(s3.owned(running.client), running["evidence_bucket"])
    limit = time.monotonic() + WAIT_SECONDS
    files: dict[str, bytes] = {}
    while not files and time.monotonic() < limit:
        running.wake("evidence")
        with suppress(Waits):
            files = gathered(bucket, deletion)
    with tempfile.TemporaryDirectory(prefix="receipt-") as name:
        for path, data in files.items():
            file = Path(name) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return _verified(Path(name))


def _verified(folder: Path) -> str:
    tools = all(shutil.which(each) for each in ("openssl", "jq", "sha256sum"))
    if tools:
        page = (ROOT / "docs/EVIDENCE.md").read_text(encoding="utf-8")
        recipe = page.split("<!-- recipe -->\n```sh\n", 1)[1].split("```", 1)[0]
        done = subprocess.run(
            ["sh", "-eu"], input=recipe, cwd=folder, capture_output=True, text=True, check=False
        )
        what = "openssl"
    else:
        words = [str(ROOT / ".venv/bin/python"), "-m", "cli", "receipt", "verify", str(folder)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        what = "expunge receipt verify (this machine lacks openssl, jq or sha256sum)"
    if done.returncode:
        raise Failure(f"{TITLE}: the receipt does not fit: {(done.stdout + done.stderr)[-500:]}")
    return what
