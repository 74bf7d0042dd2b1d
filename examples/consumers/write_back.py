"""Writes what became of a deletion back to a record in Zoho: python write_back.py QUEUE_URL STATE_FILE

The record is named by the request's `reference`, such as `Cases/3652397000000111001`: a case or task about
the erasure, not the record that is deleted. Two text fields of that module are set: `Deletion_Status` and
`Deletion_Result`. Its credentials are its own, with the scope `ZohoCRM.modules.cases.UPDATE` and no other, so
that it can delete nothing: ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN, ZOHO_ACCOUNTS_URL
(https://accounts.zoho.eu), ZOHO_API_URL (https://www.zohoapis.eu).
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from newest import Newest
from sqs_consumer import drain

MODULES = {"Cases"}  # records elsewhere are never touched, whatever a reference says
_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,99})/([0-9]{1,19})")


class Later(Exception):
    """Zoho did not take it now: the event has to come again."""


@dataclass
class Zoho:
    """Updates records. Keeps its access token, of which Zoho gives ten in ten minutes."""

    accounts_url: str
    api_url: str
    credentials: dict[str, str] = field(repr=False)
    _token: str = field(default="", repr=False)

    def update(self, module: str, record: str, values: dict[str, str]) -> str:
        """Zoho's code, such as SUCCESS. Raises Later."""
        # An empty `trigger` fires no workflow rule: nothing here may start the next deletion.
        body = json.dumps({"data": [values], "trigger": []}).encode()
        status, answer = self._put(f"{self.api_url}/crm/v8/{module}/{record}", body)
        if status == 401:
            self._token = ""  # it may have expired
            status, answer = self._put(f"{self.api_url}/crm/v8/{module}/{record}", body)
        code = _code(answer)
        if status in (401, 429) or status >= 500:
            raise Later(f"{status} {code}")
        return code

    def _put(self, url: str, body: bytes) -> tuple[int, Any]:
        self._token = self._token or self._granted()
        headers = {"Authorization": f"Zoho-oauthtoken {self._token}", "Content-Type": "application/json"}
        return _call(urllib.request.Request(url, body, headers, method="PUT"))

    def _granted(self) -> str:
        form = urlencode({"grant_type": "refresh_token", **self.credentials}).encode()
        _, answer = _call(urllib.request.Request(f"{self.accounts_url}/oauth/v2/token", form))
        if not isinstance(answer, dict) or "access_token" not in answer:  # Zoho says so with a 200, too
            raise Later(f"no access token: {answer.get('error') if isinstance(answer, dict) else answer!r}")
        return str(answer["access_token"])


@dataclass
class WriteBack:
    """What to do with an event: `act` of sqs_consumer.py."""

    zoho: Zoho

    def __call__(self, event: dict[str, Any]) -> None:
        """Sets the two fields of the record that the reference names, if it names one. Raises Later."""
        data = event["data"]
        named = _REFERENCE.fullmatch(data.get("reference") or "")
        if named is None or named[1] not in MODULES:
            return
        values = {"Deletion_Status": data["status"], "Deletion_Result": result(data)}
        code = self.zoho.update(named[1], named[2], values)
        # Anything but SUCCESS, such as a record that is gone, would be answered alike again.
        print(event["id"], data["reference"], code, flush=True)


def result(data: dict[str, Any]) -> str:
    """Such as `2 of 3 deleted, 1 failed; RECORD_LOCKED (1): Unlock it, then retry.`, at most 255 long."""
    counts = data["counts"]
    others = {name: n for name, n in counts.items() if n and name not in ("requested", "deleted")}
    parts = [f"{counts.get('deleted', 0)} of {counts['requested']} deleted"]
    parts += [f"{n} {name.replace('_', ' ')}" for name, n in others.items()]
    problems = [f"{each['code']} ({each['count']}): {each['what_to_do']}" for each in data["problems"]]
    return "; ".join([", ".join(parts), *problems])[:255]


def _call(request: urllib.request.Request) -> tuple[int, Any]:
    """Status and JSON of an answer. Raises Later where there is none."""
    try:
        with urllib.request.urlopen(request, timeout=20.0) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    except OSError as problem:
        raise Later(type(problem).__name__) from problem
    try:
        return status, json.loads(text)
    except ValueError:
        return max(status, 500), None  # Zoho is down and says so in HTML


def _code(answer: Any) -> str:
    """The code of a bare answer, or of the one item in its `data`."""
    item = answer["data"][0] if isinstance(answer, dict) and answer.get("data") else answer
    return str(item.get("code", "?")) if isinstance(item, dict) else "?"


def main() -> None:
    """Runs until it is stopped."""
    import boto3

    queue_url, state_file = sys.argv[1:]
    names = ("client_id", "client_secret", "refresh_token")
    credentials = {name: os.environ[f"ZOHO_{name.upper()}"] for name in names}
    act = WriteBack(Zoho(os.environ["ZOHO_ACCOUNTS_URL"], os.environ["ZOHO_API_URL"], credentials))
    newest, sqs = Newest(Path(state_file)), boto3.client("sqs")
    while True:
        drain(sqs, queue_url, newest, act)


if __name__ == "__main__":
    main()
