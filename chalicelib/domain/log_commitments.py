"""What a deletion's log commits to: what was asked for, limits, ids, outcomes, approval and end."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.plain import plain

#: What it commits to under a salt.
IDS, RECORDS = "ids", "records"
#: What it commits to without a salt: nothing personal, and kept when the rest is forgotten.
REQUEST, LIMITS, APPROVAL, END = "request", "limits", "approval", "end"
#: Fields of a deletion that tell what was done, and do not change once it has ended.
_KEPT = ("calls", "frozen", "job_id", "job_ended_at", "sent_at", "started_at", "unlisted")
#: Fields of a request that are committed to elsewhere, or personal.
_APART = ("ids", "until", "reference", "reason", "record_id", "identity")


def commitment(value: Any, salted: str = "") -> str:
    """SHA-256, base64url, of the salt and the canonical JSON of `value`."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    found = hashlib.sha256(f"{salted}\n{text}".encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(found).decode().rstrip("=")


def digest(chunks: Iterable[Chunk | None]) -> str:
    """SHA-256, hex, over ids and outcomes, chunk after chunk; None stands for one that cannot be read."""
    whole = hashlib.sha256()
    for chunk in chunks:
        told: Any = None
        if chunk is not None:
            codes, records = sorted(chunk.codes.items()), sorted(chunk.records.items())
            told = [list(chunk.ids), chunk.marks, codes, records]
        whole.update(json.dumps(told, separators=(",", ":")).encode() + b"\n")
    return whole.hexdigest()


def facts_of(deletion: Deletion, n: int) -> dict[str, Any]:
    """What the deletion says of itself that is not personal: at its first entry what was asked for, later how
    far it is.
    """
    known: dict[str, Any] = {}
    if n == 1:
        request = {name: value for name, value in plain(deletion.request).items() if name not in _APART}
        asked = {
            "source": deletion.source,
            "asked_by": deletion.asked_by,
            "put_by": deletion.put_by,
            "retry_of": deletion.retry_of,
            "created_at": deletion.created_at,
        }
        known = {REQUEST: {**request, **asked}, LIMITS: plain(deletion.limits)}
    approval = deletion.approval
    if approval is not None and approval.approved_at is not None:
        known[APPROVAL] = plain(approval)
    if deletion.is_final:
        known[END] = {
            "status": deletion.status,
            "counts": plain(deletion.counts),
            "finished_at": deletion.finished_at,
            "resolved_by": deletion.resolved_by,
            "cancelled_by": deletion.cancelled_by,
            **_done(deletion),
        }
    return known


def _done(deletion: Deletion) -> dict[str, Any]:
    """What else it tells of what was done, as far as that stays when the rest is forgotten."""
    plan, found = deletion.plan, deletion.verification
    return {
        **{name: getattr(deletion, name) for name in _KEPT},
        "plan": None if plan is None else [plan.would_delete, plan.calls, plan.credits],
        "problems": [[problem.code, problem.count] for problem in deletion.problems],
        "verification": None if found is None else plain(found),
        "erasure": {name: told for name, told in deletion.erasure.items() if name != "identity"},
    }


def asked_ids(deletion: Deletion, ids: Iterable[str]) -> dict[str, Any]:
    """The ids that were asked for, and the record that they are delinked from."""
    return {"ids": list(ids), "record_id": deletion.request.record_id}
