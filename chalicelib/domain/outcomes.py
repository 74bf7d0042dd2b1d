"""What became of each id: one mark per id of a chunk, kept small enough to write with every wave of calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from chalicelib.domain.deletion import Counts, Problem

#: Ids in one chunk. 5,000 ids of 19 digits compress to about 13 KB, far below DynamoDB's 400 KB an item.
CHUNK_SIZE = 5000
#: Different texts (a code with its words) that one chunk keeps. Adapters bound each to 64 characters and 400
#: bytes, so all of them fit into an item, whatever Zoho says.
MOST_TEXTS = 200
#: Codes that a deletion names among its problems; what has yet another one is counted under OTHER_CODES.
MOST_PROBLEMS = 100
OTHER_CODES = "OTHER_CODES"


class Mark(StrEnum):
    """One letter per id. Small letters: not settled yet; capital letters: settled."""

    PENDING = "p"  # nothing of ours has reached Zoho for it
    SENT = "s"  # sent, and what became of it is not known
    SLOW = "l"  # Zoho says: not now (locked, in approval); asked again slowly
    CHECK = "c"  # Zoho says "not deleted": a read tells whether it is gone
    RECENT = "r"  # we deleted it a moment ago: a read tells whether it is there again
    CHECK_SENT = "k"  # the same, after an earlier try of ours with an unknown outcome
    IN_VIEW = "v"  # a listed record of a view that a second reading has found again
    LEFT = "x"  # listed, and not in the second reading: it is looked up
    GONE = "g"  # not there any more, and nothing says yet by whose doing
    SAID = "d"  # of the bin: Zoho says that it is done, or will be; reading has to show it
    NOT_FOUND = "n"  # Zoho says that it does not lie in the bin
    MISSING = "m"  # neither there nor in the bin, and no call of ours has touched it
    AWAY = "y"  # neither there nor in the bin, after a call of ours
    DELETED = "D"
    ABSENT = "A"
    FAILED = "F"
    HELD = "H"
    UNKNOWN = "U"
    RESTORED = "R"
    PRESENT = "P"
    SKIPPED = "K"
    UNLINKED = "L"  # of an erasure: it stays, and nothing leads from it to the person any more
    CLEARED = "E"  # it stays, and what was the person's in it is emptied
    KEPT = "T"


#: Marks of a view's listed records until it is known what became of them, or they go by ids.
OF_A_VIEW = frozenset({Mark.IN_VIEW, Mark.LEFT, Mark.GONE})
#: Marks of what is about the bin, until reading has shown what became of it.
OF_THE_BIN = frozenset({Mark.SAID, Mark.NOT_FOUND, Mark.MISSING, Mark.AWAY})
UNSETTLED = (
    OF_A_VIEW | OF_THE_BIN | {Mark.PENDING, Mark.SENT, Mark.SLOW, Mark.CHECK, Mark.RECENT, Mark.CHECK_SENT}
)

_COUNTS = tuple(each.name for each in fields(Counts))
_COUNTED_AS = {
    Mark.DELETED: "deleted",
    Mark.ABSENT: "already_absent",
    Mark.FAILED: "failed",
    Mark.HELD: "held",
    Mark.UNKNOWN: "unknown",
    Mark.RESTORED: "restored",
    Mark.PRESENT: "already_present",
    Mark.SKIPPED: "skipped",
    Mark.UNLINKED: "unlinked",
    Mark.CLEARED: "cleared",
    Mark.KEPT: "kept",
}
#: Marks that stand for no problem, whatever was said on the way.
_WELL = frozenset({Mark.DELETED.value, Mark.ABSENT.value, Mark.RESTORED.value, Mark.PRESENT.value})


def outcome_name(mark: Mark) -> str:
    """The mark's name in the public contract (section 3, records): `pending` for whatever is not settled."""
    return _COUNTED_AS.get(mark, "pending")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one call or read found for one id."""

    mark: Mark
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Up to CHUNK_SIZE ids of a deletion, in order, with a mark for each.

    `codes`: position -> (Zoho's code, its message), where there was one worth keeping. They hold MOST_TEXTS
    different texts at most, and as many codes without words: what comes later has no words, then no name.
    `records`: position -> record id, where the ids are
    external ones and Zoho was asked which record they name; kept for good, as an external id may name another
    record later. `until`: as Request.until, one for each id; empty where that is not needed.
    """

    number: int
    ids: tuple[str, ...]
    marks: str
    codes: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    records: Mapping[int, str] = field(default_factory=dict)
    until: tuple[float, ...] = ()

    def at(self, *wanted: Mark) -> list[int]:
        """Positions of the ids with one of these marks, in order."""
        letters = {mark.value for mark in wanted}
        return [i for i, letter in enumerate(self.marks) if letter in letters]

    def with_findings(self, findings: Mapping[int, Finding]) -> Chunk:
        """The chunk after `findings` (position -> finding). A settled id stays as it is: nothing undoes an
        outcome.
        """
        marks = list(self.marks)
        codes = _Texts(self.codes)
        for position, finding in findings.items():
            if Mark(marks[position]) not in UNSETTLED:
                continue
            marks[position] = finding.mark.value
            codes.keep(position, finding)
        return replace(self, marks="".join(marks), codes=codes.kept)

    def with_records(self, records: Mapping[int, str]) -> Chunk:
        """The chunk with more record ids (position -> id). One that is known already stays as it is."""
        return replace(self, records={**records, **self.records}) if records else self

    def with_mark(self, positions: Iterable[int], finding: Finding) -> Chunk:
        """`with_findings` with the same finding for several positions."""
        return self.with_findings(dict.fromkeys(positions, finding))

    def resolved(self, found: Callable[[str], Finding]) -> Chunk:
        """The chunk after a person has looked at those whose outcome was unknown. `found`: of an id."""
        positions = self.at(Mark.UNKNOWN)
        marks, codes = list(self.marks), _Texts(self.codes)
        for position in positions:
            finding = found(self.ids[position])
            marks[position] = finding.mark.value
            codes.keep(position, finding)
        return replace(self, marks="".join(marks), codes=codes.kept)

    @property
    def settled(self) -> bool:
        """True once every id has its final mark."""
        return not self.at(*UNSETTLED)


class _Texts:
    """The codes of a chunk while findings are added. `kept`: as Chunk.codes."""

    def __init__(self, codes: Mapping[int, tuple[str, str]]) -> None:
        self.kept = dict(codes)
        self._known = set(self.kept.values())

    def keep(self, position: int, finding: Finding) -> None:
        """What was said of the id at `position`, in place of what was said before."""
        self.kept.pop(position, None)
        if finding.code:
            self.kept[position] = self._bounded((finding.code, finding.message))

    def _bounded(self, words: tuple[str, str]) -> tuple[str, str]:
        for text, most in ((words, MOST_TEXTS), ((words[0], ""), 2 * MOST_TEXTS)):
            if text in self._known or len(self._known) < most:
                self._known.add(text)
                return text
        return (OTHER_CODES, "")


def fresh(ids: tuple[str, ...], until: tuple[float, ...] = ()) -> list[Chunk]:
    """`ids` cut into chunks, all pending, with their times of `until` where there are any."""
    parts = [slice(start, start + CHUNK_SIZE) for start in range(0, len(ids), CHUNK_SIZE)]
    return [untouched(number, ids[part], until[part]) for number, part in enumerate(parts)]


def untouched(number: int, ids: tuple[str, ...], until: tuple[float, ...] = ()) -> Chunk:
    """A chunk of which nothing has reached Zoho."""
    return Chunk(number, ids, Mark.PENDING.value * len(ids), until=until)


def recount(counts: Counts, before: Chunk, after: Chunk) -> Counts:
    """`counts` of the whole deletion after one of its chunks changed from `before` to `after`."""
    change = _tally(after)
    change.subtract(_tally(before))
    return replace(counts, **{name: getattr(counts, name) + n for name, n in change.items() if n})


def without_marks(before: Counts, after: Counts, written: Iterable[tuple[Chunk, Chunk]]) -> int:
    """How many ids change their place in the counts and not in the marks; 0 where a write does both alike.

    `before`, `after`: the counts of the whole deletion. `written`: each chunk of the write, before and after.
    """
    expected = before
    for old, new in written:
        expected = recount(expected, old, new)
    differences: list[int] = [getattr(after, name) - getattr(expected, name) for name in _COUNTS]
    return max(sum(d for d in differences if d > 0), -sum(d for d in differences if d < 0))


def recount_problems(problems: tuple[Problem, ...], before: Chunk, after: Chunk) -> tuple[Problem, ...]:
    """`problems` of the whole deletion after one of its chunks changed from `before` to `after`.

    A code that was not named while others were left out stays unnamed as long as any is, so that each is
    counted under the same name when it comes and when it goes.
    """
    counts = Counter({p.code: p.count for p in problems})
    counts.subtract(_named(_problem_tally(before), counts))
    counts.update(_named(_problem_tally(after), counts))
    words = {p.code: p.message for p in problems}
    for code, message in after.codes.values():
        words.setdefault(code, message)
    return tuple(Problem(code, n, words.get(code, "")) for code, n in sorted(counts.items()) if n > 0)


def _named(tally: Counter[str], known: Counter[str]) -> Counter[str]:
    """`tally` under the codes that a deletion may name, beside those it names already (`known`)."""
    named: Counter[str] = Counter()
    names = {code for code in known if code != OTHER_CODES}
    full = OTHER_CODES in known
    for code, count in tally.items():
        full = full or (code not in names and len(names) >= MOST_PROBLEMS)
        named[code if code in names or not full else OTHER_CODES] += count
        if not full:
            names.add(code)
    return named


def _tally(chunk: Chunk) -> Counter[str]:
    letters = Counter(chunk.marks)
    tally: Counter[str] = Counter()
    for letter, n in letters.items():
        tally[outcome_name(Mark(letter))] += n
    return tally


def _problem_tally(chunk: Chunk) -> Counter[str]:
    return Counter(code for i, (code, _) in chunk.codes.items() if chunk.marks[i] not in _WELL)
