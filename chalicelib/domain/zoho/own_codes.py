"""Expunge's own codes, for what Zoho has no code for.

They stand where Zoho's stand: in a deletion's problems and in the outcome of a record.
"""

from __future__ import annotations

from chalicelib.domain.zoho.verdict import (
    ALL,
    BIN_DELETE,
    BIN_RESTORE,
    BY_ID,
    COUNT,
    JOB,
    MASS,
    OF_RECORDS,
    VIEW,
    Row,
    Verdict,
    row,
)

_V = Verdict

# fmt: off
#: What came back was no readable answer. Made by the judge.
ABOUT_ANSWERS: tuple[Row, ...] = (
    row("NO_ANSWER", ALL, _V.UNKNOWN, "The request left, and no answer came back.",
        "Nothing at first: it is repeated where that is safe, and Zoho is asked what happened where it is "
        "not.", "OWN"),
    row("NOT_SENT", ALL, _V.RETRY, "Zoho could not be reached; nothing was sent.",
        "Nothing at first: it is tried again. If it lasts, check Zoho's status page and the network.", "OWN"),
    row("OUT_OF_TIME", ALL, _V.RETRY, "The time of this slice was over before the request could be sent.",
        "Nothing: the next slice sends it.", "OWN"),
    row("UNREADABLE_ANSWER", ALL, _V.UNKNOWN,
        "Zoho answered with something that is not JSON, or with nothing.",
        "Nothing at first: it is repeated where that is safe. If it lasts, check Zoho's status page.", "OWN"),
    row("UNEXPECTED_ANSWER", ALL, _V.UNKNOWN, "Zoho's answer does not speak of what was asked.",
        "Nothing at first: it is repeated where that is safe. If it lasts, report it.", "OWN"),
    row("REDIRECTED", ALL, _V.RETRY, "Zoho sent us to another address; we never follow.",
        "Check `data_center` and `environment` in the org's secret.", "OWN"),
    row("NOT_IN_EDITION", VIEW, _V.FAIL, "This edition of Zoho CRM has no mass delete by view.",
        "Delete by ids, or use the Enterprise, Ultimate, CRM Plus or Zoho One Enterprise edition.", "OWN"),
)

#: A safety limit or a hold decided it. Made by the use cases.
ABOUT_LIMITS: tuple[Row, ...] = (
    row("HELD", BY_ID | VIEW, _V.FAILED, "A hold protects the record; it was not deleted.",
        "Remove the hold if it is no longer needed, then ask again.", "OWN"),
    row("MAX_RECORDS", OF_RECORDS | VIEW, _V.FAIL, "More records than the source, or the request, allows.",
        "Narrow the request, or raise `max_records` of the source.", "OWN"),
    row("HOURLY_LIMIT", VIEW | OF_RECORDS, _V.FAIL,
        "With these records the source would have named more in this clock hour than it may.",
        "Ask again in the next hour, or raise `max_records_per_hour` of the source.", "OWN"),
    row("DAILY_LIMIT", VIEW | OF_RECORDS, _V.FAIL,
        "With these records the source would have named more in this UTC day than it may.",
        "Ask again after midnight UTC, or raise `max_records_per_day` of the source.", "OWN"),
    row("MAX_SHARE", OF_RECORDS | VIEW, _V.FAIL, "A larger share of the module than the source allows.",
        "Narrow the request, or raise `max_share` of the source.", "OWN"),
    row("CANNOT_COUNT", OF_RECORDS | VIEW | COUNT, _V.FAIL,
        "The records could not be counted, so nothing was deleted.",
        "Delete by ids, or set `allow_uncounted` for the source and neither `max_share` nor "
        "`approve_above`, which need a count.", "OWN"),
    row("HOLDS_WITH_TERRITORY", VIEW, _V.FAIL,
        "The module has holds, and a territory's records cannot be listed.",
        "Ask without a territory, delete by ids, or remove the holds.", "OWN"),
    row("VIEW_TOO_LARGE_TO_CHECK", VIEW, _V.FAIL,
        "The module has holds, and the view is too large to be checked for them (above 100,000 records).",
        "Make the view smaller, or remove the holds.", "OWN"),
    row("NOT_LISTABLE", OF_RECORDS | VIEW, _V.FAIL,
        "The records cannot be listed to their end (a territory, or more than 100,000), so nothing was "
        "deleted.",
        "Make the view smaller, ask without a territory or with `freeze` never, or select by a "
        "field.", "OWN"),
    row("CONVERTED_LEFT_OUT", OF_RECORDS, _V.FAILED,
        "The policy selects leads that were converted; Zoho keeps these, so they were left out.",
        "Nothing. Delete the contact, account or deal that a lead became, if that is what is meant.", "OWN"),
    row("PREVIOUS_RUN_ACTIVE", OF_RECORDS, _V.FAIL, "The policy's run before this one had not ended.",
        "Nothing, if it was a long one: the next run comes at its time. Else look at the run before.", "OWN"),
    row("POLICY_BROKEN", OF_RECORDS, _V.FAIL, "The stored policy cannot be run.",
        "Read the policy, correct what is told to be wrong with it, and apply it again.", "OWN"),
    row("APPROVAL_EXPIRED", OF_RECORDS | VIEW, _V.FAIL, "Nobody approved it in time.", "Ask again.", "OWN"),
)

#: What the recycle bin shows of a record. Made by domain.bin_judge.
ABOUT_BIN: tuple[Row, ...] = (
    row("DELETED_BEFORE", BIN_DELETE | BIN_RESTORE, _V.NOTHING,
        "The record lies in the recycle bin since before this deletion: somebody else deleted it.",
        "Nothing. Whoever deleted it decides what becomes of it.", "OWN"),
    row("DELETED_AGAIN", BIN_DELETE | BIN_RESTORE, _V.NOTHING,
        "The record was restored, and somebody else deleted it again later.",
        "Nothing. Whoever deleted it decides what becomes of it; ask for its deletion if it is to go for "
        "good.", "OWN"),
    row("RESTORED_SINCE", BIN_DELETE, _V.NOTHING,
        "The record is in its module again: somebody restored it, so it was left alone.",
        "Nothing, if that was meant. Else ask for its deletion again.", "OWN"),
    row("BIN_NOT_VISIBLE", BIN_DELETE | BIN_RESTORE, _V.FAILED,
        "Zoho lists the record as deleted and restorable, and the connected user does not see it in the "
        "recycle bin.",
        "Connect a user who sees the whole recycle bin (an administrator), then retry.", "OWN"),
    row("NOT_DELETED_BY_IT", BIN_DELETE | BIN_RESTORE, _V.NOTHING,
        "The deletion that this one is about did not delete the record, so it was left alone.",
        "Look up which deletion took the record, and restore it by that one, or restore it in Zoho.", "OWN"),
    row("STILL_IN_RECYCLE_BIN", BIN_DELETE, _V.UNKNOWN,
        "The record was to be deleted for good, and the recycle bin still shows it.",
        "Look at the recycle bin in Zoho, then resolve the deletion as done or not done.", "OWN"),
    row("RECYCLE_BIN_LAGS", BIN_DELETE | BIN_RESTORE, _V.UNKNOWN,
        "What Zoho's recycle bin and modules show does not agree yet with what was done.",
        "Nothing: it is asked again.", "OWN"),
    row("NOT_IN_RECYCLE_BIN", BIN_RESTORE, _V.FAILED,
        "The record is neither in its module nor in the recycle bin, so it cannot come back.",
        "Look in Zoho as an administrator. What was deleted for good, or more than 60 days ago, is lost.",
        "OWN"),
)

#: How tries and looks ended. Made by the use cases.
ABOUT_ENDS: tuple[Row, ...] = (
    row("GAVE_UP", ALL, _V.FAIL, "It did not work within the give-up time.",
        "See the other problems for the cause; when it is gone, retry the deletion.", "OWN"),
    row("STUCK", ALL, _V.FAIL, "Worker after worker failed at this deletion in the same way.",
        "Look for `advance_broken` in the logs, look at Zoho for what is gone, and resolve the deletion.",
        "OWN"),
    row("UNREADABLE", ALL, _V.FAIL, "A part of what the table keeps of this deletion cannot be read.",
        "Look at Zoho for what is gone, resolve the deletion, and ask again for the rest.", "OWN"),
    row("CANNOT_STORE", ALL, _V.FAIL, "The table refuses what is to be kept of this deletion, each time.",
        "Look at Zoho for what is gone, resolve the deletion, and report it.", "OWN"),
    row("OTHER_CODES", BY_ID, _V.FAILED, "Zoho gave more different codes than one deletion keeps.",
        "Read the deletion's records for the codes of each; ask again for what failed.", "OWN"),
    row("RECORD_STILL_THERE", OF_RECORDS | BIN_DELETE, _V.FAILED,
        "Zoho says that it did not delete the record, and it is there.",
        "Open the record in Zoho and look for what protects it, then retry.", "OWN"),
    row("AMBIGUOUS", OF_RECORDS, _V.FAILED,
        "Several records have this external id, so none of them was deleted.",
        "Look the records up in Zoho, and ask for the right one by its record id.", "OWN"),
    row("ABSENCE_UNPROVEN", OF_RECORDS, _V.ABSENT,
        "A read does not find the record, and the newest pages of the module's deleted list do not name it: "
        "it has been gone for long, it never was there, or the user may not see it.",
        "Nothing where it is known to be gone. Else look the record up in Zoho as an administrator.", "OWN"),
    row("NOT_MADE_PERMANENT", OF_RECORDS | VIEW, _V.NOTHING,
        "The records were to be deleted for good after the undo window, and nothing will do that by itself: "
        "what the table keeps of how they were deleted cannot be read. They stay in the recycle bin.",
        "Once the undo window is over, delete them for good with `expunge delete-permanently`. Where that is "
        "refused, do it in Zoho: Setup, Data Administration, Recycle Bin.", "OWN"),
    row("OUTCOME_UNKNOWN", BY_ID | VIEW, _V.UNKNOWN,
        "Whether Zoho deleted is not known, and asking did not tell.",
        "Look at the records in Zoho (recycle bin, view), then resolve the deletion as done or not done.",
        "OWN"),
    row("RESOLVED_NOT_DONE", BY_ID | VIEW, _V.FAILED, "An operator looked: it was not deleted.",
        "Retry it, or ask for the view again.", "OWN"),
    row("START_LOST", VIEW | JOB, _V.UNKNOWN,
        "Whether Zoho ran, or will still run, the view's job could not be told. It was not sent again: "
        "what was listed went by ids. A job that Zoho starts later may still take what entered the view "
        "after this deletion.",
        "Look at Zoho's recycle bin for records that came into the view later, and restore these.", "OWN"),
    row("LEFT_VIEW", OF_RECORDS | VIEW, _V.FAILED,
        "The record was listed, and then left the view before it was deleted; it is still there.",
        "Nothing, if it no longer belongs in the view; else ask again.", "OWN"),
    row("DELETED_LIST_LAGS", OF_RECORDS | BIN_DELETE | VIEW, _V.UNKNOWN,
        "Records are gone, and Zoho's list of deleted records does not name them yet.",
        "Nothing: it is asked again.", "OWN"),
    row("JOB_LOST", VIEW | JOB, _V.UNKNOWN,
        "A job was started, but its id was lost or Zoho no longer knows it.",
        "Compare the view with the count taken before, then resolve the deletion as done or not done.",
        "OWN"),
    row("JOB_TOO_OLD", JOB, _V.UNKNOWN, "The job has run for longer than we wait.",
        "Look at the job in Zoho; when it has ended, resolve the deletion as done or not done.", "OWN"),
    row("JOB_FAILED", JOB, _V.FAILED, "Zoho ended the job early; these records were not deleted.",
        "Ask again for what the view still holds.", "OWN"),
    row("JOB_RECORD_FAILED", JOB, _V.FAILED,
        "The job could not delete some records; Zoho does not say which.",
        "Open the view in Zoho: what is left in it are these records.", "OWN"),
    row("NOTHING_MOVED", MASS, _V.FAILED,
        "A round of the view's deletion deleted nothing, though records are left.",
        "Open the view in Zoho and look for what protects the records that are left.", "OWN"),
    row("VIEW_NOT_FOUND", VIEW | COUNT, _V.FAIL, "There is no such custom view in the module.",
        "Check `cvid` against the module's custom views.", "OWN"),
    row("SECRET_UNUSABLE", ALL, _V.WAIT_CREDENTIALS, "The org's secret is missing or malformed.",
        "Write the org's secret as the contract says (section 6); the reason is in the log.", "OWN"),
)

# fmt: on
OWN: tuple[Row, ...] = ABOUT_ANSWERS + ABOUT_LIMITS + ABOUT_BIN + ABOUT_ENDS
