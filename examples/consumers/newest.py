"""The newest event of each deletion, whatever order events come in and however often.

Events leave Expunge at least once and SNS keeps no order. `sequence` only grows within a deletion, but it has
gaps, so nothing waits for a missing number: an event counts if its number is above the newest one that was
taken, and is dropped otherwise. A final state has the highest number, so it wins; a repeat, which has the
number and the id of one that was taken, is dropped by the same comparison.

Kept in SQLite, for one machine. For several, keep the same row in a table that they share and compare in the
write itself; in DynamoDB: `attribute_not_exists(deletion) OR sequence < :sequence`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_SEQUENCE = re.compile(r"[0-9]{1,15}")


def read_event(text: str) -> dict[str, Any]:
    """An event of Expunge's. Raises ValueError for anything else, with words that do not repeat it."""
    try:
        event = json.loads(text)
    except ValueError:
        raise ValueError("not JSON") from None
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        raise ValueError("not a CloudEvent 1.0")
    sequence, deletion = event.get("sequence"), event.get("subject")
    if not isinstance(sequence, str) or not _SEQUENCE.fullmatch(sequence) or not isinstance(deletion, str):
        raise ValueError("no subject or no sequence")
    if event.get("id") != f"{deletion}/{sequence}" or not isinstance(event.get("data"), dict):
        raise ValueError("not an event of Expunge's")
    return event


class Newest:
    """Which event of each deletion was the last one taken."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with closing(self._open()) as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS newest (deletion TEXT PRIMARY KEY, sequence INTEGER NOT NULL)"
            )

    @contextmanager
    def taking(self, event: dict[str, Any]) -> Iterator[bool]:
        """True where the event is newer than any taken before; it is taken once the block has ended well.

        One event at a time, over all threads and processes that share the file: an older event's work can
        never end after a newer one's. If the block raises, the event was not taken and may come again; if the
        machine stops at the very end of the block, the block runs again, so let its work bear that.
        """
        with closing(self._open()) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                done = database.execute(
                    "INSERT INTO newest (deletion, sequence) VALUES (?, ?) ON CONFLICT (deletion) DO UPDATE"
                    " SET sequence = excluded.sequence WHERE excluded.sequence > newest.sequence",
                    (event["subject"], int(event["sequence"])),
                )
                yield done.rowcount == 1
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=60.0, isolation_level=None)
