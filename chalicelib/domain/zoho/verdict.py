"""What a verdict is, a judgement with its code, and the shape of one row of the verdict table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.zoho.reply import CallKind


class Verdict(StrEnum):
    """What an answer means for us. The first nine are about one id, the others about a whole call."""

    DELETED = "deleted"  # gone by our doing (delink: the relation is removed)
    CHANGED = "changed"  # the record's fields are as the call asked
    CHECK_GONE = "check_gone"  # "record not deleted": a read decides between absent and failed
    ABSENT = "absent"  # delink: there is no such link
    RESTORED = "restored"  # Zoho says that it is back in its module; a read proves it
    SCHEDULED = "scheduled"  # Zoho will do it later, and names no job: reading tells when it is done
    FAILED = "failed"  # this id will not go
    RETRY_SLOWLY = "retry_slowly"  # a state of the record that ends by itself or by a person, in hours
    REPEAT = "repeat"  # outcome not known; a call by id may be repeated

    ANSWERED = "answered"  # it ran: walk the items
    STARTED = "started"  # a job runs at Zoho and its id is in the answer
    NOTHING = "nothing"  # there was nothing to do
    FAIL = "fail"  # the whole request fails at once
    RETRY = "retry"  # certainly not processed: send it again later
    UNKNOWN = "unknown"  # may have been processed
    WAIT_LANE = "wait_lane"  # another mass delete runs at Zoho
    WAIT_CREDITS = "wait_credits"  # too many calls at once, or no credits left
    WAIT_CREDENTIALS = "wait_credentials"  # Zoho refuses the org's credentials
    WAIT_TOKEN = "wait_token"  # noqa: S105  (a verdict, not a secret): the token endpoint throttles us
    FALLBACK = "fallback"  # no mass delete by ids here: use DELETE
    SPLIT = "split"  # one refusal for several ids: ask for them one by one
    GONE = "gone"  # Zoho does not know this job id
    UNCOUNTABLE = "uncountable"  # Zoho cannot count this view or module
    READ_ANEW = "read_anew"  # the page's token is no longer good: begin the reading with the first page
    TOO_LONG = "too_long"  # Zoho lists no more of this: the reading can never come to its end


#: Verdicts about one id. Where a row has one of these, a bare error for one id is that id's own.
OF_ONE_ID = frozenset(
    {
        Verdict.DELETED,
        Verdict.CHANGED,
        Verdict.CHECK_GONE,
        Verdict.ABSENT,
        Verdict.RESTORED,
        Verdict.SCHEDULED,
        Verdict.FAILED,
        Verdict.RETRY_SLOWLY,
        Verdict.REPEAT,
    }
)

#: Verdicts about a call that mean: not now, ask again.
NOT_NOW = frozenset(
    {
        Verdict.RETRY,
        Verdict.UNKNOWN,
        Verdict.REPEAT,
        Verdict.WAIT_LANE,
        Verdict.WAIT_CREDITS,
        Verdict.WAIT_CREDENTIALS,
        Verdict.WAIT_TOKEN,
    }
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`verdict` with the code (Zoho's, or ours where Zoho gave none) and Zoho's words."""

    verdict: Verdict
    code: str
    message: str = ""


ALL = frozenset(CallKind)
DELETES = frozenset({CallKind.DELETE_RECORDS, CallKind.DELETE_EXTERNAL})
BIN_DELETE = frozenset({CallKind.DELETE_FROM_BIN})
BIN_RESTORE = frozenset({CallKind.RESTORE_FROM_BIN})
#: Both change Zoho by ids, and may be repeated.
BIN = BIN_DELETE | BIN_RESTORE
OF_RECORDS = DELETES | {CallKind.MASS_DELETE_IDS, CallKind.DELINK}
UPDATE = frozenset({CallKind.UPDATE})
ATTACHMENT = frozenset({CallKind.DELETE_ATTACHMENT})
PHOTO = frozenset({CallKind.DELETE_PHOTO})
#: What changes a record that stays, or what belongs to it; one record a call.
CLEARS = UPDATE | ATTACHMENT | PHOTO
BY_ID = OF_RECORDS | BIN | CLEARS
VIEW = frozenset({CallKind.MASS_DELETE_VIEW})
MASS_IDS = frozenset({CallKind.MASS_DELETE_IDS})
MASS = VIEW | MASS_IDS
DELINK = frozenset({CallKind.DELINK})
JOB = frozenset({CallKind.JOB_STATUS})
COUNT = frozenset({CallKind.COUNT})
LIST = frozenset({CallKind.LIST})
READS = LIST | {CallKind.READ, CallKind.DELETED_LIST}
SEARCH = frozenset({CallKind.SEARCH})
SELECT = frozenset({CallKind.SELECT})
RELATED = frozenset({CallKind.RELATED})
RELATED_COUNT = frozenset({CallKind.RELATED_COUNT})
#: How a person is found, and what belongs to the records.
FINDS = SEARCH | SELECT | RELATED | RELATED_COUNT | {CallKind.METADATA}
BIN_READ = frozenset({CallKind.BIN_ENTRIES})
TOKENS = frozenset({CallKind.TOKEN})


@dataclass(frozen=True, slots=True)
class Row:
    """One code where it applies.

    `verdict` is for an item of `data[]` or for a bare error of the whole call, whichever the code is about;
    the judges translate the one into the other. `sources` are keys of `SOURCES`.
    """

    code: str
    kinds: frozenset[CallKind]
    verdict: Verdict
    meaning: str
    what_to_do: str
    sources: tuple[str, ...]


#: Where a code is documented or was seen.
SOURCES = {
    "DEL7": "Zoho CRM API v7, Delete Records",
    "DEL2": "Zoho CRM API v2, Delete Records (with SDK samples)",
    "MASS7": "Zoho CRM API v7, Mass Delete Records",
    "STAT6": "Zoho CRM API v6, Mass Delete Status",
    "LINK7": "Zoho CRM API v7, Delink related records",
    "OAS": "Zoho's OpenAPI files, their enums and examples",
    "BIN": "Zoho CRM API v6 to v8, recycle bin",
    "FIND": "Zoho CRM API v7, Search Records, COQL, Modules, Fields and Related Lists Metadata",
    "CLEAR": "Zoho CRM API v7 and v8, Update Records, Delete Attachments, Delete Photo",
    "PAGES": "other pages of Zoho's CRM documentation (status codes, COQL, recycle bin, mass update, limits)",
    "OAUTH": "Zoho's OAuth pages",
    "SEEN": "seen in public code, tests and reports; not on a page of Zoho's",
    "OWN": "Expunge's own code, never sent by Zoho",
}


def row(
    code: str, kinds: frozenset[CallKind], verdict: Verdict, meaning: str, what_to_do: str, sources: str
) -> Row:
    """A row; `sources` is a list of keys of SOURCES with blanks between."""
    return Row(code, kinds, verdict, meaning, what_to_do, tuple(sources.split()))
