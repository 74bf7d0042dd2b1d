"""The guards of views and of clocks: what is listed, started once and settled, and when we give up."""

from __future__ import annotations

from tests.guards.guard import Guard

_BY_VIEW = "chalicelib/service/by_view"
_TESTS = "tests/unit/service"
_LOST_START, _INSTEAD, _JOB, _LISTING, _UNFROZEN = (
    f"{_TESTS}/by_view/test_{name}.py"
    for name in ("lost_start", "instead_by_ids", "job", "listing", "unfrozen")
)

OF_THE_VIEWS = (
    Guard(
        "intent of a view's mass delete",
        "chalicelib/service/engine/commit.py",
        "    deletion = send.opened(tuple(call.n for call in calls))\n",
        "    deletion = work.deletion\n",
        ("tests/crash/test_matrix.py::test_whatever_call_goes_wrong_nothing_is_lost[a view]",),
    ),
    Guard(
        "a start without an answer is lost",
        f"{_BY_VIEW}/executor.py",
        "return progress.open is not None and progress.phase is Phase.START",
        "return progress.open == -1",
        (_LOST_START,),
    ),
    Guard(
        "a lost start is never sent again",
        f"{_BY_VIEW}/starting.py",
        "    if judged.verdict in (Verdict.UNKNOWN, Verdict.STARTED):\n",
        "    if judged.verdict is Verdict.ANSWERED:\n",
        (_LOST_START, _UNFROZEN),
    ),
    Guard(
        "holds are looked at directly before the start",
        f"{_BY_VIEW}/starting.py",
        'return ("the module has holds" if _has_holds(work) else "",)',
        'return ("",)',
        (_INSTEAD,),
    ),
    Guard(
        "only what both readings hold goes",
        f"{_BY_VIEW}/rereading.py",
        "chunk.with_mark(gone, Finding(Mark.LEFT))",
        "chunk.with_mark(gone, Finding(Mark.PENDING))",
        (_INSTEAD,),
    ),
    Guard(
        "what came into the view stops the job",
        f"{_BY_VIEW}/rereading.py",
        "if goal is Goal.START and progress.newcomers:",
        "if goal is Goal.START and progress.newcomers < 0:",
        (_INSTEAD,),
    ),
    Guard(
        "what went before the start was absent",
        f"{_BY_VIEW}/deleted_list.py",
        "Mark.DELETED if times[one] >= start else Mark.ABSENT",
        "Mark.DELETED",
        (f"{_TESTS}/engine/test_hardening.py",),
    ),
    Guard(
        "gone and not named is not deleted",
        f"{_BY_VIEW}/settling.py",
        "Finding(Mark.GONE if _was_sent(progress) else Mark.ABSENT)",
        "Finding(Mark.DELETED)",
        (_JOB,),
    ),
    Guard(
        "reading stops at what may go",
        f"{_BY_VIEW}/listing.py",
        "if deletion.id_count > room(work, progress):",
        "if deletion.id_count > 10**9:",
        (_LISTING,),
    ),
    Guard(
        "second readings have a budget",
        f"{_BY_VIEW}/starting.py",
        "if may_read_again(progress):",
        "if progress.reread_pages >= 0:",
        (_INSTEAD,),
    ),
    Guard(
        "a fresh count before the start",
        f"{_BY_VIEW}/starting.py",
        "if work.now - progress.counted_at > FRESH_SECONDS:",
        "if progress.counted_at < 0:",
        (f"{_TESTS}/engine/test_hardening.py",),
    ),
    Guard(
        "max_records",
        "chalicelib/domain/limits.py",
        "if size > deletion.record_limit:",
        "if size > 10**9:",
        (_UNFROZEN, f"{_TESTS}/engine/test_limits.py"),
    ),
    Guard(
        "a clock is ended by its own call only",
        "chalicelib/domain/backoff.py",
        "{k: v for k, v in deletion.failing.items() if k != call}",
        "{}",
        ("tests/unit/domain/test_backoff.py",),
    ),
    Guard(
        "a source's deliveries are those of who shares its key",
        "chalicelib/domain/source.py",
        "scope=scope_of(entries, name)",
        "scope=name",
        ("tests/unit/domain/test_keys.py", "tests/app/test_alike.py"),
    ),
)
