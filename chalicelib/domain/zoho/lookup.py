"""Looking things up in the verdict table."""

from __future__ import annotations

from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.codes import ZOHO
from chalicelib.domain.zoho.erasure_codes import ABOUT_ERASURES
from chalicelib.domain.zoho.own_codes import OWN
from chalicelib.domain.zoho.policy_words import WORDS as OF_POLICIES
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import Row

TABLE: tuple[Row, ...] = ZOHO + OWN + ABOUT_ERASURES
_BY_KIND = {(row.code, kind): row for row in TABLE for kind in row.kinds}

#: In which order the calls of an operation are searched for a code's meaning.
_CALLS_OF = {
    Operation.DELETE_RECORDS: (CallKind.DELETE_RECORDS, CallKind.DELETE_EXTERNAL, CallKind.MASS_DELETE_IDS),
    Operation.MASS_DELETE: (CallKind.MASS_DELETE_VIEW, CallKind.JOB_STATUS, CallKind.COUNT, CallKind.LIST),
    Operation.DELINK_RECORDS: (CallKind.DELINK,),
    Operation.PURGE: (CallKind.DELETE_RECORDS, CallKind.MASS_DELETE_IDS, CallKind.LIST),
    Operation.RESTORE: (CallKind.RESTORE_FROM_BIN, CallKind.BIN_ENTRIES),
    Operation.DELETE_PERMANENTLY: (CallKind.DELETE_FROM_BIN, CallKind.BIN_ENTRIES),
    Operation.ERASE_PERSON: (CallKind.DELETE_RECORDS, CallKind.UPDATE, CallKind.DELINK),
}


def find(code: str, kind: CallKind) -> Row | None:
    """The row of `code` for calls of `kind`; None where the table has none."""
    return _BY_KIND.get((code, kind))


def explain(code: str, operation: Operation) -> tuple[str, str]:
    """(meaning, what to do) of a code in an operation; plain words even for one that was never seen."""
    if operation is Operation.PURGE and code in OF_POLICIES:
        return OF_POLICIES[code]
    for kind in (*_CALLS_OF[operation], CallKind.READ, CallKind.TOKEN):
        found = find(code, kind)
        if found:
            return found.meaning, found.what_to_do
    for row in TABLE:
        if row.code == code:
            return row.meaning, row.what_to_do
    return (
        "Zoho answered with a code that this version does not know.",
        "Look the code up in Zoho's documentation, and report it. Nothing was counted as deleted for it.",
    )
