"""The calls of what is about the bin whose clocks run while they fail."""

from __future__ import annotations

#: Reads, calls that restore or delete for good, and lists that do not show yet what was done.
READ, SEND, LAG = "read", "send", "lag"
