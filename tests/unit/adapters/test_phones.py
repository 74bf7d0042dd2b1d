"""Phone numbers as E.164, however they are written."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chalicelib.adapters.phones import PhoneNumbers

READ = PhoneNumbers()


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+436601234567", None),
        ("+43 660 1234567", None),
        ("+43 (0) 660 / 123-45-67", None),
        ("0660 1234567", "AT"),
        ("0043 660 1234567", "AT"),
        (" +43 660 1234567 ", "DE"),
    ],
)
def test_one_number_is_one_however_it_is_written(text: str, region: str | None) -> None:
    assert READ.e164(text, region) == "+436601234567"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("0660 1234567", None),
        ("0660 1234567", "DE1"),
        ("anna@example.com", "AT"),
        ("", "AT"),
        ("+43 660 1234567 ext. 12", None),
        ("+999 660 1234567", None),
        ("12", "AT"),
    ],
)
def test_what_is_no_whole_number_of_its_own_is_none(text: str, region: str | None) -> None:
    assert READ.e164(text, region) == ""


def test_all_spellings_are_of_the_same_number() -> None:
    spellings = READ.spellings("+436601234567")
    assert spellings[0] == "+436601234567"
    assert len(spellings) == len(set(spellings)) <= 10
    known = [each for each in spellings if each != "436601234567"]
    assert {READ.e164(each, "AT") for each in known} == {"+436601234567"}


def test_numbers_are_loaded_with_the_first_one() -> None:
    code = "import sys, chalicelib.adapters.phones; print('phonenumbers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
