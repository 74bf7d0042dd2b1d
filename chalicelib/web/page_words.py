"""The words of the status page: what each status, wait and outcome is called, and what it means.

Times stand in these texts as the status document has them; the page shows each in UTC and in the reader's own
time (page.dated).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.document import where

Document = Mapping[str, Any]

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
#: {done}: what its operation does to records; {limits}: whose limits these are.
MEANINGS = {
    "accepted": "The request is stored. Work on it starts in a moment.",
    "awaiting_approval": "It exceeds the approval threshold of its {limits}: an operator has to approve it.",
    "waiting": "It cannot go on right now, and goes on by itself as soon as it can.",
    "running": "Zoho is being asked, and this page follows what comes back.",
    "completed": "Everything that was asked for is done.",
    "partially_completed": "A part is done. What is not is listed below, with the reasons.",
    "failed": "Nothing was {done}. The reasons are listed below.",
    "refused": "A limit of its {limits} or a hold stopped it before anything was {done}.",
    "cancelled": "An operator ended it. What had been {done} by then stays {done}.",
    "needs_attention": "What happened at Zoho is not certain. An operator has to look and say what is so.",
}
DRY_RUN_DONE = "The dry run is done. Nothing was {done}; the plan says what would go."
DRY_RUN_REFUSED = "A limit of its {limits} would stop it. Nothing was {done}; the reasons are listed below."
MAP_WAITS = "What was found of the person is a map of records: an operator has to look at it and approve it."
#: waiting_for -> what that means and whether somebody has to do something.
WAITS = {
    "another mass delete at Zoho": "Zoho runs one mass delete at a time, and this one is in the queue.",
    "api credits": "Too many calls at once, or the org's API credits of 24 hours are used. They come back.",
    "approval": "An operator has to approve it; if nobody does in time, it ends without deleting anything.",
    "cool-off": "Its {limits} wants some time to pass before anything is deleted. It can still be cancelled.",
    "locked records": "Zoho has locked some records, or they wait for approval there. They are tried again.",
    "pause": "An operator has paused what goes to Zoho. It goes on when the pause ends.",
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
    "unlinked": "Unlinked",
    "cleared": "Cleared",
    "kept": "Kept",
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
    "erase_person": "Erase a person",
}
#: In the place of a module: what an erasure is about lies in several.
SEVERAL = "*"
_DONE = {"delink_records": "delinked", "restore": "restored", "delete_permanently": "deleted for good"}


def operation(shown: Document) -> str:
    """The operation in words."""
    return _OPERATIONS.get(str(shown["operation"]), str(shown["operation"]))


def title(shown: Document) -> str:
    """Such as "Dry run: delete records in Leads"."""
    words = operation(shown)
    words = f"Dry run: {words.lower()}" if shown.get("dry_run") else words
    return words if shown["module"] == SEVERAL else f"{words} in {shown['module']}"


def state(shown: Document) -> str:
    """The status in one or two words."""
    return NAMES.get(str(shown["status"]), str(shown["status"]))


def meaning(shown: Document) -> str:
    """The status in a sentence; for one that this version does not know, nothing."""
    words = MEANINGS.get(str(shown["status"]), "")
    if shown["operation"] == "erase_person" and shown["status"] == "awaiting_approval":
        return MAP_WAITS
    if shown.get("dry_run"):
        words = {"completed": DRY_RUN_DONE, "refused": DRY_RUN_REFUSED}.get(str(shown["status"]), words)
    return _filled(words, shown)


def _filled(words: str, shown: Document) -> str:
    limits = "policy" if shown["operation"] == "purge" else "source"
    return words.format(done=done(shown), limits=limits)


def done(shown: Document) -> str:
    """What its operation does to a record, such as "deleted"."""
    return _DONE.get(str(shown["operation"]), "deleted")


def wait(shown: Document) -> str:
    """What its wait means, its place and about how long; empty where it does not wait."""
    reason = shown.get("waiting_for")
    if not reason:
        return ""
    means = _filled(WAITS[reason], shown) if reason in WAITS else OTHER_WAIT
    return " ".join(part for part in (means, place(shown.get("lane"))) if part)


def place(lane: Document | None) -> str:
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


def plan(shown: Document) -> str:
    """What a dry run found."""
    found = shown.get("plan")
    if not found:
        ended = shown.get("finished_at")
        return "There is none: it ended before what would go was known." if ended else "Not known yet."
    if "map_hash" in found:
        return _map(found, dry_run=bool(shown.get("dry_run")))
    restores = "would_restore" in found
    count = found["would_restore" if restores else "would_delete"]
    records = "an unknown number of records" if count is None else counted(count, "record")
    cost = f"{counted(found['calls'], 'call')} to Zoho ({counted(found['credits'], 'API credit')})"
    does = "restore" if restores else "delete"
    return f"Would {does} {records} with {cost}. Nothing was {done(shown)}."


def _map(found: Document, *, dry_run: bool) -> str:
    """What was found of a person: how many records in which modules, and what nobody can tell."""
    modules = ", ".join(f"{count:,} in {module}" for module, count in found["by_module"].items())
    shared = ", ".join(
        f"{each['value']} ({counted(each['shared_with'], 'record')})" for each in found["shared"]
    )
    parts = [f"Found {counted(found['records'], 'record')} of the person{modules and f': {modules}'}."]
    along = ", ".join(f"{count:,} {name}" for name, count in found["goes_along"].items())
    parts += [f"With them go: {along}."] if along else []
    parts += [f"Of their values others have too: {shared}. What only these match stays."] if shared else []
    shown = [each for each in found["out_of_reach"] if each["code"] != NOT_SHOWN]
    missing = [where(each) for each in found["out_of_reach"] if each["code"] == NOT_SHOWN]
    parts += [_unreached(shown)] if shown else []
    parts += [_not_shown(missing)] if missing else []
    parts += ["Nothing was changed."] if dry_run else []
    return " ".join([*parts, f"Hash of the map: {found['map_hash']}"])


#: As in domain/person/out_of_reach.py, which the page needs nothing else of.
NOT_SHOWN = "NAMED_RECORD_NOT_SHOWN"
#: Places that could not be searched and are named on the page; `expunge show --map` names all.
_PLACES = 12


def _unreached(places: Sequence[Document]) -> str:
    """Where the person may still be: each module or field, as long as there are few."""
    named = [where(each) for each in places]
    some = list(dict.fromkeys(named))[:_PLACES]
    more = len(dict.fromkeys(named)) - len(some)
    listed = ", ".join(some) + (f" and {more} more" if more else "")
    return (
        f"{counted(len(places), 'place')} could not be searched, and the person may still be there: {listed}."
    )


def _not_shown(places: Sequence[str]) -> str:
    """The records that the request names and Zoho does not show."""
    records = counted(len(places), "record")
    return (
        f"Zoho does not show {records} that the request names ({', '.join(places)}): that is no proof that"
        f" {'it is' if len(places) == 1 else 'they are'} deleted."
    )


def approval(asked: Document | None) -> str:
    """Whether an operator's approval was asked for, and given."""
    if not asked:
        return "none asked for"
    records = counted(asked["count"], "record")
    if asked["approved_at"]:
        return f"given for {records}, {asked['approved_at']}"
    return f"asked for {records}, until {asked['expires_at']}"


def verification(found: Document | None) -> str:
    """What reading showed of what was deleted for good."""
    if not found:
        return ""
    if "found_again" in found:
        again = counted(found["found_again"], "record")
        return f"{again} found again by {counted(found['searches'], 'search')}, {found['verified_at']}"
    listed = found["listed_as_permanent"]
    told = "an unknown number" if listed is None else f"{listed:,}"
    return (
        f"of {counted(found['records'], 'record')} {found['gone']:,} gone, {found['not_in_recycle_bin']:,}"
        f" not in the recycle bin, {told} listed by Zoho as permanent, {found['verified_at']}"
    )


def counted(number: int, noun: str) -> str:
    """Such as "1 record" and "1,200 records"."""
    plural = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
