"""The guards of limits over time, of one source stopped, and of four eyes."""

from __future__ import annotations

from tests.guards.guard import Guard

_SERVICE, _DOMAIN, _TESTS = "chalicelib/service", "chalicelib/domain", "tests/unit"

OF_THE_SOURCES = (
    Guard(
        "a day that is full takes no more",
        f"{_DOMAIN}/quota.py",
        "if wanted.per_day is not None and tally.day + wanted.records > wanted.per_day:",
        "if wanted.per_day is not None and tally.day > wanted.per_day:",
        (f"{_TESTS}/domain/test_quota.py",),
    ),
    Guard(
        "what a copy relies on is not given back",
        f"{_DOMAIN}/quota.py",
        "    if tally.marks.get(wanted.place) != wanted.mark:\n        return tally\n",
        "",
        (f"{_TESTS}/domain/test_quota.py",),
    ),
    Guard(
        "the table says the limit of a day as a condition",
        "chalicelib/adapters/dynamodb/quota_items.py",
        'for name, most, value in (("named", wanted.per_day, ":day"), (hour, wanted.per_hour, ":hour")):',
        'for name, most, value in ((hour, wanted.per_hour, ":hour"),):',
        ("tests/contract/ledger/test_quota.py",),
    ),
    Guard(
        "a replay takes back what it counted",
        f"{_SERVICE}/intake/accept.py",
        "    if not stored:\n        _uncount(outside, own)\n",
        "    if not stored:\n",
        (f"{_TESTS}/service/intake/test_quota.py",),
    ),
    Guard(
        "what a source asked for that day counts for the approval",
        f"{_DOMAIN}/limits.py",
        "size + (deletion.asked_before or 0) <= above",
        "size <= above",
        (f"{_TESTS}/service/engine/test_limits.py",),
    ),
    Guard(
        "who asked cannot approve",
        f"{_SERVICE}/operators/commands.py",
        'own = asked_for_it(deletion, caller.arn) if outside.four_eyes else ""',
        'own = ""',
        (f"{_TESTS}/service/operators/test_by_source.py",),
    ),
    Guard(
        "a source's cancel ends what came before it only",
        f"{_SERVICE}/engine/advance.py",
        "return mark if mark is not None and deletion.created_at <= mark.at else None",
        "return mark",
        (f"{_TESTS}/service/operators/test_by_source.py",),
    ),
)
