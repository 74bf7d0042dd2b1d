from __future__ import annotations

import pytest

from simulator.criteria import equal, less


@pytest.mark.parametrize("number", [-1, 0, 1, -(10**18), 10**18, -1.5])
def test_a_number_equals_itself_as_text(number: float) -> None:
    assert equal(number, str(number))
    assert less(number - 1000, str(number))
    assert not less(number, str(number))


def test_text_with_a_dash_is_text() -> None:
    assert equal("-a", "-A")
    assert not equal("-", 0)
