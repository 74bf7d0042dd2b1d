"""Phone numbers, read by phonenumbers (Google's numbering plans). Loaded when the first one is read."""

from __future__ import annotations


class PhoneNumbers:
    """See domain.person.matching.Phones."""

    def e164(self, text: str, region: str | None) -> str:
        """A number that numbering plans know to be possible, without an extension, as E.164; else ""."""
        import phonenumbers

        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            return ""
        if number.extension or not phonenumbers.is_possible_number(number):
            return ""
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def spellings(self, e164: str) -> tuple[str, ...]:
        """E.164, with blanks, national, and digits alone."""
        import phonenumbers

        number = phonenumbers.parse(e164)
        kinds = phonenumbers.PhoneNumberFormat
        international = phonenumbers.format_number(number, kinds.INTERNATIONAL)
        national = phonenumbers.format_number(number, kinds.NATIONAL)
        digits = "".join(filter(str.isdigit, national))
        found = (e164, international, national, digits, e164[1:], f"00{e164[1:]}")
        return tuple(dict.fromkeys(found))
