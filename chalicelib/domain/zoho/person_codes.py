"""Codes that Zoho answers with where a person is looked for, and where what stays is cleared: a part of the
verdict table (codes.py).
"""

from __future__ import annotations

from chalicelib.domain.zoho.verdict import (
    ATTACHMENT,
    CLEARS,
    FINDS,
    PHOTO,
    RELATED,
    RELATED_COUNT,
    SEARCH,
    SELECT,
    UPDATE,
    Row,
    Verdict,
    row,
)

_V = Verdict

# fmt: off
ABOUT_PEOPLE: tuple[Row, ...] = (
    row("SUCCESS", UPDATE, _V.CHANGED, "The record's fields are as the call asked.", "Nothing.", "CLEAR"),
    row("SUCCESS", ATTACHMENT | PHOTO, _V.DELETED, "The attachment or the photo was deleted.", "Nothing.",
        "CLEAR OAS"),
    row("INVALID_DATA", UPDATE, _V.CHECK_GONE,
        "Zoho did not change the record: it is not there, or a field does not take the value. A read "
        "decides.",
        "Open the record in Zoho and empty the field by hand, or keep the record by the person map.",
        "CLEAR OAS"),
    row("INVALID_DATA", ATTACHMENT | PHOTO, _V.CHECK_GONE,
        "Zoho did not delete it: it is gone already, or its record is. A read decides.",
        "Open the record in Zoho and look whether it is still there.", "CLEAR OAS"),
    row("DUPLICATE_DATA", CLEARS, _V.FAILED, "Another record has the value of a field that must be unique.",
        "Open the record in Zoho and change the field by hand.", "CLEAR"),
    row("NOT_ALLOWED", CLEARS, _V.FAILED, "Zoho does not let this be changed.",
        "Open the record in Zoho and look for what protects it, or leave it out of the person map.",
        "OAS"),
    row("RECORD_LOCKED", CLEARS, _V.RETRY_SLOWLY, "The record is locked, so Zoho changes nothing in it.",
        "Nothing at first: it is tried again for a day. Then unlock the record in Zoho and retry.", "OAS"),
    row("NOT_APPROVED", CLEARS, _V.RETRY_SLOWLY, "The record waits for an approval in Zoho.",
        "Approve the record; it is tried again for a day, after that retry.", "OAS"),
    row("RECORD_IN_BLUEPRINT", CLEARS, _V.FAILED, "The record is in a blueprint, which forbids the change.",
        "Finish the blueprint's transition or take the record out of it, then retry.", "OAS"),
    row("CONVERTED_RECORD", CLEARS, _V.FAILED, "The lead was converted; Zoho changes nothing in it.",
        "Change the contact, account or deal that it became, if that is what is meant.", "OAS"),
    row("CANNOT_PROCESS", CLEARS, _V.FAILED,
        "The record's processing was stopped, so Zoho changes nothing in it.",
        "Resume the record's processing in Zoho, then retry.", "OAS"),
    row("INVALID_DATA", FINDS, _V.FAIL, "Zoho refused a lookup of records or of metadata.",
        "Look the module and the record up in Zoho; the person may still be there.", "FIND OAS"),
    row("LIMIT_REACHED", SEARCH, _V.TOO_LONG,
        "Search gives no more than 2,000 records, and more hold the value or a part of it.",
        "Search for a longer value, or look through the module in Zoho.", "FIND"),
    row("INVALID_QUERY", SEARCH | SELECT, _V.FAIL,
        "Zoho cannot search this module or field: it may be encrypted, or a personal field that is withheld "
        "from the API.",
        "Look through the module in Zoho; or let the API see the field (Zoho: Setup, Compliance Settings).",
        "OAS FIND"),
    row("SYNTAX_ERROR", SELECT, _V.FAIL, "Zoho could not read a query.",
        "Report it: the request was built wrong.", "OAS FIND"),
    row("DUPLICATE_DATA", SELECT, _V.FAIL, "A query names something twice.",
        "Report it: the request was built wrong.", "OAS FIND"),
    row("EXPECTED_FIELD_MISSING", RELATED_COUNT, _V.FAIL, "Zoho missed the related lists to be counted.",
        "Report it: the request was built wrong.", "OAS"),
    row("INVALID_REQUEST", RELATED | RELATED_COUNT, _V.FAIL, "Zoho could not make sense of a request.",
        "Report it: the request was built wrong.", "OAS"),
    row("NOT_ALLOWED", RELATED | RELATED_COUNT, _V.FAIL,
        "Zoho does not let the connected user read related records.",
        "Connect a user who may, then retry; until then what belongs to the record is not counted.", "OAS"),
)
# fmt: on
