"""Names of the calls about the recycle bin: while one fails, its give-up time runs."""

from __future__ import annotations

#: Reads, calls that restore or delete for good, and lists that do not show yet what was done.
READ, SEND, LAG = "read", "send", "lag"
