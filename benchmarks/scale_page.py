"""`make scale`: asks the model how far a stage goes; tables into docs/SCALE.md, curves into a report.

python -m benchmarks.scale_page [REPORT.json]
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import cost, scale_facts
from benchmarks.cost import Use
from benchmarks.cost_page import ALLOWANCE, dollars, table
from benchmarks.counts_kept import batch_size, read
from benchmarks.scale import Service, Setup, burst, poisson, simulate
from benchmarks.scale_facts import DAY, YEAR, Load

PAGE = scale_facts.ROOT / "docs" / "SCALE.md"
BEGIN, END = "<!-- scale: figures -->", "<!-- scale: end -->"
PEAK_SECONDS = 300.0
ORGS = (10, 30, 100, 200, 300, 400, 600, 1000, 2000, 4000)
WORKERS = (10, 50, 200)
MOST_BUSY = 0.7  # what workers should be busy at most, so that waits stay short
JOBS = (60.0, 300.0, 900.0)
SHARDS = (1, 2, 4, 8, 16)
NOISY = 2_000


def as_it_is() -> Setup:
    """The stage `prod` as it is set."""
    return Setup(
        workers=scale_facts.limits()["WorkConcurrency"], batch=batch_size(), again=scale_facts.slot_wait()
    )


def deletion(random: Random) -> float:
    """How long a worker has one id's deletion: its own time, and Zoho's at random around the assumed one."""
    zoho = scale_facts.zoho_seconds()
    return scale_facts.work_seconds() - zoho + random.expovariate(1 / zoho)


def waits(orgs: int, workers: int, load: Load) -> tuple[float, float]:
    """What half and 99 % of the deletions take at most in a peak of PEAK_SECONDS, in seconds."""
    asked = poisson(orgs * load.a_second, PEAK_SECONDS, orgs)
    outcome = simulate(replace(as_it_is(), workers=workers), deletion, asked)
    return outcome.waits(0.5), outcome.waits(0.99)


def noisy(setup: Setup) -> tuple[float, float]:
    """One of 100 orgs asks for 2,000 at once: what 99 % of the others' take at most, and when it is done."""
    load = Load()
    asked = sorted([*poisson(100 * load.a_second, PEAK_SECONDS, 99), *burst(30, NOISY, 99)], key=_arrival)
    outcome = simulate(setup, deletion, asked)
    return outcome.waits(0.99, lambda org: org != 99), outcome.waits(1.0, lambda org: org == 99)


def _arrival(one: Any) -> float:
    return float(one.at)


def lane_wait(views_a_day: float, seconds: float) -> float:
    """The mean wait for a lane of equal jobs (M/D/1), seconds; infinite where they are too many."""
    load = views_a_day * seconds / DAY
    return load * seconds / (2 * (1 - load)) if load < 1 else float("inf")


def lane_simulated(views_a_day: float, seconds: float) -> float:
    """The same, simulated: one worker, 6,000 views."""
    lane = Setup(workers=1, batch=1, concurrency=float("inf"))
    fixed: Service = lambda _: seconds  # noqa: E731 -- its type is what matters
    done = simulate(lane, fixed, poisson(views_a_day / DAY, 6_000 / views_a_day * DAY, 1)).done
    return sum(one.waited for one in done) / len(done)


def report() -> dict[str, Any]:
    """All curves of the plots."""
    load = Load()
    found: dict[str, Any] = {"orgs": {}, "due": {}, "lane": {}, "partition": scale_facts.PARTITION_WRITES}
    for workers in WORKERS:
        reached = [n for n in ORGS if n * load.a_second * scale_facts.work_seconds() < 3 * workers]
        found["orgs"][workers] = [(n, *waits(n, workers, load)) for n in reached]
    rates = [2.0**n for n in range(12)]
    for shards in SHARDS:
        found["due"][shards] = [(rate, scale_facts.due_writes(rate, shards)) for rate in rates]
    for seconds in JOBS:
        most = DAY / seconds
        views = [most * share / 20 for share in range(1, 20)]
        dots = [(n, lane_simulated(n, seconds)) for n in (most * 0.3, most * 0.6, most * 0.9)]
        found["lane"][int(seconds)] = {"line": [(n, lane_wait(n, seconds)) for n in views], "dots": dots}
    return found


# --- tables ------------------------------------------------------------------------------------------------


def ceilings() -> str:
    """What is full first."""
    rows = [
        [one.what, f"{_rounded(one.orgs):,}", one.number, one.then] for one in scale_facts.ceilings(Load())
    ]
    lines = ["| what is full | at orgs | because | then |", "|---|---:|---|---|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _rounded(number: float) -> int:
    """To two digits: more would claim too much."""
    text = f"{number:.1e}"
    return int(float(text))


def steps() -> str:
    """What numbers of orgs need."""
    load, rows = Load(), []
    for orgs in (10, 1_000, 100_000):
        rate = orgs * load.a_second
        rows.append(
            [
                f"{orgs:,}",
                f"{rate:,.1f}",
                f"{_workers(rate):,}",
                f"{scale_facts.shards_needed(rate):,}",
                f"{orgs * 2 + 2:,}",
                dollars(orgs * 0.8),
                dollars(_dollars(Use(orgs * load.a_day * cost.MONTH_DAYS, 1, "delete_1", orgs))),
            ]
        )
    head = ["orgs", "deletions/s at the peak", "workers", "shards of `due`", "secrets", "for them"]
    return table([*head, "AWS a month"], rows)


def _workers(rate: float) -> int:
    """WorkConcurrency for so many one-id deletions a second."""
    return max(10, -int(-rate * scale_facts.work_seconds() // MOST_BUSY))


def _dollars(use: Use) -> float:
    return sum(cost.bill(cost.month(use, cost.production())).values())


def billion() -> str:
    """A billion deletions a year by the shape of the requests."""
    rows = []
    for words, ids, scenario in (
        ("one id a request", 1, "delete_1"),
        ("100 ids", 100, "delete_100"),
        ("5,000 ids, by DELETE", 5000, "delete_5000"),
        ("5,000 ids, by mass delete", 5000, "mass_5000"),
    ):
        use = Use(1e9 / 12, ids, scenario)
        rate = 1e9 / YEAR / ids * Load().peak
        kept = read()["scenarios"][scenario]
        workers = max(1, -int(-rate * kept["lambda_ms.work"] / 1000 // MOST_BUSY))
        due = rate * kept["dynamodb.write_due"]
        daily = cost.credits_of(use) * 12 / 365
        enough = max(1, -int(-daily // ALLOWANCE))
        rows.append(
            [
                words,
                f"{rate:,.2f}",
                f"{workers:,}",
                f"{due:,.0f}",
                f"{daily:,.0f} ({enough} org{'s' * (enough > 1)})",
                dollars(_dollars(use)),
            ]
        )
    head = ["", "requests/s at the peak", "workers busy", "writes/s to `due`", "Zoho credits a day"]
    return table([*head, "AWS a month"], rows)


def bursts() -> str:
    """One org asks for much at once."""
    base = as_it_is()
    rows = []
    for words, setup in (
        (f"as it is: {base.workers} workers, a batch of {base.batch}, in order", base),
        ("50 workers", replace(base, workers=50)),
        ("batches of 10", replace(base, batch=10)),
        ("a fair queue", replace(base, fair=True)),
        ("a fair queue, batches of 10", replace(base, fair=True, batch=10)),
        ("a fair queue, 50 workers", replace(base, fair=True, workers=50)),
    ):
        others, own = noisy(setup)
        rows.append([words, f"{others:,.1f} s", f"{own:,.0f} s"])
    return table(["", "others' 99 %", "its own last one"], rows)


def lanes() -> str:
    """How many views a day a lane takes."""
    rows = []
    for seconds in JOBS:
        most = DAY / seconds
        views = [most * share for share in (0.3, 0.6, 0.9)]
        cells = [f"{n:,.0f}: {lane_wait(n, seconds) / 60:,.1f} min" for n in views]
        rows.append([f"{seconds:,.0f} s", f"{most:,.0f}", *cells])
    return table(["job", "views a day at most", "wait at 30 %", "at 60 %", "at 90 %"], rows)


def figures() -> str:
    """Everything between the marks, and where it comes from."""
    load, facts = Load(), scale_facts
    said = SAID.format(
        a_day=load.a_day,
        peak=load.peak,
        work=1000 * facts.work_seconds(),
        zoho=1000 * facts.zoho_seconds(),
    )
    parts = [said, "### What is full first", ceilings(), "### What so many orgs need", steps()]
    parts += ["### A billion deletions a year", billion()]
    parts += [f"### One of 100 orgs asks for {NOISY:,} at once", bursts()]
    parts += ["### Views in one lane", lanes()]
    parts.append(LANE.format(most=facts.lane_most(), units=facts.lane_writes(100)))
    return "\n\n".join(parts)


SAID = (
    "Each org asks for {a_day:,.0f} deletions of one id a day, {peak:.0f} times the mean in its peak. A "
    "worker has one for {work:.0f} ms, of which Zoho takes {zoho:.0f} (assumed, as in [COST.md](COST.md))."
)
LANE = (
    "Up to {most:,} views may wait in one lane before their asking alone takes what its item's partition "
    "takes; 100 that wait take {units:.0f} write units a second."
)


def main(argv: list[str]) -> int:
    """Writes the page, and the report where one is named."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = figures()
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", encoding="utf-8")
    print(made)
    if argv:
        Path(argv[0]).write_text(json.dumps(report()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
