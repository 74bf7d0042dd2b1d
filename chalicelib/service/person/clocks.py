"""The calls of an erasure whose clocks run while they fail."""

from __future__ import annotations

#: Reads, calls that change records, and records that Zoho locks for a while.
READ, SEND, LOCKED = "read", "send", "locked"
