"""The bill: what a request takes, times a price, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks import cost, cost_page
from benchmarks.cost import Settings, Use
from benchmarks.counts_kept import read

ONE: dict[str, Any] = {
    "api.requests": 1,
    "lambda.api": 1,
    "lambda.work": 2,
    "lambda_ms.api": 100,
    "lambda_ms.work": 900,
    "zoho_ms": 500,
    "dynamodb.write_table": 10,
    "dynamodb.write_refused": 2,
    "dynamodb.write_due": 4,
    "dynamodb.read": 2.5,
    "sqs.send": 1,
    "sqs.receive": 1,
    "sqs.delete": 1,
    "sns.requests": 3,
    "log.bytes": 1000,
    "stored.bytes": 2000,
}


def test_what_a_million_requests_take() -> None:
    taken = cost.requests(ONE, 1e6, Settings(memory_gb=0.5, keep_days=365, log_days=73))
    assert taken["lambda_request"] == 3e6
    assert taken["lambda_gb_second"] == pytest.approx(0.5e6)
    assert taken["write_unit"] == 14e6  # refused ones are part of the table's
    assert taken["read_unit"] == 2.5e6
    assert taken["sqs_request"] == taken["sns_request"] == 3e6
    assert taken["log_gb"] == pytest.approx(1.0)
    assert taken["log_kept_gb"] == pytest.approx(1.0 * 0.15 * 2.4)
    assert taken["table_gb"] == taken["pitr_gb"] == pytest.approx(2.0 * 12)


def test_a_bill_by_hand() -> None:
    bill = cost.bill({"write_unit": 14e6, "api_request": 1e6, "table_gb": 24, "pitr_gb": 0})
    assert bill == pytest.approx({"DynamoDB writes": 8.75, "DynamoDB storage": 6.0, "API Gateway": 3.5})
    assert list(bill) == ["DynamoDB writes", "DynamoDB storage", "API Gateway"]


def test_a_slower_zoho_costs_its_waiting() -> None:
    slow = cost.requests(ONE, 1, Settings(zoho_factor=3))["lambda_gb_second"]
    assert slow == pytest.approx(1.0 + 2 * 0.5)


def test_the_settings_are_those_of_the_stage() -> None:
    found = cost.production()
    assert (found.memory_gb, found.keep_days, found.log_days) == (1.0, 400, 90)
    assert found.alarms > 10


def test_the_page_has_the_alarms_that_there_are() -> None:
    """A new alarm costs: make cost writes docs/COST.md anew."""
    dollars = cost.production().alarms * cost.prices().each["alarm"]
    page = (cost.ROOT / "docs" / "COST.md").read_text(encoding="utf-8")
    assert f"| alarms | ${dollars:.2f} |" in page, "docs/COST.md: run make cost"


def test_every_price_has_a_heading_and_the_page_it_stands_on() -> None:
    found = cost.prices()
    assert set(found.each) == set(cost.HEADINGS)
    assert all(page for _, page in found.pages.values())
    assert found.each["write_unit"] == pytest.approx(0.625e-6)


def test_an_idle_stage_pays_for_what_it_holds() -> None:
    scenarios, settings = read()["scenarios"], cost.production()
    idle = cost.idle(scenarios, settings)
    assert idle["lambda_request"] == pytest.approx(2 * 43_800 + 8_760)
    assert idle["sqs_request"] == pytest.approx(657_000)
    assert idle["kms_key"] == 1
    dearer = cost.idle(scenarios, replace(settings, own_key=True))
    assert sum(cost.bill(dearer).values()) == pytest.approx(sum(cost.bill(idle).values()) + 1)


def test_the_loop_guard_costs_more_the_fuller_its_sets() -> None:
    assert cost.guard(0.001, 1) == (0, 0)
    some, many, most = (cost.guard(rate, 1) for rate in (10.0, 38.0, 1e6))
    assert some <= many <= most
    assert most == cost.guard(1e9, 1)  # a set is full at 1,024 ids
    assert cost.guard(38.0, 100)[0] == 16 * (cost.guard(38.0, 100)[0] / 16)


def test_batches_are_cheaper_in_dollars_and_credits() -> None:
    settings = cost.production()
    uses = [Use(1e6, 1, "delete_1"), Use(1e6, 100, "delete_100"), Use(1e6, 5000, "delete_5000")]
    totals = [sum(cost.bill(cost.month(use, settings)).values()) for use in uses]
    assert totals == sorted(totals, reverse=True)
    assert [cost.credits_of(use) for use in uses] == [1e6, 1e4, 1e4]


def test_a_month_costs_at_least_the_idle_stage_and_grows_with_the_records() -> None:
    settings = cost.production()
    idle = sum(cost.bill(cost.idle(read()["scenarios"], settings)).values())
    totals = [sum(cost.bill(cost.month(Use(n, 1, "delete_1"), settings)).values()) for n in (1, 1e3, 1e6)]
    assert [idle, *totals] == sorted([idle, *totals])


def test_the_page_is_the_one_that_is_made() -> None:
    """Where it is not: `make cost`."""
    assert cost_page.main(["--check"]) == 0


def test_only_what_is_between_the_marks_changes() -> None:
    page = f"before\n{cost_page.BEGIN}\nold\n{cost_page.END}\nafter"
    assert cost_page.put(page, "new") == f"before\n{cost_page.BEGIN}\n\nnew\n\n{cost_page.END}\nafter"


def test_a_receipt_is_two_objects_and_a_signature_and_so_is_half_of_it_a_head() -> None:
    receipt, head = cost.evidence()["receipt"], cost.evidence()["head"]
    assert (receipt["s3.put"], receipt["kms.sign"], head["s3.put"], head["kms.sign"]) == (2, 1, 1, 1)
    taken = cost.receipts(1e6, 1, Settings())
    assert taken["kms_sign"] == pytest.approx(1e6 + cost.MONTH / 60)
    assert taken["s3_put"] == pytest.approx(2e6 + cost.MONTH / 60)
    more = cost.receipts(1e6, 100, Settings())
    assert more["s3_gb"] > taken["s3_gb"]
    assert {name: more[name] for name in more if name != "s3_gb"} == pytest.approx(
        {name: taken[name] for name in taken if name != "s3_gb"}
    )


def test_digests_and_forgetting_are_counted_and_are_of_the_size_that_the_page_says() -> None:
    found = cost.evidence()
    assert found["digest"]["dynamodb.read"] > 0
    parts = "the file without its reference, a list of its versions, an operators' entry, a part of a head"
    assert found["forget"]["s3.put"] == pytest.approx(3, abs=0.1), parts
    receipt, digest, forget = (
        sum(cost.bill(cost.requests(found[name], 1e6, Settings())).values())
        for name in ("receipt", "digest", "forget")
    )
    assert digest < 0.1 * receipt
    assert receipt < forget < 2 * receipt


def test_without_evidence_nothing_is_signed_and_the_key_stays() -> None:
    off = cost.month(Use(1e6, 1, "delete_1"), Settings(evidence=False))
    on = cost.month(Use(1e6, 1, "delete_1"), Settings())
    assert off["kms_sign"] == off["s3_put"] == 0
    assert off["kms_key"] == on["kms_key"] == 1
    assert sum(cost.bill(off).values()) < sum(cost.bill(on).values())
