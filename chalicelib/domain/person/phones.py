"""What reads phone numbers. The plans of the world's numbers are not the domain's own (adapters.phones)."""

from __future__ import annotations

from typing import Protocol


class Phones(Protocol):
    """Reads phone numbers (adapters.phones)."""

    def e164(self, text: str, region: str | None) -> str:
        """The number as E.164, "" where it is none, or has an extension. `region`: of numbers without a
        country code, None for unknown.
        """

    def spellings(self, e164: str) -> tuple[str, ...]:
        """The ways in which people write the number, the likeliest first; at most 10, with E.164 itself."""


class NoPhones:
    """Reads no number at all: where nobody is looked for."""

    def e164(self, text: str, region: str | None) -> str:
        """No number is one."""
        del text, region
        return ""

    def spellings(self, e164: str) -> tuple[str, ...]:
        """As it is."""
        return (e164,)
