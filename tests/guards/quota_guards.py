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
        "what an erasure or a view grows by is counted too",
        f"{_DOMAIN}/counting.py",
        "if records <= known.records or",
        "if known.records or",
        (f"{_TESTS}/service/person/test_counting.py",),
    ),
    Guard(
        "an erasure's approval speaks of what its source asked for that day",
        f"{_SERVICE}/person/mapping.py",
        "made.deletes + named > above",
        "made.deletes > above",
        (f"{_TESTS}/service/person/test_counting.py",),
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
        "return mark if mark is not None and asked_no_later_than(deletion, mark.at) else None",
        "return mark",
        (f"{_TESTS}/service/operators/test_by_source.py",),
    ),
    Guard(
        "an hour that is full takes no more",
        f"{_DOMAIN}/quota.py",
        "if wanted.per_hour is not None and hour + wanted.records > wanted.per_hour:",
        "if wanted.per_hour is not None and hour > wanted.per_hour:",
        (f"{_TESTS}/domain/test_quota.py",),
    ),
    Guard(
        "the table says the limit of an hour as a condition",
        "chalicelib/adapters/dynamodb/quota_items.py",
        "        if most is not None:\n",
        '        if most is not None and name == "named":\n',
        ("tests/contract/ledger/test_quota.py",),
    ),
    Guard(
        "a request larger than a limit never passes",
        f"{_DOMAIN}/quota.py",
        "    return [(span, most) for span, most in both if most is not None and records > most]\n",
        "    return [(span, most) for span, most in both if most is not None and records > most > records]\n",
        (f"{_TESTS}/domain/test_quota.py", "tests/app/test_limits_over_time.py"),
    ),
    Guard(
        "what a view turns out to hold is counted",
        f"{_SERVICE}/engine/limits.py",
        "    before = work.named(work.deletion.record_limit if size is None else size)\n",
        "    before = 0\n",
        (f"{_TESTS}/service/engine/test_limits.py",),
    ),
    Guard(
        "a source that is paused sends nothing",
        "chalicelib/adapters/dynamodb/org_items.py",
        'return keys + ([items.source_key(source, "PAUSE")] if source else [])',
        "return keys",
        ("tests/contract/ledger/test_operators.py",),
    ),
    Guard(
        "kept credits stop the next call",
        f"{_SERVICE}/engine/org_access.py",
        "        return self._credits(kept) <= 0\n",
        "        return False\n",
        (f"{_TESTS}/service/engine/test_kept_credits.py",),
    ),
    Guard(
        "a source's own reserve stands in place of the org's",
        f"{_SERVICE}/engine/org_access.py",
        "zoho.org.keep_credits if own is None else own",
        "zoho.org.keep_credits",
        (f"{_TESTS}/service/engine/test_kept_credits.py",),
    ),
    Guard(
        "half of the workers are an org's seats",
        f"{_SERVICE}/engine/turns.py",
        "        number = max(1, self.workers // 2)\n",
        "        number = max(1, self.workers)\n",
        (f"{_TESTS}/service/engine/test_turns.py",),
    ),
    Guard(
        "a slice ends when it is another org's turn",
        f"{_SERVICE}/engine/advance.py",
        "        turns is not None and turns.given_to(work.deletion.request.org) is not None\n",
        "        turns is None and work.now < 0\n",
        (f"{_TESTS}/service/engine/test_turns.py",),
    ),
)
