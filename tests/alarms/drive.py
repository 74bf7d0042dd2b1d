"""Makes happen what each of our alarms is about, in the real handlers; returns what they printed.

The handlers are those of the functions, with their real log and metrics; table, queue, topic and Zoho are
fakes.
"""

from __future__ import annotations

import contextlib
import io
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chalicelib import bootstrap, handlers, observability
from chalicelib.domain.document import iso
from chalicelib.domain.errors import SecretUnusable, Unreadable
from chalicelib.domain.evidence.digest import Extent, day_of
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine import watchdog
from chalicelib.service.evidence.ports import Chain
from chalicelib.service.evidence.tools import Tools as EvidenceTools
from chalicelib.service.zoho_port import ZohoFactory
from tests.contract.zoho.kit import Bench, small_server
from tests.fake_zoho import error
from tests.fakes import LEADS, SOURCES, House
from tests.unit.service.retention.retention_world import RetentionWorld
from tests.unit.service.world import World

CONTEXT = SimpleNamespace(
    function_name="f", aws_request_id="inv-1", get_remaining_time_in_millis=lambda: 60_000
)


class Functions:
    """The functions that no request wakes, over a world in memory."""

    def __init__(self, patch: pytest.MonkeyPatch, world: World | None = None) -> None:
        self.world = world or World(["1"])
        self._patch = patch
        self.wire(self.world.deps.zoho)

    def wire(self, zoho: ZohoFactory) -> None:
        deps = replace(
            self.world.deps,
            zoho=zoho,
            report=observability.note,
            measure=observability.measure,
            about=observability.about,
            ends_at=self.world.now + 10**9,
        )
        self._patch.setattr(bootstrap, "deps_until", lambda _context: deps)
        self._patch.setattr(bootstrap, "turns", lambda: None)

    def fail(self, problem: Exception) -> None:
        """Every attempt to reach Zoho ends like this."""

        def factory(org: str, deadline: float) -> Any:
            raise problem

        self.wire(factory)

    def work(self, *deletions: str) -> None:
        records = [{"messageId": d, "body": json.dumps({"deletion": d})} for d in deletions]
        handlers.work({"Records": records}, CONTEXT)

    def poll(self) -> None:
        handlers.poll({}, CONTEXT)


def _poll(patch: pytest.MonkeyPatch) -> None:
    Functions(patch).poll()


def _late(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    functions.world.accept(ids=("1",))
    functions.world.now += 1000
    functions.poll()


def _locked_for_days(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    functions.world.zoho.locked = {"1"}
    one = functions.world.accept(ids=("1",))
    functions.world.now += 3 * 86_400
    functions.work(one)


def _failed(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    functions.world.zoho.script["delete_records"] = [error("OAUTH_SCOPE_MISMATCH", 401)]
    functions.work(functions.world.accept(ids=("1",)))


def _stuck(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    one = functions.world.accept(ids=("1",))
    functions.world.ledger.rows[one].attempts = watchdog.MOST_ATTEMPTS - 1
    functions.fail(KeyError("a mistake of ours"))
    functions.work(one)


def _broken(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    functions.fail(KeyError("a mistake of ours"))
    functions.work(functions.world.accept(ids=("1",)))


def _unreadable(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    one = functions.world.accept(ids=("1",))

    def claim(*_: object) -> None:
        raise Unreadable(one, "written by another version")

    patch.setattr(functions.world.ledger, "claim", claim)
    functions.work(one)


def _torn_calls(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    one = functions.world.accept(ids=("1",), permanent_after=0)

    def calls(*_: object) -> None:
        raise Unreadable(one, "calls")

    patch.setattr(functions.world.ledger, "calls", calls)
    functions.work(one)


def _topic_down(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    functions.world.topic.down = True
    functions.work(functions.world.accept(ids=("1",)))


def _no_secret(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)
    functions.fail(SecretUnusable("expunge/test/zoho/default", "is missing"))
    functions.work(functions.world.accept(ids=("1",)))


def _few_credits(patch: pytest.MonkeyPatch) -> None:
    functions = Functions(patch)

    def told(work: Callable[[], Reply]) -> Reply:
        return replace(work(), credits_left=42)

    functions.world.zoho.script["delete_records"] = [told]
    functions.work(functions.world.accept(ids=("1",)))


def _no_token(patch: pytest.MonkeyPatch) -> None:
    with small_server() as server:
        server.token_answer = lambda: (400, b'{"error": "invalid_code"}')
        bench = Bench(server.url, report=observability.note)
        functions = Functions(patch)
        functions.wire(bench.orgs())
        one = functions.world.accept(ids=("1",))
        for _ in range(2):
            bench.clock.ahead = functions.world.now - time.time()
            functions.work(one)
            functions.world.now += 60


def _strangers(_patch: pytest.MonkeyPatch) -> None:
    house = House()
    for n in range(100):
        assert house.post(LEADS, delivery=f"msg_{n}", source="nobody").status == 401


def _many_records(_patch: pytest.MonkeyPatch) -> None:
    house = House()
    ids = [str(n) for n in range(1, 501)]
    for n in range(20):
        assert house.post({**LEADS, "ids": ids}, delivery=f"msg_{n}").status == 202


def _too_many_records(_patch: pytest.MonkeyPatch) -> None:
    house = House({**SOURCES, "crm": {**SOURCES["crm"], "max_records_per_hour": 2}})
    assert [house.post(LEADS, delivery=f"msg_{n}").status for n in range(2)] == [202, 429]


def _bad_policy(patch: pytest.MonkeyPatch) -> None:
    world = RetentionWorld()
    kept = world.put()
    world.policies.kept["default", "old-leads"] = replace(kept, document={"module": "Leads"})
    patch.setattr(bootstrap, "retention", lambda: replace(world.retention, report=observability.note))
    handlers.retention({}, CONTEXT)


class EvidenceBook:
    """A table in which one deletion has waited for its receipt for long, and cannot be read."""

    def __init__(self, now: float) -> None:
        self._now = now

    def __getattr__(self, name: str) -> Callable[..., Any]:
        now, today = str(iso(self._now)), day_of(self._now)
        answers = {
            "take_turn": True,
            "chain": Chain(1, "", now, today),
            "due": [["del_1"]],
            "oldest": 1000.0,
            "entries": [],
            "waiting": {},
            "digested": Extent(today, today, "", ""),
        }
        return lambda *_: answers.get(name)

    def get(self, deletion_id: str) -> None:
        raise KeyError(deletion_id)


class NoObjects:
    """A bucket with nothing in it."""

    def read(self, _name: str) -> None:
        return None


def _no_receipt(patch: pytest.MonkeyPatch) -> None:
    nobody: Any = None
    now = time.time()
    book: Any = EvidenceBook(now)
    tools = EvidenceTools(
        book=book,
        objects=cast("Any", NoObjects()),
        signer=nobody,
        nudges=nobody,
        topic=nobody,
        clock=lambda: now,
        stage="test",
        owner="a process",
        report=observability.note,
        measure=observability.measure,
    )
    patch.setattr(bootstrap, "evidence", lambda: tools)
    handlers.evidence({}, CONTEXT)


#: What is done for each alarm on a metric of ours.
SCENES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "oldest-due": _late,
    "long-wait": _locked_for_days,
    "failed-share": _failed,
    "needs-attention": _stuck,
    "unauthorized": _strangers,
    "accepted-records": _many_records,
    "limit-reached": _too_many_records,
    "token-refused": _no_token,
    "secret-unusable": _no_secret,
    "credits-low": _few_credits,
    "poll-silent": _poll,
    "advance-broken": _broken,
    "set-aside": _unreadable,
    "permanent-not-made": _torn_calls,
    "events-stuck": _topic_down,
    "retention-broken": _bad_policy,
    "evidence-late": _no_receipt,
    "evidence-broken": _no_receipt,
}


def printed(name: str, stage: str) -> str:
    """What the functions of `stage` print in the scene of this alarm."""
    out = io.StringIO()
    before = dict(observability.metrics.default_dimensions)
    _bear(stage)
    try:
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
            SCENES[name](patch)
    finally:
        _bear(before["stage"])
    return out.getvalue()


def _bear(stage: str) -> None:
    """In a function the stage never changes: Powertools warns where it does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        observability.metrics.set_default_dimensions(stage=stage)
