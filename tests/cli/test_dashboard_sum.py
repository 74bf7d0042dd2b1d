"""The overview's sums, buckets and lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.status import Status
from cli.dashboard import sums
from cli.dashboard.sums import KINDS, StageData, overview

NOW = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
_COUNTS = ("requested", "deleted", "already_absent", "failed", "held", "unknown", "pending")


def problem(code: str, count: int) -> dict[str, Any]:
    return {"code": code, "count": count, "meaning": f"{code}.", "what_to_do": "Look."}


def deletion(n: int = 1, **more: Any) -> dict[str, Any]:
    hours = more.pop("hours", 1.0)
    counts = {**dict.fromkeys(_COUNTS, 0), **more.pop("counts", {})}
    return {
        "id": f"del_{n}",
        "status": "completed",
        "operation": "delete_records",
        "module": "Leads",
        "org": "default",
        "source": "crm",
        "reference": None,
        "dry_run": False,
        "waiting_for": None,
        "created_at": sums.iso(NOW - timedelta(hours=hours)),
        "counts": counts,
        "problems": [],
        "calls": 1,
        "links": {"self": f"http://127.0.0.1/{n}"},
        **more,
    }


def policy(name: str, next_run: str | None, **more: Any) -> dict[str, Any]:
    runs = [next_run] if next_run else []
    policy_ = {"name": name, "module": "Leads"}
    return {"org": "default", "policy": policy_, "next_runs": runs, "last_run": None, "last_skipped": None,
            "problems": [], **more}  # fmt: skip


def seen(
    *deletions: dict[str, Any], policies: Any = (), pauses: Any = (), days: float = 7, whole: bool = True
) -> dict[str, Any]:
    return overview(StageData("prod", NOW - timedelta(days=days), NOW, deletions, policies, pauses, whole))


def test_every_status_is_part_of_a_bar_once() -> None:
    statuses = [status for _, _, each in KINDS for status in each]
    assert sorted(statuses) == sorted(each.value for each in Status)
    assert sums.kind({"status": "something_new"}) == "open"
    assert sums.kind({"status": "something_new", "dry_run": True}) == "open"


def test_totals() -> None:
    shown = seen(
        deletion(
            1, counts={"requested": 5, "deleted": 4, "failed": 1}, status="partially_completed", calls=3
        ),
        deletion(2, counts={"requested": 2, "deleted": 2}),
        deletion(3, status="running"),
        deletion(4, status="waiting"),
        deletion(5, status="failed", hours=24 * 8),
    )
    assert shown["totals"] == {
        "deletions": 4, "records_deleted": 6, "calls": 6, "completed": 1, "partially_completed": 1,
        "failed": 0, "refused": 0, "cancelled": 0, "needs_attention": 0, "dry_run": 0, "open": 2,
    }  # fmt: skip


def test_no_deletions_at_all() -> None:
    shown = seen()
    assert shown["totals"]["deletions"] == 0
    assert len(shown["over_time"]["buckets"]) == 8
    assert (shown["open"], shown["lanes"], shown["failures"], shown["pauses"]) == ([], [], [], [])
    assert shown["whole"]


def test_days_without_gaps_in_utc() -> None:
    over_time = seen(deletion(1, hours=25), deletion(2, hours=25, status="failed"), deletion(3))["over_time"]
    assert over_time["unit"] == "day"
    assert [each["at"][:10] for each in over_time["buckets"]] == [f"2026-11-{day}" for day in range(15, 23)]
    assert over_time["buckets"][-2]["kinds"] == {**dict.fromkeys([k for k, _, _ in KINDS], 0), "completed": 1,
                                                 "failed": 1}  # fmt: skip
    assert over_time["buckets"][-1]["calls"] == 1


def test_a_short_window_goes_by_the_hour() -> None:
    over_time = seen(deletion(1, hours=0.25), deletion(2, hours=1.2), days=1)["over_time"]
    assert (over_time["unit"], len(over_time["buckets"])) == ("hour", 25)
    assert [each["kinds"]["completed"] for each in over_time["buckets"][-3:]] == [0, 1, 1]


@given(
    st.lists(st.tuples(st.floats(0, 24 * 6), st.sampled_from([s.value for s in Status]), st.integers(0, 9)))
)
def test_the_buckets_hold_what_the_totals_say(found: list[tuple[float, str, int]]) -> None:
    shown = seen(*(deletion(n, hours=h, status=s, calls=c) for n, (h, s, c) in enumerate(found)), days=7)
    buckets = shown["over_time"]["buckets"]
    for key, _, _ in KINDS:
        assert sum(each["kinds"][key] for each in buckets) == shown["totals"][key]
    assert sum(each["calls"] for each in buckets) == shown["totals"]["calls"]
    assert len(shown["open"]) == shown["totals"]["open"]
    assert len(shown["attention"]) == shown["totals"]["needs_attention"]


def test_lanes_in_their_order() -> None:
    view = {"operation": "mass_delete", "status": "waiting", "waiting_for": sums.LANE}
    shown = seen(
        deletion(1, **{**view, "lane": {"ahead": 2, "about_seconds": 300}}),
        deletion(2, **{**view, "lane": {"ahead": 1, "about_seconds": None}}),
        deletion(3, **{**view, "status": "running", "waiting_for": None}),
        deletion(4, **{**view, "status": "completed", "waiting_for": None}),
        deletion(5, **{**view, "org": "second", "waiting_for": "approval", "status": "awaiting_approval"}),
        deletion(6, status="running"),
    )
    (lane,) = shown["lanes"]
    assert lane["org"] == "default"
    assert [each["id"] for each in lane["running"]] == ["del_3"]
    assert [(each["id"], each["ahead"], each["about_seconds"]) for each in lane["waiting"]] == [
        ("del_2", 1, None),
        ("del_1", 2, 300),
    ]


def test_problems_by_code_of_what_has_ended() -> None:
    shown = seen(
        deletion(1, problems=[problem("RECORD_LOCKED", 2), problem("NO_PERMISSION", 1)]),
        deletion(2, problems=[problem("RECORD_LOCKED", 3)]),
        deletion(3, problems=[problem("RECORD_LOCKED", 9)], status="running"),
    )
    told = [(each["code"], each["count"], each["deletions"]) for each in shown["failures"]]
    assert told == [("RECORD_LOCKED", 5, 2), ("NO_PERMISSION", 1, 1)]
    assert shown["failures"][0]["what_to_do"] == "Look."


def test_policies_by_their_next_run() -> None:
    broken = policy("broken", None, problems=[{"path": "/schedule", "problem": "no such zone"}])
    found = [
        policy("off", None),
        policy("late", "2026-12-01T00:00:00Z"),
        policy("soon", "2026-11-23T00:00:00Z"),
        broken,
    ]
    shown = seen(policies=found)["policies"]
    assert [each["name"] for each in shown] == ["soon", "late", "broken", "off"]
    assert shown[2]["problems"] == ["/schedule: no such zone"]


def test_a_pause_is_told_once() -> None:
    def pause(org: str | None, paused: bool) -> dict[str, Any]:
        return {"org": org, "paused": paused, "reason": "audit", "set_by": "arn", "set_at": None}

    assert seen(pauses=[pause(None, False), pause("default", False)])["pauses"] == []
    everywhere = [pause(None, True), pause(None, True), pause(None, True)]
    assert [each["org"] for each in seen(pauses=everywhere)["pauses"]] == [None]
    some = [pause(None, False), pause("b", True), pause("a", True)]
    assert [each["org"] for each in seen(pauses=some)["pauses"]] == ["a", "b"]


def test_a_part_is_called_a_part() -> None:
    assert not seen(whole=False)["whole"]
