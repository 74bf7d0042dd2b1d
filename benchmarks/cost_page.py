"""`make cost`: prints what a month costs and puts it into docs/COST.md, between its marks.

`--check` only says whether the page is what it should be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmarks import cost
from benchmarks.cost import Settings, Use
from benchmarks.counts_kept import read

PAGE = cost.ROOT / "docs" / "COST.md"
BEGIN, END = "<!-- cost: figures -->", "<!-- cost: end -->"
VOLUMES = (1e3, 1e6, 1e8)
SHAPES = {
    "one id a request (workflow webhooks)": (1, "delete_1"),
    "100 ids a request": (100, "delete_100"),
    "5,000 ids a request, by DELETE": (5000, "delete_5000"),
    "5,000 ids a request, by mass delete": (5000, "mass_5000"),
}
WHEN = "Counts of {date}; list prices as known on {as_of} for {region}: check them before you rely on them."
ALLOWANCE = 100_000  # credits a day of an Enterprise org with 50 users (50,000 + 1,000 a user)
COUNTED = {
    "api.requests": "API Gateway requests",
    "lambda.api": "invocations of api",
    "lambda.work": "invocations of work",
    "lambda_ms": "billed milliseconds, on assumed times",
    "dynamodb.requests": "DynamoDB requests",
    "writes": "write units",
    "dynamodb.write_due": "of these, in the index `due`",
    "dynamodb.write_day": "of these, in the index `day`",
    "dynamodb.read": "read units",
    "sqs": "SQS requests",
    "sns.requests": "SNS publishes",
    "secrets.read": "secrets read",
    "log.bytes": "log bytes",
    "metrics": "custom metrics in use",
    "stored.bytes": "bytes kept",
    "zoho.calls": "calls to Zoho",
    "zoho.credits": "Zoho credits",
}


def dollars(amount: float) -> str:
    """As people read it."""
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:,.2f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns but the first are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def counted(scenarios: Mapping[str, Any]) -> str:
    """What each scenario takes."""
    names = [name for name in ("first", *SCENARIOS) if name in scenarios]
    rows = [[words, *(f"{_part(scenarios[n], part):,g}" for n in names)] for part, words in COUNTED.items()]
    return table(["", *(f"`{name}`" for name in names)], rows)


SCENARIOS = (
    *("delete_1", "delete_10", "delete_100", "delete_5000", "mass_5000", "view_9", "view_50000"),
    "never_50000",
    *("purge_1000", "poll_idle", "tick_idle"),
)


def _part(scenario: Mapping[str, Any], part: str) -> float:
    if part == "metrics":
        return len(scenario["metrics"])
    if part == "writes":
        return float(sum(scenario.get(name, 0) for name in cost.WRITES))
    if part in ("lambda_ms", "sqs"):
        return float(sum(n for name, n in scenario.items() if name.startswith(part + ".")))
    return float(scenario.get(part, 0))


def months(settings: Settings) -> str:
    """Dollars and credits a month, by volume and shape."""
    rows = []
    for records in VOLUMES:
        for words, (ids, scenario) in SHAPES.items():
            use = Use(records, ids, scenario)
            bill = cost.bill(cost.month(use, settings))
            total = sum(bill.values())
            first = ", ".join(f"{name} {dollars(n)}" for name, n in list(bill.items())[:3])
            taken = _credits(cost.credits_of(use))
            rows.append([f"{records:,.0f}", words, dollars(total), taken, first])
        loop = sum(cost.bill(cost.naive(records, settings)).values())
        rows.append([f"{records:,.0f}", "*naive loop*", dollars(loop), _credits(records), ""])
    lines = ["| records a month | shape | AWS a month | Zoho credits | its three largest items |"]
    lines.append("|---:|---|---:|---:|---|")
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _credits(number: float) -> str:
    days = number / ALLOWANCE
    return f"{number:,.0f}" + (f" ({days:,.0f} days)" if days > cost.MONTH_DAYS else "")


def fixed(settings: Settings) -> str:
    """A stage in which nothing is asked for."""
    scenarios = read()["scenarios"]
    bill = cost.bill(cost.idle(scenarios, settings))
    keyed = cost.bill(cost.idle(scenarios, replace(settings, own_key=True)))
    rows = [[name, dollars(amount)] for name, amount in bill.items() if amount >= 0.005]
    rows.append(["all", dollars(sum(bill.values()))])
    rows.append(["with a KMS key of your own", dollars(sum(keyed.values()))])
    return table(["item", "a month"], rows)


LEVERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as it is", {}),
    ("`EXPUNGE_KEEP_DAYS` 90 instead of 400", {"keep_days": 90}),
    ("memory 512 MB instead of 1,024", {"memory_gb": 0.5}),
    ("no point-in-time recovery", {"pitr": False}),
    ("X-Ray off", {"traces": False}),
    ("poll every 5 minutes", {"poll_seconds": 300.0}),
    ("Zoho three times as slow as assumed", {"zoho_factor": 3.0}),
    ("`Evidence=false`", {"evidence": False}),
)


def levers(settings: Settings) -> str:
    """What a change of a setting makes of three months."""
    uses = [Use(1e6, 1, "delete_1"), Use(1e6, 100, "delete_100"), Use(1e8, 1, "delete_1")]
    rows = []
    for words, change in LEVERS:
        changed = replace(settings, **change)
        rows.append([words, *(dollars(sum(cost.bill(cost.month(use, changed)).values())) for use in uses)])
    return table(["", "1 million, one id", "1 million, 100 ids", "100 million, one id"], rows)


def of_evidence(settings: Settings) -> str:
    """Dollars of a million receipts, of a month's heads, and of a stage that does nothing."""
    million = {ids: cost.bill(cost.receipts(1e6, ids, settings)) for ids in (1, 100)}
    heads = cost.bill(cost.requests(cost.evidence()["head"], cost.MONTH / cost.EVIDENCE_SECONDS, settings))
    idle = [sum(cost.bill(cost.idle(read()["scenarios"], s)).values()) for s in _with_and_without(settings)]
    rows = [
        [
            f"a million receipts of {ids} id{'s' * (ids > 1)}, with their heads",
            dollars(sum(bill.values())),
            _first(bill),
        ]
        for ids, bill in million.items()
    ]
    rows.append(["a head each minute of a month", dollars(sum(heads.values())), _first(heads)])
    forgotten = cost.bill(cost.requests(cost.evidence()["forget"], 1e6, settings))
    rows.append(
        ["a million references and reasons forgotten", dollars(sum(forgotten.values())), _first(forgotten)]
    )
    rows.append(["a stage that does nothing: the key stays without evidence", dollars(idle[0] - idle[1]), ""])
    return table(["", "dollars", "its three largest items"], rows)


def _with_and_without(settings: Settings) -> tuple[Settings, Settings]:
    return settings, replace(settings, evidence=False)


def _first(bill: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {dollars(n)}" for name, n in list(bill.items())[:3])


def listed() -> str:
    """The prices."""
    found = cost.prices()
    return table(["price", "page"], [list(one) for one in found.pages.values()])


def figures() -> str:
    """Everything between the marks."""
    settings, kept = cost.production(), read()
    parts = [
        WHEN.format(date=kept["date"], as_of=cost.prices().as_of, region=cost.prices().region),
        "### A month",
        months(settings),
        "### A stage that does nothing",
        fixed(settings),
        "### What evidence adds",
        of_evidence(settings),
        "### What a setting changes",
        levers(settings),
        "### What was counted",
        counted(kept["scenarios"]),
        "### Prices",
        listed(),
    ]
    return "\n\n".join(parts)


def put(text: str, made: str) -> str:
    """The page with what was made between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main(argv: list[str]) -> int:
    """Prints, and writes the page; with --check 1 where the page is another one."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.cost_page", description=__doc__)
    options.add_argument("--check", action="store_true", help="write nothing")
    asked = options.parse_args(argv)
    made, before = figures(), PAGE.read_text(encoding="utf-8")
    page = put(before, made)
    if asked.check:
        return int(page != before)
    PAGE.write_text(page, encoding="utf-8")
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
