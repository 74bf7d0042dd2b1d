"""What a request asks for, and the limits under which it was accepted (docs/CONTRACT.md, section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain import modules


class Operation(StrEnum):
    """What a request asks for."""

    DELETE_RECORDS = "delete_records"
    MASS_DELETE = "mass_delete"
    DELINK_RECORDS = "delink_records"
    ERASE_PERSON = "erase_person"
    PURGE = "purge"  # a retention policy's run: the service's own, nobody can send it
    RESTORE = "restore"  # out of Zoho's recycle bin: an operator asks for it
    DELETE_PERMANENTLY = "delete_permanently"  # from the recycle bin, for good: made by the service


#: What is about the recycle bin: a child of the deletion that put the records there.
OF_THE_BIN = frozenset({Operation.RESTORE, Operation.DELETE_PERMANENTLY})
#: What a source may ask for only where its entry names it.
BY_NAME_ONLY = frozenset({Operation.ERASE_PERSON})
#: What a source may ask for where its entry names no operations.
REQUESTABLE = frozenset(Operation) - {Operation.PURGE, Operation.ERASE_PERSON} - OF_THE_BIN
#: In the place of a module, for what is about records of several.
ALL_MODULES = "*"


class Api(StrEnum):
    """Which of Zoho's calls a delete by ids shall use."""

    AUTO = "auto"
    RECORDS = "records"
    MASS_DELETE = "mass_delete"


class Freeze(StrEnum):
    """Whether the records of a view are listed before the first of them is deleted."""

    AUTO = "auto"
    ALWAYS = "always"
    EXACT = "exact"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Territory:
    """Narrows a view's mass delete to the records of a territory."""

    id: str
    include_child: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One request as asked for, checked and with defaults filled in.

    `ids`: without duplicates, in the order given; they are stored apart from the deletion. `wf_trigger`: None
    where the request did not name it (sent to Zoho as false, but `auto` may then use mass delete). A purge
    has its policy's name, the run's name, the policy's selection as it was written, the time zone whose days
    its cut-offs go by, and when the policy runs next (seconds since the epoch).
    `permanent_after`: seconds after its end at which what was deleted is deleted from the recycle bin too.
    What is about the bin names its `parent`, the first call of that (`window_from`), and until when each id
    may have been deleted by it (`until`, stored with the ids; NOT_ITS for an id that it did not delete), in
    seconds since the epoch. `identity`: whom an erasure is about (domain/person/identity.py), None once it
    has ended; its `module` is ALL_MODULES. `module` is canonical (domain/modules.py), whichever of its names
    was given, also in what is read from the table.
    """

    operation: Operation
    module: str
    org: str
    ids: tuple[str, ...] = ()
    wf_trigger: bool | None = None
    api: Api = Api.AUTO
    external_id_field: str | None = None
    cvid: str | None = None
    freeze: Freeze = Freeze.AUTO
    territory: Territory | None = None
    record_id: str | None = None
    related_list: str | None = None
    dry_run: bool = False
    max_records: int | None = None
    reference: str | None = None
    reason: str | None = None
    policy: str | None = None
    run: str | None = None
    selection: dict[str, Any] | None = None
    time_zone: str | None = None
    next_run: float | None = None
    permanent_after: int | None = None
    parent: str | None = None
    window_from: float | None = None
    until: tuple[float, ...] = ()
    identity: dict[str, object] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "module", modules.canonical(self.module))


#: In the place of a time: the id is none that the parent deleted.
NOT_ITS = -1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The source's limits, copied into the deletion when it is accepted and fixed from then on."""

    max_records: int = 500
    approve_above: int | None = None
    mass_delete_by_ids: bool = False
    allow_uncounted: bool = False
    max_share: float | None = None
    cool_off_seconds: int = 0
    max_records_per_hour: int | None = None
    max_records_per_day: int | None = None
    keep_credits: int | None = None
    erase_person_approval: bool = True
