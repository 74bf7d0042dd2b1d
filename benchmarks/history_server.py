"""The local AWS with a table that can be filled quickly; run in the local AWS's own environment.

Each line on standard input is `TABLE COUNT FIRST`: so many finished deletions, as the service leaves them,
are put into the table beside the API, which would take minutes for a million. Or it is `TABLE FILE`: items as
lines of DynamoDB's JSON. Each line is answered with one.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
from pathlib import Path
from typing import Any

from ministack import app  # type: ignore[import-not-found]  # its environment has it
from ministack.services import dynamodb  # type: ignore[import-not-found]  # as above

from local import front

DAYS = 400


def fill(name: str, count: int, first: int) -> None:
    """Items of finished deletions: without `due`, so that only the list by days knows them."""
    table = _table(name)
    document = {"S": "x" * 700}
    days = [{"S": f"day#{2025 + n // 365}-{n % 365:03d}"} for n in range(DAYS)]
    for n in range(first, first + count):
        pk = f"D#del_{n:026d}"
        item = {"pk": {"S": pk}, "sk": {"S": "META"}, "doc": document, "day": days[n % DAYS]}
        item["created_at"] = {"S": f"{n:013d}"}
        dynamodb._set_item(table, pk, "META", item)  # noqa: SLF001 -- as in _table
    _settled()


def put(name: str, file: Path) -> None:
    """The items of a file, one a line."""
    table = _table(name)
    with file.open(encoding="utf-8") as lines:
        for item in map(json.loads, lines):
            dynamodb._set_item(table, item["pk"]["S"], item["sk"]["S"], item)  # noqa: SLF001 -- as in _table
    _settled()


def _table(name: str) -> dict[str, Any]:
    # Its tables have no other way in than its API, which would take minutes for a million.
    tables = dynamodb._tables._data  # noqa: SLF001 -- see above
    found: dict[str, Any] = next(one for (*_, known), one in tables.items() if known == name)
    return found


def _settled() -> None:
    gc.collect()
    gc.freeze()  # or this process would look at the millions again and again, as no DynamoDB does


def obey() -> None:
    """Lines of standard input, one after the other."""
    for line in sys.stdin:
        name, *what = line.split()
        if len(what) == 1:
            put(name, Path(what[0]))
        else:
            fill(name, int(what[0]), int(what[1]))
        print(f"filled {what[0]}", flush=True)


if __name__ == "__main__":
    threading.Thread(target=obey, daemon=True).start()
    front.put_before(app)
    app.main()
