"""The constants that decide how far a stage goes, each read from where it stands, and AWS's limits.

`ceilings` says at how many orgs each of them is reached; nothing is simulated here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cost import EVIDENCE_SECONDS, evidence
from benchmarks.counts_kept import ZOHO_SECONDS, ZOHO_SECONDS_AN_ID, read
from chalicelib.adapters.zoho.orgs import MOST_ORGS
from chalicelib.adapters.zoho.token import EARLY_SECONDS
from chalicelib.bootstrap import EVIDENCE_SPARE_SECONDS
from chalicelib.domain.view_rounds import LONGEST_ASK, SHORTEST_ASK
from chalicelib.service.engine.advance import SLOT_WAIT_SECONDS
from chalicelib.service.engine.poll import PAGE
from local import filling

ROOT = Path(__file__).parents[1]
DAY, YEAR = 86_400.0, 365 * 86_400.0
#: AWS's limits, as its pages give them (October 2026; quotas of us-east-1).
PARTITION_WRITES = 1_000.0  # write units a second of a partition: DynamoDB, partition key design
PARTITION_READS = 3_000.0  # read units a second of a partition: the same page
SECRET_BYTES = 65_536  # size of a secret: Secrets Manager quotas
SECRETS = 500_000  # secrets in a region: the same page
SECRET_READS, SECRET_WRITES = 10_000.0, 50.0  # GetSecretValue, PutSecretValue a second: the same page
LAMBDA_AT_ONCE = 1_000.0  # concurrent executions of an account, to be raised: Lambda quotas
SOURCE_CONCURRENCY = 1_000  # most of an SQS event source's MaximumConcurrency: Lambda, SQS scaling
TABLE_WRITES = 40_000.0  # write units a second of a table, to be raised: DynamoDB quotas
ITEM_BYTES = 400 * 1024  # an item: DynamoDB quotas
SNS_A_SECOND = 30_000.0  # publishes a second in us-east-1: SNS quotas
RECEIPTS_ABREAST = 8  # receipts made at once: Tools.abreast in service/evidence/tools.py
DELETION_ID_BYTES = 30 + 1  # "del_" and 26 characters, and an element of a list


@dataclass(frozen=True)
class Load:
    """What each org asks for: single-id deletions a day, and how much more in the peak than on average."""

    a_day: float = 1_000.0
    peak: float = 5.0

    @property
    def a_second(self) -> float:
        """Of one org, in its peak hours."""
        return self.a_day * self.peak / DAY


def limits() -> Mapping[str, int]:
    """The template's numbers for `prod`: WorkConcurrency, RateLimit, BurstLimit."""
    template = json.loads((ROOT / "infra" / "resources.json").read_text(encoding="utf-8"))
    found: Mapping[str, int] = template["Mappings"]["Limits"]["prod"]
    return found


def one() -> Mapping[str, Any]:
    """The counts of a deletion of one id."""
    found: Mapping[str, Any] = read()["scenarios"]["delete_1"]
    return found


def work_seconds() -> float:
    """How long a worker has one id's deletion, on the assumed times."""
    return float(one()["lambda_ms.work"]) / 1000


def zoho_seconds() -> float:
    """Of these, how long Zoho takes."""
    return ZOHO_SECONDS + ZOHO_SECONDS_AN_ID


def receipt_seconds(receipt: Mapping[str, Any] | None = None) -> float:
    """How long a receipt takes, on the assumed times. `receipt`: its counts; None are those that are kept."""
    return float((receipt or evidence()["receipt"])["lambda_ms.evidence"]) / 1000


def receipts_a_minute(receipt: Mapping[str, Any] | None = None) -> float:
    """Receipts that the one function of evidence writes in the time that it has each minute."""
    seconds = EVIDENCE_SECONDS - EVIDENCE_SPARE_SECONDS
    return RECEIPTS_ABREAST * seconds / receipt_seconds(receipt)


def source_bytes() -> tuple[int, int]:
    """The least and a usual size of a source in its secret: one key and one module; two keys and nine."""
    (usual,) = filling.sources().items()
    least = {key: usual[1][key] for key in ("profile", "max_records")}
    least |= {"org": "org-00001", "keys": usual[1]["keys"][:1], "modules": ["Leads"]}
    least |= {"operations": ["delete_records"]}
    return len(json.dumps({"source-00001": least})), len(json.dumps(dict([usual])))


@dataclass(frozen=True)
class Ceiling:
    """`what` is full at `orgs`; `number` says how that comes, `then` what to change."""

    what: str
    orgs: float
    number: str
    then: str


def ceilings(load: Load) -> list[Ceiling]:
    """What is full first, by orgs that each ask for `load`, with everything as it is set."""
    each = load.a_second
    found = [*_of_secrets(each), *_of_the_stage(each), *_of_the_table(each), *_of_the_account(each)]
    return sorted(found, key=lambda ceiling: ceiling.orgs)


def _of_secrets(each: float) -> list[Ceiling]:
    least, usual = source_bytes()
    # A stranger's org is in no worker's memory: its credentials and its token are read.
    strangers = SECRET_READS / 2 / each
    renewed = SECRET_WRITES * (3600 - 1.5 * EARLY_SECONDS)
    return [
        Ceiling(
            "secret of the sources, 64 KB",
            SECRET_BYTES / usual,
            f"{usual} bytes a source ({SECRET_BYTES // least} at {least})",
            "one source for several orgs (`orgs`), sources in the table, or cells",
        ),
        Ceiling("secrets in a region", SECRETS / 2, "two an org", "cells in other accounts"),
        Ceiling(
            "reading secrets",
            strangers,
            f"two for an org that is not among the {MOST_ORGS} a worker keeps; {SECRET_READS:,.0f}/s",
            "cells: a worker then meets the same orgs",
        ),
        Ceiling("renewing tokens", renewed, f"one an org in 53 min; {SECRET_WRITES:.0f}/s", "cells"),
    ]


def _of_the_stage(each: float) -> list[Ceiling]:
    template, seconds = limits(), work_seconds()
    workers = template["WorkConcurrency"] / seconds
    return [
        Ceiling(
            "workers",
            workers / each,
            f"{template['WorkConcurrency']} at {1000 * seconds:.0f} ms: {workers:.1f}/s",
            f"`WorkConcurrency`, up to {SOURCE_CONCURRENCY:,}",
        ),
        Ceiling(
            "receipts, one function",
            receipts_a_minute() / 60 / each,
            f"{RECEIPTS_ABREAST} at once, {1000 * receipt_seconds():.0f} ms each:"
            f" {receipts_a_minute():,.0f} a minute",
            "what waits is written in the minutes after; `abreast`",
        ),
        Ceiling("API's throttle", template["RateLimit"] / each, f"{template['RateLimit']}/s", "`RateLimit`"),
        Ceiling(
            "poll, if every message were lost",
            PAGE / 60 / each,
            f"{PAGE} a minute",
            "messages are kept for 4 days; `PAGE`, or several pages a poll",
        ),
    ]


def _of_the_table(each: float) -> list[Ceiling]:
    due, table = one()["dynamodb.write_due"], one()["dynamodb.write_table"]
    return [
        Ceiling(
            "index `due`, one shard",
            PARTITION_WRITES / due / each,
            f"{due} writes a deletion; {PARTITION_WRITES:,.0f}/s a key",
            "`EXPUNGE_DUE_SHARDS`, up to 100",
        ),
        Ceiling(
            "index `day`",
            PARTITION_WRITES / each,
            f"1 write a deletion; {PARTITION_WRITES:,.0f}/s a key",
            "cells; or shards of the day, as `due` has",
        ),
        Ceiling(
            "the pause of all orgs, one item",
            PARTITION_READS / each,
            f"1 read a wave of calls; {PARTITION_READS:,.0f}/s a key",
            "cells; or kept in memory for a second",
        ),
        Ceiling("the table", TABLE_WRITES / (table + due + 1) / each, f"{TABLE_WRITES:,.0f}/s", "a quota"),
    ]


def _of_the_account(each: float) -> list[Ceiling]:
    busy = work_seconds() + one()["lambda_ms.api"] / 1000
    return [
        Ceiling(
            "Lambda of the account",
            LAMBDA_AT_ONCE / busy / each,
            f"{LAMBDA_AT_ONCE:,.0f} at {1000 * busy:.0f} ms a deletion",
            "a quota: tens of thousands",
        ),
        Ceiling("SNS", SNS_A_SECOND / one()["sns.requests"] / each, f"{SNS_A_SECOND:,.0f}/s", "cells"),
    ]


def due_writes(deletions_a_second: float, shards: int) -> float:
    """Writes a second to the fullest shard of the index `due`, as the hash spreads them evenly."""
    return deletions_a_second * float(one()["dynamodb.write_due"]) / shards


def shards_needed(deletions_a_second: float, room: float = 0.5) -> int:
    """EXPUNGE_DUE_SHARDS that keep every shard below `room` of what a partition takes."""
    return max(1, -int(-due_writes(deletions_a_second, 1) // (PARTITION_WRITES * room)))


def lane_writes(waiting: int) -> float:
    """Write units a second to a lane's item while so many views wait in it: each asks and writes it back."""
    units = 2 * -(-(waiting * DELETION_ID_BYTES + 100) // 1024)
    return units * sum(1 / min(LONGEST_ASK, SHORTEST_ASK * (2 + position)) for position in range(waiting))


def lane_most() -> int:
    """Views that may wait in one lane before its item takes all that a partition takes."""
    waiting = 1
    while lane_writes(waiting) < PARTITION_WRITES:
        waiting += 1
    return waiting


def slot_wait() -> float:
    """How long a deletion comes back after it has found none of the org's concurrency free."""
    return SLOT_WAIT_SECONDS
