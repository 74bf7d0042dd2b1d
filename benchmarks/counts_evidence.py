"""What evidence adds to a deletion, counted: `python -m benchmarks.counts_evidence [--write]`.

The stage of counts_stage.py once more, with the function that writes evidence. From the difference to the
same deletions without it comes what a minute with any receipt adds, and what each receipt in it does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from benchmarks import counts_stage
from benchmarks.cost_units import stored_bytes
from benchmarks.counts import by_ids
from benchmarks.counts_kept import read
from benchmarks.counts_meter import INDEXES
from benchmarks.counts_stage import TABLE, CountedStage
from chalicelib import bootstrap, observability
from chalicelib.adapters import aws
from chalicelib.adapters.dynamodb.evidence_items import Book
from chalicelib.service.engine.poll import FORGET_MINUTES
from chalicelib.service.evidence.digests import LATE
from chalicelib.service.evidence.minute import write

COUNTS = Path(__file__).with_name("counts_evidence.json")
BUCKET = "expunge-prod-evidence"
#: Deletions that end in the same minute.
TOGETHER = 20
DAY, MINUTE = 86_400.0, 60.0
#: More days than the stage keeps references and reasons.
FORGET_DAYS = 31

Counts = dict[str, float]


class EvidencedStage(CountedStage):
    """A counted stage that writes evidence. `digested`: deletions that the last tick took into digests."""

    digested = 0

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        for name in ("s3", "kms"):
            self.meter.watch(aws.client(name))
        tools = bootstrap.evidence()
        book = Book(bootstrap.table(), self.clock, bootstrap.config().keep_days)
        objects: Any = tools.objects
        # One after the other: moto is for one thread at a time.
        self.tools = replace(
            tools, clock=self.clock, book=book, objects=replace(objects, clock=self.clock), abreast=1
        )

    def evidence(self) -> None:
        """One tick of its schedule, and what it wakes."""
        self._invoke("evidence", observability.invocation(self._written), {})
        self.rest()

    def _written(self, _event: Any, _context: Any) -> None:
        """As handlers.write_evidence does it."""
        done = write(self.tools, until=self.now + 50, lease_until=self.now + 60)
        self.digested = done.digested
        if done.failed:
            raise RuntimeError("a receipt was not written")
        self.tools.measure("EvidenceOldestSeconds", self.tools.book.oldest(self.now))

    def _stored(self) -> tuple[int, int]:
        pages = self.meter.peek.get_paginator("scan").paginate(TableName=TABLE)
        kept = ("D#", "W#", "EV")
        items = [item for page in pages for item in page["Items"] if item["pk"]["S"][:2] in kept]
        return len(items), stored_bytes(items, INDEXES)


@contextmanager
def stage() -> Iterator[EvidencedStage]:
    """A stage with nothing in it, a bucket and a key."""
    with counts_stage.stage(_made) as made:
        yield made  # type: ignore[misc]  # as _made makes it


def _made(*given: Any) -> EvidencedStage:
    s3: Any = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    kms: Any = boto3.client("kms", region_name="us-east-1")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    os.environ |= {
        "EXPUNGE_EVIDENCE": "true",
        "EXPUNGE_EVIDENCE_BUCKET": BUCKET,
        "EXPUNGE_EVIDENCE_KEY": key,
    }
    return EvidencedStage(*given)


def count() -> dict[str, Any]:
    """`idle`: a minute in which nothing happened; `head`: what any receipt in a minute adds to that;
    `receipt`: what each of them adds; `digest`: what each deletion of one id adds once its day is over, and
    `forget` once its reference and its reason are forgotten.
    """
    with stage() as now:
        _ended(now, 1)  # warm, and the first head is there
        now.evidence()
        now.evidence()  # the days before are gone through
        now.now += MINUTE
        now.reset()
        now.evidence()
        idle = now.counted()
        one, many = (_more(now, together) for together in (1, TOGETHER))
        hundred = _more(now, 1, 100)
        _ended(now, TOGETHER, reference="DSR-17", reason="art. 17 request of 28 Nov")
        now.evidence()
        day_over = (now.now // DAY + 1) * DAY
        now.now = day_over + MINUTE
        now.evidence()  # the event of the day leaves
        now.now = day_over + LATE + MINUTE
        now.reset()
        now.evidence()
        digests, digested = now.counted(), now.digested
        forget = _forgotten(now, idle)
    receipt = {part: (many[part] - one.get(part, 0)) / (TOGETHER - 1) for part in many}
    head = {part: one[part] - receipt.get(part, 0) - _number(idle, part) for part in one}
    return {
        "idle": idle,
        "head": _slim(head),
        "receipt": _slim(receipt),
        "ids_99": _slim({part: hundred[part] - one.get(part, 0) for part in hundred}),
        "digest": _each(digests, idle, digested),
        "forget": forget,
    }


def _forgotten(now: EvidencedStage, idle: Mapping[str, Any]) -> Counts:
    """What forgetting the reference and the reason of a deletion takes."""
    now.now += FORGET_DAYS * DAY
    _ended(now, 1)  # warm: secrets
    now.evidence()
    now.now += MINUTE * (1 + (-1 - now.now // MINUTE) % FORGET_MINUTES)  # to a poll that looks for them
    now.reset()
    now.poll()
    now.rest()
    for _ in range(2):  # a head names the entries; then the files are written anew
        now.evidence()
        now.rest()
    # The poll goes anyway, and what is written anew takes the place of what was there.
    polled = {
        part: n for part, n in now.counted().items() if not part.endswith((".poll", ".bytes", ".items"))
    }
    left = [one for page in now.tools.book.due(now.now) for one in page]
    if left or any(bootstrap.table().to_forget(now.now, TOGETHER)):
        raise RuntimeError("something is not forgotten yet")
    return _each(polled, {part: 2 * _number(idle, part) for part in idle}, TOGETHER)


def _each(found: Mapping[str, Any], idle: Mapping[str, Any], deletions: int) -> Counts:
    """What each of so many deletions added to an idle minute."""
    parts = [part for part, n in found.items() if isinstance(n, int | float)]
    return _slim({part: (_number(found, part) - _number(idle, part)) / deletions for part in parts})


def _more(now: EvidencedStage, together: int, ids: int = 1) -> Counts:
    """What so many deletions in one minute take more than they do without evidence."""
    now.now += MINUTE
    _ended(now, 1)  # warm: token and secrets
    now.evidence()
    now.now += MINUTE
    now.reset()
    _ended(now, together, ids)
    now.evidence()
    found, without = now.counted(), read()["scenarios"][f"delete_{ids}"]
    parts = {part for part, n in {**without, **found}.items() if isinstance(n, int | float)}
    return {part: _number(found, part) - together * _number(without, part) for part in parts}


def _ended(now: EvidencedStage, deletions: int, ids: int = 1, **more: str) -> None:
    """So many deletions, at rest: their counts go on from where they are."""
    for _ in range(deletions):
        now.now += 1.0  # ids are made of the second
        for one in by_ids(ids, reset=False, **more)(now):
            if now.final(one) != "completed":
                raise RuntimeError(f"{one} is {now.final(one)}")


def _number(found: Mapping[str, Any], part: str) -> float:
    value = found.get(part, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _slim(found: Counts) -> Counts:
    return {part: round(n, 2) for part, n in sorted(found.items()) if abs(n) >= 0.005}


def main(argv: list[str]) -> int:
    """Counts and prints; with --write it is kept."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.counts_evidence", description=__doc__)
    options.add_argument("--write", action="store_true", help="keep it in benchmarks/counts_evidence.json")
    asked = options.parse_args(argv)
    found = count()
    if asked.write:
        kept = {"date": datetime.now(UTC).date().isoformat(), **found}
        COUNTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
