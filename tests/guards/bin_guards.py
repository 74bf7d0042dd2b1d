"""The guards of the recycle bin: what may be purged or restored, and what may be said of it."""

from __future__ import annotations

from tests.guards.guard import Guard

_JUDGE, _TESTS = "chalicelib/domain/bin_judge.py", ("tests/unit/domain/test_bin_judge.py",)
_CHILDREN, _SERVICE = "chalicelib/domain/children.py", "chalicelib/service"
_BIN = ("tests/unit/service/bin/test_permanent.py", "tests/unit/service/bin/test_restore.py")
_NOT_MADE = ("tests/unit/service/bin/test_not_made_permanent.py",)

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
    Guard(
        "only what it deleted goes on to its child",
        "chalicelib/domain/took.py",
        "        for position in chunk.at(Mark.DELETED):\n            record",
        "        for position in chunk.at(Mark.DELETED, Mark.ABSENT):\n            record",
        _BIN,
    ),
    Guard(
        "a cancelled deletion makes nothing permanent",
        _CHILDREN,
        "asked = deletion.request.permanent_after is not None and not deletion.cancelled_by",
        "asked = deletion.request.permanent_after is not None",
        ("tests/unit/domain/test_children.py",),
    ),
    Guard(
        "what a cancelled source's job deletes does not become permanent",
        "chalicelib/domain/children.py",
        "return asked_at(deletion) <= at",
        "return deletion.created_at <= at",
        ("tests/unit/service/operators/test_by_source.py",),
    ),
    Guard(
        "a resolve does not widen the time of what was deleted",
        "chalicelib/domain/took.py",
        "deletion.finished_at if deletion.first_ended_at is None else deletion.first_ended_at",
        "deletion.finished_at",
        _BIN,
    ),
    Guard(
        "a dry run makes nothing permanent",
        _CHILDREN,
        "    takes = request.operation in _TAKES_RECORDS and not request.dry_run\n",
        "    takes = request.operation in _TAKES_RECORDS\n",
        ("tests/unit/domain/test_children.py",),
    ),
    Guard(
        "a permanent deletion waits for the undo window",
        f"{_SERVICE}/bin/executor.py",
        "    if waits is not None and work.now < waits:\n",
        "    if waits is None:\n",
        _BIN,
    ),
    Guard(
        "a cancelled one deletes nothing for good",
        "chalicelib/domain/bin_settling.py",
        "    return bool(deletion.cancelled_by) or progress.stopped is not None\n",
        "    return progress.stopped is not None\n",
        _BIN,
    ),
    Guard(
        "a hold keeps a record in the bin",
        f"{_SERVICE}/bin/reading.py",
        "    return [p for p in positions if chunk.ids[p] in held]\n",
        "    return [p for p in positions if chunk.ids[p] in held and not held]\n",
        _BIN,
    ),
    Guard(
        "a hold that is set after the look stops the call",
        f"{_SERVICE}/bin/reading.py",
        '"a hold was set" if held_among(work, chunk, free) else ""',
        '""',
        ("tests/unit/service/bin/test_last_look_at_the_bin.py",),
    ),
    Guard(
        "a pause that is set after the look stops the call",
        f"{_SERVICE}/engine/commit.py",
        '    if pause is not None:\n        return ["sending was paused"]',
        '    if deletion is None:\n        return ["sending was paused"]',
        ("tests/unit/service/bin/test_last_look_at_the_bin.py",),
    ),
    Guard(
        "an id that the deletion did not take is left out",
        "chalicelib/domain/bin_settling.py",
        "        if chunk.until and chunk.until[p] == NOT_ITS\n",
        "        if chunk.until and chunk.until[p] == NOT_ITS and not chunk.until\n",
        _BIN,
    ),
    Guard(
        "what came back or is gone is not taken once more",
        f"{_SERVICE}/operators/recyclable.py",
        "                found.pop(name, None)\n",
        "                found.get(name)\n",
        _BIN,
    ),
    Guard(
        "nothing goes for good by itself where what is known has holes",
        f"{_SERVICE}/engine/children.py",
        "    if known.why_not:\n",
        "    if not chunks:\n",
        _NOT_MADE,
    ),
    Guard(
        "a call that is not there makes the calls unreadable",
        f"{_SERVICE}/engine/calls.py",
        "    if len(found) < deletion.calls:\n",
        "    if not found and deletion.calls:\n",
        _NOT_MADE,
    ),
    Guard(
        "what no permanent deletion is made for is told",
        f"{_SERVICE}/engine/children.py",
        "    if missing:\n",
        "    if missing and not why:\n",
        _NOT_MADE,
    ),
    Guard(
        "an operator's call leaves alone what a child has",
        f"{_SERVICE}/operators/recyclable.py",
        "                left.pop(name, None)\n",
        "                left.get(name)\n",
        _NOT_MADE,
    ),
    Guard(
        "one look is no proof where the deleted list says nothing",
        f"{_SERVICE}/bin/listing.py",
        "not (beyond and looked_again):\n",
        "not beyond:\n",
        _BIN,
    ),
    Guard(
        "who asked does not make it permanent",
        f"{_SERVICE}/operators/undo.py",
        "    if outside.four_eyes and not asked.dry_run and asked_for_it(parent, caller.arn):\n",
        "    if outside.four_eyes and asked.dry_run and asked_for_it(parent, caller.arn):\n",
        ("tests/app/test_undo.py", *_BIN),
    ),
    Guard(
        "a view that is to be permanent has to be listed",
        "chalicelib/domain/by_view.py",
        "    return request.freeze in (Freeze.ALWAYS, Freeze.EXACT) or request.permanent_after is not None\n",
        "    return request.freeze in (Freeze.ALWAYS, Freeze.EXACT)\n",
        ("tests/unit/service/by_view/test_listing.py",),
    ),
    Guard(
        "a source may ask for it from its shortest on only",
        "chalicelib/domain/permit.py",
        "    elif after < least * DAY:\n",
        "    elif after < 0:\n",
        ("tests/app/test_undo.py",),
    ),
    Guard(
        "a source without the setting may not ask for it",
        "chalicelib/domain/permit.py",
        "    if after is None:\n        return []\n    if least is None:\n",
        "    if after is None or least is None:\n        return []\n    if least is None:\n",
        ("tests/app/test_undo.py",),
    ),
    Guard(
        "a view that is never frozen cannot be permanent",
        "chalicelib/web/request_body.py",
        '        yield Field("/permanent_after", "cannot go with freeze never: '
        'nobody would know which records went")\n',
        "        pass\n",
        ("tests/app/test_undo.py",),
    ),
    Guard(
        "the time of a deletion is in Zoho's clock",
        _JUDGE,
        "    return at if date is None else at + date - answered_at\n",
        "    return at if date is None else at\n",
        _TESTS,
    ),
)
