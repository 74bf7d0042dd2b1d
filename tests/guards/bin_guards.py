"""The guards of the recycle bin: what may be purged or restored, and what may be said of it."""

from __future__ import annotations

from tests.guards.guard import Guard

_JUDGE, _TESTS = "chalicelib/domain/bin_judge.py", ("tests/unit/domain/test_bin_judge.py",)

OF_THE_BIN = (
    Guard(
        "an entry of somebody else's deletion",
        _JUDGE,
        "    if foreign:\n        return _skipped(foreign)\n",
        "",
        (*_TESTS, "tests/property/test_bin.py"),
    ),
    Guard(
        "a record that is there is not purged",
        _JUDGE,
        '    if seen.there:\n        return _skipped("RESTORED_SINCE")\n',
        "",
        _TESTS,
    ),
    Guard(
        "a deletion that only the deleted list shows",
        _JUDGE,
        '        if elsewhere == "DELETED_AGAIN":\n            return _skipped(elsewhere)\n',
        "",
        _TESTS,
    ),
    Guard(
        "two seconds and no more",
        _JUDGE,
        "MARGIN = 2.0\n",
        "MARGIN = 3.0\n",
        _TESTS,
    ),
    Guard(
        "an id twice in a call on the bin",
        "chalicelib/domain/recycle_bin.py",
        "        if len(set(self.values)) != len(self.values):\n",
        "        if not self.values:\n",
        ("tests/contract/zoho/test_bin.py",),
    ),
    Guard(
        "a list of entries that nobody asked for",
        "chalicelib/adapters/zoho/recycle_bin.py",
        "not reading.continues(reply)",
        "reply.sent",
        ("tests/contract/zoho/test_bin.py",),
    ),
    Guard(
        "what Zoho schedules without naming an id",
        "chalicelib/domain/zoho/judge_items.py",
        "or _scheduled(kind, reply, ids) is not None",
        "",
        ("tests/contract/zoho/test_bin.py",),
    ),
)
