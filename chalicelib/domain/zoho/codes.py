"""Every code that Zoho is known to answer with, what it means for us, and what a person should do about it.

The one place for this knowledge: the judges go by it, docs/ERRORS.md is generated from it. Codes are matched
as they are; messages differ between versions and data centres and are only kept to be shown.
"""

from __future__ import annotations

from chalicelib.domain.zoho.verdict import (
    ALL,
    BIN,
    BIN_DELETE,
    BIN_READ,
    BIN_RESTORE,
    BY_ID,
    COUNT,
    DELETES,
    DELINK,
    JOB,
    LIST,
    MASS,
    MASS_IDS,
    OF_RECORDS,
    READS,
    TOKENS,
    VIEW,
    Row,
    Verdict,
    row,
)

_V = Verdict

_ASK_PERMISSION = (
    "Have a Zoho administrator give the connected user's profile the delete permission for this module, "
    "then retry."
)

# fmt: off
ABOUT_RECORDS: tuple[Row, ...] = (
    row("SUCCESS", DELETES | MASS_IDS, _V.DELETED, "The record was deleted; it lies in Zoho's recycle bin.",
        "Nothing.", "DEL7 DEL2 MASS7"),
    row("SUCCESS", DELINK, _V.DELETED, "The link was removed; both records stay.", "Nothing.", "LINK7"),
    row("SUCCESS", BIN_DELETE, _V.DELETED, "The record was deleted from Zoho's recycle bin, for good.",
        "Nothing.", "BIN"),
    row("SUCCESS", BIN_RESTORE, _V.RESTORED, "The record left Zoho's recycle bin and is back in its module.",
        "Nothing.", "BIN"),
    row("SCHEDULED", BIN, _V.SCHEDULED,
        "Zoho does it later by itself, as for more than 1,000 records with what hangs on them; it names no "
        "job.", "Nothing: the records are looked at until it is done.", "BIN OAS"),
    row("SUCCESS", VIEW, _V.STARTED, "Zoho started a job that deletes the view's records.", "Nothing.",
        "MASS7"),
    row("INVALID_DATA", DELETES | MASS_IDS, _V.CHECK_GONE,
        "Zoho did not delete the record: it is gone already, it never existed, or its id is malformed. A "
        "read decides; this is a failure only where the record is still there or the id cannot be one.",
        "Look the record up in Zoho. If it is there, delete it by hand or check what keeps it; else "
        "correct the id.", "DEL7 DEL2 MASS7"),
    row("INVALID_DATA", DELINK, _V.ABSENT,
        "The record whose links should go, or its related list, is not there. (A link that is not there "
        "counts as already absent.)",
        "Check `record_id`, `related_list` and the module. If the record was deleted, its links went with "
        "it.", "LINK7 OAS"),
    row("INVALID_DATA", BIN, _V.CHECK_GONE,
        "The record does not lie in the recycle bin, or the connected user does not see it there. Reading "
        "decides what became of it.",
        "Look the record up in Zoho, in its module and in the recycle bin, as an administrator.", "BIN"),
    row("CANNOT_RESTORE_WITHOUT_PARENT", BIN_RESTORE, _V.FAILED,
        "A record can leave the recycle bin only after the record that it hangs on.",
        "Restore the parent record first, then retry.", "OAS"),
    row("INVALID_DATA", VIEW | COUNT | LIST, _V.FAIL,
        "The custom view or the territory is not there, or the connected user cannot see it.",
        "Check `cvid` against the module's custom views and share the view with the connected user, then "
        "ask again.", "MASS7 OAS"),
    row("INVALID_DATA", JOB, _V.GONE, "Zoho does not know this job any more.",
        "Compare the view with the count taken before; then resolve the deletion as done or not done.",
        "OAS"),
    row("INVALID_DATA", READS - LIST | BIN_READ, _V.FAIL, "Zoho refused a lookup of records.",
        "Check the module's name and the ids.", "OAS"),
    row("RECORD_LOCKED", OF_RECORDS | VIEW, _V.RETRY_SLOWLY,
        "The record is locked: by a record lock, by Zia's image check or by a merge of duplicates.",
        "Nothing at first: it is tried again for a day. Then unlock the record in Zoho and retry.",
        "DEL7 DEL2"),
    row("NOT_APPROVED", OF_RECORDS | VIEW, _V.RETRY_SLOWLY,
        "The record waits for an approval in Zoho, or was rejected by one.",
        "Approve the record, or remove what was rejected; it is tried again for a day, after that retry.",
        "DEL7 DEL2 MASS7"),
    row("CANNOT_DELETE", OF_RECORDS | BIN_DELETE, _V.FAILED, "Zoho does not let this record be deleted.",
        "Open the record in Zoho, or its entry in the recycle bin, and look for what protects it.", "OAS "
        "BIN"),
    row("RECORD_IN_BLUEPRINT", OF_RECORDS, _V.FAILED,
        "The record is in a blueprint, which forbids the deletion.",
        "Finish the blueprint's transition or take the record out of it, then retry.", "OAS"),
    row("CONVERTED_RECORD", OF_RECORDS, _V.FAILED, "The lead was converted; Zoho keeps converted leads.",
        "Delete the contact, account or deal that it became, if that is what is meant.", "OAS"),
    row("CANNOT_PROCESS", OF_RECORDS, _V.FAILED,
        "The record's processing was stopped, so Zoho changes nothing in it.",
        "Resume the record's processing in Zoho, then retry.", "OAS"),
)

ABOUT_CALLS: tuple[Row, ...] = (
    row("UNABLE_TO_PARSE_DATA_TYPE", BY_ID, _V.FAILED, "Zoho could not read the record's id.",
        "Check the id: digits only, as Zoho shows it. Of several ids in a call each is asked for alone, so "
        "none fails for another.", "DEL7 DEL2 LINK7"),
    row("UNABLE_TO_PARSE_DATA_TYPE", ALL - JOB - BY_ID, _V.FAIL,
        "Zoho could not read the ids or another value.",
        "Check the ids: digits only, as Zoho shows them. If they are right, report it: the request was "
        "built wrong.", "DEL7 DEL2 LINK7"),
    row("UNABLE_TO_PARSE_DATA_TYPE", JOB, _V.GONE, "Zoho cannot read the job's id.",
        "Compare the view with the count taken before; then resolve the deletion as done or not done.",
        "OAS"),
    row("INVALID_MODULE", ALL, _V.FAIL,
        "There is no such module, the connected user has no tab for it, or the API does not serve it.",
        "Use the module's API name (Zoho: Setup, Developer Hub, APIs) and give the connected user its "
        "tab.", "DEL7 DEL2 LINK7 OAS"),
    row("INVALID_URL_PATTERN", ALL, _V.FAIL, "Zoho has no such address in this version of its API.",
        "Check `related_list` and the org's `api_version`.", "DEL7 DEL2 LINK7"),
    row("INVALID_REQUEST_METHOD", ALL, _V.FAIL, "Zoho does not take this method at this address.",
        "Check the org's `api_version`; if it is right, report it.", "DEL7 DEL2 LINK7"),
    row("REQUIRED_PARAM_MISSING", ALL, _V.FAIL, "Zoho missed a parameter.",
        "Report it: the request was built wrong.", "DEL7 DEL2"),
    row("MANDATORY_NOT_FOUND", ALL, _V.FAIL, "Zoho missed a value that it needs (ids, view or job id).",
        "Report it: the request was built wrong.", "MASS7 OAS"),
    row("EXPECTED_FIELD_MISSING", BIN_RESTORE, _V.FAIL, "Zoho missed the ids that are to be restored.",
        "Report it: the request was built wrong.", "BIN"),
    row("NO_PERMISSION", ALL, _V.FAIL, "The connected user may not delete here.", _ASK_PERMISSION,
        "DEL7 DEL2 MASS7 LINK7"),
    row("AUTHORIZATION_FAILED", ALL, _V.FAIL, "The connected user's privileges do not reach these records.",
        _ASK_PERMISSION, "DEL7 DEL2 LINK7"),
    row("OAUTH_SCOPE_MISMATCH", ALL, _V.FAIL,
        "The org's refresh token was made without a scope that this needs.",
        "Make a new refresh token with the scopes for this operation and module, and put it into the "
        "org's secret.", "DEL7 DEL2 LINK7"),
    row("NOT_SUPPORTED", MASS_IDS, _V.FALLBACK, "This module has no mass delete; DELETE is used instead.",
        "Nothing.", "MASS7"),
    row("NOT_SUPPORTED", COUNT, _V.UNCOUNTABLE, "Zoho cannot count this module's records.",
        "Delete by ids, or set `allow_uncounted` for the source if its requests may go uncounted.", "OAS"),
    row("NOT_SUPPORTED", ALL - MASS_IDS - COUNT, _V.FAIL,
        "Zoho does not offer this operation for the module.", "Delete by ids instead.", "MASS7 OAS"),
    row("ALREADY_SCHEDULED", MASS, _V.WAIT_LANE,
        "Another mass delete runs in this org; ours waits for its end.", "Nothing: it goes on by itself.",
        "MASS7 PAGES"),
    row("NO_RECORDS_FOUND", VIEW, _V.NOTHING, "The view is empty.", "Nothing.", "OAS"),
    row("NO_RECORDS_FOUND", MASS_IDS, _V.FALLBACK, "Zoho found none of the ids; DELETE tells about each.",
        "Nothing.", "OAS"),
    row("LIMIT_EXCEEDED", BY_ID, _V.FAILED, "More ids than Zoho takes in one call.",
        "Nothing at first: each is asked for alone. If that fails too, ask Zoho's support.", "OAS PAGES"),
    row("LIMIT_EXCEEDED", ALL - BY_ID, _V.FAIL, "More records, ids or items than Zoho takes at once.",
        "Make the view smaller (Zoho's limit is 50,000 records), or delete by ids.", "OAS PAGES"),
    row("RECORD_LIMIT_EXCEEDED", ALL, _V.FAIL, "The view holds more records than Zoho takes in one job.",
        "Make the view smaller (Zoho's limit is 50,000 records), or delete by ids.", "SEEN"),
    row("NOT_FOUND", JOB, _V.GONE, "Zoho does not know this job any more.",
        "Compare the view with the count taken before; then resolve the deletion as done or not done.",
        "SEEN"),
    row("NOT_FOUND", ALL - JOB, _V.FAIL, "What the request names is not there.",
        "Check the ids, the view and the module.", "SEEN"),
    row("INTERNAL_ERROR", BY_ID | VIEW, _V.UNKNOWN, "Zoho failed inside; it may have acted all the same.",
        "Nothing at first: it is repeated where that is safe. If it goes on, ask Zoho's support.",
        "DEL7 DEL2 LINK7"),
    row("INTERNAL_ERROR", ALL - BY_ID - VIEW, _V.RETRY, "Zoho failed inside while it was asked something.",
        "Nothing at first: it is asked again. If it goes on, ask Zoho's support.", "DEL7 DEL2 LINK7"),
    row("AMBIGUITY_DURING_PROCESSING", ALL, _V.FAIL, "Zoho found two conditions that exclude each other.",
        "Report it: the request was built wrong.", "OAS"),
    row("LIMIT_REACHED", COUNT, _V.UNCOUNTABLE, "The count would have to walk too many records.",
        "Narrow the view, or set `allow_uncounted` for the source if its requests may go uncounted.", "OAS"),
    row("EXPIRED_VALUE", READS, _V.READ_ANEW,
        "The name of the next page was good for a day, and that day is over.",
        "Nothing: the view is read again from its first page.", "OAS"),
    row("TOKEN_BOUND_DATA_MISMATCH", READS, _V.READ_ANEW,
        "Zoho no longer takes the name of the next page: the view or the connected user has changed.",
        "Nothing: the view is read again from its first page.", "OAS"),
    row("PAGINATION_LIMIT_EXCEEDED", READS, _V.TOO_LONG,
        "Zoho lists no more than 100,000 records of a view.",
        "Make the view smaller, or select by a field.", "PAGES"),
    row("DISCRETE_PAGINATION_LIMIT_EXCEEDED", READS, _V.TOO_LONG,
        "Zoho lists no more than 2,000 records by the number of a page, and gave no name of the next one.",
        "Make the view smaller, select by a field, or set a newer `api_version` for the org.", "PAGES SEEN"),
    row("SYNTAX_ERROR", READS, _V.FAIL, "Zoho could not read a query.",
        "Report it: the request was built wrong.", "OAS"),
    row("INVALID_QUERY", READS | COUNT, _V.FAIL, "Zoho cannot run a query on this module or field.",
        "Check the module's name.", "OAS"),
    row("DUPLICATE_DATA", READS, _V.FAIL, "A query names something twice.",
        "Report it: the request was built wrong.", "OAS"),
)

ABOUT_ACCESS: tuple[Row, ...] = (
    row("TOO_MANY_REQUESTS", ALL, _V.WAIT_CREDITS,
        "Too many calls at the same time, or the org's API credits for 24 hours are used up.",
        "Nothing: it goes on by itself. If it lasts, lower the org's `concurrency` or buy credits.", "PAGES"),
    row("RATE_LIMIT_EXCEEDED", ALL, _V.WAIT_CREDITS, "Too many calls.", "Nothing: it goes on by itself.",
        "OAS"),
    row("API_LIMIT_EXCEEDED", ALL, _V.WAIT_CREDITS, "The org's API credits are used up.",
        "Nothing: it goes on by itself when credits come back, 24 hours after they were used.", "SEEN"),
    row("INVALID_TOKEN", ALL, _V.WAIT_CREDENTIALS, "Zoho refuses the access token, also a fresh one.",
        "Check that the org's secret fits its data centre and environment, and that not more than 15 "
        "tokens of this refresh token live.", "SEEN OAUTH"),
    row("INVALID_OAUTHTOKEN", ALL, _V.WAIT_CREDENTIALS, "Zoho refuses the access token, also a fresh one.",
        "Check that the org's secret fits its data centre and environment.", "OAUTH"),
    row("AUTHENTICATION_FAILURE", ALL, _V.WAIT_CREDENTIALS, "Zoho does not accept our credentials.",
        "Check the org's secret, and that the connected user is active.", "OAS"),
    row("invalid_code", ALL, _V.WAIT_CREDENTIALS, "The refresh token is wrong or was revoked.",
        "Make a new refresh token and put it into the org's secret; what waits goes on then.", "SEEN"),
    row("invalid_client", ALL, _V.WAIT_CREDENTIALS,
        "The client id is wrong, or belongs to another data centre.",
        "Check `client_id` and `data_center` in the org's secret; what waits goes on then.", "SEEN"),
    row("invalid_client_secret", ALL, _V.WAIT_CREDENTIALS, "The client secret is wrong.",
        "Check `client_secret` in the org's secret; what waits goes on then.", "SEEN"),
    row("unsupported_grant_type", TOKENS, _V.RETRY, "Zoho's token endpoint refuses this kind of request.",
        "Report it: the request was built wrong.", "OAUTH"),
    row("Access Denied", ALL, _V.WAIT_TOKEN,
        "Zoho gives no access token for some minutes, as too many were asked for (10 in 10 minutes).",
        "Nothing: it goes on by itself. Check whether another program uses the same refresh token.",
        "OAUTH SEEN"),
    row("access_denied", ALL, _V.WAIT_TOKEN,
        "Zoho gives no access token for some minutes, as too many were asked for (10 in 10 minutes).",
        "Nothing: it goes on by itself. Check whether another program uses the same refresh token.", "SEEN"),
)

# fmt: on
ZOHO: tuple[Row, ...] = ABOUT_RECORDS + ABOUT_CALLS + ABOUT_ACCESS

#: States of a job: how Zoho names them, and what they mean. Any other is kept, shown and asked for again.
JOB_STATES = {
    "SCHEDULED": "Zoho has taken the job and has not begun.",
    "QUEUED": "The job waits at Zoho.",
    "RUNNING": "The job deletes; its counts grow.",
    "SUSPENDED": "Zoho paused the job; it may go on.",
    "COMPLETED": "The job has ended; some records may have failed (their ids are not told).",
    "FAILED": "The job has ended early; what it deleted before stays deleted.",
}
