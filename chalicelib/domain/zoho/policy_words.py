"""What codes mean for a retention policy's run: its limits are the policy's, and it selects by itself.

The table of codes speaks of a source and of what it asked for, which a run does not have.
"""

from __future__ import annotations

#: Code -> meaning, what to do. What is not here reads well for a run as it is.
WORDS: dict[str, tuple[str, str]] = {
    "MAX_RECORDS": (
        "The policy selects more records than its `max_records` allows.",
        "Narrow its selection, or raise `max_records` in its `limits` and apply it again.",
    ),
    "MAX_SHARE": (
        "The policy selects a larger share of the module than its `max_share` allows.",
        "Narrow its selection, or raise `max_share` in its `limits` and apply it again.",
    ),
    "CANNOT_COUNT": (
        "What the policy selects, or the module, could not be counted, so nothing was deleted.",
        "Nothing at first: its next run counts again. If it lasts, narrow its selection.",
    ),
    "NOT_LISTABLE": (
        "What the policy selects cannot be listed to its end (more than 100,000), so nothing was deleted.",
        "Narrow its selection and apply it again.",
    ),
    "LIMIT_REACHED": (
        "The count would have to walk too many records.",
        "Narrow the policy's selection and apply it again.",
    ),
    "RECORD_LIMIT_EXCEEDED": (
        "The policy selects more records than Zoho takes.",
        "Narrow its selection and apply it again.",
    ),
    "APPROVAL_EXPIRED": (
        "Nobody approved the run in time.",
        "Nothing, if its records may stay until the next run, which asks again; or run it by hand.",
    ),
    "HELD": (
        "A hold protects the record; it was not deleted.",
        "Remove the hold if it is no longer needed: the next run takes the record then.",
    ),
    "NOT_FOUND": ("What the policy names is not there.", "Check its module and its fields."),
    "EXPIRED_VALUE": (
        "The name of the next page was good for a day, and that day is over.",
        "Nothing: what the policy selects is read again from its first page.",
    ),
    "TOKEN_BOUND_DATA_MISMATCH": (
        "Zoho no longer takes the name of the next page: the connected user has changed.",
        "Nothing: what the policy selects is read again from its first page.",
    ),
    "PAGINATION_LIMIT_EXCEEDED": (
        "Zoho lists no more than 100,000 records.",
        "Narrow the policy's selection and apply it again.",
    ),
    "DISCRETE_PAGINATION_LIMIT_EXCEEDED": (
        "Zoho lists no more than 2,000 records by the number of a page, and gave no name of the next one.",
        "Narrow the policy's selection, or set a newer `api_version` for the org.",
    ),
    "OUTCOME_UNKNOWN": (
        "Whether Zoho deleted is not known, and asking did not tell.",
        "Look at the records in Zoho (module, recycle bin), then resolve the run as done or not done.",
    ),
    "RESOLVED_NOT_DONE": (
        "An operator looked: it was not deleted.",
        "Nothing, if the next run may take them; else retry it.",
    ),
    "LEFT_VIEW": (
        "The record was listed, and was no longer selected before it was deleted; it is still there.",
        "Nothing, if it no longer fits the policy; else the next run takes it.",
    ),
    "NOTHING_MOVED": (
        "A round of the run deleted nothing, though records are left.",
        "Open these records in Zoho and look for what protects them.",
    ),
    "MANDATORY_NOT_FOUND": (
        "Zoho missed a value that it needs.",
        "Report it: the call was built wrong.",
    ),
}
