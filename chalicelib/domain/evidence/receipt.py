"""What a receipt says of a deletion that has ended: payload version 1 (contract, section 9).

No id of a record, no external id, no reference and no reason stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document, iso, where
from chalicelib.domain.evidence import canonical
from chalicelib.domain.evidence.records import Records, reference_salt
from chalicelib.domain.request import Operation

VERSION = 1
#: What no deletion by API reaches.
NOT_COVERED = ("mailboxes", "Zoho's audit log", "backups", "exports")
#: Of a person also what no search finds, or no call takes away.
OF_A_PERSON = (
    "names and addresses in free text, such as notes, descriptions and file names",
    "guests of events who are there by their address alone, where no search shows them",
    "e-mails listed under records that stay, and their cc addresses",
    "timelines of records that stay",
    "users of Zoho CRM and of its portals",
    "lists of unsubscribed addresses",
    "visitors that Zoho SalesIQ knows",
    "sandboxes",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a receipt needs besides the deletion. `records`: None where nobody knows which they were;
    `jobs`: ids of Zoho's jobs.
    """

    stage: str
    records: Records | None
    jobs: Sequence[str] = ()


def records_are_known(deletion: Deletion) -> bool:
    """Is there a list of what the deletion was about? There is none of an unfrozen view, nor of what was
    forgotten.
    """
    if deletion.forgotten_at is not None or not deletion.seed:
        return False
    of_a_view = deletion.request.operation is Operation.MASS_DELETE
    return deletion.id_count > 0 or not of_a_view or deletion.frozen


def payload(deletion: Deletion, facts: Facts) -> bytes:
    """The bytes that are signed."""
    request, shown = deletion.request, document(deletion)
    approval = deletion.approval
    records = facts.records
    known = reference_salt(deletion)
    body: dict[str, Any] = {
        "version": VERSION,
        "deletion": deletion.id,
        "stage": facts.stage,
        "org": request.org,
        "module": request.module,
        "operation": request.operation.value,
        "dry_run": request.dry_run,
        "status": deletion.status.value,
        "source": deletion.source,
        "asked_by": deletion.asked_by or None,
        "approved_by": (approval.by or None) if approval and approval.approved_at is not None else None,
        "resolved_by": deletion.resolved_by or None,
        "reference_sha256": canonical.salted(known, str(request.reference)) if known else None,
        "requested_at": iso(deletion.created_at),
        "finished_at": iso(deletion.finished_at),
        "counts": shown["counts"],
        "limits": asdict(deletion.limits),
        "records": {
            "count": None if records is None else len(records.lines),
            "root": None if records is None else records.root,
        },
        "log": {"entries": deletion.events, "chain": deletion.chain},
        "zoho": {
            "data_center": deletion.data_center or None,
            "calls": deletion.calls,
            "jobs": list(facts.jobs),
        },
        "recycle_bin": shown.get("recycle_bin"),
        "verification": shown.get("verification"),
        "not_covered": [*NOT_COVERED, *_of_a_person(deletion), *_out_of_reach(deletion)],
    }
    return canonical.to_bytes(body)


def _of_a_person(deletion: Deletion) -> tuple[str, ...]:
    return OF_A_PERSON if deletion.request.operation is Operation.ERASE_PERSON else ()


def _out_of_reach(deletion: Deletion) -> list[str]:
    """Where an erased person may still be: modules and fields that the search could not reach."""
    places: Any = deletion.erasure.get("out_of_reach", ())
    return [f"{each['code']} {where(each)}" for each in places]


def name(deletion_id: str, n: int) -> str:
    """Where the n-th receipt of a deletion lies, counted from 1."""
    return f"receipts/{deletion_id}{_version(n)}.json"


def number(name: str) -> int:
    """Which receipt of its deletion that of this name is, counted from 1; 0 for a name that is none."""
    _, _, n = name.rpartition("/")[2].removesuffix(".json").partition(".")
    return 1 if not n else int(n) if n.isdecimal() and n.isascii() and len(n) < 10 else 0


def records_name(deletion_id: str, n: int) -> str:
    """Where the records file of the n-th receipt lies."""
    return f"records/{deletion_id}{_version(n)}.jsonl.gz"


def records_prefix(deletion_id: str) -> str:
    """What the names of all records files of the deletion begin with, and no other's."""
    return f"records/{deletion_id}."


def _version(n: int) -> str:
    return "" if n == 1 else f".{n}"
