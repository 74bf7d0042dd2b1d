"""What leads to the person's records, and what goes along with them. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from chalicelib.domain import modules as names
from chalicelib.domain.person import asking
from chalicelib.domain.person.asking import Question
from chalicelib.domain.person.erasure_map import assembled, shared_values
from chalicelib.domain.person.guests import PARTICIPANTS, guest_places, takes_part
from chalicelib.domain.person.hits import Hit, Link, merged
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.matching import Wanted
from chalicelib.domain.person.out_of_reach import NO_LINKS, Unreached
from chalicelib.domain.person.person_map import Action, PersonMap
from chalicelib.domain.person.progress import ErasureProgress, Phase
from chalicelib.domain.person.remaining import CAMPAIGNS, CONTACT_ROLES
from chalicelib.domain.zoho import rows
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.metadata import RelatedListInfo, related_lists_of
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.rows import Row, lookup_id
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Commit, Slice, Step
from chalicelib.service.person import ending, finding, stored
from chalicelib.service.person.clocks import READ
from chalicelib.service.person.reading import MOST_PAGES, NotNow
from chalicelib.service.person.stored import Known

#: Records whose related lists one step reads.
RECORDS_A_STEP = 10
#: Related lists whose records Zoho deletes together with the record.
_ALONG = frozenset({"Attachments", "Emails", "Notes", "Tasks"})


def theirs(found: Mapping[Record, Hit], person_map: PersonMap) -> list[Record]:
    """The records that are deleted if all shared values mean the person, sorted."""
    every = shared_values(found.values(), person_map.max_shared)
    made = assembled(found.values(), person_map, frozenset(every))
    return [each.record for each in made.entries if each.action is Action.DELETE]


def links(work: Slice, progress: ErasureProgress) -> Step:
    """Ask every module with a lookup to the person's records who leads to them."""
    known = stored.known(work)
    by_module: dict[str, list[str]] = defaultdict(list)
    for record in theirs(stored.hits(work, progress), known.person_map):
        by_module[record.module].append(record.id)
    questions = [
        each
        for module, ids in by_module.items()
        for each in asking.link_questions(known.modules.values(), module, ids)
    ]
    wanted = {Record(module, one) for module, ids in by_module.items() for one in ids}

    def compared(question: Question, row: Row) -> Hit | None:
        return _linked(question, row, wanted)

    return finding.asked(work, progress, questions, compared, Phase.LISTS)


def _linked(question: Question, row: Row, wanted: set[Record]) -> Hit | None:
    record = Record(question.module, row.id)
    fields = question.selection.where.fields if question.selection is not None else ()
    leads = [Link(name, Record(question.to, lookup_id(row.values.get(name)) or "")) for name in fields]
    found = tuple(link for link in leads if link.to in wanted and link.to != record)
    return Hit(record, links=found) if found else None


def lists(work: Slice, progress: ErasureProgress) -> Step:
    """Read the contact roles, campaigns and events of the person's records."""

    def read(reader: _Reader, record: Record) -> Iterable[Hit]:
        return reader.linked_by_lists(record)

    return _each(work, progress, read, Phase.COUNT)


def count(work: Slice, progress: ErasureProgress) -> Step:
    """Count what belongs to each of the person's records."""

    def read(reader: _Reader, record: Record) -> Iterable[Hit]:
        along = reader.goes_along(record)
        return [Hit(record, goes_along=along)] if along else []

    return _each(work, progress, read, Phase.JUDGE)


def _each(work: Slice, progress: ErasureProgress, read: _Reading, following: Phase) -> Step:
    """`read` for the next of the person's records; what it finds is added to the hits."""
    known = stored.known(work)
    found = stored.hits(work, progress)
    records = theirs(found, known.person_map)
    reader = _Reader(work, known, stored.wanted_of(work, known.person_map, work.phones))
    at, trouble = progress.at, None
    while trouble is None and at < min(len(records), progress.at + RECORDS_A_STEP):
        if at > progress.at and not finding.goes_on(work):
            break
        for answer in reader.at_once(read, records[at : at + work.width]):
            if isinstance(answer, NotNow):
                trouble = answer
                break
            found = merged([*found.values(), *answer])
            at += 1
    if len(found) > stored.MOST_HITS:
        return ending.too_many(work, progress, len(found))
    parts = stored.hit_parts(found.values())
    after = replace(progress, at=at, hit_parts=len(parts)).without_reach(*reader.unreached)
    if trouble is not None:
        return replace(finding.not_read(work, after, trouble.judged, trouble.reply), parts=parts)
    after = after.on_to(following) if at >= len(records) else after
    return Commit(finding.kept(work, after), parts=parts, running="", proven=True, succeeded=READ)


@dataclass
class _Reader:
    """Reads related lists, of several records at once; which lists a module has is asked once a step."""

    work: Slice
    known: Known
    wanted: Wanted
    _lists: dict[str, tuple[RelatedListInfo, ...]] = field(default_factory=dict)
    unreached: list[Unreached] = field(default_factory=list)

    def at_once(self, read: _Reading, wave: Sequence[Record]) -> list[list[Hit] | NotNow]:
        """What `read` finds of each record, in their order; NotNow where it was not answered."""
        modules = [each for each in dict.fromkeys((r.module for r in wave), True) if each not in self._lists]
        self.work.zoho  # noqa: B018  (what stops it is raised here, and not in a thread)
        try:
            for module, told in zip(modules, parallel.each_at_once(self._read_lists, modules), strict=True):
                self._lists[module] = told
        except NotNow as problem:
            return [problem]
        return parallel.each_at_once(partial(self._one, read), wave)

    def _one(self, read: _Reading, record: Record) -> list[Hit] | NotNow:
        try:
            return list(read(self, record))
        except NotNow as problem:
            return problem

    def lists_of(self, module: str) -> tuple[RelatedListInfo, ...]:
        """The module's related lists; none where Zoho does not tell."""
        if module not in self._lists:
            self._lists[module] = self._read_lists(module)
        return self._lists[module]

    def _read_lists(self, module: str) -> tuple[RelatedListInfo, ...]:
        reply = self.work.zoho.related_lists(module)
        if _answered(CallKind.METADATA, reply):
            return related_lists_of(reply.body)
        self.unreached.append(Unreached(NO_LINKS, module))
        return ()

    def linked_by_lists(self, record: Record) -> list[Hit]:
        """Deals, campaigns and events in which the record takes part."""
        found: list[Hit] = []
        for each in self.lists_of(record.module):
            target = names.canonical(each.module)
            if target not in self.known.modules or not self.known.modules[target].readable:
                continue
            if target == "Campaigns":
                found += [
                    self._at(Record(target, row.id), CAMPAIGNS, record)
                    for row in self.rows(record, each.name)
                ]
            elif target == "Deals" and record.module == "Contacts":
                deals = [Record(target, row.id) for row in self.rows(record, each.name)]
                found += [self._at(d, CONTACT_ROLES, record) for d in deals if self._has_role(d, record)]
            elif target == "Events":
                events = [Record(target, row.id) for row in self.rows(record, each.name)]
                found += [hit for each in events for hit in self._taking_part(each, record)]
        return found

    @staticmethod
    def _at(record: Record, name: str, to: Record) -> Hit:
        return Hit(record, links=(Link(name, to),))

    def _has_role(self, deal: Record, contact: Record) -> bool:
        return any(row.id == contact.id for row in self.rows(deal, CONTACT_ROLES))

    def _taking_part(self, event: Record, record: Record) -> list[Hit]:
        """The event, where the record is among its participants, or an address of the person's is."""
        reply = self.work.zoho.read_record(event.module, event.id)
        if not _answered(CallKind.READ, reply):
            self.unreached.append(Unreached(NO_LINKS, event.module))
            return []
        found = []
        for row in rows.listed(reply.body).rows:
            links = (Link(PARTICIPANTS, record),) if takes_part(row.values, record.id) else ()
            guest = guest_places(row.values, self.wanted)
            found += [Hit(event, links=links, guest=guest)] if links or guest else []
        return found

    def rows(self, record: Record, related_list: str) -> list[Row]:
        """The rows of a related list; what is not read of it is out of reach."""
        found, whole = self._rows(record, related_list)
        if not whole:
            self.unreached.append(Unreached(NO_LINKS, self._module_of(record, related_list)))
        return found

    def _rows(self, record: Record, related_list: str) -> tuple[list[Row], bool]:
        """The rows of up to MOST_PAGES, and whether these are all; none where Zoho refuses."""
        found: list[Row] = []
        for page in range(1, MOST_PAGES + 1):
            reply = self.work.zoho.related(record.module, record.id, related_list, page)
            if not _answered(CallKind.RELATED, reply):
                return found, False
            listing = rows.listed(reply.body)
            found += listing.rows
            if not listing.more:
                return found, True
        return found, False

    def _module_of(self, record: Record, related_list: str) -> str:
        listed = {e.name: names.canonical(e.module) for e in self._lists.get(record.module, ())}
        return listed.get(related_list, record.module)

    def goes_along(self, record: Record) -> dict[str, int]:
        """How many notes, attachments and the like go with the record, by related list."""
        wanted = [each.name for each in self.lists_of(record.module) if {each.name, each.module} & _ALONG][
            :20
        ]
        if not wanted:
            return {}
        reply = self.work.zoho.related_counts(record.module, record.id, wanted)
        if _answered(CallKind.RELATED_COUNT, reply):
            counted = rows.counts(reply.body)
        else:
            # Zoho refuses it for converted leads: then they are counted one by one, but for emails, which it
            # does not list as records.
            counted = {name: len(self._rows(record, name)[0]) for name in wanted if name != "Emails"}
        return {name: number for name, number in sorted(counted.items()) if number and name in wanted}


_Reading = Callable[[_Reader, Record], Iterable[Hit]]


def _answered(kind: CallKind, reply: Reply) -> bool:
    """Can the answer be used? Raises NotNow where it is to be asked for again."""
    judged = judge_call(kind, reply)
    if judged.verdict in NOT_NOW:
        raise NotNow(judged, reply)
    return judged.verdict is Verdict.ANSWERED
