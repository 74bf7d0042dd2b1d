"""What the person map clears on a record that stays: fields, notes, attachments, the photo.

A list may lag, or hold what is another record's: a note or an attachment goes only where it says itself to
which record it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.domain.person.erasure_map import Entry
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.person_map import ATTACHMENTS, NOTES, PHOTO, Rule
from chalicelib.domain.person.remaining import PARENT, PARENT_NOT_SHOWN, cleared_fields
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.rows import Row, lookup_id
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.engine.step import Slice
from chalicelib.service.person import carrying, reading
from chalicelib.service.person.carrying import Job, PlannedCall
from chalicelib.service.person.reading import NotNow

#: Notes that one call reads, or deletes.
NOTES_AT_ONCE = 100


def clears(
    work: Slice, entry: Entry, values: Mapping[str, object], job: Job, rule: Rule, at: int
) -> PlannedCall | None:
    """The next call that clears what the person map names, None where nothing is left. Raises NotNow, where
    something is left of which Zoho does not show whose it is too.
    """
    record = entry.record
    update = cleared_fields(rule, values)
    if update:
        return carrying.update(record, update, at, "clear")
    unsure = False
    if NOTES in rule.clear:
        notes, hidden = _notes(work, record)
        if notes:
            return _delete_notes(notes, at)
        unsure = hidden
    if ATTACHMENTS in rule.clear:
        listed = reading.listed(work, record, ATTACHMENTS, (PARENT,))
        theirs, hidden = _of_the_record(record, listed)
        if theirs:
            return _delete_attachment(record, theirs[0], at)
        unsure = unsure or hidden
    module = job.context.modules.get(record.module)
    photo = module.photo if module is not None else ""
    if PHOTO in rule.clear and photo and values.get(photo):
        return PlannedCall(
            CallKind.DELETE_PHOTO,
            (record.id,),
            (at,),
            "photo",
            lambda zoho: zoho.delete_photo(record.module, record.id),
        )
    if unsure:
        raise NotNow(Judgement(Verdict.FAILED, PARENT_NOT_SHOWN), Reply(200))
    return None


def _notes(work: Slice, record: Record) -> tuple[tuple[str, ...], bool]:
    """Up to NOTES_AT_ONCE notes that say themselves that they are the record's, and whether others do not say
    whose they are. What the list names and is not there any more is passed over.
    """
    ids = [row.id for row in reading.listed(work, record, NOTES)]
    unsure = False
    for first in range(0, len(ids), NOTES_AT_ONCE):
        read = reading.values(work, NOTES, ids[first : first + NOTES_AT_ONCE], (PARENT,))
        theirs, hidden = _of_the_record(record, read)
        if theirs:
            return theirs, unsure
        unsure = unsure or hidden
    return (), unsure


def _of_the_record(record: Record, told: Sequence[Row]) -> tuple[tuple[str, ...], bool]:
    """The ids of those that name the record as theirs, and whether any names none."""
    parents = {row.id: lookup_id(row.values.get(PARENT)) for row in told}
    theirs = tuple(one for one, parent in parents.items() if parent == record.id)
    return theirs, None in parents.values()


def _delete_notes(notes: tuple[str, ...], at: int) -> PlannedCall:
    return PlannedCall(
        CallKind.DELETE_RECORDS,
        notes,
        (at,),
        "notes",
        lambda zoho: zoho.delete_records(NOTES, notes, False),
    )


def _delete_attachment(record: Record, attachment: str, at: int) -> PlannedCall:
    return PlannedCall(
        CallKind.DELETE_ATTACHMENT,
        (attachment,),
        (at,),
        "attachment",
        lambda zoho: zoho.delete_attachment(record.module, record.id, attachment),
    )
