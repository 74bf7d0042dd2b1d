"""What the overview knows, read through the operators' API: all of the window once, then only what may have
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import click

from cli import http
from cli.dashboard.sums import StageData, iso, kind, moment
from cli.http import RetryPolicy

#: Deletions that have not ended and are read again at most in one go, those that were read longest ago first.
READ_AGAIN = 60
_MAY = "allow your AWS identity execute-api:Invoke on GET v1/operator/*"
Document = dict[str, Any]


class Api(Protocol):
    """The part of operator_api.OperatorApi that is used."""

    def call(self, method: str, path: str, query: dict[str, str] | None = None) -> Any:
        """One signed call. Raises ClickException where no answer comes."""


@dataclass
class Feed:
    """`most`: deletions that are kept at most; the newest ones. `orgs`: whose policies and pauses are read
    in any case; those of the deletions seen come with them.
    """

    api: Api
    stage: str
    days: float
    most: int
    orgs: tuple[str, ...] = ("default",)
    retries: RetryPolicy = field(default_factory=lambda: RetryPolicy(tries=4, longest=5.0))
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _kept: dict[str, Document] = field(default_factory=dict)
    _read_at: dict[str, datetime] = field(default_factory=dict)
    _whole: bool = True
    _started: bool = False

    def read(self) -> StageData:
        """Everything as of now. Raises ClickException where the API does not answer, or refuses."""
        now = self.clock()
        since = now - timedelta(days=self.days)
        self._drop_older(since)
        self._newest(since, now)
        self._again(now)
        orgs = sorted({*self.orgs, *(each["org"] for each in self._kept.values())})
        return StageData(
            stage=self.stage,
            since=since,
            now=now,
            deletions=list(self._kept.values()),
            policies=[{**each, "org": org} for org in orgs for each in self._policies(org)],
            pauses=[self._good("pause"), *(self._good("pause", {"org": org}) for org in orgs)],
            whole=self._whole,
        )

    def _drop_older(self, since: datetime) -> None:
        for one in [one for one, each in self._kept.items() if moment(each["created_at"]) < since]:
            self._forget(one)

    def _newest(self, since: datetime, now: datetime) -> None:
        """Pages from the newest on: all of them the first time, later until one brings nothing new."""
        query, seen, whole = {"since": iso(since)}, 0, True
        while True:
            page = self._good("deletions", query)
            new = [each for each in page["deletions"] if each["id"] not in self._kept]
            for each in page["deletions"]:
                self._keep(each, now)
            seen += len(page["deletions"])
            if page["next_cursor"] is None:
                break
            if seen >= self.most:
                whole = False
                break
            if self._started and page["deletions"] and not new:
                whole = self._whole
                break
            query = {**query, "cursor": page["next_cursor"]}
        self._whole, self._started = whole, True

    def _again(self, now: datetime) -> None:
        """What had not ended, or may be resolved, and was not among the newest."""
        waiting = [
            one
            for one, each in self._kept.items()
            if self._read_at[one] < now and kind(each) in ("open", "needs_attention")
        ]
        for one in sorted(waiting, key=self._read_at.__getitem__)[:READ_AGAIN]:
            answer = self._get(f"deletions/{one}")
            if http.absent(answer):
                self._forget(one)
            elif answer.ok:
                self._keep(answer.json(), now)

    def _keep(self, each: Document, now: datetime) -> None:
        self._kept[each["id"]], self._read_at[each["id"]] = each, now

    def _forget(self, one: str) -> None:
        del self._kept[one], self._read_at[one]

    def _policies(self, org: str) -> list[Document]:
        found: list[Document] = self._good("policies", {"org": org})["policies"]
        return found

    def check(self) -> None:
        """Raises ClickException where the API cannot be read."""
        self._good("pause")

    def _get(self, path: str, query: dict[str, str] | None = None) -> Any:
        return http.tried(lambda: self.api.call("GET", path, query), self.retries, _to_nobody)

    def _good(self, path: str, query: dict[str, str] | None = None) -> Document:
        answer = self._get(path, query)
        if answer.status_code == 403:
            raise click.ClickException(f"GET {path}: refused; {_MAY}")
        if not answer.ok:
            raise click.ClickException(f"GET {path}: HTTP {answer.status_code}: {http.message(answer)}")
        found: Document = answer.json()
        return found


def _to_nobody(_words: str) -> None:
    """A try that failed is nothing to tell as long as others follow."""
