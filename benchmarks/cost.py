"""What a month costs: the counts of counts.json times the list prices of prices.json.

A bill is dollars by item. It is for the steady state: what is kept for EXPUNGE_KEEP_DAYS is there in full.
cost_page.py makes tables of them.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.counts_kept import read
from chalicelib.domain import recent

ROOT = Path(__file__).parents[1]
MONTH_DAYS = 365 / 12
MONTH = MONTH_DAYS * 86_400
GB = 1e9
#: Lambda's pollers of an idle queue: five long polls of 20 s one after the other (AWS Lambda Developer
#: Guide).
IDLE_RECEIVES = 5 * MONTH / 20
#: X-Ray's default rule records the first request of each second, and 5 % of what is above.
TRACED_A_SECOND, TRACED_SHARE = 1.0, 0.05
#: CloudWatch keeps logs compressed to about this share.
LOG_KEPT_SHARE = 0.15
#: SNS asks KMS for a data key at most this often for each principal that publishes, twice a time.
DATA_KEY_SECONDS, PUBLISHERS = 300.0, 2

#: How often the function of evidence runs, and what was counted of it.
EVIDENCE_SECONDS, EVIDENCE = 60.0, Path(__file__).with_name("counts_evidence.json")

#: Amounts by the name of their price.
Amounts = defaultdict[str, float]


@dataclass(frozen=True)
class Settings:
    """What of a stage's settings matters here. `zoho_factor`: how much slower Zoho is than assumed."""

    memory_gb: float = 1.0
    keep_days: int = 400
    log_days: int = 90
    pitr: bool = True
    traces: bool = True
    own_key: bool = False
    poll_seconds: float = 60.0
    retention_seconds: float = 300.0
    secrets: int = 4  # sources, links, the org's credentials and its access token
    alarms: int = 23
    zoho_factor: float = 1.0
    evidence: bool = True


def production() -> Settings:
    """The settings of the stage `prod` as .chalice/config.json and the template have them."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    template = json.loads((ROOT / "infra" / "resources.json").read_text(encoding="utf-8"))
    alarms = json.loads((ROOT / "infra" / "alarms.json").read_text(encoding="utf-8"))["Resources"].values()
    return Settings(
        memory_gb=config["stages"]["prod"]["lambda_memory_size"] / 1024,
        keep_days=int(config["environment_variables"]["EXPUNGE_KEEP_DAYS"]),
        log_days=template["Mappings"]["Limits"]["prod"]["LogDays"],
        alarms=sum(one["Type"] == "AWS::CloudWatch::Alarm" for one in alarms),
    )


@dataclass(frozen=True)
class Prices:
    """Dollars for one of each."""

    each: Mapping[str, float]
    as_of: str
    region: str
    pages: Mapping[str, tuple[str, str]]

    def of(self, amounts: Mapping[str, float]) -> dict[str, float]:
        """Dollars by name of the price."""
        return {name: amount * self.each[name] for name, amount in amounts.items() if amount}


def prices() -> Prices:
    """The list prices as they are kept."""
    kept = json.loads((ROOT / "benchmarks" / "prices.json").read_text(encoding="utf-8"))
    each = {name: one["usd"] / one["per"] for name, one in kept["prices"].items()}
    pages = {
        name: (f"${one['usd']:g} for {one['per']:,} {one['unit']}", one["page"])
        for name, one in kept["prices"].items()
    }
    return Prices(each, kept["as_of"], kept["region"], pages)


#: Under which heading a price is told.
HEADINGS = {
    "api_request": "API Gateway",
    "lambda_request": "Lambda requests",
    "lambda_gb_second": "Lambda time",
    "write_unit": "DynamoDB writes",
    "read_unit": "DynamoDB reads",
    "table_gb": "DynamoDB storage",
    "pitr_gb": "point-in-time recovery",
    "sqs_request": "SQS",
    "sns_request": "SNS",
    "secret": "secrets held",
    "secret_call": "secrets read",
    "metric": "custom metrics",
    "alarm": "alarms",
    "dashboard": "dashboard",
    "log_gb": "logs collected",
    "log_kept_gb": "logs kept",
    "trace": "X-Ray",
    "kms_key": "KMS key",
    "kms_request": "KMS requests",
    "kms_sign": "signatures",
    "s3_put": "S3 writes",
    "s3_get": "S3 reads",
    "s3_gb": "S3 storage",
}


def requests(scenario: Mapping[str, Any], number: float, settings: Settings) -> Amounts:
    """What `number` requests like this one take in a month."""
    found: Amounts = defaultdict(float)
    found["api_request"] = scenario.get("api.requests", 0) * number
    invocations = sum(n for part, n in scenario.items() if part.startswith("lambda."))
    found["lambda_request"] = invocations * number
    found["lambda_gb_second"] = _seconds(scenario, settings) * settings.memory_gb * number
    found["write_unit"] = number * sum(
        n for part, n in scenario.items() if part in WRITES
    )  # write_refused is part of write_table
    found["read_unit"] = scenario.get("dynamodb.read", 0) * number
    found["sqs_request"] = sum(n for part, n in scenario.items() if part.startswith("sqs.")) * number
    found["sns_request"] = scenario.get("sns.requests", 0) * number
    logs = scenario.get("log.bytes", 0) * number / GB
    found["log_gb"] = logs
    found["log_kept_gb"] = logs * LOG_KEPT_SHARE * settings.log_days / MONTH_DAYS
    stored = scenario.get("stored.bytes", 0) * number / GB * settings.keep_days / MONTH_DAYS
    found["table_gb"] = stored
    found["pitr_gb"] = stored if settings.pitr else 0.0
    found["kms_sign"] = scenario.get("kms.sign", 0) * number
    found["s3_put"], found["s3_get"] = scenario.get("s3.put", 0) * number, scenario.get("s3.get", 0) * number
    found["s3_gb"] = scenario.get("s3.bytes", 0) * number / GB * settings.keep_days / MONTH_DAYS
    return found


WRITES = ("dynamodb.write_table", "dynamodb.write_due", "dynamodb.write_day")


def _seconds(scenario: Mapping[str, Any], settings: Settings) -> float:
    """Billed seconds of all functions; a slower Zoho makes the worker wait longer."""
    total = sum(n for part, n in scenario.items() if part.startswith("lambda_ms.")) / 1000
    return float(total + scenario.get("zoho_ms", 0) / 1000 * (settings.zoho_factor - 1))


def _add(found: Amounts, more: Mapping[str, float]) -> None:
    for name, amount in more.items():
        found[name] += amount


def idle(scenarios: Mapping[str, Any], settings: Settings) -> Amounts:
    """What a stage takes in a month in which nothing is asked for."""
    found: Amounts = defaultdict(float)
    for name, every in (("poll_idle", settings.poll_seconds), ("tick_idle", settings.retention_seconds)):
        _add(found, requests(scenarios[name], MONTH / every, settings))
    metrics = {*scenarios["poll_idle"]["metrics"]}
    if settings.evidence:
        kept = evidence()["idle"]
        _add(found, requests(kept, MONTH / EVIDENCE_SECONDS, settings))
        metrics |= {*kept["metrics"]}
    found["sqs_request"] += IDLE_RECEIVES
    found["secret"] = settings.secrets
    found["alarm"] = settings.alarms
    found["dashboard"] = 1
    found["metric"] = len(metrics)
    found["kms_key"] = 1 + int(settings.own_key)  # the one that signs is there without evidence too
    if settings.traces:
        found["trace"] = MONTH / settings.poll_seconds + MONTH / settings.retention_seconds
        found["trace"] += MONTH / EVIDENCE_SECONDS if settings.evidence else 0
    return found


def evidence() -> Mapping[str, Any]:
    """What evidence adds, as `python -m benchmarks.counts_evidence --write` has counted it."""
    found: Mapping[str, Any] = json.loads(EVIDENCE.read_text(encoding="utf-8"))
    return found


def receipts(number: float, ids: int, settings: Settings) -> Amounts:
    """What so many receipts of `ids` ids each take in a month, with the heads that name them, and the digests
    by which their ids are found.
    """
    kept = evidence()
    found = requests(kept["receipt"], number, settings)
    _add(found, requests(kept["digest"], number, settings))
    more = kept["ids_99"]["s3.bytes"] / 99 * (ids - 1)
    _add(found, requests({"s3.bytes": more}, number, settings))
    _add(found, requests(kept["head"], min(number, MONTH / EVIDENCE_SECONDS), settings))
    return found


def guard(ids_a_second: float, ids: int) -> tuple[float, float]:
    """Write and read units of one request of `ids` ids that the loop guard takes more than was counted.

    It was counted with empty sets. In steady use of one module of one org each set of 5 minutes fills up to
    1,024 ids, and an id's sets of the last hour are read: 8 bytes and about one of list overhead for each.
    """
    most = min(float(recent.MOST), ids_a_second * recent.BUCKET_SECONDS / recent.SHARDS)
    each = recent.DIGEST_BYTES + (1 if ids < recent.SHARDS else 0)
    sets = min(ids, recent.SHARDS)
    average = max(1.0, math.ceil(most / 2 * each / 1024))
    buckets = 3600 / recent.BUCKET_SECONDS + 1
    read = 0.5 * max(1, math.ceil(buckets * most * each / 4096))
    return sets * (average - 1), sets * (read - 0.5)


@dataclass(frozen=True)
class Use:
    """`records` deletions a month of `orgs` alike, `ids` in each request, counted as `scenario`."""

    records: float
    ids: int
    scenario: str
    orgs: int = 1

    @property
    def number(self) -> float:
        """Requests a month; a part of one is a part of its cost."""
        return self.records / self.ids

    @property
    def a_second(self) -> float:
        """Requests a second, spread evenly."""
        return self.number / MONTH


def month(use: Use, settings: Settings) -> Amounts:
    """Everything that the use takes in a month, the idle stage included."""
    scenarios = read()["scenarios"]
    scenario = scenarios[use.scenario]
    found = idle(scenarios, settings)
    _add(found, requests(scenario, use.number, settings))
    if settings.evidence:
        _add(found, receipts(use.number, use.ids, settings))
    found["metric"] += len({*scenario["metrics"]} - {*scenarios["poll_idle"]["metrics"]})
    written, looked = guard(use.records / MONTH / use.orgs, use.ids)
    found["write_unit"] += written * use.number
    found["read_unit"] += looked * use.number
    found["secret"] += 2 * (use.orgs - 1)
    found["secret_call"] = _secret_calls(use, scenario, scenarios["first"])
    if settings.traces:
        traced = min(use.a_second, TRACED_A_SECOND)
        traced += TRACED_SHARE * max(use.a_second - TRACED_A_SECOND, 0)
        found["trace"] += 2 * traced * MONTH  # through the api and, apart from it, through the worker
    found["kms_request"] = min(2 * PUBLISHERS * MONTH / DATA_KEY_SECONDS, 2 * found["sns_request"])
    return found


def _secret_calls(use: Use, scenario: Mapping[str, Any], first: Mapping[str, Any]) -> float:
    """Each process reads its two secrets and the token every 5 minutes, at worst once for each request."""
    seconds = sum(n for part, n in scenario.items() if part.startswith("lambda_ms.")) / 1000
    processes = 2 + math.ceil(use.a_second * seconds)
    return float(min(first["secrets.read"] * use.number, 3 * processes * MONTH / 300))


def credits_of(use: Use) -> float:
    """Zoho's API credits that the use takes in a month."""
    return float(read()["scenarios"][use.scenario]["zoho.credits"] * use.number)


def naive(records: float, settings: Settings) -> Amounts:
    """The loop without any promise: a webhook, an invocation, a put and a DELETE for each record.

    The same assumed times as in counts_stage.py: 10 ms of its own, 12 ms for the put, 310 ms for Zoho.
    """
    found: Amounts = defaultdict(float)
    found["api_request"] = found["lambda_request"] = found["write_unit"] = records
    seconds = 0.01 + 0.012 + 0.31 * settings.zoho_factor
    found["lambda_gb_second"] = records * seconds * settings.memory_gb
    found["log_gb"] = records * 478 / GB  # what Lambda itself logs of an invocation
    found["log_kept_gb"] = found["log_gb"] * LOG_KEPT_SHARE * settings.log_days / MONTH_DAYS
    found["table_gb"] = records * 300 / GB * settings.keep_days / MONTH_DAYS
    found["pitr_gb"] = found["table_gb"] if settings.pitr else 0.0
    return found


def bill(amounts: Mapping[str, float]) -> dict[str, float]:
    """Dollars by heading, the dearest first."""
    found = {HEADINGS[name]: dollars for name, dollars in prices().of(amounts).items()}
    return dict(sorted(found.items(), key=lambda one: -one[1]))
