"""Everything that the status page says about a deletion, JSON-ready: the page is made of it, and its script
asks for it again, so that both say the same.

Its shape is between the page and its script, and no public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.request import Operation
from chalicelib.domain.status import FINAL
from chalicelib.web import page_steps
from chalicelib.web import page_words as words

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """Whose page it is. `name`: "" for the local one. `evidence`: it writes signed receipts."""

    name: str = ""
    evidence: bool = True


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of facts. `ours`: the text is our own, and the times in it are shown as times; a sender's text
    stays as it is. `key`: the id of its element.
    """

    label: str
    text: str
    ours: bool = True
    key: str = ""


def view(shown: Document, deletion: Deletion, stage: Stage, now: float) -> dict[str, Any]:
    """The view of a status document (contract section 3) and the deletion that it was made of; `now` in
    seconds since the epoch.
    """
    receipt = page_steps.evidence(deletion, stage.name) if stage.evidence else None
    return {
        "shown": shown,
        "final": shown["status"] in FINAL,
        "title": words.title(shown),
        "state": words.state(shown),
        "meaning": words.meaning(shown),
        # Of an approval the state and its meaning say all of it.
        "reason": "" if shown["status"] == "awaiting_approval" else str(shown.get("waiting_for") or ""),
        "waits": words.wait(shown),
        "bar": _bar(shown),
        "counts": _counts(shown),
        "plan": _plan(shown),
        "problems": list(shown.get("problems") or ()),
        "steps": [asdict(each) for each in page_steps.steps(deletion, stage.name, now)],
        "receipt": [asdict(receipt)] if receipt else [],
        "asked": _rows(_asked(shown, deletion)),
        "people": _rows(_people(shown, deletion)),
        "times": _rows(_times(shown, deletion)),
    }


def _rows(facts: list[Fact]) -> list[dict[str, Any]]:
    return [asdict(fact) for fact in facts if fact.text]


def _bar(shown: Document) -> dict[str, Any]:
    """Outcomes side by side, in percent of what was asked for; `gone` where there is nothing to show."""
    counts = shown["counts"]
    most, at, parts = max(counts["requested"], 1), 0.0, []
    for kind in (name for name in words.OUTCOMES if name in counts):
        width = 0 if kind == "pending" else round(100 * counts[kind] / most, 3)
        parts.append({"kind": kind, "x": round(at, 3), "width": width})
        at += width
    ended = shown["status"] in FINAL
    return {
        "says": words.progress(counts),
        "parts": parts,
        "most": counts["requested"],
        "now": counts["requested"] - counts["pending"],
        "gone": bool(shown.get("dry_run")) or (ended and not counts["requested"]),
    }


def _counts(shown: Document) -> list[dict[str, Any]]:
    """Its counts; a dry run has none, but for its plan."""
    if shown.get("dry_run"):
        return []
    counts = shown["counts"]
    return [
        {"key": key, "label": label, "text": f"{counts[key]:,}"}
        for key, label in words.COUNTS.items()
        if key in counts
    ]


def _plan(shown: Document) -> dict[str, str] | None:
    if not shown.get("dry_run") and shown["operation"] != Operation.ERASE_PERSON:
        return None
    first = (shown.get("plan") or {}).get("first_ids") or ()
    return {"says": words.plan(shown), "first": ", ".join(first)}


def _asked(shown: Document, deletion: Deletion) -> list[Fact]:
    """What the request was. What it did not name is left out."""
    request, territory = deletion.request, deletion.request.territory
    after = request.permanent_after
    return [
        Fact("Operation", words.operation(shown)),
        Fact("Module", "" if request.module == words.SEVERAL else request.module, ours=False),
        Fact("Records", _named(deletion)),
        Fact("Ids are values of", request.external_id_field or "", ours=False),
        Fact("Custom view", request.cvid or "", ours=False),
        Fact("Territory", f"{territory.id}{' and below' * territory.include_child}" if territory else ""),
        Fact("Linked to", f"{request.record_id}, list {request.related_list}" if request.record_id else ""),
        Fact("Policy", shown.get("policy") or "", ours=False),
        Fact("Run", shown.get("run") or "", ours=False),
        Fact("Dry run", "yes: nothing is changed" if request.dry_run else "no"),
        Fact("May fire workflows", "yes" if request.wf_trigger else ""),
        Fact("Deleted for good", "" if after is None else f"{_long(after)} after its end"),
        Fact("At most", f"{deletion.record_limit:,} records"),
        Fact("Org", shown["org"], ours=False),
        Fact("Reference", shown.get("reference") or "none", ours=False),
        Fact("Reason", request.reason or "none", ours=False),
        Fact("Retry of", shown.get("retry_of") or "", ours=False),
        Fact("Restores what was deleted by", shown.get("restore_of") or "", ours=False),
        Fact("Deletes for good what was deleted by", shown.get("permanent_of") or "", ours=False),
        Fact("Deletion", shown["id"], ours=False),
    ]


def _named(deletion: Deletion) -> str:
    """How many records it names."""
    if not deletion.id_count:
        return ""
    of_map = deletion.request.operation is Operation.ERASE_PERSON
    return f"{deletion.id_count:,} in the map" if of_map else f"{deletion.id_count:,} ids"


def _long(seconds: float) -> str:
    """How long an undo window is: whole days or hours."""
    days, hours = seconds / 86_400, round(seconds / 3600)
    if hours == 0:
        return "at once"
    return words.counted(round(days), "day") if days == round(days) else words.counted(hours, "hour")


#: Who asked, where the service began it by itself.
_NOBODY = {
    Operation.PURGE: "nobody: its policy's schedule",
    Operation.DELETE_PERMANENTLY: "nobody: it was asked for with the deletion that it follows",
}


def _people(shown: Document, deletion: Deletion) -> list[Fact]:
    """Who asked, who approved, who ended or resolved it: ARNs, where they are known."""
    policy = deletion.request.operation is Operation.PURGE
    nobody = _NOBODY.get(deletion.request.operation, "who used the source's key was not said")
    return [
        Fact("Source", shown["source"], ours=False),
        Fact("Policy put by", (deletion.put_by or "") if policy else "", ours=False),
        Fact("Asked for by", deletion.asked_by or nobody, ours=False, key="asked_by"),
        Fact("Approval", words.approval(shown.get("approval")), key="approval"),
        Fact(
            "Approved by",
            (shown.get("approval") or {}).get("approved_by") or "",
            ours=False,
            key="approved_by",
        ),
        Fact("Cancelled by", deletion.cancelled_by, ours=False),
        Fact("Resolved by", deletion.resolved_by, ours=False),
    ]


def _times(shown: Document, deletion: Deletion) -> list[Fact]:
    job, found = shown.get("job"), shown.get("recycle_bin") or {}
    at = found.get("permanent_at")
    of = (("restored", "restored"), ("permanently_deleted", "deleted for good"))
    done = ", ".join(f"{found[name]:,} {said}" for name, said in of if found.get(name))
    made = ", ".join(f"{each['id']} ({words.state(each)})" for each in found.get("deletions") or ())
    of_view = shown["operation"] == "mass_delete"
    return [
        Fact("Created", shown["created_at"], key="created_at"),
        Fact("Not before", iso(deletion.not_before) or ""),
        Fact("Started", iso(deletion.started_at) or ""),
        Fact("Updated", shown["updated_at"], key="updated_at"),
        Fact("Finished", shown["finished_at"] or "not yet", key="finished_at"),
        Fact("Job at Zoho", _job(job) if of_view else "", key="job"),
        Fact("Can be restored", f"until {found['restorable_until']}" if found else ""),
        Fact("Deleted for good", f"{at}" if at else ""),
        Fact("Since its end", done),
        Fact("By", made, ours=False),
        Fact("Verified", words.verification(shown.get("verification"))),
        Fact("What is personal in it was forgotten", iso(deletion.forgotten_at) or ""),
    ]


def _job(job: Document | None) -> str:
    return f"{job['status'] or 'started'} ({job['id']})" if job else "none"
