"""A deletion as it is shown: the status document (contract section 3) and the receipt (section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain import children, times
from chalicelib.domain.deletion import Approval, Counts, Deletion
from chalicelib.domain.request import Operation


def iso(at: float | None) -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC with milliseconds; None stays None. What lies outside the
    years 1970 to 9999 is shown as the nearest of them.
    """
    if at is None:
        return None
    at = min(max(at, 0.0), times.LAST)
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def receipt(deletion: Deletion) -> dict[str, Any]:
    """The body of the 202, but for its links."""
    return {
        "id": deletion.id,
        "status": "accepted",
        "operation": deletion.request.operation.value,
        "module": deletion.request.module,
        "org": deletion.request.org,
        "reference": deletion.request.reference,
        "created_at": iso(deletion.created_at),
    }


def document(deletion: Deletion) -> dict[str, Any]:
    """The status document: JSON-ready, keys as in the contract."""
    request = deletion.request
    shown: dict[str, Any] = {
        "id": deletion.id,
        "status": deletion.status.value,
        "operation": request.operation.value,
        "module": request.module,
        "org": request.org,
        "source": deletion.source,
        "reference": request.reference,
        "dry_run": request.dry_run,
        "created_at": iso(deletion.created_at),
        "updated_at": iso(deletion.updated_at),
        "finished_at": iso(deletion.finished_at),
        "counts": _shown_counts(deletion),
        "plan": _plan(deletion),
        "waiting_for": deletion.waiting_for,
        "problems": _problems(deletion),
    }
    shown |= _of_its_operation(deletion)
    if deletion.lane_ahead is not None:
        about = None if deletion.lane_seconds is None else round(deletion.lane_seconds)
        shown["lane"] = {"ahead": deletion.lane_ahead, "about_seconds": about}
    if deletion.approval:
        shown["approval"] = _approval(deletion, deletion.approval)
    if deletion.retry_of:
        shown["retry_of"] = deletion.retry_of
    if children.may_come_back(deletion):
        shown["recycle_bin"] = _recycle_bin(deletion)
    return shown


def named(deletion: Deletion, entry: str) -> dict[str, str]:
    """How a record is named where outcomes are told: by its id, and its module where there are several."""
    if deletion.request.operation is not Operation.ERASE_PERSON:
        return {"id": entry}
    module, _, record_id = entry.rpartition("/")
    return {"id": record_id, "module": module}


def _of_its_operation(deletion: Deletion) -> dict[str, Any]:
    """What only its operation has."""
    request = deletion.request
    if request.operation is Operation.MASS_DELETE:
        return {"frozen": deletion.frozen, "job": _job(deletion)}
    if request.operation is Operation.PURGE:
        return {"frozen": deletion.frozen, "policy": request.policy, "run": request.run}
    if request.operation is Operation.RESTORE:
        return {"restore_of": request.parent}
    if request.operation is Operation.ERASE_PERSON:
        told = deletion.erasure
        return {"search": told.get("search"), "verification": told.get("verification")}
    if request.operation is Operation.DELETE_PERMANENTLY:
        return {"permanent_of": request.parent, "verification": _verification(deletion)}
    return {}


_DELETES = ("deleted", "already_absent")
_COUNTED = {
    Operation.RESTORE: ("restored", "already_present", "skipped"),
    Operation.DELETE_PERMANENTLY: (*_DELETES, "skipped"),
    Operation.ERASE_PERSON: (*_DELETES, "unlinked", "cleared", "kept"),
}


def _shown_counts(deletion: Deletion) -> dict[str, int]:
    """Its counts, as far as its operation has them; `requested` is the sum of the others."""
    counts = _counts(deletion)
    own = _COUNTED.get(deletion.request.operation, _DELETES)
    names = ("requested", *own, "failed", "held", "unknown", "pending")
    return {name: getattr(counts, name) for name in names}


def _verification(deletion: Deletion) -> dict[str, Any] | None:
    found = deletion.verification
    return None if found is None else {**asdict(found), "verified_at": iso(found.verified_at)}


def _recycle_bin(deletion: Deletion) -> dict[str, Any]:
    """Until when what it deleted can come back, when it goes for good, and what was done about it."""
    made = deletion.children
    return {
        "restorable_until": iso(children.restorable_until(deletion)),
        "permanent_at": iso(children.permanent_at(deletion)),
        "restored": sum(c.done for c in made if c.operation is Operation.RESTORE),
        "permanently_deleted": sum(c.done for c in made if c.operation is Operation.DELETE_PERMANENTLY),
        "deletions": [{"id": c.id, "operation": c.operation.value, "status": c.status.value} for c in made],
    }


def _counts(deletion: Deletion) -> Counts:
    """Its counts; while a frozen view's job runs with what Zoho says that it has deleted so far."""
    counts = deletion.counts
    going = min(deletion.job_deleted, counts.pending)
    if not going or deletion.is_final:
        return counts
    return replace(counts, deleted=counts.deleted + going, pending=counts.pending - going)


def _job(deletion: Deletion) -> dict[str, Any] | None:
    """Zoho's job; what it took beyond the list is known of a frozen view only."""
    if not deletion.job_id:
        return None
    unlisted = deletion.unlisted if deletion.frozen else None
    return {"id": deletion.job_id, "status": deletion.job_status, "unlisted": unlisted}


def _approval(deletion: Deletion, approval: Approval) -> dict[str, Any]:
    """What is asked, and what was answered; of an erasure with what whoever approves has to know."""
    of_a_map = {}
    if approval.map_hash:
        after = deletion.request.permanent_after
        gone: Any = deletion.erasure.get("not_binned", ())
        companies: Any = deletion.erasure.get("companies", ())
        warned = warnings(after, deletion.created_at, approval.asked_at, gone, companies)
        of_a_map = {"map_hash": approval.map_hash, "shared": list(approval.shared), "warnings": warned}
    return {
        "count": approval.count,
        "asked_at": iso(approval.asked_at),
        "expires_at": iso(approval.expires_at),
        "approved_at": iso(approval.approved_at),
        "approved_by": approval.by or None,
        **of_a_map,
    }


#: The month that a controller has to answer a person (article 12(3) of the GDPR), at its shortest.
MONTH = 28 * 86_400


def warnings(
    permanent_after: int | None,
    created_at: float,
    now: float,
    not_binned: Sequence[str] = (),
    companies: Sequence[str] = (),
) -> list[str]:
    """What whoever approves the erasure of a person has to know beforehand. `not_binned`: modules of the map
    whose deletes Zoho says it does not keep. `companies`: modules of companies of which records go.
    """
    found = ["a restore brings records back, not what was unlinked or cleared"]
    if companies:
        modules = ", ".join(companies)
        found.append(f"records of {modules} are deleted as the request names them: others may belong to them")
    if not_binned:
        modules = ", ".join(not_binned)
        found.append(f"Zoho keeps no deleted records of {modules} in its recycle bin: these cannot come back")
    if permanent_after is not None and now + permanent_after > created_at + MONTH:
        month = iso(created_at + MONTH)
        found.append(f"permanent_after ends later than a month after the request ({month})")
    return found


def where(unreached: Mapping[str, Any]) -> str:
    """Where something of `out_of_reach` is, such as Leads, Leads.Email or Leads /identity/records/0."""
    module, field = str(unreached["module"]), str(unreached.get("field") or "")
    return f"{module} {field}" if field.startswith("/") else f"{module}.{field}".rstrip(".")


#: What a map tells of itself in the status document.
_OF_A_MAP = ("map_hash", "records", "by_module", "goes_along", "shared", "out_of_reach")


def _plan(deletion: Deletion) -> dict[str, Any] | None:
    if deletion.request.operation is Operation.ERASE_PERSON:
        told = deletion.erasure
        return {name: told[name] for name in _OF_A_MAP} if "map_hash" in told else None
    if deletion.plan is None:
        return None
    plan = deletion.plan
    would = "would_restore" if deletion.request.operation is Operation.RESTORE else "would_delete"
    return {
        would: plan.would_delete,
        "first_ids": list(plan.first_ids),
        "calls": plan.calls,
        "credits": plan.credits,
    }


def _problems(deletion: Deletion) -> list[dict[str, Any]]:
    if not deletion.problems:
        return []
    # All that Zoho's codes mean: who accepts a request need not wait for it.
    from chalicelib.domain.zoho.lookup import explain

    shown = []
    for problem in deletion.problems:
        meaning, what_to_do = explain(problem.code, deletion.request.operation)
        shown.append(
            {
                "code": problem.code,
                "count": problem.count,
                "meaning": meaning,
                "what_to_do": what_to_do,
            }
        )
    return shown
