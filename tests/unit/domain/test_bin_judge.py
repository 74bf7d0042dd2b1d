"""What is purged, restored or left alone follows from what is read, case by case and for anything read."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bin_judge import (
    Attempt,
    BinReading,
    Judged,
    Listed,
    Ruling,
    Window,
    in_zohos_clock,
    judge_purge,
    judge_restore,
    listed_as,
    of_module,
)
from chalicelib.domain.recycle_bin import BinEntry, entries_of
from chalicelib.domain.zoho import deleted_list

Judge = Callable[..., tuple[Ruling, str]]

WINDOW = Window(first=1000.0, last=1060.0)
MINE = (Attempt.LOST, Attempt.SCHEDULED, Attempt.DONE)
NOT_MINE = (Attempt.NONE, Attempt.NOT_FOUND)


def entry(at: float | None, module: str = "Leads") -> BinEntry:
    return BinEntry("1", module, at)


def purge(seen: BinReading, attempt: Attempt = Attempt.NONE, *, last: bool = False) -> tuple[Ruling, str]:
    judged = judge_purge(WINDOW, seen, attempt, last_look=last)
    return judged.ruling, judged.code


def restore(seen: BinReading, attempt: Attempt = Attempt.NONE, *, last: bool = False) -> tuple[Ruling, str]:
    judged = judge_restore(WINDOW, seen, attempt, last_look=last)
    return judged.ruling, judged.code


@pytest.mark.parametrize(
    ("at", "ruling", "code"),
    [
        (997.0, Ruling.SKIPPED, "DELETED_BEFORE"),
        (998.0, Ruling.SEND, ""),
        (1030.0, Ruling.SEND, ""),
        (1062.0, Ruling.SEND, ""),
        (1063.0, Ruling.SKIPPED, "DELETED_AGAIN"),
    ],
)
@pytest.mark.parametrize("judge", [purge, restore])
def test_only_what_lies_in_the_bin_since_the_deletions_own_time_goes(
    judge: Judge, at: float, ruling: Ruling, code: str
) -> None:
    assert judge(BinReading(there=False, entry=entry(at))) == (ruling, code)
    assert judge(BinReading(there=False, entry=entry(at)), last=True) == (ruling, code)


def test_a_record_that_is_there_is_never_purged_whatever_the_bin_still_shows() -> None:
    for shown in (None, entry(1030.0), entry(2000.0)):
        assert purge(BinReading(there=True, entry=shown)) == (Ruling.SKIPPED, "RESTORED_SINCE")
        assert purge(BinReading(there=True, entry=shown), Attempt.LOST) == (Ruling.SKIPPED, "RESTORED_SINCE")


def test_an_entry_without_a_readable_time_is_asked_for_again_and_then_unknown() -> None:
    for judge in (purge, restore):
        assert judge(BinReading(there=False, entry=entry(None))) == (Ruling.ASK_AGAIN, "")
        assert judge(BinReading(there=False, entry=entry(None)), last=True) == (Ruling.UNKNOWN, "")


@pytest.mark.parametrize(
    ("listed", "ends"),
    [
        (Listed.PERMANENT, (Ruling.ALREADY_ABSENT, "")),
        (Listed.RECYCLABLE, (Ruling.FAILED, "BIN_NOT_VISIBLE")),
        (Listed.NOT_NAMED, (Ruling.UNKNOWN, "")),
        (Listed.UNREAD, (Ruling.UNKNOWN, "")),
    ],
)
@pytest.mark.parametrize("attempt", NOT_MINE)
def test_without_an_entry_the_deleted_list_decides_once_it_has_had_the_time_to(
    listed: Listed, ends: tuple[Ruling, str], attempt: Attempt
) -> None:
    seen = BinReading(there=False, entry=None, listed=listed)
    assert purge(seen, attempt, last=True) == ends
    assert purge(seen, attempt) == (ends if listed is Listed.PERMANENT else (Ruling.ASK_AGAIN, ""))


@pytest.mark.parametrize("attempt", MINE)
def test_a_purge_of_ours_is_proven_by_reading(attempt: Attempt) -> None:
    assert purge(BinReading(there=False, entry=None, listed=Listed.PERMANENT), attempt) == (
        Ruling.DELETED,
        "",
    )
    for lagging in (Listed.RECYCLABLE, Listed.NOT_NAMED):
        seen = BinReading(there=False, entry=None, listed=lagging)
        assert purge(seen, attempt) == (Ruling.ASK_AGAIN, "")
        assert purge(seen, attempt, last=True) == (Ruling.UNKNOWN, "")


@pytest.mark.parametrize("attempt", MINE)
def test_a_deleted_list_that_is_too_long_to_read_makes_nothing_unknown(attempt: Attempt) -> None:
    assert purge(BinReading(there=False, entry=None), attempt, last=True) == (Ruling.DELETED, "")


def test_what_zoho_says_is_gone_and_what_is_read_have_to_agree() -> None:
    for attempt in (Attempt.DONE, Attempt.SCHEDULED):
        for seen in (
            BinReading(there=True, entry=None),
            BinReading(there=False, entry=entry(1030.0)),
            BinReading(there=False, entry=entry(2000.0)),
        ):
            assert purge(seen, attempt) == (Ruling.ASK_AGAIN, "")
            assert purge(seen, attempt, last=True) == (Ruling.UNKNOWN, "")


@pytest.mark.parametrize("judge", [purge, restore])
def test_a_lost_answer_is_repeated_where_the_entry_is_still_there(judge: Judge) -> None:
    assert judge(BinReading(there=False, entry=entry(1030.0)), Attempt.LOST) == (Ruling.SEND, "")
    assert judge(BinReading(there=False, entry=entry(1030.0)), Attempt.NOT_FOUND) == (Ruling.ASK_AGAIN, "")


def test_restored_is_said_only_of_a_record_that_is_there() -> None:
    for attempt in Attempt:
        there = BinReading(there=True, entry=None)
        mine = attempt in MINE
        assert restore(there, attempt) == (Ruling.RESTORED if mine else Ruling.ALREADY_PRESENT, "")
        gone = BinReading(there=False, entry=None, listed=Listed.NOT_NAMED)
        assert restore(gone, attempt) == (Ruling.ASK_AGAIN, "")
        assert restore(gone, attempt, last=True) == (Ruling.FAILED, "NOT_IN_RECYCLE_BIN")


def test_a_restored_record_that_somebody_deletes_again_at_once_is_not_called_restored() -> None:
    again = BinReading(there=False, entry=entry(2000.0))
    assert restore(again, Attempt.DONE) == (Ruling.SKIPPED, "DELETED_AGAIN")


def test_what_is_gone_for_good_cannot_come_back() -> None:
    permanent = BinReading(there=False, entry=None, listed=Listed.PERMANENT)
    assert restore(permanent) == (Ruling.FAILED, "NOT_IN_RECYCLE_BIN")
    assert restore(permanent, Attempt.DONE) == (Ruling.ASK_AGAIN, "")
    assert restore(permanent, Attempt.DONE, last=True) == (Ruling.FAILED, "NOT_IN_RECYCLE_BIN")


def test_what_can_be_restored_and_is_never_seen_in_the_bin_needs_another_user() -> None:
    hidden = BinReading(there=False, entry=None, listed=Listed.RECYCLABLE)
    assert restore(hidden) == (Ruling.ASK_AGAIN, "")
    assert restore(hidden, last=True) == (Ruling.FAILED, "BIN_NOT_VISIBLE")
    assert restore(hidden, Attempt.DONE, last=True) == (Ruling.FAILED, "NOT_IN_RECYCLE_BIN")


@pytest.mark.parametrize("judge", [purge, restore])
def test_a_deletion_that_only_the_deleted_list_shows_yet_is_left_alone(judge: Judge) -> None:
    again = BinReading(there=False, entry=entry(1030.0), listed=Listed.RECYCLABLE, listed_at=1500.0)
    assert judge(again) == (Ruling.SKIPPED, "DELETED_AGAIN")
    assert judge(again, Attempt.LOST) == (Ruling.SKIPPED, "DELETED_AGAIN")
    ours = BinReading(there=False, entry=entry(1030.0), listed=Listed.RECYCLABLE, listed_at=1030.0)
    assert judge(ours) == (Ruling.SEND, "")


@pytest.mark.parametrize("judge", [purge, restore])
def test_an_older_entry_than_the_deleted_list_names_is_asked_for_again(judge: Judge) -> None:
    stale = BinReading(there=False, entry=entry(500.0), listed=Listed.RECYCLABLE, listed_at=1030.0)
    assert judge(stale) == (Ruling.ASK_AGAIN, "")
    assert judge(stale, last=True) == (Ruling.SKIPPED, "DELETED_BEFORE")
    lagging = BinReading(there=False, entry=entry(1030.0), listed=Listed.RECYCLABLE, listed_at=500.0)
    assert judge(lagging) == (Ruling.SEND, "")


def test_an_entry_of_what_is_listed_as_gone_for_good_is_waited_for() -> None:
    for at in (1030.0, 1500.0):
        seen = BinReading(there=False, entry=entry(1030.0), listed=Listed.PERMANENT, listed_at=at)
        assert purge(seen) == (Ruling.ASK_AGAIN, "")
        assert purge(seen, last=True) == (Ruling.UNKNOWN, "")


SEEN = st.builds(
    BinReading,
    there=st.booleans(),
    entry=st.none() | st.builds(entry, st.none() | st.floats(900, 1200)),
    listed=st.sampled_from(Listed),
    listed_at=st.none() | st.floats(900, 1200),
)
ATTEMPTS = st.sampled_from(Attempt)


@given(SEEN, ATTEMPTS, st.booleans())
def test_a_call_is_made_only_for_what_the_deletion_itself_put_into_the_bin(
    seen: BinReading, attempt: Attempt, last: bool
) -> None:
    for judge in (judge_purge, judge_restore):
        if judge(WINDOW, seen, attempt, last_look=last).ruling is Ruling.SEND:
            assert not seen.there
            assert seen.entry is not None
            assert seen.entry.deleted_at is not None
            assert 998 <= seen.entry.deleted_at <= 1062


@given(SEEN, ATTEMPTS, st.booleans())
def test_success_is_what_was_read(seen: BinReading, attempt: Attempt, last: bool) -> None:
    gone = judge_purge(WINDOW, seen, attempt, last_look=last)
    if gone.ruling in (Ruling.DELETED, Ruling.ALREADY_ABSENT):
        assert not seen.there
        assert seen.entry is None
        assert seen.listed is Listed.PERMANENT or (seen.listed is Listed.UNREAD and attempt in MINE)
    back = judge_restore(WINDOW, seen, attempt, last_look=last)
    assert (back.ruling in (Ruling.RESTORED, Ruling.ALREADY_PRESENT)) == seen.there


@given(SEEN, ATTEMPTS)
def test_the_last_look_ends_everything_but_a_call_that_could_be_made(
    seen: BinReading, attempt: Attempt
) -> None:
    for judge in (judge_purge, judge_restore):
        assert judge(WINDOW, seen, attempt, last_look=True).ruling is not Ruling.ASK_AGAIN


@given(SEEN, ATTEMPTS)
def test_waiting_changes_no_ruling_but_the_open_ones(seen: BinReading, attempt: Attempt) -> None:
    for judge in (judge_purge, judge_restore):
        early = judge(WINDOW, seen, attempt, last_look=False)
        if early.ruling is not Ruling.ASK_AGAIN:
            assert judge(WINDOW, seen, attempt, last_look=True) == early


@given(SEEN, ATTEMPTS, st.booleans())
def test_every_skip_and_every_failure_has_its_code(seen: BinReading, attempt: Attempt, last: bool) -> None:
    for judge in (judge_purge, judge_restore):
        judged: Judged = judge(WINDOW, seen, attempt, last_look=last)
        assert bool(judged.code) == (judged.ruling in (Ruling.SKIPPED, Ruling.FAILED))


def test_the_window_is_in_zohos_clock() -> None:
    # Our clock is 100 s behind; the call left at 50 and was answered at 53, when Zoho's clock showed 153.
    assert in_zohos_clock(50.0, 53.0, 153.0) == 150.0
    assert in_zohos_clock(53.0, 53.0, 153.0) == 153.0
    assert in_zohos_clock(50.0, 53.0, None) == 50.0


def test_an_entry_of_another_module_is_not_meant() -> None:
    mine = entry(1030.0)
    assert of_module(mine, "Leads") is mine
    assert of_module(mine, "Contacts") is None
    assert of_module(entry(1.0, ""), "Contacts") == entry(1.0, "")
    assert of_module(entry(1.0, "Deals"), "Potentials") == entry(1.0, "Deals")
    assert of_module(entry(1.0, "Tasks"), "Activities") == entry(1.0, "Tasks")
    assert of_module(None, "Leads") is None


def test_the_deleted_list_says_nothing_of_an_id_before_it_is_read_to_its_end() -> None:
    permanent = deleted_list.Deleted("1", 1.0, permanent=True)
    assert listed_as(permanent, whole=False) is Listed.PERMANENT
    assert listed_as(deleted_list.Deleted("1", 1.0, permanent=False), whole=True) is Listed.RECYCLABLE
    for entry_ in (None, deleted_list.Deleted("1", 1.0, permanent=None)):
        assert listed_as(entry_, whole=True) is Listed.NOT_NAMED
        assert listed_as(entry_, whole=False) is Listed.UNREAD


@pytest.mark.parametrize("module", [{"api_name": "Leads", "id": "9"}, "Leads"])
def test_an_entrys_module_is_read_in_both_of_zohos_shapes(module: object) -> None:
    row = {"id": 7, "module": module, "deleted_time": "2026-11-29T10:00:00+01:00"}
    assert entries_of({"recycle_bin": [row]}) == {"7": BinEntry("7", "Leads", 1_795_942_800.0)}


@pytest.mark.parametrize(
    "told", [None, "", "yesterday", "2026-11-29T10:00:00", 17, {}, "2026-13-01T00:00:00+00:00"]
)
def test_a_time_that_cannot_be_read_for_sure_is_none(told: object) -> None:
    row = {"id": "7", "module": "Leads", "deleted_time": told}
    assert entries_of({"recycle_bin": [row]})["7"].deleted_at is None


def test_two_entries_of_one_id_tell_no_time() -> None:
    rows = [
        {"id": "7", "module": "Leads", "deleted_time": f"2026-11-{day}T10:00:00+00:00"} for day in (28, 29)
    ]
    assert entries_of({"recycle_bin": rows}) == {"7": BinEntry("7", "", None)}


@pytest.mark.parametrize("body", [None, {}, {"recycle_bin": None}, {"recycle_bin": ["x", 1]}])
def test_anything_else_has_no_entries(body: dict[str, object] | None) -> None:
    assert entries_of(body) == {}
