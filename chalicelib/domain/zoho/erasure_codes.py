"""Expunge's own codes about erasing a person."""

from __future__ import annotations

from chalicelib.domain.zoho.verdict import OF_RECORDS, Row, Verdict, row

_V = Verdict

# fmt: off
ABOUT_ERASURES: tuple[Row, ...] = (
    row("PHONE_NOT_VALID", OF_RECORDS, _V.FAIL,
        "A phone number of the identity is none, or is national and the org's person map has no region.",
        "Send the number as E.164, such as +436601234567, or put the region in the person map.", "OWN"),
    row("MAP_TOO_LARGE", OF_RECORDS, _V.FAIL, "More records were found than one person has.",
        "Name values that are this person's alone.", "OWN"),
    row("PERSON_MAP_CHANGED", OF_RECORDS, _V.FAIL,
        "The person map says something else of these modules than when the map that is retried was made.",
        "Ask for the erasure again: it goes by the person map as it is now.", "OWN"),
    row("NAMED_RECORD_NOT_SHOWN", OF_RECORDS, _V.FAIL,
        "Zoho shows no record of an id that the request names, so nothing was done about it. That is no "
        "proof that it is deleted.",
        "Look whether module, id and org are right, and look for it in Zoho and in its recycle bin as an "
        "administrator.", "OWN"),
    row("NO_LONGER_MATCHES", OF_RECORDS, _V.FAILED,
        "When the record was read before its call, it was no longer the person's; it was left as it is.",
        "Nothing, if the record was changed on purpose; else ask for the erasure again.", "OWN"),
    row("RECORD_NOT_CHANGED", OF_RECORDS, _V.FAILED,
        "Zoho took the calls, and the record shows the same values as before.",
        "Open the record in Zoho and empty the fields by hand.", "OWN"),
    row("PARENT_NOT_SHOWN", OF_RECORDS, _V.FAILED,
        "Zoho lists notes or attachments of the record and does not show whose they are, so they were left.",
        "Open the record in Zoho and delete its notes and attachments by hand.", "OWN"),
    row("FOUND_AGAIN", OF_RECORDS, _V.FAIL,
        "Looking again after the last step found records that are still the person's (`verification`).",
        "Ask for the erasure again: somebody may have entered them meanwhile.", "OWN"),
    row("NOT_VERIFIED", OF_RECORDS, _V.FAIL,
        "What had to be done was done, and the searches afterwards could not be made.",
        "Ask for the erasure again as a dry run: its map must be empty.", "OWN"),
)
# fmt: on
