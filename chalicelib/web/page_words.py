"""The words of the status page: what each status, wait and outcome is called, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = {
    "accepted": "Accepted",
    "awaiting_approval": "Waiting for approval",
    "waiting": "Waiting",
    "running": "Running",
    "completed": "Completed",
    "partially_completed": "Partially completed",
    "failed": "Failed",
    "refused": "Refused",
    "cancelled": "Cancelled",
    "needs_attention": "Needs attention",
}
MEANINGS = {
    "accepted": "The request is stored. Work on it starts in a moment.",
    "awaiting_approval": "It exceeds the approval threshold of its source: an operator has to approve it.",
    "waiting": "It cannot go on right now, and goes on by itself as soon as it can.",
    "running": "Zoho is being asked, and this page follows what comes back.",
    "completed": "Everything that was asked for is done.",
    "partially_completed": "A part is done. What is not is listed below, with the reasons.",
    "failed": "Nothing was deleted. The reasons are listed below.",
    "refused": "A limit or a hold stopped it before anything was deleted.",
    "cancelled": "An operator ended it. What had been deleted by then stays deleted.",
    "needs_attention": "What happened at Zoho is not certain. An operator has to look and say what is so.",
}
DRY_RUN_DONE = "The dry run is done. Nothing was deleted; the plan says what would go."
#: waiting_for -> what that means and whether somebody has to do something.
WAITS = {
    "another mass delete at Zoho": "Zoho runs one mass delete at a time, and this one is in the queue.",
    "api credits": "Too many calls at once, or the org's API credits of 24 hours are used. They come back.",
    "approval": "An operator has to approve it; if nobody does in time, it ends without deleting anything.",
    "cool-off": "Its source wants some time to pass before anything is deleted. It can still be cancelled.",
    "locked records": "Zoho has locked some records, or they wait for approval there. They are tried again.",
    "pause": "An operator has paused everything that goes to Zoho. It goes on when the pause ends.",
    "the undo window": "Until then what was deleted can be restored. An operator can cancel it.",
    "zoho credentials": "Zoho refuses the org's credentials: an operator has to renew them.",
    "zoho token limit": "Zoho gives out no more access tokens for some minutes. Then it goes on.",
}
OTHER_WAIT = "Zoho cannot be reached, or did not take the call. It is tried again, less and less often."
OUTCOMES = {
    "deleted": "Deleted",
    "already_absent": "Already absent",
    "restored": "Restored",
    "already_present": "Already present",
    "skipped": "Skipped",
    "failed": "Failed",
    "held": "Held",
    "unknown": "Unknown",
    "pending": "Pending",
}
COUNTS = {"requested": "Requested", **OUTCOMES}
_OPERATIONS = {
    "delete_records": "Delete records",
    "mass_delete": "Mass delete by view",
    "delink_records": "Delink records",
    "purge": "Retention run",
    "restore": "Restore from the recycle bin",
    "delete_permanently": "Delete from the recycle bin for good",
}


def for_script() -> dict[str, Any]:
    """What the page's script needs to say the same things as this module."""
    return {
        "names": NAMES,
        "meanings": MEANINGS,
        "dry": DRY_RUN_DONE,
        "waits": WAITS,
        "wait": OTHER_WAIT,
        "outcomes": OUTCOMES,
    }


def operation(shown: Mapping[str, Any]) -> str:
    """The operation in words."""
    return _OPERATIONS.get(str(shown["operation"]), str(shown["operation"]))


def title(shown: Mapping[str, Any]) -> str:
    """Such as "Dry run: delete records in Leads"."""
    words = operation(shown)
    words = f"Dry run: {words.lower()}" if shown.get("dry_run") else words
    return f"{words} in {shown['module']}"


def state(shown: Mapping[str, Any]) -> str:
    """The status in one or two words."""
    return NAMES.get(str(shown["status"]), str(shown["status"]))


def meaning(shown: Mapping[str, Any]) -> str:
    """The status in a sentence; for one that this version does not know, nothing."""
    if shown["status"] == "completed" and shown.get("dry_run"):
        return DRY_RUN_DONE
    return MEANINGS.get(str(shown["status"]), "")


def wait(shown: Mapping[str, Any]) -> str:
    """What it waits for, its place and about how long; empty where it does not wait."""
    reason = shown.get("waiting_for")
    if not reason:
        return ""
    return " ".join(part for part in (WAITS.get(reason, OTHER_WAIT), place(shown.get("lane"))) if part)


def place(lane: Mapping[str, Any] | None) -> str:
    """The place in the queue of mass deletes, such as "2 are before it; about 5 minutes."."""
    if lane is None:
        return ""
    ahead = lane["ahead"]
    words = "It is next" if not ahead else "1 is before it" if ahead == 1 else f"{ahead:,} are before it"
    seconds = lane["about_seconds"]
    return f"{words}." if seconds is None else f"{words}; about {span(seconds)}."


def span(seconds: float) -> str:
    """Seconds as people say them: "40 seconds", "5 minutes", "2 hours"."""
    for size, name in ((3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {name}s"
    whole = round(seconds)
    return "1 second" if whole == 1 else f"{whole} seconds"


def progress(counts: Mapping[str, int]) -> str:
    """Such as "4 of 9 records processed"."""
    if not counts["requested"]:
        return "The number of records is not known yet"
    return f"{counts['requested'] - counts['pending']:,} of {counts['requested']:,} records processed"


def plan(shown: Mapping[str, Any]) -> str:
    """What a dry run found."""
    found = shown.get("plan")
    if not found:
        return "Not known yet."
    restores = "would_restore" in found
    count = found["would_restore" if restores else "would_delete"]
    records = "an unknown number of records" if count is None else _counted(count, "record")
    cost = f"{_counted(found['calls'], 'call')} to Zoho ({_counted(found['credits'], 'API credit')})"
    does, done = ("restore", "restored") if restores else ("delete", "deleted")
    return f"Would {does} {records} with {cost}. Nothing was {done}."


def recycle_bin(found: Mapping[str, Any] | None) -> str:
    """Until when what was deleted can come back, and when it goes for good."""
    if not found:
        return ""
    at = found["permanent_at"]
    ends = f"; deleted for good {at}" if at else ""
    return f"until {found['restorable_until']}{ends}"


def approval(asked: Mapping[str, Any] | None) -> str:
    """Whether an operator's approval was asked for, and given."""
    if not asked:
        return "none asked for"
    records = _counted(asked["count"], "record")
    if asked["approved_at"]:
        return f"given for {records}, {asked['approved_at']}"
    return f"asked for {records}, until {asked['expires_at']}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
