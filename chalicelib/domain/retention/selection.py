"""Which records a policy selects: a custom view, or a field's age and conditions."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import NotValid
from chalicelib.domain.fields import Reader
from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id
from chalicelib.domain.retention import coql, zones
from chalicelib.domain.retention.coql import Condition
from chalicelib.domain.retention.spans import Span, parse_span
from chalicelib.domain.source import ZOHO_NAME

#: One criterion is the span, one is the place where a query goes on.
MOST_CONDITIONS = coql.MOST_CRITERIA - 2


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records: those of the custom view `view`, or those whose `field` is older than `older_than` and
    that meet every condition of `where`. `dates`: the field holds days without a time.
    """

    view: str | None = None
    field: str | None = None
    older_than: Span | None = None
    dates: bool = False
    where: tuple[Condition, ...] = ()

    def criteria(self, now: float, time_zone: str = zones.UTC_NAME) -> list[str]:
        """The criteria in COQL, as seen at `now` in `time_zone`; for a selection by field only."""
        if self.field is None or self.older_than is None:
            raise ValueError("a view has no criteria of ours")
        span = self.older_than
        cutoff = span.day_before(now, time_zone) if self.dates else span.before(now, time_zone)
        return [coql.older(self.field, cutoff, dates=self.dates), *map(coql.criterion, self.where)]


def selection_of(raw: object) -> Selection:
    """The selection of a policy alone. Raises NotValid with a field for every problem."""
    reader = Reader(raw)
    selection = read_selection(reader)
    problems = reader.finished()
    if problems:
        raise NotValid("the selection is not valid", problems)
    return selection


def _view_id(value: object) -> str:
    if not is_record_id(value):
        raise ValueError(f"{RECORD_ID_WORDS}, in quotes")
    return str(value)


def read_selection(reader: Reader) -> Selection:
    """The selection in a part of a document; problems are noted in `reader`."""
    if reader.one_of("view", "field") is None:
        return Selection()
    if reader.has("view"):
        selection = Selection(view=reader.read("view", _view_id, ""))
        reader.finished()
        return selection
    field = reader.text("field", ZOHO_NAME)
    span = reader.read("older_than", parse_span, Span(1, "days"))
    dates = reader.read("field_type", lambda value: _dates(value, field), False, optional=True)
    conditions = tuple(_condition(each) for each in reader.parts("where", MOST_CONDITIONS))
    reader.finished()
    return Selection(field=field, older_than=span, dates=dates, where=conditions)


def _dates(value: object, field: str) -> bool:
    """Does the field hold days? Zoho's own fields tell by their names."""
    if value in ("date", "datetime"):
        return value == "date"
    if value is not None:
        raise ValueError('must be "date" or "datetime"')
    if field.endswith("_Time"):
        return False
    if "Date" in field:
        return True
    raise ValueError('must be given for this field: "date" or "datetime"')


def _condition(reader: Reader) -> Condition:
    value = reader.raw.get("value")
    reader.known("value")
    field = reader.plain("field", None)
    comparator = reader.plain("comparator", None)
    condition = Condition(field, comparator, tuple(value) if isinstance(value, list) else value)
    problem = coql.problem_of(condition) if field and comparator else None
    if problem is not None:
        reader.wrong(*problem)
    reader.finished()
    return condition
