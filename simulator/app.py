"""One call from arrival to answer: journal, faults, token, limits, route, feature."""

from __future__ import annotations

import time
import traceback
from typing import Any

from simulator import control, coql, errors, oauth, routes, seeds
from simulator.clock import SimClock
from simulator.faults import Fault, reply
from simulator.http import Answer, Call
from simulator.limits import Gate
from simulator.refusals import call_refusal
from simulator.settings import Settings
from simulator.state import State

_SCHEME = "Zoho-oauthtoken "


class Simulator:
    """A Zoho CRM without sockets: ``answer`` takes a ``Call`` and gives an ``Answer``. Safe for many threads.

    Starts with the records of Zoho's documents unless ``documents`` is false.
    """

    def __init__(
        self, settings: Settings | None = None, clock: SimClock | None = None, *, documents: bool = True
    ) -> None:
        self.state = State(settings or Settings(), clock or SimClock())
        if documents:
            seeds.load_documents(self.state)

    @property
    def clock(self) -> SimClock:
        """The simulator's clock; ``clock.advance(seconds)`` is what ``POST /_sim/clock`` does."""
        return self.state.clock

    def load(self, data: dict[str, Any]) -> dict[str, int]:
        """Loads ``{"records", "views"?, "territories"?}`` or just records by module; see ``seeds.load``."""
        with self.state.lock:
            return seeds.load(self.state, data)

    def answer(self, call: Call) -> Answer:
        """Answers any call. Controls are neither listed nor counted nor slowed down."""
        if call.path.startswith("/_sim/"):
            return control.answer(self.state, call)
        with self.state.lock:
            entry = self.state.journal.open(call, self.state.now())
            self.state.advance()
            dropped = self.state.faults.take(("drop_before",), call)
        try:
            answer = Answer(0, dropped=True) if dropped else self._worked(call)
        except Exception:  # noqa: BLE001 - a mistake of the simulator's own is told and answered, never a hang
            traceback.print_exc()
            answer = errors.internal_error()
        if not answer.dropped:
            entry["status"] = answer.status
        return answer

    def _worked(self, call: Call) -> Answer:
        """The answer, with the faults that leave the connection alone, and ``drop_after``."""
        with self.state.lock:
            slow = self.state.faults.take(("slow",), call)
            foreign = self.state.faults.take(("reply",), call)
        if slow and slow.more.get("when") == "before":
            time.sleep(slow.more["seconds"])
        answer = reply(foreign) if foreign and foreign.more.get("when") != "after" else self._admitted(call)
        if foreign and foreign.more.get("when") == "after":
            answer = reply(foreign)
        with self.state.lock:
            dropped = self.state.faults.take(("drop_after",), call)
        if slow and slow.more.get("when") != "before":
            time.sleep(slow.more["seconds"])
        return Answer(0, dropped=True) if dropped else answer

    def _admitted(self, call: Call) -> Answer:
        state = self.state
        if call.path.startswith("/oauth/"):
            return self._accounts(call)
        route = routes.find(call)
        heavy = isinstance(route, routes.Route) and route.heavy(call)
        with state.lock:
            gate: Gate = state.gate
            if not gate.enter(heavy, state.settings.concurrency, state.settings.heavy_concurrency):
                text = "You have exceeded the limit of concurrent calls"
                return errors.too_many_requests(text, state.settings.limit_code)
        try:
            if not state.settings.latency_ms:
                return self._crm(route, call)
            # Worked on in the middle, so that calls which wait for each other here still take the same time.
            took, began = state.settings.latency_ms / 1000, time.monotonic()
            time.sleep(took / 2)
            answer = self._crm(route, call)
            time.sleep(max(0.0, began + took - time.monotonic()))
            return answer
        finally:
            with state.lock:
                gate.leave(heavy)

    def _accounts(self, call: Call) -> Answer:
        with self.state.lock:
            if call.path == "/oauth/v2/token" and call.method == "POST":
                return oauth.token(self.state.tokens, self.state.settings, call, self.state.now())
            if call.path == "/oauth/v2/token/revoke" and call.method == "POST":
                return oauth.revoke(self.state.tokens, call)
        return errors.invalid_url()

    def _crm(self, route: routes.Route | Answer, call: Call) -> Answer:
        state = self.state
        with state.lock:
            refused = self._refusal(route, call)
            if isinstance(route, Answer) or refused is not None:
                return refused or errors.invalid_url()
            extra = state.credits.header(state.settings.credits)
            answer = route.handler(state, call) if route.handler is not coql.query else None
        if answer is None:
            answer = route.handler(state, call)  # takes the lock for a moment only
        answer.headers.update(extra)
        return answer

    def _refusal(self, route: routes.Route | Answer, call: Call) -> Answer | None:
        """Token, path, module, scope, credits, refusals by setting: in this order."""
        state, settings = self.state, self.state.settings
        refused = self._token_refusal(call)
        if refused is not None:
            return refused
        if isinstance(route, Answer):
            return route
        refused = routes.module_refusal(state, call)
        if refused is not None:
            return refused
        value = call.headers["authorization"][len(_SCHEME) :].strip()
        granted = set(state.tokens.scopes(value, settings))
        if not set(routes.scopes_for(route, call)) & granted or not granted >= {route.also_scope} - {None}:
            return errors.scope_mismatch(settings.scope_message)
        if not state.credits.spend(route.price(state, call), settings.credits, state.now()):
            text = "You have reached the API credits limit for the day"
            return errors.too_many_requests(text, settings.limit_code)
        return call_refusal(settings.refuse, call.args.get("module", ""), route.operation)

    def _token_refusal(self, call: Call) -> Answer | None:
        header = call.headers.get("authorization", "")
        if not header.startswith(_SCHEME):
            return errors.no_authorization()
        value = header[len(_SCHEME) :].strip()
        fault: Fault | None = self.state.faults.take(("expired_token",), call)
        if fault is not None:
            self.state.tokens.kill(value)
        if not self.state.tokens.alive(value, self.state.now()):
            return errors.invalid_token(self.state.settings.token_code)
        return None
