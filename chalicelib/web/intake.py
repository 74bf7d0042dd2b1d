"""The endpoint for signed requests: POST v1/sources/{source}/deletions, in the order that the contract gives
(section 2).

415 (neither JSON nor form), 413, 503 (secrets out of reach), 401, 503 (an entry that cannot be used), 415
(form on a standard-webhooks source), replay 202 or conflict 409, 400, 403, the write. Nothing of a body is
parsed before its sender is known.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.domain.errors import NotAllowed, NotValid, SecretUnusable
from chalicelib.domain.keys import Profile, candidates
from chalicelib.domain.permit import permit
from chalicelib.domain.source import OPERATOR, SOURCE_NAME, Source, UsableSources
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, Receipt, accept, replay, replayed
from chalicelib.web import links, request_body, responses
from chalicelib.web.http import Answer, HttpRequest, public_url
from chalicelib.web.signature import DeliveryId, Proof, Reason, Unauthorized, prove

MOST_BYTES = 256 * 1024
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
#: Who asked, as a sender that signs says: `expunge send` names its operator. The signature does not cover it.
ASKED_BY = "expunge-asked-by"
_ARN = r"arn:aws[a-z-]{0,16}:(?:iam|sts)::[0-9]{12}:[!-~]{1,300}"


class Secret(Protocol):
    """A secret that holds a JSON object (adapters.secrets)."""

    def value(self) -> Mapping[str, Any]:
        """The secret as kept. Raises Unavailable or SecretUnusable."""

    def fresh(self) -> Mapping[str, Any] | None:
        """The secret fetched anew, None where that was done a moment ago. Raises as `value`."""


class Note(Protocol):
    """Where codes for logs and metrics go (observability.note)."""

    def __call__(self, what: str, /, **facts: object) -> None:
        """One log line named `what` with its facts, and a metric of that name."""


@dataclass(frozen=True, slots=True)
class Intake:
    """The endpoint with what it needs. `token_window`: seconds in which a repeat on the token profile
    counts.
    """

    outside: Acceptance
    sources: Secret
    links: Secret
    note: Note
    clock: Callable[[], float]
    max_ids: int
    token_window: int
    public_url: str = ""
    usable: UsableSources = field(default_factory=UsableSources)

    def __call__(self, request: HttpRequest) -> Answer:
        """The answer to a request that was accepted. Raises what responses.refusal turns into the others."""
        if request.media_type not in (JSON, FORM):
            raise responses.UnsupportedMediaType("send application/json")
        if len(request.body) > MOST_BYTES:
            raise responses.TooLarge(MOST_BYTES)
        entries = self.sources.value()
        keys = links.keys_from(self.links.value())
        try:
            receipt = self._receive(request, entries)
        except (Unauthorized, NotAllowed, SecretUnusable) as problem:
            receipt = self._again(request, problem)
        known = request.path_params["source"]  # of a known source by now, so it may be logged
        self.note("Replayed" if receipt.replayed else "Accepted", deletion=receipt.deletion_id, source=known)
        return self._accepted(request, receipt, keys)

    def _again(self, request: HttpRequest, problem: Exception) -> Receipt:
        """Once more with a fresh secret, where it can make a difference: a key or a permission may be new."""
        if isinstance(problem, Unauthorized) and not problem.may_change:
            raise problem
        entries = self.sources.fresh()
        if entries is None:
            raise problem
        return self._receive(request, entries)

    def _receive(self, request: HttpRequest, entries: Mapping[str, Any]) -> Receipt:
        now = self.clock()
        source, delivery_id, body_hash = self._verified(request, entries, now)
        if request.media_type == FORM and source.profile is not Profile.TOKEN:
            raise responses.UnsupportedMediaType("this source takes application/json only")
        try:
            asked = self._intake_request(request, source, delivery_id, body_hash)
        except (NotValid, NotAllowed):
            # A repeat comes before what is wrong with it. A good request need not ask: its write tells.
            before = replay(self.outside.deliveries, source.scope, delivery_id, body_hash, now)
            if before is None:
                raise
            return replayed(before)
        return accept(self.outside, asked, now)

    def _intake_request(
        self, request: HttpRequest, source: Source, delivery_id: DeliveryId, body_hash: str
    ) -> IntakeRequest:
        """What the body asks for. Raises NotValid, or NotAllowed where the source may not ask for it."""
        read = (
            request_body.request_from_form if request.media_type == FORM else request_body.request_from_json
        )
        wanted = read(request.body, source.org, self.max_ids)
        permit(source, wanted, len(wanted.ids) if wanted.ids else None)
        return IntakeRequest(
            source=source.name,
            delivery_id=delivery_id,
            body_hash=body_hash,
            request=wanted,
            limits=source.limits,
            asked_by=_asked_by(request) if source.profile is Profile.STANDARD_WEBHOOKS else None,
            remember=self.token_window if source.profile is Profile.TOKEN else None,
            scope=source.scope,
        )

    def _verified(
        self, request: HttpRequest, entries: Mapping[str, Any], now: float
    ) -> tuple[Source, DeliveryId, str]:
        """Who sent it, as what, and the hash that tells its repeats. Raises Unauthorized, or SecretUnusable
        where the entry is broken and the sender knows a key of it.

        Until the proof all names cost the same: no such source, one that cannot be used, one that can.
        """
        name = request.path_params.get("source", "")
        # Operators have endpoints of their own, where IAM vouches for them.
        known = name in entries and name != OPERATOR and bool(SOURCE_NAME.fullmatch(name))
        proof = prove(request.headers, request.body, candidates(entries[name] if known else None), now)
        if proof.signed is None and not proof.borne:
            raise Unauthorized(_why(proof, entries.get(name), known=known), may_change=proof.may_change)
        # A source that can be used proves itself in the way of its profile only (see candidates).
        source = self.usable.get(entries, name)
        body_hash = hashlib.sha256(request.body).hexdigest()
        delivery_id = proof.signed or DeliveryId(f"sha256:{body_hash}")
        # Where sources share a key, the same delivery through another one is no repeat: it is refused.
        return source, delivery_id, body_hash if source.scope == name else f"{name}:{body_hash}"

    def _accepted(self, request: HttpRequest, receipt: Receipt, keys: tuple[bytes, ...]) -> Answer:
        base = public_url(request, self.public_url)
        body = {**receipt.body, "links": {"self": links.link(base, receipt.deletion_id, keys)}}
        return responses.ok(202, body, {"Idempotent-Replayed": "true"} if receipt.replayed else None)


def _why(proof: Proof, entry: object, *, known: bool) -> Reason:
    """Why a request was refused, for the log and the metrics."""
    bears = isinstance(entry, Mapping) and entry.get("profile") == Profile.TOKEN
    why = proof.why_not_borne if bears else proof.why_not_signed
    return why or "no_match" if known else "unknown_source"


def _asked_by(request: HttpRequest) -> str | None:
    """The ARN that the sender names; None where it names none, or anything else."""
    named = request.headers.get(ASKED_BY, "")
    return named if re.fullmatch(_ARN, named) else None
