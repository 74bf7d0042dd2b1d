"""The endpoints for operators (contract section 4). IAM has vouched for the caller, whose ARN is kept with
whatever it asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Outcome
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document
from chalicelib.domain.errors import NotAllowed, NotValid
from chalicelib.domain.ids import is_deletion_id
from chalicelib.domain.permit import permit
from chalicelib.domain.source import OPERATOR, Source, parse
from chalicelib.service.intake.accept import IntakeRequest, Receipt, accept, replay, replayed
from chalicelib.service.operators import commands, listing, undo
from chalicelib.service.operators import forget as forgetting
from chalicelib.service.operators.family import with_children
from chalicelib.web import (
    approval_body,
    links,
    operator_query,
    operator_schemas,
    request_body,
    responses,
)
from chalicelib.web.http import Answer, HttpRequest, public_url
from chalicelib.web.intake import JSON, Secret
from chalicelib.web.operator_settings import SettingsEndpoints, body_of

_NO_ENTRY = (
    "the sources secret has no entry `operator`, so operators may delete nothing:"
    " `expunge sources set operator --module MODULE` makes one"
)


@dataclass(frozen=True, slots=True)
class OperatorEndpoints(SettingsEndpoints):
    """The endpoints about deletions, beside those of SettingsEndpoints."""

    links: Secret
    max_ids: int
    public_url: str = ""

    # --- deletions -------------------------------------------------------------------------------

    def send(self, request: HttpRequest) -> Answer:
        """POST deletions: as signed intake, but for the signature."""
        caller = self._caller(request)
        if request.media_type != JSON:
            raise responses.UnsupportedMediaType("send application/json")
        body = body_of(request)
        entries = self.sources.value()
        try:
            receipt = self._accepted(request, body, entries, caller)
        except NotAllowed:
            fresh = self.sources.fresh()  # the entry may be new
            if fresh is None:
                raise
            receipt = self._accepted(request, body, fresh, caller)
        return self._receipt(request, receipt)

    def _accepted(
        self, request: HttpRequest, body: bytes, entries: Mapping[str, Any], caller: Caller
    ) -> Receipt:
        acceptance = self.operators.acceptance
        if OPERATOR not in entries:
            raise NotAllowed(_NO_ENTRY)
        source: Source = parse(OPERATOR, entries[OPERATOR])
        key = operator_query.idempotency_key(request.headers)
        body_hash = hashlib.sha256(body).hexdigest()
        try:
            wanted = request_body.request_from_json(body, source.org, self.max_ids)
            permit(source, wanted, len(wanted.ids) if wanted.ids else None)
        except (NotValid, NotAllowed):
            before = replay(acceptance.deliveries, OPERATOR, key, body_hash, caller.now)
            if before is None:
                raise
            return replayed(before)
        asked = IntakeRequest(OPERATOR, key, body_hash, wanted, source.limits, asked_by=caller.arn)
        return accept(acceptance, asked, caller.now)

    def _receipt(self, request: HttpRequest, receipt: Receipt) -> Answer:
        self.note(
            "Replayed" if receipt.replayed else "Accepted", deletion=receipt.deletion_id, source=OPERATOR
        )
        body = {**receipt.body, "links": self._links(request, receipt.deletion_id)}
        return responses.ok(202, body, {"Idempotent-Replayed": "true"} if receipt.replayed else None)

    def _links(self, request: HttpRequest, deletion_id: str) -> dict[str, str]:
        base, keys = public_url(request, self.public_url), links.keys_from(self.links.value())
        return {"self": links.link(base, deletion_id, keys)}

    def listed(self, request: HttpRequest) -> Answer:
        """GET deletions, newest first; without `since` those of the last 30 days."""
        now = self._caller(request).now
        wanted = operator_query.wanted(request.query, now)
        if wanted.reference is not None:
            keys = links.keys_from(self.links.value())
            digests = frozenset(links.reference_digest(wanted.reference, key) for key in keys)
            wanted = replace(wanted, digests=digests)
        start = operator_query.deletions_cursor(request.query)
        page = listing.page(self.operators.deletions, wanted, start, now)
        following = page.following
        values = None if following is None else (following.day, *(following.after or ()))
        found = with_children(self.operators.deletions, page.deletions)
        shown = [self._shown(request, one) for one in found]
        return responses.ok(200, {"deletions": shown, "next_cursor": operator_query.cursor(values)})

    def read(self, request: HttpRequest) -> Answer:
        """GET deletions/{id}: the status document with its link, for an operator who has only the id."""
        self._caller(request)
        found = with_children(self.operators.deletions, [commands.read(self.operators, _id(request))])
        return responses.ok(200, self._shown(request, *found))

    def _shown(self, request: HttpRequest, deletion: Deletion) -> dict[str, Any]:
        return {
            **document(deletion),
            "asked_by": deletion.asked_by,
            "approved_by": (deletion.approval.by or None) if deletion.approval else None,
            "reason": deletion.request.reason,
            "calls": deletion.calls,
            "links": self._links(request, deletion.id),
        }

    def cancel(self, request: HttpRequest) -> Answer:
        """POST deletions/{id}/cancel."""
        operator_schemas.read(operator_schemas.NOTHING, body_of(request))
        asked = commands.cancel(self.operators, _id(request), self._caller(request))
        return self._asked(request, "cancel", asked)

    def approve(self, request: HttpRequest) -> Answer:
        """POST deletions/{id}/approve."""
        given = approval_body.approval(body_of(request))
        asked = commands.approve(self.operators, _id(request), given, self._caller(request))
        return self._asked(request, "approve", asked)

    def resolve(self, request: HttpRequest) -> Answer:
        """POST deletions/{id}/resolve."""
        body = operator_schemas.read(operator_schemas.RESOLVE, body_of(request))
        outcome, caller = Outcome(body["outcome"]), self._caller(request)
        asked = commands.resolve(self.operators, _id(request), outcome, body.get("note", ""), caller)
        return self._asked(request, "resolve", asked)

    def _asked(self, request: HttpRequest, what: str, deletion: Deletion) -> Answer:
        """It will be done; the document shows the deletion as it stood when that was decided."""
        self.note("Commanded", deletion=deletion.id, command=what)
        found = with_children(self.operators.deletions, [deletion])
        return responses.ok(202, self._shown(request, *found))

    def retry(self, request: HttpRequest) -> Answer:
        """POST deletions/{id}/retry: the new deletion's receipt, with `retry_of`."""
        operator_schemas.read(operator_schemas.NOTHING, body_of(request))
        receipt = commands.retry(self.operators, _id(request), self._caller(request))
        return self._receipt(request, receipt)

    def restore(self, request: HttpRequest) -> Answer:
        """POST deletions/{id}/restore: the status document of the deletion that restores."""
        caller = self._caller(request)
        asked = operator_schemas.undo(operator_schemas.RESTORE, body_of(request))
        made = undo.restore(self.operators, _id(request), asked, caller)
        return self._asked(request, "restore", made)

    def delete_permanently(self, request: HttpRequest) -> Answer:
        """POST deletions/{id}/delete_permanently: the status document of the deletion that does it."""
        caller = self._caller(request)
        asked = operator_schemas.undo(operator_schemas.DELETE_PERMANENTLY, body_of(request))
        made = undo.delete_permanently(self.operators, _id(request), asked, caller)
        return self._asked(request, "delete_permanently", made)

    def forget(self, request: HttpRequest) -> Answer:
        """POST deletions/{id}/forget."""
        operator_schemas.read(operator_schemas.NOTHING, body_of(request))
        asked = forgetting.forget(self.operators, _id(request), self._caller(request))
        return self._asked(request, "forget", asked)


def _id(request: HttpRequest) -> str:
    deletion_id = request.path_params.get("id", "")
    if not is_deletion_id(deletion_id):
        raise responses.NotFound
    return deletion_id
