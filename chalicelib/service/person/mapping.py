"""The map of an erasure: made of what was found, stored, held against the limits, and approved.

An approval is for the hash of one map. Once it is given, the person is looked for again; where that makes
another map, the new one has to be approved.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import limits, quota
from chalicelib.domain.deletion import Approval, Counts
from chalicelib.domain.evidence import canonical
from chalicelib.domain.outcomes import Chunk, Finding, Mark, untouched
from chalicelib.domain.person.erasure_map import ErasureMap, assembled, shared_in
from chalicelib.domain.person.out_of_reach import shown
from chalicelib.domain.person.person_map import Action, PersonMap
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.person.ruling import by_default
from chalicelib.domain.quota import Full
from chalicelib.domain.status import Status
from chalicelib.service.engine.limits import COOL_OFF
from chalicelib.service.engine.step import Commit, Finish, Note, Slice, Step, Wait
from chalicelib.service.person import ending, finding, retrying, stored


def judge(work: Slice, progress: ErasureProgress) -> Step:
    """What follows from the map, or from the approval that it waits for."""
    if work.deletion.status is Status.AWAITING_APPROVAL and work.deletion.approval is not None:
        return _awaited(work, progress, work.deletion.approval)
    known = stored.known(work)
    hits = stored.hits(work, progress).values()
    retried = stored.is_retry(work.deletion)
    shared = shared_in(work.deletion.erasure) if retried else None
    made = assembled(hits, known.person_map, shared=shared)
    if retried and _rules(made, retrying.person_map_now(work, known)) != _rules(made, known.person_map):
        return ending.refused(work, progress, ending.PERSON_MAP_CHANGED, len(made.entries))
    if progress.mapped != made.hash:
        return _mapped(work, progress, made)
    if not made.entries:
        why = "dry run" if work.deletion.request.dry_run else "no record is this person's"
        return Commit(work.deletion, Finish(Status.COMPLETED, why, problems=ending.not_shown(progress)))
    approved = progress.approved == made.hash and progress.ruled == _rules(made, known.person_map)
    carried_out = made
    if approved:
        carried_out = assembled(hits, known.person_map, frozenset(progress.meant), shared)
    refused = _over_a_limit(work, carried_out)
    if refused is not None:
        return ending.refused(work, progress, *refused)
    if work.deletion.request.dry_run:
        return Commit(work.deletion, Finish(Status.COMPLETED, "dry run", problems=ending.not_shown(progress)))
    return _go_on(work, progress, made, carried_out) if approved else _unless_approved(work, progress, made)


def _unless_approved(work: Slice, progress: ErasureProgress, made: ErasureMap) -> Step:
    """Ask for an approval, where one is needed."""
    progress = replace(progress, ruled=_rules(made, stored.known(work).person_map))
    if _needs_approval(work, made):
        return _ask(work, progress, made)
    return Commit(finding.kept(work, replace(progress, approved=made.hash)))


def _rules(made: ErasureMap, person_map: PersonMap) -> str:
    """The digest of what the person map says of the map's modules: its hash does not tell what is cleared."""
    modules = {each.record.module for each in made.entries}
    rules: dict[str, object] = {each: person_map.rule(each).to_json() for each in modules}
    rules |= {f"{each} by default": True for each in modules if by_default(each, person_map)}
    return canonical.sha256(canonical.to_bytes(rules))


def _go_on(work: Slice, progress: ErasureProgress, made: ErasureMap, carried_out: ErasureMap) -> Step:
    """Begin, once the cool-off is over."""
    cooling = work.deletion.created_at + work.deletion.limits.cool_off_seconds
    if work.now < cooling:
        return Commit(work.deletion, Wait(COOL_OFF, cooling - work.now))
    return _begin(work, progress, made, carried_out)


def entry_id(module: str, record_id: str) -> str:
    """The name of an entry among the ids of its deletion: record ids alone do not tell the module."""
    return f"{module}/{record_id}"


def _mapped(work: Slice, progress: ErasureProgress, made: ErasureMap) -> Commit:
    """Store the map, its entries as the ids of the deletion, and the plan."""
    parts = stored.map_parts(made)
    ids = tuple(entry_id(each.record.module, each.record.id) for each in made.entries)
    number = len(ids)
    dry_run = work.deletion.request.dry_run
    deletion = replace(
        finding.kept(work, replace(progress, mapped=made.hash, map_parts=len(parts))),
        erasure={
            **_search_of(work),
            **_kept_of_the_identity(work),
            **_not_binned(work, made),
            **_companies(work, made),
            **made.plan(shown(progress.not_reached)),
        },
        id_count=number,
        chunks=1 if number else 0,
        counts=Counts() if dry_run else Counts(requested=number, pending=number),
    )
    note = Note("mapped", f"{number} records, {made.deletes} to be deleted")
    return Commit(deletion, parts=parts, new_chunks=(untouched(0, ids),) if ids else (), notes=(note,))


def _not_binned(work: Slice, made: ErasureMap) -> dict[str, object]:
    """The modules of which records go, or may once a value is meant, and whose deletes Zoho does not keep."""
    known = stored.known(work)
    modules = sorted({each.record.module for each in made.entries})
    gone = [
        each
        for each in modules
        if known.person_map.rule(each).action is Action.DELETE
        and each in known.modules
        and not known.modules[each].binned
    ]
    return {"not_binned": gone} if gone else {}


def _companies(work: Slice, made: ErasureMap) -> dict[str, object]:
    found = _companies_of(work, made)
    return {"companies": found} if found else {}


def _companies_of(work: Slice, made: ErasureMap) -> list[str]:
    """Modules of companies of which records are deleted only because the request names them."""
    person_map = stored.known(work).person_map
    gone = {each.record.module for each in made.entries if each.action is Action.DELETE}
    return sorted(each for each in gone if by_default(each, person_map))


def _search_of(work: Slice) -> dict[str, object]:
    told = work.deletion.erasure.get("search")
    return {} if told is None else {"search": told}


def _kept_of_the_identity(work: Slice) -> dict[str, object]:
    """Digests of the values as they are compared, by which a retry knows the person's records again."""
    deletion = work.deletion
    if stored.is_retry(deletion):
        return {name: deletion.erasure[name] for name in ("identity", "key")}
    wanted = stored.wanted_of(work, stored.known(work).person_map, work.phones)
    return {"identity": wanted.digests(deletion.seed)}


def _over_a_limit(work: Slice, made: ErasureMap) -> tuple[str, int] | None:
    """The limit that what is deleted exceeds, and by how many records it is met."""
    size = made.deletes
    if size > work.deletion.record_limit:
        return "MAX_RECORDS", size
    never = quota.never_fits(work.deletion.limits, size)
    if never:
        return never[0][0].value, size
    if work.deletion.request.dry_run:
        return None
    named = work.named(size)
    return (named.span.value, size) if isinstance(named, Full) else None


def _needs_approval(work: Slice, made: ErasureMap) -> bool:
    """Somebody else has to agree: always, unless the source's entry says that shared values alone need it. A
    company's record is shared by nature.
    """
    rules = work.deletion.limits
    above = rules.approve_above
    named = work.named(made.deletes)
    many = above is not None and not isinstance(named, Full) and made.deletes + named > above
    return rules.erase_person_approval or bool(made.shared) or many or bool(_companies_of(work, made))


def _ask(work: Slice, progress: ErasureProgress, made: ErasureMap) -> Commit:
    """Wait for the approval of this map. Asking again moves no deadline."""
    before = work.deletion.approval
    ends = work.now + work.timeouts.approval if before is None else before.expires_at
    if work.now >= ends:
        return ending.refused(work, progress, "APPROVAL_EXPIRED", len(made.entries))
    again = replace(progress, approved="", meant=())
    deletion = limits.asked(finding.kept(work, again), len(made.entries), work.now, ends)
    approval = Approval(len(made.entries), work.now, ends, map_hash=made.hash)
    note = Note("awaiting_approval", f"{len(made.entries)} records", public=True)
    seconds = min(work.timeouts.longest, ends - work.now)
    wait = Wait(limits.APPROVAL, seconds, Status.AWAITING_APPROVAL)
    return Commit(replace(deletion, approval=approval), wait, notes=(note,))


def _awaited(work: Slice, progress: ErasureProgress, approval: Approval) -> Step:
    """Nobody has answered yet, or the approval is there: then the person is looked for again."""
    if approval.approved_at is None:
        if work.now >= approval.expires_at:
            return ending.refused(work, progress, "APPROVAL_EXPIRED", approval.count)
        seconds = min(work.timeouts.longest, approval.expires_at - work.now)
        return Commit(work.deletion, Wait(limits.APPROVAL, seconds, Status.AWAITING_APPROVAL))
    again = replace(progress, approved=approval.map_hash, meant=approval.shared)
    if stored.is_retry(work.deletion):
        return Commit(finding.kept(work, again), running="approved", proven=True)
    again = replace(again, hit_parts=0, unreached=())
    return Commit(
        finding.kept(work, again.on_to(Phase.MODULES)),
        notes=(Note("searched_again", "its map was approved"),),
        running="approved",
        proven=True,
    )


def _begin(work: Slice, progress: ErasureProgress, made: ErasureMap, carried_out: ErasureMap) -> Commit:
    """Nothing holds it back: what is kept is kept, and the others come in their order.

    The map is stored anew: a search after the approval may have found other links under the same hash.
    """
    chunk: Chunk = work.chunk(0)
    keeps = [n for n, each in enumerate(carried_out.entries) if each.action is Action.KEEP]
    parts = stored.map_parts(made)
    progress = replace(progress, map_parts=len(parts))
    after = chunk.with_mark(keeps, Finding(Mark.KEPT))
    deletion = replace(
        finding.kept(work, progress.on_to(Phase.UNLINK)),
        frozen=True,
        erasure={**work.deletion.erasure, **made.plan(shown(progress.not_reached))},
    )
    return Commit(
        deletion,
        parts=parts,
        chunks=(after,) if keeps else (),
        running="the map is carried out",
        proven=True,
    )
