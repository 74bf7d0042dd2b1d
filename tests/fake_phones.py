"""Phone numbers of a small country for tests: +43 and digits; without a country code they need region AT."""

from __future__ import annotations

import re


class FewPhones:
    """See domain.person.matching.Phones."""

    def e164(self, text: str, region: str | None) -> str:
        """Digits behind +43, or behind one leading 0 in AT."""
        digits = re.sub(r"[ ()./-]", "", text)
        if re.fullmatch(r"\+43[1-9][0-9]{5,11}", digits):
            return digits
        if region == "AT" and re.fullmatch(r"0[1-9][0-9]{5,11}", digits):
            return f"+43{digits[1:]}"
        return ""

    def spellings(self, e164: str) -> tuple[str, ...]:
        """Two of them."""
        return e164, f"0{e164[3:]}"
