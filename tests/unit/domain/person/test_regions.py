"""The regions that a person map may name are those whose numbers can be read."""

from __future__ import annotations

import phonenumbers

from chalicelib.domain.person.regions import REGIONS


def test_the_regions_are_those_of_the_numbering_plans() -> None:
    assert set(phonenumbers.SUPPORTED_REGIONS) == REGIONS
