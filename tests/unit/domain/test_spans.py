from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.domain.spans import Span, parse_span

NOW = datetime(2026, 3, 31, 12, 0, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90d", Span(90, "days")),
        ("6 months", Span(6, "months")),
        ("1 day", Span(1, "days")),
        ("2Y", Span(2, "years")),
        ("5 min", Span(5, "minutes")),
        (" 3 weeks ", Span(3, "weeks")),
    ],
)
def test_spans_as_people_write_them(text: str, span: Span) -> None:
    assert parse_span(text) == span
    assert parse_span(str(span)) == span


@pytest.mark.parametrize(
    "text", ["", "90", "d", "0d", "0 months", "1.5 days", "-1d", "1 m", "90 d d", "٣d", 9, None]
)
def test_what_is_no_span(text: object) -> None:
    with pytest.raises(ValueError):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "cutoff"),
    [
        ("36 hours", "2026-03-30T00:00:30+00:00"),
        ("1 month", "2026-02-28T12:00:30+00:00"),
        ("25 months", "2024-02-29T12:00:30+00:00"),
        ("1 year", "2025-03-31T12:00:30+00:00"),
        ("3 months", "2025-12-31T12:00:30+00:00"),
    ],
)
def test_a_cut_off(text: str, cutoff: str) -> None:
    assert parse_span(text).before(NOW).isoformat() == cutoff


def test_the_longest_span_still_is_a_moment() -> None:
    assert parse_span("100 years").before(NOW).year == 1926
