"""The paper's figures: each limit by hand, in its order, and on the page as they are made."""

from __future__ import annotations

import pytest

from benchmarks import scale_facts, scale_page
from benchmarks.scale_facts import Load


def test_the_load_by_hand() -> None:
    assert Load(a_day=86_400, peak=5).a_second == 5


def test_ceilings_are_told_in_the_order_in_which_they_are_reached() -> None:
    found = scale_facts.ceilings(Load())
    assert [one.orgs for one in found] == sorted(one.orgs for one in found)
    by_name = {one.what: one for one in found}
    each = Load().a_second
    template = scale_facts.limits()
    assert by_name["API's throttle"].orgs == pytest.approx(template["RateLimit"] / each)
    assert by_name["secrets in a region"].orgs == 250_000
    assert by_name["workers"].orgs < by_name["index `due`, one shard"].orgs < by_name["index `day`"].orgs


def test_more_load_brings_every_limit_of_a_rate_nearer() -> None:
    some, more = ({one.what: one.orgs for one in scale_facts.ceilings(Load(a_day=n))} for n in (1_000, 2_000))
    held = {"secret of the sources, 64 KB", "secrets in a region", "renewing tokens"}
    for what, orgs in more.items():
        assert orgs == pytest.approx(some[what] if what in held else some[what] / 2), what


@pytest.mark.parametrize("shards", [1, 2, 7])
def test_shards_share_the_writes(shards: int) -> None:
    writes = scale_facts.due_writes(100, 1)
    assert writes == 100 * scale_facts.one()["dynamodb.write_due"]
    assert scale_facts.due_writes(100, shards) == pytest.approx(writes / shards)


def test_as_many_shards_as_keep_each_half_empty() -> None:
    assert scale_facts.shards_needed(0.1) == 1
    for rate in (50, 125, 1_000):
        needed = scale_facts.shards_needed(rate)
        assert scale_facts.due_writes(rate, needed) <= 500
        assert needed == 1 or scale_facts.due_writes(rate, needed - 1) > 500


def test_a_lane_s_item_is_full_at_its_most() -> None:
    most = scale_facts.lane_most()
    assert scale_facts.lane_writes(most - 1) < scale_facts.PARTITION_WRITES <= scale_facts.lane_writes(most)
    assert scale_facts.lane_writes(1) == pytest.approx(2 / 10)  # one that waits asks every 10 s


def test_the_lane_s_closed_form_is_what_the_simulation_says() -> None:
    for views in (500.0, 1_000.0):
        simulated = scale_page.lane_simulated(views, 60.0)
        assert simulated == pytest.approx(scale_page.lane_wait(views, 60.0), rel=0.2)
    assert scale_page.lane_wait(1_440, 60.0) == float("inf")


def test_the_wait_grows_with_the_orgs_and_shrinks_with_the_workers() -> None:
    few, many = (scale_page.waits(orgs, 10, Load(a_day=4_000))[1] for orgs in (20, 150))
    assert few < many
    assert scale_page.waits(150, 50, Load(a_day=4_000))[1] < many


def test_the_page_has_the_tables_that_are_made() -> None:
    """Where it has not: `make scale`."""
    page = scale_page.PAGE.read_text(encoding="utf-8")
    for made in (scale_page.ceilings(), scale_page.steps(), scale_page.billion(), scale_page.lanes()):
        assert made in page
