"""A thin layer around every port: numbers the calls of a scenario and does one of them the wrong way.

A process that dies takes nothing more along: whatever its threads and `finally` blocks still try raises too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine.deps import Recent
from chalicelib.service.messaging import Queue, Topic
from chalicelib.service.ports import Leases, Ledger
from chalicelib.service.retention.retain import Runs
from chalicelib.service.zoho_port import Zoho, ZohoFactory


class Died(BaseException):
    """The process ends here. Nothing in the code under test catches it."""


class Way(StrEnum):
    """What happens to one call."""

    DIE_BEFORE = "dies before it"
    DIE_AFTER = "dies after it"
    TIMEOUT = "times out, never done"
    LOSE_REPLY = "is done, its reply is lost"


@dataclass(frozen=True, slots=True)
class Plan:
    """The call with this number goes this way."""

    call: int
    way: Way


@dataclass
class Recorder:
    """Numbers the calls of a scenario, over all of its processes."""

    plan: Plan | None = None
    names: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, name: str) -> Way | None:
        """Notes a call; tells what shall become of it."""
        with self._lock:
            self.names.append(name)
            return self.plan.way if self.plan and self.plan.call == len(self.names) else None


Fail = Callable[[], Any]


@dataclass
class Process:
    """One life of the service: an invocation of a function."""

    recorder: Recorder
    dead: bool = False

    def call(self, name: str, work: Callable[[], Any], fail: Fail) -> Any:
        """One call of a port. `fail` does what the adapter does where no answer comes."""
        if self.dead:
            raise Died(name)
        way = self.recorder.next(name)
        if way is Way.TIMEOUT:
            return fail()
        if way is Way.DIE_BEFORE:
            self._die(name)
        answer = work()
        if way is Way.DIE_AFTER:
            self._die(name)
        return fail() if way is Way.LOSE_REPLY else answer

    def _die(self, name: str) -> None:
        self.dead = True
        raise Died(name)

    # --- the ports as this process sees them -------------------------------------------------------

    def ledger(self, ledger: Ledger) -> Ledger:
        return cast("Ledger", Port(self, "table", ledger, _unavailable("table")))

    def leases(self, leases: Leases) -> Leases:
        return cast("Leases", Port(self, "leases", leases, _unavailable("table")))

    def recent(self, recent: Recent) -> Recent:
        return cast("Recent", Port(self, "recent", recent, _unavailable("table")))

    def runs(self, runs: Runs) -> Runs:
        return cast("Runs", Port(self, "policies", runs, _unavailable("table")))

    def nudges(self, queue: Queue) -> Queue:
        return cast("Queue", Port(self, "queue", queue, lambda: 0))

    def topic(self, topic: Topic) -> Topic:
        return cast("Topic", Port(self, "topic", topic, _unavailable("topic")))

    def zoho(self, factory: ZohoFactory) -> ZohoFactory:
        def made(org: str, deadline: float) -> Zoho:
            client = self.call("secret.zoho", lambda: factory(org, deadline), _unavailable("secret"))
            lost = Reply(None, sent=True, failure="read timeout")
            return cast("Zoho", Port(self, "zoho", client, lambda: lost))

        return made


class Port:
    """Any port: methods are calls, everything else is handed on."""

    def __init__(self, process: Process, name: str, inner: Any, fail: Fail) -> None:
        self._process, self._name, self._inner, self._fail = process, name, inner, fail

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._inner, method)
        if not callable(found):
            return found
        name = f"{self._name}.{method}"
        return lambda *words, **more: self._process.call(name, lambda: found(*words, **more), self._fail)


def _unavailable(what: str) -> Fail:
    def fail() -> Any:
        raise Unavailable(what, "timed out")

    return fail
