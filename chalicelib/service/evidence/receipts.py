"""The receipt of one deletion that has ended: records file, receipt, and a note of both in the table.

Each step may be the last one that is done. Whoever comes next finds what lies there and takes it: the bucket
takes no second object of a name.
"""

from __future__ import annotations

import json

from chalicelib.domain.children import standing
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.evidence import canonical, dsse, receipt, records
from chalicelib.domain.evidence.records import Records
from chalicelib.domain.forgetting import clears, is_external
from chalicelib.domain.request import Operation
from chalicelib.service.evidence.ports import Written
from chalicelib.service.evidence.tools import Tools

#: Calls of a deletion whose jobs are looked for.
MOST_CALLS = 1_000


def written(tools: Tools, deletion_id: str, head: int) -> bool:
    """See to it that the deletion's receipt is there and belongs into head `head`, or stands in an older one.

    False where the deletion has not ended, or is not there.
    """
    deletion = tools.book.get(deletion_id)
    if deletion is None or not deletion.is_final:
        return False
    known = tools.book.receipts(deletion_id)
    if known and known[-1].tells_of(deletion):
        if clears(deletion):
            _bare(tools, deletion, known)
        return True
    n = len(known) + 1
    while not _nth(tools, deletion, n, head):
        n += 1
    return True


def _nth(tools: Tools, deletion: Deletion, n: int, head: int) -> bool:
    """Write the n-th receipt, or take the one that lies there; False where that tells of an earlier end."""
    name = receipt.name(deletion.id, n)
    lies = tools.objects.read(name)
    if lies is None:
        known = _records(tools, deletion)
        if known is not None:
            tools.objects.put(receipt.records_name(deletion.id, n), known.packed())
        facts = receipt.Facts(tools.stage, known, _jobs(tools, deletion))
        data = tools.envelope(dsse.RECEIPT, receipt.payload(_with_children(tools, deletion), facts))
        lies = data if tools.objects.put_once(name, data) else tools.objects.read(name)
    there = told(name, lies or b"", head)
    tools.book.keep(there)
    return there.tells_of(deletion)


def _with_children(tools: Tools, deletion: Deletion) -> Deletion:
    """With its children as they stand now: one may have ended before this receipt is made."""
    made = [child.id for child in deletion.children]
    return standing(deletion, tools.book.get_many(made)) if made else deletion


def _bare(tools: Tools, deletion: Deletion, known: list[Written]) -> None:
    """Write the records files anew without the reference that is forgotten. Those whose ids are forgotten too
    are removed by a worker, which may; the versions from before as well.
    """
    for each in known:
        name = receipt.records_name(deletion.id, each.n)
        data = None if each.bare or is_external(deletion) else tools.objects.read(name)
        if data is not None:
            tools.objects.put(name, records.without_reference(records.unpacked(data)).packed(), bare=True)
        if not each.bare:
            tools.book.mark_bare(each)


def told(name: str, data: bytes, head: int) -> Written:
    """What the table keeps of the receipt of that name."""
    body = json.loads(dsse.opened(data).payload)
    deletion, _, n = name.removeprefix("receipts/").removesuffix(".json").partition(".")
    return Written(
        name=name,
        sha256=canonical.sha256(data),
        head=head,
        deletion=deletion,
        n=int(n or 1),
        status=str(body["status"]),
        finished_at=body["finished_at"],
    )


def _records(tools: Tools, deletion: Deletion) -> Records | None:
    """Its records; None where nobody knows them, also where the table cannot tell any more."""
    if not receipt.records_are_known(deletion):
        return None
    try:
        return records.of(deletion, (tools.book.chunk(deletion.id, n) for n in range(deletion.chunks)))
    except Unreadable as problem:
        tools.report("evidence_without_records", deletion_id=deletion.id, reason=problem.reason)
        return None


def _jobs(tools: Tools, deletion: Deletion) -> list[str]:
    """Ids of the jobs that Zoho ran for it, in their order; each round of a view has its own."""
    if deletion.request.operation is not Operation.MASS_DELETE or not deletion.calls:
        return []
    numbers = range(1, min(deletion.calls, MOST_CALLS) + 1)
    answers = [call.answer or {} for call in tools.book.calls(deletion.id, numbers)]
    found = [str(each["job_id"]) for each in answers if each.get("job_id")]
    return list(dict.fromkeys(found + ([deletion.job_id] if deletion.job_id else [])))
