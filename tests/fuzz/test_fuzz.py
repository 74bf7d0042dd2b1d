"""A short run of the fuzz; the long one is `python -m tests.fuzz.http --count 100000`."""

from __future__ import annotations

from tests.fuzz.http import run


def test_two_thousand_requests_get_2xx_and_4xx_only() -> None:
    statuses, problems = run(2000, seed=7)
    assert problems == []
    # Each of these must have been reached, or the mutations miss the point.
    assert set(statuses) >= {200, 202, 400, 401, 403, 404, 409, 413, 415}
