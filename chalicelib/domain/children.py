"""What is made of a deletion about the recycle bin: which ids, with which windows, and the deletion that does
it.

A deletion's *children* restore what it deleted, or delete it for good. What goes is known by ids: those that
are `deleted`, each with the time of its own answer. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.domain.deletion import Child, Counts, Deletion
from chalicelib.domain.ids import RANDOM_BYTES, SEED_BYTES, deletion_id
from chalicelib.domain.outcomes import fresh
from chalicelib.domain.request import OF_THE_BIN, Operation, Request
from chalicelib.domain.status import Status

HOUR, DAY = 3600, 86_400
#: How long Zoho keeps what was deleted (docs/CONTRACT.md, section 1).
DAYS_IN_BIN = 60
#: The longest `permanent_after`: a day is left to do it in.
MOST_DAYS = DAYS_IN_BIN - 1
PERMANENT_WORDS = f'must be whole hours or days from PT0H to P{MOST_DAYS}D, such as "P14D" or "PT12H"'
_DURATION = r"P(?:(0|[1-9][0-9]?)D|T(0|[1-9][0-9]{0,3})H)"
_TAKES_RECORDS = frozenset(
    {Operation.DELETE_RECORDS, Operation.MASS_DELETE, Operation.PURGE, Operation.ERASE_PERSON}
)


def permanent_seconds(text: object) -> int:
    """The seconds of a `permanent_after` (ISO 8601). Raises ValueError in words for people."""
    found = re.fullmatch(_DURATION, text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(PERMANENT_WORDS)
    seconds = int(found[1]) * DAY if found[1] else int(found[2]) * HOUR
    if seconds > MOST_DAYS * DAY:
        raise ValueError(PERMANENT_WORDS)
    return seconds


def may_come_back(deletion: Deletion) -> bool:
    """Did it, now that it has ended, put records into the recycle bin whose ids are known?"""
    request = deletion.request
    takes = request.operation in _TAKES_RECORDS and not request.dry_run
    return takes and deletion.is_final and deletion.id_count > 0 and deletion.counts.deleted > 0


def may_have_taken_more(deletion: Deletion) -> bool:
    """Did a job run for it, or may one have run, that could take records that nobody had listed?"""
    if deletion.request.operation is not Operation.MASS_DELETE or deletion.request.dry_run:
        return False
    lost = bool(deletion.progress.get("lost")) or any(p.code == "START_LOST" for p in deletion.problems)
    return lost or bool(deletion.job_id)


def asked_at(deletion: Deletion) -> float:
    """When somebody asked for what it does (seconds since the epoch). What the end of its parent made was
    asked for with its parent: at the parent's first call at the latest.
    """
    began = deletion.request.window_from
    by_itself = deletion.not_before is not None and began is not None
    return min(deletion.created_at, began or 0.0) if by_itself else deletion.created_at


def asked_no_later_than(deletion: Deletion, at: float) -> bool:
    """Had somebody asked for what it does by then (seconds since the epoch)?"""
    return asked_at(deletion) <= at


def restorable_until(deletion: Deletion) -> float:
    """Until when Zoho keeps all of what it deleted: by its first call (seconds since the epoch)."""
    return _began(deletion) + DAYS_IN_BIN * DAY


def permanent_at(deletion: Deletion) -> float | None:
    """When what it deleted is deleted for good, None where nobody asked for that, or it was cancelled."""
    times = [
        child.not_before
        for child in deletion.children
        if child.operation is Operation.DELETE_PERMANENTLY and child.status is not Status.CANCELLED
    ]
    return min((at for at in times if at is not None), default=None)


def makes_permanent(deletion: Deletion) -> bool:
    """Is a child to be made at its end, without anybody asking for it?"""
    asked = deletion.request.permanent_after is not None and not deletion.cancelled_by
    return asked and deletion.status is not Status.CANCELLED and may_come_back(deletion)


def _began(deletion: Deletion) -> float:
    """Its first call that deletes; what older versions wrote does not say it, so from its start on."""
    if deletion.sent_at is not None:
        return deletion.sent_at
    return deletion.started_at if deletion.started_at is not None else deletion.created_at


def by_module(parent: Deletion, found: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Record ids that it deleted with their times, by module: an erasure's are of several (`Leads/123`)."""
    if parent.request.operation is not Operation.ERASE_PERSON:
        return {parent.request.module: dict(found)} if found else {}
    modules: dict[str, dict[str, float]] = {}
    for entry, at in found.items():
        module, _, one = entry.rpartition("/")
        modules.setdefault(module, {})[one] = at
    return modules


def names_in_parent(parent: Deletion, child: Deletion, ids: Iterable[str]) -> list[str]:
    """The names under which a child's records stand in its parent."""
    if parent.request.operation is not Operation.ERASE_PERSON:
        return list(ids)
    return [f"{child.request.module}/{one}" for one in ids]


def request_of(
    parent: Deletion, operation: Operation, until: Mapping[str, float], module: str | None = None
) -> Request:
    """The request of a child about these ids: it keeps module, org and reference of its parent. `module`: the
    one of these ids, where the parent is about several.
    """
    asked = parent.request
    return Request(
        operation,
        asked.module if module is None else module,
        asked.org,
        ids=tuple(until),
        until=tuple(until.values()),
        reference=asked.reference,
        parent=parent.id,
        window_from=_began(parent),
    )


def at_its_end(
    parent: Deletion, until: Mapping[str, float], now: float, module: str | None = None, number: int = 0
) -> Deletion:
    """The child that deletes for good, made with its parent's final write: not due before the undo window
    ends, and kept for as long after it as others are kept.

    `module`: as request_of has it; `number`: how many are made before it by the same write.

    Its id and its seed follow from its parent's seed, so that the same write makes the same child.
    """
    after = parent.request.permanent_after or 0
    finished = parent.finished_at if parent.finished_at is not None else now
    not_before = finished + after
    words = f"{parent.id} child {len(parent.children) + 1 + number}".encode()
    random = hmac.digest(parent.seed.encode(), words, hashlib.sha512)
    at = round(now, 3)
    return with_ids(
        Deletion(
            id=deletion_id(at, random[:RANDOM_BYTES]),
            request=request_of(parent, Operation.DELETE_PERMANENTLY, until, module),
            source=parent.source,
            created_at=at,
            updated_at=at,
            expires_at=_expires(parent, at, not_before),
            limits=parent.limits,
            seed=random[RANDOM_BYTES : RANDOM_BYTES + SEED_BYTES].hex(),
            not_before=not_before,
        )
    )


def _expires(parent: Deletion, created_at: float, not_before: float) -> int:
    """So long after the undo window as others are kept. Nothing is sent in the last tenth of a deletion's
    time (engine.advance), so the window itself is no part of what that is a tenth of.
    """
    kept = parent.expires_at - int(parent.created_at)
    return int(not_before + (not_before - created_at) / 9) + 1 + kept


def with_ids(deletion: Deletion) -> Deletion:
    """The deletion with the numbers that follow from its ids. A dry run's counts are all 0."""
    request = deletion.request
    named = len(request.ids)
    counts = Counts() if request.dry_run else Counts(requested=named, pending=named)
    return replace(deletion, id_count=named, chunks=len(fresh(request.ids)), counts=counts)


def as_child(deletion: Deletion) -> Child:
    """What its parent tells of it."""
    restores = deletion.request.operation is Operation.RESTORE
    counts = deletion.counts
    done = counts.restored if restores else counts.deleted
    at = deletion.not_before if deletion.not_before is not None else deletion.created_at
    return Child(deletion.id, deletion.request.operation, deletion.status, done, None if restores else at)


def standing(deletion: Deletion, found: Mapping[str, Deletion]) -> Deletion:
    """The deletion with its children as they stand now; a child that is not among `found` stays as it was
    told when it was made.
    """
    told = (as_child(found[each.id]) if each.id in found else each for each in deletion.children)
    return replace(deletion, children=tuple(told)) if deletion.children else deletion


def origin_of(deletion: Deletion) -> str | None:
    """The deletion that it is a retry of, or a dry run about; None for the others. It keeps which there are,
    though it does not show them.
    """
    request = deletion.request
    tries = request.operation in OF_THE_BIN and request.dry_run
    return deletion.retry_of or (request.parent if tries else None)


def shows(deletion: Deletion) -> bool:
    """Does its parent name it? Dry runs are not named."""
    request = deletion.request
    return request.operation in OF_THE_BIN and bool(request.parent) and not request.dry_run
