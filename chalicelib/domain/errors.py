"""The error tree. Errors carry fields; whoever answers the caller decides how to say it.

ExpungeError
|-- NotValid            the request is malformed: fields say where (400)
|-- NotAllowed          the source may not do this (403)
|-- LimitReached        the source has named as many records as it may in this hour or day (429)
|-- Conflict            the same delivery id with another body (409)
|-- WrongState          what an operator asks for does not fit the deletion as it stands (409)
|-- Missing             what an operator names is not there (404)
|-- Unavailable         a store that we need is out of reach; nothing is known to be done (503)
|   `-- SecretUnusable  a secret is missing or not what it should be
|-- Rejected            a store refuses what we ask of it, and would again: too large, or not to be encoded
|   `-- WrongCounts      a write whose counts and outcomes do not agree (a bug, never data)
|-- LostLease           another worker owns the deletion now; whatever we hold is stale
|-- StaleRead           an operator's command arrived since we read the deletion; read it again
|-- IllegalMove         a status change that the table of moves does not know (a bug, never data)
`-- Unreadable          a stored item of a shape that this version does not know
"""

from __future__ import annotations

from dataclasses import dataclass


class ExpungeError(Exception):
    """Root of every error that Expunge raises on purpose."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing wrong with a request: `path` is a JSON Pointer, `problem` plain words."""

    path: str
    problem: str


class NotValid(ExpungeError):
    """The request cannot be understood. `fields` lists each problem."""

    def __init__(self, message: str, fields: tuple[Field, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class NotAllowed(ExpungeError):
    """The source is known but may not ask for this. `fields` lists each reason."""

    def __init__(self, message: str, fields: tuple[Field, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class LimitReached(ExpungeError):
    """The source may ask for this, but not now: it fits in `retry_after` seconds. `fields` says what is
    full.
    """

    def __init__(self, message: str, retry_after: int, fields: tuple[Field, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.fields = fields


class Conflict(ExpungeError):
    """A delivery id that was accepted before came again with another body."""

    def __init__(self, source: str, delivery_id: str) -> None:
        super().__init__(f"delivery {delivery_id!r} of source {source!r} was accepted with another body")
        self.source = source
        self.delivery_id = delivery_id
        self.why = "this delivery id was accepted before with another body"


class WrongState(ExpungeError):
    """A command does not fit the deletion as it stands; the message says why, for the operator."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Missing(ExpungeError):
    """What was named is not there."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not there")
        self.what = what


class Unavailable(ExpungeError):
    """A store that we need did not answer: `what` names it, `reason` is for the log only."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what = what
        self.reason = reason


class SecretUnusable(Unavailable):
    """A secret is missing, empty or malformed: `what` is its name."""


class Rejected(ExpungeError):
    """A store refuses for good what we ask of it: an item that is too large, a text that cannot be encoded, a
    malformed request. Asking again cannot help. `what` names the store, `reason` is for the log only.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what = what
        self.reason = reason


class LostLease(ExpungeError):
    """Another worker has claimed the deletion since: this one must write nothing more."""

    def __init__(self, deletion_id: str, fence: int) -> None:
        super().__init__(f"{deletion_id}: lease {fence} is no longer ours")
        self.deletion_id = deletion_id
        self.fence = fence


class StaleRead(ExpungeError):
    """An operator's command (cancel, approve, resolve) came in between: read the deletion again."""

    def __init__(self, deletion_id: str) -> None:
        super().__init__(f"{deletion_id}: a command arrived since it was read")
        self.deletion_id = deletion_id


class IllegalMove(ExpungeError):
    """A status change outside the table of legal moves."""

    def __init__(self, deletion_id: str, before: str, after: str) -> None:
        super().__init__(f"{deletion_id}: {before} may not become {after}")
        self.deletion_id = deletion_id
        self.before = before
        self.after = after


class Unreadable(ExpungeError):
    """A stored item that this version cannot read: `key` says which, `reason` why."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


class WrongCounts(Rejected):
    """A write would change the counts of a deletion otherwise than the outcomes of its ids: a mistake of ours
    that another attempt would only repeat.
    """
