"""The operators' endpoints for what is set: holds, pauses, all that a source asked for, and the log of it
(contract section 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import Field, Missing, NotValid
from chalicelib.domain.operators import Hold, Pause
from chalicelib.service.operators import by_source, org_settings
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.log import Log
from chalicelib.service.operators.org_settings import Orgs
from chalicelib.web import (
    operator_answers,
    operator_log,
    operator_query,
    operator_schemas,
    responses,
)
from chalicelib.web.http import Answer, HttpRequest
from chalicelib.web.intake import MOST_BYTES, Note, Secret
from chalicelib.web.signature import Unauthorized


@dataclass(frozen=True, slots=True)
class SettingsEndpoints:
    """These endpoints with what they need. Methods raise what responses.refusal turns into answers."""

    operators: Operators
    orgs: Orgs
    log: Log
    sources: Secret
    note: Note
    clock: Callable[[], float]

    # --- holds -----------------------------------------------------------------------------------

    def holds(self, request: HttpRequest) -> Answer:
        """GET holds."""
        now, org = self._caller(request).now, operator_query.org(request.query)
        after = operator_query.holds_cursor(request.query)
        found, following = org_settings.holds(self.orgs, org, after, now)
        cursor = operator_query.cursor(following)
        return responses.ok(
            200, {"holds": [operator_answers.held(one) for one in found], "next_cursor": cursor}
        )

    def hold(self, request: HttpRequest) -> Answer:
        """GET holds/{module}/{record_id}."""
        now, org = self._caller(request).now, operator_query.org(request.query)
        module, record_id = operator_query.record(request.path_params)
        return responses.ok(
            200, operator_answers.held(org_settings.hold(self.orgs, org, module, record_id, now))
        )

    def set_hold(self, request: HttpRequest) -> Answer:
        """PUT holds/{module}/{record_id}."""
        caller, org = self._caller(request), operator_query.org(request.query)
        module, record_id = operator_query.record_to_hold(request.path_params)
        body = operator_schemas.read(operator_schemas.SET_HOLD, body_of(request))
        until = body.get("until")
        until = None if until is None else operator_query.moment(until, "/until")
        if until is not None and until <= caller.now:
            raise NotValid(
                "the request is not valid", (Field("/until", "is over already: name a later time"),)
            )
        hold = Hold(org, module, record_id, body["reason"], caller.arn, caller.now, until)
        org_settings.set_hold(self.orgs, hold, caller)
        self.note("HoldSet", org=org, module=module)
        return responses.ok(
            200, {**operator_answers.held(hold), "not_checked": operator_answers.not_checked(hold)}
        )

    def remove_hold(self, request: HttpRequest) -> Answer:
        """DELETE holds/{module}/{record_id}: the hold as it was."""
        caller, org = self._caller(request), operator_query.org(request.query)
        module, record_id = operator_query.record(request.path_params)
        removed = org_settings.remove_hold(self.orgs, org, module, record_id, caller)
        self.note("HoldRemoved", org=org, module=module)
        return responses.ok(200, operator_answers.held(removed))

    # --- pause -----------------------------------------------------------------------------------

    def paused(self, request: HttpRequest) -> Answer:
        """GET pause: what holds for the query's org; without one, for all orgs."""
        self._caller(request)
        org, source = operator_query.org_or_all(request.query), operator_query.source(request.query)
        if source is not None:
            return responses.ok(200, operator_answers.paused(self.orgs.pause(None, source)))
        return responses.ok(200, operator_answers.paused(org_settings.paused(self.orgs, org)))

    def pause(self, request: HttpRequest) -> Answer:
        """PUT pause."""
        caller = self._caller(request)
        body = operator_schemas.read(operator_schemas.SET_PAUSE, body_of(request))
        org, source = body.get("org"), body.get("source")
        if org is not None and source is not None:
            raise NotValid(
                "the request is not valid", (Field("/org", "leave it out where a source is named"),)
            )
        pause = Pause(org, body["paused"], body.get("reason", ""), caller.arn, caller.now, source)
        org_settings.set_pause(self.orgs, pause, caller)
        self.note(
            "Paused" if pause.paused else "Resumed", org=pause.org or "all", source=pause.source or "all"
        )
        return responses.ok(200, operator_answers.paused(pause))

    # --- sources ---------------------------------------------------------------------------------

    def cancel_source(self, request: HttpRequest) -> Answer:
        """POST sources/{source}/cancel."""
        operator_schemas.read(operator_schemas.NOTHING, body_of(request))
        caller, source = self._caller(request), request.path_params.get("source", "")
        if source not in self.sources.value() and source not in (self.sources.fresh() or {}):
            raise Missing(f"source {source}")
        found = by_source.cancel(self.operators, self.orgs, source, caller, self.clock)
        self.note("SourceCancelled", source=source)
        return responses.ok(202, asdict(found))

    # --- the operators' log ----------------------------------------------------------------------

    def read_log(self, request: HttpRequest) -> Answer:
        """GET log."""
        return operator_log.read(self.log, request.query, self._caller(request))

    def tell_log(self, request: HttpRequest) -> Answer:
        """POST log."""
        return operator_log.tell(self.log, body_of(request), self._caller(request))

    def _caller(self, request: HttpRequest) -> Caller:
        """Who IAM let in. A route that was left open by mistake lets nobody in."""
        if not request.caller:
            raise Unauthorized("no_caller")
        return Caller(request.caller, self.clock())


def body_of(request: HttpRequest) -> bytes:
    """The body of a call. Raises responses.TooLarge."""
    if len(request.body) > MOST_BYTES:
        raise responses.TooLarge(MOST_BYTES)
    return request.body
