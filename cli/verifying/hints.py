"""What `expunge verify` tells a sender."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing that the sender did differently: a code, what it is, what to do."""

    code: str
    what: str
    do: str
