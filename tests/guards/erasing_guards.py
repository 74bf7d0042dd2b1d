"""The guards of erasing a person: what keeps other people's records out of it, and what is said true."""

from __future__ import annotations

from tests.guards.guard import Guard

_MATCHING, _MAP = "chalicelib/domain/person/matching.py", "chalicelib/domain/person/erasure_map.py"
_REMAINING, _MAPPING = "chalicelib/domain/person/remaining.py", "chalicelib/service/person/mapping.py"
_CARRYING, _DELETING = "chalicelib/service/person/carrying.py", "chalicelib/service/person/deleting.py"
_UNLINKING, _VERIFYING = "chalicelib/service/person/unlinking.py", "chalicelib/service/person/verifying.py"
_UNIT = ("tests/unit/service/person/test_erasing.py",)
_HOSTILE = ("tests/unit/service/person/test_hostile.py",)
#: Without the random ones, which look for the smallest case once they fail.
_ORACLE = ("tests/property/test_people.py::test_the_property_meets_records_of_two_modules",)
_CRASH = ("tests/crash/test_erasures.py",)

OF_ERASING = (
    Guard(
        "a part of an address is no match",
        _MATCHING,
        'return self.emails.get(self._compared("email", folded(held)), ())',
        "return next((p for email, p in self.emails.items() if email in folded(held)), ())",
        _UNIT,
    ),
    Guard(
        "a value that others share is nobody's alone",
        _MAP,
        "return not any(value in shared for value in places) or any(value in meant for value in places)",
        "return True",
        _UNIT,
    ),
    Guard(
        "a record that became somebody else's before its delete",
        _DELETING,
        "elif not job.context.still_theirs(entry, row.values, rule):",
        "elif entry.hit is None:",
        _UNIT,
    ),
    Guard(
        "a lookup that leads to somebody else by now",
        _REMAINING,
        "led = [link for link in links if lookup_id(values.get(link.field)) == link.to.id]",
        "led = list(links)",
        _UNIT,
    ),
    Guard(
        "the other participants of an event",
        "chalicelib/domain/person/guests.py",
        'if str(participant.get("participant")) in ids:',
        "if ids:",
        _UNIT,
    ),
    Guard(
        "who only leads to the person is not deleted",
        _MAP,
        "return Entry(hit.record, Action.UNLINK, why, hit=hit)",
        "return Entry(hit.record, Action.DELETE, why, hit=hit)",
        _UNIT,
    ),
    Guard(
        "an approval is for one map",
        _MAPPING,
        "approved = progress.approved == made.hash and progress.ruled == _rules(made, known.person_map)",
        "approved = bool(progress.approved)",
        _UNIT,
    ),
    Guard(
        "a hold that comes between the read and the call",
        _CARRYING,
        'return ["a hold was set" if held_of(work, guarded) else ""]',
        'return [""]',
        _HOSTILE,
    ),
    Guard(
        "what is cleared of the person stays on who only leads to them",
        _REMAINING,
        "return replace(rule, clear=()) if of_people and not own else rule",
        "return rule",
        _HOSTILE,
    ),
    Guard(
        "a record that became another's while it was being cleared",
        _UNLINKING,
        "and (not touched or job.context.is_anothers(entry, row.values))",
        "and not touched",
        _HOSTILE,
    ),
    Guard(
        "roles and members of who stays",
        _REMAINING,
        "if link.field == field and link.to in going}, key=_key))",
        "if link.field == field}, key=_key))",
        _CRASH,
    ),
    Guard(
        "ids go to their own module",
        _DELETING,
        "same = [p for p in ready if entries[p].record.module == module]",
        "same = ready",
        _ORACLE,
    ),
    Guard(
        "what is found again is said",
        _VERIFYING,
        "        or context.own_matches(record, row.values, rule)\n",
        "",
        _UNIT,
    ),
    Guard(
        "the identity leaves the table",
        "chalicelib/service/engine/commit.py",
        "        deletion = taken_out(deletion)\n",
        "        taken_out(deletion)\n",
        _UNIT,
    ),
    Guard(
        "a call that was open when its worker died is ours",
        _CARRYING,
        'after = chunk.with_mark(progress.about, Finding(Mark.SENT, "NO_ANSWER"))',
        "after = chunk",
        ("tests/unit/service/person/test_dying.py",),
    ),
)
