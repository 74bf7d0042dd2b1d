"""The computed units of writes against those that the local AWS says it consumed, over whole deletions.

It computes sizes, the doubling in transactions and index entries by code of its own. Reads are not compared:
it tells the least of each, whatever its size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest

from benchmarks.counts_meter import INDEXES, Meter
from chalicelib.adapters.dynamodb.table import Table
from local import ministack
from local.processes import Started, end
from tests.contract.ledger.test_ledger import make_table
from tests.crash.scenarios import SCENARIOS
from tests.crash.stage import Stage


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    started: list[Started] = []
    try:
        yield ministack.launch(tmp_path_factory.mktemp("consumed"), None, started.append)
    finally:
        for each in started:
            end(each)


class Told:
    """Sums up what the local AWS says each request consumed."""

    def __init__(self, client: Any) -> None:
        self.units: Counter[str] = Counter()
        client.meta.events.register("before-parameter-build.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._hear)

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "INDEXES"

    def _hear(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        if model.name not in ("UpdateItem", "PutItem", "TransactWriteItems"):
            return
        told = parsed.get("ConsumedCapacity", [])
        for one in told if isinstance(told, list) else [told]:
            alone = one["Table"]["CapacityUnits"] if "Table" in one else one["WriteCapacityUnits"]
            self.units["table"] += alone
            for name, index in one.get("GlobalSecondaryIndexes", {}).items():
                self.units[name] += index["CapacityUnits"]


@pytest.mark.stack
@pytest.mark.parametrize("name", ["delete records by ids", "two views"])
def test_what_is_computed_is_what_the_local_aws_says(aws: Any, name: str) -> None:
    table = name.replace(" ", "-")
    peek, counted = (aws.session().client("dynamodb", endpoint_url=aws.endpoint_url) for _ in range(2))
    make_table(peek, table)
    meter = Meter(peek, lambda: None, lambda body, delay: None)
    meter.watch(counted)
    told = Told(counted)
    scenario = SCENARIOS[name]
    stage = Stage(Table(table, lambda: cast("Any", counted)), None, scenario.records, scenario.concurrency)
    scenario.run(stage)
    computed = {
        part: meter.totals[f"dynamodb.write_{part}"] for part in ("table", *(i.name for i in INDEXES))
    }
    computed["table"] -= meter.totals["dynamodb.write_refused"]  # an error does not say what it consumed
    assert computed == dict(told.units)
