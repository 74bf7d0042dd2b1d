"""Names of the calls of an erasure: while one fails, its give-up time runs."""

from __future__ import annotations

#: Reads, calls that change records, and records that Zoho locks for a while.
READ, SEND, LOCKED = "read", "send", "locked"
