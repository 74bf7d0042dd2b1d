"""The verdict table as a walk: for each code and call, what the simulator says and what must come of it.

Each case has a Zoho org of its own, so that a code that keeps its own case waiting keeps no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.lookup import TABLE, find
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import Row, Verdict

#: Calls that the walk makes fail; the others have no answer of their own in a deletion's life.
WALKED = {
    CallKind.DELETE_RECORDS: Operation.DELETE_RECORDS,
    CallKind.MASS_DELETE_IDS: Operation.DELETE_RECORDS,
    CallKind.DELINK: Operation.DELINK_RECORDS,
    CallKind.MASS_DELETE_VIEW: Operation.MASS_DELETE,
    CallKind.COUNT: Operation.MASS_DELETE,
    CallKind.JOB_STATUS: Operation.MASS_DELETE,
    CallKind.TOKEN: Operation.DELETE_RECORDS,
}

_METHOD = {CallKind.JOB_STATUS: "GET", CallKind.COUNT: "GET", CallKind.MASS_DELETE_IDS: "POST"}
_STATUS = {
    "INVALID_URL_PATTERN": 404,
    "NOT_FOUND": 404,
    "OAUTH_SCOPE_MISMATCH": 401,
    "INVALID_TOKEN": 401,
    "INVALID_OAUTHTOKEN": 401,
    "AUTHENTICATION_FAILURE": 401,
    "NO_PERMISSION": 403,
    "INTERNAL_ERROR": 500,
    "TOO_MANY_REQUESTS": 429,
    "RATE_LIMIT_EXCEEDED": 429,
    "API_LIMIT_EXCEEDED": 429,
}

#: Codes of the token endpoint come from there alone, and those of the CRM never do.
_OF_THE_TOKEN_ENDPOINT = {
    "invalid_code",
    "invalid_client",
    "invalid_client_secret",
    "Access Denied",
    "access_denied",
}

_ENDS = {
    Verdict.FAIL: ("failed", "failed"),
    Verdict.FAILED: ("failed", "failed"),
    Verdict.CHECK_GONE: ("failed", "failed"),
    Verdict.RETRY_SLOWLY: ("failed", "failed"),
    Verdict.WAIT_CREDENTIALS: ("failed", "failed"),
    Verdict.WAIT_TOKEN: ("failed", "failed"),
    Verdict.ABSENT: ("completed", "already_absent"),
    Verdict.DELETED: ("completed", "deleted"),
    Verdict.STARTED: ("completed", "deleted"),
    Verdict.FALLBACK: ("completed", "deleted"),
    Verdict.WAIT_LANE: ("completed", "deleted"),
    Verdict.WAIT_CREDITS: ("completed", "deleted"),
    Verdict.GONE: ("completed", "deleted"),
    Verdict.RETRY: ("completed", "deleted"),
    Verdict.NOTHING: ("completed", None),
    Verdict.UNCOUNTABLE: ("refused", None),
}

#: Answered once and then no more: what waits for its end, not for a person.
_ONCE = {Verdict.WAIT_LANE, Verdict.WAIT_CREDITS, Verdict.RETRY, Verdict.GONE, Verdict.UNKNOWN}


@dataclass(frozen=True)
class Case:
    """One code of one call."""

    number: int
    kind: CallKind
    row: Row

    @property
    def name(self) -> str:
        return f"{self.kind.value}-{self.row.code}".replace(" ", "_")

    @property
    def org(self) -> str:
        return f"walk{self.number}"

    @property
    def module(self) -> str:
        return f"Walk{self.number}"

    @property
    def operation(self) -> Operation:
        return WALKED[self.kind]

    @property
    def record(self) -> str:
        return str(700_000 + self.number)

    def body(self) -> dict[str, Any]:
        """The request to send."""
        common = {"operation": self.operation.value, "module": self.module, "org": self.org}
        if self.operation is Operation.MASS_DELETE:
            freeze = "never" if self.kind is CallKind.COUNT else "auto"
            return {**common, "cvid": str(800_000 + self.number), "freeze": freeze}
        if self.operation is Operation.DELINK_RECORDS:
            links = {"record_id": str(900_000 + self.number), "related_list": "Contacts"}
            return {**common, **links, "ids": [self.record]}
        api = "mass_delete" if self.kind is CallKind.MASS_DELETE_IDS else "records"
        return {**common, "ids": [self.record], "api": api}

    def data(self) -> dict[str, list[dict[str, Any]]]:
        """The records that the simulator has for it."""
        record = {"id": self.record, "Last_Name": "Walk"}
        parent = {"id": str(900_000 + self.number), "Last_Name": "Parent", "Contacts": [self.record]}
        return {self.module: [parent if self.operation is Operation.DELINK_RECORDS else record]}

    def fault(self) -> dict[str, Any] | None:
        """What the simulator is told to say; None where it says so by itself."""
        if self.row.verdict in (Verdict.DELETED, Verdict.STARTED):
            return None
        times = 1 if self.row.verdict in _ONCE else 1000
        status = _STATUS.get(self.row.code, 400)
        error = {"code": self.row.code, "message": "said by the walk", "details": {}, "status": "error"}
        body: Any = error
        if self.kind is CallKind.DELINK and self.row.verdict is Verdict.ABSENT:
            body = {"data": [{**error, "details": {"id": self.record}}]}
        if self.kind is CallKind.JOB_STATUS and self.row.verdict is Verdict.GONE:
            error["details"] = {"param_name": "job_id"}
        return {
            "kind": "reply",
            "method": _METHOD.get(self.kind, "POST" if self.kind is CallKind.MASS_DELETE_VIEW else "DELETE"),
            "path": self._path(),
            "status": status,
            "body": body,
            "times": times,
        }

    def _path(self) -> str:
        end = {
            CallKind.COUNT: "/actions/count",
            CallKind.JOB_STATUS: "/actions/mass_delete",
            CallKind.MASS_DELETE_VIEW: "/actions/mass_delete",
            CallKind.MASS_DELETE_IDS: "/actions/mass_delete",
        }.get(self.kind, "")
        return rf"/crm/v7/{self.module}{end}(\W|$)" if end else rf"/crm/v7/{self.module}\W"

    def end(self) -> tuple[str, str | None]:
        """The final status that must come of it, and the count that the one record must be in."""
        if self.row.verdict is Verdict.UNKNOWN:
            return "completed", "deleted"
        if self._never_told():
            return "needs_attention", "unknown"
        if self.row.verdict is Verdict.NOTHING:
            return "failed", "failed"  # Zoho finds the view empty, and the listed record is there
        status, counted = _ENDS[self.row.verdict]
        if status == "failed" and self.operation is Operation.MASS_DELETE:
            # What is only counted was not requested; a job whose status may not be asked for is not followed,
            # and its records go by ids.
            if self.kind is CallKind.JOB_STATUS:
                return "completed", "deleted"
            return "failed", None if self.kind is CallKind.COUNT else "failed"
        return status, counted

    def _never_told(self) -> bool:
        """A job runs, and its status is refused for as long as a job is waited for."""
        return self.kind is CallKind.JOB_STATUS and self.row.verdict is Verdict.WAIT_CREDENTIALS

    def _not_followed(self) -> bool:
        """Whether the view's job runs is not known: a lost start, or a status that is not told."""
        lost = self.kind is CallKind.MASS_DELETE_VIEW and self.row.verdict is Verdict.UNKNOWN
        gone = (Verdict.GONE, Verdict.FAIL)
        return lost or (self.kind is CallKind.JOB_STATUS and self.row.verdict in gone)

    def problem(self) -> str | None:
        """The code that the final event must show, None where it ends well."""
        if self._not_followed():
            return "START_LOST"
        if self.end()[0] == "completed":
            return None
        if self.row.verdict is Verdict.NOTHING:
            return "LEFT_VIEW"
        if self._never_told():
            return "JOB_TOO_OLD"
        return "CANNOT_COUNT" if self.row.verdict is Verdict.UNCOUNTABLE else self.row.code


def cases() -> list[Case]:
    """Every code of Zoho's in every call that a deletion makes."""
    found: list[Case] = []
    for row in TABLE:
        if row.sources == ("OWN",):
            continue
        for kind in sorted(row.kinds & set(WALKED), key=lambda k: k.value):
            at_token = row.code in _OF_THE_TOKEN_ENDPOINT
            if at_token == (kind is CallKind.TOKEN) and find(row.code, kind) is row:
                found.append(Case(len(found), kind, row))
    return found
