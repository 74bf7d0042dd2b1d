"""The guards of deletions by ids: what may leave, which record is meant, and what is said of the rest."""

from __future__ import annotations

from tests.guards.guard import Guard

_SERVICE, _DOMAIN, _TESTS = "chalicelib/service", "chalicelib/domain", "tests/unit/service"

OF_THE_IDS = (
    Guard(
        "pause read once more before a call leaves",
        f"{_SERVICE}/engine/commit.py",
        '    if pause is not None:\n        return ["sending was paused"]',
        '    if deletion is None:\n        return ["sending was paused"]',
        (f"{_TESTS}/by_ids/test_last_look.py",),
    ),
    Guard(
        "what is withheld again and again rests",
        f"{_SERVICE}/engine/withheld.py",
        "isinstance(step.then, Again) and",
        "isinstance(step.then, Finish) and",
        (f"{_TESTS}/engine/test_withheld.py",),
    ),
    Guard(
        "the cancel of a source read once more before a call leaves",
        f"{_SERVICE}/engine/commit.py",
        "    if ends_with_source and cancel is not None and",
        "    if ends_with_source and cancel is None and",
        (f"{_TESTS}/by_ids/test_last_look.py",),
    ),
    Guard(
        "holds read once more before a call leaves",
        f"{_SERVICE}/by_ids/sending.py",
        "self.held = holds.split(self.work, self.progress, self.chunk, self.batches).findings",
        "self.held = {}",
        (f"{_TESTS}/by_ids/test_last_look.py",),
    ),
    Guard(
        "counts follow marks",
        f"{_SERVICE}/engine/slice.py",
        "        if loose != write.unmarked:\n",
        "        if loose < 0:\n",
        (f"{_TESTS}/engine/test_marks.py",),
    ),
    Guard(
        "a retry takes over the records of external ids",
        f"{_SERVICE}/by_ids/resolving.py",
        "    if first is None:\n",
        "    if first or first is None:\n",
        (f"{_TESTS}/by_ids/test_external_ids.py",),
    ),
    Guard(
        "several records under one external id",
        f"{_SERVICE}/by_ids/resolving.py",
        "        if len(records) == 1:\n",
        "        if records:\n",
        (f"{_TESTS}/by_ids/test_external_ids.py",),
    ),
    Guard(
        "a read tells nothing of a link",
        f"{_DOMAIN}/ids_settling.py",
        "progress.kind is not CallKind.DELINK and record_of",
        "record_of",
        (f"{_TESTS}/by_ids/test_endings.py",),
    ),
    Guard(
        "absence that is not proven",
        f"{_DOMAIN}/ids_settling.py",
        "    return Finding(outcome) if proven else Finding(outcome, UNPROVEN)\n",
        "    return Finding(outcome)\n",
        (f"{_TESTS}/by_ids/test_deleted_list.py",),
    ),
)
